import json
import re
from pathlib import Path

import sqlalchemy as sa
from fastapi import APIRouter, Request

from kerma.doors import limits
from kerma.doors.web import description
from kerma.errors import Conflict
from kerma.kernel.action import Kernel
from kerma.kernel.requests import HEADERS

ROOT = Path(__file__).parents[2]
OPEN = [("post", "/api/v1/session"), ("delete", "/api/v1/session")]
"""Signing in, and signing out, which needs no session to leave none."""
PLACES = [
    ("GET", "/"), ("GET", "/exams/7"), ("GET", "/assets/index-abc123.js"), ("GET", "/assets/missing.js"),
    ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics"), ("GET", "/api/openapi.json"),
    ("GET", "/api/v1/worklist"), ("GET", "/api/v1/nothing"), ("POST", "/api/v1/session"), ("GET", "/api/v1/news"),
]


def test_every_answer_carries_the_security_headers(page) -> None:
    for method, path in PLACES:
        answer = page.http.request(method, path)
        assert [name for name in HEADERS if name not in answer.headers] == [], path
        policy = answer.headers["content-security-policy"]
        assert "unsafe-inline" not in policy
        assert "'unsafe-eval'" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_health_tells_nothing_and_readiness_asks_the_database(page, kernel: Kernel, monkeypatch) -> None:
    assert page.http.get("/healthz").text == "alive\n"
    assert page.http.get("/readyz").text == "ready\n"
    monkeypatch.setattr(kernel.database, "engine", sa.create_engine("sqlite:////nowhere/at/all.db"))
    assert page.http.get("/readyz").status_code == 503
    assert page.http.get("/healthz").status_code == 200


def test_nobody_signed_in_sees_nothing(page) -> None:
    for path, methods in description(page.http.app)["paths"].items():
        for method in methods:
            if (method, path) in OPEN:
                continue
            answer = page.http.request(method, re.sub(r"{\w+}", "1", path))
            assert answer.status_code == 401, (method, path)
            assert answer.headers["content-type"] == "application/problem+json"
    assert page.http.get("/api/openapi.json").status_code == 401


def test_the_description_of_the_api_is_for_who_is_signed_in(page) -> None:
    page.sign_in("analyst")
    found = page.http.get("/api/openapi.json").json()
    assert "/api/v1/worklist" in found["paths"]
    assert "/metrics" not in found["paths"]


def test_the_types_of_the_workstation_are_made_from_the_api_as_it_is(page) -> None:
    kept = json.loads((ROOT / "ui/src/api/openapi.json").read_text(encoding="utf-8"))
    current = json.loads(json.dumps(description(page.http.app)))
    for document in (kept, current):
        document["info"].pop("version")
    assert current == kept, "run 'python tools/openapi.py', then 'npm run types' in ui/"


def test_every_schema_of_the_api_is_in_the_types() -> None:
    kept = json.loads((ROOT / "ui/src/api/openapi.json").read_text(encoding="utf-8"))
    types = (ROOT / "ui/src/api/schema.ts").read_text(encoding="utf-8")
    for name in kept["components"]["schemas"]:
        assert f"{name}: {{" in types, f"{name} is missing: run 'npm run types' in ui/"


def test_routes_are_counted_never_paths(page) -> None:
    page.sign_in("analyst")
    page.http.get("/api/v1/exams/4711")
    page.http.get("/exams/4712")
    text = page.http.get("/metrics").text
    assert 'kerma_http_requests_total{method="GET",route="/api/v1/exams/{exam_pk}",status="404"} 1' in text
    assert "/471" not in text  # with the slash: a number of seconds may hold these digits too
    assert "kerma_ledger_records" in text


def test_counters_are_for_this_machine_or_an_administrator(page) -> None:
    page.serve(address="192.0.2.7")
    assert page.http.get("/metrics").status_code == 401
    page.sign_in("analyst", login="reader")
    assert page.http.get("/metrics").status_code == 403
    page.sign_in("administrator", login="chief")
    assert page.http.get("/metrics").status_code == 200


echo = APIRouter()


@echo.post("/echo")
async def read(request: Request) -> int:
    return len(await request.body())


@echo.get("/conflict")
def conflict() -> None:
    raise Conflict("exam 7 has changed meanwhile")


def test_a_body_beyond_the_limit_is_refused_by_its_stated_length(page) -> None:
    http = page.serve(echo)
    assert http.post("/api/v1/echo", content=b"x" * limits.BODY_LIMIT_BYTES).json() == limits.BODY_LIMIT_BYTES
    answer = http.post("/api/v1/echo", content=b"x" * (limits.BODY_LIMIT_BYTES + 1))
    assert answer.status_code == 413
    assert "1048576 are accepted" in answer.json()["detail"]


def test_a_body_that_does_not_state_its_length_is_refused_while_it_comes(page) -> None:
    http = page.serve(echo)

    def chunks():
        for _ in range(20):
            yield b"x" * 100_000

    assert http.post("/api/v1/echo", content=chunks()).status_code == 413
    json_form = {"content-type": "application/json"}
    assert http.post("/api/v1/session", content=chunks(), headers=json_form).status_code == 413


def test_errors_have_one_shape(page) -> None:
    found = page.serve(echo).get("/api/v1/conflict")
    assert found.status_code == 409
    assert found.json() == {
        "type": "urn:kerma:error:conflict",
        "title": "Conflict",
        "status": 409,
        "detail": "exam 7 has changed meanwhile",
    }

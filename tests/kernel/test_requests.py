import logging
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends

from kerma.errors import Conflict
from kerma.kernel import requests
from kerma.kernel.action import Actor

PAGE = {"Origin": "http://127.0.0.1:8080"}
PASSWORD = "blue giraffe 41 crossing"

router = APIRouter()


@router.post("/change")
def change(actor: Annotated[Actor, Depends(requests.actor_of)]) -> str:
    return actor.key


@router.get("/fails")
def fails() -> None:
    raise RuntimeError("the secret is 42")


@router.get("/conflict")
def conflict() -> None:
    raise Conflict("exam 7 has changed")


@pytest.fixture
def page(browser):
    return browser(router)


def test_sign_in_who_am_i_sign_out(page) -> None:
    http = page.http
    assert http.get("/api/v1/session").status_code == 401
    person_id = page.sign_in("auditor")
    who = http.get("/api/v1/session").json()
    assert (who["kind"], who["id"]) == ("person", str(person_id))
    assert "people.view" in who["permissions"] and "people.disable" not in who["permissions"]
    assert http.get("/api/v1/people").json()[0]["login"] == "tester"
    assert [row["user_agent"] for row in http.get("/api/v1/sessions").json()] == ["testclient"]
    left = http.delete("/api/v1/session")
    assert left.status_code == 204 and "storage" in left.headers["clear-site-data"]
    assert http.get("/api/v1/session").status_code == 401


def test_the_cookie_over_plain_loopback(page) -> None:
    page.sign_in()
    answer = page.http.post("/api/v1/session", json={"login": "tester", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("kerma=") and "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie
    assert "Secure" not in cookie and "Domain" not in cookie and len(cookie) < 4096


def test_the_cookie_over_tls_is_bound_to_the_host(page) -> None:
    page.sign_in()
    page.http.base_url = "https://kerma.example.org"
    answer = page.http.post(
        "/api/v1/session",
        json={"login": "tester", "password": PASSWORD},
        headers={"Origin": "https://kerma.example.org"},
    )
    assert answer.status_code == 201
    assert answer.headers["set-cookie"].startswith("__Host-kerma=") and "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]
    assert page.http.get("/api/v1/session").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
    ],
)
def test_only_our_own_pages_may_change_something(page, headers: dict[str, str], status: int) -> None:
    page.sign_in()
    assert page.http.post("/change", headers=headers).status_code == status


def test_a_request_without_origin_is_refused_and_told_about_tokens(page) -> None:
    page.sign_in()
    del page.http.headers["Origin"]
    refused = page.http.post("/change")
    assert refused.status_code == 403 and "Bearer" in refused.json()["detail"]


def test_a_bearer_token_needs_no_origin_and_a_bad_one_is_no_way_round(page, kernel, actor) -> None:
    from kerma.areas.people import actions

    bearer = actions.create_token(kernel, actor, name="line-3", role="engineer")
    del page.http.headers["Origin"]
    good = page.http.post("/change", headers={"Authorization": f"Bearer {bearer}"})
    assert (good.status_code, good.json()) == (200, "token:1")
    page.http.headers["Origin"] = PAGE["Origin"]
    page.sign_in()
    forged = page.http.post("/change", headers={"Authorization": "Bearer x", "Origin": "https://evil.example"})
    assert forged.status_code == 401


def test_plain_http_is_for_this_machine_only(page) -> None:
    page.http.base_url = "http://10.0.0.5:8080"
    refused = page.http.get("/conflict")
    assert refused.status_code == 403 and "KERMA_ORIGIN" in refused.json()["detail"]
    for own in ("http://localhost:8080", "http://[::1]:8080", "http://127.0.0.1"):
        page.http.base_url = own
        assert page.http.get("/conflict").status_code == 409


@pytest.mark.parametrize("path", ["/api/v1/session", "/fails", "/conflict", "/no-such-page", "/change"])
def test_every_answer_carries_the_headers_and_errors_are_problems(page, path: str) -> None:
    answer = page.http.get(path)
    assert answer.status_code >= 400
    for name, value in requests.HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["content-type"] == requests.PROBLEM
    assert {"type", "title", "status", "detail"} <= set(answer.json())
    assert answer.json()["status"] == answer.status_code


def test_a_surprise_tells_the_log_everything_and_the_asker_a_number(page, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = page.http.get("/fails?patient=Ann")
    number = answer.json()["instance"].rsplit(":", 1)[1]
    assert answer.status_code == 500 and "secret" not in answer.text
    assert number in caplog.text and "the secret is 42" in caplog.text and "Ann" not in caplog.text


def test_a_form_error_says_where_but_never_repeats_the_value(page) -> None:
    answer = page.http.post("/api/v1/session", json={"login": "ann", "password": [PASSWORD], "more": PASSWORD})
    assert answer.status_code == 422 and PASSWORD not in answer.text
    assert {item["where"] for item in answer.json()["errors"]} == {"body.password", "body.more"}


def test_slowing_down_says_for_how_long(page) -> None:
    page.sign_in()
    for _ in range(5):
        assert page.http.post("/api/v1/session", json={"login": "x", "password": "wrong"}).status_code == 401
    slowed = page.http.post("/api/v1/session", json={"login": "x", "password": "wrong"})
    assert slowed.status_code == 429 and int(slowed.headers["retry-after"]) >= 60


def test_the_permission_page_lists_every_action_with_its_description(page) -> None:
    page.sign_in()
    rows = {row["name"]: row["description"] for row in page.http.get("/api/v1/permissions").json()}
    assert rows["people.disable"].startswith("Shut a person out") and "identity.sign_in" in rows

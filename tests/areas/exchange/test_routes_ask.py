"""Another archive asked over HTTP, as the commands ask it: the same permissions, the same records."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dcmtk import dcmqrscp, free_port, program
from films import Archive, film, uid
from kerma.areas.archive.model import image
from kerma.areas.exchange import actions_route
from kerma.areas.exchange.actions_route import RuleGiven
from kerma.areas.exchange.routes_ask import router


@pytest.fixture
def backend() -> str:
    """What goes over the wire is the same whatever the database: it is tried on one."""
    return "sqlite"


@pytest.fixture
def other(lists: Any, tmp_path: Path) -> Iterator[None]:
    """Another archive with one film."""
    path = tmp_path / "film.dcm"
    path.write_bytes(film())
    with dcmqrscp(tmp_path / "other", {"KERMA": free_port()}) as port:
        send = [program("storescu"), "-aec", "ARCHIVE", "127.0.0.1", str(port), str(path)]
        subprocess.run(send, check=True, timeout=60)
        lists("ARCHIVE", port)
        yield


@pytest.mark.usefixtures("other")
def test_another_archive_is_asked_and_fetched_from(browser: Callable[..., Any], archive: Archive) -> None:
    client = browser(router)
    client.sign_in("analyst")
    found = client.http.post("/api/v1/nodes/ARCHIVE/query", json={"match": {"PatientID": "P-17"}})
    assert [row["StudyInstanceUID"] for row in found.json()] == [uid(1)], found.text
    done = client.http.post("/api/v1/nodes/ARCHIVE/fetch", json={"exam_uid": uid(1)})
    assert done.json() == {"completed": 1, "failed": 0, "method": "C-GET", "refused": []}
    assert archive.count(image) == 1
    (asked,), (fetched,) = archive.records("exchange.query"), archive.records("exchange.fetch")
    assert asked["actor"] == fetched["actor"] and asked["actor"].startswith("person:")
    assert asked["details"]["keywords"] == ["PatientID"]
    missing = client.http.post("/api/v1/nodes/ARCHIVE/fetch", json={"exam_uid": "1.2.3"})
    assert (missing.status_code, "has no exam 1.2.3" in missing.json()["detail"]) == (502, True)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("NOBODY/query", {}, 404),
        ("AWAY/query", {}, 502),
        ("AWAY/query", {"level": "series"}, 400),
        ("AWAY/query", {"match": {"Nothing": "1"}}, 400),
        ("AWAY/query", {"match": {"Rows": "many"}}, 400),
        ("AWAY/query", {"match": {"PatientID": "x" * 2000}}, 422),
        ("AWAY/query", {"level": "room"}, 422),
        ("AWAY/fetch", {"exam_uid": "../etc"}, 422),
        ("AWAY/fetch", {}, 422),
    ],
)
def test_questions_that_go_nowhere_are_answered_in_words(
    browser: Callable[..., Any], lists: Any, path: str, body: dict[str, Any], status: int
) -> None:
    lists("AWAY", free_port())
    client = browser(router)
    client.sign_in("administrator")
    answer = client.http.post(f"/api/v1/nodes/{path}", json=body)
    assert answer.status_code == status, answer.text


def test_fetches_by_rule_are_listed(browser: Callable[..., Any], archive: Archive, lists: Any) -> None:
    lists("AWAY", free_port())
    given = RuleGiven("priors", kind="prior", nodes=["AWAY"], quiet_s=0)
    actions_route.add_rule(archive.kernel, archive.actor, given=given)
    archive.ingest(film())
    actions_route.route_exam(archive.kernel, archive.actor, exam_pk=1)
    client = browser(router)
    client.sign_in("administrator")
    (row,) = client.http.get("/api/v1/fetches").json()
    assert (row["rule"], row["ae_title"], row["cause"], row["state"]) == ("priors", "AWAY", "exam:1", "waiting")
    assert client.http.get("/api/v1/fetches?state=done").json() == []
    assert client.http.get(f"/api/v1/fetches?before={row['id']}").json() == []


def test_who_may_not_ask_does_not(browser: Callable[..., Any], lists: Any) -> None:
    lists("AWAY", free_port())
    client = browser(router)
    assert client.http.get("/api/v1/fetches").status_code == 401
    client.sign_in("trainer")
    assert client.http.get("/api/v1/fetches").status_code == 403
    assert client.http.post("/api/v1/nodes/AWAY/query", json={}).status_code == 403
    assert client.http.post("/api/v1/nodes/AWAY/fetch", json={"exam_uid": "1.2"}).status_code == 403

import pytest
import sqlalchemy as sa

import exams
from kerma.areas.archive.model import ExamArrived
from kerma.areas.review import actions, rules
from kerma.areas.review.routes import router
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.jobs_model import job_request

SHA = "a" * 64


@pytest.fixture
def page(browser, kernel: Kernel, actor: Actor):
    made = browser(router)
    listening = Kernel(**{**kernel.__dict__, "subscriptions": {ExamArrived: (on_exam_arrived,)}})
    made.exam_pk = exams.arrive(listening, actor, industry="ndt", subject_id="W-1", sha256s=(SHA,))
    made.sign_in("analyst")
    return made


def analyse(page, actor: Actor) -> None:
    document = {"decision_proposed": "reject", "decision_reason": "pore", "images": [], "verdicts": []}
    digest = rules.images_digest([SHA])
    actions.record_analysis(page.kernel, actor, exam_pk=page.exam_pk, images_digest=digest, document=document)


def test_before_the_analysis_the_exam_says_so(page) -> None:
    found = page.http.get(f"/api/v1/exams/{page.exam_pk}/analysis").json()
    assert (found["analysis_id"], found["document"], found["is_current"]) == (None, None, False)
    assert found["state"] == "waiting"


def test_the_analysis_its_document_and_whether_it_is_of_all_images(page, actor: Actor) -> None:
    analyse(page, actor)
    found = page.http.get(f"/api/v1/exams/{page.exam_pk}/analysis").json()
    assert (found["decision_proposed"], found["document"]["decision_reason"]) == ("reject", "pore")
    assert found["is_current"]
    exams.add_image(page.kernel, actor, exam_pk=page.exam_pk, sha256="b" * 64)
    assert not page.http.get(f"/api/v1/exams/{page.exam_pk}/analysis").json()["is_current"]


def test_decide_and_decide_again(page, actor: Actor) -> None:
    analyse(page, actor)
    address = f"/api/v1/exams/{page.exam_pk}/decisions"
    assert page.http.post(address, json={"decision": "accept"}).status_code == 400
    first = page.http.post(address, json={"decision": "accept", "reason": "scratch on the film"})
    assert first.status_code == 201
    assert (first.json()["state"], first.json()["decisions"][0]["by_name"]) == ("closed", "Test Person")
    assert page.http.post(address, json={"decision": "reject"}).status_code == 409
    seen = first.json()["decisions"][0]["id"]
    second = page.http.post(address, json={"decision": "reject", "supersedes": seen}).json()
    assert [made["decision"] for made in second["decisions"]] == ["reject", "accept"]


def test_what_does_not_fit_is_refused(page) -> None:
    address = f"/api/v1/exams/{page.exam_pk}/decisions"
    assert page.http.post(address, json={"decision": "clear"}).status_code == 400
    assert page.http.post(address, json={"decision": "accept", "at": "2020-01-01"}).status_code == 422
    assert page.http.post("/api/v1/exams/4711/decisions", json={"decision": "accept"}).status_code == 404
    assert page.http.get("/api/v1/exams/4711/analysis").status_code == 404


def test_who_may_only_read_cannot_decide(page) -> None:
    page.http.delete("/api/v1/session")
    page.sign_in("auditor", login="auditor")
    assert page.http.get(f"/api/v1/exams/{page.exam_pk}/analysis").status_code == 200
    refused = page.http.post(f"/api/v1/exams/{page.exam_pk}/decisions", json={"decision": "accept"})
    assert refused.status_code == 403


def test_the_evidence_names_the_signed_end_of_the_ledger(page) -> None:
    page.kernel.ledger.checkpoint(page.kernel.database)
    found = page.http.get("/api/v1/evidence").json()
    assert found["checkpoint_size"] == found["ledger_size"] > 0
    assert str(found["checkpoint_size"]) in found["checkpoint"].splitlines()


def test_an_analysis_that_was_given_up_is_told_and_not_shown_as_under_way(page, kernel: Kernel) -> None:
    given_up = {
        "name": "review.analyse", "key": str(page.exam_pk), "arguments": {}, "state": "parked", "attempts": 5,
        "requested_at": "2026-03-01T10:00:00.000000Z", "due_at": "2026-03-01T10:00:00.000000Z",
        "error": "OSError: disk",
    }  # fmt: skip
    assert page.http.get(f"/api/v1/exams/{page.exam_pk}/analysis").json()["trouble"] == ""
    with kernel.database.write() as connection:
        connection.execute(sa.insert(job_request).values(given_up))
    told = page.http.get(f"/api/v1/exams/{page.exam_pk}/analysis").json()["trouble"]
    assert "given up after 5 attempts: OSError: disk" in told

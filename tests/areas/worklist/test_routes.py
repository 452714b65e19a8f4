import pytest
import sqlalchemy as sa

import exams
from kerma.areas.archive.model import ExamArrived
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.areas.worklist.routes import router
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.ledger_tables import ledger_record
from kerma.kernel.requests import ONE_LOOK


@pytest.fixture
def page(browser, kernel: Kernel, actor: Actor):
    made = browser(router)
    listening = Kernel(**{**kernel.__dict__, "subscriptions": {ExamArrived: (on_exam_arrived,)}})
    for industry, subject_id in (("ndt", "W-1"), ("security", "BAG-1"), ("medical", "P-1")):
        exams.arrive(listening, actor, industry=industry, subject_id=subject_id)
    return made


def looks(kernel: Kernel) -> int:
    with kernel.database.read() as connection:
        bodies = connection.scalars(sa.select(ledger_record.c.body)).all()
    return sum('"worklist.view"' in body for body in bodies)


def test_the_industries_come_with_their_own_words_and_decisions(page) -> None:
    page.sign_in("analyst")
    found = {one["name"]: one for one in page.http.get("/api/v1/industries").json()}
    assert {name: one["subject_word"] for name, one in found.items()} == {
        "security": "Object of inspection",
        "ndt": "Component",
        "medical": "Patient",
    }
    assert [choice["code"] for choice in found["ndt"]["decisions"]] == ["accept", "reject", "reshoot"]
    assert all(choice["tone"] for one in found.values() for choice in one["decisions"])


def test_claim_and_release_show_who_holds(page, kernel: Kernel) -> None:
    page.sign_in("analyst")
    listed = page.http.get("/api/v1/worklist").json()
    assert [item["subject_id"] for item in listed["items"]] == ["BAG-1", "P-1", "W-1"]
    assert listed["counts"]["ndt"] == {"waiting": 1}
    item_id = listed["items"][0]["item_id"]
    claimed = page.http.post(f"/api/v1/worklist/{item_id}/claim").json()
    assert (claimed["state"], claimed["is_mine"], claimed["claimed_by_name"]) == ("claimed", True, "Test Person")
    page.http.delete("/api/v1/session")
    page.sign_in("analyst", login="second")
    seen = page.http.get("/api/v1/worklist").json()["items"][0]
    assert (seen["is_mine"], seen["claimed_by_name"]) == (False, "Test Person")
    refused = page.http.post(f"/api/v1/worklist/{item_id}/claim")
    assert refused.status_code == 409
    assert "claimed by someone else" in refused.json()["detail"]
    assert page.http.post(f"/api/v1/worklist/{item_id}/release").status_code == 409


def test_refreshes_are_one_look_in_the_ledger(page, kernel: Kernel, clock) -> None:
    page.sign_in("analyst")
    for _ in range(3):
        page.http.get("/api/v1/worklist")
    assert looks(kernel) == 1
    clock.advance(seconds=ONE_LOOK.total_seconds())
    page.http.get("/api/v1/worklist")
    assert looks(kernel) == 2


def test_without_the_permission_nothing_is_seen_or_changed(page) -> None:
    page.sign_in("auditor")
    assert page.http.get("/api/v1/worklist").status_code == 403
    assert page.http.post("/api/v1/worklist/1/claim").status_code == 403


@pytest.mark.parametrize("asked", ["view=all", "limit=0", "after=1", "colour=red"])
def test_a_question_that_does_not_fit_is_refused(page, asked: str) -> None:
    page.sign_in("analyst")
    assert page.http.get(f"/api/v1/worklist?{asked}").status_code in (400, 422)

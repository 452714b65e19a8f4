"""Non-conformances: from a rejection over its disposition and the exam after it to the end, each step kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

import judgements
import readings
from films import film
from kerma.areas.archive.actions import ingest
from kerma.areas.archive.model import Arrival
from kerma.areas.review import actions, actions_nonconformance, rules_nonconformance
from kerma.areas.review.evidence_spec import parts
from kerma.areas.review.model_nonconformance import nonconformance, nonconformance_step
from kerma.areas.review.rules_nonconformance import DISPOSITIONS, why_open
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from kerma.kernel.identity import service
from readings import Room

PEOPLE = (("one", "Reader One", "analyst"), ("two", "Reader Two", "analyst"), ("lead", "Lead Three", "lead"))


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    yield readings.room(kernel, *PEOPLE)
    sight.RULES[:] = kept


def rows(kernel: Kernel, listed: sa.Table) -> list[dict[str, Any]]:
    with kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(listed).order_by(listed.c.id)).mappings()]


def opened(room: Room, name: str = "one", **more: Any) -> int:
    told = {"exam_pk": room.exam_pk, "description": "a cluster of pores", "finding_ids": ["1"]} | more
    return actions_nonconformance.open_nonconformance(room.kernel, room.actors[name], **told)


def propose(room: Room, number: int, disposition: str = "repair", reason: str = "it can be ground out") -> None:
    about = {"disposition": disposition, "reason": reason}
    actions_nonconformance.propose_disposition(room.kernel, room.actors["one"], nonconformance_id=number, **about)


def decide(room: Room, number: int, disposition: str = "repair", **more: str) -> None:
    actions_nonconformance.decide_disposition(
        room.kernel, room.actors["lead"], nonconformance_id=number, disposition=disposition, **more
    )


def follow(room: Room, number: int, exam_pk: int) -> None:
    about = {"nonconformance_id": number, "exam_pk": exam_pk}
    actions_nonconformance.link_follow_up(room.kernel, room.actors["one"], **about)


def close(room: Room, number: int) -> None:
    actions_nonconformance.close_nonconformance(room.kernel, room.actors["lead"], nonconformance_id=number)


def state(room: Room) -> str:
    return str(rows(room.kernel, nonconformance)[-1]["state"])


def later_exam(room: Room, exam: int = 5, **attributes: Any) -> int:
    """Take in and analyse an exam that comes after the rejected one, of the same part."""
    data = film(exam=exam, **attributes)
    stored = ingest(room.kernel, service("test", "*"), source=Arrival(data, "after.dcm", industry="ndt"))
    document = judgements.document(judgements.image(stored.sha256))
    judgements.analysed(room.kernel, service("test", "*"), stored.exam_pk, document)
    return stored.exam_pk


def decide_exam(room: Room, exam_pk: int, code: str, supersedes: int | None = None) -> int:
    about = {"exam_pk": exam_pk, "decision_code": code, "reason": "seen", "supersedes": supersedes}
    return actions.decide(room.kernel, room.actors["two"], **about)


@pytest.mark.parametrize(
    ("state", "disposition", "has_exam", "decision", "why"),
    [
        ("open", "", False, "", "nobody has decided"),
        ("proposed", "scrap", False, "", "nobody has decided"),
        ("decided", "scrap", False, "", ""),
        ("decided", "use-as-is", False, "", ""),
        ("decided", "repair", False, "", "is not linked"),
        ("decided", "repair", True, "", "is not accepted"),
        ("decided", "re-inspect", True, "reject", "is not accepted"),
        ("decided", "re-inspect", True, "accept", ""),
        ("closed", "scrap", False, "", "closed already"),
    ],
)
def test_it_is_closed_when_what_its_disposition_asks_for_has_come(
    state: str, disposition: str, has_exam: bool, decision: str, why: str
) -> None:
    found = why_open(state, disposition, has_exam, decision)
    assert why in found and bool(why) == bool(found)


@pytest.mark.parametrize(
    ("disposition", "number", "approver", "word"),
    [
        ("use-as-is", "", "A. Buyer", "number of the concession"),
        ("use-as-is", "K-7", " ", "who of the customer"),
        ("repair", "K-7", "", "only a part"),
        ("melt", "", "", "no disposition"),
    ],
)
def test_a_concession_is_told_in_full_where_one_is_needed(
    disposition: str, number: str, approver: str, word: str
) -> None:
    with pytest.raises(WrongUsage, match=word):
        rules_nonconformance.checked_concession(disposition, number, approver)


def test_the_dispositions_are_those_of_the_trade() -> None:
    assert list(DISPOSITIONS) == ["repair", "scrap", "use-as-is", "re-inspect"]
    assert rules_nonconformance.number_of(2026, 7) == "NC-2026-0007"


def test_one_is_opened_on_a_rejection_and_once_at_a_time(room: Room) -> None:
    with pytest.raises(Conflict, match="does not reject"):
        opened(room)
    room.decide("one", "accept", "good")
    with pytest.raises(Conflict, match="does not reject"):
        opened(room)
    room.decide("one", "reject", "bad")
    with pytest.raises(WrongUsage, match="no finding"):
        opened(room, finding_ids=["9"])
    with pytest.raises(WrongUsage, match="empty"):
        opened(room, description=" ")
    number = opened(room)
    with pytest.raises(Conflict, match="open already"):
        opened(room, "two")
    (row,) = rows(room.kernel, nonconformance)
    assert row["number"] == f"NC-{room.kernel.clock.now().year}-{number:04d}"
    assert (row["state"], row["finding_ids"]) == ("open", ["1"])
    about = {"nonconformance_id": number, "reason": "the wrong exam"}
    actions_nonconformance.withdraw_nonconformance(room.kernel, room.actors["lead"], **about)
    assert opened(room) == number + 1


def test_a_repaired_part_is_examined_again_and_accepted_before_it_is_closed(room: Room) -> None:
    room.decide("one", "reject", "bad")
    number = opened(room)
    with pytest.raises(Conflict, match="is open"):
        decide(room, number)
    propose(room, number, "scrap", "cannot be saved")
    with pytest.raises(Conflict, match="'scrap' is proposed"):
        decide(room, number)
    propose(room, number)
    decide(room, number)
    with pytest.raises(Conflict, match="not linked"):
        close(room, number)
    other_part = later_exam(room, 7, PatientID="Q-1", PatientName="Other")
    for wrong in (room.exam_pk, other_part, 999):
        with pytest.raises(WrongUsage, match="later one of the same subject"):
            follow(room, number, wrong)
    after = later_exam(room)
    follow(room, number, after)
    with pytest.raises(Conflict, match="not accepted"):
        close(room, number)
    first = decide_exam(room, after, "reject")
    with pytest.raises(Conflict, match="not accepted"):
        close(room, number)
    decide_exam(room, after, "accept", first)
    close(room, number)
    with pytest.raises(Conflict, match="closed already"):
        close(room, number)
    with pytest.raises(Conflict, match="is closed"):
        propose(room, number)
    steps = rows(room.kernel, nonconformance_step)
    assert [one["kind"] for one in steps] == ["open", "proposed", "proposed", "decided", "followed", "closed"]
    assert steps[1]["told"] == {"disposition": "scrap", "words": "cannot be saved"}
    names = [one.path for one in parts(room.kernel, room.exam_pk)]
    assert names == ["data/decisions/nonconformances.json", "data/decisions/nonconformance-steps.json"]


def test_a_concession_is_kept_and_falls_when_something_else_is_proposed(room: Room) -> None:
    room.decide("one", "reject", "bad")
    number = opened(room)
    propose(room, number, "use-as-is", "not in the stressed part")
    with pytest.raises(WrongUsage, match="concession"):
        decide(room, number, "use-as-is")
    decide(room, number, "use-as-is", concession_number="K-7", customer_approver="A. Buyer")
    with pytest.raises(Conflict, match="asks for no exam"):
        follow(room, number, later_exam(room))
    assert rows(room.kernel, nonconformance)[0]["concession_number"] == "K-7"
    propose(room, number, "scrap", "the concession was taken back")
    row = rows(room.kernel, nonconformance)[0]
    assert (row["state"], row["concession_number"], row["customer_approver"]) == ("proposed", "", "")
    decide(room, number, "scrap")
    close(room, number)
    assert state(room) == "closed"


def test_who_proposed_a_disposition_does_not_decide_it(room: Room) -> None:
    room.decide("one", "reject", "bad")
    number = opened(room)
    propose(room, number)
    again = {"nonconformance_id": number, "disposition": "scrap", "reason": "cannot be saved"}
    actions_nonconformance.propose_disposition(room.kernel, room.actors["lead"], **again)
    address = f"/api/v1/nonconformances/{number}"
    assert room.client("lead").get(address).json()["is_proposer"]
    assert not room.client("one").get(address).json()["is_proposer"]
    with pytest.raises(NotAllowed, match="somebody else decides"):
        decide(room, number, "scrap")
    assert state(room) == "proposed"
    propose(room, number, "scrap", "I think so too")
    decide(room, number, "scrap")
    assert state(room) == "decided"


def test_a_rejection_opens_one_by_itself_where_the_site_wants_it(room: Room) -> None:
    room.decide("one", "reject", "bad")
    assert rows(room.kernel, nonconformance) == []
    actions_nonconformance.set_nonconformances(room.kernel, room.actors["lead"], is_automatic=True)
    room.decide("one", "accept", "good after all")
    assert rows(room.kernel, nonconformance) == []
    room.decide("one", "reject", "bad, once more")
    room.decide("one", "reject", "still bad")
    (row,) = rows(room.kernel, nonconformance)
    assert (row["description"], row["opened_by"]) == ("bad, once more", room.actors["one"].key)
    assert row["number"].startswith("NC-")


def test_a_nonconformance_over_http(room: Room) -> None:
    one, lead = room.client("one"), room.client("lead")
    exam = f"/api/v1/exams/{room.exam_pk}/nonconformances"
    assert one.get(exam).json() == {"nonconformances": [], "may_open": False}
    room.decide("one", "reject", "bad")
    assert one.get(exam).json()["may_open"]
    made = one.post(exam, json={"description": "pores", "finding_ids": ["1"]})
    assert made.status_code == 201, made.text
    address = f"/api/v1/nonconformances/{made.json()['id']}"
    assert one.post(exam, json={"description": "again"}).status_code == 409
    assert one.post(f"{address}/propose", json={"disposition": "melt", "reason": "x"}).status_code == 400
    shown = one.post(f"{address}/propose", json={"disposition": "re-inspect", "reason": "film too dark"}).json()
    assert (shown["disposition_words"], shown["why_open"]) == (
        "Examine again", "nobody has decided what becomes of the part",
    )  # fmt: skip
    decided = {"disposition": "re-inspect"}
    assert one.post(f"{address}/decide", json=decided).status_code == 403
    after = later_exam(room)
    assert [row["exam_pk"] for row in lead.post(f"{address}/decide", json=decided).json()["later_exams"]] == [after]
    assert one.post(f"{address}/follow-up", json={"exam_pk": after}).json()["follow_up_exam_pk"] == after
    of_later = one.get(f"/api/v1/exams/{after}/nonconformances").json()
    assert [row["id"] for row in of_later["nonconformances"]] == [made.json()["id"]]
    decide_exam(room, after, "accept")
    assert one.get(address).json()["later_exams"][0]["decision"] == "accept"
    assert one.post(f"{address}/close", json={}).status_code == 403
    assert lead.post(f"{address}/close", json={"words": "done"}).json()["state"] == "closed"
    asks = (
        ("", 1), ("?state=any-open", 0), ("?state=closed&disposition=re-inspect", 1), ("?disposition=scrap", 0),
        ("?text=PORE", 1), ("?text=%25", 0), ("?text=P-17", 1),
    )  # fmt: skip
    for asked, count in asks:
        assert len(one.get(f"/api/v1/nonconformances{asked}").json()) == count, asked
    assert one.get("/api/v1/nonconformances/999").status_code == 404
    assert one.get("/api/v1/nonconformances?state=mood").status_code == 422
    assert one.put("/api/v1/nonconformances/setting", json={"is_automatic": True}).status_code == 403
    assert lead.put("/api/v1/nonconformances/setting", json={"is_automatic": True}).json() == {"is_automatic": True}
    assert one.get("/api/v1/nonconformances/words").json()["is_automatic"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_another_person_opens_is_behind_no_door_before_ones_own_read(room: Room) -> None:
    room.policy("concurrent", "blind")
    room.decide("two", "reject", "needlewords")
    before = readings.answers(room, "one")
    number = opened(room, "two", description="needlewords")
    after = readings.answers(room, "one")
    grown = ("/api/v1/evidence",)
    assert [one for one in before if (before[one].status, before[one].body) != (after[one].status, after[one].body)
            and one not in grown] == []  # fmt: skip
    with pytest.raises(NotFound):
        propose(room, number)
    with pytest.raises(Conflict, match="does not reject"):
        opened(room)
    assert room.client("lead").get(f"/api/v1/nonconformances/{number}").json()["description"] == "needlewords"

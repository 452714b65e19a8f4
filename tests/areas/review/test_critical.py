"""Critical results: a deadline to the second, read-back wrong and right, notices, escalation, and what is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import exams
import readings
from films import film
from kerma.areas.archive.actions import ingest
from kerma.areas.archive.model import Arrival
from kerma.areas.archive.model_keeping import ExamDeleted
from kerma.areas.review import actions_critical, actions_reading, rules_critical
from kerma.areas.review.evidence_talk import parts
from kerma.areas.review.jobs_critical import watch
from kerma.areas.review.model_critical import critical_result, critical_step
from kerma.areas.review.model_talk import inbox_entry
from kerma.areas.review.rules_critical import SeenCritical, checked_level, checked_means, is_late, levels
from kerma.areas.worklist.rules_levels import Step
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel import clock as clocks
from kerma.kernel import sight
from kerma.kernel.action import Action, Kernel
from kerma.kernel.clock import HeldClock
from kerma.kernel.identity import service
from kerma.kernel.ledger_tables import ledger_record
from readings import Room

PEOPLE = (("one", "Reader One", "analyst"), ("two", "Needle Othername", "analyst"), ("lead", "Lead Three", "lead"))
DOCTOR = {"whom": "Dr Ward", "role": "ward physician", "means": "phone"}


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    made = readings.room(kernel, *PEOPLE)
    source = Arrival(film(exam=7), "chest.dcm", industry="medical")
    made.exam_pk = ingest(made.kernel, service("test", "*"), source=source).exam_pk
    yield made
    sight.RULES[:] = kept


def rows(room: Room, listed: sa.Table) -> list[dict[str, Any]]:
    with room.kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(listed).order_by(listed.c.id)).mappings()]


def kinds(room: Room) -> list[str]:
    return [row["kind"] for row in rows(room, critical_step)]


def record(room: Room, name: str = "one", **seen: Any) -> int:
    told = SeenCritical(**(seen or {"finding": "pneumothorax"}))
    return actions_critical.record_critical(room.kernel, room.actors[name], exam_pk=room.exam_pk, seen=told)


def read_back(room: Room, number: int, name: str = "one", is_right: bool = True, **receiver: str) -> None:
    to = rules_critical.Receiver(**(DOCTOR | receiver))
    told = {"receiver": to, "read_back": "needle: pneumothorax on the left", "is_right": is_right}
    actions_critical.notify_critical(room.kernel, room.actors[name], critical_id=number, **told)


def acknowledge(room: Room, number: int) -> None:
    about = {"critical_id": number, "words": "drain is being placed"}
    actions_critical.acknowledge_critical(room.kernel, room.actors["one"], **about)


def told(room: Room) -> list[tuple[str, str]]:
    names = {actor.key: name for name, actor in room.actors.items()}
    return [(names[row["person"]], row["words"]) for row in rows(room, inbox_entry) if row["kind"] == "critical"]


@pytest.mark.parametrize(("number", "minutes", "warned"), [(1, 15, 5), (2, 360, 60), (3, 4320, 1440)])
def test_a_deadline_is_exact_to_the_second(number: int, minutes: int, warned: int) -> None:
    seen_at = datetime(2026, 3, 2, 23, 59, 58, tzinfo=UTC)
    level = levels()[number]
    due = rules_critical.due_at(level, seen_at)
    assert due - seen_at == timedelta(minutes=minutes)
    chain = (Step(0, "lead"), Step(600, "administrator"))
    coming = rules_critical.notices(level, due, chain)
    assert [(one.step, (one.at - due).total_seconds(), one.kind, one.role) for one in coming] == [
        (0, -60.0 * warned, "warned", ""), (1, 0.0, "late", ""), (2, 0.0, "escalated", "lead"),
        (3, 600.0, "escalated", "administrator"),
    ]  # fmt: skip
    on_time, after = clocks.text(due), clocks.text(due + timedelta(seconds=1))
    assert not is_late("notified", on_time, on_time, after) and is_late("notified", on_time, after, after)
    assert not is_late("open", on_time, "", on_time) and is_late("open", on_time, "", after)
    assert not is_late("withdrawn", on_time, "", after)


def test_the_table_says_the_level_of_what_it_names_and_the_reader_of_the_rest() -> None:
    assert checked_level(SeenCritical("pneumothorax")).number == 1
    assert checked_level(SeenCritical(what="gas in the portal vein", level=2)).number == 2
    for wrong, words in (
        (SeenCritical("freckle"), "in no level"), (SeenCritical("abscess", level=1), "the table says"),
        (SeenCritical(what="a shadow"), "choose a finding"), (SeenCritical(what="a shadow", level=4), "choose a"),
    ):  # fmt: skip
        with pytest.raises(WrongUsage, match=words):
            checked_level(wrong)
    assert checked_means("secure-message", levels()[2].means) == "secure-message"
    with pytest.raises(WrongUsage, match="by telephone or in person"):
        checked_means("secure-message", levels()[1].means)
    with pytest.raises(WrongUsage, match="no means"):
        checked_means("pigeon")


def test_only_the_right_read_back_notifies_and_the_acknowledgement_closes(room: Room, clock: HeldClock) -> None:
    number = record(room)
    (row,) = rows(room, critical_result)
    assert row["number"] == f"CRIT-{clock.now().year}-{number:04d}" and row["what"] == "pneumothorax"
    assert clocks.moment(row["due_at"]) - clock.now() == timedelta(minutes=15)
    clock.advance(60)
    missed = rules_critical.Receiver("Dr Absent", "ward physician", "phone")
    about = {"critical_id": number, "receiver": missed, "words": "no answer"}
    actions_critical.attempt_critical(room.kernel, room.actors["one"], **about)
    read_back(room, number, is_right=False)
    assert rows(room, critical_result)[0]["state"] == "open"
    with pytest.raises(Conflict, match="is open"):
        acknowledge(room, number)
    with pytest.raises(WrongUsage, match="record this as an attempt"):
        read_back(room, number, means="secure-message")
    clock.advance(14 * 60)  # the last second that counts
    read_back(room, number, "two")
    for again in (lambda: read_back(room, number), lambda: actions_critical.attempt_critical(
        room.kernel, room.actors["one"], **about
    )):  # fmt: skip
        with pytest.raises(Conflict, match="is notified"):
            again()
    acknowledge(room, number)
    with pytest.raises(Conflict, match="is closed"):
        acknowledge(room, number)
    (row,) = rows(room, critical_result)
    assert (row["state"], row["notified_at"], row["notice_at"]) == ("closed", row["due_at"], "")
    assert kinds(room) == ["open", "attempt", "wrong-read-back", "read-back", "acknowledged"]
    steps = rows(room, critical_step)
    assert steps[1]["told"] == {**vars(missed), "was_reached": False, "words": "no answer"}
    assert steps[3]["told"]["words"].startswith("needle") and steps[3]["by"] == room.actors["two"].key
    names = [one.path for one in parts(room.kernel, room.exam_pk)]
    assert names == ["data/decisions/critical-results.json", "data/decisions/critical-steps.json"]
    with room.kernel.database.read() as connection:
        written = " ".join(str(one) for one in connection.execute(sa.select(ledger_record)))
    assert "needle" not in written and "Dr Ward" not in written and "review.notify_critical" in written


def test_what_makes_no_sense_is_refused(room: Room) -> None:
    weld = room.exam_pk - 1
    with pytest.raises(WrongUsage, match="medical"):
        actions_critical.record_critical(
            room.kernel, room.actors["one"], exam_pk=weld, seen=SeenCritical("pneumothorax")
        )
    with pytest.raises(WrongUsage, match="empty"):
        record(room, what=" ", level=1)
    with pytest.raises(WrongUsage, match="only a person"):
        actions_critical.record_critical(
            room.kernel, service("test", "*"), exam_pk=room.exam_pk, seen=SeenCritical("pneumothorax")
        )
    with pytest.raises(NotFound):
        read_back(room, 1)
    assert rows(room, critical_result) == []
    number = record(room, what="gas in the portal vein", level=2)
    for wrong in ({"whom": " "}, {"role": ""}, {"means": "pigeon"}):
        with pytest.raises(WrongUsage):
            read_back(room, number, **wrong)
    with pytest.raises(NotAllowed, match="only who recorded"):
        actions_critical.withdraw_critical(room.kernel, room.actors["two"], critical_id=number, reason="wrong exam")
    actions_critical.withdraw_critical(room.kernel, room.actors["one"], critical_id=number, reason="wrong exam")
    with pytest.raises(Conflict, match="is withdrawn"):
        read_back(room, number)
    watch(room.kernel)
    assert kinds(room) == ["open", "withdrawn"]


def test_nobody_is_told_before_its_time_and_everybody_when_it_comes(room: Room, clock: HeldClock) -> None:
    number = record(room)
    about = {"critical_id": number, "words": "the ward is being called by me"}
    clock.advance(10 * 60 - 1)
    watch(room.kernel)
    assert kinds(room) == ["open"]
    clock.advance(1)
    watch(room.kernel)
    watch(room.kernel)
    assert kinds(room) == ["open", "warned"] and [name for name, _ in told(room)] == ["one"]
    with pytest.raises(Conflict, match="is not late"):
        actions_critical.answer_late_critical(room.kernel, room.actors["lead"], **about)
    clock.advance(5 * 60 - 1)
    watch(room.kernel)
    assert kinds(room) == ["open", "warned"]
    clock.advance(1)
    watch(room.kernel)
    assert kinds(room) == ["open", "warned", "late", "escalated"]
    assert [name for name, _ in told(room)] == ["one", "one", "lead"]
    assert rows(room, critical_step)[-1]["told"] == {"role": "lead", "people": 1}
    lead = room.client("lead")
    (late,) = lead.get("/api/v1/critical-results").json()
    assert late["may_answer"] and not room.client("two").get("/api/v1/critical-results").json()[0]["may_answer"]
    with pytest.raises(NotAllowed):
        actions_critical.answer_late_critical(room.kernel, room.actors["two"], **about)
    actions_critical.answer_late_critical(room.kernel, room.actors["lead"], **about)
    with pytest.raises(Conflict):
        actions_critical.answer_late_critical(room.kernel, room.actors["lead"], **about)
    clock.advance(1200)
    watch(room.kernel)
    assert kinds(room)[-1] == "answered"
    assert lead.get("/api/v1/critical-results").json()[0]["is_late"]  # it is on the list until it is told
    read_back(room, number)
    assert {words for _, words in told(room)} == {f"{late['number']} is notified with read-back."}
    assert all(row["read_at"] for row in rows(room, inbox_entry))


def test_a_deadline_that_passed_while_kerma_stood_still_is_told_at_once(room: Room, clock: HeldClock) -> None:
    record(room)
    clock.advance(3600)
    watch(room.kernel)
    assert kinds(room) == ["open", "warned", "late", "escalated"]
    assert rows(room, critical_result)[0]["notice_at"] == ""


def test_an_exam_that_is_deleted_takes_its_critical_results_along(room: Room) -> None:
    record(room)
    event = ExamDeleted(room.exam_pk, "", ())
    Action("test.forget", lambda act: actions_critical.on_exam_deleted(act, event))(room.kernel, service("test", "*"))
    assert rows(room, critical_result) == rows(room, critical_step) == []


def test_a_critical_result_over_http(room: Room) -> None:
    one, lead = room.client("one"), room.client("lead")
    exam = f"/api/v1/exams/{room.exam_pk}/critical-results"
    assert one.get(exam).json() == {"criticals": [], "may_record": True}
    assert not one.get(f"/api/v1/exams/{room.exam_pk - 1}/critical-results").json()["may_record"]
    known = one.get("/api/v1/critical-results/table").json()
    assert known["findings"]["pneumothorax"] == 1 and known["levels"][0]["deadline_minutes"] == 15
    assert known["levels"][0]["to_tell"][0]["who"] == "responsible physician"
    assert one.post(exam, json={"finding": "freckle"}).status_code == 400
    made = one.post(exam, json={"finding": "pneumothorax", "what": "left apex"})
    assert made.status_code == 201, made.text
    shown = made.json()
    assert (shown["what"], shown["level"], shown["state"], shown["is_late"]) == ("left apex", 1, "open", False)
    address = f"/api/v1/critical-results/{shown['id']}"
    missed = one.post(f"{address}/attempts", json=DOCTOR | {"words": "busy"}).json()
    assert missed["steps"][-1]["kind"] == "attempt" and missed["may_notify"]
    wrong = one.post(f"{address}/read-back", json=DOCTOR | {"read_back": "right apex", "is_right": False}).json()
    assert wrong["state"] == "open"
    right = one.post(f"{address}/read-back", json=DOCTOR | {"read_back": "left apex", "is_right": True}).json()
    assert (right["state"], right["may_acknowledge"]) == ("notified", True)
    assert lead.post(f"{address}/answer", json={"words": "x"}).status_code == 409
    assert one.post(f"{address}/withdraw", json={"reason": "x"}).status_code == 409
    closed = one.post(f"{address}/acknowledge", json={"words": "drain"}).json()
    assert closed["state"] == "closed" and one.get("/api/v1/critical-results").json() == []
    assert [row["id"] for row in one.get("/api/v1/critical-results?state=closed").json()] == [shown["id"]]
    assert one.get("/api/v1/critical-results/999").status_code == 404
    assert one.get(address).json()["steps"][-1]["words"] == "drain"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_who_reads_blind_meets_none_but_their_own(room: Room, clock: HeldClock) -> None:
    policy = {"industry": "medical", "algorithm": "concurrent", "reading": "blind"}
    actions_reading.set_policy(room.kernel, exams.person(999), **policy)
    room.decide("two", "critical", "seen")
    before = readings.answers(room, "one")
    number = record(room, "two", what="needlewords", level=1)
    after = readings.answers(room, "one")
    differs = [one for one in before if (before[one].status, before[one].body) != (after[one].status, after[one].body)]
    assert [one for one in differs if one != "/api/v1/evidence"] == []
    with pytest.raises(NotFound):
        read_back(room, number)
    own = record(room, what="my own words", level=1)
    clock.advance(600)
    watch(room.kernel)
    one = room.client("one")
    assert [row["id"] for row in one.get("/api/v1/critical-results").json()] == [own]
    entries = [row for row in one.get("/api/v1/inbox").json()["entries"] if row["kind"] == "critical"]
    assert len(entries) == 1 and "my own words" in entries[0]["words"]
    read_back(room, own)

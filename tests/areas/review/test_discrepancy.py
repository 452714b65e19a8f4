"""Discrepancies: seen after a decision, answered by the reader or a lead, settled by a third, and closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

import readings
from films import film
from kerma.areas.review import actions_discrepancy, actions_peer, queries_discrepancy, rules_discrepancy
from kerma.areas.review.evidence_talk import parts
from kerma.areas.review.model import decision
from kerma.areas.review.model_discrepancy import discrepancy, discrepancy_step
from kerma.areas.review.model_talk import inbox_entry
from kerma.areas.review.rules_discrepancy import Seen, outcome_of, severities
from kerma.areas.worklist.model import item
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.industries import INDUSTRIES
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from kerma.kernel.ledger_tables import ledger_record
from readings import Room

PEOPLE = (
    ("one", "Reader One", "analyst"), ("two", "Needle Othername", "analyst"), ("lead", "Lead Three", "lead"),
    ("chief", "Lead Four", "lead"),
)  # fmt: skip


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    yield readings.room(kernel, *PEOPLE)
    sight.RULES[:] = kept


def rows(room: Room, listed: sa.Table) -> list[dict[str, Any]]:
    with room.kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(listed)).mappings()]


def record(room: Room, name: str = "two", place: dict[str, Any] | None = None, **more: Any) -> int:
    seen = Seen(**({"severity": "rejectable", "what": "a crack runs out of the pore"} | more))
    actor = room.actors[name]
    return actions_discrepancy.record_discrepancy(room.kernel, actor, exam_pk=room.exam_pk, seen=seen, place=place)


def answer(room: Room, name: str, number: int, agrees: bool = True, words: str = "", remedy: str = "") -> None:
    about = {"discrepancy_id": number, "agrees": agrees, "words": words, "remedy": remedy}
    actions_discrepancy.answer_discrepancy(room.kernel, room.actors[name], **about)


def settle(room: Room, name: str, number: int, upheld: bool, remedy: str = "", words: str = "it is there") -> None:
    about = {"discrepancy_id": number, "upheld": upheld, "words": words, "remedy": remedy}
    actions_discrepancy.settle_discrepancy(room.kernel, room.actors[name], **about)


def close(room: Room, number: int, name: str = "lead") -> str:
    return actions_discrepancy.close_discrepancy(room.kernel, room.actors[name], discrepancy_id=number)


def told(room: Room) -> list[tuple[str, str]]:
    names = {actor.key: name for name, actor in room.actors.items()}
    entries = [row for row in rows(room, inbox_entry) if row["kind"] == "discrepancy"]
    return [(names[row["person"]], names.get(row["by"], row["by"])) for row in entries]


def test_every_industry_says_how_grave_a_discrepancy_can_be() -> None:
    for industry in INDUSTRIES:
        known = severities(industry)
        days = [one.answer_days for one in known.values()]
        assert len(known) >= 3 and days == sorted(days) and days[0] >= 1
    at = datetime(2026, 3, 2, tzinfo=UTC)
    assert rules_discrepancy.due_at(severities("ndt")["relevant"], at) == datetime(2026, 3, 9, tzinfo=UTC)
    assert rules_discrepancy.number_of(2026, 7) == "DIS-2026-0007"
    with pytest.raises(WrongUsage, match="rejectable, relevant"):
        rules_discrepancy.checked_severity("ndt", "threat")


@pytest.mark.parametrize(
    ("state", "remedy", "addendum_at", "after", "outcome", "why"),
    [
        ("open", "", "", None, "", "nobody has answered"),
        ("disputed", "", "", None, "", "a third person"),
        ("dismissed", "", "", None, "dismissed", ""),
        ("accepted", "addendum", "", "accept", "", "not amended yet"),
        ("accepted", "addendum", "2026", None, "amended", ""),
        ("accepted", "read-again", "", None, "", "not read again"),
        ("accepted", "read-again", "", "accept", "confirmed", ""),
        ("accepted", "read-again", "", "reject", "changed", ""),
        ("closed", "addendum", "2026", None, "", "closed already"),
    ],
)
def test_the_outcome_follows_from_what_was_done(
    state: str, remedy: str, addendum_at: str, after: str | None, outcome: str, why: str
) -> None:
    found, why_not = outcome_of(state, remedy, addendum_at, "accept", after)
    assert found == outcome and why in why_not and bool(found) != bool(why_not)


def test_what_makes_no_sense_is_refused_with_the_reason(room: Room) -> None:
    with pytest.raises(Conflict, match="nobody has decided"):
        record(room)
    room.decide("one", "accept", "good")
    for wrong, word in (
        ({"severity": "threat"}, "no severity"), ({"what": " "}, "empty"), ({"source": "dream"}, "source is"),
        ({"source": "later-exam"}, "say which later exam"), ({"other_exam_pk": room.exam_pk}, "only there"),
        ({"source": "later-exam", "other_exam_pk": room.exam_pk}, "same subject"), ({"decision_id": 99}, "decision 99"),
    ):  # fmt: skip
        with pytest.raises(WrongUsage, match=word):
            record(room, **wrong)
    with pytest.raises(WrongUsage, match="no finding"):
        record(room, place={"finding_id": "9"})
    assert rows(room, discrepancy) == []
    with pytest.raises(NotFound):
        answer(room, "one", 1, remedy="addendum")


def test_a_reader_agrees_the_exam_is_read_again_and_no_decision_is_overwritten(room: Room) -> None:
    room.decide("one", "accept", "good")
    before = rows(room, decision)
    later = room.arrive(film(exam=5)).exam_pk
    number = record(room, source="later-exam", other_exam_pk=later, place={"finding_id": "1"})
    with pytest.raises(NotAllowed, match="you saw it yourself"):
        answer(room, "two", number, remedy="read-again")
    with pytest.raises(WrongUsage, match="no remedy"):
        answer(room, "one", number, remedy="forget")
    with pytest.raises(Conflict, match="nobody has answered"):
        close(room, number)
    assert rows(room, item)[0]["state"] == "closed"
    answer(room, "one", number, words="I overlooked it", remedy="addendum")
    answer(room, "one", number, words="better looked at anew", remedy="read-again")
    assert rows(room, item)[0]["state"] == "waiting"
    with pytest.raises(Conflict, match="is accepted"):
        answer(room, "one", number, agrees=False, words="no")
    with pytest.raises(Conflict, match="not read again"):
        close(room, number)
    room.decide("two", "reject", "the crack is there")
    assert close(room, number) == "changed"
    with pytest.raises(Conflict, match="closed already"):
        close(room, number)
    (row,) = rows(room, discrepancy)
    assert (row["state"], row["outcome"], row["reader"]) == ("closed", "changed", room.actors["one"].key)
    assert (row["decision_id"], row["place"]) == (before[0]["id"], {"finding_id": "1"})
    assert rows(room, decision)[: len(before)] == before
    kinds = [one["kind"] for one in rows(room, discrepancy_step)]
    assert kinds == ["open", "accepted", "accepted", "closed"]
    assert told(room) == [("one", "two"), ("two", "one"), ("two", "one")]
    names = [one.path for one in parts(room.kernel, room.exam_pk)]
    assert names == ["data/decisions/discrepancies.json", "data/decisions/discrepancy-steps.json"]
    with room.kernel.database.read() as connection:
        written = " ".join(str(row) for row in connection.execute(sa.select(ledger_record)))
    assert "crack" not in written and "overlooked" not in written


def test_a_dispute_is_settled_by_a_third_person(room: Room) -> None:
    room.decide("one", "accept", "good")
    number = record(room, "lead")
    with pytest.raises(WrongUsage, match="empty"):
        answer(room, "one", number, agrees=False)
    answer(room, "one", number, agrees=False, words="it is a scratch on the film")
    with pytest.raises(Conflict, match="a third person"):
        close(room, number)
    with pytest.raises(NotAllowed, match="a third person"):
        settle(room, "lead", number, upheld=True, remedy="addendum")
    with pytest.raises(NotAllowed):  # a reader has not the permission
        settle(room, "two", number, upheld=False)
    settle(room, "chief", number, upheld=False, words="a scratch, seen on both films")
    assert close(room, number) == "dismissed"
    again = record(room, "two")
    answer(room, "lead", again, agrees=False, words="not relevant")
    with pytest.raises(NotAllowed, match="a third person"):
        settle(room, "lead", again, upheld=False)
    settle(room, "chief", again, upheld=True, remedy="read-again")
    room.decide("two", "accept", "looked at once more")
    assert close(room, again) == "confirmed"


def test_only_who_recorded_it_withdraws_it_and_only_before_an_answer(room: Room) -> None:
    room.decide("one", "accept", "good")
    number = record(room)
    about = {"discrepancy_id": number, "reason": "the wrong exam"}
    with pytest.raises(NotAllowed, match="only who recorded"):
        actions_discrepancy.withdraw_discrepancy(room.kernel, room.actors["one"], **about)
    actions_discrepancy.withdraw_discrepancy(room.kernel, room.actors["two"], **about)
    with pytest.raises(Conflict, match="is withdrawn"):
        answer(room, "one", number, remedy="addendum")


def test_where_reading_is_blind_the_reader_answers_without_knowing_who_saw_it(room: Room) -> None:
    room.policy("concurrent", "blind")
    room.decide("one", "accept", "good")
    with pytest.raises(Conflict, match="as far as you see"):
        record(room, "two")
    number = record(room, "lead", what="needlewords")
    one = room.client("one")
    address = f"/api/v1/discrepancies/{number}"
    shown = one.get(address).json()
    assert (shown["what"], shown["seen_by_name"], shown["steps"][0]["by_name"]) == ("needlewords", "", "")
    entry = next(row for row in one.get("/api/v1/inbox").json()["entries"] if row["kind"] == "discrepancy")
    assert (entry["by"], entry["by_name"]) == ("", "") and "needlewords" in entry["words"]
    for gone in (address, f"/api/v1/exams/{room.exam_pk}/discrepancies"):
        assert "needlewords" not in room.client("two").get(gone).text
    assert room.client("two").get("/api/v1/discrepancies").json() == []
    assert room.client("lead").get(address).json()["seen_by_name"] == "Lead Three"
    answer(room, "one", number, remedy="addendum")
    assert one.get(address).json()["seen_by_name"] == "Lead Three"


def test_who_reviews_the_exam_blinded_meets_no_discrepancy_of_it(room: Room) -> None:
    plan = {
        "industry": "ndt", "exam_class": "", "kind": "random", "person": "", "share_permille": 1000, "first_count": 0,
        "is_blinded": True, "hides_reviewer": True, "due_days": 7, "is_ended": False,
    }  # fmt: skip
    actions_peer.set_plan(room.kernel, room.actors["chief"], given=plan)
    room.decide("one", "accept", "good")
    record(room, "two", what="needlewords")
    actions_peer.claim(room.kernel, room.actors["lead"], case_id=1)
    assert room.client("lead").get("/api/v1/discrepancies").json() == []
    with pytest.raises(Conflict, match="as far as you see"):
        record(room, "lead")


def test_a_discrepancy_over_http(room: Room) -> None:
    one, two, lead = (room.client(name) for name in ("one", "two", "lead"))
    exam = f"/api/v1/exams/{room.exam_pk}/discrepancies"
    assert two.get(exam).json() == {"discrepancies": [], "may_record": False}
    room.decide("one", "accept", "good")
    assert two.get(exam).json()["may_record"]
    words = two.get("/api/v1/discrepancies/words").json()
    assert words["severities"]["ndt"][0]["code"] == "rejectable" and "addendum" in words["remedies"]
    place = {"image_sha256": room.sha256, "plane": 0, "box": [1, 1, 4, 4]}
    made = two.post(exam, json={"severity": "relevant", "what": "a pore", "place": place})
    assert made.status_code == 201, made.text
    shown = made.json()
    assert shown["place"]["box"] == [1, 1, 4, 4] and shown["severity_words"].startswith("A relevant")
    assert (shown["reader_name"], shown["decision"], shown["may_answer"]) == ("Reader One", "accept", False)
    assert two.post(exam, json={"severity": "x", "what": "a"}).status_code == 400
    address = f"/api/v1/discrepancies/{shown['id']}"
    assert one.get(address).json()["may_answer"] and one.get("/api/v1/discrepancies?state=mine").json()[0]["is_mine"]
    assert two.get("/api/v1/discrepancies?state=mine").json() == []
    assert two.post(f"{address}/close", json={}).status_code == 403
    answered = one.post(f"{address}/answer", json={"agrees": False, "words": "a scratch"}).json()
    assert answered["state"] == "disputed" and not answered["may_settle"]
    assert lead.get(address).json()["may_settle"]
    settled = {"upheld": True, "words": "it is a pore", "remedy": "addendum"}
    assert lead.post(f"{address}/settle", json=settled).json()["why_open"].startswith("the report is not amended")
    with room.kernel.database.read() as connection:
        (waits,) = queries_discrepancy.awaiting_addendum(connection, room.actors["one"], room.exam_pk)
    assert waits["number"] == shown["number"]
    assert len(one.get("/api/v1/discrepancies?industry=ndt").json()) == 1
    assert one.get("/api/v1/discrepancies?industry=medical").json() == []
    assert one.get("/api/v1/discrepancies/999").status_code == 404
    assert one.get("/api/v1/discrepancies?state=mood").status_code == 422


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_discrepancy_is_behind_no_door_before_ones_own_read(room: Room) -> None:
    room.policy("concurrent", "blind")
    room.decide("two", "reject", "seen")
    before = readings.answers(room, "one")
    record(room, "lead", what="needlewords")
    after = readings.answers(room, "one")
    differs = [one for one in before if (before[one].status, before[one].body) != (after[one].status, after[one].body)]
    assert [one for one in differs if one != "/api/v1/evidence"] == []

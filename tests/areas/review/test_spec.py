"""Specifications: what they may say, two sides that approve, one in force, and the exams that are read under them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

import judgements
import readings
from films import film
from kerma.areas.archive.actions import ingest
from kerma.areas.archive.model import Arrival
from kerma.areas.archive.model_keeping import ExamDeleted
from kerma.areas.review import actions_spec, queries_spec, rules_spec
from kerma.areas.review.evidence_spec import parts
from kerma.areas.review.model_spec import (
    exam_specification,
    specification,
    specification_approval,
    specification_step,
    specification_text,
)
from kerma.areas.review.rules_spec import Given, Outside
from kerma.errors import Conflict, KermaError, NotAllowed, NotFound, WrongUsage
from kerma.kernel import sight
from kerma.kernel.action import Action, Kernel
from kerma.kernel.identity import service
from kerma.kernel.ledger_tables import ledger_record
from readings import Room

PEOPLE = (
    ("one", "Writer One", "analyst"), ("lead", "Lead Two", "lead"), ("other", "Lead Three", "lead"),
    ("buyer", "Buyer Four", "customer"),
)  # fmt: skip
PACK = "french-arrete-1978"
OUTSIDE = Outside("A. Buyer", "Yard Ltd")
GIVEN = Given(
    {"tube_voltage_kv": 160, "filter_material": "Cu"}, PACK, {"thickness_mm": 12.0}, 3, "B", "Two shots at 90 degrees"
)


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    yield readings.room(kernel, *PEOPLE)
    sight.RULES[:] = kept


def rows(kernel: Kernel, listed: sa.Table) -> list[dict[str, Any]]:
    with kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(listed).order_by(listed.c.id)).mappings()]


def draft(room: Room, name: str = "one", *, part: str = "W-100", kind: str = "part", given: Given = GIVEN) -> int:
    return actions_spec.draft_specification(
        room.kernel, room.actors[name], industry="ndt", kind=kind, name=part, given=given
    )


def submit(room: Room, number: int) -> None:
    actions_spec.submit_specification(room.kernel, room.actors["one"], specification_id=number, revision=1)


def approve(room: Room, number: int, name: str = "lead", revision: int = 1) -> bool:
    return actions_spec.approve_specification(
        room.kernel, room.actors[name], specification_id=number, revision=revision, words="Agreed"
    )


def approve_outside(room: Room, number: int, name: str = "other", **more: Any) -> bool:
    told = {"revision": 1, "words": "We agree", "outside": OUTSIDE} | more
    return actions_spec.approve_for_customer(room.kernel, room.actors[name], specification_id=number, **told)


def in_force(room: Room, **more: Any) -> int:
    number = draft(room, **more)
    submit(room, number)
    approve(room, number)
    assert approve_outside(room, number)
    return number


def state(room: Room, number: int) -> str:
    return next(row["state"] for row in rows(room.kernel, specification) if row["id"] == number)


def another_exam(room: Room, exam: int, **technique: Any) -> int:
    """Take in and analyse one more exam, whose images say what they show."""
    stored = ingest(room.kernel, service("test", "*"), source=Arrival(film(exam=exam), "part.dcm", industry="ndt"))
    document = judgements.document(judgements.image(stored.sha256)) | {"technique": technique}
    judgements.analysed(room.kernel, service("test", "*"), stored.exam_pk, document)
    return stored.exam_pk


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (Given({}), "asks for nothing"),
        (Given({"tube_voltage_kv": 0}), "above 0"),
        (Given({"tube_voltage_kv": "much"}), "above 0"),
        (Given({"tube_voltage_kv": float("nan")}), "above 0"),
        (Given({"mood": 3}), "no field of a technique"),
        (Given({}, conditions={"mood": 3}), "no condition"),
        (Given({}, views_wanted=0), "from 1 to"),
        (Given({}, notes="bell\x07"), "cannot be shown"),
        (Given({}, quality_class="x" * 65), "letters"),
    ],
)
def test_what_makes_no_sense_in_a_specification_is_told(given: Given, word: str) -> None:
    with pytest.raises(WrongUsage, match=word):
        rules_spec.checked_document(given, "ndt")


def test_a_document_keeps_what_is_asked_for_and_nothing_empty() -> None:
    found = rules_spec.checked_document(Given({"tube_voltage_kv": 90, "filter_material": ""}, " p ", {}, 2), "ndt")
    assert found == {
        "technique": {"tube_voltage_kv": 90}, "pack": "p", "conditions": {}, "views_wanted": 2, "quality_class": "",
        "notes": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("side", "actor", "given", "refused"),
    [
        ("own", "b", [], None),
        ("own", "a", [], NotAllowed),
        ("customer", "a", [], NotAllowed),
        ("customer", "b", [{"side": "own", "by": "b", "name": ""}], NotAllowed),
        ("customer", "c", [{"side": "own", "by": "b", "name": ""}], None),
        ("own", "b", [{"side": "customer", "by": "b", "name": "A. Buyer"}], NotAllowed),
        ("own", "c", [{"side": "customer", "by": "b", "name": "A. Buyer"}], None),
        ("own", "c", [{"side": "own", "by": "b", "name": ""}], Conflict),
    ],
)
def test_two_different_people_approve_and_never_the_author(
    side: str, actor: str, given: list[dict[str, Any]], refused: type[KermaError] | None
) -> None:
    if refused is None:
        rules_spec.check_approval(side, actor, {"a"}, given)
        return
    with pytest.raises(refused):
        rules_spec.check_approval(side, actor, {"a"}, given)


def test_an_exam_names_its_part_before_its_examination() -> None:
    document = {
        "technique": {"part_name": "Flange"},
        "images": [{"technique": {"part_number": "F-1", "protocol": "x"}}],
    }
    found = rules_spec.names_in(document, " Weld RT ")
    assert found == {"part": ["F-1", "Flange"], "route": [], "examination": ["x", "Weld RT"]}
    assert list(found) == ["part", "route", "examination"]


def test_where_an_exam_is_not_as_asked_is_said_and_silence_is_no_difference() -> None:
    asked = rules_spec.checked_document(GIVEN, "ndt")
    said = {"tube_voltage_kv": 160.0, "filter_material": " cu "}
    assert rules_spec.differences(asked, said, 3) == rules_spec.differences(asked, {}, 3) == []
    found = rules_spec.differences(asked, said | {"tube_voltage_kv": 120.0}, 2)
    assert [(one["name"], one["asked"], one["said"]) for one in found] == [
        ("tube_voltage_kv", "160", "120"), ("views_wanted", "3", "2"),
    ]  # fmt: skip


def test_a_specification_is_drafted_changed_and_reviewed_and_nothing_is_overwritten(room: Room) -> None:
    number = draft(room)
    with pytest.raises(Conflict, match="already"):
        draft(room, "lead", part="w-100")
    with pytest.raises(NotFound):
        draft(room, part="W-2", given=Given({}, "no-such-pack"))
    seen = {"specification_id": number, "revision": 1}
    assert actions_spec.change_specification(room.kernel, room.actors["one"], **seen, given=Given({}, PACK)) == 2
    with pytest.raises(Conflict, match="meanwhile"):
        actions_spec.change_specification(room.kernel, room.actors["one"], **seen, given=Given({}, PACK))
    with pytest.raises(Conflict, match="meanwhile"):
        submit(room, number)
    with pytest.raises(Conflict, match="is draft"):
        approve(room, number, revision=2)
    now = {"specification_id": number, "revision": 2}
    actions_spec.submit_specification(room.kernel, room.actors["one"], **now)
    about = {"specification_id": number, "field": "pack", "text": "Why not level 2?"}
    actions_spec.comment_specification(room.kernel, room.actors["lead"], **about)
    with pytest.raises(WrongUsage, match="no field"):
        actions_spec.comment_specification(room.kernel, room.actors["lead"], **about | {"field": "mood"})
    with pytest.raises(Conflict, match="is in-review"):
        actions_spec.change_specification(room.kernel, room.actors["one"], **now, given=GIVEN)
    actions_spec.return_specification(room.kernel, room.actors["lead"], **now, reason="Level 2")
    actions_spec.change_specification(room.kernel, room.actors["one"], **now, given=GIVEN)
    assert [row["document"]["notes"] for row in rows(room.kernel, specification_text)] == [GIVEN.notes, "", GIVEN.notes]
    kinds = [(row["kind"], row["revision"], row["field"]) for row in rows(room.kernel, specification_step)]
    assert kinds == [
        ("drafted", 1, ""), ("changed", 2, ""), ("submitted", 2, ""), ("comment", 2, "pack"), ("returned", 2, ""),
        ("changed", 3, ""),
    ]  # fmt: skip
    with room.kernel.database.read() as connection:
        bodies = [json.loads(text) for text in connection.scalars(sa.select(ledger_record.c.body))]
    mine = [body for body in bodies if body["action"].endswith("_specification")]
    assert len(mine) == 6 and not any(word in str(mine) for word in ("Level 2", "level 2", "W-100"))


def test_it_comes_into_force_when_both_sides_have_approved_the_same_text(room: Room) -> None:
    number = draft(room)
    submit(room, number)
    with pytest.raises(NotAllowed):
        approve(room, number, "one")
    assert approve(room, number) is False
    with pytest.raises(Conflict, match="already"):
        approve(room, number, "other")
    with pytest.raises(NotAllowed, match="two different"):
        approve_outside(room, number, "lead", outside=None)
    with pytest.raises(NotAllowed, match="two different"):  # nor does the lead record what somebody outside has said
        approve_outside(room, number, "lead")
    with pytest.raises(WrongUsage, match="words"):
        approve_outside(room, number, words=" ")
    with pytest.raises(WrongUsage, match="customer"):
        approve_outside(room, number, outside=Outside("A. Buyer", ""))
    seen = {"specification_id": number, "revision": 1}
    actions_spec.return_specification(room.kernel, room.actors["lead"], **seen, reason="once more")
    actions_spec.change_specification(room.kernel, room.actors["one"], **seen, given=Given({}, PACK))
    actions_spec.submit_specification(room.kernel, room.actors["one"], specification_id=number, revision=2)
    # What was approved was another text: it does not count for this one.
    assert approve_outside(room, number, "buyer", revision=2, outside=None, words="") is False
    assert approve(room, number, "other", revision=2) is True
    assert state(room, number) == "in-force"
    kept = rows(room.kernel, specification_approval)
    assert [(row["revision"], row["side"], row["by"]) for row in kept] == [
        (1, "own", room.actors["lead"].key), (2, "customer", room.actors["buyer"].key),
        (2, "own", room.actors["other"].key),
    ]  # fmt: skip


def test_the_next_version_supersedes_and_withdrawing_leaves_none_in_force(room: Room) -> None:
    first = in_force(room)
    second = draft(room)
    assert state(room, first) == "in-force"
    submit(room, second)
    approve(room, second)
    approve_outside(room, second)
    assert (state(room, first), state(room, second)) == ("superseded", "in-force")
    assert [row["version"] for row in rows(room.kernel, specification)] == [1, 2]
    about = {"specification_id": second, "reason": "the part is given up"}
    actions_spec.withdraw_specification(room.kernel, room.actors["lead"], **about)
    with pytest.raises(Conflict, match="is withdrawn"):
        actions_spec.withdraw_specification(room.kernel, room.actors["lead"], **about)
    with room.kernel.database.read() as connection:
        assert queries_spec.in_force(connection, "ndt", "part", "W-100") is None


def test_of_two_who_approve_for_the_house_at_the_same_moment_one_does(room: Room) -> None:
    number = draft(room)
    submit(room, number)
    approve_outside(room, number, "buyer")
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def run(name: str) -> None:
        barrier.wait()
        try:
            outcomes.append(str(approve(room, number, name)))
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=run, args=(name,)) for name in ("lead", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["True", "refused"]
    assert [row["kind"] for row in rows(room.kernel, specification_step)].count("in-force") == 1


def test_the_database_itself_has_one_version_in_force(room: Room) -> None:
    number = in_force(room)
    row = next(one for one in rows(room.kernel, specification) if one["id"] == number)
    copy = {**row, "id": number + 1, "version": 2}
    with pytest.raises(sa.exc.IntegrityError), room.kernel.database.write() as connection:
        connection.execute(sa.insert(specification).values(copy))


def test_an_exam_is_read_under_what_was_in_force_when_it_was_analysed(room: Room) -> None:
    before = another_exam(room, 5, part_number="W-100")
    first = in_force(room)
    under_first = another_exam(room, 6, part_number=" w-100 ")
    assert another_exam(room, 7, part_number="W-200") > under_first
    second = draft(room)
    submit(room, second)
    approve(room, second)
    approve_outside(room, second)
    under_second = another_exam(room, 8, part_name="W-100")
    links = [(row["exam_pk"], row["specification_id"]) for row in rows(room.kernel, exam_specification)]
    assert links == [(under_first, first), (under_second, second)]
    by_hand = {"exam_pk": before, "specification_id": second}
    with pytest.raises(Conflict, match="superseded"):
        actions_spec.link_specification(room.kernel, room.actors["one"], **by_hand | {"specification_id": first})
    actions_spec.link_specification(room.kernel, room.actors["one"], **by_hand)
    with room.kernel.database.read() as connection:
        link = queries_spec.link_of(connection, before, sight.WHOLE)
    assert link is not None and (link["specification_id"], link["is_automatic"]) == (second, False)
    assert [one.path for one in parts(room.kernel, before)][0] == "data/decisions/specification-links.json"
    forget = Action("test.forget", lambda act: actions_spec.on_exam_deleted(act, ExamDeleted(before, "", ())))
    forget(room.kernel, service("test", "*"))
    assert before not in [row["exam_pk"] for row in rows(room.kernel, exam_specification)]


def test_the_examination_is_named_by_the_description_of_the_exam(room: Room) -> None:
    number = in_force(room, part="Thorax p.a.", kind="examination")
    exam_pk = another_exam(room, 5)
    shown = room.client("one").get(f"/api/v1/exams/{exam_pk}/specification").json()
    assert (shown["specification"]["id"], shown["link"]["is_automatic"]) == (number, True)
    assert [one["name"] for one in shown["differences"]] == ["views_wanted"]


def test_a_specification_over_http(room: Room) -> None:
    one, lead, buyer = room.client("one"), room.client("lead"), room.client("buyer")
    assert one.get("/api/v1/specifications").json() == []
    new = {"industry": "ndt", "kind": "part", "name": "W-9", "technique": {"tube_voltage_kv": 120}, "views_wanted": 2}
    made = one.post("/api/v1/specifications", json=new)
    assert made.status_code == 201, made.text
    address = f"/api/v1/specifications/{made.json()['id']}"
    assert one.post("/api/v1/specifications", json=new | {"kind": "mood"}).status_code == 400
    assert one.post("/api/v1/specifications", json=new).status_code == 409
    change = {"revision": 1, "technique": {"tube_voltage_kv": 110}, "quality_class": "B"}
    assert one.put(address, json=change).json()["revision"] == 2
    assert buyer.post(f"{address}/comments", json={"field": "technique", "text": "why 110?"}).status_code == 201
    assert one.post(f"{address}/submit", json={"revision": 2}).json()["state"] == "in-review"
    assert one.post(f"{address}/approve", json={"revision": 2}).status_code == 403
    assert lead.post(f"{address}/approve", json={"revision": 2}).json()["state"] == "in-review"
    shown = buyer.post(f"{address}/approve-for-customer", json={"revision": 2, "words": "fine"}).json()
    assert (shown["state"], [row["name"] for row in shown["approvals"]]) == ("in-force", ["Lead Two", "Buyer Four"])
    assert [step["words"] for step in shown["steps"] if step["kind"] == "comment"] == ["why 110?"]
    exam = f"/api/v1/exams/{room.exam_pk}/specification"
    assert one.get(exam).json()["specification"] is None
    assert buyer.get(exam).status_code == 403
    linked = one.post(exam, json={"specification_id": shown["id"]})
    assert linked.json()["link"]["by_name"] == "Writer One"
    assert [row["exam_pk"] for row in one.get(address).json()["exams"]] == [room.exam_pk]
    assert buyer.get(address).json()["exams"] == []
    assert one.get("/api/v1/specifications/999").status_code == 404
    assert one.post(f"{address}/withdraw", json={"reason": "no"}).status_code == 403
    assert one.get("/api/v1/specifications/words").json()["kinds"] == ["part", "route", "examination"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_another_person_links_changes_no_answer_before_ones_own_read(room: Room) -> None:
    number = in_force(room)
    room.policy("second-reader", "double")
    before = readings.answers(room, "one")
    actions_spec.link_specification(room.kernel, room.actors["lead"], exam_pk=room.exam_pk, specification_id=number)
    after = readings.answers(room, "one")
    grown = ("/api/v1/evidence",)
    assert [one for one in before if (before[one].status, before[one].body) != (after[one].status, after[one].body)
            and one not in grown] == []  # fmt: skip
    shown = room.client("other").get(f"/api/v1/exams/{room.exam_pk}/specification").json()
    assert shown["specification"]["id"] == number

"""Comments, mentions, hand-offs and inboxes: every version kept, the right people told, nothing told too early."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

import exams
import readings
from kerma.areas.archive.model_keeping import ExamDeleted
from kerma.areas.review import actions_talk, actions_talk_deletion, queries_talk, rules_talk
from kerma.areas.review.evidence_talk import parts
from kerma.areas.review.model_talk import exam_comment, inbox_entry
from kerma.areas.worklist import actions as worklist
from kerma.areas.worklist.model import item
from kerma.areas.worklist.queries import holder_of
from kerma.errors import Conflict, KermaError, NotAllowed, NotFound, WrongUsage
from kerma.kernel import sight
from kerma.kernel.action import Action, Actor, Kernel
from kerma.kernel.ledger_tables import ledger_record
from readings import Room

PEOPLE = (("one", "Reader One", "analyst"), ("t.wo", "Reader Two", "analyst"), ("lead", "Lead Three", "lead"))


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    yield readings.room(kernel, *PEOPLE)
    sight.RULES[:] = kept


def rows(kernel: Kernel, table: sa.Table) -> list[dict[str, Any]]:
    with kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings()]


def inbox(room: Room, name: str) -> list[dict[str, Any]]:
    with room.kernel.database.read() as connection:
        return queries_talk.inbox(connection, room.actors[name])


def say(room: Room, name: str, text: str, **place: Any) -> int:
    return actions_talk.comment(room.kernel, room.actors[name], exam_pk=room.exam_pk, text=text, place=place)


def item_id(room: Room) -> int:
    with room.kernel.database.read() as connection:
        return int(connection.scalar(sa.select(item.c.id).where(item.c.exam_pk == room.exam_pk)))


def hand_over(room: Room, giver: str, to: str, reason: str = "my shift ends") -> None:
    worklist.hand_over(room.kernel, room.actors[giver], item_id=item_id(room), to=room.actors[to].key, reason=reason)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@one look", [("one",)]),
        ("see @t.wo.", [("t.wo.", "t.wo")]),
        ("(@one), and (@t.wo)!", [("one),", "one)", "one"), ("t.wo)!", "t.wo)", "t.wo")]),
        ("one@example.org is no mention", []),
        ("@", []),
    ],
)
def test_mentions_are_read_with_and_without_what_ends_a_sentence(text: str, meant: list[tuple[str, ...]]) -> None:
    assert rules_talk.mentions(text) == meant


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4001, "bell\x07", "turned \u202e around"])
def test_what_is_no_comment_is_told(room: Room, text: str) -> None:
    with pytest.raises(WrongUsage):
        say(room, "one", text)
    assert rows(room.kernel, exam_comment) == []


def test_a_comment_is_changed_and_withdrawn_in_versions_and_never_overwritten(room: Room) -> None:
    number = say(room, "one", "porosity?", finding_id="1")
    change = {"exam_pk": room.exam_pk, "number": number}
    assert actions_talk.edit_comment(room.kernel, room.actors["one"], **change, text="a pore", supersedes=1) == 2
    with pytest.raises(Conflict, match="another window"):
        actions_talk.edit_comment(room.kernel, room.actors["one"], **change, text="slag", supersedes=1)
    with pytest.raises(NotAllowed):
        actions_talk.edit_comment(room.kernel, room.actors["lead"], **change, text="mine", supersedes=2)
    actions_talk.withdraw_comment(room.kernel, room.actors["one"], **change)
    with pytest.raises(Conflict, match="withdrawn"):
        actions_talk.withdraw_comment(room.kernel, room.actors["one"], **change)
    kept = rows(room.kernel, exam_comment)
    assert [(row["version"], row["text"], row["is_withdrawn"]) for row in kept] == [
        (1, "porosity?", False), (2, "a pore", False), (3, "", True),
    ]  # fmt: skip
    assert {row["place"]["finding_id"] for row in kept} == {"1"}
    assert say(room, "t.wo", "next") == 2
    words = [row["details"] for row in rows_of_ledger(room) if row["action"].startswith("review.")]
    assert not any("pore" in str(one) for one in words)


def rows_of_ledger(room: Room) -> list[dict[str, Any]]:
    with room.kernel.database.read() as connection:
        return [json.loads(text) for text in connection.scalars(sa.select(ledger_record.c.body))]


@pytest.mark.parametrize(
    ("place", "word"),
    [
        ({"finding_id": "77"}, "no finding"),
        ({"image_sha256": "f" * 64, "plane": 0}, "no image"),
        ({"plane": 1}, "which image"),
    ],
)
def test_a_place_lies_in_the_exam(room: Room, place: dict[str, Any], word: str) -> None:
    with pytest.raises(WrongUsage, match=word):
        say(room, "one", "here", **place)
    with pytest.raises(WrongUsage, match="must lie on the image"):
        say(room, "one", "here", image_sha256=room.sha256, plane=0, box=[0, 0, 1e6, 2])
    with pytest.raises(WrongUsage, match="planes"):
        say(room, "one", "here", image_sha256=room.sha256, plane=3)
    assert say(room, "one", "here", image_sha256=room.sha256, plane=0, box=[0, 0, 2, 2]) == 1


def test_a_mention_is_in_the_inbox_until_read_and_follows_the_comment(room: Room) -> None:
    number = say(room, "one", "look at this, @t.wo.")
    (entry,) = inbox(room, "t.wo")
    assert (entry["kind"], entry["words"], entry["read_at"]) == ("mention", "look at this, @t.wo.", "")
    assert inbox(room, "lead") == []
    about = {"exam_pk": room.exam_pk, "number": number}
    actions_talk.edit_comment(room.kernel, room.actors["one"], **about, text="@t.wo @lead and now?", supersedes=1)
    assert [one["words"] for one in (*inbox(room, "t.wo"), *inbox(room, "lead"))] == ["@t.wo @lead and now?"] * 2
    mark = {"entry_ids": [entry["id"]]}
    with pytest.raises(NotFound):
        actions_talk.mark_inbox(room.kernel, room.actors["lead"], **mark)
    actions_talk.mark_inbox(room.kernel, room.actors["t.wo"], **mark)
    assert inbox(room, "t.wo")[0]["read_at"]
    actions_talk.withdraw_comment(room.kernel, room.actors["one"], **about)
    assert inbox(room, "lead")[0]["words"] == "This comment was withdrawn."
    with pytest.raises(NotFound, match="nobody here"):
        say(room, "one", "@nobody")
    say(room, "one", "@one to myself")
    assert inbox(room, "one") == []


def test_what_waits_for_ones_own_read_is_in_the_inbox_afterwards(room: Room) -> None:
    room.policy("concurrent", "blind")
    say(room, "one", "@t.wo a needle")
    assert inbox(room, "t.wo") == []
    with room.kernel.database.read() as connection:
        assert queries_talk.comments(connection, room.exam_pk, room.sight("t.wo")) == []
        assert len(queries_talk.comments(connection, room.exam_pk, room.sight("one"))) == 1
    room.decide("t.wo")
    assert [one["words"] for one in inbox(room, "t.wo")] == ["@t.wo a needle"]


def test_an_item_is_handed_over_by_its_holder_and_told(room: Room) -> None:
    with pytest.raises(Conflict, match="not held by you"):
        hand_over(room, "one", "t.wo")
    worklist.claim(room.kernel, room.actors["one"], item_id=item_id(room))
    with pytest.raises(WrongUsage, match="yourself"):
        hand_over(room, "one", "one")
    with pytest.raises(WrongUsage, match="why"):
        hand_over(room, "one", "t.wo", " ")
    hand_over(room, "one", "t.wo")
    with room.kernel.database.read() as connection:
        assert holder_of(connection, room.exam_pk) == room.actors["t.wo"].key
    assert [(one["kind"], one["words"]) for one in inbox(room, "t.wo")] == [("hand-off", "my shift ends")]
    with pytest.raises(Conflict):
        hand_over(room, "one", "lead")
    last = [one for one in rows_of_ledger(room) if one["action"] == "worklist.hand_over"][-1]
    assert last["details"]["to"] == room.actors["t.wo"].key and "shift" not in str(last["details"])


def test_a_blind_reader_learns_of_a_hand_off_and_not_of_the_words(room: Room) -> None:
    room.policy("concurrent", "blind")
    worklist.claim(room.kernel, room.actors["one"], item_id=item_id(room))
    hand_over(room, "one", "t.wo", "I see a crack")
    assert [(one["kind"], one["words"], one["by"]) for one in inbox(room, "t.wo")] == [("hand-off", "", "")]


def test_nobody_without_leave_to_claim_is_given_an_item(room: Room) -> None:
    number = readings.create_person(
        room.kernel, exams.person(99), login="bare", name="Bare", password=readings.PASSWORD, roles=("auditor",)
    )
    worklist.claim(room.kernel, room.actors["one"], item_id=item_id(room))
    for key, error in ((f"person:{number}", WrongUsage), ("person:999", NotFound), ("lead", NotFound)):
        with pytest.raises(error):
            worklist.hand_over(room.kernel, room.actors["one"], item_id=item_id(room), to=key, reason="x")


def test_of_two_hand_overs_at_the_same_moment_one_is_done(room: Room) -> None:
    worklist.claim(room.kernel, room.actors["one"], item_id=item_id(room))
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def give(to: str) -> None:
        start.wait()
        try:
            hand_over(room, "one", to)
            outcomes.append(to)
        except KermaError:
            outcomes.append("refused")

    threads = [threading.Thread(target=give, args=(to,)) for to in ("t.wo", "lead")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("refused") == 1
    assert len([one for one in rows(room.kernel, inbox_entry) if one["kind"] == "hand-off"]) == 1


def test_a_program_does_not_comment(room: Room) -> None:
    program = Actor("token", "1", "program", frozenset({"*"}))
    with pytest.raises(WrongUsage):
        actions_talk.comment(room.kernel, program, exam_pk=room.exam_pk, text="beep")


def test_what_was_said_is_evidence_and_goes_with_the_exam(room: Room) -> None:
    say(room, "one", "@lead look")
    assert [one.path for one in parts(room.kernel, room.exam_pk)] == ["data/decisions/comments.json"]

    def gone(act: Any) -> None:
        """Delete."""
        actions_talk_deletion.on_exam_deleted(act, ExamDeleted(room.exam_pk, "1.2", ()))

    Action("test.gone", gone)(room.kernel, exams.person(1))
    assert rows(room.kernel, exam_comment) == [] == rows(room.kernel, inbox_entry)


def test_comments_and_inbox_over_http(room: Room) -> None:
    client = room.client("one")
    address = f"/api/v1/exams/{room.exam_pk}/comments"
    made = client.post(address, json={"text": "hello @t.wo", "place": {"finding_id": "1"}})
    assert made.status_code == 201, made.text
    told = made.json()["comments"][0]
    assert (told["by_name"], told["is_mine"], told["place"]["finding_id"]) == ("Reader One", True, "1")
    changed = client.put(f"{address}/1", json={"text": "hello again @t.wo", "supersedes": 1})
    assert [one["text"] for one in changed.json()["comments"][0]["versions"]] == ["hello again @t.wo", "hello @t.wo"]
    assert client.delete(f"{address}/1").json()["comments"][0]["is_withdrawn"]
    assert client.post(address, json={"text": "x", "place": {"box": ["nan", 0, 1, 1]}}).status_code == 422
    assert client.get("/api/v1/exams/999/comments").status_code == 404
    other = room.client("t.wo")
    found = other.get("/api/v1/inbox").json()
    assert (found["unread"], found["entries"][0]["by_name"]) == (1, "Reader One")
    read = other.post("/api/v1/inbox/read", json={"entry_ids": [found["entries"][0]["id"]]}).json()
    assert read["unread"] == 0
    assert {one["login"] for one in other.get("/api/v1/colleagues").json()} == {"one", "t.wo", "lead"}
    client.post(f"/api/v1/worklist/{item_id(room)}/claim")
    given = {"to": room.actors["t.wo"].key, "reason": "yours"}
    moved = client.post(f"/api/v1/worklist/{item_id(room)}/hand-over", json=given)
    assert (moved.status_code, moved.json()["claimed_by_name"]) == (200, "Reader Two")

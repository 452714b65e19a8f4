"""Peer review in the inbox: what is to be reviewed, what a review says and teaches; hidden names stay hidden."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import readings
from kerma.areas.review import actions_peer, actions_peer_learning
from kerma.errors import Conflict
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from readings import Room

PEOPLE = (
    ("author", "Author One", "analyst"), ("reviewer", "Needle Othername", "lead"), ("other", "Lead Three", "lead"),
)  # fmt: skip
PLAN: dict[str, Any] = {
    "industry": "ndt", "exam_class": "", "kind": "random", "person": "", "share_permille": 1000, "first_count": 0,
    "is_blinded": True, "hides_reviewer": True, "due_days": 7, "is_ended": False,
}  # fmt: skip


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    yield readings.room(kernel, *PEOPLE)
    sight.RULES[:] = kept


def taken(room: Room, **more: Any) -> None:
    """Have the author's decision taken for review, and the reviewer claim the case."""
    actions_peer.set_plan(room.kernel, room.actors["other"], given=PLAN | more)
    room.decide("author", "accept", "needlewords")
    actions_peer.claim(room.kernel, room.actors["reviewer"], case_id=1)


def scored(room: Room, code: str, words: str = "a pore at the toe") -> int:
    actor = room.actors["reviewer"]
    actions_peer.conclude(room.kernel, actor, case_id=1, conclusion="reject", words="seen")
    return actions_peer.score(room.kernel, actor, case_id=1, code=code, words=words)


def entries(room: Room, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = room.client(name).get("/api/v1/inbox").json()["entries"]
    return found


def test_a_reviewer_finds_their_case_without_what_is_hidden_until_it_is_done(room: Room) -> None:
    taken(room)
    (task,) = entries(room, "reviewer")
    assert (task["kind"], task["by"], task["exam_pk"]) == ("review-task", room.actors["reviewer"].key, room.exam_pk)
    assert task["words"].startswith("Your review is due by 20")  # their own; of the case itself it says nothing
    assert "needlewords" not in str(task) and entries(room, "author") == []
    actions_peer.claim(room.kernel, room.actors["reviewer"], case_id=1)  # once more: no further entry
    assert len(entries(room, "reviewer")) == 1
    actions_peer.give_back(room.kernel, room.actors["reviewer"], case_id=1)
    (back,) = entries(room, "reviewer")
    assert back["words"] == "You have given this review back." and back["read_at"]


def test_an_open_review_says_when_it_is_due(room: Room) -> None:
    taken(room, is_blinded=False)
    (task,) = entries(room, "reviewer")
    assert task["words"].startswith("Your review is due by 20") and not task["read_at"]
    actions_peer.withdraw(room.kernel, room.actors["other"], case_id=1, reason="the wrong plan")
    assert entries(room, "reviewer")[0]["words"] == "This review was taken off the list."


def test_a_disagreement_and_what_is_to_be_learnt_reach_the_author_without_a_hidden_name(room: Room) -> None:
    taken(room)
    with pytest.raises(Conflict):
        actions_peer.score(room.kernel, room.actors["reviewer"], case_id=1, code="missed-rejectable", words="x")
    assert entries(room, "author") == []
    review_id = scored(room, "missed-rejectable")
    learning, review = entries(room, "author")
    assert (learning["kind"], review["kind"]) == ("learning", "review")
    assert review["words"].startswith("Disagreement: Missed a rejectable indication.")
    assert learning["words"] == "Something to learn: a pore at the toe"
    assert {(one["by"], one["by_name"]) for one in (learning, review)} == {("", "")}
    assert "Needle" not in str(entries(room, "author"))
    assert entries(room, "reviewer")[0]["read_at"] and entries(room, "other") == []
    actions_peer_learning.answer(room.kernel, room.actors["author"], review_id=review_id, words="I see it now")
    answer = entries(room, "reviewer")[0]
    assert (answer["kind"], answer["by_name"]) == ("review", "Author One") and "I see it now" in answer["words"]


def test_an_agreement_is_told_with_the_name_where_it_is_not_hidden(room: Room) -> None:
    taken(room, hides_reviewer=False, is_blinded=False)
    actor = room.actors["reviewer"]
    actions_peer.conclude(room.kernel, actor, case_id=1, conclusion="accept")
    review_id = actions_peer.score(room.kernel, actor, case_id=1, code="agreed", words="")
    (review,) = entries(room, "author")
    assert (review["words"], review["by_name"]) == ("Agreed with: I agree.", "Needle Othername")
    actions_peer_learning.answer(room.kernel, room.actors["author"], review_id=review_id)
    assert [one["kind"] for one in entries(room, "reviewer")] == ["review-task"]

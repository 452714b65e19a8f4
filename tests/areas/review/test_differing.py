"""Where two independent reads differ: a third reader decides with a reason, or the two come to one conclusion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

import readings
from kerma.areas.review import actions_read
from kerma.areas.review import rules_reading as rules
from kerma.areas.review.model import decision
from kerma.areas.review.rules_reading import Policy, Read
from kerma.errors import Conflict, WrongUsage
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from readings import Room

PEOPLE = (("one", "Reader One", "analyst"), ("two", "Reader Two", "analyst"), ("third", "Reader Three", "analyst"))
KEYS = ("person:1", "person:2", "person:3")
READS = st.lists(
    st.builds(Read, st.sampled_from(KEYS), st.sampled_from(rules.KINDS), st.integers(0, 1), st.sampled_from("ab")),
    max_size=10,
)


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    made = readings.room(kernel, *PEOPLE)
    yield made
    sight.RULES[:] = kept


def differ(room: Room, differing: str) -> None:
    room.policy("concurrent", "double", differing=differing)
    room.independent("one", "reject", "a crack")
    room.independent("two", "accept", "a scratch")


def after_both(room: Room, name: str, conclusion: str, reason: str = "after both", **more: Any) -> int:
    known = room.seen(name)[1]
    return actions_read.consensus_read(
        room.kernel, room.actors[name], exam_pk=room.exam_pk, conclusion=conclusion, reason=reason, judgement_id=known,
        **more,
    )  # fmt: skip


def decided(room: Room) -> list[str]:
    with room.kernel.database.read() as connection:
        return list(connection.scalars(sa.select(decision.c.decision).order_by(decision.c.id)))


def test_a_third_reader_decides_and_says_why(room: Room) -> None:
    differ(room, "third-reader")
    with pytest.raises(Conflict, match="a third reader decides"):
        room.decide("one", "reject")
    with pytest.raises(Conflict, match="there is nothing to come to one conclusion about"):
        after_both(room, "one", "reject")
    with pytest.raises(WrongUsage, match="say why you decide"):
        room.decide("third", "reject", reason=" ")
    room.decide("third", "reject", reason="It is a crack: it branches")
    assert decided(room) == ["reject"]


def test_two_who_come_to_one_conclusion_decide_it(room: Room) -> None:
    differ(room, "consensus")
    with pytest.raises(Conflict, match="record what you conclude after seeing both"):
        room.decide("one", "reject")
    with pytest.raises(WrongUsage, match="say why"):
        after_both(room, "two", "reject", " ")
    after_both(room, "two", "reject", "It branches, I see it now")
    assert decided(room) == []
    with pytest.raises(Conflict, match="you have said yours"):
        after_both(room, "two", "accept")
    after_both(room, "one", "reject")
    assert decided(room) == ["reject"]


def test_where_they_still_differ_a_third_decides(room: Room) -> None:
    differ(room, "consensus")
    after_both(room, "one", "reject")
    after_both(room, "two", "accept")
    assert decided(room) == []
    with pytest.raises(Conflict, match="a third reader decides"):
        room.decide("two", "accept")
    room.decide("third", "accept", reason="A scratch on the film: it is on both sides")
    assert decided(room) == ["accept"]


def test_where_anybody_may_decide_it_is_as_before(room: Room) -> None:
    differ(room, "anybody")
    room.decide("two", "reject", reason="seen again")
    assert decided(room) == ["reject"]


def test_the_page_is_told_what_is_wanted(room: Room) -> None:
    differ(room, "consensus")
    page = room.client("one")
    state = page.get(f"/api/v1/exams/{room.exam_pk}/readings").json()
    assert (state["wants"], state["outcome"]) == ("consensus", "disagree") and "come to one conclusion" in state[
        "words"
    ]
    body = {"kind": "consensus", "conclusion": "reject", "reason": "after both", "judgement_id": room.seen("one")[1]}
    answer = page.post(f"/api/v1/exams/{room.exam_pk}/readings", json=body)
    assert answer.status_code == 201 and answer.json()["wants"] == ""
    assert "consensus" in {one["kind"] for one in answer.json()["reads"]}


@given(READS, st.sampled_from(rules.DIFFERING), st.sampled_from(KEYS), st.integers(0, 1))
def test_only_the_two_are_ever_held_back_and_agreement_holds_back_nobody(
    reads: list[Read], differing: str, me: str, newest: int
) -> None:
    why_not = rules.why_not_decide(Policy(reading="double", differing=differing), reads, me, newest)
    mine = [one for one in reads if one.person == me and one.kind == rules.INDEPENDENT and one.last_image_pk >= newest]
    outcome = rules.outcome_of(reads, newest)[1]
    if why_not:
        assert mine and outcome == rules.DISAGREE and differing != rules.ANYBODY
        assert not rules.consensus_of(reads, newest)[0]
    elif mine and outcome == rules.DISAGREE and differing == rules.THIRD:
        assert rules.consensus_of(reads, newest)[0]
    assert not rules.why_not_decide(Policy(reading="blind", differing=differing), reads, me, newest)

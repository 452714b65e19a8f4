"""Nothing that is hidden from a reader leaves by any door: every address that can be read is tried, new ones too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import readings
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from readings import BY_OTHERS, BY_SOFTWARE, OF_RESULT, RESULT_UID, Answer, Room

PEOPLE = (("reader", "Reader One", "analyst"), ("other", BY_OTHERS[0], "analyst"), ("lead", "Lead Three", "lead"))
DIRECTORIES = ("/api/v1/custody/people", "/api/v1/colleagues")
"""Who works here, whatever they read."""
GROWING = ("/api/v1/evidence",)
"""Doors that tell how long the ledger of the whole house is."""


ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
"""A sweep is long, and what differs between the databases is met by the strongest of them."""


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    yield readings.room(kernel, *PEOPLE)
    sight.RULES[:] = kept


def leaks(found: dict[str, Answer], needles: tuple[str, ...]) -> list[str]:
    asked = [(address, one, needle) for address, one in found.items() for needle in needles]
    return [
        f"{address}: {needle}"
        for address, one, needle in asked
        if needle not in address and one.holds(needle) and address not in DIRECTORIES
    ]


def differences(before: dict[str, Answer], after: dict[str, Answer]) -> list[str]:
    return [
        f"{address}: {one.status} {one.body[:300]!r} -> {after[address].status} {after[address].body[:300]!r}"
        for address, one in before.items()
        if address not in GROWING and (one.status, one.body, _same(one)) != (
            after[address].status, after[address].body, _same(after[address]),
        )
    ]  # fmt: skip


def _same(answer: Answer) -> tuple[tuple[str, str], ...]:
    """Return the headers that do not hold a boundary drawn anew."""
    return tuple((key, value) for key, value in answer.headers if "boundary=" not in value)


@ONE_DATABASE
@pytest.mark.parametrize("algorithm", ["off", "second-reader"])
def test_what_software_found_is_behind_no_door(room: Room, algorithm: str) -> None:
    room.result()
    room.report()
    shown = readings.answers(room, "reader")
    assert leaks(shown, BY_SOFTWARE)  # the needles would be found: there is no policy yet
    assert any(one.holds(RESULT_UID) for one in shown.values())
    room.policy(algorithm, "open")
    hidden = readings.answers(room, "reader")
    assert leaks(hidden, (*BY_SOFTWARE, *OF_RESULT)) == []
    assert any(one.status == 200 for one in hidden.values())
    if algorithm == "second-reader":
        room.first("reader")
        assert leaks(readings.answers(room, "reader"), BY_SOFTWARE[:1])


def test_what_another_person_does_changes_no_answer(room: Room) -> None:
    """The strongest form: whatever the other does, not one byte of one answer is another."""
    room.policy("second-reader", "double")
    before = readings.answers(room, "reader")
    readings.another_reads(room, "other")
    room.first("other", no_findings=False)
    room.independent("other", reason=BY_OTHERS[3])
    room.report()
    room.result()
    after = readings.answers(room, "reader")
    assert leaks(after, (*BY_OTHERS, *OF_RESULT)) == []
    assert differences(before, after) == []


@ONE_DATABASE
def test_a_blind_reader_meets_nothing_of_a_decision_but_that_the_exam_left_the_list(room: Room) -> None:
    room.policy("concurrent", "blind")
    before = readings.answers(room, "reader")
    readings.another_reads(room, "other")
    room.decide("other", reason=BY_OTHERS[3])
    room.report()
    room.result()
    after = readings.answers(room, "reader")
    assert leaks(after, (*BY_OTHERS, *OF_RESULT)) == []
    changed = {line.partition(":")[0].partition("?")[0] for line in differences(before, after)}
    assert changed <= {"/api/v1/worklist"}
    room.decide("reader")
    assert leaks(readings.answers(room, "reader"), BY_OTHERS[1:2])


@ONE_DATABASE
def test_who_may_see_everything_does(room: Room) -> None:
    room.policy("off", "blind")
    readings.another_reads(room, "other")
    room.decide("other", reason=BY_OTHERS[3])
    room.report()
    found = readings.answers(room, "lead")
    for needle in (*BY_SOFTWARE[:3], *BY_OTHERS[:3], BY_OTHERS[4]):
        assert any(one.holds(needle) for one in found.values()), needle

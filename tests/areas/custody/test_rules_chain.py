"""Gaps and overlaps: each planted fault is found, exactly that one, with its times; a clean chain has none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from custodies import NOON, entry
from kerma.areas.custody.rules import Entry
from kerma.areas.custody.rules_chain import faults, worst

A, B, C, P = "person:1", "person:2", "person:3", "party:1"
NAMES = {A: "Anna", B: "Ben", C: "Chi", P: "the police"}
START = entry(1, "collected", 0, A, receiver=A)
SEALED = entry(2, "sealed", 1, A, seal_number="S-1")
GIVEN = entry(2, "handed-over", 5, A, giver=A, receiver=B)
TAKEN = entry(3, "accepted", 6, B, giver=A, receiver=B)
STORED = entry(2, "stored", 5, A, place="Room 2")
CLEAN = [
    START,
    SEALED,
    entry(3, "handed-over", 5, A, giver=A, receiver=B),
    entry(4, "accepted", 9, B, giver=A, receiver=B, seal_number="S-1"),
    entry(5, "stored", 20, B, place="Room 2"),
    entry(6, "moved", 30, C, place="Room 3"),
    entry(7, "taken-out", 40, C, text="laboratory"),
    entry(8, "unsealed", 41, C, seal_number="S-1", text="to measure"),
    entry(9, "examined", 45, C, text="82 mm"),
    entry(10, "sealed", 50, C, seal_number="S-2"),
    entry(11, "disclosed", 51, A, text="disclosure 1"),
    entry(12, "handed-over", 60, C, giver=C, receiver=P),
    entry(13, "accepted", 60, C, giver=C, receiver=P),
    entry(14, "returned", 600, A, giver=P, receiver=A, seal_number="S-2"),
    entry(15, "destruction-asked", 610, A, reason="released"),
    entry(16, "destroyed", 620, B, text="shredded"),
    entry(17, "disclosed", 700, B, text="disclosure 2"),
]

PLANTED = {
    "a handing over that nobody accepted": (
        [START, GIVEN],
        ("never-accepted", "attention", 5, None, (2,), "handed over to Ben 1 d 23 h ago and never accepted; Anna"),
    ),
    "something done while nobody has answered": (
        [START, GIVEN, entry(3, "sealed", 7, A, seal_number="S-1"), entry(4, "accepted", 8, B, receiver=B)],
        ("never-accepted", "breach", 5, 7, (2, 3), "sealed while the hand-over to Ben was not answered"),
    ),
    "a long way": (
        [START, GIVEN, entry(3, "accepted", 185, B, giver=A, receiver=B)],
        ("no-holder", "attention", 5, 185, (2, 3), "3 h 00 min between handing over by Anna and accepting by Ben"),
    ),
    "accepted by another than it was handed to": (
        [START, GIVEN, entry(3, "accepted", 6, C, giver=A, receiver=C)],
        ("two-holders", "breach", 5, 6, (2, 3), "accepted, but handed over to Ben by Chi while Anna held it"),
    ),
    "accepted, never handed over": (
        [START, entry(2, "accepted", 6, B, giver=A, receiver=B)],
        ("no-holder", "breach", 0, 6, (1, 2), "accepted by Ben, but never handed over"),
    ),
    "given away by who does not hold it": (
        [START, entry(2, "handed-over", 5, B, giver=B, receiver=C), entry(3, "accepted", 6, C, receiver=C)],
        ("two-holders", "breach", 0, 5, (1, 2), "handed over by Ben while Anna held it"),
    ),
    "examined by who does not hold it": (
        [START, entry(2, "examined", 5, B, text="t")],
        ("two-holders", "breach", 0, 5, (1, 2), "examined by Ben while Anna held it"),
    ),
    "collected twice": (
        [START, entry(2, "collected", 5, B, receiver=B)],
        ("two-holders", "breach", 0, 5, (1, 2), "collected a second time by Ben while Anna held it"),
    ),
    "in somebody's hands while it is stored": (
        [START, STORED, entry(3, "sealed", 50, B, seal_number="S-1")],
        ("no-holder", "breach", 5, 50, (2, 3), "Ben had it, the chain last knows it in Room 2: nobody is recorded"),
    ),
    "back from somebody else": (
        [START, entry(2, "handed-over", 5, A, giver=A, receiver=P), entry(3, "accepted", 5, A, giver=A, receiver=P),
         entry(4, "returned", 90, B, giver="party:9", receiver=B)],
        ("no-holder", "breach", 5, 90, (3, 4), "party:9 had it, the chain last knows it with the police"),
    ),
    "no beginning": (
        [entry(1, "sealed", 5, A, seal_number="S-1")],
        ("no-holder", "breach", None, 5, (1,), "the chain does not begin with the collection"),
    ),
    "taken over from somebody who is ill": (
        [START, entry(2, "taken-over", 5, B, giver=A, receiver=B, reason="ill")],
        ("not-signed", "attention", 0, 5, (1, 2), "taken over by Ben without a signature of Anna: ill"),
    ),
    "another seal without unsealing": (
        [START, SEALED, entry(3, "sealed", 9, A, seal_number="S-2")],
        ("seal-changed", "breach", 1, 9, (2, 3), "sealed with S-2 while seal S-1 was not opened"),
    ),
    "another seal read at a hand-over": (
        [START, SEALED, entry(3, "handed-over", 5, A, giver=A, receiver=B),
         entry(4, "accepted", 6, B, giver=A, receiver=B, seal_number="S-7")],
        ("seal-changed", "breach", 5, 6, (3, 4), "seal S-7 was read on an item that was sealed with S-1"),
    ),
    "a seal opened that nobody closed": (
        [START, entry(2, "unsealed", 4, A, seal_number="S-1", text="t")],
        ("seal-changed", "breach", 0, 4, (1, 2), "seal S-1 was opened, but no sealing is recorded"),
    ),
    "examined under seal": (
        [START, SEALED, entry(3, "examined", 9, A, text="t")],
        ("examined-under-seal", "breach", 1, 9, (2, 3), "examined while under seal S-1"),
    ),
    "something after the destruction": (
        [START, entry(2, "destruction-asked", 5, A, reason="r"), entry(3, "destroyed", 6, B, text="t"),
         entry(4, "examined", 9, A, text="t")],
        ("after-end", "breach", 6, 9, (3, 4), "examined after the item was destroyed"),
    ),
    "something after the release": (
        [START, entry(2, "released", 5, A, giver=A, receiver=P, text="t"), entry(3, "stored", 9, A, place="Room 2")],
        ("after-end", "breach", 5, 9, (2, 3), "stored after the item was released"),
    ),
    "an entry taken away": (
        [START, entry(3, "sealed", 5, A, seal_number="S-1")],
        ("entry-missing", "breach", None, None, (2,), "entry 2 is missing"),
    ),
    "late with a reason": (
        [START, entry(2, "sealed", 5, A, seal_number="S-1", late_min=90, reason="no network")],
        ("late", "note", 5, 95, (2,), "entry 2 (sealed) was written down 1 h 30 min after it happened: no network"),
    ),
    "late without a reason": (
        [START, entry(2, "sealed", 5, A, seal_number="S-1", late_min=90)],
        ("late", "attention", 5, 95, (2,), "without a reason"),
    ),
    "written before it happened": (
        [START, entry(2, "sealed", 50, A, seal_number="S-1", late_min=-40)],
        ("out-of-order", "breach", 10, 50, (2,), "entry 2 was written down before it happened"),
    ),
    "out of order": (
        [START, entry(2, "stored", 9, A, place="Room 2"), entry(3, "sealed", 4, A, seal_number="S")],
        ("out-of-order", "note", 4, 9, (2, 3), "entry 3 (sealed) happened before entry 2 (stored)"),
    ),
}  # fmt: skip


def named(key: str) -> str:
    return NAMES.get(key, key)


def minutes(at: object) -> float | None:
    return None if at is None else (at - NOON) / timedelta(minutes=1)  # type: ignore[operator]


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found_and_no_other(name: str) -> None:
    chain, (code, severity, start, end, numbers, words) = PLANTED[name]
    found = faults(chain, NOON + timedelta(days=2, minutes=-50), named)
    assert [(one.code, one.severity, minutes(one.start), minutes(one.end), one.numbers) for one in found] == [
        (code, severity, start, end, numbers)
    ]
    assert words in found[0].words


def test_examined_in_storage_under_seal_says_both_and_who() -> None:
    chain = [START, SEALED, entry(3, "stored", 5, A, place="Room 2"), entry(4, "examined", 9, A, text="t")]
    found = faults(chain, NOON)
    assert [one.code for one in found] == ["examined-under-seal", "examined-in-storage", "no-holder"]


def test_a_clean_chain_has_no_fault() -> None:
    assert faults(CLEAN, NOON + timedelta(days=9), named) == []


def test_any_entry_left_out_of_a_clean_chain_is_noticed() -> None:
    for one in CLEAN:
        rest = [other for other in CLEAN if other is not one]
        found = faults(rest, NOON + timedelta(days=9), named)
        if one is CLEAN[-1]:
            assert found == []  # the count in the item's row notices it, see test_actions
        else:
            assert worst(found) == "breach", one.kind


def test_a_struck_entry_is_a_fault_no_longer() -> None:
    wrong = entry(2, "examined", 5, B, text="t")
    struck = entry(3, "corrected", 5, B, corrects=2, is_struck=True, reason="another item")
    assert [one.code for one in faults([START, wrong], NOON)] == ["two-holders"]
    assert faults([START, wrong, struck], NOON) == []


def test_the_worst_comes_first() -> None:
    chain: list[Entry] = [
        START,
        entry(2, "sealed", 5, A, seal_number="S-1", late_min=90, reason="no network"),
        entry(3, "examined", 200, A, text="t"),
    ]
    found = faults(chain, NOON)
    assert [one.severity for one in found] == ["breach", "note"]
    assert worst(found) == "breach"
    assert worst([]) == ""

"""The rules of custody: whatever is done in whatever order, exactly one holder at any time, and seals that agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custodies import NOON, entry
from kerma.areas.custody import rules, rules_chain, rules_number
from kerma.areas.custody.rules import Entry, Misfit, Standing, follow

PEOPLE = ("person:1", "person:2", "person:3")
PARTIES = ("party:1", "party:2")


@st.composite
def chains(draw: st.DrawFn) -> list[Entry]:
    """Chains made of steps that are possible when they are taken, by any of three persons, at any later time."""
    written = [entry(1, "collected", 0, draw(st.sampled_from(PEOPLE)))]
    minutes = 0
    for number in range(2, draw(st.integers(2, 14))):
        standing = follow(written)
        minutes += draw(st.integers(0, 20))
        choices = [
            one
            for by in PEOPLE
            for step in rules.possible(standing, by)
            for one in variants(step, standing, number, minutes, by)
            if not rules.why_not(standing, one)
        ]
        if not choices:
            break
        written.append(draw(st.sampled_from(choices)))
    return written


def variants(step: rules.Step, standing: Standing, number: int, minutes: int, by: str) -> list[Entry]:
    """Return the ways to take a step: handing over has a receiver, sealing a number, and so on."""
    told = {"text": "t", "reason": "r", "place": "Room 1"} if step.needs or step.holder == "place" else {}
    plain = entry(number, step.kind, minutes, by, **told)
    if step.kind in ("handed-over", "released"):
        receivers = (*PEOPLE, *PARTIES) if step.kind == "handed-over" else PARTIES
        return [replace(plain, receiver=one, giver=standing.holder) for one in receivers]
    if step.kind == "sealed":
        return [replace(plain, seal_number=f"S-{number}")]
    if step.kind == "unsealed":
        return [replace(plain, seal_number=standing.seal_number)]
    if step.kind == "accepted":
        return [replace(plain, receiver=standing.offered_to, giver=standing.holder)]
    if step.kind == "returned":
        return [replace(plain, giver=standing.holder, receiver=by)]
    return [plain]


@given(chains())
def test_exactly_one_holder_at_any_time(chain: list[Entry]) -> None:
    for length in range(1, len(chain) + 1):
        standing = follow(chain[:length])
        assert (standing.holder != "") == (standing.state != rules.DESTROYED)
        if standing.state in (rules.HELD, rules.OFFERED, rules.CONDEMNED):
            assert standing.holder in PEOPLE
        elif standing.state in (rules.OUT, rules.RELEASED):
            assert standing.holder in PARTIES
        elif standing.state == rules.STORED:
            assert standing.holder == rules.PLACE + standing.place


@given(chains())
def test_the_seal_is_the_last_one_closed_and_not_opened(chain: list[Entry]) -> None:
    seal = ""
    for one in chain:
        seal = one.seal_number if one.kind == "sealed" else "" if one.kind == "unsealed" else seal
    assert follow(chain).seal_number == seal


@given(chains())
def test_a_chain_of_possible_steps_has_no_breach(chain: list[Entry]) -> None:
    found = rules_chain.faults(chain, chain[-1].recorded_at)
    assert [fault for fault in found if fault.severity == rules_chain.BREACH] == []


@given(chains())
def test_nobody_takes_an_item_that_was_not_offered_stored_or_outside(chain: list[Entry]) -> None:
    for before, after in zip(range(1, len(chain)), range(2, len(chain) + 1), strict=True):
        was, is_now = follow(chain[:before]), follow(chain[:after])
        if was.holder != is_now.holder:
            assert rules.STEP[chain[before].kind].holder


@given(chains(), st.randoms())
def test_the_order_of_writing_down_does_not_matter(chain: list[Entry], random: object) -> None:
    apart = [replace(one, happened_at=NOON + timedelta(hours=index)) for index, one in enumerate(chain)]
    shuffled = list(apart)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    renumbered = [replace(one, number=number) for number, one in enumerate(shuffled, start=1)]
    assert follow(renumbered) == follow(apart)


@given(chains(), st.data())
def test_a_step_that_is_not_possible_is_refused_and_says_why(chain: list[Entry], data: st.DataObject) -> None:
    standing = follow(chain)
    kind = data.draw(st.sampled_from([step.kind for step in rules.STEPS]))
    tried = entry(len(chain) + 1, kind, 10_000, data.draw(st.sampled_from(PEOPLE)))
    why = rules.why_not(standing, tried)
    if why:
        with pytest.raises(Misfit) as caught:
            follow([*chain, tried])
        assert caught.value.why == why
    else:
        assert follow([*chain, tried]).state in rules.STATES


@given(chains(), st.data())
def test_a_corrected_time_and_a_struck_entry_change_the_reading_only(chain: list[Entry], data: st.DataObject) -> None:
    wrong = data.draw(st.sampled_from(chain))
    struck = entry(99, "corrected", 0, "person:1", corrects=wrong.number, is_struck=True, reason="r")
    assert rules.effective([*chain, struck]) == rules.effective([one for one in chain if one != wrong])
    told = entry(99, "corrected", -5, "person:1", corrects=wrong.number, text="right", reason="r")
    read = {one.number: one for one in rules.effective([*chain, told])}
    assert read[wrong.number] == replace(wrong, happened_at=told.happened_at, text="right")


def test_the_table_of_steps_is_whole() -> None:
    assert len(rules.STEP) == len(rules.VERB) == len(rules.STEPS)
    for step in rules.STEPS:
        assert set(step.states) <= {rules.NONE, *rules.STATES}
        assert step.to in ("", *rules.STATES)
        assert set(step.needs) <= set(rules.NEEDS_WORDS)
        assert step.meaning.endswith(".")
        assert step.words
    reached = {step.to for step in rules.STEPS} | {rules.OUT}
    assert reached >= set(rules.STATES)
    ended = [step.kind for step in rules.STEPS if {rules.RELEASED, rules.DESTROYED} & set(step.states)]
    assert ended == ["disclosed"]


@given(st.integers(2000, 2999), st.integers(1, 10**12))
def test_a_number_is_read_as_it_was_written(year: int, serial: int) -> None:
    number = rules_number.number_of(year, serial)
    assert rules_number.read_number(number) == number
    assert rules_number.read_number(f"  {number.lower()} ") == number


@given(st.integers(1, 10**7), st.data())
def test_any_one_wrong_letter_of_a_number_is_noticed(serial: int, data: st.DataObject) -> None:
    number = rules_number.number_of(2026, serial)
    place = data.draw(st.sampled_from([at for at, letter in enumerate(number) if letter.isdigit() and at > 1]))
    other = data.draw(st.sampled_from([figure for figure in "0123456789" if figure != number[place]]))
    assert rules_number.read_number(number[:place] + other + number[place + 1 :]) == ""


def test_the_check_letter_of_a_published_number() -> None:
    """The example of the Global Release Identifier, which uses the same system: A1-2425G-ABC1234002-M."""
    assert rules_number.check_letter("A1-2425G-ABC1234002") == "M"


@pytest.mark.parametrize(
    ("minutes", "reason", "is_possible"),
    [(0, "", True), (-15, "", True), (-16, "", False), (-16, "no network", True), (2, "", True), (3, "x", False)],
)
def test_when_something_can_be_said_to_have_happened(minutes: int, reason: str, is_possible: bool) -> None:
    assert (rules.why_not_then(NOON + timedelta(minutes=minutes), NOON, reason) == "") == is_possible

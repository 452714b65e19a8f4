"""Who is handed what, and when a break is due: tables and laws."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.areas.worklist.rules_next import (
    NO_RULE,
    BreakRule,
    Reader,
    break_rule_of,
    demand_break_rule,
    demand_reader,
    fits,
    screen_time,
)
from kerma.errors import WrongUsage

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RULE = BreakRule(1200, 600, "enforced")
CT = {"industry": "medical", "modality": "CT", "skill": "thorax"}
ALL_NDT = {"industry": "ndt", "modality": "", "skill": "RT-2"}


@pytest.mark.parametrize(
    ("reader", "industry", "modalities", "is_one"),
    [
        (Reader(), "security", ["DX"], True),
        (Reader(industries=("ndt",)), "security", ["DX"], False),
        (Reader(modalities=("DX",)), "medical", ["DX"], True),
        (Reader(modalities=("DX",)), "medical", ["DX", "MG"], False),
        (Reader(), "medical", ["CT"], False),
        (Reader(skills=("thorax",)), "medical", ["CT"], True),
        (Reader(), "medical", ["DX"], True),
        (Reader(), "ndt", ["DX"], False),
        (Reader(skills=("RT-2", "x")), "ndt", ["DX"], True),
        (Reader(modalities=("CT",)), "security", [], True),
    ],
)
def test_an_exam_is_handed_to_whom_it_fits(reader: Reader, industry: str, modalities: list, is_one: bool) -> None:
    assert fits(reader, industry, modalities, [CT, ALL_NDT]) is is_one


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=60))
def test_who_reads_on_is_due_for_a_break_after_the_time_and_never_before(gaps_s: list[int]) -> None:
    """Played through as a day: time without a break is what it is by the definition, whatever the gaps."""
    began, last, now = NOON, NOON - timedelta(days=1), NOON
    for gap in gaps_s:
        now += timedelta(seconds=gap)
        stand = screen_time(RULE, began, last, now)
        rested = now - last >= timedelta(seconds=RULE.break_s)
        assert stand.began_at == (now if rested else began)
        assert stand.is_due == (not rested and now - began >= timedelta(seconds=RULE.most_s))
        assert stand.until >= now or rested or not stand.is_due
        began, last = stand.began_at, now


def test_no_rule_no_break() -> None:
    assert break_rule_of("medical", []) == NO_RULE
    assert not screen_time(NO_RULE, NOON - timedelta(days=9), NOON, NOON).is_due
    assert break_rule_of("security", []).mode == "told"
    own = {"industry": "security", "most_s": 60, "break_s": 90, "mode": "enforced"}
    assert break_rule_of("security", [own]) == BreakRule(60, 90, "enforced")


@pytest.mark.parametrize("rule", [BreakRule(59, 60, "told"), BreakRule(60, 86_401, "told"), BreakRule(60, 60, "often")])
def test_a_rule_that_makes_no_sense_is_refused(rule: BreakRule) -> None:
    with pytest.raises(WrongUsage):
        demand_break_rule(rule)


@pytest.mark.parametrize(
    "reader",
    [Reader(industries=("zoo",)), Reader(skills=("",)), Reader(modalities=("x" * 65,)), Reader(most_claimed=101)]
    + [Reader(skills=("a",) * 65)],
)
def test_a_reader_that_cannot_be_is_refused(reader: Reader) -> None:
    with pytest.raises(WrongUsage):
        demand_reader(reader, ("ndt", "medical"))

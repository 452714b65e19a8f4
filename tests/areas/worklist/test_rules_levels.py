"""Service levels: what a site sets stands before the table, who is told when, and what makes no sense is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kerma.areas.worklist import rules
from kerma.areas.worklist.rules_levels import (
    LEVELS,
    URGENCIES,
    Level,
    Step,
    demand_level,
    level_of,
    next_notice,
    steps_of,
    urgency_of,
)
from kerma.errors import OutsideTable, WrongUsage
from kerma.industries import INDUSTRIES
from kerma.standards import table

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
GOOD = Level(2, 600, 120, 60, (Step(0, "lead"), Step(300, "administrator")))
OWN = {
    "industry": "ndt", "urgency": "stat", "priority": 1, "due_in_s": 60, "warn_before_s": 10, "claim_expires_s": 0,
    "chain": [{"after_s": 5, "role": "lead"}],
}  # fmt: skip


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_what_is_more_urgent_is_read_sooner_and_every_level_makes_sense(industry: str) -> None:
    levels = [level_of(industry, urgency, ()) for urgency in URGENCIES]
    assert [one.due_in_s for one in levels] == sorted({one.due_in_s for one in levels})
    assert [one.priority for one in levels] == [1, 2, 3]
    for urgency, one in zip(URGENCIES, levels, strict=True):
        demand_level(urgency, one, ["lead"])
    assert table(LEVELS).status == "own"


def test_what_the_site_has_set_stands_before_the_table_row_by_row() -> None:
    assert level_of("ndt", "stat", [OWN]) == Level(1, 60, 10, 0, (Step(5, "lead"),))
    assert level_of("ndt", "urgent", [OWN]) == level_of("ndt", "urgent", ())
    with pytest.raises(OutsideTable, match=r"no service level.*veterinary"):
        level_of("veterinary", "stat", [OWN])


def test_a_proposal_makes_an_exam_more_urgent_and_never_less() -> None:
    for industry, words in INDUSTRIES.items():
        for urgency in URGENCIES:
            level = level_of(industry, urgency, ())
            plain = rules.standing(industry, "", NOON, level)
            for code in words.decisions:
                told = rules.standing(industry, code, NOON, level)
                assert told.due_at <= plain.due_at and told.priority <= plain.priority
    slow = replace(GOOD, due_in_s=10 * 86_400, priority=3)
    assert rules.standing("ndt", "accept", NOON, slow).due_at == NOON + timedelta(days=10)


def test_steps_come_in_order_and_each_once() -> None:
    steps = steps_of(GOOD, NOON)
    assert [(step, role) for step, _, role in steps] == [(0, ""), (1, "lead"), (2, "administrator")]
    assert next_notice(GOOD, NOON) == NOON - timedelta(seconds=120)
    assert next_notice(GOOD, NOON, 0) == NOON
    assert next_notice(GOOD, NOON, 1) == NOON + timedelta(seconds=300)
    assert next_notice(GOOD, NOON, 2) is None
    assert next_notice(replace(GOOD, warn_before_s=0), NOON) == NOON
    assert next_notice(replace(GOOD, warn_before_s=0, chain=()), NOON) is None


@pytest.mark.parametrize(
    ("orders", "urgency"),
    [
        ([], "routine"), (["ROUTINE"], "routine"), (["stat "], "stat"), (["LOW", "HIGH"], "urgent"),
        (["MEDIUM", "STAT"], "stat"), (["whatever"], "routine"), ([""], "routine"),
    ],
)  # fmt: skip
def test_the_most_urgent_order_counts(orders: list[str], urgency: str) -> None:
    assert urgency_of(orders) == urgency


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"priority": 0}, "priority is 1, 2 or 3"),
        ({"due_in_s": 0}, "due in 1 second"),
        ({"warn_before_s": 601}, "warning comes between"),
        ({"claim_expires_s": -1}, "a claim expires within"),
        ({"chain": (Step(-1, "lead"),)}, "at the due time or after"),
        ({"chain": (Step(5, "lead"), Step(5, "lead"))}, "one after the other"),
        ({"chain": (Step(0, "nobody"),)}, "no role 'nobody'"),
        ({"chain": tuple(Step(number, "lead") for number in range(9))}, "8 steps at most"),
    ],
)
def test_a_level_that_makes_no_sense_is_refused_with_why(changed: dict, words: str) -> None:
    with pytest.raises(WrongUsage, match=words):
        demand_level("stat", replace(GOOD, **changed), ["lead", "administrator"])
    with pytest.raises(WrongUsage, match="urgency is 'soon'"):
        demand_level("soon", GOOD, ["lead", "administrator"])

"""Service levels: by when exams of an urgency are read, who is told of late ones, how long a claim holds: pure.

What a site has set stands before the table ``kerma_worklist/service_levels``, row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kerma.errors import OutsideTable, WrongUsage
from kerma.kernel import clock
from kerma.standards import table

LEVELS = "kerma_worklist/service_levels"
STAT, URGENT, ROUTINE = URGENCIES = ("stat", "urgent", "routine")
URGENCY_OF_ORDER = {"STAT": STAT, "HIGH": URGENT, "ASAP": URGENT, "MEDIUM": ROUTINE, "ROUTINE": ROUTINE, "LOW": ROUTINE}
"""From Requested Procedure Priority (0040,1003) of an order; what is not listed is routine."""
LONGEST_S = 366 * 86_400
MOST_STEPS = 8
WARNED = 0
"""The step of an exam that is not late yet; from 1 on it is that of the chain."""


@dataclass(frozen=True)
class Step:
    """Who is told, so long after the due time, unless somebody has acknowledged an earlier step."""

    after_s: int
    role: str


USUAL_CHAIN = (Step(0, "lead"),)


@dataclass(frozen=True)
class Level:
    """What is promised of exams of one urgency; priority 1 is read first, a claim that expires after 0 s never does."""

    priority: int
    due_in_s: int
    warn_before_s: int
    claim_expires_s: int
    chain: tuple[Step, ...] = USUAL_CHAIN


def level_of(industry: str, urgency: str, rows: Iterable[Mapping[str, Any]]) -> Level:
    """Return the service level of an exam.

    Parameters
    ----------
    rows : those a site has in force: ``industry``, ``urgency`` and the numbers of a level, ``chain`` as JSON

    Raises
    ------
    OutsideTable
        Neither the site nor the table has one for the industry.
    """
    for row in rows:
        if (row["industry"], row["urgency"]) == (industry, urgency):
            steps = tuple(Step(int(one["after_s"]), str(one["role"])) for one in row["chain"])
            return _level(row, steps)
    for row in table(LEVELS):
        if (row["industry"], row["urgency"]) == (industry, urgency):
            return _level(row, USUAL_CHAIN)
    raise OutsideTable(f"no service level is set for {urgency} exams of '{industry}'; add a row to {LEVELS}.csv")


NUMBERS = ("priority", "due_in_s", "warn_before_s", "claim_expires_s")


def _level(row: Mapping[str, Any], chain: tuple[Step, ...]) -> Level:
    priority, due_in_s, warn_before_s, claim_expires_s = (int(row[name]) for name in NUMBERS)
    return Level(priority, due_in_s, warn_before_s, claim_expires_s, chain)


def demand_level(urgency: str, level: Level, roles: Iterable[str]) -> None:
    """Refuse a service level that makes no sense.

    Raises
    ------
    WrongUsage
        The urgency, a number or a step of the chain; the message says which and why.
    """
    problems = [words for holds, words in _problems(urgency, level, set(roles)) if holds]
    if problems:
        raise WrongUsage("; ".join(problems))


def _problems(urgency: str, level: Level, roles: set[str]) -> Iterable[tuple[bool, str]]:
    steps = level.chain
    yield urgency not in URGENCIES, f"urgency is '{urgency[:16]}'; it is {', '.join(URGENCIES)}"
    yield not 1 <= level.priority <= 3, "priority is 1, 2 or 3; 1 is read first"
    yield not 1 <= level.due_in_s <= LONGEST_S, "an exam is due in 1 second to a year"
    yield not 0 <= level.warn_before_s <= level.due_in_s, "the warning comes between arrival and the due time"
    yield not 0 <= level.claim_expires_s <= LONGEST_S, "a claim expires within a year, or never (0)"
    yield len(steps) > MOST_STEPS, f"a chain has {MOST_STEPS} steps at most"
    yield any(one.after_s < 0 for one in steps), "a step of the chain comes at the due time or after it"
    late = [one.after_s for one in steps]
    yield late != sorted(set(late)), "the steps of the chain come one after the other"
    unknown = next((one.role for one in steps if one.role not in roles), "")
    yield bool(unknown), f"there is no role '{unknown[:64]}'"


def steps_of(level: Level, due_at: datetime) -> list[tuple[int, datetime, str]]:
    """Return when who is told: step (0 is the warning), moment, and the role, "" for those who may read it."""
    warned = [(WARNED, due_at - timedelta(seconds=level.warn_before_s), "")] if level.warn_before_s else []
    late = [(number, due_at + timedelta(seconds=one.after_s), one.role) for number, one in enumerate(level.chain, 1)]
    return [*warned, *late]


def next_notice(level: Level, due_at: datetime, told: int = -1) -> datetime | None:
    """Return when the next step after ``told`` comes; None where there is none."""
    return next((at for step, at, _ in steps_of(level, due_at) if step > told), None)


def notice_text(level: Level, due_at: datetime) -> str:
    """Return when somebody is first told of an exam, as it is stored; empty for never."""
    first = next_notice(level, due_at)
    return clock.text(first) if first else ""


def urgency_of(priorities: Iterable[str]) -> str:
    """Return the urgency that the orders of an exam ask for, the highest of several."""
    asked = [URGENCY_OF_ORDER.get(one.strip().upper(), ROUTINE) for one in priorities]
    return min(asked, key=URGENCIES.index, default=ROUTINE)

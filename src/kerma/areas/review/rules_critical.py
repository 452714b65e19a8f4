"""How soon a critical result must be told, by what means, and who hears of it when it was not: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kerma.areas.worklist.rules_levels import Step as ChainStep
from kerma.errors import WrongUsage
from kerma.science.judge.disposition import Step, escalation
from kerma.science.judge.disposition_medical import FINDINGS, LEVELS
from kerma.standards import table

INDUSTRY = "medical"
OPEN, NOTIFIED, CLOSED, WITHDRAWN = STATES = ("open", "notified", "closed", "withdrawn")
STILL_OPEN = (OPEN, NOTIFIED)
MEANS = {"phone": "Telephone", "in-person": "In person", "secure-message": "Secure message"}
ATTEMPT, READ_BACK, WRONG_READ_BACK, ACKNOWLEDGED = "attempt", "read-back", "wrong-read-back", "acknowledged"
WARNED, LATE, ESCALATED, ANSWERED = "warned", "late", "escalated", "answered"
NOTICES = (WARNED, LATE, ESCALATED)
"""What is told because of the deadline: the reader before it, the reader at it, and after it the worklist's chain."""
MOST_LETTERS = 1000
MOST_NAME_LETTERS = 120


@dataclass(frozen=True)
class Level:
    """How soon a result must be told, and by what means it counts as told."""

    number: int
    deadline_minutes: float
    warn_before_minutes: float
    means: tuple[str, ...]
    words: str
    how: str
    escalation: tuple[Step, ...]
    """Whom to tell, and whom instead when nobody answers."""


@dataclass(frozen=True)
class SeenCritical:
    """What somebody sees that must be told: a finding of the table, or words and the level they choose."""

    finding: str = ""
    what: str = ""
    level: int | None = None


@dataclass(frozen=True)
class Receiver:
    """Whom one tried to reach: their name, what they are to the patient, and by what means."""

    whom: str
    role: str
    means: str


@dataclass(frozen=True)
class Notice:
    """What is told because of the deadline; ``role`` is whom it goes to, empty for who saw the result."""

    step: int
    at: datetime
    kind: str
    role: str = ""


def levels() -> dict[int, Level]:
    """Return the levels by number, the most urgent first."""
    return {
        int(row["level"]): Level(
            int(row["level"]), float(row["deadline_minutes"]), float(row["warn_before_minutes"]),
            tuple(row["means"].split()), row["words"], row["how"], escalation(row["category"]),
        )
        for row in table(LEVELS)
    }  # fmt: skip


def findings() -> dict[str, int]:
    """Return the level of each finding that the table names."""
    return {row["finding"]: int(row["level"]) for row in table(FINDINGS)}


def edition() -> str:
    """Return the edition of the table of findings."""
    return table(FINDINGS).edition


def checked_level(seen: SeenCritical) -> Level:
    """Return the level of what was seen: the table's of a finding that it names, else the one chosen.

    Raises
    ------
    WrongUsage
        The table has no such finding or level, a finding comes with a level, or neither is given.
    """
    known, there = levels(), findings()
    if seen.finding:
        if seen.finding not in there:
            raise WrongUsage(f"'{seen.finding[:64]}' is in no level; write it in words and choose its level")
        if seen.level is not None:
            raise WrongUsage("the table says the level of this finding; choose one only for what it does not name")
        return known[there[seen.finding]]
    if seen.level not in known:
        raise WrongUsage(f"choose a finding of the table, or a level of {', '.join(str(one) for one in known)}")
    return known[seen.level]


def checked_means(means: str, allowed: Iterable[str] = MEANS) -> str:
    """Return by what means somebody was told, once it is one that counts.

    Raises
    ------
    WrongUsage
        It is none there is, or none that is enough for the level.
    """
    possible = tuple(allowed)
    if means in possible:
        return means
    if means in MEANS:
        ways = " or ".join(MEANS[one].lower() for one in possible)
        raise WrongUsage(f"a result of this level is told by {ways}: record this as an attempt")
    raise WrongUsage(f"'{means[:32]}' is no means; there are {', '.join(MEANS)}")


def due_at(level: Level, seen_at: datetime) -> datetime:
    """Return by when a result must be told."""
    return seen_at + timedelta(minutes=level.deadline_minutes)


def number_of(year: int, key: int) -> str:
    """Return the number of a critical result, such as ``CRIT-2026-0007``."""
    return f"CRIT-{year}-{key:04d}"


def notices(level: Level, due: datetime, chain: Iterable[ChainStep]) -> list[Notice]:
    """Return everything that is told because of a deadline, in the order of its steps."""
    own = [
        Notice(0, due - timedelta(minutes=level.warn_before_minutes), WARNED),
        Notice(1, due, LATE),
    ]
    later = [Notice(2 + n, due + timedelta(seconds=one.after_s), ESCALATED, one.role) for n, one in enumerate(chain)]
    return own + later


def notice_words(kind: str, number: str, what: str, due: str) -> str:
    """Return what stands in an inbox about a deadline."""
    if kind == WARNED:
        return f"{number}: {what} is not notified yet. It is due by {due}."
    return f"{number}: {what} was due by {due}, and nobody has notified it."


def is_late(state: str, due: str, notified_at: str, now: str) -> bool:
    """Return whether a result was told after its deadline, or is not told and the deadline is over."""
    return notified_at > due if notified_at else state == OPEN and now > due

"""How fast a person reads, how often they refuse images, and how that stands to what is usual at a site: pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.observer import pace, proportion
from kerma.standards import table

PACE, RETAKES, MINUTES = MEASURES = ("exams-per-hour", "retake-share", "reading-minutes")
LABELS: Mapping[str, str] = {PACE: "Exams an hour", RETAKES: "Images refused", MINUTES: "Minutes an exam"}
BELOW, WITHIN, ABOVE, PERHAPS, TOO_FEW, NO_TARGET = (
    "below", "within", "above", "perhaps", "too-few", "no-target",
)  # fmt: skip
FEWEST = 30
"""Decisions below which nothing is told of a person."""
PAUSE = timedelta(minutes=15)
"""Who decides nothing and opens nothing for longer is not reading."""
LONGEST = timedelta(hours=1)
"""An exam that is open for longer was left open."""
MOST_LETTERS = 64
_MONTH = len("2026-01")
_HOUR_S, _MINUTE_S = 3600.0, 60.0
Interval = tuple[float, float] | None


@dataclass(frozen=True)
class Read:
    """One decision of a person: when the exam was opened (None where that is not known), and decided."""

    opened_at: datetime | None
    decided_at: datetime
    decision: str


@dataclass(frozen=True)
class Target:
    """What is usual for a measure."""

    industry: str
    site: str
    role: str
    measure: str
    low: float
    high: float


def checked_target(target: Target) -> Target:
    """Return a target as it is kept, once it makes sense.

    Raises
    ------
    WrongUsage
        The measure is none, or the range is none of this measure.
    """
    if target.measure not in MEASURES:
        raise WrongUsage(f"'{target.measure[:32]}' is not measured; there are {', '.join(MEASURES)}")
    most = 1.0 if target.measure == RETAKES else math.inf
    if not (0 <= target.low < target.high <= most and math.isfinite(target.high)):
        kind = "a share from 0 to 1" if target.measure == RETAKES else "a number from 0"
        raise WrongUsage(f"a range goes from {kind} to a larger one, not from {target.low:g} to {target.high:g}")
    site, role = target.site.strip(), target.role.strip()
    if max(len(site), len(role)) > MOST_LETTERS or not (site + role).isprintable():
        raise WrongUsage(f"a site and a role are named in at most {MOST_LETTERS} letters")
    return Target(target.industry, site, role, target.measure, float(target.low), float(target.high))


def fitting(targets: Iterable[Target], sites: Collection[str], roles: Collection[str]) -> dict[str, Target]:
    """Return by measure the target for a person: of their site and role, else of their site, else of their role."""
    found: dict[str, Target] = {}
    for one in sorted(targets, key=lambda target: (bool(target.site), bool(target.role))):
        if one.site in ("", *sites) and one.role in ("", *roles):
            found[one.measure] = one
    return found


def figures(industry: str, reads: Sequence[Read], targets: Mapping[str, Target]) -> list[dict[str, Any]]:
    """Return every measure of a person: value, interval, months, target and how it stands to it, in words."""
    return [_measured(measure, industry, reads, targets.get(measure)) for measure in MEASURES]


def hours_read(reads: Iterable[Read]) -> float:
    """Return for how many hours a person read: while an exam was open, and pauses between exams that are short."""
    spans = sorted((max(one.opened_at or one.decided_at, one.decided_at - LONGEST), one.decided_at) for one in reads)
    total, until = timedelta(0), None
    for begun, ended in spans:
        if until is not None and begun - until <= PAUSE:
            begun = until
        total += max(ended - begun, timedelta(0))
        until = ended if until is None else max(until, ended)
    return total.total_seconds() / _HOUR_S


def stands(value: float | None, interval: Interval, count: int, target: Target | None) -> str:
    """Return how a measured value stands to its target; outside only where the whole interval is."""
    if target is None:
        return NO_TARGET
    if value is None or interval is None or count < FEWEST:
        return TOO_FEW
    if target.low <= value <= target.high:
        return WITHIN
    is_sure = interval[1] < target.low or interval[0] > target.high
    return (BELOW if value < target.low else ABOVE) if is_sure else PERHAPS


def words_of(measure: str, standing: str) -> str:
    """Return what a person is told of a measure that stands so to its target."""
    rows = table("kerma_review/target_words")
    return next(row["words"] for row in rows if row["stands"] == standing and row["measure"] in (measure, "*"))


def retakes(industry: str) -> set[str]:
    """Return the decisions of an industry that refuse the images."""
    return {row["decision"] for row in table("kerma_review/retake") if row["industry"] == industry}


def _measured(measure: str, industry: str, reads: Sequence[Read], target: Target | None) -> dict[str, Any]:
    count, value, interval = _MEASURE[measure](industry, reads)
    standing = stands(value, interval, count, target)
    months: dict[str, list[Read]] = {}
    for one in sorted(reads, key=lambda read: read.decided_at):
        months.setdefault(one.decided_at.isoformat()[:_MONTH], []).append(one)
    by_month = [(month, _MEASURE[measure](industry, rows)) for month, rows in months.items()]
    return {
        "measure": measure,
        "label": LABELS[measure],
        "count": count,
        "value": value,
        "interval": interval,
        "low": target.low if target else None,
        "high": target.high if target else None,
        "stands": standing,
        "words": words_of(measure, standing),
        "months": [
            {"month": month, "count": found, "value": of_month, "interval": between}
            for month, (found, of_month, between) in by_month
            if of_month is not None
        ],
    }


def _pace(_: str, reads: Sequence[Read]) -> tuple[int, float | None, Interval]:
    hours = hours_read(reads)
    if not hours:
        return len(reads), None, None
    return len(reads), len(reads) / hours, pace.rate_interval(len(reads), hours)


def _retakes(industry: str, reads: Sequence[Read]) -> tuple[int, float | None, Interval]:
    codes = retakes(industry)
    if not codes or not reads:
        return len(reads), None, None
    refused = sum(one.decision in codes for one in reads)
    return len(reads), refused / len(reads), proportion.interval(refused, len(reads))


def _minutes(_: str, reads: Sequence[Read]) -> tuple[int, float | None, Interval]:
    known = [(one.decided_at - one.opened_at).total_seconds() / _MINUTE_S for one in reads if one.opened_at]
    if not known:
        return 0, None, None
    middle, interval = pace.median([min(one, LONGEST.total_seconds() / _MINUTE_S) for one in known])
    return len(known), middle, interval


_MEASURE: Mapping[str, Callable[[str, Sequence[Read]], tuple[int, float | None, Interval]]] = {
    PACE: _pace, RETAKES: _retakes, MINUTES: _minutes,
}  # fmt: skip

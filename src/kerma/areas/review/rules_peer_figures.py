"""What the reviews of a person's decisions come to: shares with their intervals, coefficients, months: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerma.science.observer import proportion
from kerma.science.observer.agreement import Agreement, cohen, gwet

FEWEST_REVIEWS = 30
"""Reviews below which nothing is told of a person: even if 29 of 29 agree, one in eight may not (95 % interval)."""
_MONTH = len("2026-01")


@dataclass(frozen=True)
class Reviewed:
    """One reviewed decision."""

    person: str
    decided_at: str
    decision: str
    conclusion: str
    was_blinded: bool
    """Whether the reviewer concluded before they saw the decision."""
    score: str
    agrees: bool
    is_significant: bool


def share(hits: int, trials: int) -> dict[str, Any]:
    """Return a share that was counted, with Clopper and Pearson's interval; both None of nothing."""
    value = hits / trials if trials else None
    interval = list(proportion.interval(hits, trials)) if trials else None
    return {"count": hits, "of": trials, "value": value, "interval": interval}


def figures(
    reviewed: Iterable[Reviewed], decided: Mapping[str, int], cases: Mapping[str, int], decisions: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the figures of every person who decided, by their key.

    Parameters
    ----------
    decided : decisions of the span by person
    cases : of these, those that were taken for review
    decisions : codes that the industry has
    """
    by_person: dict[str, list[Reviewed]] = {person: [] for person in sorted(decided)}
    for one in reviewed:
        by_person[one.person].append(one)
    return [
        {"person": person, "decisions": decided[person], "sampled": share(cases.get(person, 0), decided[person])}
        | _of_person(rows, decisions)
        for person, rows in by_person.items()
    ]


def _of_person(rows: Sequence[Reviewed], decisions: Sequence[str]) -> dict[str, Any]:
    scores = Counter(one.score for one in rows)
    blinded = [one for one in rows if one.was_blinded]
    return {
        "reviewed": len(rows),
        "is_too_few": len(rows) < FEWEST_REVIEWS,
        "agreement": share(sum(one.agrees for one in rows), len(rows)),
        "significant": share(sum(one.is_significant for one in rows), len(rows)),
        "scores": dict(sorted(scores.items())),
        "months": _months(rows),
        "blinded": len(blinded),
        "coefficients": [one.as_json() for one in coefficients(blinded, decisions)],
    }


def coefficients(rows: Sequence[Reviewed], decisions: Sequence[str]) -> list[Agreement]:
    """Return Cohen's kappa and Gwet's coefficient of decisions and conclusions; none of too few.

    Only conclusions that were made without the decision in sight: of the others, agreement proves nothing.
    """
    if len(rows) < FEWEST_REVIEWS:
        return []
    pairs = [(one.decision, one.conclusion) for one in rows]
    known = list(dict.fromkeys([*decisions, *(code for pair in pairs for code in pair)]))
    first, second = zip(*pairs, strict=True)
    return [cohen(first, second, known), gwet(pairs, known)]


def _months(rows: Sequence[Reviewed]) -> list[dict[str, Any]]:
    months: dict[str, list[bool]] = {}
    for one in sorted(rows, key=lambda row: row.decided_at):
        months.setdefault(one.decided_at[:_MONTH], []).append(one.agrees)
    return [{"month": month, "agreement": share(sum(agreed), len(agreed))} for month, agreed in months.items()]

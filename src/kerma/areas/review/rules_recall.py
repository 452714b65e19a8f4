"""Which exams a recall is for, and how far it has come: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kerma.areas.review.rules_lots import KINDS, MAX_LETTERS
from kerma.areas.review.rules_talk import checked
from kerma.errors import WrongUsage

MOST = 1000
"""Exams that one recall takes back at most."""


@dataclass(frozen=True)
class Lot:
    """All exams of a welder, lot or owner, in a range of days."""

    kind: str
    value: str
    since: str = ""
    """The first day (YYYY-MM-DD); empty: from the beginning."""
    until: str = ""
    """The last day; empty: until now."""


@dataclass(frozen=True)
class Progress:
    """How far a recall has come."""

    recalled: int
    read_again: int
    changed: int
    """Those read again that were decided otherwise than before."""


def checked_lot(lot: Lot) -> Lot:
    """Return a lot, once it is one and its days are in order.

    Raises
    ------
    WrongUsage
        The kind is none, the value is empty, or a day is none or the last one lies before the first.
    """
    if lot.kind not in KINDS:
        raise WrongUsage(f"'{lot.kind[:32]}' gathers no exams; there are {', '.join(KINDS)}")
    value = checked(lot.value, f"the {lot.kind}", MAX_LETTERS)
    for day in (lot.since, lot.until):
        _check_day(day)
    if lot.since and lot.until and lot.until < lot.since:
        raise WrongUsage(f"the last day, {lot.until}, lies before the first, {lot.since}")
    return Lot(lot.kind, value, lot.since, lot.until)


def progress(rows: Sequence[Mapping[str, Any]]) -> Progress:
    """Return how far a recall has come.

    Parameters
    ----------
    rows : its exams, each with ``decision_id`` and ``before`` as they were recalled, ``now_id`` and ``now`` as they are
        now, and ``awaits``, the stage at which somebody has still to decide
    """
    again = [row for row in rows if is_read_again(row)]
    return Progress(len(rows), len(again), sum(row["now"] != row["before"] for row in again))


def is_read_again(row: Mapping[str, Any]) -> bool:
    """Return whether an exam of a recall was decided anew, by everybody who has to."""
    return bool(row["now_id"] != row["decision_id"] and not row["awaits"])


def _check_day(day: str) -> None:
    if not day:
        return
    try:
        is_day = date.fromisoformat(day).isoformat() == day
    except ValueError:
        is_day = False
    if not is_day:
        raise WrongUsage(f"'{day[:32]}' is no day; write it as 2026-03-02")

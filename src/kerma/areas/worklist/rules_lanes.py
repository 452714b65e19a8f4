"""Lanes of a screening matrix: which machine is which lane, belt timers, what a decision means for the belt: pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerma.errors import WrongUsage
from kerma.standards import table

ACTS = "kerma_worklist/lane_acts"
REFER, STOP = AT_TIME_OUT = ("refer", "stop")
"""When the belt timer is over: software refers the exam, or the belt stops and a second timer runs."""
CLEAR, DIVERT, HOLD = DOES = ("clear", "divert", "hold")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MACHINE_LETTERS, POOL_LETTERS = 128, 64
LONGEST_RUNNING_S, LONGEST_STOPPED_S = 600, 3600
MEDIAN, NEARLY_ALL = 0.5, 0.95


@dataclass(frozen=True)
class Lane:
    """A lane as it is set; times in seconds, ``stopped_s`` 0 is without limit."""

    name: str
    machine: str
    pool: str
    running_s: int
    stopped_s: int
    at_time_out: str


def demand_lane(one: Lane) -> None:
    """Refuse a lane that cannot be.

    Raises
    ------
    WrongUsage
        A name, a time or a word; the message says which and why.
    """
    problems = [words for holds, words in _problems(one) if holds]
    if problems:
        raise WrongUsage("; ".join(problems))


def _problems(one: Lane) -> Iterable[tuple[bool, str]]:
    yield not NAME.fullmatch(one.name), "a lane is named in 1 to 64 letters, digits, dots, dashes: it is in an address"
    yield not 0 < len(one.machine.strip()) <= MACHINE_LETTERS, "say which machine the lane is: its station name"
    yield not is_pool(one.pool), f"a pool is named in 1 to {POOL_LETTERS} letters"
    yield not 1 <= one.running_s <= LONGEST_RUNNING_S, f"the belt timer is 1 to {LONGEST_RUNNING_S} seconds"
    yield not 0 <= one.stopped_s <= LONGEST_STOPPED_S, f"a stopped belt waits 0 to {LONGEST_STOPPED_S} seconds"
    yield one.at_time_out not in AT_TIME_OUT, f"at the time-out an exam is {' or '.join(AT_TIME_OUT)}"


def is_pool(pool: str) -> bool:
    """Return whether a word can name a pool."""
    return 0 < len(pool.strip()) <= POOL_LETTERS and pool.isprintable()


def is_token_of(token: str, lane: str) -> bool:
    """Return whether a token is a lane's own: the first word of its name is the lane, which has no space in its own."""
    return token.split(" ", 1)[0] == lane


def lane_of(machines: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the lane whose machine has one of these names, whatever the case; None where there is none.

    Parameters
    ----------
    machines : every name that the machine of an exam goes by
    rows : lanes in force
    """
    known = {one.strip().casefold() for one in machines} - {""}
    return next((row for row in rows if str(row["machine"]).strip().casefold() in known), None)


def decision_at_time_out(industry: str) -> str | None:
    """Return the decision that software takes when the time is over; None for an industry without lanes."""
    return next((row["decision"] for row in _acts(industry) if row["at_time_out"]), None)


def does_of(industry: str, decision: str) -> str:
    """Return what a lane does with an object by its decision; what the table does not know is diverted."""
    return next((row["lane_does"] for row in _acts(industry) if row["decision"] == decision), DIVERT)


def _acts(industry: str) -> list[Mapping[str, str]]:
    return [row for row in table(ACTS) if row["industry"] == industry]


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that at least a share of all do not exceed (nearest rank); None of no values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]

"""Which jobs there are: a name, a function, how often it may fail."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Function = TypeVar("Function", bound=Callable[..., None])

HEAVY, PROMPT = "jobs", "prompt"
"""The two lanes: what computes, and what somebody beyond this machine waits for. Neither waits behind the other."""
LANES = (HEAVY, PROMPT)

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 300.0


@dataclass(frozen=True)
class Job:
    """A named piece of work: ``function(kernel, **arguments)``, which may be run again and must then change nothing."""

    name: str
    function: Callable[..., None]
    attempts: int
    every_s: float | None = None
    """For a standing job: seconds between the end of a run and the next (see ``jobs_standing.py``)."""
    lane: str = HEAVY

    def wait_s(self, failures: int) -> float:
        """Return the seconds to wait after so many failures: 1, 4, 16, 64 ... up to five minutes."""
        return min(FIRST_WAIT_S * 4.0 ** max(0, failures - 1), LONGEST_WAIT_S)


JOBS: dict[str, Job] = {}
"""Every job by name, filled as the areas are imported."""


def lane_of(name: str) -> str:
    """Return the lane of a job by its name; one that this version does not know is told so in the first."""
    found = JOBS.get(name)
    return found.lane if found else HEAVY


def prompt_names() -> list[str]:
    """Return the names of the jobs that somebody waits for."""
    return [one.name for one in JOBS.values() if one.lane == PROMPT]


_wakers: weakref.WeakSet[threading.Event] = weakref.WeakSet()


def job(
    name: str, *, attempts: int = 5, every_s: float | None = None, lane: str = HEAVY
) -> Callable[[Function], Function]:
    """Declare a job; the function must be idempotent, because a killed process runs it again.

    With ``every_s`` it is a standing job: a runner asks for it by itself, and again after each run. ``lane`` is
    ``PROMPT`` for what tells or sends something to others: it waits for no analysis and gives way to no arrivals.
    """

    def declare(function: Function) -> Function:
        if name in JOBS:
            raise ValueError(f"job '{name}' is declared twice")
        JOBS[name] = Job(name, function, attempts, every_s, lane)
        return function

    return declare


def listen(waker: threading.Event) -> None:
    """Have an event set whenever this process requests a job."""
    _wakers.add(waker)


def wake() -> None:
    """Wake the runner of this process, so that a new request does not wait for the next look into the table."""
    for waker in list(_wakers):
        waker.set()

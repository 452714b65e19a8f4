"""Which jobs there are: a name, a function, how often it may fail."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Function = TypeVar("Function", bound=Callable[..., None])

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 300.0


@dataclass(frozen=True)
class Job:
    """A named piece of work: ``function(kernel, **arguments)``, which may be run again and must then change nothing."""

    name: str
    function: Callable[..., None]
    attempts: int

    def wait_s(self, failures: int) -> float:
        """Return the seconds to wait after so many failures: 1, 4, 16, 64 ... up to five minutes."""
        return min(FIRST_WAIT_S * 4.0 ** max(0, failures - 1), LONGEST_WAIT_S)


JOBS: dict[str, Job] = {}
"""Every job by name, filled as the areas are imported."""

_wakers: weakref.WeakSet[threading.Event] = weakref.WeakSet()


def job(name: str, *, attempts: int = 5) -> Callable[[Function], Function]:
    """Declare a job; the function must be idempotent, because a killed process runs it again."""

    def declare(function: Function) -> Function:
        if name in JOBS:
            raise ValueError(f"job '{name}' is declared twice")
        JOBS[name] = Job(name, function, attempts)
        return function

    return declare


def listen(waker: threading.Event) -> None:
    """Have an event set whenever this process requests a job."""
    _wakers.add(waker)


def wake() -> None:
    """Wake the runner of this process, so that a new request does not wait for the next look into the table."""
    for waker in list(_wakers):
        waker.set()

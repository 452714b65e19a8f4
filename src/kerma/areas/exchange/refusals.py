"""How many refusals of one address the ledger takes: a stranger who knocks all day must not fill it for ever.

Every refusal is answered and logged; of those beyond a number per minute the ledger's next record says how many.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

PER_MINUTE = 30
MINUTE_S = 60.0
MOST_ADDRESSES = 10_000


class Refusals:
    """Counts the refusals of each address in this process."""

    def __init__(self, clock_s: Callable[[], float] = monotonic) -> None:
        self._clock_s = clock_s
        self._turn = threading.Lock()
        self._minutes: dict[str, tuple[float, int]] = {}
        """Who (home and address): when its minute began, and how many refusals it had since."""

    def count(self, who: str) -> int | None:
        """Count one refusal; returns how many were left out since the last record, or None to leave this one out."""
        now_s = self._clock_s()
        with self._turn:
            began_s, number = self._minutes.get(who, (now_s, 0))
            left_out = max(0, number - PER_MINUTE)
            if now_s - began_s >= MINUTE_S:
                began_s, number = now_s, 0
            elif number < PER_MINUTE:
                left_out = 0
            if len(self._minutes) >= MOST_ADDRESSES:
                self._minutes.clear()
            self._minutes[who] = (began_s, number + 1)
            return left_out if number < PER_MINUTE else None

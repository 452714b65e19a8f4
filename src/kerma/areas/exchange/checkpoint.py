"""The place at which an association's own loop stands still while somebody else waits for a response.

pynetdicom tells by a flag that its loop is paused, but raises the flag before it looks whether it must pause: between
two requests in quick succession the loop can be let go, counted as paused, and take the response of the second. Who
waits for it then waits until the time-out.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

LOOK_S = 0.0001


class Checkpoint(threading.Event):
    """An event that knows whether the loop really stands at it, and lets nobody pass who was let go too late."""

    holds = False
    """Whether the loop stands here; it can go on only once the event is set and still set when it wakes."""

    def wait(self, timeout: float | None = None) -> bool:
        """Stand here until the event is set; with a time-out as any event."""
        if timeout is not None:
            return super().wait(timeout)
        while not self.is_set():
            self.holds = True
            super().wait()
            self.holds = False
        return True


@contextlib.contextmanager
def paused(association: Any) -> Iterator[None]:
    """Hold the loop of an association, so that it takes no response; it goes on afterwards."""
    checkpoint = association._reactor_checkpoint
    if not isinstance(checkpoint, Checkpoint):
        # The loop comes to the new one on its next round: nothing holds it at the one before.
        checkpoint = association._reactor_checkpoint = Checkpoint()
    checkpoint.clear()
    try:
        while not checkpoint.holds and association.is_alive():
            time.sleep(LOOK_S)
        yield
    finally:
        checkpoint.set()

"""The place at which an association's own loop stands still while somebody else waits for a response.

pynetdicom tells by a flag that its loop is paused, but lowers the flag only after it has gone on: between two requests
in quick succession the loop can be let go, be counted as paused still, and take the response of the second. Who waits
for it then waits until the time-out.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

LOOK_S = 0.0001


class Checkpoint:
    """An event whose loop goes on and is told to go on in one step: once cleared, a loop that is paused stays so."""

    def __init__(self, association: Any) -> None:
        self._association = association
        self._turn = threading.Condition()
        self._is_set = True
        self.reached = threading.Event()
        """Set once the loop has come here: it stands at no other event any more."""

    def is_set(self) -> bool:
        """Return whether the loop may go on."""
        return self._is_set

    def set(self) -> None:
        """Let the loop go on."""
        with self._turn:
            self._is_set = True
            self._turn.notify_all()

    def clear(self) -> None:
        """Let the loop stand still when it comes here next."""
        with self._turn:
            self._is_set = False

    def wait(self) -> None:
        """Stand here, as the loop, until it may go on."""
        with self._turn:
            self.reached.set()
            self._turn.wait_for(self.is_set)
            self._association._is_paused = False


def guard(association: Any) -> None:
    """Give an association a checkpoint whose flag can be trusted, for all that is sent on it from now on."""
    if isinstance(association._reactor_checkpoint, Checkpoint):
        return
    checkpoint = association._reactor_checkpoint = Checkpoint(association)
    while association.is_alive() and not checkpoint.reached.wait(LOOK_S):
        pass


@contextlib.contextmanager
def paused(association: Any) -> Iterator[None]:
    """Hold the loop of an association, so that it takes no response; it goes on afterwards."""
    guard(association)
    association._reactor_checkpoint.clear()
    try:
        while not association._is_paused and association.is_alive():
            time.sleep(LOOK_S)
        yield
    finally:
        association._reactor_checkpoint.set()

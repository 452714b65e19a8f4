"""While an association's loop is held, it does nothing, however quickly it is let go and held again."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from kerma.areas.exchange import checkpoint


class Loop(threading.Thread):
    """What pynetdicom's loop does at its checkpoint, and how often it has passed."""

    def __init__(self, late_s: float = 0.0) -> None:
        super().__init__(daemon=True)
        self.passed, self.ended, self._is_paused, self.late_s = 0, False, False, late_s
        self._reactor_checkpoint: Any = threading.Event()
        self._reactor_checkpoint.set()

    def run(self) -> None:
        while not self.ended:
            self._is_paused = True
            self._reactor_checkpoint.wait()
            if self.late_s:
                time.sleep(self.late_s)
            self._is_paused = False
            self.passed += 1


@pytest.fixture
def loop() -> Iterator[Loop]:
    """A loop on its way, on a machine whose threads take turns at any moment."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    made = Loop()
    made.start()
    yield made
    made.ended = True
    made.join(5)
    sys.setswitchinterval(before)
    assert not made.is_alive()


def moved_while_held(loop: Loop, times: int) -> int:
    """Ask as pynetdicom's own requests do, so many times; return how often the loop went on while it was held."""
    moved = 0
    for _ in range(times):
        loop._reactor_checkpoint.clear()
        while not loop._is_paused:
            time.sleep(0.0001)
        before = loop.passed
        time.sleep(3 * loop.late_s)
        moved += loop.passed != before
        loop._reactor_checkpoint.set()
    return moved


def test_the_library_s_own_requests_are_not_robbed_on_a_guarded_association() -> None:
    """On a busy machine the loop goes on late; at the library's own event it counts as paused until then."""
    loop = Loop(late_s=0.002)
    loop.start()
    assert moved_while_held(loop, 50) > 0, "the fault that is guarded against"
    checkpoint.guard(loop)
    assert moved_while_held(loop, 50) == 0
    loop.ended = True
    loop.join(5)
    assert not loop.is_alive()


def test_nothing_passes_while_it_is_held_and_it_goes_on_after(loop: Loop) -> None:
    for _ in range(500):
        with checkpoint.paused(loop):
            before = loop.passed
            for _ in range(20):
                assert loop.passed == before
    until = time.monotonic() + 20
    while loop.passed == before and time.monotonic() < until:
        time.sleep(0.001)
    assert loop.passed > before


def test_a_loop_that_has_ended_holds_nobody_up() -> None:
    made = Loop()
    with checkpoint.paused(made):
        pass
    assert made._reactor_checkpoint.is_set()


def test_an_error_while_it_is_held_lets_it_go(loop: Loop) -> None:
    with pytest.raises(ValueError, match="broken"), checkpoint.paused(loop):
        raise ValueError("broken")
    assert loop._reactor_checkpoint.is_set()

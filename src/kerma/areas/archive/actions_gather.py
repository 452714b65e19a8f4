"""Arrivals of many senders at once share transactions: one flush of the disk acknowledges all that wait for it."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from kerma.areas.archive.actions_index import Received, index
from kerma.areas.archive.actions_receive import receive
from kerma.areas.archive.model import Arrival, Stored
from kerma.kernel.action import Actor, Kernel

log = logging.getLogger(__name__)

GATHER_S = 0.006
"""How long a group waits at most for objects whose bytes are just being flushed: a transaction for four costs little
more than one for one."""
TOGETHER = 500
"""The most that share one transaction."""

_Waiting = tuple[Actor, Received, "Future[Stored]"]


class Gatherer:
    """Indexes what all doors of this process receive, in groups.

    Whoever has the lead indexes all that waits, its own and that of others: while it does, more comes to wait, and
    the next to lead takes that. :meth:`keep` leads in the caller's own thread, which saves two changes of thread for
    each object; :meth:`submit` leaves the lead to a thread of its own, which :meth:`close` ends.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._waiting: deque[_Waiting] = deque()
        self._lead = threading.Lock()
        self._turn = threading.Lock()
        self._settled = threading.Condition(self._turn)
        self._flushing = 0
        self._wakes = threading.Event()
        self._is_open = True
        self._thread = threading.Thread(target=self._run, name="kerma-index", daemon=True)
        self._thread.start()

    def keep(self, actor: Actor, arrival: Arrival | Received) -> Stored:
        """Make an arrival durable, with whatever else is ready; raises as ``actions.ingest`` does.

        When this returns, bytes, index and ledger record survive a power cut.
        """
        future: Future[Stored] = Future()
        received = arrival if isinstance(arrival, Received) else self._receive(actor, arrival)
        self._waiting.append((actor, received, future))
        while not future.done():
            with self._lead:
                if not future.done():
                    self._await_others()
                    self._index(self._take())
        return future.result()

    def submit(self, actor: Actor, arrival: Arrival | Received) -> Future[Stored]:
        """Make the bytes of an arrival durable, here and now, and have them indexed with whatever else is ready.

        The future ends with what became of the arrival, once bytes, index and ledger record survive a power cut; or
        with the error that a call of ``actions.ingest`` would raise.
        """
        future: Future[Stored] = Future()
        try:
            received = arrival if isinstance(arrival, Received) else self._receive(actor, arrival)
        except Exception as error:
            future.set_exception(error)
        else:
            self._waiting.append((actor, received, future))
        self._wakes.set()
        return future

    def close(self) -> None:
        """Index what waits, then end."""
        self._is_open = False
        self._wakes.set()
        self._thread.join()

    def _receive(self, actor: Actor, arrival: Arrival) -> Received:
        with self._turn:
            self._flushing += 1
        try:
            return receive(self._kernel, actor, arrival)
        finally:
            with self._settled:
                self._flushing -= 1
                if not self._flushing:
                    self._settled.notify()

    def _run(self) -> None:
        while self._is_open or self._waiting:
            self._wakes.wait()
            self._wakes.clear()
            self._await_others()
            while self._waiting:
                with self._lead:
                    self._index(self._take())
        self._wakes.set()

    def _await_others(self) -> None:
        """Wait a little for others, while their bytes are on the way to the disk."""
        if self._flushing:
            with self._settled:
                self._settled.wait_for(lambda: not self._flushing, GATHER_S)

    def _take(self) -> list[_Waiting]:
        """Take what waits; only who has the lead may."""
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), TOGETHER))]

    def _index(self, group: list[_Waiting]) -> None:
        if not group:
            return
        try:
            results = index.group(
                self._kernel, [actor for actor, _, _ in group], [{"received": received} for _, received, _ in group]
            )
        except Exception as error:
            log.warning("a group of %d arrivals could not be indexed: %s", len(group), type(error).__name__)
            for _, _, future in group:
                future.set_exception(error)
            return
        for (_, _, future), result in zip(group, results, strict=True):
            answer: Callable[..., None] = future.set_exception if isinstance(result, Exception) else future.set_result
            answer(result)

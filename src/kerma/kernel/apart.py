"""Heavy pure functions, run apart: in processes of their own and at low priority.

Arrivals and readers come first: an analysis of many images neither holds the interpreter of the web door nor takes the
processor from the DICOM network door. Only functions of values run here; whatever holds a lock of the database stays
where it is, since a process of low priority that holds one would make everybody wait.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from kerma.errors import Conflict

log = logging.getLogger(__name__)

R = TypeVar("R")

LOW_PRIORITY = 10
PARENT_LOOKED_AT_S = 1.0


class _Processes:
    """The processes of one server or worker; broken ones (killed, out of memory) are replaced."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._turn = threading.Lock()
        self._is_ended = False
        self._executor = self._begin()

    def run(self, function: Callable[..., R], *arguments: object) -> R:
        executor = self._executor
        try:
            return executor.submit(function, *arguments).result()
        except BrokenProcessPool as error:
            self._replace(executor)
            raise Conflict(f"the process that ran {function.__name__} was ended from outside; try again") from error

    def end(self) -> None:
        with self._turn:  # work that breaks now is given up, not begun again in a process nobody waits for
            self._is_ended = True
        self._executor.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():  # else the end of this process waits for what they do
            process.terminate()

    def _begin(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        executor = ProcessPoolExecutor(self._count, context, initializer=_begin_process, initargs=(os.getpid(),))
        for _ in range(self._count):
            executor.submit(_warm)
        return executor

    def _replace(self, broken: Executor) -> None:
        with self._turn:
            if self._executor is broken and not self._is_ended:
                log.error("a process for heavy work was ended from outside; starting it again")
                self._executor = self._begin()


_processes: _Processes | None = None


@contextlib.contextmanager
def processes(count: int) -> Iterator[None]:
    """Have :func:`run` work in so many processes of low priority while the block runs."""
    global _processes
    _processes = _Processes(count)
    try:
        yield
    finally:
        ended, _processes = _processes, None
        ended.end()


def run(function: Callable[..., R], *arguments: object) -> R:
    """Run a pure function apart where there are processes for it, else here; its errors are raised here.

    Function, arguments and result go through pickle.

    Raises
    ------
    Conflict
        The process was killed, for instance for lack of memory; the work may be tried again.
    """
    there = _processes
    return function(*arguments) if there is None else there.run(function, *arguments)


def _begin_process(parent: int) -> None:
    """Make this process a polite one that leaves the end to its parent, and ends when that is dead."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(LOW_PRIORITY)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_LOOKED_AT_S)
    os._exit(1)


def _warm() -> None:
    """Load what most heavy work needs, so that the first exam does not wait for it."""
    import kerma.science.analysis  # noqa: F401

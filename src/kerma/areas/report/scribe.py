"""Structured reports written in a process beside, while this one draws pictures and lays out pages.

Loading pydicom and writing a long report take a second of one core; on two cores they cost nothing.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from types import TracebackType
from typing import Any


class Scribe:
    """One process that writes structured reports; started at once, so that it is ready when the first is due."""

    def __init__(self) -> None:
        # Spawned, not forked: threads of this process (the progress display) must not be copied in mid-step.
        self._pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"), initializer=_settle)
        self._ready = self._pool.submit(_load)

    def __enter__(self) -> Scribe:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def begin(self, *arguments: Any, **options: Any) -> Callable[[], bytes]:
        """Begin a structured report (arguments of ``structured_report.write``); call the result to have its bytes."""
        pending = self._submitted(arguments, options)

        def finish() -> bytes:
            try:
                if pending is not None:
                    return pending.result()
            except BrokenProcessPool:
                pass  # the process beside was ended from outside: what it would have written is written here
            return _write(arguments, options)

        return finish

    def _submitted(self, arguments: tuple[Any, ...], options: dict[str, Any]) -> Future[bytes] | None:
        try:
            return self._pool.submit(_write, arguments, options)
        except BrokenProcessPool:
            return None


def _settle() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C ends the one who started us, and with it this process


def _load() -> None:
    from kerma.formats import structured_report

    structured_report.load()


def _write(arguments: tuple[Any, ...], options: dict[str, Any]) -> bytes:
    from kerma.formats import structured_report

    gc.disable()  # a report is a hundred thousand small objects that all live until it is written
    try:
        return structured_report.write(*arguments, **options)
    finally:
        gc.enable()

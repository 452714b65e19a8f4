"""Rows of a picture shared among the processor's cores: the same bands on every machine, so the same bytes.

Threads rather than numba's own parallel loops: those stop a process that forks, or that renders in two threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

BAND_ROWS = 16


def over_rows(rows: int, work: Callable[[tuple[int, int]], None], *, band_rows: int = BAND_ROWS) -> None:
    """Call ``work`` for bands of rows (first, last + 1), on as many threads as there are cores for this process.

    ``OMP_NUM_THREADS`` says how many cores this process may take at most, as it does for other libraries.
    """
    bands = [(first, min(first + band_rows, rows)) for first in range(0, rows, band_rows)]
    if min(_cores(), len(bands)) <= 1:
        for band in bands:
            work(band)
        return
    with ThreadPoolExecutor(min(_cores(), len(bands))) as pool:
        for _ in pool.map(work, bands):
            pass


def _cores() -> int:
    """Return how many cores this process may use."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(there, int(asked)) if asked.isdigit() and int(asked) > 0 else there

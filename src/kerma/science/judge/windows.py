"""The worst window along a weld, exactly and with no grid.

The sum inside a sliding window is piecewise linear in the window's position, so its largest value is reached where
an end of the window meets an end of a finding; only those positions are tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.judge.places import Placed, ids_of, strips

TOUCH_MM = 1e-9
"""Lengths nearer than this are the same: it absorbs the rounding of sums and differences."""


@dataclass(frozen=True)
class Worst:
    """The window that holds most: its sum, where it starts (None without a place), and the findings in it."""

    total: float
    start_mm: float | None
    ids: tuple[str, ...]


NOTHING = Worst(0.0, 0.0, ())


def worst_window(placed: Sequence[Placed], window_mm: float) -> Worst:
    """Return the window of length ``window_mm`` with the largest sum of values.

    A finding cut by the end of the window counts with the share of its extent inside; one without extent counts
    whole when it lies in the window or on its end. Of equally bad windows one that starts with a finding is returned.
    """
    found = [_worst_sum(strip, window_mm) for strip in strips(placed)]
    alone = [(item.value * min(1.0, window_mm / max(item.extent_mm, window_mm)), item) for item in placed
             if item.strip is None]  # fmt: skip
    if alone:
        total, item = max(alone, key=lambda one: one[0])
        found.append(Worst(total, None, item.ids))
    return max(found, key=lambda worst: worst.total, default=NOTHING)


def worst_count(placed: Sequence[Placed], window_mm: float) -> Worst:
    """Return the window of length ``window_mm`` that touches most findings; a part of a finding is a finding."""
    found = [_worst_number(strip, window_mm) for strip in strips(placed)]
    found += [Worst(1.0, None, item.ids) for item in placed if item.strip is None][:1]
    return max(found, key=lambda worst: worst.total, default=NOTHING)


def _worst_sum(placed: Sequence[Placed], window_mm: float) -> Worst:
    first = np.unique([item.start_mm for item in placed])
    ends = np.unique([item.end_mm for item in placed])
    starts = np.concatenate([first, ends - window_mm, ends, first - window_mm])
    totals = _sum_up_to(placed, starts + window_mm, inclusive=True) - _sum_up_to(placed, starts, inclusive=False)
    best = int(np.argmax(totals > totals.max() - TOUCH_MM))
    start = float(starts[best])
    inside = ids_of(item for item in placed if _overlaps(item, start, start + window_mm))
    return Worst(float(totals[best]), start, inside)


def _worst_number(placed: Sequence[Placed], window_mm: float) -> Worst:
    starts, ends = np.array([[item.start_mm, item.end_mm] for item in placed]).T
    tried = np.sort(ends)
    begun = np.searchsorted(np.sort(starts), tried + window_mm + TOUCH_MM, side="right")
    counts = begun - np.searchsorted(tried, tried - TOUCH_MM, side="left")
    best = int(np.argmax(counts))
    start = float(tried[best])
    touched = (starts <= start + window_mm + TOUCH_MM) & (ends >= start - TOUCH_MM)
    inside = [placed[int(index)] for index in np.flatnonzero(touched)]
    return Worst(float(counts[best]), min(item.start_mm for item in inside), ids_of(inside))


def _sum_up_to(placed: Sequence[Placed], positions: NDArray[np.float64], *, inclusive: bool) -> NDArray[np.float64]:
    """Return at each position the summed values that lie before it (points on it only when ``inclusive``)."""
    total = np.zeros_like(positions)
    long = [item for item in placed if item.extent_mm > TOUCH_MM]
    points = sorted((item.start_mm, item.value) for item in placed if item.extent_mm <= TOUCH_MM)
    if long:
        start, end, value = np.array([[item.start_mm, item.end_mm, item.value] for item in long]).T
        edges = np.concatenate([start, end])
        slopes = np.concatenate([value / (end - start), -value / (end - start)])
        order = np.argsort(edges, kind="stable")
        edges, slopes = edges[order], np.cumsum(slopes[order])
        sums = np.concatenate([[0.0], np.cumsum(slopes[:-1] * np.diff(edges))])
        total += np.interp(positions, edges, sums)
    if points:
        places, values = np.array(points).T
        shifted = positions + (TOUCH_MM if inclusive else -TOUCH_MM)
        total += np.concatenate([[0.0], np.cumsum(values)])[np.searchsorted(places, shifted, side="right")]
    return total


def _overlaps(item: Placed, start_mm: float, end_mm: float) -> bool:
    if item.extent_mm <= TOUCH_MM:
        return start_mm - TOUCH_MM <= item.start_mm <= end_mm + TOUCH_MM
    return item.start_mm < end_mm - TOUCH_MM and item.end_mm > start_mm + TOUCH_MM

"""Where findings lie along a weld: worst windows and groups, exactly and with no grid.

The sum inside a sliding window is piecewise linear in the window's position, so its largest value is reached where
an end of the window meets an end of a finding; only those positions are tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TOUCH_MM = 1e-9
"""Lengths nearer than this are the same: it absorbs the rounding of sums and differences."""


@dataclass(frozen=True)
class Placed:
    """A finding laid along the weld: from where to where (mm), also across it, and the value a rule counts."""

    id: str
    start_mm: float
    end_mm: float
    value: float
    top_mm: float = 0.0
    bottom_mm: float = 0.0


@dataclass(frozen=True)
class Worst:
    """The window that holds most: its sum, where it starts, and the findings in it."""

    total: float
    start_mm: float
    ids: tuple[str, ...]


def worst_window(placed: Sequence[Placed], window_mm: float) -> Worst:
    """Return the window of length ``window_mm`` with the largest sum of values.

    A finding cut by the end of the window counts with the share of its extent inside; one without extent counts
    whole when it lies in the window or on its end. Of equally bad windows one that starts with a finding is returned.
    """
    if not placed:
        return Worst(0.0, 0.0, ())
    first = np.unique([item.start_mm for item in placed])
    ends = np.unique([item.end_mm for item in placed])
    starts = np.concatenate([first, ends - window_mm, ends, first - window_mm])
    totals = _sum_up_to(placed, starts + window_mm, inclusive=True) - _sum_up_to(placed, starts, inclusive=False)
    best = int(np.argmax(totals > totals.max() - TOUCH_MM))
    start = float(starts[best])
    inside = tuple(item.id for item in placed if _overlaps(item, start, start + window_mm))
    return Worst(float(totals[best]), start, inside)


def _sum_up_to(placed: Sequence[Placed], positions: NDArray[np.float64], *, inclusive: bool) -> NDArray[np.float64]:
    """Return at each position the summed values that lie before it (points on it only when ``inclusive``)."""
    total = np.zeros_like(positions)
    long = [item for item in placed if item.end_mm - item.start_mm > TOUCH_MM]
    points = sorted((item.start_mm, item.value) for item in placed if item.end_mm - item.start_mm <= TOUCH_MM)
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
    if item.end_mm - item.start_mm <= TOUCH_MM:
        return start_mm - TOUCH_MM <= item.start_mm <= end_mm + TOUCH_MM
    return item.start_mm < end_mm - TOUCH_MM and item.end_mm > start_mm + TOUCH_MM


def gaps_mm(placed: Sequence[Placed]) -> NDArray[np.float64]:
    """Return the distance between every two findings' boxes in mm, shape (finding, finding)."""
    start, end, top, bottom = np.array([[i.start_mm, i.end_mm, i.top_mm, i.bottom_mm] for i in placed]).reshape(-1, 4).T
    along = np.maximum(0.0, np.maximum(start[:, None] - end[None, :], start[None, :] - end[:, None]))
    across = np.maximum(0.0, np.maximum(top[:, None] - bottom[None, :], top[None, :] - bottom[:, None]))
    gaps: NDArray[np.float64] = np.hypot(along, across)
    return gaps


def groups(placed: Sequence[Placed], factor: float, reference: str) -> list[list[Placed]]:
    """Group findings nearer to each other than ``factor`` times the largest value.

    ``reference`` *pair*: the larger of the two findings; *group*: the largest of the two groups they belong to,
    until nothing more joins. Adding a finding can only make groups larger, never break one.
    """
    names = np.arange(len(placed))
    if not len(placed):
        return []
    gaps = gaps_mm(placed)
    sizes = np.array([item.value for item in placed])
    while True:
        near = gaps < factor * np.maximum(sizes[:, None], sizes[None, :]) - TOUCH_MM
        joined = _join(near)
        if reference != "group" or np.array_equal(joined, names):
            break
        names = joined
        largest = np.array([sizes[names == name].max() for name in names])
        sizes = largest
    return [[placed[int(index)] for index in np.flatnonzero(joined == name)] for name in np.unique(joined)]


def _join(near: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return for each finding the lowest index it is connected to."""
    names = np.full(len(near), -1, dtype=np.intp)
    for first in range(len(near)):
        if names[first] >= 0:
            continue
        names[first] = first
        waiting = [first]
        while waiting:
            neighbours = np.flatnonzero(near[waiting.pop()] & (names < 0))
            names[neighbours] = first
            waiting.extend(int(index) for index in neighbours)
    return names


def on_one_line(placed: Sequence[Placed], minimum: int) -> list[list[Placed]]:
    """Return the largest sets of at least ``minimum`` findings that one line along the weld touches."""
    sets: dict[tuple[str, ...], list[Placed]] = {}
    for line in sorted({item.top_mm for item in placed} | {item.bottom_mm for item in placed}):
        touched = [i for i in placed if i.top_mm - TOUCH_MM <= line <= i.bottom_mm + TOUCH_MM]
        if len(touched) >= minimum:
            sets.setdefault(tuple(item.id for item in touched), touched)
    return list(sets.values())

"""Findings that are near to one another: pairs, the nearest neighbours, groups, and what one line touches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kerma.science.judge.places import Placed, strips
from kerma.science.judge.windows import TOUCH_MM

Numbers = NDArray[np.intp]
Lengths = NDArray[np.float64]
MOST_AT_ONCE = 1_000_000
"""Pairs held in memory at a time."""


def near_pairs(placed: Sequence[Placed], reach_mm: Lengths) -> Iterator[tuple[Numbers, Numbers, Lengths]]:
    """Yield in blocks the pairs whose gap is less than the reach of one of the two: numbers and gaps in mm.

    A pair may come twice, once from each side. Boxes are laid out in order along the weld, so that only neighbours
    within reach are compared.
    """
    number_of = {id(item): number for number, item in enumerate(placed)}
    for strip in strips(placed):
        numbers = np.array([number_of[id(item)] for item in strip], dtype=np.intp)
        order = np.argsort([item.start_mm for item in strip], kind="stable")
        numbers = numbers[order]
        yield from _pairs_in_order([strip[int(n)] for n in order], numbers, reach_mm[numbers])


def _pairs_in_order(
    items: Sequence[Placed], numbers: Numbers, reach: Lengths
) -> Iterator[tuple[Numbers, Numbers, Lengths]]:
    edges = np.array([[i.start_mm, i.end_mm, i.top_mm, i.bottom_mm] for i in items]).T
    start, end = edges[0], edges[1]
    first = np.searchsorted(np.maximum.accumulate(end), start - reach - TOUCH_MM)
    last = np.searchsorted(start, end + reach + TOUCH_MM, side="right")
    counts = np.maximum(last - first, 0)
    block = np.cumsum(counts) // MOST_AT_ONCE
    for rows in np.split(np.arange(len(items)), np.flatnonzero(np.diff(block)) + 1):
        here = counts[rows]
        one = np.repeat(rows, here)
        before = np.repeat(np.cumsum(here) - here, here)
        other = np.arange(len(one)) - before + np.repeat(first[rows], here)
        gaps = _gaps(edges, one, other)
        kept = (one != other) & (gaps < reach[one] - TOUCH_MM)
        yield numbers[one[kept]], numbers[other[kept]], gaps[kept]


def _gaps(edges: Lengths, one: Numbers, other: Numbers) -> Lengths:
    start, end, top, bottom = edges
    along = np.maximum(0.0, np.maximum(start[one] - end[other], start[other] - end[one]))
    across = np.maximum(0.0, np.maximum(top[one] - bottom[other], top[other] - bottom[one]))
    gaps: Lengths = np.hypot(along, across)
    return gaps


def smallest_gap_mm(placed: Sequence[Placed]) -> tuple[float, tuple[Placed, ...]]:
    """Return the least distance between any two findings and the two; infinite where no two can be compared."""
    best: float = math.inf
    pair: tuple[Placed, ...] = ()
    for strip in strips(placed):
        ordered = sorted(strip, key=lambda item: item.start_mm)
        neighbours = zip(ordered, ordered[1:], strict=False)
        bound = min((_gap(one, other) for one, other in neighbours), default=math.inf)
        if math.isinf(bound):
            continue
        for one, other, gaps in near_pairs(strip, np.full(len(strip), bound + 3 * TOUCH_MM)):
            if len(gaps) and gaps.min() < best:
                nearest = int(np.argmin(gaps))
                best, pair = float(gaps[nearest]), (strip[int(one[nearest])], strip[int(other[nearest])])
    return best, pair


def _gap(one: Placed, other: Placed) -> float:
    along = max(0.0, one.start_mm - other.end_mm, other.start_mm - one.end_mm)
    return math.hypot(along, max(0.0, one.top_mm - other.bottom_mm, other.top_mm - one.bottom_mm))


def connected(
    placed: Sequence[Placed], factor: float, sizes: Lengths, of: Literal["smaller", "larger"] = "larger"
) -> Numbers:
    """Return for each finding the lowest number of those it hangs together with.

    Two are near when their gap is less than ``factor`` times the smaller or larger of their sizes.
    """
    names = np.arange(len(placed), dtype=np.intp)
    for one, other, gaps in near_pairs(placed, factor * sizes):
        if of == "smaller":
            kept = gaps < factor * np.minimum(sizes[one], sizes[other]) - TOUCH_MM
            one, other = one[kept], other[kept]
        names = _joined(names, one, other)
    return names


def _joined(names: Numbers, one: Numbers, other: Numbers) -> Numbers:
    """Hang the roots of joined findings below the lowest, until every pair has one name."""
    while True:
        first, second = names[one], names[other]
        if np.array_equal(first, second):
            return names
        np.minimum.at(names, np.maximum(first, second), np.minimum(first, second))
        while not np.array_equal(names, names[names]):
            names = names[names]


def groups(placed: Sequence[Placed], factor: float, reference: str) -> list[list[Placed]]:
    """Group findings nearer to each other than ``factor`` times the largest value.

    ``reference`` *pair*: the larger of the two findings; *group*: the largest of the two groups they belong to,
    until nothing more joins. An infinite factor makes one group of each strip. Adding a finding can only make groups
    larger, never break one.
    """
    if not placed:
        return []
    if math.isinf(factor):
        return [*strips(placed), *([item] for item in placed if item.strip is None)]
    sizes = np.array([item.value for item in placed])
    names = connected(placed, factor, sizes)
    while reference == "group":
        largest = sizes.copy()
        np.maximum.at(largest, names, sizes)
        again = connected(placed, factor, largest[names])
        if np.array_equal(again, names):
            break
        names = again
    return [[placed[number] for number in numbers] for numbers in by_name(names)]


def by_name(names: Numbers) -> list[list[int]]:
    """Return the numbers of each name, in the order of the names."""
    found: dict[int, list[int]] = {}
    for number, name in enumerate(names.tolist()):
        found.setdefault(name, []).append(number)
    return [found[name] for name in sorted(found)]


def on_one_line(placed: Sequence[Placed], minimum: int) -> Iterator[list[Placed]]:
    """Yield the largest sets of at least ``minimum`` findings of one strip that one line along the weld touches.

    A line can always be moved down until it meets the top of a finding without losing one it touches. Of each strip
    the sets whose values sum to most come first.
    """
    for strip in strips(placed):
        top, bottom, values = np.array([[item.top_mm, item.bottom_mm, item.value] for item in strip]).T
        lines = np.unique(top)
        ends = np.searchsorted(np.sort(bottom), lines - TOUCH_MM, side="left")
        lines = lines[np.append(np.diff(ends) > 0, True)]
        sums = [values[_touched(line, top, bottom)].sum() for line in lines]
        for line in lines[np.argsort(sums)[::-1]]:
            touched = np.flatnonzero(_touched(line, top, bottom))
            if len(touched) >= minimum:
                yield [strip[number] for number in touched.tolist()]


def _touched(line: float, top: Lengths, bottom: Lengths) -> NDArray[np.bool_]:
    return (top <= line + TOUCH_MM) & (bottom >= line - TOUCH_MM)

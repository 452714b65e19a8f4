"""What a person has drawn and measured on an image: its lines in image pixels, and its values in words. Pure.

Points are (row, column); the middle of the first pixel is 0.5, 0.5.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerma.science.units import unit_of

Point = tuple[float, float]
Span = tuple[int, int]
ELLIPSE_CORNERS = 72
BARB_SHARE, BARB_RAD = 0.12, 0.42
"""Length of an arrow's barbs as a share of the arrow, and the angle between barb and shaft."""
DIGITS = 4
"""Significant digits of a value without uncertainty."""
STEMS = ("length", "angle", "area", "value", "thickness")
"""What stands beside a mark: the first of these that it tells."""


@dataclass(frozen=True)
class Stroke:
    """One line of a mark; a single point is a place without a line."""

    points: tuple[Point, ...]
    is_closed: bool = False


def strokes(mark: Mapping[str, Any]) -> list[Stroke]:
    """Return the lines of a mark.

    Parameters
    ----------
    mark : ``shape``, ``points`` (row, column), and of a brushed area ``runs`` (row, first column, length)
    """
    shape = mark["shape"]
    points = tuple((float(row), float(column)) for row, column in mark.get("points") or ())
    if shape == "brush":
        return [Stroke(loop, is_closed=True) for loop in _loops(mark.get("runs") or ())]
    if shape == "rectangle":
        (top, left), (bottom, right) = points
        return [Stroke(((top, left), (top, right), (bottom, right), (bottom, left)), is_closed=True)]
    if shape == "ellipse":
        return [Stroke(_around(*points), is_closed=True)]
    if shape == "arrow":
        return [Stroke((points[1], points[0])), *_barbs(*points)]
    return [Stroke(points, is_closed=shape == "polygon")]


def axis_ends(one: Point, other: Point) -> tuple[Point, Point, Point, Point]:
    """Return the ends of the longer, then those of the shorter axis of an ellipse between two corners."""
    (top, bottom), (left, right) = (sorted((one[axis], other[axis])) for axis in (0, 1))
    row, column = (top + bottom) / 2, (left + right) / 2
    across, down = ((row, left), (row, right)), ((top, column), (bottom, column))
    return (*across, *down) if right - left >= bottom - top else (*down, *across)


def worded(value: Mapping[str, Any]) -> tuple[str, str]:
    """Return a value as it is written, and its unit; of something found that is no number, its word.

    Parameters
    ----------
    value : ``name`` ending in its unit, ``value``, ``uncertainty`` (standard, k = 1) and ``word``
    """
    number, uncertainty = value.get("value"), value.get("uncertainty")
    if number is None:
        return str(value.get("word") or ""), ""
    # what the file's own unit is stands beside the image
    unit = "" if value["name"].endswith(("_stored", "_rescaled")) else unit_of(value["name"]).shown
    if uncertainty:
        decimals = max(0, 1 - math.floor(math.log10(abs(uncertainty))))
        return f"{number:.{decimals}f} ± {uncertainty:.{decimals}f}", unit
    if unit == "°":
        return f"{number:.1f}", unit
    if float(number).is_integer():
        return f"{number:.0f}", unit
    decimals = max(0, DIGITS - 1 - math.floor(math.log10(abs(number))))
    return f"{number:.{decimals}f}" if decimals < 9 else f"{number:.{DIGITS - 1}e}", unit


def shown_values(mark: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the values that stand beside a mark: at most two; the others stand in lists only."""
    told = [one for one in mark.get("values") or () if one.get("value") is not None or one.get("word")]
    if mark.get("measurement"):
        return told[:1]
    named = [one for stem in STEMS for one in told if one["name"] == stem or one["name"].startswith(f"{stem}_")]
    if mark["shape"] in ("rectangle", "ellipse"):
        named = [one for one in named if one["name"].startswith("area")]
    return named[: 2 if mark["shape"] == "point" else 1]


def label(mark: Mapping[str, Any]) -> str:
    """Return the words beside a mark: what was written, or its value with unit; "not measured" where it has none."""
    if mark["shape"] in ("text", "arrow"):
        return str(mark.get("text") or "")
    values = " · ".join(_with_unit(*worded(one)) for one in shown_values(mark))
    return values or "not measured"


def _with_unit(written: str, unit: str) -> str:
    return written + (unit if unit == "°" else f" {unit}" if unit else "")


def _around(one: Point, other: Point) -> tuple[Point, ...]:
    row, column = (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
    down, across = abs(other[0] - one[0]) / 2, abs(other[1] - one[1]) / 2
    turns = (2 * math.pi * step / ELLIPSE_CORNERS for step in range(ELLIPSE_CORNERS))
    return tuple((row + down * math.sin(turn), column + across * math.cos(turn)) for turn in turns)


def _barbs(tip: Point, tail: Point) -> Iterator[Stroke]:
    length = math.dist(tip, tail) * BARB_SHARE
    heading = math.atan2(tip[0] - tail[0], tip[1] - tail[1])
    for turn in (BARB_RAD, -BARB_RAD):
        end = tip[0] - length * math.sin(heading + turn), tip[1] - length * math.cos(heading + turn)
        yield Stroke((tip, end))


def _loops(runs: Sequence[Sequence[int]]) -> Iterator[tuple[Point, ...]]:
    """Yield the outlines of a brushed area along the edges of its pixels, holes too."""
    rows: dict[int, list[Span]] = defaultdict(list)
    for row, column, length in runs:
        spans = rows[row]
        if spans and spans[-1][1] == column:
            spans[-1] = (spans[-1][0], column + length)
        else:
            spans.append((column, column + length))
    onward: dict[Span, list[Span]] = defaultdict(list)
    for start, end in _edges(rows):
        onward[start].append(end)
    while onward:
        here = first = next(iter(onward))
        loop = [first]
        while True:
            ends = onward[here]
            here = ends.pop()
            if not ends:
                del onward[loop[-1]]
            if here == first:
                break
            loop.append(here)
        yield tuple((float(row), float(column)) for row, column in loop)


def _edges(rows: Mapping[int, Sequence[Span]]) -> Iterator[tuple[Span, Span]]:
    """Yield the edges of an area, each from its start to its end with the area on its right."""
    for row, spans in rows.items():
        for left, right in spans:
            yield (row + 1, left), (row, left)
            yield (row, right), (row + 1, right)
        for left, right in _without(spans, rows.get(row - 1, ())):
            yield (row, left), (row, right)
        for left, right in _without(spans, rows.get(row + 1, ())):
            yield (row + 1, right), (row + 1, left)


def _without(spans: Sequence[Span], others: Sequence[Span]) -> Iterator[Span]:
    """Yield the parts of spans that no other span covers."""
    for left, right in spans:
        at = left
        for low, high in others:
            if high <= at or low >= right:
                continue
            if low > at:
                yield at, low
            at = max(at, high)
        if at < right:
            yield at, right

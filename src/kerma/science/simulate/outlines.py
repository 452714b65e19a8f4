"""Outlines of extruded bodies: simple polygons, anticlockwise, and the outline of a thin sheet along a line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.simulate.document import Sheet

Outline = NDArray[np.float64]
SHARPEST = 4.0
"""A mitre reaches at most this many half openings from its corner."""
PIECES = 24
"""A tapered sheet is drawn with at least this many pieces."""


def simple(points_mm: Sequence[tuple[float, float]]) -> Outline:
    """Return a polygon as an array (point, [x, y]) in anticlockwise order, without repeated points.

    Raises
    ------
    WrongUsage
        Fewer than three points, no area, or sides that cross.
    """
    points: Outline = np.asarray(points_mm, dtype=np.float64)
    if points.ndim != 2 or points.shape[1:] != (2,) or not np.isfinite(points).all():
        raise WrongUsage("an outline is a list of points x, y in mm")
    keep = (points != np.roll(points, 1, axis=0)).any(axis=1)
    points = np.asarray(points[keep])
    area = signed_area(points) if len(points) >= 3 else 0.0
    if area == 0.0:
        raise WrongUsage(f"an outline of {len(points)} different points encloses no area")
    points = points if area > 0 else points[::-1].copy()
    crossing = first_crossing(points)
    if crossing:
        raise WrongUsage(f"sides {crossing[0]} and {crossing[1]} of the outline cross; an outline must be simple")
    return points


def signed_area(points: Outline) -> float:
    """Return the area of a polygon, positive when it runs anticlockwise."""
    x, y = points.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2.0)


def first_crossing(points: Outline) -> tuple[int, int] | None:
    """Return the numbers of two sides that cross, or None."""
    ends = np.roll(points, -1, axis=0)
    count = len(points)
    for number in range(count - 2):
        others = np.arange(number + 2, count - (number == 0))
        a, b, c, d = points[number], ends[number], points[others], ends[others]
        apart = _side(a, b, c) * _side(a, b, d) < 0
        crossed = apart & (_side(c, d, a) * _side(c, d, b) < 0)
        if crossed.any():
            return number, int(others[np.flatnonzero(crossed)[0]])
    return None


def _side(a: Outline, b: Outline, c: Outline) -> Outline:
    """Return on which side of the line through a and b the point c lies: the sign of the cross product."""
    along, to = b - a, c - a
    return np.asarray(along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0])


def narrowest(points_mm: Sequence[tuple[float, float]]) -> float:
    """Return about how thin a polygon is: twice its area over its outline's length."""
    points = simple(points_mm)
    sides = points - np.roll(points, 1, axis=0)
    return 2.0 * signed_area(points) / float(np.sqrt((sides**2).sum(axis=1)).sum())


def sheet(shape: Sheet) -> tuple[Outline, float]:
    """Return the outline of a sheet along its line, and its middle opening in mm.

    A tapered one opens as an ellipse does, which is how a crack under tension stands open.
    """
    points = np.asarray(shape.points_mm, dtype=np.float64)
    if points.ndim != 2 or len(points) < 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise WrongUsage("a sheet runs along two or more points x, y in mm")
    opening = np.asarray(shape.opening_mm, dtype=np.float64)
    if opening.ndim and len(opening) != len(points):
        raise WrongUsage(f"a sheet along {len(points)} points needs one opening, or {len(points)}")
    opening = np.broadcast_to(opening, len(points))
    if not (np.isfinite(opening).all() and (opening >= 0).all() and opening.max() > 0):
        raise WrongUsage("the opening of a sheet must be above 0 mm")
    steps = np.sqrt(((points[1:] - points[:-1]) ** 2).sum(axis=1))
    if not (steps > 0).all():
        raise WrongUsage("two neighbouring points of a sheet are the same")
    along = np.concatenate([[0.0], np.cumsum(steps)])
    if shape.is_tapered:
        places = np.union1d(along, np.linspace(0.0, along[-1], PIECES + 1))
        points = np.column_stack([np.interp(places, along, points[:, axis]) for axis in (0, 1)])
        share = np.sqrt(np.maximum(0.0, 1.0 - (2.0 * places / along[-1] - 1.0) ** 2))
        opening = np.interp(places, along, opening) * share
    return simple(_both_sides(points, opening / 2.0)), float(np.median(opening[opening > 0]))


def _both_sides(points: Outline, half: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return the outline at distance ``half`` on both sides of a line, mitred at its corners."""
    way = points[1:] - points[:-1]
    way /= np.sqrt((way**2).sum(axis=1))[:, None]
    normals = np.column_stack([-way[:, 1], way[:, 0]])
    before, after = np.vstack([normals[:1], normals]), np.vstack([normals, normals[-1:]])
    mitre = before + after
    square = (mitre**2).sum(axis=1)
    mitre *= np.minimum(2.0 / np.maximum(square, 1e-12), SHARPEST)[:, None]
    moved = mitre * half[:, None]
    outline = np.vstack([points + moved, (points - moved)[::-1]])
    return [(float(x), float(y)) for x, y in outline]

"""Shapes of parts as thickness maps: discs, rings, ribs and tubes with rounded edges, in mm.

A shape is first a distance field (mm, negative inside), then a height over it; a part is the union of heights.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float64]


def grid(rows: int, columns: int, pixel_mm: float) -> tuple[Field, Field]:
    """Return row and column in mm from the middle of the picture, shapes (row, 1) and (1, column)."""
    row: Field = (np.arange(rows, dtype=np.float64) - (rows - 1) / 2) * pixel_mm
    column: Field = (np.arange(columns, dtype=np.float64) - (columns - 1) / 2) * pixel_mm
    return row[:, None], column[None, :]


def disc(row: Field, column: Field, *, center: tuple[float, float], radius: float) -> Field:
    """Return the distance to a disc."""
    result: Field = np.hypot(row - center[0], column - center[1]) - radius
    return result


def ring(row: Field, column: Field, *, center: tuple[float, float], radius: float, width: float) -> Field:
    """Return the distance to a ring around ``radius``."""
    result: Field = np.abs(np.hypot(row - center[0], column - center[1]) - radius) - width / 2
    return result


def bar(row: Field, column: Field, *, start: tuple[float, float], end: tuple[float, float], width: float) -> Field:
    """Return the distance to a bar with round ends from ``start`` to ``end`` (row, column)."""
    down, right = end[0] - start[0], end[1] - start[1]
    along = ((row - start[0]) * down + (column - start[1]) * right) / (down * down + right * right)
    along = np.clip(along, 0.0, 1.0)
    result: Field = np.hypot(row - start[0] - along * down, column - start[1] - along * right) - width / 2
    return result


def rectangle(
    row: Field, column: Field, *, center: tuple[float, float], size: tuple[float, float], corner: float
) -> Field:
    """Return the distance to a rectangle of ``size`` (height, width) with round corners."""
    across = np.abs(row - center[0]) - size[0] / 2 + corner
    along = np.abs(column - center[1]) - size[1] / 2 + corner
    outside = np.hypot(np.maximum(across, 0.0), np.maximum(along, 0.0))
    result: Field = outside + np.minimum(np.maximum(across, along), 0.0) - corner
    return result


def joined(first: Field, second: Field, fillet: float) -> Field:
    """Return the distance to two shapes melted together with a fillet."""
    mix = np.clip(0.5 + 0.5 * (second - first) / fillet, 0.0, 1.0)
    result: Field = second + (first - second) * mix - fillet * mix * (1.0 - mix)
    return result


def raised(distance: Field, *, height: float, edge: float) -> Field:
    """Return a height over a shape whose edge is rounded over ``edge`` mm."""
    inside = np.clip(-distance / edge, 0.0, 1.0)
    result: Field = height * (1.0 - (1.0 - inside) ** 2)
    return result


def rod(distance: Field, *, radius: float) -> Field:
    """Return the chord through a round rod whose axis lies in the picture; ``distance`` is that of its outline."""
    away = np.maximum(0.0, radius + distance)
    result: Field = 2.0 * np.sqrt(np.maximum(0.0, radius**2 - away**2))
    return result


def tube(distance: Field, *, radius: float, wall: float) -> Field:
    """Return the chord through the wall of a round tube whose axis lies in the picture."""
    away = np.maximum(0.0, radius + distance)
    outer = np.sqrt(np.maximum(0.0, radius**2 - away**2))
    inner = np.sqrt(np.maximum(0.0, (radius - wall) ** 2 - away**2))
    result: Field = 2.0 * (outer - inner)
    return result

"""Flaws as patches of thickness: what is missing of the part, or what lies in it instead.

Every patch is sampled 4 × 4 within each pixel and averaged, so that a wire or pore thinner than a pixel keeps its
true mean thickness.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float64]
SUBPIXELS = 4


@dataclass(frozen=True)
class Flaw:
    """A flaw at a place of the picture: its word, how thick it is there, and of what.

    ``patch_mm`` starts at pixel (``row``, ``column``); ``material`` None is a void. ``measurements`` are its true
    sizes, with the names of a finding. ``displaces`` is False for what lies beside the part instead of within it.
    """

    label: str
    row: int
    column: int
    patch_mm: Field
    measurements: dict[str, float]
    material: str | None = None
    displaces: bool = True
    name: str = ""

    @property
    def slices(self) -> tuple[slice, slice]:
        """Where the patch lies in the picture."""
        rows, columns = self.patch_mm.shape
        return slice(self.row, self.row + rows), slice(self.column, self.column + columns)


Thickness = Callable[[Field, Field], Field]
"""A thickness in mm at (row, column) in mm, relative to the flaw's centre."""


def patch(
    shape: Thickness, *, center_mm: tuple[float, float], half_mm: tuple[float, float], pixel_mm: float
) -> tuple[int, int, Field]:
    """Sample a shape on the picture's pixels; return first row, first column and the mean thickness per pixel."""
    first = [int(np.floor((center - half) / pixel_mm)) - 1 for center, half in zip(center_mm, half_mm, strict=True)]
    last = [int(np.ceil((center + half) / pixel_mm)) + 1 for center, half in zip(center_mm, half_mm, strict=True)]
    axes = [
        (start + (np.arange((stop - start) * SUBPIXELS) + 0.5) / SUBPIXELS) * pixel_mm - center
        for start, stop, center in zip(first, last, center_mm, strict=True)
    ]
    fine = shape(axes[0][:, None], axes[1][None, :])
    rows, columns = last[0] - first[0], last[1] - first[1]
    return first[0], first[1], fine.reshape(rows, SUBPIXELS, columns, SUBPIXELS).mean(axis=(1, 3))


def ellipsoid(
    label: str,
    *,
    center_mm: tuple[float, float],
    radii_mm: tuple[float, float, float],
    pixel_mm: float,
    material: str | None = None,
) -> Flaw:
    """Return an ellipsoid with radii down the rows, along the columns and through the depth: pore or inclusion."""
    across, along, deep = radii_mm

    def shape(row: Field, column: Field) -> Field:
        return 2.0 * deep * np.sqrt(np.maximum(0.0, 1.0 - (row / across) ** 2 - (column / along) ** 2))

    row, column, thick = patch(shape, center_mm=center_mm, half_mm=(across, along), pixel_mm=pixel_mm)
    longest, shortest = 2 * max(across, along), 2 * min(across, along)
    sizes = {"length_mm": longest, "width_mm": shortest, "area_mm2": float(np.pi * across * along)}
    round_enough = {"diameter_mm": longest} if longest < 1.5 * shortest else {}
    return Flaw(label, row, column, thick, sizes | round_enough, material)


def stroke(
    label: str,
    points_mm: NDArray[np.float64],
    *,
    width_mm: NDArray[np.float64],
    depth_mm: float,
    pixel_mm: float,
    material: str | None = None,
) -> Flaw:
    """Return a line of varying width through ``points_mm`` (point, [row, column]): crack, slag line, lack of fusion.

    Its cross-section is half an ellipse: ``depth_mm`` thick in the middle of its width, nothing at the edge.
    """
    low, high = points_mm.min(axis=0), points_mm.max(axis=0)
    reach = float(width_mm.max())
    center = (low + high) / 2.0
    half = (high - low) / 2.0 + reach
    steps = points_mm - center

    def shape(row: Field, column: Field) -> Field:
        best = np.zeros(np.broadcast_shapes(row.shape, column.shape))
        for (row_mm, column_mm), width in zip(steps, width_mm, strict=True):
            near_rows = np.flatnonzero(np.abs(row[:, 0] - row_mm) <= width / 2)
            near_columns = np.flatnonzero(np.abs(column[0] - column_mm) <= width / 2)
            if near_rows.size and near_columns.size:
                part = np.ix_(near_rows, near_columns)
                away = (row[near_rows] - row_mm) ** 2 + (column[:, near_columns] - column_mm) ** 2
                here = np.sqrt(np.maximum(0.0, 1.0 - away / (width / 2) ** 2)) * min(1.0, width / width_mm.mean())
                best[part] = np.maximum(best[part], here)
        return depth_mm * best

    middle, reaches = (float(center[0]), float(center[1])), (float(half[0]), float(half[1]))
    row, column, thick = patch(shape, center_mm=middle, half_mm=reaches, pixel_mm=pixel_mm)
    length = float(np.hypot(*(points_mm[-1] - points_mm[0])) + width_mm[0] / 2 + width_mm[-1] / 2)
    area = float((thick > 0).sum()) * pixel_mm**2
    sizes = {"length_mm": length, "width_mm": float(np.median(width_mm)), "area_mm2": area}
    return Flaw(label, row, column, thick, sizes, material)

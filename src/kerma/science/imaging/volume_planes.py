"""Planes through a volume at any angle, one voxel or a slab thick, in the true places of its slices: the reference.

The browser's shader does the same and is held against this. Between two slices values are linear along their common
normal: the point is read in both slices at the foot of its perpendicular, bilinear there. Voxels without data
(padding, not loaded, outside) take no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.volume import Direction, Field, VolumeGeometry

Mode = Literal["mean", "highest", "lowest"]

_EDGE_PX = 0.5
"""How far beyond the centre of an outermost voxel it still reaches."""
_POINTS_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class PlaneRaster:
    """A plane to look at: its middle, the directions right and down (unit vectors), and its square pixels."""

    center_mm: Direction
    right: Direction
    down: Direction
    pitch_mm: float
    rows: int
    columns: int

    @property
    def toward(self) -> Field:
        """Direction into the screen."""
        return np.cross(self.right, self.down)

    def points(self) -> Field:
        """Return where the pixels lie, (row, column, 3) in mm."""
        down = (np.arange(self.rows) - (self.rows - 1) / 2) * self.pitch_mm
        right = (np.arange(self.columns) - (self.columns - 1) / 2) * self.pitch_mm
        across = down[:, None, None] * np.array(self.down) + right[None, :, None] * np.array(self.right)
        return np.asarray(np.array(self.center_mm) + across)


def resample(
    volume: NDArray[Any],
    geometry: VolumeGeometry,
    plane: PlaneRaster,
    *,
    thickness_mm: float = 0.0,
    mode: Mode = "mean",
    samples: int | None = None,
) -> Field:
    """Return the values of a plane (row, column), NaN where it leaves the volume.

    Parameters
    ----------
    volume : (slice, row, column) in the order of the geometry; NaN where a voxel carries no data
    thickness_mm : of the slab about the plane, 0 for the plane itself
    mode : mean, highest (MIP) or lowest (MinIP) value along the slab
    samples : planes of the slab; without it :func:`slab_samples`
    """
    if volume.shape != geometry.shape:
        raise WrongUsage(f"the volume has the shape {volume.shape}, its geometry {geometry.shape}")
    count = samples or slab_samples(geometry, thickness_mm)
    offsets = np.linspace(-thickness_mm / 2, thickness_mm / 2, count) if count > 1 else np.zeros(1)
    points = plane.points()
    best = np.full(points.shape[:2], np.nan)
    total, counted = np.zeros(best.shape), np.zeros(best.shape)
    for offset in offsets:
        values = values_at(volume, geometry, points + offset * plane.toward)
        if mode == "mean":
            total += np.nan_to_num(values)
            counted += np.isfinite(values)
        else:
            best = np.fmax(best, values) if mode == "highest" else np.fmin(best, values)
    if mode != "mean":
        return best
    return np.asarray(np.divide(total, counted, out=best, where=counted > 0))


def slab_samples(geometry: VolumeGeometry, thickness_mm: float) -> int:
    """Return how many planes make a slab: one for each half of the smallest voxel side, so that none is jumped over."""
    if thickness_mm <= 0:
        return 1
    step_mm = min(geometry.row_mm, geometry.column_mm, float(geometry.spacings_mm.min())) / 2
    return int(np.ceil(thickness_mm / step_mm)) + 1


def values_at(volume: NDArray[Any], geometry: VolumeGeometry, points_mm: Field) -> Field:
    """Return the values at points of space (…, 3), NaN outside."""
    flat = points_mm.reshape(-1, 3)
    parts = [
        _values(volume, geometry, flat[start : start + _POINTS_AT_ONCE])
        for start in range(0, len(flat), _POINTS_AT_ONCE)
    ]
    return np.concatenate(parts).reshape(points_mm.shape[:-1]) if parts else np.empty(points_mm.shape[:-1])


def _values(volume: NDArray[Any], geometry: VolumeGeometry, points: Field) -> Field:
    distance, down, across = geometry.in_frame(points).T
    places, spacings = geometry.distances_mm, geometry.spacings_mm
    is_beside = (distance >= places[0] - spacings[0] / 2) & (distance <= places[-1] + spacings[-1] / 2)
    lower = np.clip(np.searchsorted(places, distance, side="right") - 1, 0, len(places) - 2)
    share = np.clip((distance - places[lower]) / spacings[lower], 0.0, 1.0)
    total, weights = np.zeros(len(points)), np.zeros(len(points))
    for number, weight in ((lower, 1.0 - share), (lower + 1, share)):
        rows = (down - geometry.offsets_mm[number, 0]) / geometry.row_mm
        columns = (across - geometry.offsets_mm[number, 1]) / geometry.column_mm
        _add_slice(volume, number, (rows, columns), np.where(is_beside, weight, 0.0), (total, weights))
    return np.asarray(np.divide(total, weights, out=np.full(len(points), np.nan), where=weights > 1e-6))


def _add_slice(
    volume: NDArray[Any], number: NDArray[Any], place: tuple[Field, Field], weight: Field, into: tuple[Field, Field]
) -> None:
    """Add the four voxels about a place of one slice, each by its weight."""
    rows, columns = place
    _, last_row, last_column = (size - 1 for size in volume.shape)
    is_inside = (rows >= -_EDGE_PX) & (rows <= last_row + _EDGE_PX)
    is_inside &= (columns >= -_EDGE_PX) & (columns <= last_column + _EDGE_PX)
    row, column = np.clip(rows, 0, last_row), np.clip(columns, 0, last_column)
    top = np.minimum(row.astype(np.intp), max(last_row - 1, 0))
    left = np.minimum(column.astype(np.intp), max(last_column - 1, 0))
    down, right = row - top, column - left
    for below, row_weight in ((0, 1.0 - down), (1, down)):
        for beside, column_weight in ((0, 1.0 - right), (1, right)):
            found = volume[number, np.minimum(top + below, last_row), np.minimum(left + beside, last_column)]
            part = np.where(is_inside & np.isfinite(found), weight * row_weight * column_weight, 0.0)
            into[0][:] += part * np.nan_to_num(found)
            into[1][:] += part

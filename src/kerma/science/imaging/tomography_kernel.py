"""The compiled loops of back-projection: for each column of voxels along the axis, the sum over all projections.

Projections are (angle, column, row) and the volume is (row, column, plane), so that the inner loop runs along memory.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.science.compiled import compiled

Floats = NDArray[np.float32]
Field = NDArray[np.float64]
Cone = tuple[tuple[float, float, float], tuple[float, float]]


@compiled
def back_projected_parallel(
    views: Floats, direction: Field, axis: float, band: tuple[int, int], volume: Floats
) -> None:
    """Add parallel projections to some rows of the volume; the detector's rows are the planes."""
    half_row, half_column = (volume.shape[0] - 1) / 2.0, (volume.shape[1] - 1) / 2.0
    last = views.shape[1] - 1
    for row in range(band[0], band[1]):
        z = half_row - row
        for angle in range(views.shape[0]):
            sine, cosine = direction[angle, 0], direction[angle, 1]
            for column in range(volume.shape[1]):
                place = axis + cosine * (column - half_column) - sine * z
                if place < 0.0 or place > last:
                    continue
                left = min(int(place), last - 1) if last > 0 else 0
                share = np.float32(place - left)
                one, other = views[angle, left], views[angle, min(left + 1, last)]
                found = volume[row, column]
                for plane in range(found.shape[0]):
                    found[plane] += one[plane] + share * (other[plane] - one[plane])


@compiled
def back_projected_cone(views: Floats, direction: Field, cone: Cone, band: tuple[int, int], volume: Floats) -> None:
    """Add cone-beam projections to some rows of the volume, weighted by the square of the magnification's change.

    ``cone`` holds source to axis, pixel at the axis and voxel in mm, and the detector's row and column of the axis.
    """
    (source_mm, step_mm, voxel_mm), (axis_row, axis_column) = cone
    half_row, half_column = (volume.shape[0] - 1) / 2.0, (volume.shape[1] - 1) / 2.0
    half_plane = (volume.shape[2] - 1) / 2.0
    last_column, last_row = views.shape[1] - 1, views.shape[2] - 1
    for row in range(band[0], band[1]):
        z = (half_row - row) * voxel_mm
        for column in range(volume.shape[1]):
            x = (column - half_column) * voxel_mm
            found = volume[row, column]
            for angle in range(views.shape[0]):
                sine, cosine = direction[angle, 0], direction[angle, 1]
                scale = source_mm / (source_mm - (sine * x + cosine * z))
                place = axis_column + scale * (cosine * x - sine * z) / step_mm
                if place < 0.0 or place > last_column:
                    continue
                left = max(0, min(int(place), last_column - 1))
                share = np.float32(place - left)
                one, other = views[angle, left], views[angle, min(left + 1, last_column)]
                step = scale * voxel_mm / step_mm
                start = axis_row - step * half_plane
                first, end = _seen_planes(start, step, last_row, found.shape[0])
                weight = np.float32(scale * scale)
                rest = weight * (np.float32(1.0) - share)
                share *= weight
                for plane in range(first, end):
                    height = start + step * plane
                    upper = min(int(height), last_row - 1) if last_row > 0 else 0
                    lower = min(upper + 1, last_row)
                    part = np.float32(height - upper)
                    above = rest * one[upper] + share * other[upper]
                    found[plane] += above + part * (rest * one[lower] + share * other[lower] - above)


@compiled
def _seen_planes(start: float, step: float, last: int, planes: int) -> tuple[int, int]:
    """Return the first plane that falls on the detector, and the one after the last."""
    first = max(0, int(np.ceil(-start / step)))
    end = min(planes, int(np.floor((last - start) / step)) + 1)
    return first, max(first, end)

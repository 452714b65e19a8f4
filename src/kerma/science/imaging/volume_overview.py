"""A small copy of a volume, made first and shown at once: fewer slices, each the mean of blocks of its pixels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.volume import Field

SIDE_MAX = 128
LEVELS = 65_534
"""Levels of the values; 0 is kept for voxels without data, so values begin at 1."""


@dataclass(frozen=True, eq=False)
class Overview:
    """Voxels (slice, row, column) of 16 bits: value = base + step * (voxel - 1), no data where the voxel is 0.

    ``slices`` are the numbers of the slices it was made of; each voxel is the mean of ``block`` x ``block`` pixels.
    """

    voxels: NDArray[np.uint16]
    slices: tuple[int, ...]
    block: int
    base: float
    step: float


def chosen_slices(count: int, most: int = SIDE_MAX) -> tuple[int, ...]:
    """Return which of the slices an overview is made of: evenly, with the first and the last."""
    kept = min(count, most)
    return tuple(round(number * (count - 1) / max(kept - 1, 1)) for number in range(kept))


def block_of(rows: int, columns: int, most: int = SIDE_MAX) -> int:
    """Return how many pixels make one voxel, each way the same, so that voxels stay square."""
    return math.ceil(max(rows, columns) / most)


def reduced(plane: NDArray[Any], block: int) -> Field:
    """Return a plane's block means (row, column); pixels without data (NaN) take no part, blocks of them stay NaN."""
    rows, columns = (math.ceil(size / block) for size in plane.shape)
    whole = np.full((rows * block, columns * block), np.nan, dtype=np.float32)
    whole[: plane.shape[0], : plane.shape[1]] = plane
    parts = whole.reshape(rows, block, columns, block)
    is_known = np.isfinite(parts)
    counted = is_known.sum(axis=(1, 3))
    total = np.where(is_known, parts, 0).sum(axis=(1, 3), dtype=np.float64)
    return np.asarray(np.divide(total, counted, out=np.full(total.shape, np.nan), where=counted > 0))


def overview_of(planes: Iterable[Field], slices: tuple[int, ...], block: int) -> Overview:
    """Return the overview of reduced planes, their values spread over the levels there are."""
    values = np.stack(list(planes))
    is_known = np.isfinite(values)
    low, high = (float(values[is_known].min()), float(values[is_known].max())) if is_known.any() else (0.0, 1.0)
    step = (high - low) / (LEVELS - 1) if high > low else 1.0
    levels = np.rint((np.where(is_known, values, low) - low) / step) + 1
    return Overview(np.where(is_known, levels, 0).astype(np.uint16), slices, block, low, step)

"""Contrast-limited adaptive histogram equalisation, defined so exactly that a shader can repeat it.

A plane is divided into tiles. Each tile has a curve, a table of ``bins + 1`` points joined by straight lines; each
pixel is mapped by the curves of the four tiles around it, blended by its distance to their centres. A shader needs the
tables as one texture with linear filtering, and this page:

1. Tile i of n starts at row floor(i · rows / n); its centre is the middle of its first and last row. Columns likewise.
2. A value v lies at place p = (v - low + s) · bins / (high - low + 2 s), in bin floor(p), at most bins - 1. s is half a
   step of the values: 0.5 of whole numbers, 0 of real ones. Low and high are the least and greatest value if not given;
   values beyond count as these.
3. Counts of a bin above ``clip_limit`` · (pixels of the tile / bins) are cut there; what is cut is shared evenly among
   all bins, once.
4. The curve is the running sum of the counts over the pixels of the tile: 0 at point 0, 1 at point ``bins``.
5. A pixel's result is low + (high - low) · the curve at p, blended bilinearly between the tile centres; beyond the
   outer centres the nearest goes on. Whole numbers are rounded half up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.bands import over_rows
from kerma.science.imaging.grey_arrays import checked

MOST_BINS = 4_096


@dataclass(frozen=True)
class Curves:
    """The curves of all tiles (tile row, tile column, point), and the values at their first and last point."""

    points: NDArray[np.float32]
    start: float
    end: float


def clahe(
    values: NDArray[Any],
    *,
    tiles: tuple[int, int] = (8, 8),
    clip_limit: float = 3.0,
    bins: int = 256,
    grey_range: tuple[float, float] | None = None,
) -> NDArray[Any]:
    """Return a plane with its contrast evened out tile by tile, in the type and range of the input.

    Parameters
    ----------
    values : (row, column), whole or real numbers
    tiles : how many down and across; never more than there are rows or columns
    clip_limit : the most a bin may hold, in times the mean of all bins; 1 leaves the picture nearly as it is,
        infinity limits nothing
    bins : 2 to 4096
    grey_range : low and high; default the least and greatest value

    Raises
    ------
    WrongUsage
        An option out of range, or the array is none a filter can work on.
    """
    plane = checked(values, "CLAHE")
    tiles = (min(tiles[0], plane.shape[0]), min(tiles[1], plane.shape[1]))
    low, high = _range(plane, grey_range)
    if low == high:
        return plane.copy()
    found = curves(plane, tiles=tiles, clip_limit=clip_limit, bins=bins, grey_range=(low, high))
    points = (low + (high - low) * found.points).astype(np.float32)
    span = (found.start, found.end)
    row, column = (_neighbours(size, parts) for size, parts in zip(plane.shape, tiles, strict=True))

    from kerma.science.imaging import clahe_kernel as kernel

    if plane.dtype.kind == "f":
        place = _places(plane, span, bins).astype(np.float32)
        real = np.empty(plane.shape, np.float32)
        over_rows(plane.shape[0], lambda band: kernel.blended(place, band, points, (row, column), real))
        return real.astype(plane.dtype)
    unsigned, table = _table(plane, span, bins)
    places, result = table.astype(np.float32), np.empty_like(plane)
    over_rows(
        plane.shape[0], lambda band: kernel.blended_by_table(unsigned, band, places, points, (row, column), result)
    )
    return result


def curves(
    values: NDArray[Any], *, tiles: tuple[int, int], clip_limit: float, bins: int, grey_range: tuple[float, float]
) -> Curves:
    """Return the curve of every tile: what a shader needs beside the picture.

    Raises
    ------
    WrongUsage
        An option out of range, or the array is none a filter can work on.
    """
    plane = checked(values, "CLAHE")
    _check(tiles, clip_limit, bins)
    tiles = (min(tiles[0], plane.shape[0]), min(tiles[1], plane.shape[1]))
    half_step = 0.5 if plane.dtype.kind in "ui" else 0.0
    start, end = grey_range[0] - half_step, grey_range[1] + half_step
    counts = np.zeros((*tiles, bins))
    edges = (_edges(plane.shape[0], tiles[0]), _edges(plane.shape[1], tiles[1]))
    span = (start, end)

    from kerma.science.imaging import clahe_kernel as kernel

    if plane.dtype.kind == "f":
        which = _bins(_places(plane, span, bins), bins)
        over_rows(tiles[0], lambda band: kernel.counted(which, band, edges, counts), band_rows=1)
    else:
        unsigned, table = _table(plane, span, bins)
        of_value = _bins(table, bins)
        over_rows(tiles[0], lambda band: kernel.counted_by_table(unsigned, band, edges, of_value, counts), band_rows=1)
    points = points_of(counts, clip_limit)
    return Curves(points, start, end)


def points_of(counts: NDArray[np.float64], clip_limit: float) -> NDArray[np.float32]:
    """Return the points of the curves from counts (tile row, tile column, bin); a tile without any stays straight."""
    bins = counts.shape[2]
    pixels = counts.sum(axis=2, keepdims=True)
    counts = np.where(pixels > 0, counts, 1.0)
    pixels = np.where(pixels > 0, pixels, bins)
    most = clip_limit * pixels / bins if math.isfinite(clip_limit) else pixels
    cut = np.minimum(counts, most)
    cut += (pixels - cut.sum(axis=2, keepdims=True)) / bins
    points = np.zeros((*counts.shape[:2], bins + 1), np.float32)
    points[:, :, 1:] = np.cumsum(cut, axis=2) / pixels
    points[:, :, -1] = 1.0
    return points


def _check(tiles: tuple[int, int], clip_limit: float, bins: int) -> None:
    if min(tiles) < 1:
        raise WrongUsage(f"CLAHE needs at least one tile down and across, not {tiles[0]} and {tiles[1]}")
    if not clip_limit >= 1:
        raise WrongUsage(f"a clip limit is 1 or more, in times the mean count of a bin; not {clip_limit:g}")
    if not 2 <= bins <= MOST_BINS:
        raise WrongUsage(f"CLAHE counts in 2 to {MOST_BINS} bins, not {bins}")


def _range(plane: NDArray[Any], given: tuple[float, float] | None) -> tuple[float, float]:
    if given is None:
        return float(plane.min()), float(plane.max())
    if not (math.isfinite(given[0]) and math.isfinite(given[1]) and given[0] < given[1]):
        raise WrongUsage(f"the grey range {given[0]:g} to {given[1]:g} is empty: give the lower value first")
    if plane.dtype.kind in "ui":
        info = np.iinfo(plane.dtype)
        if given[0] < info.min or given[1] > info.max:
            raise WrongUsage(f"the grey range {given[0]:g} to {given[1]:g} does not fit {plane.dtype}")
    return given


def _edges(size: int, parts: int) -> NDArray[np.int64]:
    return np.arange(parts + 1, dtype=np.int64) * size // parts


def _neighbours(size: int, parts: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return for each row or column the tile before it and the share of the next."""
    edges = _edges(size, parts)
    centres = (edges[:-1] + edges[1:] - 1) / 2
    place = np.interp(np.arange(size), centres, np.arange(parts))
    before = np.minimum(place.astype(np.int64), max(parts - 2, 0))
    return before, (place - before).astype(np.float32)


def _places(values: NDArray[Any], span: tuple[float, float], bins: int) -> NDArray[np.float64]:
    """Return where values lie in bins, 0 to their number."""
    place = (values.astype(np.float64) - span[0]) * bins / (span[1] - span[0])
    return np.clip(place, 0, bins, out=place)


def _table(plane: NDArray[Any], span: tuple[float, float], bins: int) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return a plane of whole numbers as unsigned ones, and the place of each number there can be."""
    kind = np.dtype(f"u{plane.dtype.itemsize}")
    every = np.arange(2 ** (8 * plane.dtype.itemsize)).astype(kind).view(plane.dtype)
    return plane.view(kind), _places(every, span, bins)


def _bins(places: NDArray[np.float64], bins: int) -> NDArray[np.uint16]:
    return np.minimum(places, bins - 1).astype(np.uint16)

"""A region of interest in whole pixels, and the choice of a uniform one where none is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data
from kerma.standards import table

BLOCK_PX = 5
"""Side of the blocks whose means show a trend or structure; 20 and 55 are multiples of it."""
TREND_SHARE = 0.1
"""A region is uniform when its second-order trend has at most this share of the noise variance (SNR bias <= 5 %)."""
STRUCTURE_SHARE = 0.5
"""... and the block means together at most this share, and no more within blocks beyond the noise of the middle one;
correlated detector noise stays below it."""
EXTREME_SHARE = 0.01
"""... and at most this share of pixels at the lowest or highest value of the image (clipped)."""
WINDOW_BUDGET_PX = 2_000_000
"""Candidate windows are spread so that together they hold about this many pixels."""


@dataclass(frozen=True)
class Region:
    """A rectangle of whole pixels: first row, first column, height, width."""

    row: int
    column: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """The rows and columns of the region, to index an array."""
        return slice(self.row, self.row + self.height), slice(self.column, self.column + self.width)

    def as_json(self) -> list[int]:
        """Return [row, column, height, width]."""
        return [self.row, self.column, self.height, self.width]


def inside(image: Image, region: Region) -> Region:
    """Return the region; raise :class:`WrongUsage` when it is empty or leaves the image."""
    is_inside = (
        min(region.row, region.column) >= 0
        and min(region.height, region.width) >= 1
        and region.row + region.height <= image.rows
        and region.column + region.width <= image.columns
    )
    if not is_inside:
        raise WrongUsage(
            f"region {region.as_json()} (row, column, height, width) does not lie in the image of "
            f"{image.rows} rows and {image.columns} columns"
        )
    return region


def smallest_region() -> tuple[int, int]:
    """Return the fewest lines and pixels per line of an SNR region (ISO 17636-2)."""
    limits = {row["quantity"]: row["value"] for row in table("iso_17636-2/snr_region")}
    return int(limits["region_lines"]), int(limits["region_line_length"])


def uniform_region(image: Image, plane: int = 0) -> Region | None:
    """Choose a uniform region: the largest size first, and of that the one nearest the median grey value.

    Sizes are 4, 2 and 1 times the smallest SNR region. A region is uniform when it has noise, holds no padding, is not
    clipped, and its 5 x 5 block means show no second-order trend (at most 10 % of the noise variance) and no structure
    (at most 50 %). The choice looks at trends and the mean only, never at the noise itself, so it does not favour
    regions of low noise.
    """
    lines, length = smallest_region()
    stored = image.pixels[plane]
    mask = has_data(image, plane)
    known = stored if mask is None else stored[mask]
    if known.size == 0:
        return None
    extremes = (known.min(), known.max())
    middle = float(np.median(stored[::4, ::4] if mask is None else known[::16]))
    for factor in (4, 2, 1):
        height, width = factor * lines, factor * length
        if height > image.rows or width > image.columns:
            continue
        found = _nearest_uniform(stored, mask, (height, width), extremes, middle)
        if found is not None:
            return found
    return None


def _nearest_uniform(
    stored: NDArray[Any],
    mask: NDArray[np.bool_] | None,
    size: tuple[int, int],
    extremes: tuple[float, float],
    middle: float,
) -> Region | None:
    best: Region | None = None
    best_distance = np.inf
    for region in _candidates(stored.shape, size):
        if mask is not None and not mask[region.slices].all():
            continue
        window = stored[region.slices].astype(np.float64)
        distance = abs(float(window.mean()) - middle)
        if distance < best_distance and _is_uniform(window, extremes):
            best, best_distance = region, distance
    return best


def _candidates(shape: tuple[int, ...], size: tuple[int, int]) -> list[Region]:
    height, width = size
    most = max(1, WINDOW_BUDGET_PX // (height * width))
    spare_rows, spare_columns = shape[0] - height, shape[1] - width
    across = (most * (spare_columns + 1) / (spare_rows + 1)) ** 0.5
    columns = int(min(spare_columns + 1, max(1, across)))
    rows = int(min(spare_rows + 1, max(1, most // columns)))
    return [
        Region(int(row), int(column), height, width)
        for row in np.linspace(0, spare_rows, rows)
        for column in np.linspace(0, spare_columns, columns)
    ]


def _is_uniform(window: NDArray[np.float64], extremes: tuple[float, float]) -> bool:
    low, high = extremes
    if np.count_nonzero((window == low) | (window == high)) > EXTREME_SHARE * window.size:
        return False
    rows, columns = window.shape[0] // BLOCK_PX, window.shape[1] // BLOCK_PX
    blocks = window[: rows * BLOCK_PX, : columns * BLOCK_PX].reshape(rows, BLOCK_PX, columns, BLOCK_PX)
    means = blocks.mean(axis=(1, 3))
    within = blocks.var(axis=(1, 3), ddof=1)
    noise = float(np.median(within))
    return (
        noise > 0
        and within.mean() <= (1 + STRUCTURE_SHARE) * noise
        and means.var() <= STRUCTURE_SHARE * noise
        and _trend_variance(means) <= TREND_SHARE * noise
    )


def _trend_variance(means: NDArray[np.float64]) -> float:
    """Return the variance of the second-order surface fitted to block means."""
    rows, columns = (np.linspace(-1, 1, count) for count in means.shape)
    row, column = np.meshgrid(rows, columns, indexing="ij")
    terms = np.stack([np.ones_like(row), row, column, row * column, row**2, column**2], axis=-1).reshape(-1, 6)
    fitted = terms @ np.linalg.lstsq(terms, means.ravel(), rcond=None)[0]
    return float(fitted.var())

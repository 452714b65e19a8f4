"""Uniformity of a flat exposure: shading over the whole field, and steps from one block to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data, linearity_warnings
from kerma.science.measure.region import Region, inside
from kerma.science.results import Measurement, NotMeasurable, Value

VERSION = "1"
Floats = NDArray[np.float64]
BLOCKS_ACROSS = 12
"""Blocks across the shorter side where no size is given."""
SMALLEST_PX = 4
FULL_SHARE = 0.5
"""A block counts when this share of it carries data."""


@dataclass(frozen=True)
class Blocks:
    """Mean and standard deviation (about a plane) of each block (row, column); not a number where it holds no data."""

    means: Floats
    spreads: Floats
    pixels: Floats


def measure(
    image: Image, *, plane: int = 0, region: Region | None = None, block_px: int | None = None
) -> Measurement | NotMeasurable:
    """Return how even the means and the signal-to-noise ratios of square blocks are.

    ``global_percent`` is the greatest less the smallest block mean over the mean of all; ``integral_percent`` is
    100 (1 - (max - min) / (max + min)); ``local_percent`` the largest step of a block from the mean of its neighbours;
    ``shading_percent`` the range of the second-order surface through the blocks over the mean. Values must be
    proportional to dose. Noise alone makes a global value of a few ``noise_percent``.
    """
    area = inside(image, region) if region else Region(0, 0, image.rows, image.columns)
    side = block_px or max(SMALLEST_PX, min(area.height, area.width) // BLOCKS_ACROSS)
    inputs: dict[str, Value] = {"plane": plane, "region": list(area.as_json()), "block_px": side}
    if side < SMALLEST_PX or min(area.height, area.width) < 3 * side:
        reason = f"blocks of {side} pixels: at least {SMALLEST_PX} pixels and 3 blocks either way are needed"
        return NotMeasurable("uniformity", VERSION, reason, inputs)
    found = blocks(image, plane, area, side)
    full = np.isfinite(found.means)
    if full.sum() < 9:
        return NotMeasurable("uniformity", VERSION, "fewer than 9 blocks carry data", inputs)
    means = found.means[full]
    level = float(means.mean())
    if level <= 0 or means.min() <= 0:
        return NotMeasurable(
            "uniformity", VERSION, "block means are not above 0: subtract no more than the offset", inputs
        )
    noise = float(np.median(found.spreads[full] / np.sqrt(found.pixels[full])))
    local = _local(found.means)
    worst = np.unravel_index(int(np.nanargmax(np.abs(local))), local.shape)
    quiet = found.spreads[full] > 0
    ratios = means[quiet] / found.spreads[full][quiet]
    surface = _surface(found.means, full)
    values: dict[str, Value] = {
        "mean_stored": level,
        "global_percent": 100 * float(means.max() - means.min()) / level,
        "integral_percent": 100 * (1 - float((means.max() - means.min()) / (means.max() + means.min()))),
        "local_percent": 100 * float(np.abs(local[worst])),
        "local_worst_row_px": area.row + int(worst[0]) * side + side / 2,
        "local_worst_column_px": area.column + int(worst[1]) * side + side / 2,
        "shading_percent": 100 * float(np.ptp(surface)) / level,
        "noise_percent": 100 * noise / level,
        "snr_min": float(ratios.min()) if ratios.size else None,
        "snr_max": float(ratios.max()) if ratios.size else None,
        "blocks": int(full.sum()),
    }
    error = 100 * noise / level
    return Measurement(
        "uniformity",
        VERSION,
        values,
        method=f"means of blocks of {side} x {side} pixels; extremes, steps to neighbours, second-order surface",
        inputs=inputs,
        uncertainties={"global_percent": error * 2**0.5, "local_percent": error * (9 / 8) ** 0.5},
        warnings=linearity_warnings(image),
    )


def blocks(image: Image, plane: int, area: Region, side: int) -> Blocks:
    """Cut a region into whole blocks and return their means and spreads."""
    rows, columns = area.height // side, area.width // side
    whole = (slice(area.row, area.row + rows * side), slice(area.column, area.column + columns * side))
    grey = image.pixels[plane][whole].astype(np.float64)
    mask = has_data(image, plane)
    known = np.ones(grey.shape) if mask is None else mask[whole].astype(np.float64)
    grey = np.where(known > 0, grey, 0.0)
    along = np.linspace(-1, 1, side) * (3 * (side - 1) / (side + 1) / side) ** 0.5 if side > 1 else np.zeros(1)

    def summed(values: Floats) -> Floats:
        return np.asarray(values.reshape(rows, side, columns, side).sum(axis=(1, 3)))

    pixels = summed(known)
    full = pixels >= FULL_SHARE * side**2
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(full, summed(grey) / pixels, np.nan)
        rest = (grey - np.repeat(np.repeat(np.nan_to_num(means), side, 0), side, 1)) * known
        power = summed(rest**2)
        if mask is None:
            # The slope within a block is shading, not noise.
            cut = rest.reshape(rows, side, columns, side)
            slopes = [np.einsum("rick,i->rc", cut, along), np.einsum("rick,k->rc", cut, along)]
            norm = float((along**2).sum()) * side
            power = power - sum(slope**2 for slope in slopes) / norm
        spreads = np.where(full, np.sqrt(np.maximum(power, 0) / np.maximum(pixels - 3, 1)), np.nan)
    return Blocks(means, spreads, pixels)


def _local(means: Floats) -> Floats:
    """Return each block over the mean of those around it, less 1; blocks at the border have fewer neighbours."""
    padded = np.pad(means, 1, constant_values=np.nan)
    rows, columns = means.shape
    around = [
        padded[1 + row : 1 + row + rows, 1 + column : 1 + column + columns]
        for row in (-1, 0, 1)
        for column in (-1, 0, 1)
        if row or column
    ]
    stack = np.stack(around)
    count = np.isfinite(stack).sum(axis=0)
    # Only blocks with neighbours on opposite sides: a slope is no step.
    total = np.where(np.isfinite(stack), stack, 0).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(count == 8, means / (total / count) - 1, np.nan)
    return ratio if np.isfinite(ratio).any() else np.where(np.isfinite(means), 0.0, np.nan)


def _surface(means: Floats, full: NDArray[np.bool_]) -> Floats:
    row, column = (axis[full] for axis in np.meshgrid(*(np.linspace(-1, 1, n) for n in means.shape), indexing="ij"))
    terms = np.stack([np.ones_like(row), row, column, row * column, row**2, column**2], axis=1)
    fitted: Floats = terms @ np.linalg.lstsq(terms, means[full], rcond=None)[0]
    return fitted

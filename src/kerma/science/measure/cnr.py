"""Contrast-to-noise ratio of a region against its background."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data, linearity_warnings
from kerma.science.measure.region import Region, inside
from kerma.science.results import Measurement, NotMeasurable, Value

VERSION = "1"
FRAME_GAP_PX = 2
"""Pixels left out between a region and the frame taken as its background, for the blur of its edge."""
FEWEST_PIXELS = 9


def measure(
    image: Image, *, plane: int = 0, region: Region | None = None, background: Region | None = None
) -> Measurement | NotMeasurable:
    """Return |mean of region - mean of background| / standard deviation of the background.

    Without ``background`` a frame around the region is taken: half the region wide, at least 5 pixels, 2 pixels off.
    ``contrast_stored`` keeps its sign: region minus background, in stored values. A linear trend over a frame or
    background counts as noise, so choose them small and uniform.
    """
    inputs: dict[str, Value] = {
        "plane": plane,
        "region": list(region.as_json()) if region else None,
        "background": list(background.as_json()) if background else "a frame around the region",
    }
    if region is None:
        return NotMeasurable("cnr", VERSION, "say where the detail is: region=row,column,height,width", inputs)
    mask = has_data(image, plane)
    known = np.ones((image.rows, image.columns), dtype=bool) if mask is None else mask
    detail = image.pixels[plane][_only(known, inside(image, region))].astype(np.float64)
    around = _only(known, inside(image, background)) if background else _frame(known, region)
    ground = image.pixels[plane][around].astype(np.float64)
    if detail.size < 1 or ground.size < FEWEST_PIXELS:
        reason = f"too few pixels carry data: {detail.size} in the region, {ground.size} in the background"
        return NotMeasurable("cnr", VERSION, reason, inputs)
    noise = float(ground.std(ddof=1))
    if noise == 0:
        return NotMeasurable("cnr", VERSION, "the background has no noise: its pixels all have one value", inputs)
    contrast = float(detail.mean() - ground.mean())
    cnr = abs(contrast) / noise
    error = (1 / detail.size + 1 / ground.size + cnr**2 / (2 * (ground.size - 1))) ** 0.5
    values: dict[str, Value] = {
        "cnr": cnr,
        "contrast_stored": contrast,
        "mean_region_stored": float(detail.mean()),
        "mean_background_stored": float(ground.mean()),
        "standard_deviation_background_stored": noise,
        "pixels_region": int(detail.size),
        "pixels_background": int(ground.size),
    }
    return Measurement(
        "cnr",
        VERSION,
        values,
        method="|mean of region - mean of background| / standard deviation of background (n - 1)",
        inputs=inputs,
        uncertainties={"cnr": error},
        warnings=linearity_warnings(image),
    )


def _only(known: NDArray[np.bool_], region: Region) -> NDArray[np.bool_]:
    chosen = np.zeros_like(known)
    chosen[region.slices] = known[region.slices]
    return chosen


def _frame(known: NDArray[np.bool_], region: Region) -> NDArray[np.bool_]:
    width = max(5, min(region.height, region.width) // 2)
    chosen = np.zeros_like(known)
    for margin, is_chosen in ((FRAME_GAP_PX + width, True), (FRAME_GAP_PX, False)):
        rows = slice(max(0, region.row - margin), region.row + region.height + margin)
        columns = slice(max(0, region.column - margin), region.column + region.width + margin)
        chosen[rows, columns] = is_chosen
    return chosen & known

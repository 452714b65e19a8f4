"""Mean, spread, extremes and percentiles of the grey values, as stored and after the Modality LUT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.greyscale import modality_values
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data, is_rescaled
from kerma.science.measure.region import Region, inside
from kerma.science.results import Measurement, NotMeasurable, Value

VERSION = "1"
PERCENTILES = (1, 5, 25, 75, 95, 99)
COUNTABLE_RANGE = 1 << 20
"""Integers spread over at most this many values are counted instead of sorted."""


@dataclass(frozen=True)
class Distribution:
    """The distinct values of an image in rising order, and how many pixels have each."""

    values: NDArray[Any]
    counts: NDArray[np.int64]

    @property
    def pixels(self) -> int:
        """How many pixels were counted."""
        return int(self.counts.sum())


def distribution(image: Image, plane: int, region: Region | None = None) -> Distribution:
    """Count the pixels that carry data, by value; padding, not-a-number and infinity are left out."""
    slices = region.slices if region else (slice(None), slice(None))
    stored = image.pixels[plane][slices]
    mask = has_data(image, plane)
    known = stored.ravel() if mask is None else stored[mask[slices]]
    if known.size and np.issubdtype(known.dtype, np.integer):
        low, high = int(known.min()), int(known.max())
        if high - low < COUNTABLE_RANGE:
            counts = np.bincount((known.astype(np.int64) - low) if low else known, minlength=high - low + 1)
            present = np.flatnonzero(counts)
            return Distribution(present + low, counts[present])
    values, counts = np.unique(known, return_counts=True)
    return Distribution(values, counts)


def measure(image: Image, *, plane: int = 0, region: Region | None = None) -> Measurement | NotMeasurable:
    """Return mean, standard deviation, extremes, median and percentiles of one plane or region of it.

    Keys ending in ``_stored`` are in stored values. Where the image has a Modality LUT or rescale, keys ending in
    ``_rescaled`` follow, in the unit named by ``rescaled_unit`` (PS3.3 C.11.1). The standard deviation has n - 1 in
    its denominator; a percentile is the smallest value that at least so many percent of the pixels do not exceed.
    """
    counted = distribution(image, plane, inside(image, region) if region else None)
    inputs: dict[str, Value] = {"plane": plane, "region": list(region.as_json()) if region else None}
    if counted.pixels == 0:
        return NotMeasurable("statistics", VERSION, "no pixel carries data: all are padding or not a number", inputs)
    total = image.rows * image.columns if region is None else region.height * region.width
    values: dict[str, Value] = {
        "pixels_measured": counted.pixels,
        "pixels_without_data": total - counted.pixels,
        **_summary(counted, "stored"),
    }
    if is_rescaled(image.grey):
        physical = modality_values(image.grey, counted.values)
        order = np.argsort(physical, kind="stable")
        values |= _summary(Distribution(physical[order], counted.counts[order]), "rescaled")
        values["rescaled_unit"] = image.grey.unit or "unspecified"
    return Measurement(
        "statistics", VERSION, values, method="all pixels that carry data; n - 1; inverted distribution", inputs=inputs
    )


def _summary(counted: Distribution, suffix: str) -> dict[str, Value]:
    values = counted.values.astype(np.float64)
    weights = counted.counts / counted.pixels
    mean = float(np.dot(weights, values))
    spread = float(np.dot(weights, (values - mean) ** 2)) * counted.pixels / max(1, counted.pixels - 1)
    cumulated = np.cumsum(counted.counts)

    def percentile(share: float) -> float:
        needed = np.ceil(share / 100 * counted.pixels)
        return float(values[np.searchsorted(cumulated, max(1, needed))])

    return {
        f"mean_{suffix}": mean,
        f"standard_deviation_{suffix}": spread**0.5,
        f"minimum_{suffix}": float(values[0]),
        f"maximum_{suffix}": float(values[-1]),
        f"median_{suffix}": percentile(50),
    } | {f"percentile_{share}_{suffix}": percentile(share) for share in PERCENTILES}

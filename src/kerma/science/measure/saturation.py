"""Share of pixels clipped at the highest and at the lowest value: where they pile up, information is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.measure.region import Region, inside
from kerma.science.measure.statistics import Distribution, distribution
from kerma.science.results import Measurement, NotMeasurable, Value

VERSION = "1"
NEIGHBOUR_VALUES = 16
"""The pile at an extreme is compared with this many values next to it."""
PILE_RATIO = 5.0
"""An extreme is clipped when it holds at least so many times the pixels of its fullest neighbour value ..."""
FEWEST_PILED = 20
"""... and at least this many pixels, so that a few bright pixels are no saturation."""


def measure(image: Image, *, plane: int = 0, region: Region | None = None) -> Measurement | NotMeasurable:
    """Return the share of pixels clipped at the ceiling and at the floor of one plane or region.

    The ceiling is detected, not assumed: detectors clip below the full range of the file. An extreme value counts as
    clipped when pixels pile up there (5 times the fullest of the 16 values next to it) or when it is the very end of
    the range of the stored bits and holds at least 20 pixels. ``saturated_percent`` is the clipped share on the side
    of high dose, where that side is known. Padding is left out.
    """
    area = inside(image, region) if region else None
    inputs: dict[str, Value] = {"plane": plane, "region": list(area.as_json()) if area else None}
    counted = distribution(image, plane, area)
    if counted.pixels == 0:
        return NotMeasurable("saturation", VERSION, "no pixel carries data: all are padding or not a number", inputs)
    ends = _ends_of_range(image)
    if counted.values.size == 1 and float(counted.values[0]) not in ends:
        return NotMeasurable("saturation", VERSION, "all pixels have one value inside the range of the bits", inputs)
    values: dict[str, Value] = {}
    clipped: dict[str, float] = {}
    stored = image.pixels[plane][area.slices] if area else image.pixels[plane]
    for side, reverse in (("ceiling", True), ("floor", False)):
        value, count = _extreme(counted, reverse=reverse)
        is_clipped = _is_clipped(counted, reverse=reverse, is_end=value in ends)
        clipped[side] = 100.0 * count / counted.pixels if is_clipped else 0.0
        values[f"{side}_stored"] = value
        values[f"{side}_is_clipped"] = is_clipped
        values[f"{side}_clipped_percent"] = clipped[side]
        values[f"{side}_longest_run_px"] = _longest_run(stored == value) if is_clipped else 0
    if image.rises_with_dose is not None:
        values["saturated_percent"] = clipped["ceiling" if image.rises_with_dose else "floor"]
    return Measurement("saturation", VERSION, values, method="pile-up at the extreme values", inputs=inputs)


def _ends_of_range(image: Image) -> tuple[float, float] | tuple[()]:
    """Return the lowest and highest value the stored bits can hold; none for floating point."""
    if not np.issubdtype(image.pixels.dtype, np.integer):
        return ()
    if np.issubdtype(image.pixels.dtype, np.signedinteger):
        return -float(1 << (image.bits - 1)), float((1 << (image.bits - 1)) - 1)
    return 0.0, float((1 << image.bits) - 1)


def _extreme(counted: Distribution, *, reverse: bool) -> tuple[float, int]:
    index = -1 if reverse else 0
    return float(counted.values[index]), int(counted.counts[index])


def _is_clipped(counted: Distribution, *, reverse: bool, is_end: bool) -> bool:
    counts = counted.counts[::-1] if reverse else counted.counts
    if counts[0] < FEWEST_PILED:
        return False
    if is_end or counts.size == 1:
        return True
    return bool(counts[0] >= PILE_RATIO * counts[1 : 1 + NEIGHBOUR_VALUES].max())


def _longest_run(is_extreme: NDArray[np.bool_]) -> int:
    """Return the most consecutive True values within a row."""
    edges = np.diff(np.pad(is_extreme, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    starts: NDArray[Any] = np.flatnonzero(edges == 1)
    ends: NDArray[Any] = np.flatnonzero(edges == -1)
    return int((ends - starts).max(initial=0))

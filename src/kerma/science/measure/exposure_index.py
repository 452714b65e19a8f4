"""Exposure index of a radiograph, stored or from its pixels, and the deviation index from the target."""

from __future__ import annotations

import math

import numpy as np

from kerma.science.imaging.image import Image
from kerma.science.imaging.values import linearity_warnings, refusal
from kerma.science.measure.region import Region, inside
from kerma.science.measure.statistics import distribution
from kerma.science.physics.exposure_index import DEFINITIONS, deviation_index, exposure_index
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "2"
AGREEMENT = 0.1
"""A stored deviation index further than this from the computed one is worth a warning (systems round to 0.1)."""


def measure(
    image: Image,
    *,
    plane: int = 0,
    region: Region | None = None,
    ugy_per_stored: float | None = None,
    target: float | None = None,
) -> Measurement | NotMeasurable:
    """Return the exposure index EI and DI = 10 log10(EI / EI_T) (IEC 62494-1).

    The index is the one stored by the system; with ``ugy_per_stored``, the air kerma at the detector in the calibration
    beam RQA5 that one stored value stands for, it is computed: 100 per µGy times the median of the relevant region
    (``region``, else all pixels with data), for values proportional to dose. ``target`` replaces the stored target
    index. Without target only the exposure index is returned; an index of zero or below is not measurable.
    """
    goal = target if target is not None else _number(image, "target_exposure_index")
    inputs: dict[str, Value] = {"target_origin": "given" if target is not None else "stored in the image"}
    if ugy_per_stored is None:
        index, reason = _number(image, "exposure_index"), "the image carries no exposure index above zero"
        reason += "; give ugy_per_stored to compute it from the pixels"
    else:
        inputs |= {"ugy_per_stored": ugy_per_stored, "plane": plane, "region": region.as_json() if region else None}
        index, reason = _computed(image, plane, region, ugy_per_stored)
    if index is None:
        return NotMeasurable("exposure_index", VERSION, reason, inputs)
    published = table(DEFINITIONS)
    values: dict[str, Value] = {"exposure_index": index}
    warnings: list[str] = []
    if ugy_per_stored is not None:
        values["detector_kerma_ugy"] = index / exposure_index(1.0)
        warnings += linearity_warnings(image)
    if goal is None:
        warnings.append("no target exposure index is known, so there is no deviation index; give it as target")
    else:
        deviation = deviation_index(index, goal)
        values |= {"target_exposure_index": goal, "deviation_index": deviation}
        stored = image.technique.get("deviation_index")
        is_stored = ugy_per_stored is None and target is None
        if isinstance(stored, int | float) and is_stored and abs(stored - deviation) > AGREEMENT:
            warnings.append(f"the image stores the deviation index {stored:g}, computed is {deviation:.2f}")
    return Measurement(
        "exposure_index",
        VERSION,
        values,
        method=("stored index" if ugy_per_stored is None else "index of the median of the region")
        + "; ten times the decimal logarithm of index over target",
        inputs=inputs,
        source=Citation.of(published),
        warnings=tuple(warnings),
    )


def _computed(image: Image, plane: int, region: Region | None, ugy_per_stored: float) -> tuple[float | None, str]:
    reason = refusal(image)
    if reason:
        return None, reason
    counted = distribution(image, plane, inside(image, region) if region else None)
    if not counted.pixels:
        return None, "no pixel of the region carries data"
    median = float(counted.values[np.searchsorted(np.cumsum(counted.counts), (counted.pixels + 1) // 2)])
    if median <= 0:
        return None, f"the median of the region is {median:g}: there is no exposure index of zero or below"
    return exposure_index(median * ugy_per_stored), ""


def _number(image: Image, key: str) -> float | None:
    value = image.technique.get(key)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) and value > 0 else None

"""Exposure index of a radiograph as its system reports it, and the deviation index from the target."""

from __future__ import annotations

import math

from kerma.science.imaging.image import Image
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
AGREEMENT = 0.1
"""A stored deviation index further than this from the computed one is worth a warning (systems round to 0.1)."""


def measure(image: Image, *, target: float | None = None) -> Measurement | NotMeasurable:
    """Return the stored exposure index EI and DI = 10 log10(EI / EI_T) (IEC 62494-1).

    The index is read, not computed from pixels: its value of interest needs the system's own calibration. ``target``
    replaces the stored target index. Without target only the exposure index is returned; an index of zero or below
    is not measurable.
    """
    index = _number(image, "exposure_index")
    goal = target if target is not None else _number(image, "target_exposure_index")
    inputs: dict[str, Value] = {"target_origin": "given" if target is not None else "stored in the image"}
    if index is None:
        return NotMeasurable("exposure_index", VERSION, "the image carries no exposure index above zero", inputs)
    published = table("iec_62494-1/exposure_index")
    values: dict[str, Value] = {"exposure_index": index}
    warnings: list[str] = []
    if goal is None:
        warnings.append("no target exposure index is known, so there is no deviation index; give it as target")
    else:
        factor = next(float(row["value"]) for row in published if row["quantity"] == "deviation_factor")
        deviation = factor * math.log10(index / goal)
        values |= {"target_exposure_index": goal, "deviation_index": deviation}
        stored = image.technique.get("deviation_index")
        if isinstance(stored, int | float) and target is None and abs(stored - deviation) > AGREEMENT:
            warnings.append(f"the image stores the deviation index {stored:g}, computed is {deviation:.2f}")
    return Measurement(
        "exposure_index",
        VERSION,
        values,
        method="stored index; ten times the decimal logarithm of index over target",
        inputs=inputs,
        source=Citation.of(published),
        warnings=tuple(warnings),
    )


def _number(image: Image, key: str) -> float | None:
    value = image.technique.get(key)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) and value > 0 else None

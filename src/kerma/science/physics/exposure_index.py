"""Exposure index of a detector and its deviation from the target (IEC 62494-1)."""

from __future__ import annotations

import math

from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.table_rows import positive, quantity
from kerma.science.results import Citation, Measurement, Value
from kerma.standards import table

VERSION = "1"
DEFINITIONS = "iec_62494-1/exposure_index"
ACTIONS = "aapm_tg_116/actions"
CALIBRATION = "RQA5 is the calibration beam; in another beam the same air kerma gives another index"


def exposure_index(detector_kerma_ugy: float) -> float:
    """Return the exposure index of an air kerma at the detector, in the calibration beam RQA5."""
    return quantity(DEFINITIONS, "index_per_kerma") * positive("detector-kerma-ugy", detector_kerma_ugy)


def deviation_index(index: float, target: float) -> float:
    """Return ten times the decimal logarithm of index over target; both must be above 0."""
    ratio = positive("exposure-index", index) / positive("target", target)
    return quantity(DEFINITIONS, "deviation_factor") * math.log10(ratio)


def action_for(deviation: float) -> dict[str, str]:
    """Return the row of AAPM TG-116 for a deviation index; a bound belongs to the range nearer the target."""
    rows = table(ACTIONS).rows
    for row in rows:
        over, up_to = float(row["deviation_over"] or "-inf"), float(row["deviation_up_to"] or "inf")
        above = over < deviation if over >= 0 else over <= deviation
        below = deviation <= up_to if up_to > 0 else deviation < up_to
        if above and below:
            return row
    raise ValueError(f"no range of {ACTIONS} holds {deviation}")


def calculate_deviation(*, exposure_index: float | None = None, target: float | None = None) -> Measurement:
    """Answer ``kerma calc deviation-index``; without two indices above zero it is undefined, and says so."""
    inputs: dict[str, Value] = {"exposure_index": exposure_index, "target": target}
    method = "ten times the decimal logarithm of exposure index over target"
    for name, value in inputs.items():
        if not (isinstance(value, float) and value > 0):
            why = "is missing" if value is None else f"is {value:g}"
            warning = f"the deviation index is undefined: {name.replace('_', ' ')} {why}; both must be above 0"
            return Measurement("deviation-index", VERSION, {"deviation_index": None}, method, inputs,
                               source=Citation.of(table(DEFINITIONS)), warnings=(warning,))  # fmt: skip
    found = deviation_index(exposure_index or 0.0, target or 0.0)
    row = action_for(found)
    return Measurement(
        "deviation-index", VERSION,
        {"deviation_index": found, "exposure_ratio": 10 ** (found / 10), "range": row["range"],
         "action": row["action"]},
        method, inputs, source=Citation.of(table(DEFINITIONS)),
        warnings=(f"the action is that of {ACTIONS} ({table(ACTIONS).status}); your own site's limits go before it",),
    )  # fmt: skip


def calculate_exposure(*, detector_kerma_ugy: float) -> Measurement:
    """Answer ``kerma calc exposure-index``."""
    return Measurement(
        "exposure-index", VERSION, {"exposure_index": exposure_index(detector_kerma_ugy)},
        "100 per µGy of air kerma at the detector", {"detector_kerma_ugy": detector_kerma_ugy},
        source=Citation.of(table(DEFINITIONS)), warnings=(CALIBRATION,),
    )  # fmt: skip


CALCULATIONS = (
    Calculation(
        "deviation-index", "How far an exposure is from its target, and what to do about it",
        (
            Option("exposure_index", "signed", "exposure index of the image"),
            Option("target", "signed", "target exposure index of the examination"),
        ),
        calculate_deviation,
    ),
    Calculation(
        "exposure-index", "Exposure index of an air kerma at the detector",
        (Option("detector_kerma_ugy", "number", "air kerma at the detector in µGy, beam RQA5", is_required=True),),
        calculate_exposure,
    ),
)  # fmt: skip

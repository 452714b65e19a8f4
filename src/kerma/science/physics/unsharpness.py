"""Unsharpness: geometric, of the detector, both together, and the magnification that makes it least."""

from __future__ import annotations

import math

from kerma.errors import WrongUsage
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.table_rows import positive
from kerma.science.results import Citation, Measurement
from kerma.standards import table

VERSION = "1"
FACTORS = "iso_17636-1/source_distance"
RULES = {"square": 2.0, "cubic": 3.0}
"""How unsharpnesses add: the square rule of ISO and EN, the cubic rule of ASTM E1000."""


def geometric_unsharpness_mm(*, focal_spot_mm: float, object_detector_mm: float, source_detector_mm: float) -> float:
    """Return U_G = d * b / f, with f from the source to the object's source side, f = source-detector - b.

    ``object_detector_mm`` is b, from the object's source side to the detector. Dividing by the whole
    source-to-detector distance instead would understate it.
    """
    source_object_mm = _source_object_mm(object_detector_mm, source_detector_mm)
    return focal_spot_mm * object_detector_mm / source_object_mm


def magnification(*, object_detector_mm: float, source_detector_mm: float) -> float:
    """Return the magnification v of the object's source side: source-detector / source-object."""
    return source_detector_mm / _source_object_mm(object_detector_mm, source_detector_mm)


def image_unsharpness_mm(*, focal_spot_mm: float, srb_mm: float, magnification: float, rule: str = "square") -> float:
    """Return the total unsharpness at the object: of focal spot d(v-1) and detector 2 SRb together, divided by v."""
    power = RULES[rule]
    blur = math.pow(focal_spot_mm * (magnification - 1), power) + math.pow(2 * srb_mm, power)
    return math.pow(blur, 1 / power) / magnification


def optimum_magnification(*, focal_spot_mm: float, srb_mm: float, rule: str = "square") -> float:
    """Return the magnification of least total unsharpness: 1 + (2 SRb / d)^(n / (n - 1)) for a rule of power n."""
    power = RULES[rule]
    return 1 + math.pow(2 * srb_mm / focal_spot_mm, power / (power - 1))


def _source_object_mm(object_detector_mm: float, source_detector_mm: float) -> float:
    distance = source_detector_mm - object_detector_mm
    if not (math.isfinite(distance) and object_detector_mm >= 0 and distance > 0):
        raise WrongUsage(
            f"the source must stand outside the object: source-detector-mm {source_detector_mm:g} "
            f"is not above object-detector-mm {object_detector_mm:g}"
        )
    return distance


def calculate_unsharpness(
    *, focal_spot_mm: float, object_detector_mm: float, source_detector_mm: float, srb_um: float | None = None,
    rule: str = "square",
) -> Measurement:  # fmt: skip
    """Return geometric unsharpness and magnification; with SRb the total, and its share at the object."""
    ug = geometric_unsharpness_mm(
        focal_spot_mm=focal_spot_mm, object_detector_mm=object_detector_mm, source_detector_mm=source_detector_mm
    )
    v = magnification(object_detector_mm=object_detector_mm, source_detector_mm=source_detector_mm)
    inputs = {"focal_spot_mm": focal_spot_mm, "object_detector_mm": object_detector_mm}
    inputs |= {"source_detector_mm": source_detector_mm}
    values = {"unsharpness_mm": ug, "magnification": v, "source_object_mm": source_detector_mm - object_detector_mm}
    if srb_um is not None:
        total = image_unsharpness_mm(focal_spot_mm=focal_spot_mm, srb_mm=srb_um / 1000, magnification=v, rule=rule)
        values |= {"total_unsharpness_mm": total, "srb_image_um": 500 * total, "unsharpness_to_srb": ug * 1000 / srb_um}
    return Measurement(
        "unsharpness", VERSION, values, "d b / f, f = source-detector - object-detector; total at the object by the "
        f"{rule} rule", {**inputs, **({"srb_um": srb_um} if srb_um is not None else {}), "rule": rule},
        source=Citation.of(table(FACTORS)),
    )  # fmt: skip


def calculate_magnification(*, focal_spot_mm: float, srb_um: float, rule: str = "square") -> Measurement:
    """Return the magnification of least total unsharpness, and that unsharpness at the object."""
    v = optimum_magnification(focal_spot_mm=positive("focal-spot-mm", focal_spot_mm), srb_mm=srb_um / 1000, rule=rule)
    least = image_unsharpness_mm(focal_spot_mm=focal_spot_mm, srb_mm=srb_um / 1000, magnification=v, rule=rule)
    return Measurement(
        "optimum-magnification", VERSION, {"magnification": v, "unsharpness_mm": least, "srb_image_um": 500 * least},
        f"least of ((d (v-1))^n + (2 SRb)^n)^(1/n) / v, n = {RULES[rule]:g}",
        {"focal_spot_mm": focal_spot_mm, "srb_um": srb_um, "rule": rule}, source=Citation.of(table(FACTORS)),
    )  # fmt: skip


FOCAL_SPOT = Option("focal_spot_mm", "number", "size d of the focal spot or gamma source", is_required=True)
OBJECT_DETECTOR = Option(
    "object_detector_mm", "number", "b, from the source side of the object to the detector", is_required=True
)
SOURCE_DETECTOR = Option("source_detector_mm", "number", "from the source to the detector", is_required=True)
RULE = Option("rule", "choice", "how unsharpnesses add", default="square", choices=tuple(RULES))

CALCULATIONS = (
    Calculation(
        "unsharpness", "Geometric unsharpness and magnification; with the detector's SRb the total.",
        (
            FOCAL_SPOT, OBJECT_DETECTOR, SOURCE_DETECTOR,
            Option("srb_um", "number", "basic spatial resolution of the detector"), RULE,
        ),
        calculate_unsharpness,
    ),
    Calculation(
        "optimum-magnification", "The magnification of least total unsharpness.",
        (FOCAL_SPOT, Option("srb_um", "number", "basic spatial resolution of the detector", is_required=True), RULE),
        calculate_magnification,
    ),
)  # fmt: skip

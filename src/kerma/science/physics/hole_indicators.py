"""Plaque holes and wires of ASTM and ASME: equivalent penetrameter sensitivity, and the wire that equals a hole."""

from __future__ import annotations

import math
import re

from kerma.errors import OutsideTable, WrongUsage
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.table_rows import positive, quantity, row_at
from kerma.science.results import Citation, Measurement
from kerma.standards import table

VERSION = "1"
HOLES = "astm_e1025/holes"
WIRES = "astm_e747/wires"
EQUIVALENCE = "astm_e747/equivalence"
_LEVEL = re.compile(r"(\d+(?:\.\d+)?)-([124]T)")


def equivalent_sensitivity_percent(*, hole_mm: float, plaque_mm: float, thickness_mm: float) -> float:
    """Return the EPS: the thickness, in percent of the part, of a plaque whose 2T hole shows as well.

    EPS = 100/t * sqrt(T H / 2), T the plaque, H the hole, t the part.
    """
    positive("thickness-mm", thickness_mm)
    return 100 / thickness_mm * math.sqrt(positive("plaque-mm", plaque_mm) * positive("hole-mm", hole_mm) / 2)


def wire_for_hole_mm(*, hole_mm: float, plaque_mm: float) -> float:
    """Return the wire diameter that shows as well as a hole: F^3 D^3 L = T^2 H^2 pi/4 (ASTM E747)."""
    factor, length = quantity(EQUIVALENCE, "form_factor"), quantity(EQUIVALENCE, "effective_length_mm")
    seen = (positive("plaque-mm", plaque_mm) * positive("hole-mm", hole_mm)) ** 2 * math.pi / 4
    return float((seen / length) ** (1 / 3) / factor)


def hole_for_wire_mm(*, wire_mm: float, plaque_mm: float) -> float:
    """Return the hole of a plaque that shows as well as a wire; the inverse of :func:`wire_for_hole_mm`."""
    factor, length = quantity(EQUIVALENCE, "form_factor"), quantity(EQUIVALENCE, "effective_length_mm")
    return math.sqrt((factor * wire_mm) ** 3 * length / (math.pi / 4)) / positive("plaque-mm", plaque_mm)


def hole_of_plaque_mm(hole: str, *, plaque_mm: float) -> float:
    """Return the diameter of hole 1T, 2T or 4T of a plaque; thin plaques have holes of a least size (ASTM E1025)."""
    row = row_at(HOLES, hole=hole)
    if plaque_mm < float(row["thin_plaque_below_mm"]):
        return float(row["least_diameter_mm"])
    return float(row["plaques"]) * plaque_mm


def level_sizes_mm(level: str, *, thickness_mm: float) -> tuple[float, float]:
    """Return hole and plaque of a quality level such as 2-2T: a plaque of 2 % of the part, its 2T hole."""
    found = _LEVEL.fullmatch(level.strip().upper())
    if found is None:
        raise WrongUsage(f"'{level}' is no level of hole indicators; write plaque percent and hole, such as 2-2T")
    plaque = float(found[1]) / 100 * thickness_mm
    return hole_of_plaque_mm(found[2], plaque_mm=plaque), plaque


def nearest_wire(diameter_mm: float) -> str:
    """Return the wire of ASTM E747 nearest to a diameter, by ratio.

    Raises
    ------
    OutsideTable
        The diameter lies more than a step beyond the listed wires.
    """
    wires = {row["wire"]: float(row["diameter_mm"]) for row in table(WIRES)}
    step = 10 ** (1 / 10)
    if not min(wires.values()) / step <= diameter_mm <= max(wires.values()) * step:
        raise OutsideTable(
            f"{WIRES} lists {min(wires.values()):g} to {max(wires.values()):g} mm; asked {diameter_mm:.3g} mm"
        )
    return min(wires, key=lambda wire: abs(math.log(wires[wire] / diameter_mm)))


def calculate_eps(
    *, thickness_mm: float, hole_mm: float | None = None, plaque_mm: float | None = None, level: str | None = None
) -> Measurement:
    """Return the EPS of a hole, given by its sizes or as a level such as 2-2T."""
    if level is not None:
        if hole_mm is not None or plaque_mm is not None:
            raise WrongUsage("eps takes hole-mm and plaque-mm, or a level such as 2-2T, not both")
        hole_mm, plaque_mm = level_sizes_mm(level, thickness_mm=thickness_mm)
    if hole_mm is None or plaque_mm is None:
        raise WrongUsage("eps needs hole-mm and plaque-mm, or a level such as 2-2T")
    eps = equivalent_sensitivity_percent(hole_mm=hole_mm, plaque_mm=plaque_mm, thickness_mm=thickness_mm)
    values = {"eps_percent": eps, "hole_mm": hole_mm, "plaque_mm": plaque_mm}
    values["contrast_percent"] = 100 * plaque_mm / thickness_mm
    inputs = {"hole_mm": hole_mm, "plaque_mm": plaque_mm, "thickness_mm": thickness_mm}
    return Measurement("eps", VERSION, values, "100/t * sqrt(T H / 2)", inputs, source=Citation.of(table(HOLES)))


def calculate_wire(*, hole_mm: float, plaque_mm: float) -> Measurement:
    """Return the wire that equals a hole, and the listed wire nearest to it."""
    wire = wire_for_hole_mm(hole_mm=hole_mm, plaque_mm=plaque_mm)
    values: dict[str, float | str] = {"wire_mm": wire}
    warnings: tuple[str, ...] = ()
    try:
        values["wire"] = nearest_wire(wire)
    except OutsideTable as error:
        warnings = (str(error),)
    return Measurement(
        "wire-for-hole", VERSION, values, "F^3 D^3 L = T^2 H^2 pi/4", {"hole_mm": hole_mm, "plaque_mm": plaque_mm},
        source=Citation.of(table(EQUIVALENCE)), warnings=warnings,
    )  # fmt: skip


CALCULATIONS = (
    Calculation(
        "eps", "Equivalent penetrameter sensitivity of a plaque hole.",
        (
            Option("hole_mm", "number", "diameter H of the hole"),
            Option("plaque_mm", "number", "thickness T of the plaque"),
            Option("thickness_mm", "number", "thickness t of the part", is_required=True),
            Option("level", "text", "instead of hole and plaque: a quality level such as 2-2T"),
        ),
        calculate_eps,
    ),
    Calculation(
        "wire-for-hole", "The wire that shows as well as a plaque hole (ASTM E747).",
        (
            Option("hole_mm", "number", "diameter H of the hole", is_required=True),
            Option("plaque_mm", "number", "thickness T of the plaque", is_required=True),
        ),
        calculate_wire,
    ),
)  # fmt: skip

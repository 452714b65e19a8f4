"""Radiographic equivalence: the thickness of steel that asks for the same exposure as another metal."""

from __future__ import annotations

from typing import Any

from kerma.errors import OutsideTable
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.nuclides import nuclide_named
from kerma.science.physics.table_rows import positive
from kerma.science.results import Citation, Measurement
from kerma.standards import table

VERSION = "1"
FACTORS = "astm_e94/equivalence"
XRAY = "x-ray"


def equivalence_factor(material: str, *, radiation: str = XRAY, tube_voltage_kv: float | None = None) -> float:
    """Return the factor by which a thickness is multiplied to give steel; 1 for steel itself.

    Between two tabulated voltages it is interpolated; beyond them it is not known.

    Raises
    ------
    OutsideTable
        The table does not hold this material for this radiation.
    """
    if material == "steel":
        return 1.0
    rows = [row for row in table(FACTORS) if row["material"] == material and row["radiation"] == radiation]
    points = sorted((float(row["tube_voltage_kv"] or 0), float(row["equivalence"])) for row in rows)
    at = tube_voltage_kv if radiation == XRAY else 0.0
    if at is None or not points or not points[0][0] <= at <= points[-1][0]:
        held = ", ".join(dict.fromkeys(row["material"] for row in table(FACTORS)))
        known = f" from {points[0][0]:g} to {points[-1][0]:g} kV" if points and radiation == XRAY else ""
        asked = f"{radiation} at {at:g} kV" if radiation == XRAY and at is not None else radiation
        raise OutsideTable(
            f"no equivalence factor of '{material}' for {asked}; the table holds {held}, this one{known or ' not'}"
        )
    low = max(point for point in points if point[0] <= at)
    high = min(point for point in points if point[0] >= at)
    if high[0] == low[0]:
        return low[1]
    return low[1] + (high[1] - low[1]) * (at - low[0]) / (high[0] - low[0])


def equivalent_thickness_mm(
    thickness_mm: float, *, material: str, radiation: str = XRAY, tube_voltage_kv: float | None = None
) -> float:
    """Return the thickness of steel that asks for the same exposure."""
    factor = equivalence_factor(material, radiation=radiation, tube_voltage_kv=tube_voltage_kv)
    return positive("thickness-mm", thickness_mm) * factor


def calculate(
    *, thickness_mm: float, material: str, nuclide: str | None = None, tube_voltage_kv: float | None = None
) -> Measurement:
    """Return the equivalent thickness of steel."""
    radiation = nuclide_named(nuclide) if nuclide else XRAY
    factor = equivalence_factor(material, radiation=radiation, tube_voltage_kv=tube_voltage_kv)
    inputs: dict[str, Any] = {"thickness_mm": thickness_mm, "material": material, "radiation": radiation}
    if tube_voltage_kv is not None:
        inputs["tube_voltage_kv"] = tube_voltage_kv
    return Measurement(
        "equivalent-thickness", VERSION, {"steel_mm": thickness_mm * factor, "factor": factor},
        "thickness times equivalence factor", inputs, source=Citation.of(table(FACTORS)),
    )  # fmt: skip


CALCULATIONS = (
    Calculation(
        "equivalent-thickness", "Thickness of steel that asks for the same exposure.",
        (
            Option("thickness_mm", "number", "of the object", is_required=True),
            Option("material", "text", "aluminium, titanium, copper, brass, inconel, lead …", is_required=True),
            Option("nuclide", "text", "gamma source; without it X-rays"),
            Option("tube_voltage_kv", "number", "of the X-ray tube"),
        ),
        calculate,
    ),
)  # fmt: skip

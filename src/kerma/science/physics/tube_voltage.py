"""The highest X-ray tube voltage for a penetrated thickness (ISO 17636-1 and -2)."""

from __future__ import annotations

import math

from kerma.errors import OutsideTable
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.table_rows import quantity, row_at
from kerma.science.results import Citation, Measurement
from kerma.standards import table

VERSION = "1"
CURVES = "iso_17636-1/max_voltage"
MATERIALS = "iso_17636-1/materials"
LIMIT = "iso_17636-1/voltage_limit"


def max_voltage_kv(thickness_mm: float, *, material: str) -> float:
    """Return U_max for a penetrated thickness: a line up to 10 mm, a power law above.

    ``material`` is one of ``iso_17636-1/materials``.

    Raises
    ------
    OutsideTable
        The material has no curve, or the curve ends before this thickness.
    """
    curve = material_row(material)["voltage_curve"]
    row = row_at(CURVES, thickness_mm=thickness_mm, curve=curve)
    if row["exponent"]:
        voltage = float(row["factor_kv"]) * math.pow(thickness_mm, float(row["exponent"]))
    else:
        voltage = float(row["offset_kv"]) + float(row["slope_kv_mm"]) * thickness_mm
    highest = quantity(LIMIT, "highest_voltage_kv")
    if voltage > highest:
        raise OutsideTable(
            f"the curve of {material} ends at {highest:g} kV; {thickness_mm:g} mm would need {voltage:.0f} kV: "
            "use Co-60 or an accelerator"
        )
    return voltage


def material_row(material: str) -> dict[str, str]:
    """Return how the tables group a material.

    Raises
    ------
    OutsideTable
        No such material; the message lists those there are.
    """
    names = [row["material"] for row in table(MATERIALS)]
    if material not in names:
        raise OutsideTable(f"ISO 17636 has no rows for '{material}'; it has {', '.join(names)}")
    return row_at(MATERIALS, material=material)


def calculate(*, thickness_mm: float, material: str = "steel") -> Measurement:
    """Return U_max."""
    return Measurement(
        "max-voltage", VERSION, {"max_voltage_kv": max_voltage_kv(thickness_mm, material=material)},
        "curve of maximum voltage over penetrated thickness", {"thickness_mm": thickness_mm, "material": material},
        source=Citation.of(table(CURVES)),
    )  # fmt: skip


MATERIAL = Option(
    "material", "choice", "of the object", default="steel", choices=tuple(row["material"] for row in table(MATERIALS))
)

CALCULATIONS = (
    Calculation(
        "max-voltage", "Highest X-ray tube voltage for a penetrated thickness.",
        (Option("thickness_mm", "number", "penetrated thickness w", is_required=True), MATERIAL), calculate,
    ),
)  # fmt: skip

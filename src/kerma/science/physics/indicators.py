"""Image quality indicators that a standard asks for: wire, step hole, duplex pair, plaque."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.hole_indicators import WIRES as ASTM_WIRES
from kerma.science.physics.source_distance import CLASSES
from kerma.science.physics.table_rows import row_at
from kerma.science.results import Citation, Measurement
from kerma.standards import table

VERSION = "1"
WIRES = "iso_17636-2/wires"
STEP_HOLES = "iso_17636-2/step_holes"
DUPLEX = "iso_17636-2/duplex"
WIRE_SERIES = "iso_19232-1/wires"
DUPLEX_WIRES = "iso_19232-5/duplex_wires"
ASME = "asme_v/indicators"
ARRETE = "fr_arrete_1978/image_quality"
SIDES = ("source", "detector")
MM_PER_INCH = 25.4


@dataclass(frozen=True)
class Indicator:
    """An indicator that must be seen: its name, its size, and the table and clause that ask for it."""

    name: str
    diameter_mm: float
    table: str
    clause: str


def wire(thickness_mm: float, *, testing_class: str, side: str = "source", is_double_image: bool = False) -> Indicator:
    """Return the wire of ISO 17636, Annex B; ``thickness_mm`` is t, or w = 2 t for a double image."""
    row = _row(WIRES, thickness_mm, testing_class, side, is_double_image)
    diameter = float(row_at(WIRE_SERIES, wire=row["wire"])["diameter_mm"])
    return Indicator(row["wire"], diameter, WIRES, f"Table {row['table']}")


def step_hole(
    thickness_mm: float, *, testing_class: str, side: str = "source", is_double_image: bool = False
) -> Indicator:
    """Return the step and hole of ISO 17636, Annex B; ``thickness_mm`` as in :func:`wire`."""
    row = _row(STEP_HOLES, thickness_mm, testing_class, side, is_double_image)
    diameter = float(row_at("iso_19232-2/step_holes", hole=row["hole"])["diameter_mm"])
    return Indicator(row["hole"], diameter, STEP_HOLES, f"Table {row['table']}")


def duplex(thickness_mm: float, *, testing_class: str) -> Indicator:
    """Return the duplex pair of ISO 17636-2; its wire diameter is the basic spatial resolution asked for.

    ``thickness_mm`` is w; for a single image through two walls it is t (Tables B.13 and B.14, footnote a).
    """
    row = row_at(DUPLEX, thickness_mm=thickness_mm, testing_class=testing_class)
    return Indicator(row["pair"], float(row["srb_um"]) / 1000, DUPLEX, f"Table {row['table']}")


def missing_pairs(srb_um: float, *, asked: Indicator) -> int:
    """Return how many duplex pairs an SRb falls short of the one asked for; 0 when it is reached."""
    finer_than_given = [
        row["pair"] for row in table(DUPLEX_WIRES)
        if asked.diameter_mm * 1000 <= float(row["diameter_mm"]) * 1000 < srb_um * (1 - 1e-9)
    ]  # fmt: skip
    return len(finer_than_given)


def finer_wire(wire: Indicator, *, steps: int) -> str | None:
    """Return the wire that many steps finer in ISO 19232-1; None where the series ends before it."""
    names = [row["wire"] for row in table(WIRE_SERIES)]
    at = names.index(wire.name) + steps
    return names[at] if at < len(names) else None


def asme_indicators(thickness_mm: float, *, side: str = "source") -> tuple[Indicator, Indicator]:
    """Return the plaque hole and the wire of ASME V, Table T-276; a plaque's number is thousandths of an inch."""
    row = row_at(ASME, thickness_mm=thickness_mm, indicator_side=side)
    wire_mm = float(row_at(ASTM_WIRES, wire=row["wire"])["diameter_mm"])
    hole_mm = int(row["plaque"]) * MM_PER_INCH / 1000 * int(row["hole"][0])
    clause = table(ASME).clause
    return Indicator(f"{row['plaque']}-{row['hole']}", hole_mm, ASME, clause), Indicator(
        row["wire"], wire_mm, ASME, clause
    )


def _row(name: str, thickness_mm: float, testing_class: str, side: str, is_double_image: bool) -> dict[str, str]:
    if side not in SIDES:
        raise WrongUsage(f"an indicator stands on the {' or '.join(SIDES)} side; '{side}' is neither")
    wall = "any" if side == "detector" else "double" if is_double_image else "single"
    return row_at(name, thickness_mm=thickness_mm, testing_class=testing_class, indicator_side=side, wall=wall)


def calculate(
    *, thickness_mm: float, class_: str | None = None, side: str = "source", wall: str = "single", standard: str = "iso"
) -> Measurement:
    """Return the indicators that ISO 17636, ASME V or the French arrêté of 1978 asks for."""
    inputs: dict[str, Any] = {"thickness_mm": thickness_mm, "side": side, "wall": wall, "standard": standard}
    values: dict[str, Any]
    if standard == "iso":
        if class_ is None:
            raise WrongUsage("ISO 17636 needs the testing class: class A or B")
        inputs["class"] = class_
        is_double = wall == "double-image"
        seen = wire(thickness_mm, testing_class=class_, side=side, is_double_image=is_double)
        hole = step_hole(thickness_mm, testing_class=class_, side=side, is_double_image=is_double)
        pair = duplex(thickness_mm, testing_class=class_)
        values = {"wire": seen.name, "wire_mm": seen.diameter_mm, "step_hole": hole.name, "hole_mm": hole.diameter_mm}
        values |= {"duplex": pair.name, "srb_um": pair.diameter_mm * 1000}
        cited = Citation.of(table(WIRES), f"{seen.clause}, {hole.clause}, {pair.clause}")
    elif standard == "asme":
        plaque, seen = asme_indicators(thickness_mm, side=side)
        values = {"plaque": plaque.name, "hole_mm": plaque.diameter_mm, "wire": seen.name, "wire_mm": seen.diameter_mm}
        cited = Citation.of(table(ASME))
    else:
        row = row_at(ARRETE, thickness_mm=thickness_mm)
        values = {"wire_mm": float(row["wire_diameter_mm"]), "hole_mm": float(row["hole_diameter_mm"])}
        cited = Citation.of(table(ARRETE))
    return Measurement("iqi", VERSION, values, "row of the standard's table", inputs, source=cited)


CALCULATIONS = (
    Calculation(
        "iqi", "Wire, step hole, duplex pair or plaque that a standard asks for.",
        (
            Option("thickness_mm", "number", "t; for a double image w = 2 t", is_required=True),
            Option("class", "choice", "testing class of ISO 17636", choices=CLASSES),
            Option("side", "choice", "where the indicator stands", default="source", choices=SIDES),
            Option("wall", "choice", "one wall imaged, or both", default="single", choices=("single", "double-image")),
            Option("standard", "choice", "whose table", default="iso", choices=("iso", "asme", "arrete-1978")),
        ),
        calculate,
    ),
)  # fmt: skip

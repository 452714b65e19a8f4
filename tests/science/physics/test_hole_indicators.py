"""Plaque holes and wires: published levels and equivalences, inverses, thin plaques."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kerma.errors import OutsideTable, WrongUsage
from kerma.science import calculations
from kerma.science.physics.hole_indicators import (
    WIRES,
    equivalent_sensitivity_percent,
    hole_for_wire_mm,
    hole_of_plaque_mm,
    nearest_wire,
    wire_for_hole_mm,
)
from kerma.standards import table

INCH = 25.4


@pytest.mark.parametrize(
    ("level", "eps"),
    [("2-1T", 1.414), ("2-2T", 2.0), ("2-4T", 2.828), ("1-1T", 0.707), ("1-2T", 1.0), ("4-2T", 4.0)],
)
def test_published_levels(level: str, eps: float) -> None:
    for thickness in (20.0, 50.0):
        found = calculations.run("eps", level=level, thickness_mm=thickness).values
        if found["plaque_mm"] >= 0.254:
            assert found["eps_percent"] == pytest.approx(eps, abs=5e-4)
        again = calculations.run("eps", hole_mm=found["hole_mm"], plaque_mm=found["plaque_mm"], thickness_mm=thickness)
        assert again.values["eps_percent"] == found["eps_percent"]


def test_eps_is_seventy_point_seven_times_the_root() -> None:
    found = equivalent_sensitivity_percent(hole_mm=0.8, plaque_mm=0.5, thickness_mm=25)
    assert found == pytest.approx(70.7 * (0.8 * 0.5) ** 0.5 / 25, rel=2e-4)


@pytest.mark.parametrize(("plaque_in", "wire_in"), [(0.012, 0.0076), (0.020, 0.0150)])
def test_published_wires(plaque_in: float, wire_in: float) -> None:
    found = calculations.run("wire-for-hole", plaque_mm=plaque_in * INCH, hole_mm=2 * plaque_in * INCH).values
    assert found["wire_mm"] / INCH == pytest.approx(wire_in, abs=5e-5)


def test_wire_and_hole_are_inverse_and_grow_together() -> None:
    wires = [wire_for_hole_mm(hole_mm=hole, plaque_mm=0.5) for hole in (0.3, 0.5, 1.0, 2.0)]
    assert wires == sorted(wires)
    for wire, hole in zip(wires, (0.3, 0.5, 1.0, 2.0), strict=True):
        assert hole_for_wire_mm(wire_mm=wire, plaque_mm=0.5) == pytest.approx(hole)


def test_thin_plaques_have_holes_of_a_least_size_that_meet_the_rule() -> None:
    for hole, times in (("1T", 1), ("2T", 2), ("4T", 4)):
        assert hole_of_plaque_mm(hole, plaque_mm=0.1) == hole_of_plaque_mm(hole, plaque_mm=0.254)
        assert hole_of_plaque_mm(hole, plaque_mm=1.0) == times


def test_wires_are_a_series_of_preferred_numbers() -> None:
    diameters = [float(row["diameter_mm"]) for row in table(WIRES)]
    for thin, thick in pairwise(diameters):
        assert thick / thin == pytest.approx(10**0.1, rel=0.06)  # rounded from inches to hundredths of a millimetre


def test_the_nearest_wire_and_none_beyond_the_list() -> None:
    assert nearest_wire(0.19) == "W5"
    with pytest.raises(OutsideTable, match="lists"):
        nearest_wire(3.0)
    found = calculations.run("wire-for-hole", hole_mm=10, plaque_mm=5)
    assert "wire" not in found.values
    assert found.warnings


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"hole_mm": 1},
        {"level": "2-3T"},
        {"level": "2-2T", "hole_mm": 1},
        {"level": "2-2T", "plaque_mm": 1, "hole_mm": 1},
    ],
)
def test_what_is_incomplete_or_said_twice_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(WrongUsage):
        calculations.run("eps", thickness_mm=20, **given)

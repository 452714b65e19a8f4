"""Highest tube voltage: published values, monotone, ends where the curve ends, groups that exist."""

from __future__ import annotations

import pytest

from kerma.errors import OutsideTable, WrongUsage
from kerma.science import calculations
from kerma.science.physics.tube_voltage import CURVES, MATERIALS, max_voltage_kv
from kerma.standards import table

NAMES = [row["material"] for row in table(MATERIALS)]


@pytest.mark.parametrize(("w", "kv"), [(5, 137.5), (10, 175.0), (12, 196.2), (20, 272.1), (50, 489.1)])
def test_published_values_of_steel(w: float, kv: float) -> None:
    assert calculations.run("max-voltage", thickness_mm=w).values["max_voltage_kv"] == pytest.approx(kv, abs=0.05)


@pytest.mark.parametrize(
    ("material", "thin", "thick"),
    [("aluminium", 65.0, 24 * 30**0.43), ("titanium", 110.0, 35 * 30**0.5), ("copper", 210.0, 48 * 30**0.65)],
)
def test_the_other_curves(material: str, thin: float, thick: float) -> None:
    assert max_voltage_kv(10, material=material) == pytest.approx(thin)
    assert max_voltage_kv(30, material=material) == pytest.approx(thick)


@pytest.mark.parametrize("material", NAMES)
def test_it_rises_with_thickness(material: str) -> None:
    found = [max_voltage_kv(w, material=material) for w in (0.5, 2, 5, 9.9, 11, 15, 30, 60, 100)]
    assert found == sorted(found)
    # the two parts of each curve meet at 10 mm to within 5 kV
    assert max_voltage_kv(10.001, material=material) == pytest.approx(max_voltage_kv(10, material=material), abs=5)


def test_lighter_metals_take_less() -> None:
    for w in (3, 10, 40):
        found = [max_voltage_kv(w, material=material) for material in ("aluminium", "titanium", "steel", "copper")]
        assert found == sorted(found)


def test_beyond_the_curve_it_is_refused_with_advice() -> None:
    with pytest.raises(OutsideTable, match="Co-60"):
        max_voltage_kv(200, material="steel")
    with pytest.raises(OutsideTable, match="titanium"):
        max_voltage_kv(10, material="wood")
    with pytest.raises(WrongUsage, match="above 0"):
        max_voltage_kv(0, material="steel")


@pytest.mark.parametrize("row", table(MATERIALS).rows, ids=lambda row: row["material"])
def test_every_group_of_a_material_exists(row: dict[str, str]) -> None:
    assert row["voltage_curve"] in {one["curve"] for one in table(CURVES)}
    assert row["quality_group"] in {one["material"] for one in table("iso_17636-2/snr_n")}
    assert row["quality_group"] in {one["material"] for one in table("iso_17636-1/film_classes")}
    assert row["range_group"] in {one["material"] for one in table("iso_17636-2/source_ranges")}

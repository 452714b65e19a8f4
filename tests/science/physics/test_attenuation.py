"""Attenuation follows the published coefficients, mixes by mass, and refuses what no table covers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import NotFound, OutsideTable
from kerma.science.physics.attenuation import (
    density_of,
    linear_attenuation,
    mass_attenuation,
    mass_fractions,
    transmission,
)
from kerma.standards import table

KEV = st.floats(1.0, 800.0)


@pytest.mark.parametrize(
    ("energy_kev", "expected"),
    [(30, 8.17749), (60, 1.20493), (100, 0.37172), (200, 0.14605), (300, 0.10987), (500, 0.08415)],
)
def test_iron_has_its_published_coefficients(energy_kev: float, expected: float) -> None:
    assert float(mass_attenuation("Fe", energy_kev)) == pytest.approx(expected, rel=5e-5)


@pytest.mark.parametrize(
    ("element", "expected"), [("Al", 0.17042), ("Pb", 5.54875), ("Cu", 0.45847), ("Ti", 0.27207), ("W", 4.43663)]
)
def test_elements_at_100_kev(element: str, expected: float) -> None:
    assert float(mass_attenuation(element, 100.0)) == pytest.approx(expected, rel=5e-5)


def test_ten_millimetres_of_iron_at_150_kev() -> None:
    # gVirtualXray and Beer-Lambert agree on 0.2129320 (public comparison).
    assert float(transmission("iron", 150.0, thickness_mm=10.0)) == pytest.approx(0.212932, rel=1e-6)


@pytest.mark.parametrize(("energy_kev", "per_cm"), [(60, 0.2059), (120, 0.1614)])
def test_water(energy_kev: float, per_cm: float) -> None:
    assert float(linear_attenuation("water", energy_kev)) * 10 == pytest.approx(per_cm, rel=5e-4)


@pytest.mark.parametrize("energy_kev", [0.5, 0.999, 800.001, 1250.0, -1.0, float("nan"), float("inf")])
def test_an_energy_outside_the_table_is_refused_not_clamped(energy_kev: float) -> None:
    with pytest.raises(OutsideTable, match="1 to 800 keV"):
        mass_attenuation("Fe", [100.0, energy_kev])


@pytest.mark.parametrize("material", ["", "Unobtainium", "Qq2", "H2O)", "fe", "2H"])
def test_what_is_no_material_is_named(material: str) -> None:
    with pytest.raises(NotFound):
        mass_attenuation(material, 100.0)


def test_a_formula_without_density_asks_for_it() -> None:
    with pytest.raises(NotFound, match="density_g_cm3"):
        linear_attenuation("Al2O3", 100.0)
    assert linear_attenuation("Al2O3", 100.0, density_g_cm3=3.9) > 0


def test_an_element_has_its_own_density() -> None:
    assert density_of("Pb") == pytest.approx(11.35, abs=0.02)


@settings(max_examples=30, deadline=None)
@given(KEV, st.floats(0.0, 50.0), st.floats(0.0, 50.0))
def test_two_slabs_pass_the_product(energy_kev: float, first_mm: float, second_mm: float) -> None:
    both = transmission("water", energy_kev, thickness_mm=first_mm + second_mm)
    first, second = (transmission("water", energy_kev, thickness_mm=mm) for mm in (first_mm, second_mm))
    assert both == pytest.approx(first * second, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(KEV)
def test_a_mixture_lies_between_its_elements(energy_kev: float) -> None:
    water, hydrogen, oxygen = (float(mass_attenuation(name, energy_kev)) for name in ("H2O", "H", "O"))
    assert min(hydrogen, oxygen) <= water <= max(hydrogen, oxygen)


@pytest.mark.parametrize("row", table("kerma_materials/materials").rows, ids=lambda row: row["name"])
def test_every_listed_material_attenuates(row: dict[str, str]) -> None:
    assert sum(mass_fractions(row["name"]).values()) == pytest.approx(1.0)
    coefficients = mass_attenuation(row["name"], np.array([20.0, 60.0, 150.0]))
    assert (coefficients > 0.05).all()
    assert density_of(row["name"]) == float(row["density_g_cm3"])

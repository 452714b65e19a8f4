"""Attenuation follows the published coefficients, mixes by mass, and refuses what no table covers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import NotFound, OutsideTable, WrongUsage
from kerma.science.physics.attenuation import (
    linear_attenuation,
    mass_attenuation,
    mass_attenuation_parts,
    mass_energy_absorption,
    transmission,
)
from kerma.science.physics.materials import density_of, symbols
from kerma.standards import table

KEV = st.floats(1.0, 20000.0)
ELEMENTS = symbols()[:92]
TABLE = table("nist_xaamdi/elements")


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


@pytest.mark.parametrize("energy_kev", [0.5, 0.999, 20000.1, 1e6, -1.0, float("nan"), float("inf")])
def test_an_energy_outside_the_table_is_refused_not_clamped(energy_kev: float) -> None:
    with pytest.raises(OutsideTable, match="1 to 20000 keV"):
        mass_attenuation("Fe", [100.0, energy_kev])


@pytest.mark.parametrize("material", ["", "Unobtainium", "Qq2", "H2O)", "fe", "2H", "(H2O", "()", "H0"])
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


# NIST (XAAMDI), as printed: 1, 1.25, 2, 5, 10 and 20 MeV.
@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("Fe", (0.05995, 0.05350, 0.04265, 0.03146, 0.02994, 0.03224)),
        ("Pb", (0.07102, 0.05876, 0.04606, 0.04272, 0.04972, 0.06206)),
    ],
)
def test_megavolt_coefficients_are_the_published_ones(element: str, expected: tuple[float, ...]) -> None:
    energies = [1000.0, 1250.0, 2000.0, 5000.0, 10000.0, 20000.0]
    assert mass_attenuation(element, energies) == pytest.approx(expected, rel=1e-6)


def test_between_its_energies_the_table_is_right_to_a_tenth_of_a_percent() -> None:
    # XCOM at energies the table does not hold: 7, 9 and 12 MeV.
    assert mass_attenuation("Fe", [7000.0, 9000.0, 12000.0]) == pytest.approx([0.03011, 0.02987, 0.03025], rel=1e-3)
    assert mass_attenuation("Pb", [7000.0, 9000.0, 12000.0]) == pytest.approx([0.04528, 0.04823, 0.05260], rel=1e-3)


def test_cobalt_60_is_attenuated_as_it_should_be() -> None:
    # Mean of both lines; a table that stops at 800 keV would answer 0.067.
    assert float(mass_attenuation("Fe", [1173.2, 1332.5]).mean()) == pytest.approx(0.0535, rel=2e-3)


@pytest.mark.parametrize("element", ELEMENTS)
def test_the_seam_at_800_kev_is_smooth(element: str) -> None:
    below, above = mass_attenuation(element, [800.0, np.nextafter(800.0, 900.0)])
    assert above == pytest.approx(below, rel=5e-4)
    around = mass_attenuation(element, [780.0, 800.0, 820.0])
    assert (np.diff(around) < 0).all()


@pytest.mark.parametrize("element", ELEMENTS)
def test_the_table_and_xraydb_agree_where_both_answer(element: str) -> None:
    # Two evaluations of the same cross-sections, the table with four digits; on the edges it rounds the energy.
    rows = [row for row in TABLE if row["symbol"] == element and 20 <= float(row["energy_kev"]) <= 800]
    energies = np.array([float(row["energy_kev"]) for row in rows])
    expected = np.array([float(row["mass_attenuation_cm2_g"]) for row in rows])
    away = np.array([np.abs(energies - energy).min(initial=9.0, where=energies != energy) > 2.5 for energy in energies])
    away &= np.array([np.count_nonzero(energies == energy) == 1 for energy in energies])
    assert np.count_nonzero(away) > 8
    assert mass_attenuation(element, energies[away]) == pytest.approx(expected[away], rel=1.5e-3)


# NIST's own table of dry air and of liquid water: energy, mass attenuation, mass energy absorption.
AIR = [(10, 5.120, 4.742), (30, 0.3538, 0.1537), (60, 0.1875, 0.03041), (100, 0.1541, 0.02325), (300, 0.1067, 0.02872),
       (1250, 0.05687, 0.02666), (6000, 0.02522, 0.01647), (20000, 0.01705, 0.01311)]  # fmt: skip
WATER = [(10, 5.329, 4.944), (60, 0.2059, 0.03190), (100, 0.1707, 0.02546), (1250, 0.06323, 0.02965)]


@pytest.mark.parametrize(("material", "rows"), [("air", AIR), ("water", WATER)])
def test_substances_are_the_sum_of_their_elements(material: str, rows: list[tuple[float, float, float]]) -> None:
    energies, attenuation, absorption = np.array(rows).T
    assert mass_attenuation(material, energies) == pytest.approx(attenuation, rel=1e-3)
    assert mass_energy_absorption(material, energies) == pytest.approx(absorption, rel=1.5e-3)


@pytest.mark.parametrize("element", ELEMENTS)
def test_less_is_absorbed_than_attenuated(element: str) -> None:
    energies = np.geomspace(1.0, 20000.0, 300)
    absorbed, attenuated = mass_energy_absorption(element, energies), mass_attenuation(element, energies)
    # Interpolation at an edge may put the two a little apart: the table has the edge rounded to four digits.
    assert (absorbed < attenuated * 1.05)[energies > 5].all()
    assert (absorbed > 0).all()


def test_on_an_edge_the_upper_side_holds() -> None:
    edge = 88.0  # lead, as the table rounds it
    below, on = mass_energy_absorption("Pb", [edge - 0.01, edge])
    assert on / below > 1.3


def test_three_parts_add_up_to_the_total() -> None:
    energies = np.array([[1.0, 20.0], [88.1, 800.0]])
    parts = mass_attenuation_parts("lead glass", energies)
    assert sum(parts.values()) == pytest.approx(mass_attenuation("lead glass", energies), rel=1e-9)
    with pytest.raises(OutsideTable):
        mass_attenuation_parts("Fe", 801.0)


def test_energies_keep_their_shape_and_may_mix_both_tables() -> None:
    energies = np.array([[50.0, 1250.0], [800.0, 5000.0]])
    together = mass_attenuation("steel", energies)
    assert together.shape == (2, 2)
    alone = [[float(mass_attenuation("steel", energy)) for energy in row] for row in energies]
    assert together == pytest.approx(np.array(alone), rel=1e-12)
    assert mass_attenuation("steel", []).shape == (0,)


def test_beyond_uranium_the_megavolt_table_has_no_row() -> None:
    assert mass_attenuation("Pu", 100.0) > 1
    with pytest.raises(OutsideTable, match="uranium"):
        mass_attenuation("Pu", 1000.0)


@pytest.mark.parametrize("density", [0.0, -1.0, float("nan")])
def test_a_density_of_nothing_is_refused(density: float) -> None:
    with pytest.raises(WrongUsage, match="density"):
        linear_attenuation("iron", 100.0, density_g_cm3=density)

"""The effective number of an element is its own, of a compound between its elements, and as published elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import NotFound, WrongUsage
from kerma.science.calculations import run
from kerma.science.physics.attenuation import linear_attenuation
from kerma.science.physics.effective_number import electron_density_mol_cm3, zeff, zeff_power_law
from kerma.science.physics.materials import atomic_number, mass_fractions, symbols

# A re-implementation of the published method on xraylib. Its atomic masses have two decimals and ours are exact, which
# is 0.2 % of hydrogen: the tolerance is a thousandth. Formula, density, electron density, power law, Ze, mu at 60, 120.
PUBLISHED = [
    ("H2O", 1.0, 0.5549, 7.417, 7.444, 0.2059, 0.1614),
    ("C2H4", 0.94, 0.5360, 5.444, 5.449, 0.1852, 0.1538),
    ("C2F4", 2.17, 1.0414, 8.433, 8.432, 0.4079, 0.3060),
    ("Al", 2.7, 1.3010, 13.0, 13.000, 0.7498, 0.4139),
    ("Fe", 7.874, 3.6656, 26.0, 26.000, 9.4877, 2.1203),
]


@pytest.mark.parametrize(("formula", "density", "electrons", "power", "spectral", "mu60", "mu120"), PUBLISHED)
def test_published_values(
    formula: str, density: float, electrons: float, power: float, spectral: float, mu60: float, mu120: float
) -> None:
    assert electron_density_mol_cm3(formula, density_g_cm3=density) == pytest.approx(electrons, rel=1e-3)
    assert zeff_power_law(formula) == pytest.approx(power, rel=1e-3)
    assert zeff(formula) == pytest.approx(spectral, rel=1e-3)
    seen = linear_attenuation(formula, [60.0, 120.0], density_g_cm3=density) * 10.0
    assert seen == pytest.approx([mu60, mu120], rel=1e-3)


@pytest.mark.parametrize("symbol", symbols())
def test_an_element_has_its_own_number(symbol: str) -> None:
    assert zeff(symbol) == pytest.approx(atomic_number(symbol), abs=1e-9)
    assert zeff_power_law(symbol) == pytest.approx(atomic_number(symbol), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(symbols()[:30]), min_size=2, max_size=4, unique=True))
def test_a_compound_lies_between_its_elements(elements: list[str]) -> None:
    numbers = [atomic_number(symbol) for symbol in elements]
    for number in (zeff("".join(elements)), zeff_power_law("".join(elements))):
        assert min(numbers) - 1e-9 <= number <= max(numbers) + 1e-9


@pytest.mark.parametrize("explosive", ["tnt", "rdx", "petn", "hmx", "ammonium nitrate", "c4"])
def test_explosives_lie_with_the_organics(explosive: str) -> None:
    assert 6.5 < zeff(explosive) < 8.0


def test_a_formula_may_be_written_in_any_order() -> None:
    assert mass_fractions("H2O") == pytest.approx(mass_fractions("OH2"))
    assert zeff("C7H5N3O6") == pytest.approx(zeff("N3O6H5C7"), abs=1e-9)


def test_the_calculation() -> None:
    result = run("zeff", formula="H2O", density="1.0").as_json()
    assert result["values"]["zeff"] == pytest.approx(7.444, abs=2e-3)
    assert result["values"]["zeff_power_law"] == pytest.approx(7.417, abs=1e-3)
    assert result["values"]["electron_density_mol_cm3"] == pytest.approx(0.5551, abs=1e-4)
    assert run("zeff", material="quartz").values["electron_density_mol_cm3"] == pytest.approx(2.65 * 0.49930, rel=1e-3)


@pytest.mark.parametrize("options", [{}, {"formula": "H2O", "material": "water"}])
def test_one_material_is_needed(options: dict[str, str]) -> None:
    with pytest.raises(WrongUsage, match="formula"):
        run("zeff", **options)


def test_a_formula_needs_a_density() -> None:
    with pytest.raises(NotFound, match="density"):
        run("zeff", formula="C7H5N3O6")

"""Names, elements, formulas and mixtures mean what they say, and what is none of them is told why."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import NotFound, WrongUsage
from kerma.science.physics.attenuation import mass_attenuation
from kerma.science.physics.materials import (
    atomic_mass,
    atoms,
    density_of,
    electrons_per_gram,
    find,
    mass_fractions,
    names,
    symbols,
)
from kerma.standards import table

ROWS = table("kerma_materials/materials").rows
SYMBOL = st.sampled_from(symbols()[:92])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_every_listed_material_is_made_of_something(row: dict[str, str]) -> None:
    assert sum(mass_fractions(row["name"]).values()) == pytest.approx(1.0)
    assert density_of(row["name"]) == float(row["density_g_cm3"])
    assert 0.38 < electrons_per_gram(row["name"]) < 0.6
    assert (mass_attenuation(row["name"], np.array([20.0, 60.0, 150.0, 1250.0])) > 0.04).all()


def test_no_name_is_given_twice() -> None:
    owners: dict[str, set[str]] = {}
    for row in ROWS:
        for word in [row["name"], *row["also"].split(";")]:
            owners.setdefault(word.casefold(), set()).add(row["name"])
    assert [word for word, of in owners.items() if word and len(of) > 1] == []
    assert len({row["name"] for row in ROWS}) == len(ROWS)
    assert len(names()) >= len(ROWS) + 60


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("H2O", {"H": 2, "O": 1}),
        ("Ca(OH)2", {"Ca": 1, "O": 2, "H": 2}),
        ("CuSO4·5H2O", {"Cu": 1, "S": 1, "O": 9, "H": 10}),
        ("[Fe(CN)6]3", {"Fe": 3, "C": 18, "N": 18}),
        ("Ca5(PO4)3OH", {"Ca": 5, "P": 3, "O": 13, "H": 1}),
        ("N1.56O0.42Ar.01", {"N": 1.56, "O": 0.42, "Ar": 0.01}),
        ("CO(NH2)2", {"C": 1, "O": 1, "N": 2, "H": 4}),
    ],
)
def test_formulas_are_counted(formula: str, expected: dict[str, float]) -> None:
    assert dict(atoms(formula)) == pytest.approx(expected)


@pytest.mark.parametrize(
    "formula", ["", "(", ")", "H2O)", "(H2O", "()", "()2", "2", "h2o", "H-2", "H2 O", "H2..5", "Xx"]
)
def test_what_is_no_formula_is_refused(formula: str) -> None:
    with pytest.raises(NotFound):
        atoms(formula)


def test_a_mixture_by_mass_adds_its_parts() -> None:
    assert mass_fractions("0.7*Fe+0.3*Cr") == pytest.approx({"Fe": 0.7, "Cr": 0.3})
    assert mass_fractions("70*Fe + 30*Cr") == pytest.approx({"Fe": 0.7, "Cr": 0.3})
    salted = mass_fractions("0.9*water+0.1*salt")
    assert salted["Cl"] == pytest.approx(0.1 * mass_fractions("NaCl")["Cl"])
    assert sum(mass_fractions("0.333*Fe+0.333*Cr+0.333*Ni").values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("mixture", "hint"), [("0.7*Fe+0.2*Cr", "add up to 0.9"), ("0.7Fe+0.3*Cr", "mass shares"), ("*Fe", "mass shares")]
)
def test_shares_that_are_wrong_are_explained(mixture: str, hint: str) -> None:
    with pytest.raises(WrongUsage, match=hint):
        mass_fractions(mixture)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("Fe", "iron"), ("iron", "iron"), ("Iron", "iron"), ("aluminum", "aluminium"), ("PVC", "pvc"),
        ("PC", "polycarbonate"), ("C4", "c4"), ("TNT", "tnt"), ("Teflon", "ptfe"), ("Delrin", "pom"),
        ("soft_tissue", "soft tissue"), ("Sn", "tin"), ("Tin", "tin"), ("xenon", "xenon"), ("hafnium", "hafnium"),
        ("stainless-steel", "stainless steel 304"),
    ],
)  # fmt: skip
def test_a_material_has_its_names(word: str, name: str) -> None:
    found = find(word)
    assert found is not None
    assert found.name == name


def test_a_formula_is_not_taken_for_a_name_in_another_case() -> None:
    assert find("TiN") is None
    assert set(mass_fractions("TiN")) == {"Ti", "N"}
    with pytest.raises(NotFound):
        mass_fractions("fe")


def test_a_wrong_name_is_told_what_comes_near() -> None:
    with pytest.raises(NotFound, match="polyethylene"):
        mass_fractions("polyethylen")


@pytest.mark.parametrize("symbol", symbols()[:92])
def test_every_element_has_a_density_and_a_name(symbol: str) -> None:
    element = find(symbol)
    assert element is not None
    assert density_of(symbol) == density_of(element.name) > 0
    assert atomic_mass(symbol) > 1


@pytest.mark.parametrize(
    ("symbol", "density"), [("Fe", 7.874), ("Pb", 11.35), ("Al", 2.699), ("Cu", 8.96), ("W", 19.3), ("U", 18.95)]
)
def test_known_densities(symbol: str, density: float) -> None:
    assert density_of(symbol) == pytest.approx(density, rel=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(SYMBOL, st.integers(1, 9), min_size=1, max_size=4))
def test_doubling_a_formula_changes_nothing(counts: dict[str, int]) -> None:
    formula = "".join(f"{symbol}{count}" for symbol, count in counts.items())
    assert mass_fractions(f"({formula})2") == pytest.approx(mass_fractions(formula))
    assert mass_fractions(f"{formula}·{formula}") == pytest.approx(mass_fractions(formula))


# NIST's own tables of these substances, mass attenuation in cm2/g at 20, 100 and 1000 keV.
NIST = {
    "concrete": (2.806, 0.1738, 0.06495), "bone": (4.001, 0.1855, 0.06566), "soft tissue": (0.8230, 0.1693, 0.07006),
    "adipose tissue": (0.5677, 0.1688, 0.07078), "lead glass": (65.68, 4.216, 0.06914),
    "pyrex": (2.297, 0.1657, 0.06337),
    "blood": (0.8428, 0.1695, 0.07007), "film emulsion": (27.29, 0.9710, 0.06019),
    "concrete barite": (16.55, 1.122, 0.06112),
}  # fmt: skip


@pytest.mark.parametrize("material", NIST)
def test_tissues_glasses_and_concretes_are_those_of_nist(material: str) -> None:
    assert mass_attenuation(material, [20.0, 100.0, 1000.0]) == pytest.approx(NIST[material], rel=3e-3)

"""Attenuation of X-rays in matter: mass attenuation coefficients of elements, formulas and named materials.

The coefficients are the total cross-sections of Elam et al. (2002) as carried by XrayDB, photo-electric absorption
with coherent and incoherent scatter; valid from 1 to 800 keV. XrayDB itself answers above 800 keV with the value at
800 keV; here such an energy is refused, because a clamped coefficient makes Co-60 wrong by a quarter.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kerma.errors import NotFound, OutsideTable
from kerma.standards import table

LOWEST_KEV = 1.0
HIGHEST_KEV = 800.0
MATERIALS = "kerma_materials/materials"
_ELEMENT = re.compile(r"([A-Z][a-z]?)(\d*\.?\d*)")


def mass_attenuation(material: str, energy_kev: ArrayLike) -> NDArray[np.float64]:
    """Return the total mass attenuation coefficient in cm²/g, coherent scatter included.

    Parameters
    ----------
    material : a name of ``kerma_materials/materials``, an element symbol, or a formula such as ``Al2O3``
    energy_kev : photon energy in keV, one or many, 1 to 800

    Raises
    ------
    OutsideTable
        An energy lies outside 1 to 800 keV; the table is never extended.
    NotFound
        Neither a named material nor a formula of known elements.
    """
    energies = np.asarray(energy_kev, dtype=np.float64)
    wrong = energies[~((energies >= LOWEST_KEV) & (energies <= HIGHEST_KEV))]
    if wrong.size:
        raise OutsideTable(
            f"attenuation is tabulated from {LOWEST_KEV:g} to {HIGHEST_KEV:g} keV, asked was {wrong.flat[0]:g} keV; "
            "gamma sources above that need another table"
        )
    total = np.zeros_like(energies)
    for element, fraction in mass_fractions(material).items():
        total += fraction * _element(element, energies)
    return total


def linear_attenuation(
    material: str, energy_kev: ArrayLike, *, density_g_cm3: float | None = None
) -> NDArray[np.float64]:
    """Return the linear attenuation coefficient in 1/mm; the density of a named material is known."""
    density = density_of(material) if density_g_cm3 is None else density_g_cm3
    return mass_attenuation(material, energy_kev) * density / 10.0


def transmission(
    material: str, energy_kev: ArrayLike, *, thickness_mm: float, density_g_cm3: float | None = None
) -> NDArray[np.float64]:
    """Return the share of photons that pass a slab without interacting: exp(-μ t)."""
    result: NDArray[np.float64] = np.exp(
        -linear_attenuation(material, energy_kev, density_g_cm3=density_g_cm3) * thickness_mm
    )
    return result


def density_of(material: str) -> float:
    """Return the density in g/cm³ of a named material or an element in its usual form."""
    named = _named().get(material)
    if named is not None:
        return float(named["density_g_cm3"])
    fractions = mass_fractions(material)
    if len(fractions) == 1 and material in fractions:
        import xraydb

        return float(xraydb.atomic_density(material))
    raise NotFound(f"the density of '{material}' is not known: give density_g_cm3")


@functools.cache
def mass_fractions(material: str) -> Mapping[str, float]:
    """Return the share of mass of each element in a named material or formula."""
    import xraydb

    named = _named().get(material)
    formula = named["formula"] if named else material
    parts = _ELEMENT.findall(formula)
    if not parts or "".join(symbol + count for symbol, count in parts) != formula:
        raise NotFound(f"'{material}' is no material of {MATERIALS} and no formula such as Al2O3")
    masses: dict[str, float] = {}
    for symbol, count in parts:
        try:
            mass = float(xraydb.atomic_mass(symbol))
        except ValueError as error:
            raise NotFound(f"'{symbol}' in '{material}' is no element; known names stand in {MATERIALS}") from error
        masses[symbol] = masses.get(symbol, 0.0) + mass * float(count or 1)
    total = sum(masses.values())
    return {symbol: mass / total for symbol, mass in masses.items()}


def _element(symbol: str, energies_kev: NDArray[np.float64]) -> NDArray[np.float64]:
    import xraydb

    values: NDArray[np.float64] = np.asarray(xraydb.mu_elam(symbol, energies_kev * 1000.0, kind="total"), dtype=float)
    return values


@functools.cache
def _named() -> Mapping[str, Mapping[str, str]]:
    return {row["name"]: row for row in table(MATERIALS)}

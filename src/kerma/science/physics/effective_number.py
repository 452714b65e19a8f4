"""Effective atomic number and electron density of a material: what a dual-energy scanner can tell of it.

Two numbers of that name are in use. The power law weighs Z^2.94 with each element's share of the electrons. The
spectral number Ze is the (fractional) element whose cross-section per electron, between 10 and 100 keV and as far as
it shows behind 2.5 g/cm², is most like the material's (Champley et al. 2019); scanners are calibrated to it.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.options import Option
from kerma.science.physics.attenuation import mass_attenuation
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.materials import (
    atomic_mass,
    atomic_number,
    density_of,
    electrons_per_gram,
    mass_fractions,
    symbols,
)
from kerma.science.results import Citation, Measurement
from kerma.standards import table

VERSION = "1"
SETTINGS = "kerma_dual_energy/effective_number"


def zeff_power_law(material: str) -> float:
    """Return the effective number by the power law: (Σ share of electrons · Z^2.94)^(1/2.94)."""
    exponent = _setting("power_law_exponent")
    fractions = mass_fractions(material)
    numbers = np.array([atomic_number(symbol) for symbol in fractions], dtype=np.float64)
    electrons = np.array([share * atomic_number(symbol) / atomic_mass(symbol) for symbol, share in fractions.items()])
    return float(np.sum(electrons / electrons.sum() * numbers**exponent) ** (1.0 / exponent))


def zeff(material: str) -> float:
    """Return the spectral effective number Ze; of an element it is its atomic number.

    The cross-section per electron is fitted, by least squares weighted with exp(-2 · 2.5 g/cm² · μ/ρ), with that of
    each pair of neighbouring elements, linear between them; the best fit gives Ze. The range is 1 to 98.
    """
    energies = _energies_kev()
    attenuation = mass_attenuation(material, energies)
    per_electron = attenuation / electrons_per_gram(material)
    weights = np.exp(-2.0 * _setting("areal_density_g_cm2") * attenuation)
    elements = _per_electron()
    step = np.diff(elements, axis=0)
    away = per_electron - elements[:-1]
    share = np.clip((away * step) @ weights / ((step**2) @ weights), 0.0, 1.0)
    misfit = (away - share[:, None] * step) ** 2 @ weights
    best = int(np.argmin(misfit))
    return best + 1 + float(share[best])


def electron_density_mol_cm3(material: str, *, density_g_cm3: float) -> float:
    """Return the electron density in mol/cm³: density times Z/A by mass."""
    return density_g_cm3 * electrons_per_gram(material)


def calculate_zeff(
    *, formula: str | None = None, material: str | None = None, density: float | None = None
) -> Measurement:
    """Answer ``kerma calc zeff``."""
    given = formula or material
    if given is None or (formula and material):
        raise WrongUsage("'zeff' needs one of the options 'formula' and 'material'")
    density_g_cm3 = density_of(given) if density is None else density
    settings = table(SETTINGS)
    values = {
        "zeff": zeff(given),
        "zeff_power_law": zeff_power_law(given),
        "electron_density_mol_cm3": electron_density_mol_cm3(given, density_g_cm3=density_g_cm3),
    }
    return Measurement(
        "zeff", VERSION, values,
        "best fit of the cross-section per electron between neighbouring elements, 10 to 100 keV behind 2.5 g/cm²; "
        "and the power law with exponent 2.94",
        {"material": given, "density_g_cm3": density_g_cm3},
        source=Citation.of(settings),
    )  # fmt: skip


def _setting(name: str) -> float:
    return next(float(row["value"]) for row in table(SETTINGS) if row["quantity"] == name)


@functools.cache
def _energies_kev() -> NDArray[np.float64]:
    return np.arange(_setting("lowest_energy_kev"), _setting("highest_energy_kev") + 1.0)


@functools.cache
def _per_electron() -> NDArray[np.float64]:
    """Return the cross-section per mole of electrons of every element, of shape (element, energy)."""
    return np.stack([mass_attenuation(each, _energies_kev()) / electrons_per_gram(each) for each in symbols()])


CALCULATIONS = (
    Calculation(
        "zeff", "effective atomic number (spectral and power law) and electron density of a material",
        (
            Option("formula", "text", "formula such as C7H5N3O6, or a mixture such as 0.7*Fe+0.3*Cr"),
            Option("material", "text", "a named material or an element, instead of a formula"),
            Option("density", "number", "density in g/cm³; a named material knows its own"),
        ),
        calculate_zeff,
    ),
)  # fmt: skip

"""Calculations on slabs: attenuation coefficients, transmission and half-value layer, energy absorption."""

from __future__ import annotations

import math

from kerma.errors import NotFound
from kerma.science.options import Option
from kerma.science.physics.attenuation import (
    COEFFICIENTS,
    SEAM_KEV,
    linear_attenuation,
    mass_attenuation,
    mass_attenuation_parts,
    mass_energy_absorption,
    transmission,
)
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.materials import density_of
from kerma.science.results import Citation, Measurement, Value
from kerma.standards import table

VERSION = "1"
XRAYDB = Citation("XrayDB: W. T. Elam, B. D. Ravel and J. R. Sieber", "Radiat. Phys. Chem. 63 (2002) 121")


def calculate_attenuation(*, material: str, energy_kev: float, density: float | None = None) -> Measurement:
    """Answer ``kerma calc attenuation``; without a known density the linear coefficient is left out."""
    mass = float(mass_attenuation(material, energy_kev))
    values: dict[str, Value] = {"mass_attenuation_cm2_g": mass}
    warnings: tuple[str, ...] = ()
    inputs: dict[str, Value] = {"material": material, "energy_kev": energy_kev}
    try:
        inputs["density_g_cm3"] = density_of(material) if density is None else density
        per_mm = float(linear_attenuation(material, energy_kev, density_g_cm3=density))
        values |= {"linear_attenuation_1_cm": per_mm * 10.0, "hvl_mm": math.log(2.0) / per_mm}
    except NotFound as missing:
        warnings = (str(missing),)
    if energy_kev <= SEAM_KEV:
        parts = mass_attenuation_parts(material, energy_kev)
        values |= {f"{name}_cm2_g": float(part) for name, part in parts.items()}
    return Measurement(
        "attenuation", VERSION, values, "sum over the elements by mass, coherent scatter included",
        inputs, source=_source(energy_kev), warnings=warnings,
    )  # fmt: skip


def calculate_transmission(
    *, material: str, thickness_mm: float, energy_kev: float, density: float | None = None
) -> Measurement:
    """Answer ``kerma calc transmission``: one energy, narrow beam."""
    density_g_cm3 = density_of(material) if density is None else density
    per_mm = float(linear_attenuation(material, energy_kev, density_g_cm3=density_g_cm3))
    passed = float(transmission(material, energy_kev, thickness_mm=thickness_mm, density_g_cm3=density_g_cm3))
    inputs: dict[str, Value] = {
        "material": material, "thickness_mm": thickness_mm, "energy_kev": energy_kev, "density_g_cm3": density_g_cm3,
    }  # fmt: skip
    return Measurement(
        "transmission", VERSION,
        {"transmission": passed, "hvl_mm": math.log(2.0) / per_mm, "qvl_mm": math.log(4.0) / per_mm},
        "exp(-μ t) of a narrow beam of one energy; scatter from the slab is not counted",
        inputs, source=_source(energy_kev),
    )  # fmt: skip


def calculate_energy_absorption(*, material: str, energy_kev: float) -> Measurement:
    """Answer ``kerma calc energy-absorption``."""
    absorbed = float(mass_energy_absorption(material, energy_kev))
    return Measurement(
        "energy-absorption", VERSION, {"mass_energy_absorption_cm2_g": absorbed},
        "sum over the elements by mass, logarithms interpolated between the energies of the table",
        {"material": material, "energy_kev": energy_kev}, source=Citation.of(table(COEFFICIENTS)),
    )  # fmt: skip


def _source(energy_kev: float) -> Citation:
    return XRAYDB if energy_kev <= SEAM_KEV else Citation.of(table(COEFFICIENTS))


_MATERIAL = Option("material", "text", "a name, an element, a formula or a mixture such as 0.7*Fe+0.3*Cr", True)
_ENERGY = Option("energy_kev", "number", "photon energy in keV, 1 to 20000", True)
_DENSITY = Option("density", "number", "density in g/cm³; a named material knows its own")
CALCULATIONS = (
    Calculation(
        "attenuation", "attenuation coefficient of a material at one energy",
        (_MATERIAL, _ENERGY, _DENSITY), calculate_attenuation,
    ),
    Calculation(
        "transmission", "share of photons of one energy that pass a slab, and its half-value layer",
        (_MATERIAL, Option("thickness_mm", "nonnegative", "thickness of the slab in mm", True), _ENERGY, _DENSITY),
        calculate_transmission,
    ),
    Calculation(
        "energy-absorption", "mass energy-absorption coefficient of a material at one energy",
        (_MATERIAL, _ENERGY), calculate_energy_absorption,
    ),
)  # fmt: skip

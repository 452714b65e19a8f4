"""Bremsstrahlung of MeV electrons in a thick target: Schiff's spectrum summed along the electrons' way.

The target is a stack of thin slices. In each the electrons have lost energy to the slices before (collision loss by
Bethe's formula, radiative loss by the textbook ratio T Z / 800 MeV) and radiate the spectrum of Schiff, integrated
over angle. What is seen ahead falls as multiple scatter turns the electrons aside, and the rest of the target
filters it. Energies inside are in units of the electron's rest energy.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from kerma.errors import OutsideTable
from kerma.science.physics.attenuation import mass_attenuation
from kerma.science.physics.materials import atomic_mass
from kerma.science.physics.table_rows import row_at

Numbers = NDArray[np.float64]

TARGETS = "icru_37/mean_excitation"
LOWEST_MEV, HIGHEST_MEV = 1.0, 20.0
REST_KEV = 510.99895
BINS = 250
SLICES = 60
STOPPED_KEV = 300.0
"""Slower electrons add soft photons only, which the target itself absorbs."""
# 4 pi N_A r_e^2 m_e c^2, in MeV cm2/mol: the factor of Bethe's formula.
BETHE_MEV_CM2_MOL = 0.307075
# Rossi's energy of multiple scattering, in MeV.
ROSSI_MEV = 21.2


def thick_target(end_point_mev: float, *, target: str = "W") -> tuple[Numbers, Numbers]:
    """Return photon energies in keV (middles of 250 bins) and the share of photons in each, straight ahead.

    Raises
    ------
    OutsideTable
        An end point outside 1 to 20 MeV, or a target that is not tabulated.
    """
    if not LOWEST_MEV <= end_point_mev <= HIGHEST_MEV:
        raise OutsideTable(
            f"the model holds for end points of {LOWEST_MEV:g} to {HIGHEST_MEV:g} MeV; asked was {end_point_mev:g} MeV"
        )
    row = row_at(TARGETS, symbol=target)
    number = float(row["atomic_number"])
    step = end_point_mev * 1000.0 / BINS
    energies: Numbers = (np.arange(BINS, dtype=np.float64) + 0.5) * step
    kinetic = np.linspace(end_point_mev * 1000.0, STOPPED_KEV, SLICES + 1)
    middles = (kinetic[1:] + kinetic[:-1]) / 2
    stopping = _stopping_mev_cm2_g(middles, target, number, float(row["mean_excitation_ev"]))
    slices_g_cm2 = (kinetic[:-1] - kinetic[1:]) / 1000.0 / stopping
    behind = slices_g_cm2[::-1].cumsum()[::-1] - slices_g_cm2 / 2
    spread = np.cumsum(_scatter(middles, slices_g_cm2, target, number))
    attenuation = mass_attenuation(target, np.maximum(energies, 1.0))
    photons: Numbers = np.zeros(BINS)
    for electron_kev, thickness, left, angle2 in zip(middles, slices_g_cm2, behind, spread, strict=True):
        ahead = 1.0 / ((REST_KEV / (electron_kev + REST_KEV)) ** 2 + angle2)
        photons += schiff(energies, electron_kev, number) * thickness * ahead * np.exp(-attenuation * left)
    return energies, photons / photons.sum()


def schiff(energies_kev: Numbers, electron_kev: float, atomic_number: float) -> Numbers:
    """Return Schiff's thin-target bremsstrahlung per photon energy, integrated over angle, in arbitrary units.

    Source: Koch and Motz, Rev. Mod. Phys. 31 (1959) 920, formula 3BS(e). Validity: relativistic electrons; near the
    end point, where it would fall below zero, it is zero.
    """
    first = electron_kev / REST_KEV + 1.0
    photon = energies_kev / REST_KEV
    possible = photon < first - 1.0
    k = np.where(possible, photon, 1.0)
    last = np.where(possible, first - photon, 1.0)
    screening = atomic_number ** (1.0 / 3.0) / 111.0
    b = 2.0 * first * last * screening / k
    log_m = -np.log((k / (2.0 * first * last)) ** 2 + screening**2)
    share = last / first
    near = (1.0 + share**2 - 2.0 * share / 3.0) * (log_m + 1.0 - 2.0 / b * np.arctan(b))
    far = share * (
        2.0 / b**2 * np.log(1.0 + b**2) + 4.0 * (2.0 - b**2) / (3.0 * b**3) * np.arctan(b) - 8.0 / (3.0 * b**2) + 2 / 9
    )
    result: Numbers = np.where(possible, np.maximum(near + far, 0.0) / k, 0.0)
    return result


def _stopping_mev_cm2_g(kinetic_kev: Numbers, target: str, number: float, mean_excitation_ev: float) -> Numbers:
    """Return collision and radiative stopping power of electrons, without the density effect."""
    tau = kinetic_kev / REST_KEV
    beta2 = 1.0 - 1.0 / (tau + 1.0) ** 2
    excitation = mean_excitation_ev / 1000.0 / REST_KEV
    shape = 1.0 - beta2 + (tau**2 / 8.0 - (2.0 * tau + 1.0) * math.log(2.0)) / (tau + 1.0) ** 2
    logarithm = np.log(tau**2 * (tau + 2.0) / (2.0 * excitation**2))
    collision = BETHE_MEV_CM2_MOL / 2.0 * number / atomic_mass(target) / beta2 * (logarithm + shape)
    total: Numbers = collision * (1.0 + kinetic_kev / 1000.0 * number / 800.0)
    return total


def _scatter(kinetic_kev: Numbers, slices_g_cm2: Numbers, target: str, number: float) -> Numbers:
    """Return the mean square angle each slice adds by multiple scatter (Rossi)."""
    radiation_g_cm2 = 716.4 * atomic_mass(target) / (number * (number + 1.0) * math.log(287.0 / math.sqrt(number)))
    momentum_velocity_mev = kinetic_kev * (kinetic_kev + 2 * REST_KEV) / (kinetic_kev + REST_KEV) / 1000.0
    added: Numbers = (ROSSI_MEV / momentum_velocity_mev) ** 2 * slices_g_cm2 / radiation_g_cm2
    return added

"""Air kerma of photons: from fluence and energy to dose in air."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kerma.errors import OutsideTable
from kerma.standards import table

AIR = "penelope_2018/air_energy_absorption"
JOULE_PER_KEV = 1.602176634e-16
UGY_PER_KEV_G = JOULE_PER_KEV * 1e3 * 1e6
"""µGy of one keV in one gram: joule per keV, grams per kg, µGy per Gy."""


def air_energy_absorption(energy_kev: ArrayLike) -> NDArray[np.float64]:
    """Return the mass energy-absorption coefficient of dry air in cm²/g, interpolated in logarithms.

    Raises
    ------
    OutsideTable
        An energy outside 1 keV to 20 MeV.
    """
    energies = np.asarray(energy_kev, dtype=np.float64)
    tabulated, coefficients = _air()
    wrong = energies[~((energies >= tabulated[0]) & (energies <= tabulated[-1]))]
    if wrong.size:
        raise OutsideTable(
            f"air kerma is tabulated from {tabulated[0]:g} to {tabulated[-1]:g} keV, asked was {wrong.flat[0]:g} keV"
        )
    found: NDArray[np.float64] = np.exp(np.interp(np.log(energies), np.log(tabulated), np.log(coefficients)))
    return found


def kerma_per_photon_ugy_cm2(energy_kev: ArrayLike) -> NDArray[np.float64]:
    """Return the air kerma of one photon per cm², in µGy: energy times mass energy absorption (collision kerma)."""
    return np.asarray(energy_kev, dtype=np.float64) * air_energy_absorption(energy_kev) * UGY_PER_KEV_G


@functools.cache
def _air() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows = table(AIR).rows
    energies = np.array([float(row["energy_kev"]) for row in rows])
    # The edge of argon stands twice; a hair between its two values keeps the energies rising.
    energies[1:][np.diff(energies) == 0] *= 1.0 + 1e-12
    return energies, np.array([float(row["mass_energy_absorption_cm2_g"]) for row in rows])

"""The radiation of a simulated exposure: photon energies and what each contributes to the detector's signal.

The tube spectrum is Kramers' bremsstrahlung, weakened by its filters; the characteristic lines of tungsten are left
out, so absolute doses are no aim of this simulator, while transmissions follow the tabulated attenuation exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.physics.attenuation import transmission

ENERGY_STEP_KEV = 4.0
LOWEST_KEV = 12.0


@dataclass(frozen=True)
class Beam:
    """Photons per energy, and the share of them the detector absorbs; ``label`` says it in words.

    ``photons`` need no unit: an exposure scales them to the signal-to-noise ratio asked for.
    """

    energies_kev: NDArray[np.float64]
    photons: NDArray[np.float64]
    absorbed: NDArray[np.float64]
    label: str
    tube_voltage_kv: float = 0.0

    @property
    def signal_weights(self) -> NDArray[np.float64]:
        """What one photon fluence adds to the mean of an energy-integrating detector, per energy."""
        return self.photons * self.absorbed * self.energies_kev

    @property
    def variance_weights(self) -> NDArray[np.float64]:
        """What it adds to the variance: a compound Poisson sum weighs with the square of the energy."""
        return self.photons * self.absorbed * self.energies_kev**2


def monochromatic(energy_kev: float) -> Beam:
    """Return a beam of one energy on a detector that absorbs every photon."""
    one = np.ones(1)
    return Beam(np.array([float(energy_kev)]), one, one, f"{energy_kev:g} keV", 0.0)


def tube(
    tube_voltage_kv: float, *, filters_mm: Mapping[str, float], scintillator: str = "csi", scintillator_mm: float = 0.5
) -> Beam:
    """Return the beam of an X-ray tube behind filters, as a scintillator sees it.

    Parameters
    ----------
    tube_voltage_kv : 30 to 450 kV; the spectrum ends there
    filters_mm : material to thickness in mm, the tube's own window included
    scintillator, scintillator_mm : what absorbs the photons, and how thick it is
    """
    if not 30.0 <= tube_voltage_kv <= 450.0:
        raise WrongUsage(f"a tube voltage of {tube_voltage_kv:g} kV is outside 30 to 450 kV")
    energies = np.arange(LOWEST_KEV, tube_voltage_kv, ENERGY_STEP_KEV) + ENERGY_STEP_KEV / 2
    photons = np.maximum(tube_voltage_kv / energies - 1.0, 0.0)
    for material, thickness_mm in filters_mm.items():
        photons *= transmission(material, energies, thickness_mm=thickness_mm)
    absorbed = 1.0 - transmission(scintillator, energies, thickness_mm=scintillator_mm)
    kept = photons * absorbed > 1e-7 * (photons * absorbed).max()
    label = f"{tube_voltage_kv:g} kV, " + " + ".join(f"{mm:g} mm {name}" for name, mm in filters_mm.items())
    return Beam(energies[kept], photons[kept], absorbed[kept], label, float(tube_voltage_kv))

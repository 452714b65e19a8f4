"""The radiation of a simulated exposure: photon energies and what each contributes to the detector's signal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.physics.attenuation import linear_attenuation, transmission
from kerma.science.physics.spectrum import Spectrum, isotope_spectrum, linac_spectrum, mono, tube_spectrum
from kerma.science.simulate.document import Channel, Source

NARROWEST_BIN_KEV = 2.0
MOST_BINS = 120.0
FAINTEST = 1e-7
"""Energies that give less than this share of the strongest are left out."""


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


def beam_of(source: Source, channel: Channel) -> Beam:
    """Return what a source's radiation is to one channel of a detector: the one place where spectra come from.

    Numbers are rounded to nine digits, so that the last bits of a library's exponential decide nothing.

    Raises
    ------
    WrongUsage
        An unknown kind of source, a filter of negative thickness, or no photon left.
    OutsideTable
        A voltage or energy outside the tables.
    NotFound
        A nuclide, target or material that is not known.
    """
    filters = dict(source.filters_mm)
    for material, thickness_mm in channel.filters_mm.items():
        filters[material] = filters.get(material, 0.0) + thickness_mm
    spectrum = _spectrum(source).filtered(filters)
    energies = rounded(spectrum.energies_kev)
    absorbed = 1.0 - transmission(channel.scintillator, energies, thickness_mm=channel.scintillator_mm)
    photons = spectrum.fluence_cm2
    weight = photons * absorbed
    kept = weight > FAINTEST * weight.max(initial=0.0)
    if not kept.any():
        raise WrongUsage(f"no photon of '{spectrum.label}' is left for the detector; use less filter")
    tube_voltage_kv = source.tube_voltage_kv if source.kind == "tube" else 0.0
    return Beam(energies[kept], rounded(photons[kept]), rounded(absorbed[kept]), spectrum.label, tube_voltage_kv)


def _spectrum(source: Source) -> Spectrum:
    """Return the unfiltered spectrum of a source, in bins fit for a simulation."""
    if source.kind == "tube":
        spectrum = tube_spectrum(source.tube_voltage_kv, target=source.target)
        return spectrum.binned(max(NARROWEST_BIN_KEV, source.tube_voltage_kv / MOST_BINS))
    if source.kind == "isotope":
        return isotope_spectrum(source.nuclide)
    if source.kind == "linac":
        return linac_spectrum(source.end_point_mev).binned(source.end_point_mev * 1000.0 / MOST_BINS)
    if source.kind == "monochromatic":
        return mono(source.energy_kev)
    raise WrongUsage(f"a source of kind '{source.kind}' is not known: tube, isotope, linac or monochromatic")


def attenuation_of(
    material: str, energies_kev: NDArray[np.float64], density_g_cm3: float | None
) -> NDArray[np.float64]:
    """Return the linear attenuation coefficients in 1/mm, rounded to nine digits."""
    return rounded(linear_attenuation(material, energies_kev, density_g_cm3=density_g_cm3))


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values rounded to nine significant digits."""
    return np.array([float(f"{value:.8e}") for value in values.tolist()])

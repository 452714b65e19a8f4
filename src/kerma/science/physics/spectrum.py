"""Spectra of X-ray tubes and isotopes: filtered, summed to air kerma, and halved by layers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kerma.errors import OutsideTable, WrongUsage
from kerma.science.physics.attenuation import linear_attenuation
from kerma.science.physics.bremsstrahlung import thick_target
from kerma.science.physics.kerma import kerma_per_photon_ugy_cm2
from kerma.science.physics.nuclides import nuclide_named
from kerma.science.physics.spectra_tables import emission
from kerma.standards import table

DEFAULT_ANGLE_DEG = 12.0
LINES = "nndc_nudat/photon_lines"
_STEPS = 200

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spectrum:
    """Photons by energy: bremsstrahlung at the middle of narrow bins, lines at their own energies, rising.

    ``fluence_cm2`` is photons per cm² at 1 m in vacuum for one ``per`` ("mAs" of a tube, "GBq s" of an isotope);
    for a linac, whose output is set by its maker, ``per`` is "photon" and the fluence sums to one.
    """

    energies_kev: Floats
    fluence_cm2: Floats
    label: str
    per: str = "mAs"

    def filtered(self, filters_mm: Mapping[str, float]) -> Spectrum:
        """Return the spectrum behind layers, material to thickness in mm; narrow beam, so scatter is not in it."""
        fluence = self.fluence_cm2
        for material, thickness_mm in filters_mm.items():
            if not (math.isfinite(thickness_mm) and thickness_mm >= 0):
                raise WrongUsage(f"a layer of {material} cannot be {thickness_mm:g} mm thick")
            fluence = fluence * np.exp(-linear_attenuation(material, self.energies_kev) * thickness_mm)
        words = [self.label, *(f"{mm:g} mm {material}" for material, mm in filters_mm.items())]
        return replace(self, fluence_cm2=fluence, label=" + ".join(words))

    @property
    def mean_energy_kev(self) -> float:
        """The mean energy of the photons."""
        return float((self.fluence_cm2 * self.energies_kev).sum() / self._total())

    @property
    def air_kerma_ugy_1m(self) -> float:
        """Air kerma at 1 m for one ``per``, without the attenuation of the air in between."""
        return float(self._kerma().sum())

    def air_kerma_ugy(self, distance_m: float) -> float:
        """Return the air kerma at a distance for one ``per``, by the inverse square."""
        if not distance_m > 0:
            raise WrongUsage(f"a distance of {distance_m:g} m makes no sense: give one above 0")
        return self.air_kerma_ugy_1m / distance_m**2

    def transmission(self, material: str, *, thickness_mm: float, density_g_cm3: float | None = None) -> float:
        """Return the share of air kerma a layer lets through, narrow beam."""
        attenuation = linear_attenuation(material, self.energies_kev, density_g_cm3=density_g_cm3)
        kerma = self._kerma()
        return float((kerma * np.exp(-attenuation * thickness_mm)).sum() / kerma.sum())

    def value_layer_mm(self, material: str, *, share: float = 0.5, density_g_cm3: float | None = None) -> float:
        """Return the thickness that lets a share of the air kerma through: 0.5 half, 0.25 quarter, 0.1 tenth."""
        if not 0.0 < share < 1.0:
            raise WrongUsage(f"a layer lets a share between 0 and 1 through; {share:g} is none")
        self._total()
        attenuation = linear_attenuation(material, self.energies_kev, density_g_cm3=density_g_cm3)
        kerma = self._kerma() / self._kerma().max()
        thickness, wanted, whole = 0.0, math.log(share), kerma.sum()
        # The logarithm of the transmission is convex, so Newton's steps from zero come from one side and cannot miss.
        for _ in range(_STEPS):
            passed = kerma * np.exp(-attenuation * thickness)
            step = (math.log(passed.sum() / whole) - wanted) / float((passed * attenuation).sum() / passed.sum())
            thickness += step
            if abs(step) <= 1e-12 * thickness:
                break
        return thickness

    def binned(self, step_kev: float) -> Spectrum:
        """Return the spectrum in wider bins of one step, each at its photons' mean energy; empty bins are left out.

        Fluence and mean energy are kept exactly; for a simulator that wants few energies, or for a plot.
        """
        if not step_kev > 0:
            raise WrongUsage(f"a bin of {step_kev:g} keV makes no sense")
        _, number = np.unique(np.floor(self.energies_kev / step_kev), return_inverse=True)
        fluence = np.asarray(np.bincount(number, self.fluence_cm2), dtype=np.float64)
        energy = np.asarray(np.bincount(number, self.fluence_cm2 * self.energies_kev), dtype=np.float64)
        filled = fluence > 0
        return replace(self, energies_kev=energy[filled] / fluence[filled], fluence_cm2=fluence[filled])

    def _kerma(self) -> Floats:
        return self.fluence_cm2 * kerma_per_photon_ugy_cm2(self.energies_kev)

    def _total(self) -> float:
        total = float(self.fluence_cm2.sum())
        if not total > 0:
            raise OutsideTable(f"no photon is left of the spectrum '{self.label}'; use less filter or more voltage")
        return total


def tube_spectrum(
    tube_voltage_kv: float,
    *,
    target: str = "W",
    filters_mm: Mapping[str, float] | None = None,
    anode_angle_deg: float = DEFAULT_ANGLE_DEG,
) -> Spectrum:
    """Return the spectrum of an X-ray tube on its axis, per mAs at 1 m in vacuum.

    Parameters
    ----------
    tube_voltage_kv : constant potential; 10 to 500 kV for W, 10 to 50 kV for Mo and Rh
    target : anode material, ``W``, ``Mo`` or ``Rh``
    filters_mm : material to thickness; the tube's own window or inherent filtration is one of them
    anode_angle_deg : take-off angle, 6 to 45 degrees

    Raises
    ------
    OutsideTable
        A voltage or angle outside the table.
    """
    energies, fluence = emission(target, float(tube_voltage_kv), float(anode_angle_deg))
    label = f"{tube_voltage_kv:g} kV {target} {anode_angle_deg:g}°"
    return Spectrum(energies, fluence, label).filtered(filters_mm or {})


def mono(energy_kev: float) -> Spectrum:
    """Return photons of one energy, one per cm²."""
    return Spectrum(np.array([float(energy_kev)]), np.ones(1), f"{energy_kev:g} keV", "photon")


def isotope_spectrum(nuclide: str, *, filters_mm: Mapping[str, float] | None = None) -> Spectrum:
    """Return the lines of a sealed source, photons per cm² at 1 m for one GBq in one second.

    What capsule and source absorb of their own radiation is a filter to be given. Betas and their bremsstrahlung
    are left out.

    Raises
    ------
    NotFound
        No such nuclide; the message lists those there are.
    """
    name = nuclide_named(nuclide)
    lines = sorted((float(row["energy_kev"]), float(row["photons_percent"])) for row in table(LINES)
                   if row["nuclide"] == name)  # fmt: skip
    energies, percent = np.array(lines).T
    # A sphere of 1 m radius has 4 pi 10^4 cm2; one GBq decays 10^9 times a second.
    fluence = percent / 100.0 * 1e9 / (4.0 * math.pi * 1e4)
    return Spectrum(energies, fluence, name, "GBq s").filtered(filters_mm or {})


def linac_spectrum(
    end_point_mev: float, *, target: str = "W", filters_mm: Mapping[str, float] | None = None
) -> Spectrum:
    """Return the bremsstrahlung of a linac ahead of a thick target, as shares of its photons.

    A model, see :mod:`kerma.science.physics.bremsstrahlung`: 1 to 20 MeV, targets W, Ta, Au, Cu. Its dose is not
    known from it: a linac's output is what its maker states.
    """
    energies, shares = thick_target(float(end_point_mev), target=target)
    label = f"{end_point_mev:g} MeV linac, {target}"
    return Spectrum(energies, shares, label, "photon").filtered(filters_mm or {})

"""What ``kerma calc`` answers about a beam: its half-value layers, mean energy and air kerma."""

from __future__ import annotations

import math
from collections.abc import Mapping

from kerma.errors import WrongUsage
from kerma.science.options import Option
from kerma.science.physics.attenuation import linear_attenuation
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.kerma import AIR
from kerma.science.physics.materials import density_of
from kerma.science.physics.spectra_tables import TARGETS
from kerma.science.physics.spectrum import (
    DEFAULT_ANGLE_DEG,
    LINES,
    Spectrum,
    isotope_spectrum,
    linac_spectrum,
    mono,
    tube_spectrum,
)
from kerma.science.results import Citation, Measurement, Value
from kerma.standards import table

VERSION = "1"
SPEKPY = Citation("SpekPy 2.5.4, model casim", "Med. Phys. 47 (2020) 4763 and 48 (2021) 3630", table="spectra_*.npz")
MEV = 1000.0


def effective_energy_kev(spectrum: Spectrum) -> float:
    """Return the energy of single-energy photons with the same half-value layer in aluminium."""
    per_mm = math.log(2.0) / spectrum.value_layer_mm("Al")
    low, high = float(spectrum.energies_kev[0]), float(spectrum.energies_kev[-1])
    # Aluminium absorbs less the higher the energy (its only edge is at 1.56 keV), so halving finds the one place.
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if float(linear_attenuation("Al", middle)) > per_mm else (low, middle)
    return high


def calculate_spectrum(
    *,
    kvp: float,
    filter: Mapping[str, float] | None = None,
    target: str = "W",
    anode_angle_deg: float = DEFAULT_ANGLE_DEG,
    distance_m: float = 1.0,
    step_kev: float | None = None,
) -> Measurement:
    """Answer ``kerma calc spectrum``; with ``step_kev`` the spectrum itself is listed in bins of that width."""
    spectrum = tube_spectrum(kvp, target=target, filters_mm=filter, anode_angle_deg=anode_angle_deg)
    hvl, qvl = (spectrum.value_layer_mm("Al", share=share) for share in (0.5, 0.25))
    at_1m = spectrum.air_kerma_ugy_1m
    values: dict[str, Value] = {
        "hvl_mm_al": hvl, "hvl2_mm_al": qvl - hvl, "qvl_mm_al": qvl, "homogeneity": hvl / (qvl - hvl),
        "mean_energy_kev": spectrum.mean_energy_kev, "effective_energy_kev": effective_energy_kev(spectrum),
        "air_kerma_ugy_mas_1m": at_1m, "air_kerma_ugy_mas": spectrum.air_kerma_ugy(distance_m),
        "photons_per_mm2_ugy": float(spectrum.fluence_cm2.sum()) / 100.0 / at_1m,
    }  # fmt: skip
    if step_kev is not None:
        listed = spectrum.binned(step_kev)
        values |= {"energies_kev": listed.energies_kev.tolist(), "photons_per_cm2_mas": listed.fluence_cm2.tolist()}
    inputs: dict[str, Value] = {
        "kvp": kvp, "target": target, "anode_angle_deg": anode_angle_deg, "filter": _words(filter),
        "distance_m": distance_m, "step_kev": step_kev,
    }  # fmt: skip
    return Measurement(
        "spectrum", VERSION, values,
        "packaged tube spectrum, narrow-beam filters, no air in between; layers that halve the air kerma",
        {key: value for key, value in inputs.items() if value is not None}, source=SPEKPY,
        warnings=() if filter else ("no filter is given: the window of the tube alone already changes this beam",),
    )  # fmt: skip


def calculate_hvl(
    *,
    material: str = "Al",
    density: float | None = None,
    filter: Mapping[str, float] | None = None,
    target: str = "W",
    **source: float | str,
) -> Measurement:
    """Answer ``kerma calc hvl``: half-, quarter- and tenth-value layer of one material in one beam, narrow beam."""
    spectrum, cited = _beam(source, target)
    spectrum = spectrum.filtered(filter or {})
    density_g_cm3 = density_of(material) if density is None else density
    hvl, qvl, tvl = (
        spectrum.value_layer_mm(material, share=share, density_g_cm3=density_g_cm3) for share in (0.5, 0.25, 0.1)
    )
    inputs: dict[str, Value] = {"material": material, "density_g_cm3": density_g_cm3, "filter": _words(filter)}
    return Measurement(
        "hvl", VERSION,
        {"hvl_mm": hvl, "qvl_mm": qvl, "tvl_mm": tvl, "homogeneity": hvl / (qvl - hvl),
         "mean_energy_kev": spectrum.mean_energy_kev},
        "layers that leave a half, a quarter and a tenth of the air kerma, narrow beam", inputs | source, source=cited,
        warnings=("narrow beam: behind a wide wall scatter builds up, and layers are thicker; see barrier",),
    )  # fmt: skip


def _beam(source: Mapping[str, float | str], target: str) -> tuple[Spectrum, Citation]:
    ways = {
        "kvp": lambda given: (tube_spectrum(given, target=target), SPEKPY),
        "energy_kev": lambda given: (mono(given), Citation.of(table(AIR))),
        "nuclide": lambda given: (isotope_spectrum(given), Citation.of(table(LINES))),
        "linac_mev": lambda given: (linac_spectrum(given), Citation("Schiff, thick target", clause="see the page")),
    }
    if len(source) != 1:
        raise WrongUsage(f"name one source of radiation: {', '.join(ways)}".replace("_", "-"))
    ((way, given),) = source.items()
    return ways[way](given)


def _words(filters_mm: Mapping[str, float] | None) -> str:
    return ",".join(f"{material}:{mm:g}" for material, mm in (filters_mm or {}).items())


_FILTER = Option("filter", "layers", "filters in mm, the tube's own window included, such as Al:3 or Al:2.5,Cu:0.1")
_TARGET = Option("target", "choice", "anode material", default="W", choices=TARGETS)

CALCULATIONS = (
    Calculation(
        "spectrum", "Half-value layer, mean energy and air kerma of an X-ray tube's beam",
        (
            Option("kvp", "number", "tube voltage in kV, constant potential", is_required=True), _FILTER, _TARGET,
            Option("anode_angle_deg", "number", "take-off angle of the anode", default=DEFAULT_ANGLE_DEG),
            Option("distance_m", "number", "distance from the focal spot", default=1.0),
            Option("step_kev", "number", "list the spectrum too, in bins of this width"),
        ),
        calculate_spectrum,
    ),
    Calculation(
        "hvl", "Half-, quarter- and tenth-value layer of a material in a beam",
        (
            Option("material", "text", "what the layers are made of", default="Al"),
            Option("density", "number", "in g/cm³, where it is not known"),
            Option("kvp", "number", "source: an X-ray tube of this voltage"),
            Option("energy_kev", "number", "source: photons of one energy"),
            Option("nuclide", "text", "source: a nuclide such as Ir-192"),
            Option("linac_mev", "number", "source: a linac of this end point"), _FILTER, _TARGET,
        ),
        calculate_hvl,
    ),
)  # fmt: skip

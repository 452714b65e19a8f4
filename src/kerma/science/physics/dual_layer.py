"""A dual-layer detector behind a tube, and calculations on the two attenuations it sees.

The first scintillator takes the soft part of the beam, a filter the middle, the second scintillator what is left.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.options import Option
from kerma.science.physics.attenuation import linear_attenuation
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.dual_energy import BASIS, LIMITS, STATES, Calibration, calibrate, decompose, limit
from kerma.science.physics.material_lookup import (
    Lookup,
    Numbers,
    calibrate_lookup,
    effective_numbers,
    mistaken_for,
)
from kerma.science.physics.spectral_channel import Channel, Floats
from kerma.science.physics.spectrum import tube_spectrum
from kerma.science.results import Citation, Measurement
from kerma.standards import table

VERSION = "1"
STEP_KEV = 1.0
LOWEST_KEV = 10.0
FRONT, BETWEEN, BACK = {"csi": 0.5}, {"copper": 0.6}, {"csi": 4.0}
"""Layers in mm of the detector the calculations stand for."""
TUBE_KV = 160.0
WITH_EDGE = {"Sn": "tin", "W": "tungsten", "Pb": "lead"}
"""Elements whose K edge lies inside the beam: they take the place of lighter ones."""
FILTER = {"Al": 3.0}


@dataclass(frozen=True)
class LayerBeam:
    """What one layer absorbs: photons by energy, each worth its energy to the signal."""

    energies_kev: Floats
    absorbed: Floats

    @property
    def signal_weights(self) -> Floats:
        """Contribution to the mean of an energy-integrating detector."""
        return self.absorbed * self.energies_kev

    @property
    def variance_weights(self) -> Floats:
        """Contribution to its variance."""
        return self.absorbed * self.energies_kev**2


def dual_layer(
    tube_voltage_kv: float = TUBE_KV, *, filters_mm: Mapping[str, float] | None = None,
    front_mm: Mapping[str, float] | None = None, between_mm: Mapping[str, float] | None = None,
    back_mm: Mapping[str, float] | None = None, anode_angle_deg: float = 20.0,
) -> tuple[LayerBeam, LayerBeam]:  # fmt: skip
    """Return the beams of the front and the back layer; layers map materials to thickness in mm."""
    filters = FILTER if filters_mm is None else filters_mm
    spectrum = tube_spectrum(tube_voltage_kv, filters_mm=filters, anode_angle_deg=anode_angle_deg).binned(STEP_KEV)
    kept = spectrum.energies_kev >= LOWEST_KEV
    energies, photons = spectrum.energies_kev[kept], spectrum.fluence_cm2[kept]
    front = np.exp(-_exponent(front_mm or FRONT, energies))
    between = np.exp(-_exponent(BETWEEN if between_mm is None else between_mm, energies))
    back = np.exp(-_exponent(back_mm or BACK, energies))
    return LayerBeam(energies, photons * (1 - front)), LayerBeam(energies, photons * front * between * (1 - back))


def layer_beams(row: Mapping[str, str]) -> tuple[LayerBeam, LayerBeam]:
    """Return the beams of a scanner of the table ``kerma_dual_energy/lookups``."""
    front, between, back = (_layers(row[key]) for key in ("front", "between", "back"))
    return dual_layer(
        float(row["tube_voltage_kv"]), filters_mm=_layers(row["filter"]), front_mm=front, between_mm=between,
        back_mm=back, anode_angle_deg=float(row["anode_angle_deg"]),
    )  # fmt: skip


def _layers(text: str) -> dict[str, float]:
    """Return layers such as ``csi:0.5 copper:0.6`` as material to thickness in mm."""
    return {name: float(mm) for name, mm in (part.split(":") for part in text.split())}


def calculate_dual_energy(
    *, a_low: float, a_high: float, kvp: float = TUBE_KV, filter: Mapping[str, float] | None = None,
    basis: str = ",".join(BASIS), snr: float = 300.0,
) -> Measurement:  # fmt: skip
    """Answer ``kerma calc dual-energy``: thicknesses of the basis materials, and the effective number."""
    pair = tuple(word.strip() for word in basis.split(","))
    if len(pair) != 2:
        raise WrongUsage(f"the basis is two materials with a comma between; '{basis}' is not")
    filters = FILTER if filter is None else filter
    calibration, lookup = _calibrated(kvp, tuple(filters.items()), (pair[0], pair[1]))
    parts = decompose(calibration, a_low, a_high, open_snr=(snr, snr))
    read = effective_numbers(lookup, a_low, a_high, open_snr=(snr, snr))
    keys = [f"{name.replace(' ', '_')}_mm" for name in pair]
    values = dict(zip(keys, (float(each) for each in parts.thickness_mm), strict=True))
    uncertainties = dict(zip(keys, (float(each) for each in parts.uncertainty_mm), strict=True))
    return Measurement(
        "dual-energy", VERSION,
        values | {
            "zeff": float(read.number), "material_class": str(read.classes()),
            "thickness_state": STATES[int(parts.state)], "zeff_state": STATES[int(read.state)],
            "ratio": a_low / a_high if a_high else None,
        },
        "inversion of both channels of a dual-layer detector; number between the curves of neighbouring elements",
        {
            "a_low": a_low, "a_high": a_high, "tube_voltage_kv": kvp, "basis": basis, "open_snr": snr,
            "filter": ",".join(f"{name}:{mm:g}" for name, mm in filters.items()),
        },
        uncertainties | {"zeff": float(read.uncertainty)}, Citation.of(table(LIMITS)),
        _look_alikes(lookup, dual_layer(kvp, filters_mm=filters), a_high, read),
    )  # fmt: skip


def calculate_signal(
    *, material: str, thickness_mm: float, kvp: float = TUBE_KV, filter: Mapping[str, float] | None = None
) -> Measurement:
    """Answer ``kerma calc dual-energy-signal``: what both layers see behind a slab."""
    filters = FILTER if filter is None else filter
    beams = dual_layer(kvp, filters_mm=filters)
    ray = np.array([[thickness_mm]])
    low, high = (float(Channel.of(beam, (material,)).attenuation(ray)[0]) for beam in beams)
    return Measurement(
        "dual-energy-signal", VERSION, {"a_low": low, "a_high": high, "ratio": low / high if high else None},
        "sum over the spectrum of a dual-layer detector: 0.5 mm CsI, 0.6 mm copper, 4 mm CsI",
        {
            "material": material, "thickness_mm": thickness_mm, "tube_voltage_kv": kvp,
            "filter": ",".join(f"{name}:{mm:g}" for name, mm in filters.items()),
        },
    )  # fmt: skip


def _look_alikes(lookup: Lookup, beams: tuple[LayerBeam, LayerBeam], a_high: float, read: Numbers) -> tuple[str, ...]:
    """Say which metals with an edge in the beam would look the same at this attenuation."""
    if not bool(read.decided):
        return ()
    reach = limit("outside_sigma") * float(read.uncertainty)
    return tuple(
        f"{name} of the same attenuation looks the same: its K edge lies in the beam"
        for symbol, name in WITH_EDGE.items()
        if abs(float(mistaken_for(lookup, *beams, symbol, [a_high])[0]) - float(read.number)) <= reach
    )


def _exponent(layers_mm: Mapping[str, float], energies_kev: Floats) -> Floats:
    total = np.zeros_like(energies_kev)
    for material, thickness_mm in layers_mm.items():
        total += linear_attenuation(material, energies_kev) * thickness_mm
    return total


@functools.lru_cache(maxsize=8)
def _calibrated(
    kvp: float, filters: tuple[tuple[str, float], ...], basis: tuple[str, str]
) -> tuple[Calibration, Lookup]:
    low, high = dual_layer(kvp, filters_mm=dict(filters))
    return calibrate(low, high, basis=basis), calibrate_lookup(low, high)


_KVP = Option("kvp", "number", "tube voltage in kV", default=TUBE_KV)
_FILTER = Option("filter", "layers", "filters as material:mm; without it Al:3")
CALCULATIONS = (
    Calculation(
        "dual-energy", "what lies in a ray, from its low and high attenuation on a dual-layer detector",
        (
            Option("a_low", "signed", "low-energy attenuation, -ln of the transmission of the front layer", True),
            Option("a_high", "signed", "high-energy attenuation, of the back layer", True),
            _KVP, _FILTER,
            Option("basis", "text", "the two basis materials, the lighter first", default=",".join(BASIS)),
            Option("snr", "number", "signal-to-noise ratio per pixel of the open beams", default=300.0),
        ),
        calculate_dual_energy,
    ),
    Calculation(
        "dual-energy-signal", "low and high attenuation and their ratio behind a slab on a dual-layer detector",
        (
            Option("material", "text", "a named material or an element", True),
            Option("thickness_mm", "number", "thickness of the slab in mm", True),
            _KVP, _FILTER,
        ),
        calculate_signal,
    ),
)  # fmt: skip

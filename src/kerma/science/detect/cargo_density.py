"""Areal density and number of cargo, block by block: from two energies of a tube, or from a linear accelerator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.enhance.energies import OPEN_SHARE, energies_of, open_beam
from kerma.science.imaging.greyscale import modality_values
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import penetrating_plane
from kerma.standards import table

SEARCH = "kerma_findings/manifest_search"
ORDINARY_NUMBER = 8
"""Taken where no number is told: between 1 and 10 MeV light elements attenuate alike for their mass."""
SCINTILLATOR = "cadmium tungstate"
KEV_PER_MEV = 1000.0
BINS = 120
NODES = 300
LEAST_STORED = 0.5
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Load:
    """Per block: areal density in g/cm² (not-a-number where too little gets through) and number (where told)."""

    side_px: int
    areal_g_cm2: Floats
    number: Floats
    is_opaque: NDArray[np.bool_]


def setting(name: str) -> float:
    """Return one of the limits of holding a manifest against an image."""
    return next(float(row["value"]) for row in table(SEARCH) if row["quantity"] == name)


def load_of(image: Image, *, end_point_mev: float | None) -> Load:
    """Return areal density and number of every block of a linear picture with open beam.

    Parameters
    ----------
    end_point_mev : of the accelerator whose energy the most penetrating plane shows; None for a tube of two energies

    Raises
    ------
    WrongUsage
        The picture is no linear signal, or neither two energies of a tube nor an end point is there.
    """
    if image.meaning in ("log", "for-presentation") or image.rises_with_dose is False:
        raise WrongUsage("not computed: densities take a linear signal that rises with dose, not a picture for showing")
    side = int(min(setting("block_px"), image.rows, image.columns))
    must_show_open_beam(image)
    if end_point_mev is not None:
        return _megavolt(image, side, end_point_mev)
    energies = energies_of(image)
    if energies is None or energies.lookup is None:
        why = "; ".join(energies.warnings) if energies else "the image has no low and high energy"
        raise WrongUsage(f"not computed: {why}; of an accelerator say its end_point_mev")
    low, high = (
        _attenuation(image, plane, side, blank)
        for plane, blank in ((energies.low_plane, energies.blank_low), (energies.high_plane, energies.blank_high))
    )
    is_opaque = low >= -np.log(setting("least_transmission"))
    ratio = low / np.maximum(high, 1e-3)
    number, _ = energies.lookup.numbers(high.astype(np.float32), ratio.astype(np.float32))
    areal = energies.lookup.areal_densities(high.astype(np.float32), number).astype(np.float64)
    areal[high <= 0] = 0.0
    told = np.where(high > 0.1, number.astype(np.float64), np.nan)
    areal[is_opaque], told[is_opaque] = np.nan, np.nan
    return Load(side, areal, told, is_opaque)


def must_show_open_beam(image: Image) -> None:
    """Refuse a picture without open beam: its brightest place would be taken for it, and all would look thinner."""
    _, _, share = open_beam(_stored(image, penetrating_plane(image)))
    if share < OPEN_SHARE:
        raise WrongUsage(
            f"not computed: the open beam is seen on {100 * share:.1f} % of the picture, {100 * OPEN_SHARE:g} % are "
            "needed; take the whole scan, with air beside the objects"
        )


def _stored(image: Image, plane: int) -> Floats:
    return modality_values(image.grey, image.pixels[plane]).astype(np.float64)


def _megavolt(image: Image, side: int, end_point_mev: float) -> Load:
    plane = penetrating_plane(image)
    blank, _, _ = open_beam(_stored(image, plane))
    seen = _attenuation(image, plane, side, blank)
    is_opaque = seen >= -np.log(setting("least_transmission"))
    number = _stored_numbers(image, side, seen.shape)
    typical = float(np.nanmedian(number)) if np.isfinite(number).any() else float(ORDINARY_NUMBER)
    areal = _areal_of(seen, end_point_mev, int(np.clip(round(typical), 1, 92)))
    areal[is_opaque], number[is_opaque] = np.nan, np.nan
    return Load(side, areal, number, is_opaque)


def _areal_of(attenuation: Floats, end_point_mev: float, number: int) -> Floats:
    """Return the areal density of an element that gives these attenuations behind a thick-target spectrum."""
    from kerma.science.physics.attenuation import transmission
    from kerma.science.physics.cargo import MegavoltBeam
    from kerma.science.physics.spectrum import linac_spectrum

    spectrum = linac_spectrum(end_point_mev).binned(end_point_mev * KEV_PER_MEV / BINS)
    stopped = 1.0 - transmission(SCINTILLATOR, spectrum.energies_kev, thickness_mm=setting("scintillator_mm"))
    beam = MegavoltBeam(spectrum.energies_kev, spectrum.fluence_cm2 * spectrum.energies_kev * stopped)
    most = next(
        float(row["value"]) for row in table("kerma_dual_energy/cargo")
        if row["quantity"] == "greatest_areal_density_g_cm2"
    )  # fmt: skip
    depth = np.linspace(0.0, 1.0, NODES) ** 2 * most
    return np.interp(attenuation, beam.alpha(number, depth), depth, left=0.0, right=np.nan)


def _attenuation(image: Image, plane: int, side: int, blank: float) -> Floats:
    values = np.nan_to_num(modality_values(image.grey, image.pixels[plane]).astype(np.float64))
    found: Floats = -np.log(np.maximum(_blocks(values, side), LEAST_STORED) / blank)
    return found


def _stored_numbers(image: Image, side: int, shape: tuple[int, ...]) -> Floats:
    """Return the machine's own numbers, as the median of what each block tells; not-a-number where it tells none."""
    labels = [label.lower() for label in image.plane_labels]
    scale = image.technique.get("z_effective_per_stored")
    if "z-effective" not in labels or not isinstance(scale, int | float):
        return np.full(shape, np.nan)
    stored = image.pixels[labels.index("z-effective")].astype(np.float64) * float(scale)
    told = _blocks((stored > 0).astype(np.float64), side)
    mean = _blocks(stored, side)
    found: Floats = np.where(told > 0.5, mean / np.maximum(told, 0.5), np.nan)
    return found


def _blocks(values: Floats, side: int) -> Floats:
    rows, columns = (size - size % side for size in values.shape)
    found: Floats = values[:rows, :columns].reshape(rows // side, side, columns // side, side).mean(axis=(1, 3))
    return found

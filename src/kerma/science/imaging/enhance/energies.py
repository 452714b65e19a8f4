"""What must be known of the two energies of an image before they are put together: open beam, noise, and the lookup.

The lookup is that of the machine where the image brings the machine's own numbers and a lookup agrees with them;
otherwise it is a usual one of the tube voltage, and the image says so. Where none fits, there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.enhance.energy_rays import rays_of
from kerma.science.imaging.enhance.number_lookup import DEFAULT, NumberLookup, for_voltage, number_lookup
from kerma.science.imaging.greyscale import modality_values
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data

Calibration = Literal["machine", "default", "none"]
OPEN_SHARE = 0.005
"""Least share of pixels beside everything for an open beam."""
CLUSTER = 0.03
"""The open beam lies within this share of the brightest values."""
AGREES = 1.0
"""Greatest median difference to the machine's own numbers of a lookup that is the machine's."""
DISAGREES = 2.0
LEAST_COMPARED = 500
BLOCK_PX = 3
USUAL_SNR = 300.0
_SAMPLE_STEP = 3
_SAMPLE_PIXELS = 4 << 20


@dataclass(frozen=True)
class Energies:
    """The planes of the two energies and of the machine's own numbers, their open beams and noise, and the lookup."""

    low_plane: int
    high_plane: int
    z_plane: int | None
    blank_low: float
    blank_high: float
    snr_low: float
    snr_high: float
    lookup: NumberLookup | None
    calibration: Calibration
    warnings: tuple[str, ...] = ()

    def parameters(self) -> dict[str, Any]:
        """Return what steps of energies need to be told; without a lookup those that need one cannot be switched on."""
        found: dict[str, Any] = {
            "blank_low": self.blank_low, "blank_high": self.blank_high, "snr_low": self.snr_low,
            "snr_high": self.snr_high,
        }  # fmt: skip
        return found | ({"lookup": self.lookup.name, "lookup_sha256": self.lookup.sha256} if self.lookup else {})


def energies_of(image: Image) -> Energies | None:
    """Return what is known of the energies of an image; None where it has not both, or they are no linear signal."""
    labels = [label.lower() for label in image.plane_labels]
    if image.is_colour or image.plane_kind != "energy" or "low" not in labels or "high" not in labels:
        return None
    if image.meaning == "log" or image.rises_with_dose is False or image.meaning == "for-presentation":
        return None
    low, high = labels.index("low"), labels.index("high")
    z_plane = labels.index("z-effective") if "z-effective" in labels else None
    beams = [open_beam(_values(image, plane)) for plane in (low, high)]
    (blank_low, snr_low, _), (blank_high, snr_high, share) = beams
    warnings = [] if share >= OPEN_SHARE else ["no open beam was found beside the objects: the brightest was taken"]
    if image.rises_with_dose is None:
        warnings.append("the file does not say that its values rise with dose; it was taken that they do")
    bare = Energies(low, high, z_plane, blank_low, blank_high, snr_low, snr_high, None, "none")
    lookup, calibration, words = _lookup(image, bare)
    return Energies(
        low, high, z_plane, blank_low, blank_high, snr_low, snr_high, lookup, calibration, (*warnings, *words)
    )


def open_beam(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return value, signal-to-noise ratio per pixel and share of the picture of the open beam.

    The value is the commonest near the brightest. The ratio is measured on blocks of 3 × 3 pixels and told for one
    pixel, so that noise which neighbours share counts in full.
    """
    values = _sampled(values)
    flat = values[np.isfinite(values)]
    brightest = float(np.quantile(flat, 0.999)) if flat.size else 0.0
    if brightest <= 0:
        return 1.0, USUAL_SNR, 0.0
    near = flat[np.abs(flat - brightest) <= CLUSTER * brightest]
    counts, edges = np.histogram(near, bins=120)
    peak = int(np.argmax(np.convolve(counts, np.ones(5), mode="same")))
    width = 4 * (edges[1] - edges[0])
    middle = near[np.abs(near - (edges[peak] + edges[peak + 1]) / 2) <= width]
    value = float(np.median(middle if middle.size else near))
    blocks = _blocks(values)
    beside = blocks[np.abs(blocks - value) <= 0.02 * value]
    share = beside.size / max(blocks.size, 1)
    if beside.size < 16:
        return value, USUAL_SNR, share
    # Half of the values lie within 0.6745 standard deviations of their middle; things in the beam only lie below it.
    deviation = float(np.median(np.abs(beside[beside >= value] - value))) / 0.6745 if (beside >= value).any() else 0.0
    snr = value / deviation / BLOCK_PX if deviation > 0 else 1e4
    return value, float(np.clip(snr, 5.0, 1e4)), share


def _sampled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return every so many-th band of rows of a large picture."""
    step = -(-values.size // _SAMPLE_PIXELS)
    if step <= 1:
        return values
    taken: NDArray[np.float64] = values[np.arange(values.shape[0]) // BLOCK_PX % step == 0]
    return taken


def _blocks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = (side - side % BLOCK_PX for side in values.shape)
    cut = values[:rows, :columns].reshape(rows // BLOCK_PX, BLOCK_PX, columns // BLOCK_PX, BLOCK_PX)
    found: NDArray[np.float64] = cut.mean(axis=(1, 3))
    return found


def _values(image: Image, plane: int) -> NDArray[np.float64]:
    values = modality_values(image.grey, image.pixels[plane]).astype(np.float64)
    known = has_data(image, plane)
    return values if known is None else np.where(known, values, np.nan)


def _lookup(image: Image, bare: Energies) -> tuple[NumberLookup | None, Calibration, tuple[str, ...]]:
    """Return the lookup that fits, how it is founded, and what must be said of it."""
    told = image.technique.get("tube_voltage_kv")
    kv = float(told) if isinstance(told, int | float) else None
    low_kv = image.technique.get("tube_voltage_low_kv")
    if low_kv is not None:
        return None, "none", (f"no lookup of dual-energy colour is at hand for two voltages, {low_kv} and {told} kV",)
    fitting = [number_lookup(name) for name in for_voltage(kv)]
    if not fitting:
        return None, "none", (f"no lookup of dual-energy colour is at hand for {kv:g} kV",)
    scale = image.technique.get("z_effective_per_stored")
    if bare.z_plane is not None and isinstance(scale, int | float) and scale > 0:
        best, away = min(((each, _away(image, bare, each, float(scale))) for each in fitting), key=lambda pair: pair[1])
        if away <= AGREES:
            return (
                best,
                "machine",
                (f"the lookup agrees with the machine's own numbers (median difference {away:.1f})",),
            )
        if away > DISAGREES:
            return None, "none", ("no lookup of dual-energy colour agrees with the machine's own numbers",)
    usual = next((each for each in fitting if each.name == DEFAULT), fitting[0])
    voltage = f"{kv:g} kV" if kv is not None else "an unknown voltage, taken as 160 kV"
    words = (
        f"colours by a usual detector ({usual.words}), not calibrated for this machine, at {voltage}: borders between "
        "organic, mixed and metal may lie elsewhere"
    )
    return usual, "default", (words,)


def _away(image: Image, bare: Energies, lookup: NumberLookup, scale: float) -> float:
    """Return the median difference of a lookup to the machine's numbers, not-a-number where too few can be compared.

    Where the machine has a number and the lookup cannot tell one, the difference is infinite.
    """
    part = slice(None, None, _SAMPLE_STEP)
    planes = tuple(
        modality_values(image.grey, image.pixels[plane][part, part]).astype(np.float32)
        for plane in (bare.low_plane, bare.high_plane)
    )
    own = image.pixels[bare.z_plane or 0][part, part].astype(np.float64) * scale
    p = bare.parameters() | {"lookup": lookup.name, "lookup_sha256": lookup.sha256, "smoothing_px": 0}
    rays = rays_of((planes[0], planes[1]), p)
    told = (own > 0) & (rays.a_high > 0.1)
    if np.count_nonzero(told) < LEAST_COMPARED // _SAMPLE_STEP:
        return float("nan")
    away = np.where(rays.is_decided, np.abs(rays.number - own), np.inf)
    return float(np.median(away[told]))

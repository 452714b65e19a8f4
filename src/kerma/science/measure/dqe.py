"""Detective quantum efficiency (DQE) and noise-equivalent quanta (NEQ) from an edge, flat frames and the air kerma."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.errors import OutsideTable
from kerma.science.imaging.image import Image
from kerma.science.measure import mtf, nps
from kerma.science.measure.region import Region
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
Floats = NDArray[np.float64]
LOW_SHARE = 0.4
"""Frequencies up to this share of the Nyquist frequency tell the DQE at 0."""


def measure(
    edge: Image,
    flats: Image,
    *,
    air_kerma_ugy: float | None = None,
    beam_quality: str = "RQA5",
    edition: str = "2015",
    region: Region | None = None,
) -> Measurement | NotMeasurable:
    """Return DQE(f) = MTF(f)^2 / (NNPS(f) * q) and NEQ(f) = MTF(f)^2 / NNPS(f) along the normal of the edge.

    ``flats`` are frames of a uniform exposure with the beam of the edge and the air kerma given at the detector;
    both must be proportional to dose. q, the quanta per mm2, is the air kerma times the published squared input
    signal-to-noise ratio per kerma, which differs between editions. ``region`` is where the edge lies. DQE at 0 is
    extrapolated by a parabola. IEC 62220-1.
    """
    pixel_mm = mtf.pitch_mm(edge)
    inputs: dict[str, Value] = {
        "air_kerma_ugy": air_kerma_ugy,
        "beam_quality": beam_quality,
        "edition": edition,
        "region": list(region.as_json()) if region else None,
        "spacing_mm": pixel_mm,
        "spacing_origin": edge.spacing.label,
    }
    if air_kerma_ugy is None:
        return NotMeasurable(
            "dqe", VERSION, "give the air kerma of the flat frames at the detector: air_kerma_ugy", inputs
        )
    quanta_per_ugy = snr_in_squared(beam_quality, edition)
    if pixel_mm is None:
        return NotMeasurable("dqe", VERSION, "the scale is not known: give spacing_mm", inputs)
    transfer = mtf.transfer(edge, plane=0, region=region)
    if isinstance(transfer, str):
        return NotMeasurable("dqe", VERSION, f"of the edge: {transfer}", inputs)
    noise = nps.spectrum(flats)
    if isinstance(noise, str):
        return NotMeasurable("dqe", VERSION, f"of the flat frames: {noise}", inputs)
    if noise.mean_stored <= 0:
        return NotMeasurable("dqe", VERSION, "the mean of the flat frames is not above 0: they are no signal", inputs)
    values, uncertainties = _values(transfer, noise, pixel_mm, quanta_per_ugy * air_kerma_ugy)
    return Measurement(
        "dqe",
        VERSION,
        values,
        method="presampled MTF squared over the normalised noise power beside the axis times the input quanta",
        inputs=inputs,
        uncertainties=uncertainties,
        source=Citation.of(table("iec_62220-1/snr_in")),
        warnings=nps.warnings_of(flats, noise),
    )


def snr_in_squared(beam_quality: str, edition: str) -> float:
    """Return the squared input signal-to-noise ratio per mm2 and uGy of a beam quality in an edition.

    Raises
    ------
    OutsideTable
        The edition does not name this beam quality.
    """
    published = table("iec_62220-1/snr_in")
    for row in published:
        if (row["edition"], row["beam_quality"]) == (edition, beam_quality):
            return float(row["snr_in_squared_per_mm2_ugy"])
    known = ", ".join(f"{row['beam_quality']} ({row['edition']})" for row in published)
    raise OutsideTable(f"edition {edition} has no input signal-to-noise ratio for {beam_quality}; there are {known}")


def _values(
    transfer: mtf.Transfer, noise: nps.Spectrum, pixel_mm: float, quanta_per_mm2: float
) -> tuple[dict[str, Value], dict[str, float]]:
    axis = "columns" if transfer.profile.line.is_upright else "rows"
    frequency, power, relative = noise.along(axis)
    nnps_mm2 = power * pixel_mm**2 / noise.mean_stored**2
    modulation = transfer.at(frequency)
    neq = modulation**2 / nnps_mm2
    dqe = neq / quanta_per_mm2
    error = np.interp(frequency, mtf.FREQUENCIES_PX, transfer.errors)
    spread = np.hypot(2 * error / np.maximum(modulation, 1e-9), relative)
    at_0, at_0_error = _at_zero(frequency, dqe, dqe * spread)
    values: dict[str, Value] = {
        "dqe_at_0": at_0,
        "dqe_peak": float(dqe.max()),
        "quanta_per_mm2": quanta_per_mm2,
        "nyquist_lp_mm": 0.5 / pixel_mm,
        "direction": f"across {axis}",
        "frequency_lp_mm": (frequency / pixel_mm).tolist(),
        "dqe": dqe.tolist(),
        "neq_per_mm2": neq.tolist(),
        "mtf": modulation.tolist(),
        "nnps_mm2": nnps_mm2.tolist(),
        "dqe_standard_errors": (dqe * spread).tolist(),
    }
    return values, {"dqe_at_0": at_0_error}


def _at_zero(frequency: Floats, dqe: Floats, error: Floats) -> tuple[float, float]:
    """Return the value at frequency 0 of a + b f^2 fitted to the low frequencies, and its standard error."""
    low = frequency <= 0.5 * LOW_SHARE
    terms = np.stack([np.ones(low.sum()), frequency[low] ** 2], axis=1) / error[low, None]
    covariance = np.linalg.pinv(terms.T @ terms)
    fitted = covariance @ terms.T @ (dqe[low] / error[low])
    return float(fitted[0]), float(covariance[0, 0] ** 0.5)

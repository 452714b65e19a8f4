"""One exposure: thickness maps in, a 16-bit picture out.

The order is nature's: attenuation (Beer-Lambert per energy), blur by the focal spot, photon noise, blur by the
detector, gain. Focal blur comes before the noise and detector blur after it, so the noise is correlated as in a
real picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.physics.attenuation import linear_attenuation
from kerma.science.simulate.beam import Beam

Field = NDArray[np.float64]
LUT_POINTS = 8192
CHUNK_PIXELS = 8192
SATURATED = 65535.0


@dataclass(frozen=True)
class Detector:
    """What turns radiation into numbers.

    ``snr`` is the signal-to-noise ratio of the finished picture behind the reference thickness, blur included;
    ``blur_px`` and ``focal_blur_px`` are standard deviations in pixels; ``reference_stored`` is the stored value behind
    the reference thickness.
    """

    snr: float
    blur_px: float = 0.0
    focal_blur_px: float = 0.0
    reference_stored: float = 50000.0


def attenuated(beam: Beam, thickness_mm: Mapping[str, Field]) -> tuple[Field, Field]:
    """Return signal and variance behind the thickness maps, as shares of the open beam's signal.

    ``thickness_mm`` maps materials to arrays of shape (row, column). Where only the first material lies in the beam
    a table of 8192 thicknesses answers (relative error below 1e-6); elsewhere the sum over energies is computed.
    """
    names = list(thickness_mm)
    maps = [np.asarray(thickness_mm[name], dtype=np.float64) for name in names]
    mu = np.array([linear_attenuation(name, beam.energies_kev) for name in names])
    signal, variance = _by_table(beam, mu[0], maps[0])
    others = np.zeros(maps[0].shape, dtype=bool)
    for other in maps[1:]:
        others |= other != 0
    places = np.flatnonzero(others)
    weights = np.stack([beam.signal_weights, beam.variance_weights]) / beam.signal_weights.sum()
    for start in range(0, places.size, CHUNK_PIXELS):
        chunk = places[start : start + CHUNK_PIXELS]
        length = np.stack([each.ravel()[chunk] for each in maps])
        both = weights @ np.exp(-(mu.T @ length))
        signal.ravel()[chunk], variance.ravel()[chunk] = both
    return signal, variance


def _by_table(beam: Beam, mu: Field, length: Field) -> tuple[Field, Field]:
    """Interpolate the logarithm of signal and variance over thickness, exact for one energy."""
    points = np.linspace(length.min(initial=0.0), max(length.max(initial=0.0), 1e-6), LUT_POINTS)
    passed = np.exp(-np.outer(points, mu))
    total = beam.signal_weights.sum()
    log_signal = np.log(passed @ beam.signal_weights / total)
    log_variance = np.log(passed @ beam.variance_weights / total)
    return np.exp(np.interp(length, points, log_signal)), np.exp(np.interp(length, points, log_variance))


def blurred(field: Field, sigma_px: float) -> Field:
    """Blur by a Gaussian of standard deviation ``sigma_px``; 0 leaves the field as it is."""
    if sigma_px <= 0:
        return field
    from scipy.ndimage import gaussian_filter

    result: Field = gaussian_filter(field, sigma_px, mode="nearest")
    return result


def noise_share(blur_px: float) -> float:
    """Return what is left of white noise's standard deviation after the detector's blur.

    It is the root of the kernel's sum of squares, which for a kernel separable in rows and columns is the sum of
    squares in one of them.
    """
    if blur_px <= 0:
        return 1.0
    reach = int(4.0 * blur_px + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / blur_px) ** 2)
    kernel /= kernel.sum()
    return float((kernel**2).sum())


def quanta(detector: Detector, reference: tuple[float, float]) -> float:
    """Return the exposure (a multiple of the beam) that gives the asked SNR behind the reference thickness.

    ``reference`` is the signal and the variance there at exposure 1.
    """
    if detector.snr <= 0:
        raise WrongUsage(f"a signal-to-noise ratio of {detector.snr:g} is no ratio: give a value above 0")
    signal, variance = reference
    white_snr = detector.snr * noise_share(detector.blur_px)
    return white_snr**2 * variance / signal**2


def exposed(
    signal: Field, variance: Field, detector: Detector, reference: tuple[float, float], generator: np.random.Generator
) -> NDArray[np.uint16]:
    """Return the picture: focal blur, compound Poisson noise, detector blur, gain to 16 bit.

    ``reference`` is signal and variance behind the reference thickness: there the picture has the detector's SNR and
    stored value.

    The noise is a Poisson number of equal quanta with the mean and the variance of the compound sum: exact for one
    energy, and of the right two moments for many.
    """
    exposure = quanta(detector, reference)
    mean = blurred(signal, detector.focal_blur_px)
    per_quantum = blurred(variance, detector.focal_blur_px) / mean
    counted = generator.poisson(mean * exposure / per_quantum) * per_quantum / exposure
    stored = blurred(counted, detector.blur_px) * detector.reference_stored / reference[0]
    return np.clip(np.rint(stored), 0.0, SATURATED).astype(np.uint16)

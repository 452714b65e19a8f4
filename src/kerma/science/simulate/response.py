"""What the detector makes of radiation: scatter, focal blur, noise, detector blur, gain and its faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.bands import over_rows
from kerma.science.simulate.document import Channel, Detector, Scatter

Field = NDArray[np.float64]
NARROW_PX = 8.0
"""A blur wider than twice this is computed on a coarser picture."""
MATCHED_BELOW_PX = 1.0
DEAD, HOT, WEAK, NOISY = 1, 2, 3, 4
"""Kinds of bad pixels in the map of the truth."""


def key_of(seed: int, *stream: int) -> np.uint64:
    """Return the key of one stream of random numbers of a scene."""
    return np.uint64(np.random.SeedSequence([seed % 2**64, *stream]).generate_state(1, np.uint64)[0])


def blurred(field: Field, sigma_px: float) -> Field:
    """Return the field blurred by a Gaussian; 0 leaves it; beyond the edge the field goes on as it is there."""
    from kerma.science.simulate.exposure_kernels import smooth_columns, smooth_rows

    if sigma_px <= 0:
        return field
    if sigma_px > 2 * NARROW_PX:
        return _blurred_widely(field, sigma_px)
    kernel = gaussian(sigma_px)
    half, out = np.empty_like(field), np.empty_like(field)
    over_rows(field.shape[0], lambda band: smooth_rows(field, kernel, half, band))
    over_rows(field.shape[0], lambda band: smooth_columns(half, kernel, out, band))
    return out


def gaussian(sigma_px: float) -> Field:
    """Return half of a Gaussian kernel, its middle first, of sum 1 when both halves are taken.

    Sampled at whole pixels a narrow Gaussian has too small a variance; below 1 px it is drawn wider until its variance
    is the one asked for.
    """
    if sigma_px >= MATCHED_BELOW_PX:
        return _sampled(sigma_px)
    low, high = sigma_px, sigma_px + 0.5
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _variance(_sampled(middle)) < sigma_px**2 else (low, middle)
    return _sampled(high)


def _sampled(sigma_px: float) -> Field:
    from kerma.science.simulate.exposure_kernels import exponentials

    reach = int(4.0 * sigma_px + 0.5) + 1
    kernel = np.empty((1, reach + 1))
    exponentials(-0.5 * (np.arange(reach + 1)[None] / sigma_px) ** 2, kernel, (0, 1))
    return np.asarray(kernel[0] / _both_halves(kernel[0]))


def _both_halves(kernel: Field) -> float:
    """Return the sum of a whole kernel of which half is given, in a fixed order."""
    total = float(kernel[0])
    for value in kernel[1:].tolist():
        total += 2.0 * value
    return total


def _variance(kernel: Field) -> float:
    return _both_halves(kernel * np.arange(kernel.size) ** 2)


def white_share(sigma_px: float) -> float:
    """Return what the blur leaves of white noise's standard deviation: the sum of squares of the kernel in one axis."""
    return _both_halves(gaussian(sigma_px) ** 2) if sigma_px > 0 else 1.0


def _blurred_widely(field: Field, sigma_px: float) -> Field:
    """Blur a binned copy, and interpolate back: a wide Gaussian has no fine detail."""
    from kerma.science.simulate.exposure_kernels import enlarge

    bins = int(sigma_px / NARROW_PX)
    rows, columns = (-(-size // bins) for size in field.shape)
    padded = np.pad(field, ((0, rows * bins - field.shape[0]), (0, columns * bins - field.shape[1])), mode="edge")
    coarse = np.zeros((rows, columns))
    for i in range(bins):
        for j in range(bins):
            coarse += padded[i::bins, j::bins]
    coarse = blurred(coarse / bins**2, sigma_px / bins)
    out = np.empty_like(field)
    over_rows(field.shape[0], lambda band: enlarge(coarse, bins, out, band))
    return out


def with_scatter(field: Field, scatter: Scatter, pitch_mm: float) -> Field:
    """Return primary and scattered radiation, each weakened as the grid does."""
    if scatter.ratio <= 0:
        return field * scatter.grid_primary_share
    spread = blurred(field, scatter.reach_mm / pitch_mm)
    return field * scatter.grid_primary_share + spread * (scatter.ratio * scatter.grid_scatter_share)


@dataclass(frozen=True)
class Exposure:
    """How long a channel is exposed, and what its numbers mean.

    ``quanta`` scales variance to the exposure; ``stored_per_signal`` makes stored values of shares of the open beam.
    """

    quanta: float
    stored_per_signal: float
    is_noisy: bool


def exposure_for(channel: Channel, detector: Detector, reference: tuple[float, float]) -> Exposure:
    """Return the exposure that gives the asked SNR behind the reference, electronic noise and fixed pattern included.

    Raises
    ------
    WrongUsage
        Noise that no exposure can make good.
    """
    signal, variance = reference
    gain = channel.reference_stored / signal
    if channel.snr <= 0:
        return Exposure(1.0, gain, False)
    others = (detector.electronic_noise_stored / channel.reference_stored) ** 2 + (
        detector.fixed_pattern_percent / 100.0
    ) ** 2
    left = 1.0 / channel.snr**2 - others
    if left <= 0:
        raise WrongUsage(
            f"electronic noise and fixed pattern alone hold the SNR at {others**-0.5:.1f}; {channel.snr:g} was asked"
        )
    share = white_share(detector.blur_mm / detector.pitch_mm)
    return Exposure(variance / signal**2 * share**2 / left, gain, True)


def stored_of(counts: Field, exposure: Exposure, detector: Detector, keys: Callable[[str], np.uint64]) -> Field:
    """Return stored values of counted radiation: detector blur, gain, fixed pattern, electronic noise; not rounded."""
    stored = blurred(counts, detector.blur_mm / detector.pitch_mm) * exposure.stored_per_signal
    if detector.fixed_pattern_percent > 0:
        stored *= 1.0 + detector.fixed_pattern_percent / 100.0 * normal_field(keys("pattern"), stored.shape)
    if detector.electronic_noise_stored > 0:
        stored += detector.electronic_noise_stored * normal_field(keys("electronic"), stored.shape)
    return stored


def counted_of(signal: Field, variance: Field, exposure: Exposure, key: np.uint64) -> Field:
    """Return the signal with its quantum noise (compound Poisson: equal quanta of the right two moments)."""
    from kerma.science.simulate.exposure_kernels import counted

    if not exposure.is_noisy:
        return signal
    out = np.empty_like(signal)
    per_quantum = np.divide(variance, signal, out=np.zeros_like(signal), where=signal > 0)
    over_rows(len(out), lambda band: counted(signal, per_quantum, exposure.quanta, key, out, band))
    return out


def normal_field(key: np.uint64, shape: tuple[int, ...]) -> Field:
    """Return numbers of the normal distribution, white."""
    from kerma.science.simulate.exposure_kernels import normals

    out = np.empty(shape)
    over_rows(shape[0], lambda band: normals(key, out, band))
    return out


def bad_pixel_map(detector: Detector, seed: int) -> NDArray[np.uint8]:
    """Return which pixels are bad: 0 good, then dead, hot, weak, noisy. The same for every view and channel."""
    kinds = np.zeros(detector.rows * detector.columns, dtype=np.uint8)
    if detector.bad_pixels > kinds.size:
        raise WrongUsage(f"{detector.bad_pixels} bad pixels are more than the detector has ({kinds.size})")
    generator = np.random.default_rng([seed % 2**64, 7])
    places = generator.permutation(kinds.size)[: detector.bad_pixels] if detector.bad_pixels else np.zeros(0, int)
    kinds[places] = 1 + np.arange(places.size) % 4
    return kinds.reshape(detector.rows, detector.columns)


def with_bad_pixels(stored: Field, kinds: NDArray[np.uint8], highest: float, key: np.uint64) -> Field:
    """Return the picture as bad pixels make it: 0, full scale, half, or a tenth of noise."""
    if not kinds.any():
        return stored
    noise = normal_field(key, stored.shape)
    stored = np.where(kinds == DEAD, 0.0, stored)
    stored = np.where(kinds == HOT, highest, stored)
    stored = np.where(kinds == WEAK, 0.5 * stored, stored)
    return np.where(kinds == NOISY, stored * (1.0 + 0.1 * noise), stored)

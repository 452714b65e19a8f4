"""Images of a detector with exact truth: edges and slits of known MTF, noise of known power, planted bad pixels."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from kerma.science.imaging.image import Image, Spacing

PITCH_MM = 0.1


def image(pixels: np.ndarray, **fields: object) -> Image:
    """Return a raw 16-bit image of pixels of 0.1 mm."""
    plane = pixels[None] if pixels.ndim == 2 else pixels
    spacing = Spacing(PITCH_MM, PITCH_MM, "detector")
    return Image(plane, **({"bits": 16, "meaning": "raw", "rises_with_dose": True, "spacing": spacing} | fields))


def counts(pixels: np.ndarray) -> np.ndarray:
    """Return grey values as 16-bit whole numbers."""
    return np.clip(np.rint(pixels), 0, 65_535).astype(np.uint16)


def _ramp(distance: np.ndarray, sigma: float) -> np.ndarray:
    """Return the integral of the error function of a Gaussian."""
    scaled = distance / sigma
    return sigma * (scaled * ndtr(scaled) + np.exp(-(scaled**2) / 2) / np.sqrt(2 * np.pi))


def distances(shape: tuple[int, int], tilt_deg: float, shift_px: float = 0.3) -> np.ndarray:
    """Return the distance of each pixel's centre to a line through the middle that is tilted against the columns."""
    row, column = np.mgrid[: shape[0], : shape[1]].astype(float)
    angle = np.deg2rad(tilt_deg)
    return (column - shape[1] / 2 - shift_px) * np.cos(angle) + (row - shape[0] / 2) * np.sin(angle)


def edge(
    shape: tuple[int, int],
    *,
    tilt_deg: float,
    sigma_px: float,
    snr: float = 200.0,
    contrast: float = 0.6,
    level: float = 20_000.0,
    seed: int = 1,
) -> np.ndarray:
    """Return an edge blurred by a Gaussian and averaged exactly over square pixels, with Poisson-like noise.

    ``snr`` is that of the bright side; 0 is no noise. The aperture along the normal is a box of the cosine of the
    tilt, sampled over the sine of it.
    """
    distance = distances(shape, tilt_deg)
    cosine, sine = np.cos(np.deg2rad(tilt_deg)), abs(np.sin(np.deg2rad(tilt_deg)))
    nodes, weights = np.polynomial.legendre.leggauss(5)
    grey = np.zeros(shape)
    for node, weight in zip(nodes / 2, weights / 2, strict=True):
        at = distance + node * sine
        upper, lower = _ramp(at + cosine / 2, sigma_px), _ramp(at - cosine / 2, sigma_px)
        grey += weight * (upper - lower) / cosine
    grey = level * (1 - contrast + contrast * grey)
    if snr:
        noise = np.random.default_rng(seed).standard_normal(shape)
        grey = grey + noise * np.sqrt(grey * level) / snr
    return grey


def edge_mtf(frequency_px: np.ndarray, *, tilt_deg: float, sigma_px: float) -> np.ndarray:
    """Return the presampled MTF of :func:`edge` along its normal."""
    angle = np.deg2rad(tilt_deg)
    blur = np.exp(-2 * (np.pi * sigma_px * frequency_px) ** 2)
    return np.abs(blur * np.sinc(frequency_px * np.cos(angle)) * np.sinc(frequency_px * np.sin(angle)))


def slit(shape: tuple[int, int], *, tilt_deg: float, sigma_px: float, snr: float = 100.0, seed: int = 1) -> np.ndarray:
    """Return a bright line with a Gaussian profile."""
    profile = np.exp(-(distances(shape, tilt_deg) ** 2) / 2 / sigma_px**2)
    return 2000 + 16_000 * profile + np.random.default_rng(seed).standard_normal(shape) * 16_000 / snr

"""The basic spatial resolution of a whole chain: what a duplex gauge of thin wires would read in its pictures.

Two round rods one diameter apart, seen through the pixel's aperture and one Gaussian for focal spot and detector; the
resolution is the diameter at which the dip between them is just the limit of the reading. Everything scales, so one
curve over (Gaussian over pixel) serves every scene.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from kerma.standards import table

Field = NDArray[np.float64]
PLACES = 41
"""Where the top of a rod is looked for."""
NODES = 301
REACH_SIGMA = 6.0
"""The Gaussian is summed at so many places, as far as this."""
HALVINGS = 18


@functools.lru_cache(maxsize=256)
def basic_resolution_um(pixel_um: float, blur_sigma_um: float) -> float:
    """Return the basic spatial resolution in µm.

    Parameters
    ----------
    pixel_um : edge of the square aperture, and of the pixel
    blur_sigma_um : standard deviation of all other blur, in the same plane; 0 is none
    """
    # A dip needs wires of about a pixel, and of about one and a half standard deviations.
    low, high = 0.2 * math.hypot(pixel_um, blur_sigma_um), 4.0 * math.hypot(pixel_um, blur_sigma_um)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if dip(middle, pixel_um, blur_sigma_um) < _limit() else (low, middle)
    return 0.5 * (low + high)


def dip(diameter_um: float, pixel_um: float, blur_sigma_um: float) -> float:
    """Return the dip between two thin round wires as a share of their depth, 0 where they have run together."""
    away = np.linspace(-REACH_SIGMA, REACH_SIGMA, NODES)
    weights = np.exp(-0.5 * away**2)
    places = np.append(0.0, np.linspace(0.3, 1.7, PLACES) * diameter_um)
    at = places[:, None] + blur_sigma_um * away[None, :]
    both = sum(_seen(at - side * diameter_um, diameter_um / 2.0, pixel_um) for side in (-1.0, 1.0))
    profile = (both @ weights) / weights.sum()
    top = float(profile.max())
    return max(0.0, (top - float(profile[0])) / top)


def _seen(at: Field, radius: float, pixel: float) -> Field:
    """Return the chord of a rod, meaned over the pixel: a difference of its area's integral, exact."""
    ends = (np.clip((at + side * pixel / 2.0) / radius, -1.0, 1.0) for side in (1.0, -1.0))
    above, below = (radius**2 * (end * np.sqrt(1.0 - end**2) + np.arcsin(end)) for end in ends)
    result: Field = (above - below) / pixel
    return result


def _limit() -> float:
    rows = table("iso_19232-5/reading")
    return next(float(row["value"]) for row in rows if row["quantity"] == "dip_limit_percent") / 100.0

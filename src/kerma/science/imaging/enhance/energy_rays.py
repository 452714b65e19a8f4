"""What two energies tell of every pixel: attenuation, effective atomic number, and how certain that number is.

The number is looked up from attenuations that are averaged with like neighbours only, so that it is quiet on a surface
and does not run over an edge. The noise of the open beam says how uncertain it is; where it cannot be told from the
classes round about, the pixel has no number, and no colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.enhance.number_lookup import NumberLookup, number_lookup
from kerma.science.imaging.enhance.step import Parameters, Planes

Floats = NDArray[np.float32]
MOST_ATTENUATION = 12.0
"""Attenuation of a pixel that got nothing: it needs some number."""
LIKE = 0.05
"""How far the high attenuation of a like neighbour lies away, beside the noise."""
LIKE_SIGMAS = 2.5
METAL_FROM = 18.0
SURE_SIGMAS = 2.0
MOST_UNCERTAINTY = 2.0
FADE = 0.5
"""Half the width over which a colour fades round the limits of certainty."""
LEAST_ATTENUATION = 0.03
MOST_LOW_ATTENUATION = 7.6
"""Half a thousandth passes: of less, dark current and scatter decide and not the object."""


@dataclass(frozen=True)
class Rays:
    """Every pixel of a picture: both attenuations, its number, the number's standard uncertainty, and its certainty.

    ``certainty`` runs from 0 (no number can be told) to 1; from 0.5 a pixel counts as decided. ``around`` is the high
    attenuation of the mean of the pixels round about.
    """

    a_low: Floats
    a_high: Floats
    number: Floats
    uncertainty: Floats
    certainty: Floats
    around: Floats

    @property
    def is_decided(self) -> NDArray[np.bool_]:
        """True where the number can be relied on."""
        decided: NDArray[np.bool_] = self.certainty >= 0.5
        return decided


def attenuations(planes: Planes, parameters: Parameters) -> tuple[Floats, Floats]:
    """Return low and high attenuation against the open beam; what got nothing has :data:`MOST_ATTENUATION`."""
    low, high = (
        attenuation_of(plane / np.float32(parameters[f"blank_{name}"]))
        for plane, name in zip(planes[:2], ("low", "high"), strict=True)
    )
    return low, high


def rays_of(planes: Planes, parameters: Parameters, scale: float = 1.0) -> Rays:
    """Return what the two energies tell of every pixel.

    Raises
    ------
    WrongUsage
        The lookup named is not the one that was used when the parameters were written.
    """
    shares = [
        plane / np.float32(parameters[f"blank_{n}"]) for plane, n in zip(planes[:2], ("low", "high"), strict=True)
    ]
    snr = np.array([parameters["snr_low"], parameters["snr_high"]], dtype=np.float32) * np.float32(scale)
    mean_low, mean_high, count, plain = _with_like_neighbours(
        shares[0], shares[1], snr[1], radius_px(parameters, scale)
    )
    low, high = attenuation_of(mean_low), attenuation_of(mean_high)
    ratio = (low / np.maximum(high, np.float32(1e-3))).astype(np.float32)
    number, slope = lookup_of(parameters).numbers(high, ratio)
    noise = (np.exp(low) / snr[0] ** 2 + ratio**2 * np.exp(high) / snr[1] ** 2) / count
    uncertainty = slope * np.sqrt(noise) / np.maximum(high, np.float32(1e-3))
    sharp = [attenuation_of(share) for share in shares]
    certainty = _certainty(low, high, number, uncertainty)
    return Rays(sharp[0], sharp[1], number, uncertainty, certainty, attenuation_of(plain))


def lookup_of(parameters: Parameters) -> NumberLookup:
    """Return the lookup that parameters name, if it still is the same."""
    found = number_lookup(str(parameters["lookup"]))
    if found.sha256 != parameters["lookup_sha256"]:
        raise WrongUsage(
            f"the dual-energy lookup '{found.name}' is not the one of this chain (SHA-256 {found.sha256[:12]}… and "
            f"{str(parameters['lookup_sha256'])[:12]}…): the picture would not be the one that was seen"
        )
    return found


def radius_px(parameters: Parameters, scale: float) -> int:
    """Return how far like neighbours are looked for, in pixels of the level."""
    return int(np.floor(float(parameters["smoothing_px"]) / scale + 0.5))


def attenuation_of(share: Floats) -> Floats:
    """Return -ln of the share of the open beam."""
    least = np.float32(np.exp(-MOST_ATTENUATION))
    found: Floats = -np.log(np.maximum(share, least))
    return found


def _with_like_neighbours(low: Floats, high: Floats, snr: np.float32, radius: int) -> tuple[Floats, ...]:
    """Return both shares averaged over the like ones of the pixels round about, how many pixels that is worth, and the
    high share averaged over all of them.
    """
    here = np.maximum(high, np.float32(np.exp(-MOST_ATTENUATION)))
    # The width is relative: it is one of attenuation. The noise of a share s is that of the open beam over its root.
    width_2 = np.float32(2.0) * (np.float32(LIKE) ** 2 + np.float32(LIKE_SIGMAS) ** 2 / (here * snr**2))
    padded = [np.pad(plane, radius, mode="edge") for plane in (low, high)]
    total, squares, of_low, of_high, plain = (np.zeros_like(here) for _ in range(5))
    for row in range(2 * radius + 1):
        for column in range(2 * radius + 1):
            part = slice(row, row + here.shape[0]), slice(column, column + here.shape[1])
            near_low, near_high = padded[0][part], padded[1][part]
            away = (near_high - here) / here
            weight = np.exp(-(away**2) / width_2)
            total += weight
            squares += weight**2
            of_low += weight * near_low
            of_high += weight * near_high
            plain += near_high
    means = (of_low / total, of_high / total, total**2 / squares, plain / np.float32((2 * radius + 1) ** 2))
    return tuple(each.astype(np.float32) for each in means)


def _certainty(low: Floats, high: Floats, number: Floats, uncertainty: Floats) -> Floats:
    """Return 1 where the number, or at least that it is metal, is certain; 0 where not; between over a short way."""
    by_number = np.clip((np.float32(MOST_UNCERTAINTY + FADE) - uncertainty) / np.float32(2 * FADE), 0, 1)
    above = (number - np.float32(METAL_FROM)) / np.maximum(uncertainty, np.float32(1e-6))
    as_metal = np.clip((above - np.float32(SURE_SIGMAS - FADE)) / np.float32(2 * FADE), 0, 1)
    thin = np.clip(high / np.float32(LEAST_ATTENUATION) - np.float32(0.5), 0, 1)
    dense = np.clip((np.float32(MOST_LOW_ATTENUATION) - low) / np.float32(2 * FADE) + np.float32(0.5), 0, 1)
    found: Floats = (np.maximum(by_number, as_metal) * thin * dense).astype(np.float32)
    return found

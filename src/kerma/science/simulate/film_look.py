"""The look of a digitised film: radiation to optical density, grain, and the scanner's grey values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.bands import over_rows
from kerma.science.simulate.document import Film
from kerma.science.simulate.response import blurred, normal_field

Field = NDArray[np.float64]
LN_10 = 2.302585092994046
LEAST_SHARE = 1e-9
"""Radiation below this share of the reference leaves the fog as it is."""


def developed(share: Field, film: Film, *, pitch_mm: float, key: np.uint64) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Return the grey values of a scanned film exposed to ``share`` of the radiation behind the reference.

    Density rises as a power of the exposure, with the film's gradient ``gamma`` and ``density_reference`` at the
    reference. Grain is Gaussian, of ``grain_density`` there (as seen through one pixel) and growing with the root of
    the density. Dark film has low grey values; what is denser than ``highest_density`` is 0.

    Raises
    ------
    WrongUsage
        A density below the fog, or a scanner of no or more than 16 bits.
    """
    from kerma.science.simulate.exposure_kernels import exponentials, logarithms

    net = film.density_reference - film.fog_density
    if not (net > 0 and film.gamma > 0 and film.highest_density > 0 and 1 <= film.bits <= 16):
        raise WrongUsage("a film needs a gradient and a density above its fog, and a scanner 1 to 16 bits")
    power = film.gamma / (net * LN_10)
    logarithm, raised = np.empty_like(share), np.empty_like(share)
    safe = np.maximum(share, LEAST_SHARE)
    over_rows(len(share), lambda band: logarithms(safe, logarithm, band))
    over_rows(len(share), lambda band: exponentials(logarithm * power, raised, band))
    density = film.fog_density + net * raised
    if film.grain_density > 0:
        grain = _grain(film.grain_um / 1000.0 / pitch_mm, share.shape, key)
        density += film.grain_density * np.sqrt(np.maximum(density, 0.0) / film.density_reference) * grain
    highest = float(2**film.bits - 1)
    grey = np.clip(np.rint(highest * (1.0 - density / film.highest_density)), 0.0, highest)
    return grey.astype(np.uint8) if film.bits <= 8 else grey.astype(np.uint16)


def _grain(sigma_px: float, shape: tuple[int, ...], key: np.uint64) -> Field:
    """Return grain of standard deviation 1: white noise blurred to the size of a clump."""
    from kerma.science.simulate.response import white_share

    return blurred(normal_field(key, shape), sigma_px) / white_share(sigma_px)

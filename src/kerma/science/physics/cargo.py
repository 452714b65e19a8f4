"""Megavolt dual energy: atomic number and areal density of cargo from the log transparencies of two linac beams.

The semi-empirical model of Lalor and Danagoulian: α = -ln of the transmitted share of the detector's signal, with
μ = a · photoelectric + b · scatter + c · pair production, whose three factors per beam absorb what is not known of
beam, detector and scatter. They are fitted to at least three slabs of known number and areal density. At megavolts
two elements can give the same pair of transparencies; all that fit are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kerma.errors import WrongUsage
from kerma.science.physics.interactions import interactions
from kerma.science.physics.materials import symbols
from kerma.science.physics.spectral_channel import Floats
from kerma.standards import table

SETTINGS = "kerma_dual_energy/cargo"
LEAST_SLABS = 3
NODES = 400
CHUNK_RAYS = 8192


class Slab(NamedTuple):
    """One calibration slab: its element, areal density in g/cm², and the transparencies measured behind it."""

    number: int
    areal_density_g_cm2: float
    alpha_low: float
    alpha_high: float


@dataclass(frozen=True)
class MegavoltBeam:
    """One beam: energies, share of the signal by energy (photons times detector response), and the three factors."""

    energies_kev: Floats
    signal: Floats
    factors: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def attenuation_cm2_g(self, number: int) -> Floats:
        """Return a · photoelectric + b · scatter + c · pair of an element at the beam's energies."""
        weighed: Floats = np.asarray(self.factors) @ _parts(number, self.energies_kev)
        return weighed

    def alpha(self, number: int, areal_density_g_cm2: ArrayLike) -> Floats:
        """Return α behind areal densities of an element."""
        depth = np.asarray(areal_density_g_cm2, dtype=np.float64)
        exponents = depth[..., None] * self.attenuation_cm2_g(number)
        least = exponents.min(axis=-1)
        result: Floats = least - np.log(np.exp(least[..., None] - exponents) @ (self.signal / self.signal.sum()))
        return result


@dataclass(frozen=True)
class Cargo:
    """Per ray: the number that fits best, its areal density, and the least and greatest number that fit as well.

    ``number`` is NaN where no element fits; a ray is ambiguous where ``number_least`` and ``number_greatest`` lie
    more than one element apart.
    """

    number: Floats
    areal_density_g_cm2: Floats
    number_least: Floats
    number_greatest: Floats

    @property
    def ambiguous(self) -> NDArray[np.bool_]:
        """True where elements that are no neighbours fit equally."""
        apart: NDArray[np.bool_] = self.number_greatest - self.number_least > 1
        return apart


def calibrate_megavolt(
    low_beam: MegavoltBeam, high_beam: MegavoltBeam, slabs: Sequence[Slab]
) -> tuple[MegavoltBeam, MegavoltBeam]:
    """Return both beams with their factors fitted to slabs, by least squares of the relative misfit of α.

    Raises
    ------
    WrongUsage
        Fewer than three slabs, or fewer than three elements among them: three factors cannot be told.
    """
    if len({slab.number for slab in slabs}) < LEAST_SLABS:
        raise WrongUsage(
            f"the three factors of a beam need at least {LEAST_SLABS} slabs of different elements, such as carbon, "
            f"iron and lead at 100 g/cm²; given are {len({slab.number for slab in slabs})}"
        )
    return (
        _fitted(low_beam, slabs, [slab.alpha_low for slab in slabs]),
        _fitted(high_beam, slabs, [slab.alpha_high for slab in slabs]),
    )


def identify(
    low_beam: MegavoltBeam, high_beam: MegavoltBeam, alpha_low: ArrayLike, alpha_high: ArrayLike, *,
    relative_uncertainty: float = 0.005,
) -> Cargo:  # fmt: skip
    """Return number and areal density of every ray, with the range of numbers that fit.

    For each element the areal density that gives α of the high beam is looked up, and with it the α of the low
    beam; the element whose low α comes nearest is the answer.

    Parameters
    ----------
    alpha_low, alpha_high : log transparencies of one shape
    relative_uncertainty : standard uncertainty of the low α relative to the high one, noise and calibration together
    """
    low, high = np.broadcast_arrays(np.asarray(alpha_low, np.float64), np.asarray(alpha_high, np.float64))
    setting = {row["quantity"]: float(row["value"]) for row in table(SETTINGS)}
    numbers = range(int(setting["lowest_number"]), int(setting["highest_number"]) + 1)
    depth = np.linspace(0.0, 1.0, NODES) ** 2 * setting["greatest_areal_density_g_cm2"]
    curves = [(high_beam.alpha(number, depth), low_beam.alpha(number, depth)) for number in numbers]
    flat_low, flat_high = low.ravel(), high.ravel()
    found = np.full((4, flat_low.size), np.nan)
    usable = np.flatnonzero(np.isfinite(flat_low) & np.isfinite(flat_high) & (flat_high > 0))
    for begin in range(0, usable.size, CHUNK_RAYS):
        chunk = usable[begin : begin + CHUNK_RAYS]
        depths = np.stack([np.interp(flat_high[chunk], alpha, depth, right=np.nan) for alpha, _ in curves])
        misfit = np.stack([np.interp(each, depth, pair[1]) for each, pair in zip(depths, curves, strict=True)])
        misfit = np.abs(misfit - flat_low[chunk]) / (relative_uncertainty * flat_high[chunk])
        found[:, chunk] = _nearest(np.array(numbers), depths, misfit, setting["ambiguous_sigma"])
    return Cargo(*(each.reshape(low.shape) for each in found))


def _parts(number: int, energies_kev: Floats) -> Floats:
    """Return photoelectric, scatter and pair mass attenuation in cm²/g, of shape (3, energy)."""
    found = interactions(symbols()[number - 1], energies_kev)
    return np.stack([found["photoelectric"], found["coherent"] + found["incoherent"], found["pair"]])


def _fitted(beam: MegavoltBeam, slabs: Sequence[Slab], alphas: Sequence[float]) -> MegavoltBeam:
    from scipy.optimize import least_squares

    depths = [slab.areal_density_g_cm2 for slab in slabs]
    parts = [_parts(slab.number, beam.energies_kev) for slab in slabs]
    weights = beam.signal / beam.signal.sum()

    def misfit(factors: Floats) -> Floats:
        seen = [-np.log(np.exp(-depth * (factors @ part)) @ weights) for depth, part in zip(depths, parts, strict=True)]
        relative: Floats = np.asarray(seen) / np.asarray(alphas) - 1.0
        return relative

    factors = least_squares(misfit, np.ones(3), bounds=(0.0, 10.0), xtol=1e-14, ftol=1e-14, gtol=1e-14).x
    return MegavoltBeam(beam.energies_kev, beam.signal, (float(factors[0]), float(factors[1]), float(factors[2])))


def _nearest(numbers: NDArray[np.int64], depths: Floats, misfit: Floats, sigma: float) -> Floats:
    """Return number, areal density, least and greatest number that fit, of shape (4, ray); NaN where none does."""
    misfit = np.where(np.isfinite(misfit), misfit, np.inf)
    best = misfit.argmin(axis=0)
    ray = np.arange(best.size)
    fits = misfit <= np.maximum(misfit[best, ray], sigma)
    least, greatest = fits.argmax(axis=0), len(numbers) - 1 - fits[::-1].argmax(axis=0)
    chosen = np.stack([numbers[best], depths[best, ray], numbers[least], numbers[greatest]]).astype(np.float64)
    result: Floats = np.where(misfit[best, ray] <= 2 * sigma, chosen, np.nan)
    return result

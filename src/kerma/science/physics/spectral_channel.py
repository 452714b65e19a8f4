"""One channel of a dual-energy system: what its beam and detector make of the thicknesses in a ray, noise included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.physics.attenuation import linear_attenuation

Floats = NDArray[np.float64]
CONVERGED = 1e-9
MOST_STEPS = 80
LARGEST_EXPONENT = 700.0
CHUNK = 65536
"""Rays times energies at a time: fits a processor's cache, and products too small to be worth threads stay in one."""


class Beam(Protocol):
    """What a beam must tell: its energies, and what a photon of each adds to signal and variance."""

    @property
    def energies_kev(self) -> Floats:
        """Photon energies in keV."""
        ...

    @property
    def signal_weights(self) -> Floats:
        """Contribution to the mean, any scale."""
        ...

    @property
    def variance_weights(self) -> Floats:
        """Contribution to the variance, any scale."""
        ...


@dataclass(frozen=True)
class Channel:
    """Shares of signal and of variance by energy, and the coefficients in 1/mm of shape (material, energy).

    The log attenuation of a ray is A = -ln Σ signal · exp(-Σ μ t): rising and concave in every thickness.
    """

    signal: Floats
    variance: Floats
    mu_mm: Floats

    @classmethod
    def of(cls, beam: Beam, materials: Sequence[str]) -> Channel:
        """Take a beam's weights, normalised, and the coefficients of materials at its energies.

        Raises
        ------
        WrongUsage
            The beam has no signal, or a negative weight.
        """
        signal, variance = (np.asarray(each, dtype=np.float64) for each in (beam.signal_weights, beam.variance_weights))
        if not (signal.sum() > 0 and variance.sum() > 0 and (signal >= 0).all() and (variance >= 0).all()):
            raise WrongUsage("a beam without signal cannot be calibrated: its weights must be positive")
        mu = np.stack([linear_attenuation(material, beam.energies_kev) for material in materials])
        return cls(signal / signal.sum(), variance / variance.sum(), mu)

    def attenuation(self, thickness_mm: Floats) -> Floats:
        """Return A of rays with thicknesses of shape (ray, material)."""
        found = np.empty(len(thickness_mm))
        for part in self.chunks(len(thickness_mm)):
            found[part] = self.expand(thickness_mm[part])[0]
        return found

    def chunks(self, rays: int) -> Iterator[slice]:
        """Return slices of a number of rays that are quick to work on together."""
        step = max(CHUNK // self.signal.size, 1)
        return (slice(begin, begin + step) for begin in range(0, rays, step))

    def expand(self, thickness_mm: Floats) -> tuple[Floats, Floats, Floats]:
        """Return A, its slopes in 1/mm of shape (ray, material), and the variance of A.

        The variance is in units of that of the open beam, so 1 with nothing in the ray.
        """
        return self.summed(*self.passed(thickness_mm))

    def passed(self, thickness_mm: Floats) -> tuple[Floats, Floats]:
        """Return the least exponent of each ray, and by energy the share that passes, that exponent taken out.

        So no thickness underflows. Channels with the same energies and coefficients share this costly part.
        """
        exponents = thickness_mm @ self.mu_mm
        least = exponents.min(axis=1)
        return least, np.exp(least[:, None] - exponents)

    def summed(self, least: Floats, passed: Floats) -> tuple[Floats, Floats, Floats]:
        """Sum what passed over the energies; see :meth:`expand`."""
        weighted = passed @ np.vstack([self.signal, self.signal * self.mu_mm, self.variance]).T
        signal = weighted[:, 0]
        noise = weighted[:, -1] / signal**2 * np.exp(np.minimum(least, LARGEST_EXPONENT))
        return least - np.log(signal), weighted[:, 1:-1] / signal[:, None], noise

    def thickness(self, attenuation: Floats, material: int) -> Floats:
        """Return the thickness in mm of one material alone that makes each A: Newton on a concave curve."""
        return self.completed(attenuation, np.zeros((len(attenuation), len(self.mu_mm))), material)[:, material]

    def completed(self, attenuation: Floats, thickness_mm: Floats, material: int) -> Floats:
        """Return the rays with one material's thickness changed so that each makes its A.

        The curve is concave, so after the first step Newton's method comes from below and cannot miss.
        """
        rays = thickness_mm.copy()
        for _ in range(MOST_STEPS):
            seen, slope, _ = self.expand(rays)
            step = (attenuation - seen) / slope[:, material]
            rays[:, material] += step
            if np.abs(step * slope[:, material]).max(initial=0.0) <= CONVERGED:
                break
        return rays

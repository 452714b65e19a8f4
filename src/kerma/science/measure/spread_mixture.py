"""A symmetric, positive line spread as a mixture of Gaussians: quieter than the bare profile where it fits the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.measure.spread_function import Profile

Floats = NDArray[np.float64]
RATIO = 1.12
"""Between neighbouring widths of the mixture."""
NARROWEST_PX = 0.05
MODEL_ERROR = 1e-4
"""What a piecewise linear profile may differ from the one its mixture has, of the step."""
DOUBT = 5.0
"""The mixture is refused when its chi-square lies this many standard deviations above its mean."""


@dataclass(frozen=True)
class Mixture:
    """Weights (sum 1) of Gaussians of one width each, bare or spread over the aperture of a pixel."""

    widths_px: Floats
    apertures_px: Floats
    weights: Floats
    covariance: Floats
    """Of the weights before they were scaled to 1, over the square of their sum."""

    def transfer(self, frequency_px: Floats) -> tuple[Floats, Floats]:
        """Return the modulation transfer and its standard error at frequencies in cycles per pixel."""
        frequency = frequency_px[:, None]
        each = np.exp(-2 * (np.pi * self.widths_px * frequency) ** 2) * np.sinc(self.apertures_px * frequency)
        whole = each @ self.weights
        # The sum of the weights is 1 by division, so a change of all alike is no change.
        gradient = each - whole[:, None]
        error = np.sqrt(np.maximum(np.einsum("fi,ij,fj->f", gradient, self.covariance, gradient), 0.0))
        return np.abs(whole), error


def fitted(profile: Profile) -> Mixture | None:
    """Return the mixture that follows a profile within its noise, or None where none does.

    Non-negative least squares over about eighty widths, with the covariance of the profile; the centre and a straight
    ground are fitted along. A sharpened, lopsided or box-shaped spread is no such mixture and is refused as soon as
    the noise lets one see it.
    """
    from scipy.optimize import minimize_scalar, nnls

    count = max(4, int(np.log(profile.half_width_px / 4 / NARROWEST_PX) / np.log(RATIO)))
    widths = np.tile(NARROWEST_PX * RATIO ** np.arange(count), 2)
    apertures = np.repeat([float(np.cos(np.deg2rad(profile.line.tilt_deg))), 0.0], count)
    covariance = profile.covariance + MODEL_ERROR**2 * np.eye(profile.knots_px.size)
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    target = root @ profile.heights
    points, projection = _projection(profile.knots_px)
    onto = root @ projection
    ground = np.stack([np.ones(points.size), points / profile.knots_px[-1]], axis=1)
    ground = onto @ np.concatenate([ground, -ground], axis=1)

    def design(centre: float) -> Floats:
        shapes = _shapes(points - centre, widths, apertures, is_edge=profile.is_edge)
        return np.concatenate([onto @ shapes, ground], axis=1)

    def misfit(centre: float) -> float:
        return float(nnls(design(centre), target, maxiter=2000)[1])

    reach = 0.3 * max(profile.width_px, 0.3)
    best = minimize_scalar(misfit, bounds=(-reach, reach), method="bounded", options={"xatol": 0.003, "maxiter": 14})
    columns = design(float(best.x))
    weights, rest = nnls(columns, target, maxiter=2000)
    active = np.flatnonzero(weights > 0)
    components = active[active < widths.size]
    freedom = target.size - active.size - 1
    if components.size == 0 or freedom < 3 or rest**2 > freedom + DOUBT * (2 * freedom) ** 0.5:
        return None
    total = float(weights[components].sum())
    chosen = np.concatenate([columns[:, components], ground[:, :2]], axis=1)
    spread = np.linalg.pinv(chosen.T @ chosen, rcond=1e-10)[: components.size, : components.size] / total**2
    return Mixture(widths[components], apertures[components], weights[components] / total, spread)


def _projection(knots: Floats) -> tuple[Floats, Floats]:
    """Return points, and the matrix from values there to the heights at knots of the nearest piecewise linear function.

    Least squares over all places, by Gauss' quadrature with four points between knots: what a fit to evenly spread
    pixels gives, which is not the function's value at the knots.
    """
    nodes, weights = np.polynomial.legendre.leggauss(4)
    share = (nodes + 1) / 2
    steps = np.diff(knots)
    points = (knots[:-1, None] + steps[:, None] * share).ravel()
    hats = np.zeros((knots.size, points.size))
    segment = np.repeat(np.arange(steps.size), 4)
    column = np.arange(points.size)
    hats[segment, column] = np.tile(1 - share, steps.size)
    hats[segment + 1, column] = np.tile(share, steps.size)
    weighted = hats * (steps[:, None] * weights / 2).ravel()
    return points, np.asarray(np.linalg.solve(weighted @ hats.T, weighted), dtype=np.float64)


def _shapes(at: Floats, widths: Floats, apertures: Floats, *, is_edge: bool) -> Floats:
    """Return each component at places: its cumulative form for an edge, its own for a slit."""
    from scipy.special import ndtr

    place = at[:, None]
    has_aperture = apertures > 0
    bare, spread, wide = widths[~has_aperture], widths[has_aperture], apertures[has_aperture]
    upper, lower = (place + wide / 2) / spread, (place - wide / 2) / spread
    found = np.empty((at.size, widths.size))

    def density(value: Floats) -> Floats:
        return np.asarray(np.exp(-(value**2) / 2) / np.sqrt(2 * np.pi))

    if is_edge:
        first, second = (value * ndtr(value) + density(value) for value in (upper, lower))
        found[:, has_aperture], found[:, ~has_aperture] = spread * (first - second) / wide, ndtr(place / bare)
    else:
        found[:, has_aperture] = (ndtr(upper) - ndtr(lower)) / wide
        found[:, ~has_aperture] = density(place / bare) / bare
    return found

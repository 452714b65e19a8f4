"""Where a blurred step lies on a line of grey values, to a fraction of a pixel, with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
HALF_WINDOW_PX = 12
FEWEST_SAMPLES = 7
STEP_SIGMAS = 5.0
"""A step counts as an edge when its height exceeds its own standard error by this factor."""


@dataclass(frozen=True)
class EdgePlace:
    """An edge on a line: its place in samples, its blur (standard deviation), the step, and the place's error."""

    place: float
    blur: float
    step: float
    error: float


def edge_near(line: Floats, middle: float, reach: float) -> EdgePlace | None:
    """Return the strongest edge within ``reach`` samples of ``middle``; None where no step stands out of the noise.

    A Gaussian step (normal distribution function) is fitted to the samples around the steepest place; the place of a
    step under symmetric blur is where half its height is reached. The error is the standard error of the fit.
    """
    from scipy.ndimage import gaussian_filter1d

    first, last = max(0, int(np.ceil(middle - reach))), min(line.size, int(middle + reach) + 1)
    if last - first < 2 or line.size < FEWEST_SAMPLES or not np.isfinite(line).all():
        return None
    steepness = np.abs(gaussian_filter1d(line, 1.0, order=1, mode="nearest"))
    at = first + int(np.argmax(steepness[first:last]))
    around = slice(max(0, at - HALF_WINDOW_PX), min(line.size, at + HALF_WINDOW_PX + 1))
    found = _fitted(np.arange(line.size, dtype=float)[around], line[around], float(at))
    if found is None or not middle - reach - 1 <= found.place <= middle + reach + 1:
        return None
    return found


def _fitted(place: Floats, grey: Floats, start: float) -> EdgePlace | None:
    from scipy.optimize import least_squares
    from scipy.special import ndtr

    if grey.size < FEWEST_SAMPLES:
        return None
    low, high = float(grey[:3].mean()), float(grey[-3:].mean())
    scale = max(abs(high - low), 1e-12)

    def misfit(terms: Floats) -> Floats:
        at, blur, base, step = terms
        model: Floats = (base + step * ndtr((place - at) / max(abs(blur), 1e-3)) - grey) / scale
        return model

    fit = least_squares(misfit, [start, 1.0, low, high - low], method="lm", max_nfev=200)
    free = grey.size - 4
    variance = float((fit.fun**2).sum()) / max(free, 1)
    try:
        covariance = np.linalg.inv(fit.jac.T @ fit.jac) * variance
    except np.linalg.LinAlgError:
        return None
    at, blur, _, step = (float(term) for term in fit.x)
    step_error = float(np.sqrt(max(covariance[3, 3], 0.0)))
    if not np.isfinite(covariance).all() or abs(step) < STEP_SIGMAS * step_error:
        return None
    # A perfect step says no more of its place than the pixel it falls in.
    return EdgePlace(at, max(abs(blur), 1e-3), step, max(float(np.sqrt(max(covariance[0, 0], 0.0))), 1e-3))

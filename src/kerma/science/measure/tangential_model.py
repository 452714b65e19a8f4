"""What a pipe wall looks like across: chords of two circles, attenuation, blur; and its fit to a profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FINER = 4
"""Points of the model per pixel."""
MOST_MISFIT = 0.05
"""The model must follow the profile to this share of the step from open beam to the darkest place, or to noise."""
STEP_SIGMAS = 8.0
FEWEST_OPEN_PX = 4
STARTS = (0.1, 0.3)
"""Walls, in shares of the outer radius, from which the fit starts."""


@dataclass(frozen=True)
class Wall:
    """A wall read from one profile."""

    thickness_mm: float
    error_mm: float
    outer_edge_mm: float
    unsharpness_mm: float
    attenuation_1_mm: float
    contrast_to_noise: float
    """Signal at the darkest place over the noise."""


def chord_mm(distance_mm: Floats, outer_mm: float, inner_mm: float) -> Floats:
    """Return the metal on a ray at a distance from the axis."""
    whole: Floats = np.sqrt(np.maximum(outer_mm**2 - distance_mm**2, 0.0))
    hollow: Floats = np.sqrt(np.maximum(inner_mm**2 - distance_mm**2, 0.0))
    return 2.0 * (whole - hollow)


def ray_distance_mm(across_mm: Floats, source_axis_mm: float | None) -> Floats:
    """Return how far a ray passes from the axis, from where it meets the plane of the axis.

    A ray of a point source at distance f that crosses that plane at x passes the axis at x f / sqrt(f² + x²).
    """
    if source_axis_mm is None:
        return across_mm
    bent: Floats = across_mm * source_axis_mm / np.sqrt(source_axis_mm**2 + across_mm**2)
    return bent


def fitted_wall(
    place_mm: Floats, grey: Floats, noise: float, outer_radius_mm: float, source_axis_mm: float | None
) -> Wall | str:
    """Return the wall in a profile that starts or ends in the open beam, or why there is none."""
    from scipy.ndimage import uniform_filter1d

    smooth = uniform_filter1d(grey, 5, mode="nearest")
    if int(np.argmax(smooth)) > grey.size // 2:
        grey, place_mm, smooth = grey[::-1], -place_mm[::-1], smooth[::-1]
    darkest = float(grey.min())
    step = float(smooth.max()) - darkest
    below = int(np.argmax(smooth < smooth.max() - 0.15 * step))
    open_beam = float(np.median(grey[: max(below - 3, 1)]))
    if open_beam <= 0 or darkest <= 0:
        return "grey values are not above 0: the values must be proportional to dose, offset taken off"
    if step < STEP_SIGMAS * max(noise, 1e-9) or step < 0.02 * open_beam or below < FEWEST_OPEN_PX:
        return "the region shows no outer edge beside open beam"
    if int(np.argmin(smooth)) > grey.size - 6:
        return "the region is darkest at its border: it must reach past the inner edge"
    fit = _best_fit(place_mm, grey, (place_mm[below], open_beam, darkest), outer_radius_mm, source_axis_mm)
    if fit is None:
        return "no chord of a pipe follows the profile"
    terms, rest, covariance = fit
    scatter = float(np.sqrt((rest**2).mean()))
    if scatter > max(MOST_MISFIT * step, 4 * noise):
        return f"this is no profile of a pipe wall: the model misses it by {100 * scatter / step:.0f} % of its step"
    # Pixels of one profile are not independent of the model's own misfit: the larger of both scatters counts.
    error = float(np.sqrt(max(covariance[1, 1], 0.0)))
    thickness = float(terms[1])
    inner_at = terms[0] + thickness
    if not 0 < thickness < outer_radius_mm or not np.isfinite(error) or error > 0.5 * thickness:
        return "the inner edge is not seen: the wall cannot be read from this profile"
    if inner_at > place_mm[-1]:
        return "the inner edge lies beyond the region: it must reach past it"
    blur = abs(float(terms[3]))
    return Wall(thickness, error, float(terms[0]), 2 * blur, float(np.exp(terms[2])), darkest / max(noise, 1e-9))


def _model(terms: Floats, fine_mm: Floats, outer_mm: float, source_axis_mm: float | None) -> Floats:
    """Return the profile on a fine grid: terms are outer edge, wall, log attenuation, blur, open beam, hardening."""
    from scipy.ndimage import gaussian_filter1d

    edge, wall, log_mu, blur, open_beam, hardening = terms
    # The outer edge is where the tangent ray crosses the plane of the axis, farther out than the radius itself.
    bent = 1.0 if source_axis_mm is None else source_axis_mm / np.sqrt(source_axis_mm**2 - outer_mm**2)
    outer_at = outer_mm * bent
    distance = ray_distance_mm(outer_at - (fine_mm - edge), source_axis_mm)
    metal = chord_mm(distance, outer_mm, outer_mm - min(max(wall, 1e-3), 0.999 * outer_mm))
    thickness = np.exp(log_mu) * metal
    signal = open_beam * np.exp(-thickness / (1.0 + abs(hardening) * thickness))
    step = float(fine_mm[1] - fine_mm[0])
    blurred: Floats = gaussian_filter1d(signal, max(abs(blur) / step, 0.05), mode="nearest")
    return blurred


def _best_fit(
    place_mm: Floats, grey: Floats, start: tuple[float, float, float], outer_mm: float, source_axis_mm: float | None
) -> tuple[Floats, Floats, Floats] | None:
    """Return the terms of the model, what it leaves over, and the covariance of the terms."""
    from scipy.optimize import least_squares

    edge, open_beam, darkest = start
    step = float(place_mm[1] - place_mm[0])
    fine = np.linspace(place_mm[0] - step, place_mm[-1] + step, FINER * (place_mm.size + 1) + 1)
    weight = 1 / np.sqrt(np.maximum(grey, 0.02 * open_beam))
    darkest_at = float(place_mm[int(np.argmin(grey))])

    def misfit(terms: Floats) -> Floats:
        model = np.interp(place_mm, fine, _model(terms, fine, outer_mm, source_axis_mm))
        weighted: Floats = (model - grey) * weight
        return weighted

    best = None
    for wall in dict.fromkeys((darkest_at - edge, *(share * outer_mm for share in STARTS))):
        if not 0 < wall < outer_mm:
            continue
        longest = 2 * np.sqrt(outer_mm**2 - (outer_mm - wall) ** 2)
        log_mu = np.log(max(np.log(open_beam / darkest) / longest, 1e-6))
        first = np.array([edge, wall, log_mu, step, open_beam, 0.02])
        scale = np.array([step, step, 0.1, step, 0.01 * open_beam, 0.02])
        fit = least_squares(misfit, first, x_scale=scale, max_nfev=25)
        if best is None or fit.cost < best.cost:
            best = fit
        # The darkest place is nearly always the inner edge: other starts only where that failed.
        if np.sqrt(2 * best.cost / grey.size) * np.sqrt(open_beam) < 0.01 * (open_beam - darkest):
            break
    if best is None:
        return None
    free = max(grey.size - best.x.size, 1)
    try:
        covariance = np.linalg.inv(best.jac.T @ best.jac) * (2 * best.cost / free)
    except np.linalg.LinAlgError:
        return None
    return best.x, misfit(best.x) / weight, covariance

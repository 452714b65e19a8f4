"""The profile across a straight edge or slit, oversampled by its tilt, and its Fourier transform with uncertainty.

The profile is a piecewise linear function fitted by weighted least squares to every pixel near the line: knots lie
close together at the line and ever wider apart away from it, where the profile is smooth, so that the tails add little
noise. Line and profile are improved in turn. Nothing is averaged into bins, so nothing needs undoing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.measure.straight_line import Line, along_and_across

Floats = NDArray[np.float64]
MOST_PIXELS = 300_000
WIDEST_PX = 100.0
"""The farthest from the line that pixels are used."""
NARROWEST_PX = 5.0
OUTLIER_SIGMAS = 5.0
PLACE_PX = (1.5, 1.0, 0.5, 0.3, 0.1, 0.05, 0.05)
"""How well the line is known in each turn of improvement; what that makes of a steep profile is no outlier."""
LEAST_NOISE = 5e-4
"""Noise is taken as at least this share of the step: a piecewise linear profile follows no better."""
PLAUSIBLE = 0.8
"""Values this many steps from the middle of the edge are no part of it."""
LEAST_OUTLIER = 0.002
"""... and outliers stand out by five times this at least."""
GAP_PX = 0.5
"""The widest gap between the distances at which the profile is sampled: half a pixel reaches the Nyquist frequency of
the detector and beyond."""
GROWTH = 0.13
"""Distance of knots over distance to the line, far from it."""
FINEST_PX = 0.1


@dataclass(frozen=True)
class Profile:
    """The normalised profile across a line: an edge rises from 0 to 1, a slit stands on 0."""

    line: Line
    knots_px: Floats
    heights: Floats
    covariance: Floats
    is_edge: bool
    width_px: float
    """Standard deviation equivalent of the line spread function: half of what lies between 16 and 84 %."""
    noise_share: float
    """Standard deviation of one pixel, mean of both sides, over the step of the edge or the peak of the slit."""
    step_stored: float
    angle_error_deg: float
    sagitta_px: float
    """How far the line bends away from straight."""
    sagitta_error_px: float
    pixels: int
    outliers: int
    outliers_near_share: float
    """Share of the pixels on the slope of the profile that do not follow it: high where the line is not straight."""
    half_width_px: float
    widest_gap_px: float
    unevenness_share: float
    """Scatter of the block means beside the line over the step, beyond noise: high with other structure about."""


@dataclass
class _Band:
    """Pixels near a line: distance, place along it, normalised value, variance, and which are used."""

    distance: Floats
    place: Floats
    value: Floats
    variance: Floats
    used: NDArray[np.bool_]


def fit(grey: Floats, line: Line, *, is_edge: bool, has_data: NDArray[np.bool_] | None = None) -> Profile | str:
    """Return the profile across a line that is known to about a pixel, or why there is none."""
    half_width = _half_width(grey.shape, line)
    if half_width < NARROWEST_PX:
        return f"only {half_width:.0f} pixels lie beside the line; a region that reaches farther from it is needed"
    index, distance, place = along_and_across(line, grey.shape, half_width)
    if index.size < 200:
        return f"only {index.size} pixels lie near the line; take a larger region"
    known = np.ones(index.size, dtype=bool) if has_data is None else has_data.ravel()[index]
    stored = np.where(known, grey.ravel()[index], 0.0)
    place = place - (float(place[known].mean()) if known.any() else 0.0)
    levelled = _levelled(stored, distance, place, known, half_width, is_edge=is_edge)
    if isinstance(levelled, str):
        return levelled
    value, variance, step, noise, unevenness = levelled
    band = _Band(distance, place, value, variance, known)
    return _improved(band, line, (half_width, step, noise, unevenness), is_edge=is_edge)


def _half_width(shape: tuple[int, ...], line: Line) -> float:
    sine, cosine = line.normal
    corners = [row * sine + column * cosine for row in (0, shape[0] - 1) for column in (0, shape[1] - 1)]
    reach = min(line.offset_px - min(corners), max(corners) - line.offset_px)
    length = (shape[0] if line.is_upright else shape[1]) / max(np.cos(np.deg2rad(line.tilt_deg)), 0.5)
    return float(min(reach, WIDEST_PX, max(25.0, MOST_PIXELS / max(length, 1) / 2)))


def _plane(value: Floats, distance: Floats, place: Floats, chosen: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return the plane (constant, per distance, per place) through chosen pixels and the scatter, outliers left out."""
    terms = np.stack([np.ones(chosen.sum()), distance[chosen], place[chosen]], axis=1)
    target = value[chosen]
    keep = np.abs(target - np.median(target)) <= 8 * max(_scatter(target - np.median(target)), 1e-12)
    plane = np.zeros(3)
    scatter = 0.0
    for _ in range(3):
        if keep.sum() < 12:
            break
        plane = np.linalg.lstsq(terms[keep], target[keep], rcond=None)[0]
        rest = target - terms @ plane
        scatter = _scatter(rest[keep])
        keep = np.abs(rest) <= max(4 * scatter, 1e-9 * float(np.abs(plane[0])))
    return plane, scatter


def _scatter(rest: Floats) -> float:
    """Return the standard deviation from the median of absolute values, for normal noise; of grey steps the usual."""
    robust = 1.4826 * float(np.median(np.abs(rest))) if rest.size else 0.0
    return robust if robust > 0 else float(rest.std()) if rest.size else 0.0


def _levelled(
    stored: Floats, distance: Floats, place: Floats, known: NDArray[np.bool_], half_width: float, *, is_edge: bool
) -> tuple[Floats, Floats, float, float, float] | str:
    """Return values between the planes of both sides, their variance, the step, relative noise and unevenness."""
    far = known & (np.abs(distance) > half_width / 2)
    low_side, high_side = far & (distance < 0), far & (distance > 0)
    if min(low_side.sum(), high_side.sum()) < 30:
        return "one side of the line holds too few pixels with data; take a larger region"
    sides = (low_side, high_side)
    if not is_edge:
        plane, scatter = _plane(stored, distance, place, far)
        ground = plane[0] + plane[1] * distance + plane[2] * place
        height = stored - ground
        near = height[known & (np.abs(distance) < 0.75)]
        step = float(np.median(near)) if near.size else 0.0
        if abs(step) <= max(3 * scatter / max(near.size, 1) ** 0.5, 1e-12):
            return "nothing stands out of the background along the line: there is no slit"
        value = height / step
        variance = np.full(value.size, max((scatter / step) ** 2, LEAST_NOISE**2))
        uneven = max(_unevenness(value[side], place[side], float(variance[0])) for side in sides)
        return value, variance, step, scatter / abs(step), uneven
    (low, low_noise), (high, high_noise) = (_plane(stored, distance, place, side) for side in sides)
    ground = low[0] + low[1] * distance + low[2] * place
    rise = high[0] + high[1] * distance + high[2] * place - ground
    step = float(np.median(rise))
    if step <= 0 or rise.min() < 0.3 * step:
        return "the grey values of both sides are not level enough to tell a step: there is no clear edge"
    value = (stored - ground) / rise
    share = np.clip(value, 0, 1)
    variance = np.maximum((low_noise**2 * (1 - share) + high_noise**2 * share) / rise**2, LEAST_NOISE**2)
    noises = ((low_noise / step) ** 2, (high_noise / step) ** 2)
    uneven = max(_unevenness(value[side], place[side], noise) for side, noise in zip(sides, noises, strict=True))
    return value, variance, step, float(np.sqrt((noises[0] + noises[1]) / 2)), uneven


def _unevenness(value: Floats, place: Floats, variance: float) -> float:
    """Return the scatter of the medians of pieces along one side, less what noise makes of it."""
    pieces = int(np.clip(value.size // 200, 1, 24))
    order = np.argsort(place, kind="stable")
    medians = np.array([np.median(part) for part in np.array_split(value[order], pieces)])
    by_noise = variance * 1.6 * pieces / value.size
    return float(np.sqrt(max(0.0, float((medians**2).mean() - (medians.mean()) ** 2) - by_noise)))


def _knots(half_width: float, width: float) -> Floats:
    """Return knots from the line outwards: even near it, then ever wider."""
    step = float(np.clip(0.3 * width, FINEST_PX, 2.0))
    even = max(2.5 * width, 0.8)
    outwards = [0.0]
    limit = half_width / 2
    while outwards[-1] < limit:
        outwards.append(outwards[-1] + max(step, GROWTH * (outwards[-1] - even + step / GROWTH)))
    outwards[-1] = limit
    if len(outwards) > 2 and outwards[-1] - outwards[-2] < step / 2:
        del outwards[-2]
    one = np.array(outwards)
    return np.concatenate([-one[:0:-1], one])


def _solve(band: _Band, knots: Floats) -> tuple[Floats, Floats, NDArray[Any], Floats]:
    """Return heights at the knots, their covariance, and the segment and share within it of each pixel."""
    segment = np.clip(np.searchsorted(knots, band.distance, side="right") - 1, 0, knots.size - 2)
    share = (band.distance - knots[segment]) / np.diff(knots)[segment]
    inside = band.used & (share >= 0) & (share <= 1)
    at, part = segment[inside], share[inside]
    weight = 1 / band.variance[inside]
    value = band.value[inside]
    count = knots.size
    diagonal = np.bincount(at, weight * (1 - part) ** 2, count) + np.bincount(at + 1, weight * part**2, count)
    beside = np.bincount(at, weight * part * (1 - part), count)[:-1]
    target = np.bincount(at, weight * (1 - part) * value, count) + np.bincount(at + 1, weight * part * value, count)
    normal = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    # Where no pixel falls between two knots the profile runs on straight: too weak to be felt anywhere else.
    bend = np.zeros((count - 2, count))
    slopes = 1 / np.diff(knots)
    row = np.arange(count - 2)
    bend[row, row], bend[row, row + 2] = slopes[:-1], slopes[1:]
    bend[row, row + 1] = -slopes[:-1] - slopes[1:]
    normal += 1e-8 * float(diagonal.mean()) * (bend.T @ bend) * FINEST_PX**2 + 1e-12 * np.eye(count) * diagonal.mean()
    covariance = np.linalg.inv(normal)
    return covariance @ target, covariance, segment, share


def _improved(band: _Band, line: Line, facts: tuple[float, float, float, float], *, is_edge: bool) -> Profile | str:
    half_width, step, noise, unevenness = facts
    known = band.used.copy()
    turn = 0.0
    knots = _knots(half_width, 1.5)
    width = 1.5
    bend = (0.0, 0.0)
    angle_error = 0.0
    for turn_number, place_px in enumerate(PLACE_PX):
        heights, covariance, segment, share = _solve(band, knots)
        rest = band.value - (heights[segment] * (1 - share) + heights[segment + 1] * share)
        within = (share >= 0) & (share <= 1)
        slope = np.diff(heights) / np.diff(knots)
        noise_squared = band.variance * max(1.0, _relative_scatter(rest, band, within)) ** 2
        allowed = noise_squared + (slope[segment] * place_px) ** 2 + LEAST_OUTLIER**2
        band.used = known & ((np.abs(rest) <= OUTLIER_SIGMAS * np.sqrt(allowed)) | ~within)
        fitted = band.used & within & (np.abs(band.distance) < max(4 * width, 3.0))
        moved = _shift(rest[fitted], slope[segment[fitted]], band.place[fitted], band.variance[fitted])
        if moved is None:
            return "the line could not be followed: it does not stand out of the noise"
        (shift, lean, curve), errors = moved
        angle_error = float(np.rad2deg(errors[1]))
        length = float(np.abs(band.place[fitted]).max())
        bend = (abs(curve) * length**2, errors[2] * length**2)
        if turn_number == len(PLACE_PX) - 1:
            break
        # rest = slope * (shift + lean * place): the profile lies that much nearer than was thought.
        band.distance = (band.distance + shift + lean * band.place) / np.hypot(1.0, lean)
        turn += lean
        width, centre = _width(knots, heights, is_edge=is_edge)
        band.distance -= centre
        if not 0 < width < half_width / 5:
            return (
                "the profile is too blurred, bent or noisy for this region; take one that reaches farther from the line"
            )
        knots = _knots(half_width, width)
    final = Line(line.normal_deg + float(np.rad2deg(turn)), line.offset_px)
    gap = _widest_gap(band.distance[band.used])
    # Values far beyond both sides are dead or clipped pixels, and say nothing about where the line runs.
    steep = known & (np.abs(band.distance) < max(1.5 * width, 1.0)) & (np.abs(band.value - 0.5) < PLAUSIBLE)
    astray = float((~band.used[steep]).mean()) if steep.any() else 1.0
    return Profile(
        final, knots, heights, covariance * _relative_scatter(rest, band, within) ** 2, is_edge, width, noise, step,
        angle_error, bend[0], bend[1], int(within.sum()), int((known & ~band.used).sum()), astray,
        half_width, gap, unevenness,
    )  # fmt: skip


def _relative_scatter(rest: Floats, band: _Band, within: NDArray[np.bool_]) -> float:
    """Return the scatter about the profile over what the noise of both sides would make."""
    chosen = within & band.used
    return _scatter(rest[chosen] / np.sqrt(band.variance[chosen])) if chosen.any() else 1.0


def _shift(
    rest: Floats, slope: Floats, place: Floats, variance: Floats
) -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
    """Return how far, at what lean and curve the line lies off, with standard errors; None when nothing tells."""
    scale = max(float(np.abs(place).max(initial=0.0)), 1.0)
    along = place / scale
    terms = np.stack([slope, slope * along, slope * (along**2 - 1 / 3)])
    normal = (terms / variance) @ terms.T
    if not np.isfinite(normal).all() or np.linalg.cond(normal) > 1e12:
        return None
    covariance = np.linalg.inv(normal)
    found = covariance @ (terms @ (rest / variance))
    scatter = max(1.0, _scatter(rest / np.sqrt(variance)))
    errors = np.sqrt(np.diag(covariance)) * scatter
    units = np.array([1.0, scale, scale**2])
    first, second = found / units, errors / units
    return (float(first[0]), float(first[1]), float(first[2])), (float(second[0]), float(second[1]), float(second[2]))


def _width(knots: Floats, heights: Floats, *, is_edge: bool) -> tuple[float, float]:
    """Return half the distance between 16 and 84 % of the step, of a slit of its integral, and the middle of both."""
    if is_edge:
        rise = (heights - heights[0]) / (heights[-1] - heights[0])
    else:
        pieces = (np.clip(heights[1:], 0, None) + np.clip(heights[:-1], 0, None)) / 2 * np.diff(knots)
        near = np.abs((knots[1:] + knots[:-1]) / 2) < knots[-1] / 2
        rise = np.concatenate([[0.0], np.cumsum(pieces * near)])
        rise = rise / rise[-1] if rise[-1] > 0 else rise
    low = int(np.argmax(rise >= 0.16))
    high = rise.size - 1 - int(np.argmax(rise[::-1] <= 0.84))
    if low < 1 or high >= rise.size - 1 or high + 1 < low:
        return 0.0, 0.0
    first = np.interp(0.16, rise[low - 1 : low + 1], knots[low - 1 : low + 1])
    last = np.interp(0.84, rise[high : high + 2], knots[high : high + 2])
    return float(max(last - first, 0.05) / 2), float((first + last) / 2)


def _widest_gap(distance: Floats) -> float:
    near = np.sort(distance[np.abs(distance) < 1.5])
    return float(np.diff(near).max()) if near.size > 2 else np.inf


def transform(profile: Profile, frequency_px: Floats) -> tuple[Floats, Floats]:
    """Return the modulation transfer and its standard error at frequencies in cycles per pixel.

    The transform of the slopes of the profile is exact for a piecewise linear function; the noise, which can only
    add to a modulus, is taken off its square. 1 at frequency 0.
    """
    knots, heights = profile.knots_px, profile.heights
    widths, centres = np.diff(knots), (knots[1:] + knots[:-1]) / 2
    frequency = frequency_px[:, None]
    waves = np.sinc(frequency * widths) * np.exp(-2j * np.pi * frequency * centres)
    blank = np.zeros((frequency_px.size, 1))
    gradient = np.concatenate([blank, waves], axis=1) - np.concatenate([waves, blank], axis=1)
    if profile.is_edge:
        whole = float(heights[-1] - heights[0])
    else:
        # A slit shows the line spread itself: its transform is that of its slopes over 2 pi i f.
        rate = np.where(frequency == 0, 1.0, 2j * np.pi * frequency)
        gradient = gradient / rate
        areas = np.concatenate([widths, [0.0]]) / 2 + np.concatenate([[0.0], widths]) / 2
        gradient = np.where(frequency == 0, areas, gradient)
        whole = float(areas @ heights)
    # Divided by its own value at 0, so what moves both alike does not count as noise.
    amplitude = gradient @ heights
    centred = (gradient - (amplitude / whole)[:, None] * _whole(profile, widths)) / whole
    noise = np.einsum("fi,ij,fj->f", centred, profile.covariance, centred.conj()).real
    relative = amplitude / whole
    squared = np.maximum(np.abs(relative) ** 2 - noise, 0.0)
    modulus = np.sqrt(squared)
    along = centred * np.exp(-1j * np.angle(relative))[:, None]
    error = np.sqrt(np.einsum("fi,ij,fj->f", along.real, profile.covariance, along.real))
    return np.where(frequency_px == 0, 1.0, modulus), np.where(frequency_px == 0, 0.0, error)


def _whole(profile: Profile, widths: Floats) -> Floats:
    """Return the derivative of the value at frequency 0 by each height."""
    if profile.is_edge:
        ends = np.zeros(widths.size + 1)
        ends[0], ends[-1] = -1.0, 1.0
        return ends
    return np.concatenate([widths, [0.0]]) / 2 + np.concatenate([[0.0], widths]) / 2

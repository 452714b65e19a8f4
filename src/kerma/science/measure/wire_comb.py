"""Where a comb of parallel wires, each thinner than the one before, may lie in a picture: candidates to be fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.science.measure import profiles
from kerma.science.measure.duplex_model import Array, Blur, wire

BLURS_PX = (0.6, 1.2, 2.4)
"""Gaussian blurs (standard deviation, pixels across the wires) tried."""
PITCH_TOLERANCE = 0.03
"""Wires stand at equal distances to this share."""
STRIP_MM = 0.4
EXPECTED_EXPONENT = 1.7
"""A blurred wire's strength goes about with this power of its diameter (2 thin, 1.5 thick against the blur)."""
BACKGROUND_MM = 3.0
"""The background follows what is wider than this, or than three of the thickest wires."""
BACKGROUND_PERCENT = 20
SMOOTH_DEGREE = 4
SMALLEST_PX = 16
CLOSEST_PITCH = 1.3
"""Distance of wires, in diameters of the thickest, from which a gauge is looked for."""


@dataclass(frozen=True)
class Candidate:
    """A comb of lines: segments with the lines upright, polarity, and the columns, thickest wire first."""

    field: profiles.Field
    slope: float
    sign: float
    parts: Array
    """(segment, column); +: wires stand out as positive depth after ``sign`` and background."""
    columns: list[int]
    segment_mm: float
    score: float


@dataclass(frozen=True)
class Way:
    """A field with its lines set upright: means over short segments along them (segment, column)."""

    field: profiles.Field
    slope: float
    segments: Array
    segment_mm: float


def ways(grey: Array, spacing_mm: tuple[float, float], segment_mm: float) -> list[Way]:
    """Return the two ways wires may lie in grey values, each with the tilt of what lies there taken off."""
    found = []
    for is_turned, values in ((False, grey), (True, grey.T)):
        across_mm, along_mm = spacing_mm if is_turned else spacing_mm[::-1]
        field = profiles.Field(values, across_mm, along_mm, is_turned)
        if min(values.shape) < SMALLEST_PX:
            continue
        # Strips are short, so that tilted wires are not smeared, and joined to segments when they stand upright.
        each = max(1, round(segment_mm / STRIP_MM))
        count = max(1, round(values.shape[0] * along_mm / segment_mm))
        strips, middles = profiles.strips_of(field, count * each)
        slope, _ = profiles.tilt(_smooth_taken_off(strips), middles, along_mm / across_mm)
        moved = profiles.shifted(strips, middles, slope)
        means = np.array([group.mean(axis=0) for group in np.array_split(moved, count)])
        found.append(Way(field, slope, means, values.shape[0] * along_mm / count))
    return found


def find(found: list[Way], widths_mm: list[float]) -> list[Candidate]:
    """Return the best comb of each way to lie and each polarity, the one that explains most first."""
    combs = []
    for way in found:
        for sign in (1.0, -1.0):
            bare = _without_background(-sign * way.segments, way.field.across_mm, widths_mm[0])
            score, columns = _best(bare, widths_mm, way.field.across_mm)
            if columns:
                combs.append(
                    Candidate(way.field, way.slope, sign, -sign * way.segments, columns, way.segment_mm, score)
                )
    return sorted(combs, key=lambda one: -one.score)


def _best(bare: Array, widths_mm: list[float], across_mm: float) -> tuple[float, list[int]]:
    best: tuple[float, list[int]] = (0.0, [])
    for blur_px in BLURS_PX:
        strength = _strengths(bare, widths_mm, Blur(0.0, blur_px * across_mm, True), across_mm)
        smallest = CLOSEST_PITCH * widths_mm[0] / across_mm + 5 * blur_px
        for way in (1, -1):
            score, columns = _comb(strength[:, ::way], widths_mm, smallest)
            if columns and score > best[0]:
                best = score, [column if way == 1 else bare.shape[1] - 1 - column for column in columns]
    return best


def _smooth_taken_off(strips: Array) -> Array:
    ramp = np.linspace(-1, 1, strips.shape[1])
    fitted = np.polynomial.polynomial.polyfit(ramp, strips.T, SMOOTH_DEGREE)
    result: Array = strips - np.polynomial.polynomial.polyval(ramp, fitted)
    return result


def _without_background(depth: Array, across_mm: float, widest_mm: float) -> Array:
    """Return depths over a running low percentile, which bends with the background and is blind to wires."""
    from scipy.ndimage import percentile_filter

    # A running percentile flattens at the ends: a bent background is taken off first.
    bare = _smooth_taken_off(depth)
    columns = depth.shape[1]
    size = min(2 * int(max(BACKGROUND_MM, 3 * widest_mm) / across_mm / 2) + 1, 2 * (columns // 4) + 1)
    step = max(1, size // 30)
    window = (1, max(3, size // step))
    coarse = percentile_filter(bare[:, ::step], BACKGROUND_PERCENT, size=window, mode="reflect")
    at = np.arange(columns)
    bare -= np.array([np.interp(at, at[::step], row) for row in coarse])
    result: Array = bare - np.median(bare, axis=1, keepdims=True)
    return result


def _strengths(depth: Array, widths_mm: list[float], blur: Blur, across_mm: float) -> Array:
    """Return the depth of a wire laid at each place over its noise (wire, column), all segments together.

    Noise is what differs from segment to segment: what stands upright, wires and all, falls out of it.
    """
    from scipy.ndimage import correlate1d

    found = []
    for width in widths_mm:
        half = int(np.ceil((width / 2 + blur.reach_mm) / across_mm))
        template = wire(np.arange(-half, half + 1, dtype=np.float64) * across_mm, width, blur)
        answer = correlate1d(depth, template / float(template @ template), axis=1, mode="nearest")
        other = np.diff(answer, axis=0) / 2**0.5 if len(answer) > 1 else answer - np.median(answer)
        noise = 1.4826 * float(np.median(np.abs(other))) / len(answer) ** 0.5
        found.append(answer.mean(axis=0) / max(noise, 1e-9 * float(np.abs(depth).max()) + 1e-12))
    return np.array(found)


def _comb(strength: Array, widths_mm: list[float], smallest: float) -> tuple[float, list[int]]:
    """Return the best strength of a comb of equal pitch, thickest wire first, and its columns.

    Strengths are weighted as they fall from wire to wire, which tells direction and first wire of the comb.
    """
    from scipy.ndimage import maximum_filter1d

    expected = (np.array(widths_mm) ** EXPECTED_EXPONENT)[:, None]
    expected /= np.sqrt((expected**2).sum())
    columns = strength.shape[1]
    largest = (columns - 1) / (len(widths_mm) - 1)
    best: tuple[float, int, float, int] = (0.0, 0, 0.0, 0)
    pitch = smallest
    while pitch <= largest:
        reach = max(1, round(PITCH_TOLERANCE * pitch))
        wide = maximum_filter1d(strength, 2 * reach + 1, axis=1) * expected
        starts = np.arange(int(columns - pitch * (len(widths_mm) - 1)))
        if starts.size:
            total = sum(wide[number][starts + round(number * pitch)] for number in range(len(widths_mm)))
            top = int(np.argmax(total))
            if total[top] > best[0]:
                best = (float(total[top]), top, pitch, reach)
        pitch += max(0.5, 0.5 * PITCH_TOLERANCE * pitch)
    score, start, pitch, reach = best
    if score <= 0:
        return 0.0, []
    found = []
    for number in range(len(widths_mm)):
        low = max(0, start + round(number * pitch) - reach)
        found.append(low + int(np.argmax(strength[number][low : low + 2 * reach + 1])))
    return score, found

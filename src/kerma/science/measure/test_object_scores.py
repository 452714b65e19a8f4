"""How well each feature of a test object is seen: a statistic per kind of feature, in standard deviations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.measure.test_object_place import Placement

Floats = NDArray[np.float64]
SEARCH_MM = 1.0
SLOPES = (-0.02, -0.01, 0.0, 0.01, 0.02)
"""Where a wire may lie beside its place in the drawing, and how far it may lean."""
BLOCK_PX = 4
SMALL_GAIN = 2.0
"""Gain of noise by blur where too few pixels lie together to find it."""
STORED_STEP = 1.0
FRAME_MM = (1.0, 3.5)
"""A patch is compared with a frame about it, from and to this far outside."""


@dataclass(frozen=True)
class Seen:
    """One plane of the picture as attenuation, where the object lies in it, and the numbers of visibility."""

    attenuation: Floats
    open_stored: float
    place: Placement
    limits: Mapping[str, float]

    @property
    def pixel_mm(self) -> float:
        """Mean pixel."""
        across, along = self.place.pixel_mm
        return float(np.sqrt(across * along))


def _cell(seen: Seen, row: Mapping[str, str], more_mm: float) -> tuple[Floats, Floats, Floats]:
    """Return x, y (from the middle of the feature) and attenuation of the pixels about a feature, as a window."""
    shape = (seen.attenuation.shape[0], seen.attenuation.shape[1])
    centre = float(row["x_mm"]), float(row["y_mm"])
    half = float(row["width_mm"]) / 2 + more_mm, float(row["height_mm"]) / 2 + more_mm
    slices, x, y = seen.place.window(shape, centre, half)
    return x, y, seen.attenuation[slices]


def _gain(rest: Floats) -> float:
    """Return how much the noise of a mean exceeds that of as many independent pixels: blur makes neighbours alike."""
    rows, columns = (length // BLOCK_PX for length in rest.shape)
    if min(rows, columns) < 3:
        return SMALL_GAIN
    blocks = rest[: rows * BLOCK_PX, : columns * BLOCK_PX].reshape(rows, BLOCK_PX, columns, BLOCK_PX)
    whole = np.isfinite(blocks).all(axis=(1, 3))
    if whole.sum() < 12:
        return SMALL_GAIN
    means = blocks.mean(axis=(1, 3))[whole]
    # Spread about the median, so that a trend or an edge counts little.
    spread = 1.4826 * float(np.median(np.abs(means - np.median(means))))
    return max(1.0, BLOCK_PX * spread / max(float(np.nanstd(rest)), 1e-12))


def wire(seen: Seen, row: Mapping[str, str]) -> float:
    """Return the detectability of a wire along y: depth over its standard error in the profile across it.

    The picture is integrated along the wire (its Radon transform at the wire's angle), so that detection is a problem
    of one dimension; place and lean are searched a little about those of the drawing.
    """
    reach = 5.0
    x, y, grey = _cell(seen, {**row, "width_mm": str(2 * reach)}, 0.0)
    long, pixel = float(row["height_mm"]) / 2 - 1.0, seen.pixel_mm
    inside = (np.abs(y) <= long) & (np.abs(x) <= reach)
    if inside.sum() < 50 or not np.isfinite(grey[inside]).all():
        return 0.0
    flat = grey - np.polynomial.polynomial.polyval(x, np.polynomial.polynomial.polyfit(x[inside], grey[inside], 2))
    gain = _gain(np.where(inside, flat, np.nan))
    scatter = float(flat[inside].std()) * gain
    width = float(np.hypot(float(row["size_mm"]) / 4, 0.7 * pixel))
    best = 0.0
    for slope in SLOPES:
        across = (x - slope * y)[inside]
        bins = np.floor((across + reach) / pixel).astype(int)
        chosen = bins >= 0
        count = np.bincount(bins[chosen])
        keep = count >= 0.5 * count.max()
        profile = (np.bincount(bins[chosen], flat[inside][chosen]) / np.maximum(count, 1))[keep]
        middle = (np.bincount(bins[chosen], across[chosen]) / np.maximum(count, 1))[keep]
        for at in np.arange(-SEARCH_MM, SEARCH_MM + 1e-9, pixel / 2):
            best = max(best, _strength(profile, middle - at, np.sqrt(count[keep]), (width, scatter)))
    return best


def _strength(profile: Floats, middle: Floats, weight: Floats, shape: tuple[float, float]) -> float:
    """Return the height of a line of that width at 0 in a profile, over its standard error."""
    width, scatter = shape
    terms = np.stack([np.exp(-0.5 * (middle / width) ** 2), np.ones_like(middle), middle, middle**2], axis=1)
    terms = terms * weight[:, None]
    square = terms.T @ terms
    inverse = np.linalg.inv(square)
    solved = inverse @ (terms.T @ (profile * weight))
    rest = profile * weight - terms @ solved
    # The profile's own scatter, which may be lucky, or that of the pixels, whichever is larger; a strong wire's own
    # shape in the pixels' scatter does not count beyond three times the profile's.
    own = float(np.sqrt((rest**2).sum() / max(rest.size - 4, 1)))
    noise = max(own, min(scatter, 3 * own))
    return float(solved[0]) / max(noise * float(np.sqrt(inverse[0, 0])), 1e-12)


def patch(seen: Seen, row: Mapping[str, str]) -> float:
    """Return the contrast of a patch or bar against a frame about it, over the noise of a small area's mean."""
    found = _patch(seen, row)
    return abs(found[0]) / found[1] if found else 0.0


def bar(seen: Seen, row: Mapping[str, str]) -> float:
    """Return the contrast of a bar on a step over the noise of a small area of the step, in signal.

    Where little gets through logarithms mislead; and what differs by less than one stored value is not seen at all.
    """
    low, high = FRAME_MM
    x, y, grey = _cell(seen, row, high)
    signal = seen.open_stored * np.exp(-grey)
    outside = np.maximum(np.abs(x) - float(row["width_mm"]) / 2, np.abs(y) - float(row["height_mm"]) / 2)
    within, frame = outside < -low, (outside > low) & (outside < high)
    if min(within.sum(), frame.sum()) < 12:
        return 0.0
    contrast = float(signal[frame].mean()) - float(signal[within].mean())
    rest = np.where(frame, signal - np.median(signal[frame]), np.nan)
    pixels = max(seen.limits["integration_mm"] ** 2 / float(np.prod(seen.place.pixel_mm)), 1.0)
    noise = float(np.nanstd(rest)) * SMALL_GAIN / float(np.sqrt(min(pixels, float(within.sum()))))
    return contrast / max(noise, STORED_STEP)


def _patch(seen: Seen, row: Mapping[str, str]) -> tuple[float, float] | None:
    """Return attenuation of a patch over its frame, and the standard deviation of an area's mean."""
    low, high = FRAME_MM
    x, y, grey = _cell(seen, row, high)
    half = float(row["width_mm"]) / 2, float(row["height_mm"]) / 2
    outside = np.maximum(np.abs(x) - half[0], np.abs(y) - half[1])
    within, frame = outside < -low, (outside > low) & (outside < high)
    if min(within.sum(), frame.sum()) < 12 or not np.isfinite(grey[within | frame]).all():
        return None
    contrast = float(grey[within].mean() - np.median(grey[frame]))
    rest = np.where(within, grey - grey[within].mean(), np.nan)
    pixels = max(seen.limits["integration_mm"] ** 2 / float(np.prod(seen.place.pixel_mm)), 1.0)
    noise = float(np.nanstd(rest)) * _gain(rest) / min(pixels, float(within.sum())) ** 0.5
    return contrast, max(noise, 1e-9)


def grating(seen: Seen, row: Mapping[str, str]) -> tuple[float, float]:
    """Return modulation in percent of what bars without blur would show, and its strength in standard deviations."""
    period, half = float(row["size_mm"]), float(row["height_mm"]) / 2 - 1
    x, y, grey = _cell(seen, row, 3.0)
    width = int(float(row["width_mm"]) / period) * period / 2 - period
    inside = (np.abs(x) < width) & (np.abs(y) < half)
    beside = np.abs(np.abs(y) - half - 3.0) < 1.0
    if inside.sum() < 50 or beside.sum() < 10 or not np.isfinite(grey[inside]).all():
        return 0.0, 0.0
    across, value = x[inside], grey[inside]
    best = 0.0, 0.0
    for stretch in (0.99, 1.0, 1.01):
        turn = 2 * np.pi * across / period / stretch
        terms = np.stack([np.cos(turn), np.sin(turn), np.ones_like(across), across, y[inside]], axis=1)
        solved = np.linalg.lstsq(terms, value, rcond=None)[0]
        rest = np.full(grey.shape, np.nan)
        rest[inside] = value - terms @ solved
        height = float(np.hypot(solved[0], solved[1]))
        noise = float(np.nanstd(rest)) * _gain(rest) * (2 / value.size) ** 0.5
        contrast = float(value.mean() - np.median(grey[beside]))
        # A square wave's first harmonic is 4 / pi of half its height, and its mean lies half its height up.
        found = 100 * height / max(4 / np.pi * contrast, 1e-9), height / max(noise, 1e-12)
        best = max(best, found)
    return best


def separation(low: Seen, high: Seen, rows: list[Mapping[str, str]]) -> tuple[float, list[dict[str, float | str]]]:
    """Return the least separation, in standard deviations, of patches of different classes, and each patch's ratio.

    The ratio is attenuation at low over that at high energy, each less the sheet's beside the patch.
    """
    found: list[tuple[str, str, float, float]] = []
    for row in rows:
        parts = _patch(low, row), _patch(high, row)
        if parts[0] is None or parts[1] is None or parts[1][0] <= 3 * parts[1][1]:
            return 0.0, []
        ratio = parts[0][0] / parts[1][0]
        error = ratio * float(np.hypot(parts[0][1] / parts[0][0], parts[1][1] / parts[1][0]))
        found.append((row["feature"], row["feature"].split("-")[0], ratio, abs(error)))
    apart = [
        abs(one[2] - other[2]) / max(float(np.hypot(one[3], other[3])), 1e-9)
        for number, one in enumerate(found)
        for other in found[:number]
        if one[1] != other[1]
    ]
    listed: list[dict[str, float | str]] = [{"feature": one[0], "ratio": one[2], "error": one[3]} for one in found]
    return (min(apart) if apart else 0.0), listed

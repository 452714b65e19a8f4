"""Straight, nearly parallel lines in a picture: their tilt, how far they reach, and the profile across them.

Resolution gauges and wire IQIs are bundles of parallel lines. Everything here works on a *field*: the grey values of a
region with the lines upright, so that a row runs across them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data
from kerma.science.measure.region import Region, inside

Array = NDArray[np.float64]
MOST_WITHOUT_DATA = 0.05
"""Share of pixels without data that a region may hold."""
MOST_CLIPPED = 0.002
"""Share of pixels of one extreme value above which a picture is called clipped."""
LARGEST_TILT_DEG = 7.0
STRIPS = 48
"""Strips across the lines into which a field is averaged to find tilt and extent."""
BIN_MM = 0.0125
"""Bins of a profile taken along tilted lines are about this wide: a quarter of the finest wire."""
MOST_SUBSAMPLES = 16


@dataclass(frozen=True)
class Field:
    """Grey values with the lines upright: rows run across the lines; places without data are not-a-number."""

    grey: Array
    across_mm: float
    along_mm: float
    is_turned: bool
    """True when the lines lie along the rows of the picture."""


@dataclass(frozen=True)
class Profile:
    """Mean grey value over the position across the lines: irregular samples, each with its number of pixels."""

    position_mm: Array
    grey: Array
    pixels: Array
    noise: float
    """Standard deviation of one pixel."""

    @property
    def step_mm(self) -> float:
        """Median distance of two samples."""
        return float(np.median(np.diff(self.position_mm)))


def grey_of(image: Image, plane: int, region: Region | None) -> Array | str:
    """Return the grey values of a region as float, without data as not-a-number, or why there are too few."""
    part = inside(image, region) if region else Region(0, 0, image.rows, image.columns)
    grey: Array = image.pixels[plane][part.slices].astype(np.float64)
    mask = has_data(image, plane)
    if mask is not None:
        grey[~mask[part.slices]] = np.nan
        share = 1 - float(mask[part.slices].mean())
        if share > MOST_WITHOUT_DATA:
            return f"{100 * share:.0f} % of the pixels carry no data: choose a region of the gauge alone"
    return grey


def clipped_share(grey: NDArray[Any]) -> float:
    """Return the share of pixels at the very lowest or highest value, where that is a pile and no tail."""
    known = grey[np.isfinite(grey)]
    if known.size == 0:
        return 0.0
    low, high = known.min(), known.max()
    return max(float((known == low).mean()), float((known == high).mean())) if high > low else 1.0


def ways(grey: Array, row_mm: float, column_mm: float) -> list[tuple[Field, float, float]]:
    """Return the two ways lines may lie, the likelier first: the field upright, their tilt as a slope, the energy.

    The slope is in pixels across per pixel along the lines.
    """
    found = []
    for is_turned, values in ((False, grey), (True, grey.T)):
        across_mm, along_mm = (row_mm, column_mm) if is_turned else (column_mm, row_mm)
        field = Field(values, across_mm, along_mm, is_turned)
        strips, middles = strips_of(field)
        ramp = np.linspace(-1, 1, strips.shape[1])
        if min(strips.shape) >= 4:
            strips -= np.polynomial.polynomial.polyval(ramp, np.polynomial.polynomial.polyfit(ramp, strips.T, 2))
        found.append((field, *tilt(strips, middles, field.along_mm / field.across_mm)))
    return sorted(found, key=lambda way: -way[2])


def strips_of(field: Field, count: int = STRIPS) -> tuple[Array, Array]:
    """Return the means of strips across the lines (strip, column), and the middle row of each strip."""
    rows = field.grey.shape[0]
    count = max(1, min(count, rows))
    edges = np.linspace(0, rows, count + 1).astype(int)
    known = np.isfinite(field.grey)
    total = np.add.reduceat(np.where(known, field.grey, 0.0), edges[:-1], axis=0)
    counts = np.add.reduceat(known, edges[:-1], axis=0, dtype=np.int64)
    mean = total / np.maximum(counts, 1)
    mean = np.where(counts > 0, mean, np.nanmedian(field.grey) if known.any() else 0.0)
    return mean, (edges[:-1] + edges[1:] - 1) / 2


def shifted(strips: Array, middles: Array, slope: float) -> Array:
    """Return strips moved so that lines of that slope stand upright; edge values continue outwards."""
    columns = np.arange(strips.shape[1])
    centre = (middles[0] + middles[-1]) / 2
    moved = [np.interp(columns + slope * (at - centre), columns, row) for row, at in zip(strips, middles, strict=True)]
    return np.array(moved)


def tilt(strips: Array, middles: Array, along_per_across: float) -> tuple[float, float]:
    """Return the slope of the lines in strips without background, and how much gradient energy stands together at it.

    Strips are added in the frequency domain, each moved by slope times its row: lines of that slope add in phase, so
    that the power of the sum is largest. The power of the single strips is taken off, so that noise counts nothing.
    """
    if min(strips.shape) < 4:
        return 0.0, -np.inf
    ramp = np.arange(strips.shape[1])
    window = np.minimum(1, np.minimum(np.arange(ramp.size) + 1, np.arange(ramp.size)[::-1] + 1) / (0.03 * ramp.size))
    spectra = np.fft.rfft(strips * window, axis=1)
    frequency = np.fft.rfftfreq(strips.shape[1])
    kept = slice(1, max(2, int(np.searchsorted(frequency, 0.25))))
    spectra, frequency = spectra[:, kept] * frequency[kept], frequency[kept]
    alone = float((np.abs(spectra) ** 2).sum())
    centred = middles - middles.mean()

    def power(slopes: Array) -> Array:
        found = []
        for slope in slopes:
            turned = np.exp(2j * np.pi * slope * np.outer(centred, frequency))
            found.append(float((np.abs((spectra * turned).sum(axis=0)) ** 2).sum()) - alone)
        return np.array(found)

    largest = np.tan(np.radians(LARGEST_TILT_DEG)) * along_per_across
    slopes = np.linspace(-largest, largest, 57)
    for _ in range(3):
        powers = power(slopes)
        best = int(np.argmax(powers))
        step = slopes[1] - slopes[0]
        slopes, found = np.linspace(slopes[best] - step, slopes[best] + step, 11), powers[best]
    centre = float(slopes[5])
    # A mean over pairs of strips and frequencies, per column: comparable between the two ways to lie.
    return centre, float(found) / len(strips) ** 2 / strips.shape[1] ** 2


def profile_across(field: Field, slope: float, rows: tuple[int, int]) -> Profile:
    """Return the profile over the given rows (first, one past the last), taken along lines of that slope.

    Pixels are sorted into bins of a fraction of a pixel by their place across the tilted lines; a sample stands at the
    mean place of its pixels, so that lines without tilt are sampled once a pixel and nothing is interpolated.
    """
    fine = int(np.clip(np.ceil(field.across_mm / BIN_MM), 2, MOST_SUBSAMPLES))
    part = field.grey[rows[0] : rows[1]]
    at_row = np.arange(rows[0], rows[1]) - (field.grey.shape[0] - 1) / 2
    shift = -slope * at_row
    # All pixels of a row lie at the same fraction of a pixel, so whole rows fall into one phase.
    first = np.floor(shift * fine + 0.5).astype(int)
    low = int(first.min())
    length = (field.grey.shape[1] - 1) * fine + int(first.max()) - low + 1
    counts, total, squares, places = (np.zeros(length) for _ in range(4))
    known_all = np.isfinite(part)
    offset = float(np.nanmean(part)) if known_all.any() else 0.0
    for row, start, exact, known in zip(part, first, shift, known_all, strict=True):
        at = slice(start - low, start - low + (row.size - 1) * fine + 1, fine)
        value = np.where(known, row - offset, 0.0)
        counts[at] += known
        total[at] += value
        squares[at] += value**2
        places[at] += known * (exact - start / fine)
    # Lines that leave the field at its corners are seen by few rows there: such ends are left out.
    filled = counts >= max(1, 0.25 * np.median(counts[counts > 0])) if counts.any() else counts > 0
    counts, total, squares, places = (one[filled] for one in (counts, total, squares, places))
    mean = total / np.maximum(counts, 1)
    within = (squares - counts * mean**2).sum() / max(1.0, float((counts - 1).sum()))
    cosine = np.cos(np.arctan(slope * field.across_mm / field.along_mm))
    position = ((np.flatnonzero(filled) + low) / fine + places / np.maximum(counts, 1)) * field.across_mm * cosine
    return Profile(position, mean + offset, counts, float(max(within, 0.0)) ** 0.5)


def extent(field: Field, slope: float) -> tuple[int, int]:
    """Return the rows (first, one past the last) where the lines are seen: the longest run of strips that agree."""
    strips, middles = strips_of(field)
    moved = shifted(strips, middles, slope)
    ramp = np.linspace(-1, 1, moved.shape[1])
    moved = moved - np.polynomial.polynomial.polyval(ramp, np.polynomial.polynomial.polyfit(ramp, moved.T, 2))
    seen = np.ones(len(moved), bool)
    for _ in range(4):
        pattern = moved[seen].mean(axis=0)
        share = moved @ pattern / max(float(pattern @ pattern), 1e-300)
        level = np.median(np.sort(share)[-max(1, len(share) // 4) :])
        fresh = share > 0.5 * level
        if (fresh == seen).all() or not fresh.any():
            break
        seen = fresh
    first, last = longest_run(seen)
    half = field.grey.shape[0] / len(middles) / 2
    return max(0, round(middles[first] - half)), min(field.grey.shape[0], round(middles[last] + half) + 1)


def longest_run(flags: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the first and last index of the longest run of True; (0, length - 1) when there is none."""
    padded = np.concatenate([[False], flags, [False]]).astype(int)
    starts, ends = np.flatnonzero(np.diff(padded) == 1), np.flatnonzero(np.diff(padded) == -1)
    if starts.size == 0:
        return 0, len(flags) - 1
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best]) - 1


def background(profile: Profile, *, sign: float, degree: int = 2) -> tuple[Array, float]:
    """Return the polynomial background of a profile, and the share of samples that lie on it.

    ``sign`` +1: lines are darker (smaller values). Samples on the lines' side of the fit by more than twice the spread
    of those on the other side are left out, again and again, until nothing changes.
    """
    ramp = np.interp(profile.position_mm, (profile.position_mm[0], profile.position_mm[-1]), (-1, 1))
    terms = np.polynomial.polynomial.polyvander(ramp, degree)
    kept = np.ones(ramp.size, bool)
    floor = profile.noise / float(np.sqrt(np.median(profile.pixels)))
    fitted = profile.grey
    for _ in range(60):
        weight = np.sqrt(profile.pixels[kept])
        fitted = terms @ np.linalg.lstsq(terms[kept] * weight[:, None], profile.grey[kept] * weight, rcond=None)[0]
        depth = sign * (fitted - profile.grey)
        above = depth[depth < 0]
        spread = float(np.sqrt(np.mean(above**2))) if above.size else 0.0
        fresh = depth < 2 * max(spread, floor)
        if (fresh == kept).all() or fresh.sum() < max(12, 0.03 * fresh.size):
            break
        kept = fresh
    return fitted, float((np.abs(fitted - profile.grey) < 3 * max(floor, 1e-12)).mean())

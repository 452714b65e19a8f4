"""A comb of wires read by one model: known diameters, equal pitch, one blur, and a background of its own by each."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.measure import profiles
from kerma.science.measure.duplex_model import Array, Blur, wire
from kerma.science.measure.wire_comb import PITCH_TOLERANCE, Candidate

WINDOW_SHARE = 0.75
"""A wire is read within this share of the pitch on either side, its neighbours taken off."""
FINEST_BLUR_PX, COARSEST_BLUR_PX, COARSEST_BLUR_MM = 0.35, 5.0, 0.3
BLURS = 10
REFINEMENTS = 3
PRESENT_SHARE = 0.5
"""A segment shows the gauge where its wires together have this share of their depth elsewhere."""
GAP_STRENGTH = 3.0
"""A wire is missing in a segment this many standard deviations (and half its depth) below its mean."""
CLEAR = 5.0
FREEDOM = 1.5
"""Faint wires are looked for within this many standard deviations of the clear wires' places about equal pitch."""


@dataclass(frozen=True)
class Reading:
    """What a comb shows: for each wire (thickest first) its place, contrast per mm of chord and detectability.

    ``contrasts`` are grey values per millimetre of wire passed through; a real gauge has one for all its wires.
    """

    candidate: Candidate
    widths_mm: list[float]
    places: Array
    blur_mm: float
    contrasts: Array
    errors: Array
    """Standard deviation of each contrast, over the whole length read."""
    detectabilities: Array
    lengths_mm: Array
    """Length of the unbroken stretch each wire was read over."""
    offsets: Array
    """Distance of each wire from equal pitch, in pixels; 0 for faint ones."""
    explained: float
    """Share of the variance about the wires (noise taken off) that the model carries."""
    strays: float
    """The strongest line beside the wires, as a share of the contrast of the faintest wire that makes the gauge."""
    misfit: float
    """Sum of squared misfit of the profile in noise variances."""
    extent: tuple[int, int]

    @property
    def strengths(self) -> Array:
        """Contrast of each wire over its standard deviation, over the whole length."""
        result: Array = self.contrasts / self.errors
        return result

    @property
    def clear(self) -> int:
        """How many wires, from the thickest on without a gap, rise above the noise."""
        faint = np.flatnonzero(self.strengths < CLEAR)
        return int(faint[0]) if faint.size else len(self.strengths)

    @property
    def length_mm(self) -> float:
        """Length over which the gauge is seen."""
        return (self.extent[1] - self.extent[0]) * self.candidate.segment_mm


@dataclass(frozen=True)
class _Model:
    """Everything a fit needs: profiles (segment, column), the pixel, diameters, and how far a window reaches."""

    parts: Array
    across_mm: float
    widths_mm: list[float]
    half: int

    def template(self, number: int, place: float, blur: Blur, columns: Array) -> Array:
        return wire((columns - place) * self.across_mm, self.widths_mm[number], blur) * self.widths_mm[number]

    def window(self, place: float) -> NDArray[np.int_]:
        last = self.parts.shape[1] - 1
        middle = min(max(round(place), 0), last)
        return np.arange(max(0, middle - self.half), min(last, middle + self.half) + 1)

    def comb(self, places: Array, contrasts: Array, blur: Blur) -> Array:
        """Return the depth of each wire over all columns (wire, column)."""
        columns = np.arange(self.parts.shape[1], dtype=np.float64)
        return np.array([
            contrast * self.template(number, float(place), blur, columns)
            for number, (place, contrast) in enumerate(zip(places, contrasts, strict=True))
        ])  # fmt: skip


def fit(candidate: Candidate, widths_mm: list[float], stretch_mm: float, least: int) -> Reading:
    """Fit the model to a candidate; ``least`` thickest wires make the gauge, stretches are ``stretch_mm`` long."""
    places = np.array(candidate.columns, np.float64)
    pitch = abs(places[-1] - places[0]) / (len(places) - 1)
    model = _Model(candidate.parts, candidate.field.across_mm, widths_mm, max(4, int(WINDOW_SHARE * pitch)))
    extent = (0, len(candidate.parts))
    blur, places, offsets = _placed(model, places, extent, least)
    depths, noises = _depths(model, places, blur)
    fresh = _extent(depths, noises)
    if fresh != extent:
        extent = fresh
        blur, places, offsets = _placed(model, places, extent, least)
        depths, noises = _depths(model, places, blur)
    part = slice(*extent)
    contrasts, errors = _mean(depths[:, part], noises[:, part])
    stretches = [_stretch(depths[number, part], noises[number, part]) for number in range(len(widths_mm))]
    lengths = np.array([(last - first) * candidate.segment_mm for first, last in stretches])
    seen = []
    for number, (first, last) in enumerate(stretches):
        at = slice(extent[0] + first, extent[0] + last)
        mean, error = _mean(depths[number : number + 1, at], noises[number : number + 1, at])
        seen.append(float(mean[0] / error[0]) * min(1.0, stretch_mm / lengths[number]) ** 0.5)
    profile = candidate.parts[part].mean(axis=0)
    explained, strays, misfit = _judged(model, profile, (places, contrasts, errors, blur), least)
    return Reading(
        candidate, widths_mm, places, blur.gauss_mm, contrasts, errors, np.array(seen), lengths, offsets,
        explained, strays, misfit, extent,
    )  # fmt: skip


def coarsest_blur_mm(across_mm: float) -> float:
    """Return the largest blur (standard deviation) tried: what fits best with it is wider than blurred wires."""
    return max(COARSEST_BLUR_PX * across_mm, COARSEST_BLUR_MM)


def _mean(depths: Array, noises: Array) -> tuple[Array, Array]:
    weight = 1 / noises**2
    return (depths * weight).sum(axis=1) / weight.sum(axis=1), 1 / np.sqrt(weight.sum(axis=1))


def _placed(model: _Model, places: Array, extent: tuple[int, int], least: int) -> tuple[Blur, Array, Array]:
    """Return the blur that fits best, the wires' places, and how far the clear ones stand from equal pitch.

    Clear wires are moved to where they fit best; faint ones stand where equal pitch puts them, so that noise cannot
    choose the place that suits it.
    """
    profile = model.parts[extent[0] : extent[1]].mean(axis=0)
    steps_px = np.geomspace(FINEST_BLUR_PX, coarsest_blur_mm(model.across_mm) / model.across_mm, BLURS)
    blurs = [Blur(0.0, float(one) * model.across_mm, True) for one in steps_px]
    trusted = np.arange(least)
    blur, offsets = blurs[len(blurs) // 2], np.zeros(len(places))
    for _ in range(REFINEMENTS):
        blur = min(blurs, key=functools.partial(_misfit, model, profile, places, trusted))
        at = blurs.index(blur)
        blurs = blurs[max(0, at - 1) : at + 2]
        steps, strengths = np.zeros((2, len(places)))
        for number in range(len(places)):
            depth, slope, rest, error = _one(model, profile, number, float(places[number]), blur)
            strengths[number] = depth / max(error, 1e-300)
            # The slope of a template is -depth times the shift.
            steps[number] = np.clip(slope / depth, -1, 1) if depth > 0 else 0.0
        clear = (strengths > CLEAR) | (np.arange(len(places)) < least)
        moved = places + np.where(clear, steps, 0.0)
        numbers = np.arange(len(places))
        line = np.polyfit(numbers[clear], moved[clear], 1, w=np.clip(strengths[clear], 1, 50))
        straight = np.polyval(line, numbers)
        offsets = np.where(clear, moved - straight, 0.0)
        places = np.where(clear, moved, straight)
        trusted = np.flatnonzero(clear)
    return blur, places, offsets


def _misfit(model: _Model, profile: Array, places: Array, numbers: NDArray[np.intp], blur: Blur) -> float:
    return sum(_one(model, profile, int(number), float(places[number]), blur)[2] for number in numbers)


def _one(model: _Model, profile: Array, number: int, place: float, blur: Blur) -> tuple[float, float, float, float]:
    """Return depth, depth times shift, squared misfit, and error of one wire over a quadratic background of its own."""
    at = model.window(place)
    near = at.astype(np.float64)
    template = model.template(number, place, blur, near)
    ahead = model.template(number, place + 0.25, blur, near)
    behind = model.template(number, place - 0.25, blur, near)
    ramp = (near - place) / model.half
    design = np.stack([template, 2 * (ahead - behind), np.ones_like(ramp), ramp, ramp**2], axis=1)
    solution, *_ = np.linalg.lstsq(design, profile[at], rcond=1e-9)
    rest = profile[at] - design @ solution
    square = float(rest @ rest)
    energy = template - template.mean()
    error = (square / max(1, at.size - 5) / max(float(energy @ energy), 1e-300)) ** 0.5
    return float(solution[0]), float(solution[1]), square, error


def _kernel(model: _Model, number: int, place: float, blur: Blur, at: NDArray[np.int_]) -> Array:
    """Return the weights that give a wire's depth over a quadratic background by least squares."""
    ramp = (at - place) / model.half
    template = model.template(number, place, blur, at.astype(np.float64))
    design = np.stack([template, np.ones_like(ramp), ramp, ramp**2], axis=1)
    result: Array = np.linalg.pinv(design)[0]
    return result


def _depths(model: _Model, places: Array, blur: Blur) -> tuple[Array, Array]:
    """Return depth per mm of chord of each wire in each segment, and its standard deviation (wire, segment).

    The noise is that of the same weights laid everywhere else between the wires: noise that hangs together, and
    texture, count as what they are.
    """
    from scipy.ndimage import correlate1d

    depths = np.zeros((len(places), len(model.parts)))
    windows = [model.window(float(place)) for place in places]
    kernels = [_kernel(model, number, float(places[number]), blur, at) for number, at in enumerate(windows)]
    shapes = model.comb(places, np.ones(len(places)), blur)
    for _ in range(3):
        means = depths.mean(axis=1)
        for number, (at, kernel) in enumerate(zip(windows, kernels, strict=True)):
            others = means @ shapes[:, at] - means[number] * shapes[number, at]
            depths[number] = (model.parts[:, at] - others) @ kernel
    rest = model.parts - depths.T @ shapes
    low, high = _span(places, model.half, rest.shape[1], model.half)
    columns = np.arange(low, high)
    reach = np.array(model.widths_mm) / 2 / model.across_mm + 2 * blur.gauss_mm / model.across_mm
    beside = (np.abs(columns - places[:, None]) > reach[:, None]).all(axis=0)
    beside = beside if beside.sum() >= 16 else np.ones(columns.size, bool)
    fine = np.diff(rest[:, low:high], axis=1)
    share = np.median(np.abs(fine - np.median(fine, axis=1, keepdims=True)), axis=1)
    share = share / max(float(np.sqrt((share**2).mean())), 1e-300) if (share > 0).all() else np.ones(len(rest))
    noises = np.zeros_like(depths)
    for number, (at, kernel) in enumerate(zip(windows, kernels, strict=True)):
        whole = np.arange(-model.half, model.half + 1)
        weights = _kernel(model, number, 0.0, blur, whole)
        moved = correlate1d(rest, weights, axis=1, mode="reflect")[:, low:high][:, beside]
        spread = 1.4826 * float(np.median(np.abs(moved - np.median(moved))))
        # Windows cut by the picture's edge are noisier than whole ones.
        cut = float(np.sqrt((kernel @ kernel) / (weights @ weights))) if at.size < whole.size else 1.0
        floor = 1e-9 * float(np.abs(model.parts).max()) + 1e-12
        noises[number] = np.maximum(spread * cut * share, floor)
    return depths, noises


def _extent(depths: Array, noises: Array) -> tuple[int, int]:
    """Return the segments (first, one past the last) in which the wires together are seen."""
    present = np.ones(depths.shape[1], bool)
    for _ in range(4):
        means, errors = _mean(depths[:, present], noises[:, present])
        means = np.where(means > 3 * errors, means, 0.0)
        if not means.any():
            return 0, depths.shape[1]
        weight = means[:, None] / noises**2
        share = (weight * depths).sum(axis=0) / (weight * means[:, None]).sum(axis=0)
        level = float(np.median(np.sort(share)[-max(1, share.size // 2) :]))
        fresh = share > PRESENT_SHARE * level
        if (fresh == present).all() or not fresh.any():
            break
        present = fresh
    first, last = profiles.longest_run(present)
    return first, last + 1


def _stretch(depths: Array, noises: Array) -> tuple[int, int]:
    """Return the longest run of segments in which a wire is not missing."""
    mean = float(_mean(depths[None], noises[None])[0][0])
    present = (depths > mean - GAP_STRENGTH * noises) | (depths > 0.5 * mean)
    first, last = profiles.longest_run(present)
    return first, last + 1


def _judged(
    model: _Model, profile: Array, read: tuple[Array, Array, Array, Blur], least: int
) -> tuple[float, float, float]:
    """Return the share the wires explain, the strongest line beside them, and the squared misfit."""
    from scipy.ndimage import correlate1d

    places, contrasts, errors, blur = read
    rest = profile - contrasts @ model.comb(places, np.ones(len(places)), blur)
    pitch = abs(places[-1] - places[0]) / (len(places) - 1)
    squares = energy = 0.0
    for number, place in enumerate(places[:least]):
        at = model.window(float(place))
        ramp = (at - place) / model.half
        background = np.stack([np.ones_like(ramp), ramp, ramp**2], axis=1)
        left = rest[at] - background @ np.linalg.lstsq(background, rest[at], rcond=None)[0]
        shape = contrasts[number] * model.template(number, float(place), blur, at.astype(np.float64))
        shape = shape - background @ np.linalg.lstsq(background, shape, rcond=None)[0]
        squares += float(left @ left)
        energy += float(shape @ shape)
    noise2 = _pixel_noise2(rest)
    count = sum(model.window(float(place)).size for place in places[:least])
    explained = 1 - max(0.0, squares - count * noise2) / max(energy, 1e-300)
    number = least - 1
    weights = _kernel(model, number, 0.0, blur, np.arange(-model.half, model.half + 1))
    lines = correlate1d(rest, weights, mode="reflect")
    low, high = _span(places, (1 + PITCH_TOLERANCE) * pitch, rest.size, model.half)
    columns = np.arange(low, high)
    reach = np.array(model.widths_mm) / 2 / model.across_mm + 2.5 * blur.gauss_mm / model.across_mm
    beside = (np.abs(columns - places[:, None]) > reach[:, None]).all(axis=0)
    stray = float(np.abs(lines[low:high][beside]).max()) if beside.any() else 0.0
    stray = max(0.0, stray - 4 * float(errors[number]))
    faintest = float(contrasts[number])
    return explained, stray / faintest if faintest > 0 else np.inf, squares / max(noise2, 1e-300)


def _span(places: Array, reach: float, columns: int, half: int) -> tuple[int, int]:
    """Return the columns from so far before to so far behind the wires at which a whole window lies in the picture."""
    low, high = max(half, int(places.min() - reach)), min(columns - half, int(places.max() + reach) + 1)
    return (low, high) if high - low >= half else (max(0, int(places.min())), min(columns, int(places.max()) + 1))


def _pixel_noise2(rest: Array) -> float:
    """Return the noise variance of a profile from its second differences."""
    fine = np.diff(rest, 2)
    return max((1.4826 * float(np.median(np.abs(fine - np.median(fine))))) ** 2 / 6, 1e-18 * float(np.ptp(rest)) ** 2)

"""The profile that pairs of wires throw, where the pairs of a duplex gauge lie, and the blur that explains them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SEARCH_BLURS_MM = (0.02, 0.05, 0.1, 0.18, 0.3)
"""Gaussian blurs (standard deviation) tried while the pairs are searched."""
SMALLEST_GAP_MM = 0.4
"""Clear distance that two neighbouring pairs have at least."""
FINEST_STEP_MM = 0.02
NOISE_PENALTY = 40.0
"""A pair must explain this many noise variances to be taken for one."""
GAUSS_SHARES = (0.1, 0.5, 0.95)
MERGED_SHARE = 0.9
LARGEST_STEP = 2.5
"""Depths of neighbouring pairs differ at most by this factor while pairs are searched."""
SLABS = 8
"""Rectangles of which a round wire is put together."""


@dataclass(frozen=True)
class Blur:
    """The spread function that wires are seen through, pixel included, and the section of the wires."""

    box_mm: float
    gauss_mm: float
    is_round: bool

    @property
    def reach_mm(self) -> float:
        """Where its influence ends."""
        return self.box_mm / 2 + 3.5 * self.gauss_mm


@dataclass(frozen=True)
class Pair:
    """One pair of wires: its number in the gauge (0 is the coarsest), middle, and depth of both wires."""

    number: int
    width_mm: float
    at_mm: float
    depths: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Depth:
    """Depth of the wires under the background over the position, with the weight of each sample (1 / variance)."""

    at_mm: Array
    value: Array
    weight: Array


def wire(at_mm: Array, width_mm: float, blur: Blur) -> Array:
    """Return the profile of one wire of depth 1 at 0: a rectangle or a circle's chord, blurred.

    A rectangle is the difference of two blurred edges, which have a closed form for a box and a Gaussian; a circle is
    a sum of rectangles over its height.
    """
    edge_at, edge = _edge(blur)
    if not blur.is_round:
        half = width_mm / 2
        return np.interp(at_mm + half, edge_at, edge) - np.interp(at_mm - half, edge_at, edge)
    halves = width_mm / 2 * np.sqrt(1 - _HEIGHTS**2)
    slabs = np.interp(at_mm + halves[:, None], edge_at, edge) - np.interp(at_mm - halves[:, None], edge_at, edge)
    total: Array = _SHARES @ slabs
    return total


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(SLABS)
_HEIGHTS, _SHARES = (_NODES + 1) / 2, _WEIGHTS / 2


@functools.lru_cache(maxsize=64)
def _edge(blur: Blur) -> tuple[Array, Array]:
    """Return a blurred edge from 0 to 1 over the position."""
    from scipy.special import ndtr

    box, sigma = max(blur.box_mm, 1e-4), max(blur.gauss_mm, 1e-4)
    at = np.linspace(-1.01, 1.01, 1501) * (box / 2 + 4.5 * sigma)

    def ramp(place: Array) -> Array:
        share = place / sigma
        result: Array = place * ndtr(share) + sigma * np.exp(-0.5 * share**2) / np.sqrt(2 * np.pi)
        return result

    return at, (ramp(at + box / 2) - ramp(at - box / 2)) / box


def model(at_mm: Array, pairs: list[Pair], blur: Blur) -> Array:
    """Return the depth that all pairs together have at some places."""
    total = np.zeros(at_mm.shape)
    for pair in pairs:
        near = np.abs(at_mm - pair.at_mm) < 1.5 * pair.width_mm + blur.reach_mm
        for side, depth in ((-1, pair.depths[0]), (1, pair.depths[1])):
            total[near] += depth * wire(at_mm[near] - pair.at_mm - side * pair.width_mm, pair.width_mm, blur)
    return total


@dataclass(frozen=True)
class Run:
    """Consecutive pairs found in a profile, the blur they were searched with, and how much they explain."""

    pairs: list[Pair]
    blur: Blur
    score: float


def find_pairs(depth: Depth, widths_mm: list[float]) -> list[Run]:
    """Find, in each direction, the run of consecutive pairs that explains most of a profile.

    Each pair's blurred template is laid everywhere; dynamic programming picks one place for each pair, in order and
    not overlapping. Where a gauge is cut or its fine pairs drown in noise, the run starts later or ends sooner.
    """
    step = max(0.5 * float(np.median(np.diff(depth.at_mm))), FINEST_STEP_MM)
    grid = np.arange(depth.at_mm[0], depth.at_mm[-1], step)
    if grid.size < 16:
        return []
    value = np.interp(grid, depth.at_mm, depth.value)
    # Several grid places share one sample: their noise is the same noise.
    penalty = NOISE_PENALTY * float(np.median(1 / depth.weight)) * max(1.0, grid.size / depth.at_mm.size)
    runs = []
    for sigma in SEARCH_BLURS_MM:
        blur = Blur(0.0, sigma, False)
        scores, depths = _scores(value, step, widths_mm, blur)
        for way in (1, -1):
            total, places = _best_run(scores[:, ::way] - penalty, depths[:, ::way], widths_mm, step)
            found = [Pair(number, widths_mm[number], float(grid[::way][at])) for number, at in places]
            runs.append((way, Run(found, blur, total)))
    best = (max((run for side, run in runs if side == way), key=lambda run: run.score) for way in (1, -1))
    return [run for run in best if len(run.pairs) > 1]


def _scores(value: Array, step: float, widths_mm: list[float], blur: Blur) -> tuple[Array, Array]:
    """Return by how much the squared depth falls when a pair is laid at each place, and its depth (pair, place).

    Only what lies within the pair and half the smallest gap counts, so that no depth is explained twice.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    reaches = [int(np.ceil((1.5 * width + SMALLEST_GAP_MM / 2) / step)) for width in widths_mm]
    length = next_fast_len(value.size + 2 * max(reaches), real=True)
    spectrum = rfft(value, length)
    scores, depths = np.zeros((2, len(widths_mm), value.size))
    for number, (width, reach) in enumerate(zip(widths_mm, reaches, strict=True)):
        if value.size <= 2 * reach:
            continue
        at: Array = np.arange(-reach, reach + 1, dtype=np.float64) * step
        template = wire(at - width, width, blur) + wire(at + width, width, blur)
        along = np.maximum(irfft(spectrum * rfft(template, length), length)[2 * reach : value.size], 0.0)
        inner = slice(reach, value.size - reach)
        depths[number, inner] = along / float(template @ template)
        scores[number, inner] = along * depths[number, inner]
    return scores, depths


def _best_run(scores: Array, depths: Array, widths_mm: list[float], step: float) -> tuple[float, list[tuple[int, int]]]:
    """Return the best sum of scores over consecutive pairs in order, and the place of each pair.

    A pair joins the best run before it only where their depths are alike; else it may begin a run.
    """
    count = scores.shape[1]
    before = np.zeros(count)
    came_from: list[NDArray[np.intp]] = []
    best, end = 0.0, (-1, -1)
    for number, score in enumerate(scores):
        origin = np.full(count, -1)
        gained = np.zeros(count)
        lag = int(np.ceil((1.5 * (widths_mm[number] + widths_mm[number - 1]) + SMALLEST_GAP_MM) / step))
        if number and lag < count:
            peak = np.maximum.accumulate(before)
            place = np.maximum.accumulate(np.where(before == peak, np.arange(count), 0))[: count - lag]
            ratio = depths[number, lag:] / np.maximum(depths[number - 1, place], 1e-300)
            joins = (peak[: count - lag] > 0) & (ratio > 1 / LARGEST_STEP) & (ratio < LARGEST_STEP)
            gained[lag:] = np.where(joins, peak[: count - lag], 0.0)
            origin[lag:] = np.where(joins, place, -1)
        before = score + gained
        came_from.append(origin)
        top = int(np.argmax(before))
        if before[top] > best:
            best, end = float(before[top]), (number, top)
    places = []
    number, at = end
    while at >= 0:
        places.append((number, at))
        number, at = number - 1, int(came_from[number][at])
    return best, places[::-1]


@dataclass(frozen=True)
class Fit:
    """What explains a profile: pairs with places and depths, the blur, and the depth left over as background."""

    pairs: list[Pair]
    blur: Blur
    level: Array
    chi2: float


def fit(depth: Depth, pairs: list[Pair], start: Blur, rounds: int = 1) -> Fit:
    """Fit one blur (box and Gaussian), the pairs' places and depths, and a quadratic background to a profile.

    Depths and background follow from linear least squares for each blur and places (variable projection).
    """
    from scipy.optimize import least_squares

    def misfit(mix: Array) -> Array:
        return _solved(depth, pairs, _blur(mix, start)).rest

    sigma = float(np.hypot(start.gauss_mm, start.box_mm / 12**0.5))
    pairs = _moved(depth, pairs, start)
    shares = GAUSS_SHARES if start.box_mm == 0 else (start.gauss_mm / sigma,)
    starts = [np.array([np.log(sigma), np.clip(share, 0.04, 0.99)]) for share in shares]
    mix = starts[0] if len(starts) == 1 else min(starts, key=lambda one: float((misfit(one) ** 2).sum()))
    limits = ([np.log(0.003), 0.03], [np.log(1.0), 1.0])
    for _ in range(rounds):
        pairs = _moved(depth, pairs, _blur(mix, start))
        mix = least_squares(misfit, mix, bounds=limits, diff_step=0.01, max_nfev=6, xtol=1e-3, ftol=1e-5).x
    blur = _blur(mix, start)
    solved = _solved(depth, pairs, blur)
    return Fit(solved.pairs, blur, solved.level, float(solved.rest @ solved.rest))


def explained(depth: Depth, pairs: list[Pair], blur: Blur) -> float:
    """Return the share of a profile's variance that pairs found with a rough blur carry."""
    solved = _solved(depth, _moved(depth, pairs, blur), blur)
    bare = Depth(depth.at_mm, depth.value - solved.level, depth.weight)
    return share(bare, solved.rest / np.sqrt(depth.weight))


def share(depth: Depth, rest: Array) -> float:
    """Return the share of a profile's variance, noise taken off, that is not in what is left."""
    total = float((depth.weight * depth.value**2).sum()) - depth.value.size
    left = float((depth.weight * rest**2).sum()) - depth.value.size
    return 1 - max(left, 0.0) / total if total > 0 else 0.0


def _blur(mix: Array, like: Blur) -> Blur:
    """Return the blur of a standard deviation (its logarithm) and the share of it that is Gaussian."""
    sigma, share = np.exp(mix[0]), mix[1]
    return Blur(float(sigma * np.sqrt(12 * (1 - share**2))), float(sigma * share), like.is_round)


@dataclass(frozen=True)
class _Solved:
    pairs: list[Pair]
    level: Array
    rest: Array
    sides: Array


def _solved(depth: Depth, pairs: list[Pair], blur: Blur) -> _Solved:
    """Return depths and background of least squares for given places and blur; ``rest`` is in standard deviations."""
    root = np.sqrt(depth.weight)
    sides = np.zeros((len(pairs), 2, depth.at_mm.size))
    is_merged = []
    for one, pair in zip(sides, pairs, strict=True):
        table_at, table = _table(pair.width_mm, blur)
        first, last = np.searchsorted(depth.at_mm, pair.at_mm + np.array([-1, 1]) * (pair.width_mm - table_at[0]))
        for side, sign in zip(one, (1, -1), strict=True):
            places = depth.at_mm[first:last] - pair.at_mm + sign * pair.width_mm
            side[first:last] = np.interp(places, table_at, table, 0, 0) * root[first:last]
        # Wires that melt into one cannot tell their depths apart: they share one.
        middle = 2 * float(np.interp(pair.width_mm, table_at, table))
        peak = float(np.interp(0, table_at, table) + np.interp(2 * pair.width_mm, table_at, table))
        is_merged.append(middle > MERGED_SHARE * peak)
    columns: list[Array] = []
    for one, merged in zip(sides, is_merged, strict=True):
        columns.extend([one.sum(axis=0)] if merged else one)
    ramp = np.interp(depth.at_mm, (depth.at_mm[0], depth.at_mm[-1]), (-1, 1))
    terms = np.polynomial.polynomial.polyvander(ramp, 2).T
    design = np.concatenate([columns, terms * root])
    square = design @ design.T
    square[np.diag_indices_from(square)] *= 1 + 1e-9
    square[np.diag_indices_from(square)] += 1e-12 * float(np.trace(square))
    solution = np.linalg.solve(square, design @ (depth.value * root))
    numbers = np.cumsum([0, *(1 if merged else 2 for merged in is_merged)])
    found = []
    for pair, number, merged in zip(pairs, numbers, is_merged, strict=False):
        found.append(replace(pair, depths=(float(solution[number]), float(solution[number + (not merged)]))))
    return _Solved(found, solution[-3:] @ terms, depth.value * root - solution @ design, sides)


def _table(width_mm: float, blur: Blur) -> tuple[Array, Array]:
    reach = width_mm / 2 + blur.reach_mm
    at = np.linspace(-reach, reach, 401)
    return at, wire(at, width_mm, blur)


def _moved(depth: Depth, pairs: list[Pair], blur: Blur) -> list[Pair]:
    """Return the pairs moved by one step of Gauss and Newton, at most a third of a wire."""
    solved = _solved(depth, pairs, blur)
    root = np.sqrt(depth.weight)
    moved = []
    for pair in solved.pairs:
        reach = 1.5 * pair.width_mm + blur.reach_mm
        first, last = np.searchsorted(depth.at_mm, (pair.at_mm - reach, pair.at_mm + reach))
        at = depth.at_mm[first:last]
        ahead, behind = (model(at, [replace(pair, at_mm=pair.at_mm + step)], blur) for step in (1e-3, -1e-3))
        slope = (ahead - behind) / 2e-3 * root[first:last]
        step = float(slope @ solved.rest[first:last]) / max(float(slope @ slope), 1e-300)
        limit = pair.width_mm / 3
        place = float(np.clip(pair.at_mm + np.clip(step, -limit, limit), depth.at_mm[0], depth.at_mm[-1]))
        moved.append(replace(pair, at_mm=place))
    return moved

"""Probability of detection over size or detectability: shares in bands, and the hit/miss curve with a90 and a90/95."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.observer import proportion
from kerma.science.observer.cases import Floats

FEWEST = 10
"""Truths, and of them at least two found and two missed, below which no curve is fitted."""
ROUNDS = 50
STEP_MAX = 5.0
SETTLED = 1e-8
FARTHEST = 10.0
"""The bound is looked for up to e^10 times a90."""
LOG_ODDS_90 = float(np.log(0.9 / 0.1))


@dataclass(frozen=True)
class PodBand:
    """The truths of one band of sizes: how many, how many found, and the exact interval of the share."""

    from_size: float
    below_size: float
    truths: int
    found: int
    low: float
    high: float


@dataclass(frozen=True)
class PodCurve:
    """log(p / (1 - p)) = offset + slope log(size): the sizes found with 50 % and 90 %, and a90/95, its upper bound.

    ``a90_95`` is None where the bound does not exist.
    """

    offset: float
    slope: float
    a50: float
    a90: float
    a90_95: float | None

    def at(self, size: float) -> float:
        """Return the probability of detection of a size."""
        return float(1 / (1 + np.exp(-(self.offset + self.slope * np.log(size)))))


def bands(sizes: Floats, is_found: NDArray[np.bool_], edges: Sequence[float]) -> tuple[PodBand, ...]:
    """Return the share found between each two edges; bands without truths are left out."""
    told = []
    for begin, end in zip(edges, edges[1:], strict=False):
        inside = (sizes >= begin) & (sizes < end)
        truths, found = int(inside.sum()), int(is_found[inside].sum())
        if truths:
            told.append(PodBand(float(begin), float(end), truths, found, *proportion.interval(found, truths)))
    return tuple(told)


def doubling(sizes: Floats) -> tuple[float, ...]:
    """Return edges that double, powers of two from below the smallest to above the largest size."""
    known = sizes[sizes > 0]
    if not known.size:
        return ()
    first, last = int(np.floor(np.log2(known.min()))), int(np.floor(np.log2(known.max()))) + 1
    return tuple(2.0**power for power in range(first, last + 1))


def curve(sizes: Floats, is_found: NDArray[np.bool_]) -> PodCurve | None:
    """Fit the hit/miss curve by maximum likelihood; None where the data hold none.

    Raises
    ------
    WrongUsage
        A size is not above 0.

    Notes
    -----
    Log-odds model of MIL-HDBK-1823A (2009), G.3; a90/95 is the handbook's bound: the largest a90 that a
    likelihood-ratio test at chi-squared(0.95, 1) does not refuse, which one a90 in 40 exceeds.
    No curve: fewer than 10 truths, fewer than two found or missed, sizes that part found from missed without overlap,
    or a slope that does not rise.
    """
    if not (sizes > 0).all():
        raise WrongUsage("a probability of detection is drawn over sizes above 0")
    found = int(is_found.sum())
    if sizes.size < FEWEST or min(found, sizes.size - found) < 2 or _is_parted(sizes, is_found):
        return None
    log_sizes, outcome = np.log(sizes), is_found.astype(np.float64)
    fitted = _fit(log_sizes, outcome)
    if fitted is None or fitted[1] <= 0:
        return None
    offset, slope = fitted
    log_a90 = (LOG_ODDS_90 - offset) / slope
    bound = _bound(log_sizes, outcome, fitted, log_a90)
    return PodCurve(offset, slope, float(np.exp(-offset / slope)), float(np.exp(log_a90)), bound)


def _is_parted(sizes: Floats, is_found: NDArray[np.bool_]) -> bool:
    """Whether every truth found is larger, or every one smaller, than every one missed: then no curve has an end."""
    hit, miss = sizes[is_found], sizes[~is_found]
    return bool(hit.min() >= miss.max() or hit.max() <= miss.min())


def _fit(log_sizes: Floats, outcome: Floats) -> tuple[float, float] | None:
    """Return offset and slope of the most likely curve by Newton's method; None where it does not settle."""
    middle, spread = float(log_sizes.mean()), float(log_sizes.std())
    design = np.column_stack([np.ones(log_sizes.size), (log_sizes - middle) / spread])
    coefficients = np.zeros(2)
    for _ in range(ROUNDS):
        probability = _probability(design @ coefficients)
        information = design.T @ (design * (probability * (1 - probability))[:, None])
        if np.linalg.cond(information) > 1 / np.finfo(float).eps:
            return None
        step = np.linalg.solve(information, design.T @ (outcome - probability))
        coefficients = coefficients + step * min(1.0, STEP_MAX / float(np.abs(step).max() or 1.0))
        if np.abs(step).max() < SETTLED:
            slope = float(coefficients[1]) / spread
            return float(coefficients[0]) - slope * middle, slope
    return None


def _bound(log_sizes: Floats, outcome: Floats, fitted: tuple[float, float], log_a90: float) -> float | None:
    """Return the largest a90 that a likelihood-ratio test does not refuse; None where it refuses none."""
    from scipy.optimize import brentq
    from scipy.special import chdtri

    best = _log_likelihood(fitted[0] + fitted[1] * log_sizes, outcome)
    allowed = float(chdtri(1, 0.05))

    def excess(log_size: float) -> float:
        return 2 * (best - _profile(log_sizes - log_size, outcome, fitted[1])) - allowed

    reach = 0.1
    while reach <= FARTHEST:
        if excess(log_a90 + reach) > 0:
            return float(np.exp(brentq(excess, log_a90, log_a90 + reach, xtol=1e-10)))
        reach *= 2
    return None


def _profile(from_a90: Floats, outcome: Floats, slope: float) -> float:
    """Return the log likelihood of the likeliest curve that passes 90 % where ``from_a90`` is 0."""
    for _ in range(ROUNDS):
        probability = _probability(LOG_ODDS_90 + slope * from_a90)
        information = float((from_a90**2) @ (probability * (1 - probability)))
        if information <= 0:
            break
        step = float(from_a90 @ (outcome - probability)) / information
        slope += float(np.clip(step, -STEP_MAX, STEP_MAX))
        if abs(step) < SETTLED:
            break
    return _log_likelihood(LOG_ODDS_90 + slope * from_a90, outcome)


def _probability(odds: Floats) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-np.clip(odds, -500, 500)))
    return chance


def _log_likelihood(odds: Floats, outcome: Floats) -> float:
    return -float(np.logaddexp(0.0, np.where(outcome > 0, -odds, odds)).sum())

"""Does a score of 0.8 mean right in 8 of 10? Reliability and its error; scores put right by temperature or isotonic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.observer.cases import Floats

BINS = 10
EDGE = 1e-6
"""Scores are kept so far from 0 and 1 that their log-odds are finite."""
TEMPERATURES = (0.05, 20.0)


@dataclass(frozen=True)
class ReliabilityBin:
    """The marks whose scores lie in one tenth: how many, their mean score, and the share that was right."""

    from_score: float
    below_score: float
    marks: int
    mean_score: float
    right_share: float


@dataclass(frozen=True)
class Reliability:
    """Reliability of scores: the bins, the expected calibration error, and the Brier score."""

    bins: tuple[ReliabilityBin, ...]
    ece: float
    brier: float


@dataclass(frozen=True)
class Isotonic:
    """A rising staircase from scores to the share that is right; between its knots it is linear."""

    scores: Floats
    shares: Floats

    def __call__(self, scores: Floats) -> Floats:
        """Return calibrated scores."""
        return np.interp(scores, self.scores, self.shares)


def reliability(scores: Floats, is_right: NDArray[np.bool_], bins: int = BINS) -> Reliability | None:
    """Return reliability in bins of equal width; None without marks.

    The expected calibration error is the mean of |share right - mean score| over the marks (Naeini et al., AAAI 2015);
    the Brier score the mean of (score - right)².

    Raises
    ------
    WrongUsage
        Scores outside 0 to 1.
    """
    _check(scores, is_right)
    if not scores.size:
        return None
    place = np.minimum((scores * bins).astype(int), bins - 1)
    told, error = [], 0.0
    for number in np.unique(place):
        inside = place == number
        mean, share, count = float(scores[inside].mean()), float(is_right[inside].mean()), int(inside.sum())
        told.append(ReliabilityBin(number / bins, (number + 1) / bins, count, mean, share))
        error += count * abs(share - mean)
    return Reliability(tuple(told), error / scores.size, float(np.mean((scores - is_right) ** 2)))


def temperature(scores: Floats, is_right: NDArray[np.bool_]) -> float | None:
    """Return the temperature that makes the scores most likely: calibrated log-odds are log-odds / temperature.

    Above 1 the detector was too sure of itself. None where all marks are right, or all wrong, or where the scores do
    not rise with being right, so that only an endless temperature would do. Guo et al., ICML 2017.
    """
    from scipy.optimize import minimize_scalar

    _check(scores, is_right)
    if not scores.size or is_right.all() or not is_right.any():
        return None
    odds = _log_odds(scores)
    sign = np.where(is_right, 1.0, -1.0)

    def loss(log_temperature: float) -> float:
        return float(np.logaddexp(0.0, -sign * odds / np.exp(log_temperature)).mean())

    found = minimize_scalar(loss, bounds=tuple(np.log(TEMPERATURES)), method="bounded", options={"xatol": 1e-10})
    best = float(np.exp(found.x))
    return best if TEMPERATURES[0] * 1.01 < best < TEMPERATURES[1] / 1.01 else None


def cooled(scores: Floats, by: float) -> Floats:
    """Return scores at a temperature."""
    calibrated: Floats = 1 / (1 + np.exp(-_log_odds(scores) / by))
    return calibrated


def isotonic(scores: Floats, is_right: NDArray[np.bool_]) -> Isotonic | None:
    """Return the rising staircase nearest to the outcomes (pool adjacent violators); None without marks.

    Barlow, Bartholomew, Bremner & Brunk 1972. Fit it on other images than those it is judged on.
    """
    _check(scores, is_right)
    if not scores.size:
        return None
    knots, place = np.unique(scores, return_inverse=True)
    weight = np.bincount(place).astype(np.float64)
    share = np.bincount(place, weights=is_right) / weight
    blocks: list[tuple[float, float, int]] = []
    for value, mass in zip(share.tolist(), weight.tolist(), strict=True):
        block = (value, mass, 1)
        while blocks and blocks[-1][0] >= block[0]:
            before = blocks.pop()
            mass_together = before[1] + block[1]
            mean = (before[0] * before[1] + block[0] * block[1]) / mass_together
            block = (mean, mass_together, before[2] + block[2])
        blocks.append(block)
    return Isotonic(knots, np.repeat([value for value, _, _ in blocks], [count for _, _, count in blocks]))


def _log_odds(scores: Floats) -> Floats:
    kept = np.clip(scores, EDGE, 1 - EDGE)
    odds: Floats = np.log(kept / (1 - kept))
    return odds


def _check(scores: Floats, is_right: NDArray[np.bool_]) -> None:
    if scores.shape != is_right.shape or not ((scores >= 0) & (scores <= 1)).all():
        raise WrongUsage("calibration takes scores from 0 to 1, one outcome for each")

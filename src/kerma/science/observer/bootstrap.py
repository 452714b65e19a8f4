"""Intervals by drawing whole groups (patients, films, parts, bags) again and again: images of one are not new."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.observer.cases import Floats

RESAMPLES = 1000
LEVEL = 0.95
SAME = 1e-9
"""Figures of equal resamples differ by rounding alone."""
FEWEST_GROUPS = 10
"""With fewer groups an interval by resampling is too narrow to be trusted."""

Figure = Callable[[Floats | None], float | None]
"""A figure of merit: from the weight of each image (None: each once) to a number, None where there is none."""


@dataclass(frozen=True)
class Difference:
    """The difference of two detectors on the same images: first minus second, interval, and two-sided p."""

    value: float
    low: float
    high: float
    p: float


def group_weights(groups: Sequence[str], resamples: int = RESAMPLES, seed: int = 1) -> Floats:
    """Return how often each image counts in each resample, shape (resample, image): whole groups with replacement."""
    if resamples < 1:
        raise WrongUsage(f"{resamples} resamples give no interval; {RESAMPLES} are usual")
    names, group_of = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = generator.integers(0, max(names.size, 1), (resamples, names.size))
    times = np.zeros((resamples, names.size))
    np.add.at(times, (np.arange(resamples)[:, None], drawn), 1.0)
    weights: Floats = times[:, group_of]
    return weights


def resampled(figure: Figure, weights: Floats) -> Floats:
    """Return the figure of every resample, NaN where it has none."""
    found = (figure(row) for row in weights)
    return np.array([np.nan if value is None else value for value in found], dtype=np.float64)


def interval(values: Floats, level: float = LEVEL) -> tuple[float, float] | None:
    """Return the percentile interval of resampled values (Efron 1979); None where none of them is a number."""
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def share_interval(values: Floats, groups: int, level: float = LEVEL) -> tuple[float, float] | None:
    """Return the percentile interval of a resampled share; where every resample gives the same, one that has a width.

    When n groups all gave v, at least the share b = ((1 - level) / 2)^(1/n) of all groups gives v with that confidence
    (exact); what the others give lies between 0 and 1, so the mean lies between b v and 1 - b (1 - v).
    """
    found = interval(values, level)
    if found is None or found[1] - found[0] > SAME or groups < 1:
        return found
    share = ((1 - level) / 2) ** (1 / groups)
    return share * found[0], 1 - share * (1 - found[1])


def compare(one: Figure, other: Figure, weights: Floats, level: float = LEVEL) -> Difference | None:
    """Return the difference of two figures, both taken on the same resamples (paired bootstrap).

    p is twice the smaller share of resamples on either side of no difference, one added above and below so that it is
    never 0; its least value is 2 / (resamples + 1).
    """
    first, second = one(None), other(None)
    if first is None or second is None:
        return None
    differences = resampled(one, weights) - resampled(other, weights)
    differences = differences[np.isfinite(differences)]
    found = interval(differences, level)
    if found is None:
        return None
    below, above = (np.count_nonzero(side) for side in (differences <= 0, differences >= 0))
    p = min(1.0, 2 * (min(below, above) + 1) / (differences.size + 1))
    return Difference(first - second, *found, float(p))

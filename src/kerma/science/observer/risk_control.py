"""Conformal risk control of the miss rate: the threshold whose expected share of missed truths stays below alpha."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.observer.cases import Floats
from kerma.science.observer.pooled import Pool

SPLITS = 200
CANDIDATES = 512


@dataclass(frozen=True)
class Misses:
    """The share of missed truths of each group at each threshold: ``rate`` has shape (group, threshold).

    Thresholds rise, so the rates rise along a row. Groups without truths are left out: nothing can be missed there.
    """

    thresholds: Floats
    rate: Floats
    names: tuple[str, ...]


@dataclass(frozen=True)
class Spread:
    """What splitting again and again gave: mean and standard deviation of the miss rate on the half held out."""

    alpha: float
    threshold: float | None
    """The threshold from all groups; None where no threshold can promise alpha."""
    mean_miss_rate: float
    sd_miss_rate: float
    splits: int
    unreached: int
    """Splits in which no threshold could promise alpha; every mark was then kept."""


def misses(pooled: Pool, groups: Sequence[str]) -> Misses:
    """Return the miss rates of the groups; ``groups`` names the group of each image."""
    names = np.unique([groups[image] for image in pooled.truth_at[:, 0]]) if pooled.truths else np.empty(0, dtype=str)
    group_of = np.searchsorted(names, np.asarray(groups, dtype=str)[pooled.truth_at[:, 0]])
    finite = np.unique(pooled.found_at[np.isfinite(pooled.found_at)])
    if finite.size > CANDIDATES:
        finite = np.unique(np.quantile(finite, np.linspace(0, 1, CANDIDATES), method="lower"))
    missed = (pooled.found_at[:, None] < finite[None, :]).astype(np.float64)
    rate = np.zeros((names.size, finite.size))
    np.add.at(rate, group_of, missed)
    count = np.bincount(group_of, minlength=names.size)[:, None]
    return Misses(finite, rate / np.maximum(count, 1), tuple(names.tolist()))


def threshold_for(given: Misses, alpha: float, rows: Sequence[int] | None = None) -> float | None:
    """Return the highest threshold that keeps the expected miss rate of a new group at most alpha; None: there is none.

    (n / (n + 1)) mean rate + 1 / (n + 1) <= alpha, for n groups exchangeable with the new one (Angelopoulos et al.,
    Conformal Risk Control, ICLR 2024, theorem 1 with B = 1). It holds on average over sets, not for each set.

    Raises
    ------
    WrongUsage
        alpha is not between 0 and 1.
    """
    if not 0 < alpha < 1:
        raise WrongUsage(f"a miss rate of {alpha:g} cannot be promised; give alpha between 0 and 1")
    rate = given.rate if rows is None else given.rate[np.asarray(rows, dtype=np.intp)]
    n = len(rate)
    if not n or not given.thresholds.size:
        return None
    bounded = (rate.sum(axis=0) + 1) / (n + 1) <= alpha
    return float(given.thresholds[np.flatnonzero(bounded)[-1]]) if bounded.any() else None


def spread(given: Misses, alpha: float, *, splits: int = SPLITS, seed: int = 1) -> Spread | None:
    """Split the groups in halves at random, calibrate on one, count misses on the other; None below 4 groups."""
    n = len(given.rate)
    if n < 4 or not given.thresholds.size:
        return None
    generator = np.random.Generator(np.random.PCG64(seed))
    rates, unreached = [], 0
    for _ in range(splits):
        order = generator.permutation(n)
        threshold = threshold_for(given, alpha, order[: n // 2].tolist())
        unreached += threshold is None
        column = 0 if threshold is None else int(np.searchsorted(given.thresholds, threshold))
        rates.append(float(given.rate[order[n // 2 :], column].mean()))
    sd = float(np.std(rates, ddof=1)) if splits > 1 else 0.0
    return Spread(alpha, threshold_for(given, alpha), float(np.mean(rates)), sd, splits, unreached)

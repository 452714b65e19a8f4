"""Is what comes in still what the detector was tried on? PSI, Kolmogorov-Smirnov, MMD; a drift ends the guarantee."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.observer.cases import Floats

BINS = 10
LEAST_SHARE = 1e-4
PSI_DRIFT = 0.25
"""A population stability index above this is a drift; 0.1 to 0.25 is to be watched (Siddiqi 2006)."""
LEVEL = 0.01
"""Level of all tests together."""
SET_LEVEL = 0.05
"""Level of all quantities of two sets together: an alarm asks for a look, it stops nothing."""
PERMUTATIONS = 1999
ROUNDING = 1e-12
"""Sums of the same numbers in another order differ by less."""
SAMPLES_MAX = 500
"""Values of each side the MMD looks at; more are thinned evenly."""


@dataclass(frozen=True)
class Drift:
    """The comparison of what comes in with what was tried: three measures, and whether the guarantee is suspended."""

    psi: float
    psi_p: float
    ks: float
    ks_p: float
    mmd2: float
    mmd_p: float
    level: float

    @property
    def signals(self) -> tuple[str, ...]:
        """What shows a drift, in words; the level is shared by the three tests."""
        each = self.level / 3
        rows = (
            (self.psi > PSI_DRIFT and self.psi_p < each, f"population stability index {self.psi:.2f}"),
            (self.ks_p < each, f"Kolmogorov-Smirnov p {self.ks_p:.2g}"),
            (self.mmd_p < each, f"MMD p {self.mmd_p:.2g}"),
        )
        return tuple(words for is_seen, words in rows if is_seen)

    @property
    def suspends(self) -> bool:
        """Whether the promised miss rate may no longer be relied on."""
        return bool(self.signals)


def drift(before: Floats, now: Floats, *, seed: int = 1, level: float = LEVEL) -> Drift:
    """Compare values of one quantity (scores, grey levels, noise) then and now.

    Raises
    ------
    WrongUsage
        Fewer than 20 values on a side, or values that are not finite.
    """
    for side in (before, now):
        if side.ndim != 1 or side.size < 20 or not np.isfinite(side).all():
            raise WrongUsage("drift is looked for in 20 finite values or more on each side")
    index, statistic = psi_test(before, now, seed=seed), ks(before, now)
    return Drift(*index, *statistic, *mmd(before[:, None], now[:, None], seed=seed), level)


@dataclass(frozen=True)
class SetDrift:
    """The comparison of two sets of images: of every quantity alone, and of all together (MMD)."""

    by_name: Mapping[str, Drift]
    joint_mmd2: float
    joint_p: float
    level: float

    @property
    def signals(self) -> tuple[str, ...]:
        """What shows a drift, in words."""
        alone = tuple(f"{name}: {words}" for name, one in self.by_name.items() for words in one.signals)
        together = (f"all together: MMD p {self.joint_p:.2g}",) if self.joint_p < self.level / 2 else ()
        return (*alone, *together)

    @property
    def suspends(self) -> bool:
        """Whether what was promised of the detector may no longer be relied on."""
        return bool(self.signals)


def set_drift(
    before: Mapping[str, Floats], now: Mapping[str, Floats], *, seed: int = 1, level: float = SET_LEVEL
) -> SetDrift:
    """Compare several quantities of the images of two sets; half of the level is for each alone, half for all together.

    Raises
    ------
    WrongUsage
        As for :func:`drift`, or the quantities differ.
    """
    if before.keys() != now.keys() or not before:
        raise WrongUsage("the same quantities are needed of both sets")
    each = level / 2 / len(before)
    alone = {name: drift(before[name], now[name], seed=seed, level=each) for name in before}
    sides = [np.column_stack([side[name] for name in before]) for side in (before, now)]
    middle, spread = np.median(sides[0], axis=0), np.std(sides[0], axis=0)
    usable = spread > 0
    scaled = [(side[:, usable] - middle[usable]) / spread[usable] for side in sides]
    joint = mmd(*scaled, seed=seed) if usable.any() else (0.0, 1.0)
    return SetDrift(alone, *joint, level)


def psi(before: Floats, now: Floats, bins: int = BINS) -> float:
    """Return the population stability index over bins that hold equal shares of what was before."""
    edges = np.unique(np.quantile(before, np.linspace(0, 1, bins + 1)[1:-1]))
    shares = [
        np.bincount(np.searchsorted(edges, side, side="right"), minlength=edges.size + 1) for side in (before, now)
    ]
    old, new = (np.maximum(count / count.sum(), LEAST_SHARE) for count in shares)
    return float(np.sum((new - old) * np.log(new / old)))


def psi_test(before: Floats, now: Floats, *, permutations: int = PERMUTATIONS, seed: int = 1) -> tuple[float, float]:
    """Return the population stability index and its permutation p: small sets differ by chance alone."""
    seen = psi(before, now)
    together = np.concatenate([before, now])
    generator = np.random.Generator(np.random.PCG64(seed))
    more = 0
    for _ in range(permutations):
        mixed = generator.permutation(together)
        more += psi(mixed[: before.size], mixed[before.size :]) >= seen - ROUNDING
    return seen, (more + 1) / (permutations + 1)


def ks(before: Floats, now: Floats) -> tuple[float, float]:
    """Return the largest distance of two distributions, and its p (Kolmogorov's limit, Stephens' small-sample form)."""
    from scipy.special import kolmogorov

    values = np.concatenate([before, now])
    shares = [np.searchsorted(np.sort(side), values, side="right") / side.size for side in (before, now)]
    distance = float(np.abs(shares[0] - shares[1]).max())
    root = float(np.sqrt(before.size * now.size / (before.size + now.size)))
    return distance, float(kolmogorov((root + 0.12 + 0.11 / root) * distance))


def mmd(before: Floats, now: Floats, *, permutations: int = PERMUTATIONS, seed: int = 1) -> tuple[float, float]:
    """Return the squared maximum mean discrepancy (unbiased) of rows of features, and its permutation p.

    Gaussian kernel whose width is the median distance (Gretton et al., JMLR 13 (2012) 723). p has a least value of
    1 / (permutations + 1).
    """
    first, second = (_thinned(side) for side in (before, now))
    together = np.vstack([first, second]).astype(np.float64)
    square = np.sum(together**2, axis=1)
    distance = np.maximum(square[:, None] + square[None, :] - 2 * together @ together.T, 0.0)
    width = float(np.median(distance[np.triu_indices(len(together), 1)])) or 1.0
    kernel = np.exp(-distance / width)
    np.fill_diagonal(kernel, 0.0)
    n, m = len(first), len(second)
    generator = np.random.Generator(np.random.PCG64(seed))
    side = np.repeat([1.0, 0.0], [n, m])
    sides = np.column_stack([side, *(generator.permutation(side) for _ in range(permutations))])
    found = _mmd2(kernel, sides)
    more = int(np.count_nonzero(found[1:] >= found[0] - ROUNDING))
    return float(found[0]), (more + 1) / (permutations + 1)


def _mmd2(kernel: Floats, sides: Floats) -> Floats:
    """Return the unbiased statistic of every column of ``sides``, which says with 1 who belongs to the first set."""
    n, m = sides[:, 0].sum(), (1 - sides[:, 0]).sum()
    by_first = kernel @ sides
    within = (sides * by_first).sum(axis=0)
    between = ((1 - sides) * by_first).sum(axis=0)
    other = kernel.sum() - within - 2 * between
    statistic: Floats = within / (n * (n - 1)) + other / (m * (m - 1)) - 2 * between / (n * m)
    return statistic


def _thinned(rows: Floats) -> Floats:
    if len(rows) <= SAMPLES_MAX:
        return rows
    return rows[np.linspace(0, len(rows) - 1, SAMPLES_MAX).astype(np.intp)]

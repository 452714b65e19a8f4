"""Could these values have come in any other order? A bet against it whose wealth tells, valid at every moment."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.observer.cases import Floats

JUMPS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Shares of the wealth that change sides at each value; the mean over them is bet, so that no pace of drift is chosen.
"""
SIDES = (-1.0, 0.0, 1.0)
LEAST_WEALTH = 1e-300
TIES = 2021
"""Sets the numbers that break ties apart from those by which the same seed may have made the values."""


@dataclass(frozen=True)
class Bet:
    """What betting against exchangeability has come to."""

    highest: float
    """Highest wealth, from 1 at the start."""
    at: int
    """After how many values it was highest."""
    alarm_at: int | None
    """After how many values the wealth first reached 1 / level; None where it never did."""


def bet(values: Floats, *, level: float, seed: int = 1) -> Bet:
    """Bet on the ranks of values in the order they came (composite simple jumper, a conformal test martingale).

    If the values are exchangeable, the chance that the wealth ever reaches 1 / level is at most ``level``, however
    often one looks (Ville). No bins, no windows; ties are broken at random by the seed.

    Source: V. Vovk et al., Retrain or not retrain: conformal test martingales for change-point detection, PMLR 152
    (2021) 191, algorithm 1 and section 4.

    Raises
    ------
    WrongUsage
        Values that are not finite, or a level that is not between 0 and 1.
    """
    if values.ndim != 1 or not np.isfinite(values).all():
        raise WrongUsage("exchangeability is looked for in a row of finite values")
    if not 0 < level < 1:
        raise WrongUsage(f"a level of {level:g} is none; give one between 0 and 1")
    jumps, sides = np.array(JUMPS)[:, None], np.array(SIDES)[None, :]
    shares = np.full((len(JUMPS), len(SIDES)), 1.0 / len(SIDES))
    highest, at, alarm_at = 1.0, 0, None
    for number, p in enumerate(_ranks(values, seed), start=1):
        shares = (1 - jumps) * shares + jumps * shares.sum(axis=1, keepdims=True) / len(SIDES)
        shares = np.maximum(shares * (1 + sides * (p - 0.5)), LEAST_WEALTH)
        wealth = float(shares.sum(axis=1).mean())
        if wealth > highest:
            highest, at = wealth, number
        if alarm_at is None and wealth >= 1 / level:
            alarm_at = number
    return Bet(highest, at, alarm_at)


def _ranks(values: Floats, seed: int) -> list[float]:
    """Return of each value the smoothed share of those up to it that are larger: even on 0 to 1 if exchangeable."""
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, TIES))))
    ordered: list[float] = []
    found = []
    for value, between in zip(values.tolist(), generator.random(values.size).tolist(), strict=True):
        insort(ordered, value)
        low, high = bisect_left(ordered, value), bisect_right(ordered, value)
        found.append((len(ordered) - high + between * (high - low)) / len(ordered))
    return found

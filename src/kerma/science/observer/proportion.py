"""The interval of a share that was counted: Clopper and Pearson's exact one."""

from __future__ import annotations

from kerma.errors import WrongUsage

LEVEL = 0.95


def interval(hits: int, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact interval of the share ``hits / trials`` (Clopper & Pearson, Biometrika 26 (1934) 404).

    Raises
    ------
    WrongUsage
        More hits than trials, or none of either.
    """
    from scipy.special import betaincinv

    if not 0 <= hits <= trials or trials < 1:
        raise WrongUsage(f"{hits} of {trials} is no share")
    tail = (1 - level) / 2
    low = float(betaincinv(hits, trials - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, trials - hits, 1 - tail)) if hits < trials else 1.0
    return low, high

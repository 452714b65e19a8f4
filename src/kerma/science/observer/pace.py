"""How fast somebody works: events an hour with Garwood's exact interval, a median with the one of its ranks."""

from __future__ import annotations

from collections.abc import Sequence

from kerma.errors import WrongUsage
from kerma.science.observer.proportion import LEVEL


def rate_interval(count: int, exposure: float, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact interval of a rate of events that come by themselves (Garwood, Biometrika 28 (1936) 437).

    Parameters
    ----------
    exposure : over how much they were counted, such as hours; the rate is ``count / exposure``

    Raises
    ------
    WrongUsage
        Fewer than no events, or over nothing.
    """
    from scipy.special import gammaincinv

    if count < 0 or not exposure > 0:
        raise WrongUsage(f"{count} events in {exposure} is no rate")
    tail = (1 - level) / 2
    low = float(gammaincinv(count, tail)) if count else 0.0
    return low / exposure, float(gammaincinv(count + 1, 1 - tail)) / exposure


def median(values: Sequence[float], level: float = LEVEL) -> tuple[float, tuple[float, float] | None]:
    """Return the median of values, and the interval between two of them that holds at any distribution.

    The interval is that of the ranks (David & Nagaraja, Order Statistics, 7.1); None of so few values that not even
    the smallest and the largest make it.

    Raises
    ------
    WrongUsage
        There is no value.
    """
    from scipy.special import bdtr

    if not values:
        raise WrongUsage("of no values there is no median")
    ordered = sorted(values)
    count, half = len(ordered), len(ordered) // 2
    middle = ordered[half] if count % 2 else (ordered[half - 1] + ordered[half]) / 2
    # the widest lower rank whose tail is still within half of what may be missed
    below = next((rank for rank in range(half, -1, -1) if bdtr(rank, count, 0.5) <= (1 - level) / 2), None)
    return middle, None if below is None else (ordered[below], ordered[count - 1 - below])

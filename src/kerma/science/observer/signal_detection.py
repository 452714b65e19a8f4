"""How well somebody tells what is there from what is not: rates with their intervals, and indices of signal detection.

Rates that are to be 0 or 1 are corrected first (:func:`log_linear`; Hautus, 1995), so that nobody is without an index
who never missed. d_a with a slope of 0.5 holds where a criterion moves; d' and A' do not (Sterchi et al., 2019).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from kerma.errors import WrongUsage

SLOPE = 0.5
LEVEL = 0.95


@dataclass(frozen=True)
class Indices:
    """Sensitivity d' and d_a, criterion c and the area-like A', of one pair of rates."""

    d_prime: float
    criterion: float
    a_prime: float
    d_a: float


def wilson(hits: int, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the score interval of a share (Wilson, 1927).

    Raises
    ------
    WrongUsage
        More hits than trials, or no trials.
    """
    if not 0 <= hits <= trials or trials < 1:
        raise WrongUsage(f"{hits} of {trials} is no share")
    z = _z((1.0 + level) / 2.0)
    share, weight = hits / trials, z * z / trials
    middle = (share + weight / 2.0) / (1.0 + weight)
    half = z / (1.0 + weight) * math.sqrt(share * (1.0 - share) / trials + weight / (4.0 * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def log_linear(hits: int, trials: int) -> float:
    """Return a rate that is neither 0 nor 1: half an answer of each kind is added."""
    return (hits + 0.5) / (trials + 1.0)


def indices(hit_rate: float, false_alarm_rate: float, slope: float = SLOPE) -> Indices:
    """Return the indices of a hit rate and a false-alarm rate, both strictly between 0 and 1.

    Parameters
    ----------
    slope : of the receiver operating characteristic on normal axes

    Raises
    ------
    WrongUsage
        A rate is 0, 1 or beyond, or the slope is not above 0.
    """
    if not (0.0 < hit_rate < 1.0 and 0.0 < false_alarm_rate < 1.0 and slope > 0.0):
        raise WrongUsage(
            f"rates are between 0 and 1 and the slope above 0: {hit_rate:g}, {false_alarm_rate:g}, {slope:g}"
        )
    h, f = _z(hit_rate), _z(false_alarm_rate)
    d_a = math.sqrt(2.0 / (1.0 + slope * slope)) * (h - slope * f)
    return Indices(h - f, -(h + f) / 2.0, _a_prime(hit_rate, false_alarm_rate), d_a)


def _a_prime(h: float, f: float) -> float:
    """Return A' (Pollack, Norman 1964), mirrored where false alarms are more than hits (Aaronson, Watts 1987)."""
    if h < f:
        return 1.0 - _a_prime(f, h)
    return 0.5 + (h - f) * (1.0 + h - f) / (4.0 * h * (1.0 - f))


def _z(probability: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(probability)

"""From distances to scores: the share of good pictures whose highest distance is lower, and the threshold.

The distances of good pictures come from models that did not see them (five parts, each judged by the other four).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kerma.errors import WrongUsage


@dataclass(frozen=True)
class Shares:
    """The highest distances of good pictures that the model had not seen, ascending; all above 0."""

    highest: tuple[float, ...]

    def of(self, distance: float) -> float:
        """Return the share of good pictures that would stay lower: with n of them, the i-th stands for i / (n + 1).

        Beyond the highest the rest falls as one over the distance: an order of marks, no measured rate.
        """
        count, last = len(self.highest), self.highest[-1]
        if distance >= last:
            return 1.0 - last / (distance * (count + 1))
        return float(np.interp(distance, *self._known()))

    def distance(self, share: float) -> float:
        """Return the distance of a share: the other way round."""
        count, last = len(self.highest), self.highest[-1]
        if share >= count / (count + 1):
            return math.inf if share >= 1 else last / ((1.0 - share) * (count + 1))
        distances, shares = self._known()
        return float(np.interp(share, shares, distances))

    def _known(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        count = len(self.highest)
        return (0.0, *self.highest), tuple(number / (count + 1) for number in range(count + 1))


def threshold_of(count: int, false_alarm_rate: float) -> float:
    """Return the share from which a picture alarms, so that a further good one does at most at this rate.

    Conformal: with n good pictures (``count``) the k-th lowest, k = the next whole number from (n + 1)(1 - rate); the
    rate holds over many models and pictures, not for each.

    Raises
    ------
    WrongUsage
        So few good pictures cannot promise so low a rate.
    """
    rank = math.ceil((count + 1) * (1.0 - false_alarm_rate) - 1e-9)
    if rank > count:
        raise WrongUsage(
            f"{count} good pictures promise no rate below {1 / (count + 1):.3f} false alarms per picture; give "
            f"{math.ceil(1 / false_alarm_rate - 1e-9) - 1} or more for {false_alarm_rate:g}"
        )
    return rank / (count + 1)

"""Which pictures of a series are the energies of one view: those whose contents lie one on the other.

A series may hold several views, and numbers or the order of arrival say nothing sure of what belongs together. Low and
high energy of one view show the same things at the same place; those of two views do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
LEAST_LIKENESS = 0.9
LEAST_MARGIN = 0.5
"""The best match lies at most this share as far from 1 as the next one."""
LEAST_COVER = 0.5
LEAST_SPREAD = 1e-12
SAMPLES = 256
"""Rows and columns compared at most."""


def same_view(one: Values, others: Sequence[Values]) -> int | None:
    """Return which of other pictures shows the same view in another energy; None where none does, or two might."""
    seen = [_likeness(_logs(one), _logs(other)) if other.shape == one.shape else -1.0 for other in others]
    return _best(seen, LEAST_LIKENESS)


def numbers_of(high: Values, numbers: Sequence[Values], least_attenuation: float = 0.05) -> int | None:
    """Return which pictures of atomic numbers belongs to a high energy: told where something lies, and only there."""
    there = (_logs(high).max() - _logs(high) > least_attenuation).astype(np.float64)
    seen = [
        _likeness(there, (sampled(each) > 0).astype(np.float64)) if each.shape == high.shape else -1.0
        for each in numbers
    ]
    return _best(seen, LEAST_COVER)


def _best(seen: Sequence[float], least: float) -> int | None:
    order = sorted(range(len(seen)), key=lambda index: -seen[index])
    if not order or seen[order[0]] < least:
        return None
    if len(order) > 1 and 1.0 - seen[order[0]] > LEAST_MARGIN * (1.0 - seen[order[1]]):
        return None
    return order[0]


def sampled(values: NDArray[Any]) -> NDArray[Any]:
    """Return so many rows and columns of a picture as are compared; of what was sampled before, all."""
    step = [-(-side // SAMPLES) for side in values.shape]
    return values[:: step[0], :: step[1]]


def _logs(values: Values) -> Values:
    found: Values = np.log(np.maximum(sampled(values), 1.0))
    return found


def _likeness(one: Values, other: Values) -> float:
    spread = float(one.std() * other.std())
    # A flat picture has no spread but that of rounding, in which any two are alike.
    return float(((one - one.mean()) * (other - other.mean())).mean() / spread) if spread > LEAST_SPREAD else 0.0

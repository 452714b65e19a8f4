"""Is a process as it was? A control chart of single values: a frozen baseline, Shewhart limits, EWMA, and runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage

BASELINE = 20
"""Values that make the baseline; with fewer the limits are themselves a guess."""
WEIGHT, EWMA_SIGMAS = 0.2, 2.86
"""Weight of the newest value and limit of the EWMA: about one false alarm in 370 values, and quick at 1 sigma."""
SIGMAS = 3.0
RUN = 9
"""So many values on one side of the centre are a shift."""
RANGE_TO_SIGMA = 1.128
"""Expected moving range of two normal values over their standard deviation (d2 of n = 2)."""

BEYOND, DRIFT, SHIFT = "beyond", "drift", "shift"
SIGNALS = {
    BEYOND: "beyond three standard deviations",
    DRIFT: "weighted mean beyond its limit: a slow drift",
    SHIFT: f"{RUN} values in a row on one side of the centre: a shift",
}


@dataclass(frozen=True)
class Chart:
    """A control chart: the values in order, what was usual, and where they are not.

    ``centre`` and ``sigma`` are of the baseline, the first values; None while there are fewer than it needs.
    """

    values: tuple[float, ...]
    baseline: int
    centre: float | None
    sigma: float | None
    low: float | None
    high: float | None
    ewma: tuple[float, ...]
    signals: tuple[tuple[str, ...], ...]
    """Of each value the signals it raises; none within the baseline but those beyond three sigma."""


def control_chart(values: Sequence[float], *, baseline: int = BASELINE) -> Chart:
    """Return the control chart of values in time order.

    The spread of the baseline comes from its moving ranges, so that a drift within it does not widen the limits.
    Signals: Shewhart (3 sigma), EWMA (weight 0.2, 2.86 sigma), nine in a row on one side.

    Raises
    ------
    WrongUsage
        A value is not finite, or the baseline has fewer than 5 values.

    Notes
    -----
    Montgomery, Introduction to Statistical Quality Control, chapters 6 and 9. Values are taken as independent; where
    one day's values resemble each other, chart their mean.
    """
    if baseline < 5:
        raise WrongUsage(f"a baseline of {baseline} values says nothing; give 5 or more, {BASELINE} as a rule")
    given = np.asarray(values, dtype=np.float64)
    if not np.all(np.isfinite(given)):
        raise WrongUsage("a control chart takes finite values; leave out what could not be measured")
    told = tuple(float(one) for one in given)
    if given.size < baseline:
        return Chart(told, baseline, None, None, None, None, (), tuple(() for _ in told))
    first = given[:baseline]
    centre, sigma = float(first.mean()), float(np.abs(np.diff(first)).mean() / RANGE_TO_SIGMA)
    ewma, spread = _ewma(given[baseline:], centre, sigma)
    drifts = np.abs(ewma - centre) > EWMA_SIGMAS * spread
    signals = []
    for index, value in enumerate(given):
        found = [BEYOND] if sigma > 0 and abs(value - centre) > SIGMAS * sigma else []
        if index >= baseline:
            found += [DRIFT] if sigma > 0 and drifts[index - baseline] else []
            found += [SHIFT] if _is_run(given[baseline : index + 1], centre) else []
        signals.append(tuple(found))
    low, high = centre - SIGMAS * sigma, centre + SIGMAS * sigma
    return Chart(told, baseline, centre, sigma, low, high, tuple(float(one) for one in ewma), tuple(signals))


def _ewma(values: NDArray[np.float64], centre: float, sigma: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weighted mean after each value, and its standard deviation."""
    means, last = np.empty(values.size), centre
    for index, value in enumerate(values):
        last = WEIGHT * value + (1 - WEIGHT) * last
        means[index] = last
    age = np.arange(1, values.size + 1)
    return means, sigma * np.sqrt(WEIGHT / (2 - WEIGHT) * (1 - (1 - WEIGHT) ** (2 * age)))


def _is_run(values: NDArray[np.float64], centre: float) -> bool:
    last = values[-RUN:] - centre
    return last.size == RUN and bool(np.all(last > 0) or np.all(last < 0))

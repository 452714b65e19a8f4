"""Rates and medians: their intervals against published numbers and against what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.observer.pace import median, rate_interval


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (10, 4.7954, 18.3904), (50, 37.1109, 65.9188)]
)
def test_the_interval_of_a_count_is_the_published_one(count: int, low: float, high: float) -> None:
    assert rate_interval(count, 1) == pytest.approx((low, high), abs=1e-4)
    assert rate_interval(count, 4) == pytest.approx((low / 4, high / 4), abs=1e-4)


@pytest.mark.parametrize(("count", "low", "high"), [(6, 1, 6), (10, 2, 9), (20, 6, 15), (50, 18, 33), (100, 40, 61)])
def test_the_interval_of_a_median_is_between_the_ranks_of_the_table(count: int, low: int, high: int) -> None:
    middle, interval = median(list(range(1, count + 1)))
    assert middle == (count + 1) / 2 and interval == (low, high)


def test_too_few_values_have_a_median_and_no_interval() -> None:
    assert median([3.0]) == (3.0, None) and median([5, 1, 3]) == (3, None)
    assert median([1, 2, 3, 4, 5])[1] is None


def test_the_interval_holds_what_it_promises_at_a_skewed_distribution() -> None:
    drawn = np.random.default_rng(7).lognormal(1.0, 1.2, (600, 31))
    intervals = [median(list(row))[1] for row in drawn]
    held = sum(one is not None and one[0] <= np.e <= one[1] for one in intervals)
    assert held / len(intervals) > 0.93


@pytest.mark.parametrize(("count", "exposure"), [(-1, 1.0), (1, 0.0), (1, -2.0), (1, float("nan"))])
def test_what_is_no_rate_is_told(count: int, exposure: float) -> None:
    with pytest.raises(WrongUsage):
        rate_interval(count, exposure)
    with pytest.raises(WrongUsage):
        median([])

"""Betting against exchangeability: seldom rich on values in any order, soon rich where they drift."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.observer.exchangeability import bet

LEVEL = 0.05


def alarms(make: Callable[[np.random.Generator], np.ndarray], seeds: range) -> list[int | None]:
    return [bet(make(np.random.default_rng(seed)), level=LEVEL, seed=seed).alarm_at for seed in seeds]


@pytest.mark.parametrize("kind", ["normal", "skewed", "mostly zero"])
def test_false_alarms_are_as_seldom_as_promised(kind: str) -> None:
    make = {
        "normal": lambda of: of.normal(size=300),
        "skewed": lambda of: of.exponential(size=300) ** 3,
        "mostly zero": lambda of: np.where(of.random(300) < 0.8, 0.0, of.random(300)),
    }[kind]
    found = sum(one is not None for one in alarms(make, range(200)))
    assert found <= 17  # 10 are expected at most; more than 17 of 200 would have a chance of 1 in 100


def test_a_shift_of_one_deviation_is_found_within_a_hundred_values_whichever_way() -> None:
    for sign in (-1, 1):
        found = alarms(lambda of, sign=sign: of.normal(size=400) + sign * (np.arange(400) >= 200), range(20))
        late = [one - 200 for one in found if one is not None and one > 200]
        assert len(late) >= 18
        assert np.median(late) < 100


def test_it_sees_order_alone() -> None:
    values = np.linspace(0, 1, 200)
    assert bet(values, level=LEVEL).alarm_at is not None
    assert bet(values**5 * 1000, level=LEVEL) == bet(values, level=LEVEL)
    shuffled = np.random.default_rng(3).permutation(values)
    assert bet(shuffled, level=LEVEL).alarm_at is None


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(WrongUsage, match="finite"):
        bet(np.array([1.0, np.nan]), level=LEVEL)
    with pytest.raises(WrongUsage, match="level"):
        bet(np.zeros(3), level=0.0)

"""Conformal risk control: by hand, and its promise over hundreds of sets drawn from one world."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.observer.matching import Criterion
from kerma.science.observer.pooled import pool
from kerma.science.observer.risk_control import Misses, misses, spread, threshold_for
from marks_of_cases import case

HALF = Criterion("iou", 0.5)


def _world(seed: int, groups: int) -> Misses:
    """Return groups of three truths each; one truth in fifty is never found."""
    generator = np.random.default_rng(seed)
    at = np.where(generator.random((groups, 3)) < 0.02, -1.0, generator.beta(4, 2, (groups, 3)))
    thresholds = np.linspace(0.0, 1.0, 201)
    return Misses(thresholds, (at[:, :, None] < thresholds).mean(axis=1), tuple(map(str, range(groups))))


def test_misses_by_hand() -> None:
    box, far = (10, 10, 20, 20), (200, 200, 20, 20)
    cases = [
        case("one", [box, far], [(box, 0.9), (far, 0.4)], group="film"),
        case("two", [box], [(box, 0.6)], group="film"),
        case("three", [box], [], group="other"),
        case("four", [], [(box, 0.9)], group="empty"),
    ]
    told = misses(pool(cases, HALF), [one.group for one in cases])
    assert told.names == ("film", "other") and told.thresholds.tolist() == [0.4, 0.6, 0.9]
    assert told.rate[0] == pytest.approx([0, 1 / 3, 2 / 3]) and told.rate[1].tolist() == [1, 1, 1]


def test_the_threshold_by_hand() -> None:
    """Nine groups that miss nothing at 0.2 and one tenth at 0.5: (0 + 1)/10 = 0.1 and (0.9 + 1)/10 = 0.19."""
    told = Misses(np.array([0.2, 0.5]), np.tile([0.0, 0.1], (9, 1)), tuple("abcdefghi"))
    assert threshold_for(told, 0.10) == 0.2 and threshold_for(told, 0.19) == 0.5
    assert threshold_for(told, 0.09) is None, "nine groups can promise no less than one in ten"


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.2])
def test_the_promise_holds_on_average_over_new_groups(alpha: float) -> None:
    rates = []
    for seed in range(300):
        threshold = threshold_for(_world(seed, 100), alpha)
        fresh = _world(10_000 + seed, 100)
        # where no threshold can promise it, every mark is kept
        rates.append(fresh.rate[:, 0 if threshold is None else np.searchsorted(fresh.thresholds, threshold)].mean())
    mean, error = np.mean(rates), np.std(rates) / np.sqrt(300)
    assert alpha - 0.03 < mean <= alpha + 3 * error


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.2])
def test_over_200_splits_the_miss_rate_is_within_alpha_and_two_standard_deviations(alpha: float) -> None:
    told = spread(_world(1, 200), alpha)
    assert told.splits == 200 and told.unreached == 0
    assert told.mean_miss_rate <= alpha + 2 * told.sd_miss_rate / np.sqrt(2), (
        "the halves of one set are not independent"
    )
    assert 0 < told.sd_miss_rate < 0.05


def test_a_stricter_promise_never_has_a_higher_threshold() -> None:
    told = _world(4, 150)
    found = [threshold_for(told, alpha) for alpha in (0.05, 0.1, 0.2, 0.5)]
    assert found == sorted(found)


def test_too_few_groups_and_senseless_rates_promise_nothing() -> None:
    assert spread(_world(1, 3), 0.1) is None
    assert threshold_for(Misses(np.empty(0), np.empty((0, 0)), ()), 0.1) is None
    with pytest.raises(WrongUsage):
        threshold_for(_world(1, 10), 0.0)

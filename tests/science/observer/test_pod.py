"""Probability of detection: exact intervals, and the fit against a general optimiser and against truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, stats

from kerma.errors import WrongUsage
from kerma.science.observer import proportion
from kerma.science.observer.pod import bands, curve, doubling


def _trial(seed: int, count: int = 200, *, a50: float = 2.0, slope: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    sizes = np.exp(generator.uniform(np.log(0.5), np.log(8), count))
    chance = 1 / (1 + (sizes / a50) ** -slope)
    return sizes, generator.random(count) < chance


@pytest.mark.parametrize(("hits", "trials"), [(0, 10), (3, 10), (29, 29), (28, 29), (90, 100)])
def test_interval_of_a_share_equals_scipys_exact_one(hits: int, trials: int) -> None:
    peer = stats.binomtest(hits, trials).proportion_ci(0.95, "exact")
    assert proportion.interval(hits, trials) == pytest.approx((peer.low, peer.high), abs=1e-10)


def test_29_of_29_is_the_known_least_for_90_percent_with_95_percent_confidence() -> None:
    low, _ = proportion.interval(29, 29, level=0.90)
    assert low == pytest.approx(0.05 ** (1 / 29), abs=1e-12) and low > 0.90
    assert proportion.interval(28, 28, level=0.90)[0] < 0.90
    with pytest.raises(WrongUsage):
        proportion.interval(3, 2)


def test_the_fit_is_the_most_likely_one() -> None:
    sizes, found = _trial(1)
    fitted = curve(sizes, found)

    def loss(given: np.ndarray) -> float:
        return float(np.logaddexp(0, -np.where(found, 1, -1) * (given[0] + given[1] * np.log(sizes))).sum())

    peer = optimize.minimize(loss, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    assert (fitted.offset, fitted.slope) == pytest.approx(peer.x, abs=1e-5)
    assert fitted.at(fitted.a50) == pytest.approx(0.5) and fitted.at(fitted.a90) == pytest.approx(0.9)


def test_the_handbooks_own_example_comes_out_to_its_last_digit() -> None:
    """MIL-HDBK-1823A, example 3, 134 cracks of which 92 were found, logit over log size: a90/95 is 0.2106 inch."""
    rows = np.genfromtxt(Path(__file__).with_name("mil_hdbk_1823a_example_3.csv"), delimiter=",", skip_header=1)
    assert (len(rows), rows[:, 1].sum()) == (134, 92)
    fitted = curve(rows[:, 0], rows[:, 1] == 1)
    assert round(fitted.a90_95, 4) == 0.2106
    assert fitted.a50 < fitted.a90 < fitted.a90_95


def test_sizes_of_the_truth_come_back_and_the_bound_holds_in_97_of_100_trials() -> None:
    true_a90 = 2.0 * 9 ** (1 / 4)
    fits = [curve(*_trial(seed)) for seed in range(300)]
    assert np.median([one.a50 for one in fits]) == pytest.approx(2.0, rel=0.03)
    assert np.median([one.a90 for one in fits]) == pytest.approx(true_a90, rel=0.05)
    assert 0.94 <= np.mean([one.a90_95 >= true_a90 for one in fits]) <= 0.99


def test_another_unit_moves_the_sizes_and_nothing_else() -> None:
    sizes, found = _trial(2)
    one, other = curve(sizes, found), curve(sizes * 25.4, found)
    assert other.a90 == pytest.approx(25.4 * one.a90) and other.a90_95 == pytest.approx(25.4 * one.a90_95)
    assert other.slope == pytest.approx(one.slope)


def test_where_the_data_hold_no_curve_there_is_none() -> None:
    sizes = np.arange(1.0, 41.0)
    assert curve(sizes, sizes > 20) is None, "parted without overlap: the most likely slope is endless"
    assert curve(sizes, np.ones(40, bool)) is None
    assert curve(sizes[:5], np.array([True, False, True, False, True])) is None
    assert curve(sizes, np.random.default_rng(1).random(40) > sizes / 41) is None, "falling with size"
    with pytest.raises(WrongUsage):
        curve(np.array([0.0, 1.0]), np.array([True, False]))


def test_bands_count_every_truth_once() -> None:
    sizes, found = _trial(3)
    told = bands(sizes, found, doubling(sizes))
    assert sum(one.truths for one in told) == 200 and sum(one.found for one in told) == found.sum()
    assert [one.below_size for one in told[:-1]] == [one.from_size for one in told[1:]]
    assert all(one.low <= one.found / one.truths <= one.high for one in told)
    assert doubling(np.array([])) == ()

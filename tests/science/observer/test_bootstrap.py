"""Resampling by groups."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.observer.bootstrap import compare, group_weights, interval, resampled, share_interval
from kerma.science.observer.proportion import interval as interval_of_share


def _mean_of(values: np.ndarray):
    return lambda weights: float(np.average(values, weights=weights))


def test_groups_come_and_go_as_a_whole_and_every_resample_has_as_many_groups() -> None:
    groups = ["a", "b", "a", "c", "b", "a"]
    weights = group_weights(groups, 200, seed=3)
    assert (weights[:, [0, 2]] == weights[:, [5]]).all() and (weights[:, 1] == weights[:, 4]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    np.testing.assert_array_equal(weights, group_weights(groups, 200, seed=3))
    assert (weights != group_weights(groups, 200, seed=4)).any()


def test_the_interval_of_a_mean_is_that_of_theory() -> None:
    values = np.random.default_rng(1).normal(5, 2, 400)
    low, high = interval(resampled(_mean_of(values), group_weights([str(n) for n in range(400)], 2000)))
    reach = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - reach, abs=0.05) and high == pytest.approx(
        values.mean() + reach, abs=0.05
    )


def test_images_of_one_group_do_not_make_the_interval_narrower() -> None:
    """20 films of 20 equal images are worth 20 images, not 400."""
    of_film = np.random.default_rng(2).normal(0, 1, 20)
    values, films = np.repeat(of_film, 20), np.repeat([str(n) for n in range(20)], 20).tolist()
    by_film = np.subtract(*interval(resampled(_mean_of(values), group_weights(films, 1000)))[::-1])
    by_image = np.subtract(
        *interval(resampled(_mean_of(values), group_weights([str(n) for n in range(400)], 1000)))[::-1]
    )
    assert by_film / by_image == pytest.approx(np.sqrt(20), rel=0.15)


def test_paired_comparison_sees_a_small_difference_that_intervals_apart_would_not() -> None:
    generator = np.random.default_rng(3)
    hard = generator.normal(0, 5, 200)
    first, second = hard + 0.3 + generator.normal(0, 0.5, 200), hard + generator.normal(0, 0.5, 200)
    weights = group_weights([str(n) for n in range(200)], 500)
    found = compare(_mean_of(first), _mean_of(second), weights)
    assert found.value == pytest.approx((first - second).mean())
    assert 0 < found.low < found.value < found.high and found.p == pytest.approx(2 / 501)
    alone = interval(resampled(_mean_of(first), weights))
    assert alone[0] < second.mean() < alone[1]


def test_equal_detectors_are_told_apart_in_about_5_of_100_cases() -> None:
    p = []
    for seed in range(200):
        first, second = np.random.default_rng(seed).normal(0, 1, (2, 60))
        weights = group_weights([str(n) for n in range(60)], 200, seed)
        p.append(compare(_mean_of(first), _mean_of(second), weights).p)
    assert np.mean(np.array(p) < 0.05) < 0.1


def test_groups_that_all_agree_do_not_make_a_certainty() -> None:
    """29 of 29: at least 88 of 100 others with 97.5 % confidence (Clopper and Pearson)."""
    every = group_weights([str(n) for n in range(29)], 50)
    low, high = share_interval(resampled(_mean_of(np.ones(29)), every), 29)
    assert (low, high) == (pytest.approx(interval_of_share(29, 29)[0]), 1.0)
    assert share_interval(np.zeros(9), 29) == (0.0, pytest.approx(interval_of_share(0, 29)[1]))
    assert share_interval(np.full(9, 0.4), 1) == pytest.approx((0.01, 0.985)), "one group says hardly anything"
    assert share_interval(np.array([0.2, 0.4]), 29) == interval(np.array([0.2, 0.4]))


def test_no_figure_has_no_interval() -> None:
    weights = group_weights(["a", "b"], 10)
    assert interval(resampled(lambda _: None, weights)) is None
    assert compare(lambda _: None, lambda _: 1.0, weights) is None
    with pytest.raises(WrongUsage):
        group_weights(["a"], 0)

"""Area under ROC curves: by hand, against other formulas, and the coverage of its interval."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from kerma.errors import WrongUsage
from kerma.science.observer.roc_curve import auc, compare_auc, roc_curve


def _set(seed: int, positives: int = 40, negatives: int = 60, shift: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    is_positive = np.arange(positives + negatives) < positives
    return np.round(generator.normal(0, 1, is_positive.size) + shift * is_positive, 1), is_positive


def test_by_hand_with_a_tie() -> None:
    """Positives 3, 2, 1 and negatives 2, 0: of six pairs four are right and one is tied."""
    ratings, positive = np.array([3.0, 2, 1, 2, 0]), np.array([True, True, True, False, False])
    assert auc(ratings, positive).value == pytest.approx(4.5 / 6)
    false, true = roc_curve(ratings, positive)
    assert false.tolist() == [0, 0, 0.5, 0.5, 1] and true == pytest.approx([0, 1 / 3, 2 / 3, 1, 1])


@pytest.mark.parametrize("seed", range(5))
def test_equal_to_mann_whitney_to_the_area_of_the_curve_and_to_delongs_double_sum(seed: int) -> None:
    ratings, positive = _set(seed)
    found = auc(ratings, positive)
    u = stats.mannwhitneyu(ratings[positive], ratings[~positive]).statistic
    assert found.value == pytest.approx(u / (40 * 60), abs=1e-12)
    assert found.value == pytest.approx(np.trapezoid(*roc_curve(ratings, positive)[::-1]), abs=1e-12)
    won = np.sign(ratings[positive][:, None] - ratings[~positive][None, :]) / 2 + 0.5
    variance = won.mean(1).var(ddof=1) / 40 + won.mean(0).var(ddof=1) / 60
    assert found.sd == pytest.approx(np.sqrt(variance), rel=1e-12)


def test_paired_test_equals_the_variance_of_the_differences_of_placements() -> None:
    ratings, positive = _set(1)
    other = np.round(ratings + np.random.default_rng(9).normal(0, 1, ratings.size), 1)
    found = compare_auc(ratings, other, positive)
    won = [np.sign(one[positive][:, None] - one[~positive][None, :]) / 2 + 0.5 for one in (ratings, other)]
    difference = won[0] - won[1]
    sd = np.sqrt(difference.mean(1).var(ddof=1) / 40 + difference.mean(0).var(ddof=1) / 60)
    assert found.value == pytest.approx(difference.mean(), abs=1e-12)
    assert found.sd == pytest.approx(sd, rel=1e-9)
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(difference.mean()) / sd), rel=1e-9)
    back = compare_auc(other, ratings, positive)
    assert back.value == pytest.approx(-found.value) and back.p == pytest.approx(found.p)


def test_the_interval_holds_the_true_area_in_95_of_100_cases() -> None:
    true = float(stats.norm.cdf(1 / np.sqrt(2)))
    intervals = [auc(*_set(seed)) for seed in range(400)]
    held = np.mean([one.low <= true <= one.high for one in intervals])
    assert 0.92 <= held <= 0.98


def test_two_equal_readers_differ_by_chance_in_5_of_100_cases() -> None:
    p = []
    for seed in range(300):
        ratings, positive = _set(seed)
        generator = np.random.default_rng(1000 + seed)
        two = [ratings + generator.normal(0, 0.7, ratings.size) for _ in range(2)]
        p.append(compare_auc(*two, positive).p)
    assert 0.02 <= np.mean(np.array(p) < 0.05) <= 0.09


def test_a_rising_change_of_the_ratings_changes_nothing_and_turning_them_round_mirrors() -> None:
    ratings, positive = _set(3)
    assert auc(np.exp(ratings), positive) == auc(ratings, positive)
    turned, straight = auc(-ratings, positive), auc(ratings, positive)
    assert turned.value == pytest.approx(1 - straight.value) and turned.low == pytest.approx(1 - straight.high)


def test_a_perfect_reader_of_few_images_is_not_called_perfect() -> None:
    found = auc(np.array([3.0, 4, 5, 0, 1]), np.array([True, True, True, False, False]))
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.025 ** (1 / 2)), "two independent pairs, both right"


def test_one_kind_of_image_alone_has_no_area_and_nan_is_refused() -> None:
    assert auc(np.array([1.0, 2]), np.array([True, True])) is None
    with pytest.raises(WrongUsage):
        auc(np.array([1.0, np.nan]), np.array([True, False]))

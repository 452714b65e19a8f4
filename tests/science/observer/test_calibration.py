"""Calibration: by hand, against scipy, and on scores whose true meaning is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from kerma.errors import WrongUsage
from kerma.science.observer.calibration import cooled, isotonic, reliability, temperature


def _scores(seed: int, count: int = 4000, *, too_sure: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return scores and outcomes; the true chance has log-odds that are those of the score over ``too_sure``."""
    generator = np.random.default_rng(seed)
    odds = generator.normal(0, 1.5, count)
    return 1 / (1 + np.exp(-odds * too_sure)), generator.random(count) < 1 / (1 + np.exp(-odds))


def test_reliability_by_hand() -> None:
    """Two marks of mean 0.25 of which half is right, two of 0.85 both right: (0.25 + 0.15) / 2."""
    told = reliability(np.array([0.21, 0.29, 0.81, 0.89]), np.array([True, False, True, True]))
    assert told.ece == pytest.approx(0.2)
    assert told.brier == pytest.approx((0.79**2 + 0.29**2 + 0.19**2 + 0.11**2) / 4)
    assert [(one.marks, one.right_share) for one in told.bins] == [(2, 0.5), (2, 1.0)]
    assert reliability(np.array([]), np.array([], bool)) is None


def test_scores_that_mean_what_they_say_have_hardly_any_error() -> None:
    assert reliability(*_scores(1)).ece < 0.03


@pytest.mark.parametrize("too_sure", [0.5, 1.0, 3.0])
def test_temperature_comes_back_and_takes_the_error_away(too_sure: float) -> None:
    scores, right = _scores(2, too_sure=too_sure)
    found = temperature(scores, right)
    assert found == pytest.approx(too_sure, rel=0.08)
    assert reliability(cooled(scores, found), right).ece < 0.03
    assert (np.diff(cooled(np.sort(scores), found)) >= 0).all(), "the order of the scores stays"


def test_a_temperature_of_one_changes_nothing_and_one_outcome_alone_has_none() -> None:
    scores, right = _scores(3, 50)
    np.testing.assert_allclose(cooled(scores, 1.0), scores)
    assert temperature(scores, np.ones(50, bool)) is None
    assert temperature(scores, scores < 0.5) is None, "scores that fall with being right"


@pytest.mark.parametrize("seed", range(5))
def test_isotonic_equals_scipys(seed: int) -> None:
    scores, right = _scores(seed, 300)
    order = np.argsort(scores)
    peer = optimize.isotonic_regression(right[order].astype(float)).x
    np.testing.assert_allclose(isotonic(scores, right)(scores[order]), peer, atol=1e-12)


def test_isotonic_rises_and_equal_scores_have_one_share() -> None:
    scores = np.array([0.2, 0.2, 0.6, 0.8, 0.8])
    fitted = isotonic(scores, np.array([True, False, False, True, True]))
    assert fitted(np.array([0.2, 0.6, 0.8])) == pytest.approx([1 / 3, 1 / 3, 1])
    assert (np.diff(fitted(np.linspace(0, 1, 50))) >= 0).all()


def test_scores_beyond_one_are_refused() -> None:
    with pytest.raises(WrongUsage):
        reliability(np.array([1.2]), np.array([True]))

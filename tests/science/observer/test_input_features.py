"""Four numbers of an image: on pictures whose noise and blur are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from kerma.science.observer.input_features import features


def _noise(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(1000, 10, (300, 400))


def test_white_noise() -> None:
    """Of a normal distribution 6.18 standard deviations lie between the 0.1 % and 99.9 % quantiles."""
    told = features(_noise())
    assert told["noise"] == pytest.approx(1 / 6.18, rel=0.03)
    assert told["brightness"] == pytest.approx(0.5, abs=0.02) and told["contrast"] == pytest.approx(
        3.29 / 6.18, rel=0.03
    )
    assert told["fineness"] == pytest.approx(1, abs=0.02)


def test_blur_makes_it_less_fine() -> None:
    found = [features(gaussian_filter(_noise(), sigma))["fineness"] for sigma in (0, 0.6, 1.2, 2.4)]
    assert found == sorted(found, reverse=True) and found[-1] < 0.4


def test_gain_and_offset_change_nothing_and_a_negative_only_the_brightness() -> None:
    plane = _noise() ** 2
    told, other, negative = features(plane), features(3 * plane + 7), features(-plane)
    assert other == pytest.approx(told)
    assert negative["brightness"] == pytest.approx(1 - told["brightness"], abs=1e-6)
    assert negative["noise"] == pytest.approx(told["noise"])


def test_an_even_plane_and_a_narrow_one_have_numbers() -> None:
    assert set(features(np.full((9, 9), 5, np.uint16)).values()) == {0.0}
    assert features(np.arange(6, dtype=np.uint8).reshape(3, 2))["fineness"] == 0.0

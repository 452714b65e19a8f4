from __future__ import annotations

import numpy as np
import pytest

import gauge_pictures as gauges
from kerma.science.measure import run
from kerma.science.results import NotMeasurable

RECESS, BESIDE = (30, 30, 40, 40), (30, 90, 40, 40)


def _block(depth_percent: float, *, snr: float = 100.0, attenuation: float = 2.0, seed: int = 0) -> np.ndarray:
    """Return a block of that attenuation with a recess of so many percent of its thickness."""
    grey = np.full((100, 150), 30000.0)
    grey[20:80, 20:80] *= np.exp(attenuation * depth_percent / 100)
    return grey + np.random.default_rng(seed).normal(0, 30000 / snr, grey.shape)


def test_it_is_the_percentage_whose_contrast_equals_the_noise() -> None:
    result = run(
        "contrast_sensitivity", gauges.image(_block(2), 0.1), region=RECESS, background=BESIDE, recess_percent=2
    )
    # Contrast of 2 %: exp(0.04) - 1 = 4.08 % of the grey value, noise 1 %.
    assert result.values["contrast_sensitivity_percent"] == pytest.approx(2 / 4.08, rel=0.04)
    assert result.values["cnr_per_percent"] == pytest.approx(4.08 / 2, rel=0.04)


def test_recesses_of_1_to_4_percent_agree_and_less_noise_shows_less() -> None:
    def read(depth: float, snr: float) -> float:
        given = gauges.image(_block(depth, snr=snr), 0.1)
        found = run("contrast_sensitivity", given, region=RECESS, background=BESIDE, recess_percent=depth)
        return float(found.values["contrast_sensitivity_percent"])

    assert [read(depth, 100) for depth in (1, 2, 3, 4)] == pytest.approx([0.49] * 4, rel=0.06)
    assert read(2, 300) < read(2, 100) / 2.5


def test_uncertainty_is_the_spread_of_repeats() -> None:
    repeats = [
        run("contrast_sensitivity", gauges.image(_block(1, snr=30, seed=seed), 0.1), region=RECESS, background=BESIDE,
            recess_percent=1)
        for seed in range(40)
    ]  # fmt: skip
    spread = np.std([one.values["contrast_sensitivity_percent"] for one in repeats])
    assert repeats[0].uncertainties["contrast_sensitivity_percent"] == pytest.approx(spread, rel=0.4)


def test_what_does_not_stand_out_or_is_not_said_is_refused() -> None:
    given = gauges.image(_block(0), 0.1)
    nothing = run("contrast_sensitivity", given, region=RECESS, background=BESIDE, recess_percent=2)
    assert isinstance(nothing, NotMeasurable) and "does not stand out" in nothing.reason
    assert "recess_percent" in run("contrast_sensitivity", given, region=RECESS).reason
    assert "where the detail is" in run("contrast_sensitivity", given, recess_percent=2).reason

from __future__ import annotations

import numpy as np
import pytest

import gauge_pictures as gauges
from kerma.science.measure import run
from kerma.science.results import NotMeasurable

FREQUENCIES = (1.0, 1.6, 2.5, 4.0, 6.3)
WORDS = "1,1.6,2.5,4,6.3"
PIXEL_MM = 0.05


def _truth(frequency: np.ndarray, blur_mm: float) -> np.ndarray:
    return np.exp(-2 * (np.pi * frequency * blur_mm) ** 2) * np.sinc(frequency * PIXEL_MM)


@pytest.mark.parametrize("blur_mm", [0.04, 0.07, 0.1])
@pytest.mark.parametrize("is_turned", [False, True])
def test_modulation_is_that_of_the_blur(blur_mm: float, is_turned: bool) -> None:
    """Within 0.02: the hump of a blurred group is no parabola, and the coarsest group is blurred a little itself."""
    grey = gauges.line_pair_picture(FREQUENCIES, PIXEL_MM, blur_mm)
    grey = grey.T if is_turned else grey[:, ::-1]
    result = run("line_pairs", gauges.image(grey, PIXEL_MM), frequencies=WORDS)
    truth = _truth(np.array(result.values["frequencies_lp_mm"]), blur_mm)
    assert truth.size >= 2
    assert np.array(result.values["modulations_percent"]) / 100 == pytest.approx(truth, abs=0.02)
    falls = [
        pair[0] > pair[1] - 2 for pair in zip(*(result.values["modulations_percent"][n:] for n in (0, 1)), strict=False)
    ]
    assert all(falls)


def test_the_limit_of_20_percent_is_near_the_truth() -> None:
    grey = gauges.line_pair_picture(FREQUENCIES, PIXEL_MM, 0.05)
    found = run("line_pairs", gauges.image(grey, PIXEL_MM), frequencies=WORDS)
    frequency = np.linspace(0.5, 6, 5000)
    truth = frequency[np.argmin(np.abs(_truth(frequency, 0.05) - 0.2))]
    # Straight lines between groups a factor of 1.6 apart: 8 %.
    crossing = found.values["frequency_at_20_percent_lp_mm"]
    assert crossing == pytest.approx(truth, rel=0.08)


def test_more_blur_never_gives_more_modulation() -> None:
    read = [
        run(
            "line_pairs",
            gauges.image(gauges.line_pair_picture(FREQUENCIES, PIXEL_MM, blur), PIXEL_MM),
            frequencies=WORDS,
        )
        for blur in (0.03, 0.06, 0.12)
    ]
    for number in range(min(len(result.values["modulations_percent"]) for result in read)):
        column = [result.values["modulations_percent"][number] for result in read]
        assert column[0] > column[1] - 1 > column[2] - 2


@pytest.mark.parametrize("name", sorted(set(gauges.without_gauge()) - {"line pairs", "chirp"}))
def test_a_picture_without_a_gauge_is_refused(name: str) -> None:
    result = run("line_pairs", gauges.image(gauges.without_gauge()[name], PIXEL_MM), frequencies=WORDS)
    assert isinstance(result, NotMeasurable), result.values


@pytest.mark.parametrize("words", [None, "1", "a,b", "-1,2", "0.01,0.02"])
def test_frequencies_that_make_no_gauge_are_refused(words: str | None) -> None:
    grey = gauges.line_pair_picture(FREQUENCIES, PIXEL_MM, 0.07)
    assert isinstance(run("line_pairs", gauges.image(grey, PIXEL_MM), frequencies=words), NotMeasurable)

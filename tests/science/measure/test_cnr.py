from __future__ import annotations

import numpy as np
import pytest

import radiographs
from kerma.science.measure import run
from kerma.science.results import NotMeasurable


def _disc(contrast: float, seed: int = 3) -> np.ndarray:
    pixels = radiographs.flat(seed).pixels[0].astype(float)
    pixels[100:120, 100:130] += contrast
    return pixels


@pytest.mark.parametrize("contrast", [-800.0, 200.0, 1500.0])
def test_planted_contrast_over_noise_is_found(contrast: float) -> None:
    result = run("cnr", radiographs.image(_disc(contrast)), region="100,100,20,30")
    assert result.values["cnr"] == pytest.approx(abs(contrast) / 100, abs=4 * result.uncertainties["cnr"] + 0.01)
    assert np.sign(result.values["contrast_stored"]) == np.sign(contrast)


def test_gain_and_offset_change_nothing() -> None:
    options = {"region": "100,100,20,30", "background": "10,10,60,60"}
    plain = run("cnr", radiographs.image(_disc(500)), **options).values["cnr"]
    changed = run("cnr", radiographs.image(_disc(500) * 2.5 + 900), **options).values["cnr"]
    assert changed == pytest.approx(plain, rel=1e-12)


def test_the_stated_uncertainty_is_the_scatter() -> None:
    found = [run("cnr", radiographs.image(_disc(500, seed)), region="100,100,20,30") for seed in range(80)]
    scatter = np.std([result.values["cnr"] for result in found])
    assert found[0].uncertainties["cnr"] == pytest.approx(scatter, rel=0.3)


def test_without_a_region_there_is_a_reason() -> None:
    assert isinstance(run("cnr", radiographs.flat(1)), NotMeasurable)


def test_at_the_border_the_frame_is_what_lies_inside() -> None:
    result = run("cnr", radiographs.flat(1), region="0,0,20,20")
    assert 0 < result.values["pixels_background"] < 1000


def test_a_background_without_noise_is_not_measurable() -> None:
    pixels = np.full((60, 60), 50.0)
    pixels[20:30, 20:30] = 70
    result = run("cnr", radiographs.image(pixels), region="20,20,10,10")
    assert isinstance(result, NotMeasurable) and "no noise" in result.reason

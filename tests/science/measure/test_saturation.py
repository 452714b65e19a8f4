from __future__ import annotations

import numpy as np
import pytest

import radiographs
from kerma.science.measure import run
from kerma.science.results import NotMeasurable


def _clipped_at(ceiling: int) -> np.ndarray:
    pixels = radiographs.flat(3, counts=10_000).pixels[0].astype(np.int64) + np.arange(256)[None, :] * 20
    return np.minimum(pixels, ceiling).astype(np.uint16)


@pytest.mark.parametrize("ceiling", [12_000, 13_500, 14_800])
def test_the_ceiling_of_the_detector_is_found_below_the_range_of_the_file(ceiling: int) -> None:
    pixels = _clipped_at(ceiling)
    values = run("saturation", radiographs.image(pixels)).values
    assert values["ceiling_is_clipped"] is True
    assert values["ceiling_stored"] == ceiling
    assert values["ceiling_clipped_percent"] == pytest.approx(100 * np.mean(pixels == ceiling))
    assert values["saturated_percent"] == values["ceiling_clipped_percent"]
    assert values["floor_clipped_percent"] == 0


def test_more_exposure_saturates_more() -> None:
    images = [radiographs.image(_clipped_at(ceiling)) for ceiling in (14_500, 13_000, 11_000)]
    shares = [run("saturation", image).values["saturated_percent"] for image in images]
    assert shares == sorted(shares) and shares[0] < shares[-1]


def test_noise_alone_is_not_clipped() -> None:
    values = run("saturation", radiographs.flat(4)).values
    assert values["ceiling_clipped_percent"] == values["floor_clipped_percent"] == 0


def test_a_few_bright_pixels_are_no_saturation() -> None:
    pixels = radiographs.flat(4).pixels[0].copy()
    pixels.flat[:19] = 65_535
    assert run("saturation", radiographs.image(pixels)).values["saturated_percent"] == 0
    pixels.flat[:20] = 65_535
    assert run("saturation", radiographs.image(pixels)).values["saturated_percent"] == pytest.approx(100 * 20 / 65_536)


def test_when_values_fall_with_dose_the_floor_is_the_saturated_end() -> None:
    pixels = 65_535 - _clipped_at(12_000)
    values = run("saturation", radiographs.image(pixels, rises_with_dose=False)).values
    assert values["floor_is_clipped"] is True
    assert values["saturated_percent"] == values["floor_clipped_percent"] > 0
    assert "saturated_percent" not in run("saturation", radiographs.image(pixels, rises_with_dose=None)).values


def test_a_fully_clipped_image_is_all_saturated_and_another_constant_one_cannot_be_told() -> None:
    full = radiographs.image(np.full((30, 30), 65_535, np.uint16))
    assert run("saturation", full).values["saturated_percent"] == 100
    assert isinstance(run("saturation", radiographs.image(np.full((30, 30), 4_000, np.uint16))), NotMeasurable)


def test_the_longest_clipped_run_is_counted_within_a_row() -> None:
    pixels = radiographs.flat(4).pixels[0].copy()
    pixels[10, 5:35] = pixels[11, 250:256] = pixels[12, 0:6] = 65_535
    assert run("saturation", radiographs.image(pixels)).values["ceiling_longest_run_px"] == 30


def test_padding_at_the_ceiling_is_no_saturation() -> None:
    pixels = radiographs.flat(4).pixels[0].copy()
    pixels[:40] = 65_535
    assert run("saturation", radiographs.image(pixels, padding_value=65_535)).values["saturated_percent"] == 0

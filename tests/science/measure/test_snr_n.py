from __future__ import annotations

import pytest

import radiographs
from kerma.science.imaging.image import Spacing
from kerma.science.measure import run
from kerma.science.results import NotMeasurable


@pytest.mark.parametrize(
    ("snr", "srb_mm", "expected"), [(100, 0.1, 88.6), (150, 0.13, 102.23), (80, 0.05, 141.76), (250, 0.2, 110.75)]
)
def test_published_cases(snr: float, srb_mm: float, expected: float) -> None:
    result = run("snr_n", radiographs.flat(1), srb_um=1000 * srb_mm)
    assert result.values["snr_n"] / result.values["snr"] * snr == pytest.approx(expected, abs=0.01)


def test_at_the_reference_resolution_it_is_the_snr() -> None:
    result = run("snr_n", radiographs.flat(1), srb_um=88.6)
    plain = run("snr", radiographs.flat(1))
    assert result.values["snr_n_line_median"] == pytest.approx(plain.values["snr_line_median"])
    assert result.uncertainties["snr_n"] == pytest.approx(plain.uncertainties["snr"])


def test_a_resolution_stored_with_the_image_is_taken_and_named() -> None:
    result = run("snr_n", radiographs.flat(1, technique={"srb_detector_um": 177.2}))
    assert result.values["snr_n"] == pytest.approx(result.values["snr"] / 2)
    assert result.inputs["srb_origin"] == "technique srb_detector_um"


def test_without_resolution_the_pixel_is_no_substitute() -> None:
    result = run("snr_n", radiographs.flat(1, spacing=Spacing(0.1, 0.1, "detector")))
    assert isinstance(result, NotMeasurable)
    assert "duplex wire" in result.reason and "100 um" in result.reason


def test_a_resolution_finer_than_the_pixel_is_doubted() -> None:
    result = run("snr_n", radiographs.flat(1, spacing=Spacing(0.1, 0.1, "detector")), srb_um=50)
    assert any("finer than the pixel" in warning for warning in result.warnings)


def test_what_has_no_snr_has_no_normalized_one() -> None:
    result = run("snr_n", radiographs.flat(1, meaning="ct-number"), srb_um=100)
    assert isinstance(result, NotMeasurable) and result.name == "snr_n"

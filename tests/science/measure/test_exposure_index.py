from __future__ import annotations

import pytest

import radiographs
from kerma.science.measure import run
from kerma.science.results import NotMeasurable


@pytest.mark.parametrize(
    ("index", "target", "expected"),
    [(400, 400, 0), (412, 400, 0.1284), (800, 400, 3.0103), (200, 400, -3.0103), (4000, 400, 10)],
)
def test_published_cases(index: float, target: float, expected: float) -> None:
    image = radiographs.flat(1, technique={"exposure_index": index, "target_exposure_index": target})
    assert run("exposure_index", image).values["deviation_index"] == pytest.approx(expected, abs=1e-4)


def test_a_given_target_replaces_the_stored_one() -> None:
    image = radiographs.flat(1, technique={"exposure_index": 400, "target_exposure_index": 400})
    result = run("exposure_index", image, target=200)
    assert result.values["deviation_index"] == pytest.approx(3.0103, abs=1e-4)
    assert result.inputs["target_origin"] == "given"


@pytest.mark.parametrize("technique", [{}, {"exposure_index": 0}, {"exposure_index": -5}, {"exposure_index": "high"}])
def test_no_index_above_zero_is_not_measurable(technique: dict[str, object]) -> None:
    assert isinstance(run("exposure_index", radiographs.flat(1, technique=technique)), NotMeasurable)


def test_without_a_target_the_index_alone_is_given_with_a_warning() -> None:
    result = run("exposure_index", radiographs.flat(1, technique={"exposure_index": 176}))
    assert set(result.values) == {"exposure_index"} and result.warnings


def test_a_stored_deviation_that_does_not_fit_is_told() -> None:
    technique = {"exposure_index": 412, "target_exposure_index": 400, "deviation_index": 2.0}
    assert "stores the deviation index 2" in run("exposure_index", radiographs.flat(1, technique=technique)).warnings[0]
    fitting = radiographs.flat(1, technique=technique | {"deviation_index": 0.1})
    assert not run("exposure_index", fitting).warnings


def test_the_index_of_the_pixels_is_100_per_microgray_of_the_region() -> None:
    image = radiographs.flat(3, technique={"exposure_index": 999})
    pixels = image.pixels.copy()
    pixels[0, :10] = 0  # a collimated border
    changed = radiographs.image(pixels[0])
    result = run("exposure_index", changed, ugy_per_stored=2.5 / 10_000, region="20,20,100,100", target=250)
    assert result.values["exposure_index"] == pytest.approx(250, rel=0.002)
    assert result.values["deviation_index"] == pytest.approx(0, abs=0.01)
    assert result.values["detector_kerma_ugy"] == pytest.approx(2.5, rel=0.002)
    doubled = run("exposure_index", changed, ugy_per_stored=5.0 / 10_000, region="20,20,100,100")
    assert doubled.values["exposure_index"] == pytest.approx(2 * result.values["exposure_index"])


def test_dark_pixels_have_no_index() -> None:
    image = radiographs.flat(3)
    dark = radiographs.image(image.pixels[0] * 0)
    assert "zero or below" in run("exposure_index", dark, ugy_per_stored=0.001).reason

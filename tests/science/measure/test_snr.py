from __future__ import annotations

import numpy as np
import pytest

import radiographs
from kerma.science.measure import run
from kerma.science.results import Measurement, NotMeasurable

WHOLE = "0,0,20,55"


def _of(pixels: np.ndarray, **options: object) -> Measurement:
    result = run("snr", radiographs.image(pixels), **options)
    assert isinstance(result, Measurement)
    return result


def test_both_estimators_have_the_published_bias_on_poisson_noise_of_true_snr_100() -> None:
    generator = np.random.default_rng(2)
    repeats = [_of(generator.poisson(1e4, (20, 55)), region=WHOLE) for _ in range(600)]
    line = np.array([result.values["snr_line_median"] for result in repeats])
    whole = np.array([result.values["snr_region"] for result in repeats])
    # Published: 100.78 +- 2.63 and 100.05 +- 2.15; the means of 600 repeats scatter by 0.11 and 0.09.
    assert line.mean() == pytest.approx(100.78, abs=0.4)
    assert line.std() == pytest.approx(2.63, rel=0.1)
    assert whole.mean() == pytest.approx(100.05, abs=0.3)
    assert whole.std() == pytest.approx(2.15, rel=0.1)
    stated = repeats[0].uncertainties
    assert stated["snr_line_median"] == pytest.approx(line.std(), rel=0.15)
    assert stated["snr_region"] == pytest.approx(whole.std(), rel=0.15)


@pytest.mark.parametrize("blur_px", [0.0, 0.5, 1.0, 2.0])
def test_snr_is_within_one_percent_also_where_the_detector_blurs(blur_px: float) -> None:
    from scipy.ndimage import gaussian_filter

    point = np.zeros((41, 41))
    point[20, 20] = 1.0
    left = np.sqrt((gaussian_filter(point, blur_px) ** 2).sum())
    found = []
    for seed in range(12):
        white = np.random.default_rng(seed).standard_normal((300, 480))
        noise = gaussian_filter(white, blur_px, mode="wrap") / left
        found.append(_of(10_000 + 100 * noise, region="0,0,300,480"))
    for key in ("snr", "snr_region"):
        values = np.array([result.values[key] for result in found])
        stated = np.mean([result.uncertainties[key] for result in found])
        assert values.mean() == pytest.approx(100, abs=1.0), key
        # a spread of 12 values is itself uncertain by 20 %
        assert 0.5 * stated < values.std(ddof=1) < 1.7 * stated, key
    raw = np.mean([result.values["snr_line_median"] for result in found])
    assert raw > 100.3, "the estimator of the standard reads high, and more so with blur"


def test_snr_rises_with_the_root_of_dose() -> None:
    low, high = (_of(radiographs.flat(1, counts=counts).pixels[0]).values["snr"] for counts in (2_500, 40_000))
    assert high / low == pytest.approx(4, rel=0.05)


@pytest.mark.parametrize("key", ["snr", "snr_region"])
def test_gain_changes_nothing_and_an_offset_does(key: str) -> None:
    pixels = radiographs.flat(7).pixels[0].astype(float)
    plain, tripled, raised = (
        _of(changed, region="5,5,100,220").values[key] for changed in (pixels, pixels * 3, pixels + 10_000)
    )
    assert tripled == pytest.approx(plain, rel=1e-12)
    assert raised == pytest.approx(2 * plain, rel=0.01)


def test_a_trend_down_the_rows_is_noise_to_the_whole_region_only() -> None:
    pixels = radiographs.flat(7).pixels[0] + np.arange(256)[:, None] * 10.0
    result = _of(pixels, region="20,20,200,220")
    assert result.values["snr_line_median"] > 0.95 * 100
    assert result.values["snr_region"] < 0.3 * result.values["snr_line_median"]
    assert any("not uniform" in warning for warning in result.warnings)


def test_without_a_region_a_uniform_one_is_chosen_and_named() -> None:
    pixels = radiographs.flat(9).pixels[0].astype(float)
    pixels[:, :128] *= np.linspace(0.3, 1.0, 128)
    result = _of(pixels)
    row, column, height, width = result.inputs["region"]
    assert column >= 118 and height >= 20 and width >= 55
    assert "automatic" in result.inputs["region_choice"]
    assert result.values["snr"] == pytest.approx(100, rel=0.05)


def test_the_choice_of_region_does_not_favour_low_noise() -> None:
    found = [_of(radiographs.flat(seed).pixels[0]).values["snr_region"] for seed in range(40)]
    assert np.mean(found) == pytest.approx(100, abs=0.5)


@pytest.mark.parametrize("spoil", ["gradient", "pores", "clipped", "noise free"])
def test_where_nothing_is_uniform_there_is_a_reason_and_no_number(spoil: str) -> None:
    pixels = radiographs.flat(9).pixels[0].astype(float)
    row, column = np.indices(pixels.shape)
    spoiled = {
        "gradient": pixels + 60 * column,
        "pores": pixels + 3_000 * ((row % 16 < 4) & (column % 40 < 5)),
        "clipped": np.minimum(pixels, 9_990),
        "noise free": 10_000.0 + column // 64 * 100,
    }[spoil]
    result = run("snr", radiographs.image(spoiled))
    assert isinstance(result, NotMeasurable)
    assert "region=row,column,height,width" in result.reason


def test_an_image_too_small_says_how_large_it_must_be() -> None:
    result = run("snr", radiographs.flat(1, rows=19, columns=200))
    assert isinstance(result, NotMeasurable) and "20 x 55" in result.reason


def test_a_region_below_the_standard_is_measured_with_a_warning() -> None:
    result = _of(radiographs.flat(1).pixels[0], region="0,0,10,40")
    assert any("below the 20 x 55" in warning for warning in result.warnings)


def test_a_region_with_padding_is_not_measured() -> None:
    pixels = radiographs.flat(1).pixels[0].copy()
    pixels[30, 30] = 0
    result = run("snr", radiographs.image(pixels, padding_value=0), region="20,20,40,60")
    assert isinstance(result, NotMeasurable) and "padding" in result.reason


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"meaning": "for-presentation"}, "presentation"), ({"meaning": "log"}, "logarithmic"),
     ({"meaning": "unknown"}, "does not say"), ({"bits": 8}, "8 bits"), ({"rises_with_dose": False}, "fall with dose")],
)  # fmt: skip
def test_data_that_may_not_be_linear_carries_a_warning(fields: dict[str, object], words: str) -> None:
    assert not run("snr", radiographs.flat(1)).warnings
    assert any(words in warning for warning in run("snr", radiographs.flat(1, **fields)).warnings)


@pytest.mark.parametrize("meaning", ["ct-number", "z-effective"])
def test_numbers_that_are_no_signal_have_no_snr(meaning: str) -> None:
    assert isinstance(run("snr", radiographs.flat(1, meaning=meaning)), NotMeasurable)


def test_the_standard_is_cited_as_unverified() -> None:
    source = _of(radiographs.flat(1).pixels[0]).source
    assert source is not None and source.standard == "ISO 17636-2" and source.status == "unverified"

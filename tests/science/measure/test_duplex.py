from __future__ import annotations

import numpy as np
import pytest

import gauge_pictures as gauges
from gauge_pictures import Blur
from kerma.science.imaging.image import Spacing
from kerma.science.measure import duplex, run
from kerma.science.results import Measurement, NotMeasurable

PIXEL_MM = 0.05


def _read(blur: Blur, pixel_mm: float = PIXEL_MM, **more: float) -> Measurement:
    place, depth, _ = gauges.duplex_profile(blur, gap_mm=more.pop("gap_mm", 1.2), is_round=bool(more.pop("round", 0)))
    is_turned, is_mirrored = more.pop("is_turned", False), more.pop("is_mirrored", False)
    grey = gauges.duplex_picture((place, depth[::-1] if is_mirrored else depth), pixel_mm, **more)
    result = run("duplex", gauges.image(grey.T if is_turned else grey, pixel_mm))
    assert isinstance(result, Measurement), result
    return result


def test_published_dips_of_a_box_of_150_um() -> None:
    result = _read(Blur(box_mm=0.15), pixel_mm=0.025, snr=500)
    dips = dict(zip(result.values["pairs"], result.values["dips_percent"], strict=True))
    # The fine grid of the picture (2.5 um) rounds wires of .13 and .08 by up to 1 %: half a percent of dip.
    assert [dips[pair] for pair in ("D9", "D10", "D11")] == pytest.approx([84.6, 50.0, 12.5], abs=0.5)
    assert result.values["first_pair_below_20_percent"] == "D11"
    assert result.values["unsharpness_um"] == pytest.approx(2 * result.values["isrb_um"])


@pytest.mark.parametrize("box_mm", [0.10, 0.20, 0.30, 0.40])
def test_rectangular_wires_in_a_box_blur_cross_at_its_width_over_1_8(box_mm: float) -> None:
    # 3 %: the parabola through the neighbouring pairs is not the curve 2 - U/d.
    result = _read(Blur(box_mm=box_mm), pixel_mm=0.025, snr=300)
    assert result.values["isrb_um"] == pytest.approx(1000 * box_mm / 1.8, rel=0.03)


@pytest.mark.parametrize(("is_round", "ratio"), [(False, 1.448), (True, 1.414)])
def test_in_a_gaussian_blur_the_resolution_is_a_fixed_multiple_of_its_width(is_round: bool, ratio: float) -> None:
    found = [gauges.exact_srb_um(Blur(gauss_mm=sigma), is_round=is_round) / sigma / 1000 for sigma in (0.08, 0.16)]
    assert found == pytest.approx([ratio, ratio], rel=0.01)
    assert _read(Blur(gauss_mm=0.1), round=is_round).values["isrb_um"] == pytest.approx(100 * found[0], rel=0.03)


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("sign", [1, -1])
def test_order_direction_and_polarity_do_not_matter(is_turned: bool, is_mirrored: bool, sign: int) -> None:
    blur = Blur(box_mm=0.18, pixel_mm=PIXEL_MM)
    result = _read(blur, is_turned=is_turned, is_mirrored=is_mirrored, sign=sign)
    assert result.values["isrb_um"] == pytest.approx(gauges.exact_srb_um(blur), rel=0.03)
    assert result.values["wires_are_darker"] == (sign > 0)
    assert result.values["wires_lie"] == ("level" if is_turned else "upright")


@pytest.mark.parametrize("tilt_deg", [-5, -2, 0, 1, 3, 5])
def test_tilt_is_measured_and_taken_off_where_wires_fill_part_of_the_height(tilt_deg: float) -> None:
    blur = Blur(gauss_mm=0.09, pixel_mm=0.1)
    result = _read(blur, pixel_mm=0.1, tilt_deg=tilt_deg, margin_mm=8, snr=300)
    assert result.values["tilt_deg"] == pytest.approx(tilt_deg, abs=0.1)
    assert result.values["isrb_um"] == pytest.approx(gauges.exact_srb_um(blur), rel=0.05)
    if tilt_deg != 1:
        assert any("tilted by only" in warning for warning in result.warnings) == (tilt_deg == 0)


@pytest.mark.parametrize(("gap_mm", "bend"), [(0.8, 0.0), (1.2, 0.25), (5.0, 0.25)])
def test_small_gaps_and_a_bent_background_do_not_matter(gap_mm: float, bend: float) -> None:
    blur = Blur(box_mm=0.2, pixel_mm=PIXEL_MM)
    result = _read(blur, gap_mm=gap_mm, bend=bend, slope=bend / 2)
    assert result.values["isrb_um"] == pytest.approx(gauges.exact_srb_um(blur), rel=0.03)


def test_bias_and_spread_over_random_gauges() -> None:
    """8 gauges of all kinds; contrast over noise from 5 upwards, so that the dips at the crossing can be read."""
    random = np.random.default_rng(11)
    errors, sure = [], []
    for seed in range(8):
        pixel_mm = float(random.choice([0.05, 0.1, 0.2]))
        srb_mm = random.uniform(max(0.06, pixel_mm), min(0.32, 4 * pixel_mm + 0.05))
        is_box, is_round = random.integers(0, 2, 2).astype(bool)
        box, gauss = (1.8 * srb_mm, 0.0) if is_box else (0.0, 0.8 * srb_mm)
        blur = Blur(np.sqrt(max(box**2 - pixel_mm**2, 0)), gauss, pixel_mm)
        result = _read(
            blur, pixel_mm=pixel_mm, round=is_round, seed=seed, tilt_deg=random.uniform(-5, 5),
            snr=random.choice([50, 100, 200, 500]), contrast=random.choice([0.2, 0.4]),
            gap_mm=random.choice([1.2, 2.6]), is_mirrored=bool(random.integers(2)),
        )  # fmt: skip
        truth = gauges.exact_srb_um(blur, is_round=is_round)
        errors.append(result.values["isrb_um"] / truth - 1)
        sure.append(result.uncertainties["isrb_um"] / truth)
    assert abs(np.mean(errors)) < 0.01
    assert np.max(np.abs(errors)) < 0.05
    assert 0.3 < np.std(errors) / np.mean(sure) < 3


def test_a_gauge_whose_coarse_pairs_are_cut_off_is_read() -> None:
    blur = Blur(box_mm=0.2, pixel_mm=PIXEL_MM)
    place, depth, _ = gauges.duplex_profile(blur, widths_mm=gauges.DUPLEX_MM[3:])
    result = run("duplex", gauges.image(gauges.duplex_picture((place, depth), PIXEL_MM), PIXEL_MM))
    assert result.values["pairs"][0] == "D4"
    assert result.values["isrb_um"] == pytest.approx(gauges.exact_srb_um(blur), rel=0.03)


def test_logarithms_and_grey_values_give_the_same_where_contrast_is_small() -> None:
    place, depth, _ = gauges.duplex_profile(Blur(box_mm=0.2, pixel_mm=PIXEL_MM))
    grey = gauges.duplex_picture((place, depth), PIXEL_MM, contrast=0.05, snr=2000)
    plain = run("duplex", gauges.image(grey, PIXEL_MM))
    attenuation = run("duplex", gauges.image(grey, PIXEL_MM), domain="attenuation")
    logarithm = run("duplex", gauges.image(6000 * np.log(grey), PIXEL_MM, meaning="log"))
    assert attenuation.values["isrb_um"] == pytest.approx(plain.values["isrb_um"], rel=0.01)
    assert logarithm.values["isrb_um"] == pytest.approx(plain.values["isrb_um"], rel=0.01)
    assert "logarithmic" in logarithm.inputs["domain"] and attenuation.inputs["domain"] == "attenuation"


def test_the_picture_may_be_scaled_and_shifted_in_grey() -> None:
    place, depth, _ = gauges.duplex_profile(Blur(box_mm=0.2, pixel_mm=PIXEL_MM))
    grey = gauges.duplex_picture((place, depth), PIXEL_MM)
    first, second = (run("duplex", gauges.image(one, PIXEL_MM)) for one in (grey, 0.5 * grey + 9000))
    assert second.values["isrb_um"] == pytest.approx(first.values["isrb_um"], rel=2e-3)


def test_resolution_is_proportional_to_the_spacing_given() -> None:
    place, depth, _ = gauges.duplex_profile(Blur(box_mm=0.2, pixel_mm=PIXEL_MM))
    given = gauges.image(gauges.duplex_picture((place, depth), PIXEL_MM), PIXEL_MM, spacing=Spacing())
    assert isinstance(run("duplex", given), NotMeasurable)
    assert run("duplex", given, spacing_mm=PIXEL_MM).values["isrb_um"] == pytest.approx(114.5, rel=0.03)


@pytest.mark.parametrize(("name", "pixel_mm"), list(zip(gauges.without_gauge(), 7 * (0.05, 0.15), strict=True)))
def test_a_picture_without_a_gauge_is_refused(name: str, pixel_mm: float) -> None:
    given = gauges.image(gauges.without_gauge()[name][:, :600], pixel_mm)
    assert isinstance(run("duplex", given, region=(0, 0, given.rows, given.columns)), NotMeasurable)


@pytest.mark.parametrize("name", ["sine", "line pairs", "texture"])
def test_a_search_of_a_whole_picture_without_a_gauge_is_refused(name: str) -> None:
    assert isinstance(run("duplex", gauges.image(gauges.without_gauge()[name], 0.1)), NotMeasurable)


def test_a_gauge_is_found_in_a_large_picture() -> None:
    blur = Blur(gauss_mm=0.09, pixel_mm=0.1)
    gauge = gauges.duplex_picture(gauges.duplex_profile(blur)[:2], 0.1, tilt_deg=3)
    grey = np.random.default_rng(0).normal(25000, 125, (700, 800))
    grey[:, 700:] *= 0.7
    grey[200 : 200 + gauge.shape[0], 150 : 150 + gauge.shape[1]] = gauge
    result = run("duplex", gauges.image(grey, 0.1))
    assert result.values["isrb_um"] == pytest.approx(gauges.exact_srb_um(blur), rel=0.05)
    row, column, height, width = result.values["gauge_region"]
    assert row <= 205 and column <= 180 and height < 350 and width < 550
    refused = run("duplex", gauges.image(np.random.default_rng(0).normal(25000, 125, (700, 800)), 0.1))
    assert "give the region" in refused.reason


def test_the_stated_uncertainty_covers_where_contrast_is_small() -> None:
    blur = Blur(gauss_mm=0.1, pixel_mm=0.1)
    profile, truth = gauges.duplex_profile(blur)[:2], gauges.exact_srb_um(blur)
    shares = []
    for seed in range(6):
        result = run("duplex", gauges.image(gauges.duplex_picture(profile, 0.1, contrast=0.05, snr=60, seed=seed), 0.1))
        if isinstance(result, Measurement):
            shares.append((result.values["isrb_um"] - truth) / result.uncertainties["isrb_um"])
    assert len(shares) >= 4
    assert np.max(np.abs(shares)) < 3.5 and np.sqrt(np.mean(np.square(shares))) < 1.7


def test_clipped_pixels_are_told() -> None:
    grey = gauges.duplex_picture(gauges.duplex_profile(Blur(box_mm=0.2, pixel_mm=0.1))[:2], 0.1, snr=200)
    region = {"region": (0, 0, *grey.shape)}
    assert not any("clipped" in warning for warning in run("duplex", gauges.image(grey, 0.1), **region).warnings)
    clipped = run("duplex", gauges.image(np.minimum(grey, 25050), 0.1), **region)
    assert isinstance(clipped, NotMeasurable) or any("clipped" in warning for warning in clipped.warnings)


def test_wire_iqis_and_letters_are_refused() -> None:
    for first in (6, 13):
        grey, _ = gauges.wire_picture(first, 0.1, pitch_mm=6.0)
        assert isinstance(run("duplex", gauges.image(grey, 0.1)), NotMeasurable)


def test_dips_that_never_cross_give_no_number() -> None:
    widths = list(gauges.DUPLEX_MM[:4])
    assert "too coarse" in duplex.interpolate(widths, np.array([100.0, 90, 60, 40]))
    assert "coarser than" in duplex.interpolate(widths, np.array([10.0, 0, 0, 0]))
    assert duplex.interpolate(widths, np.array([100.0, 80, 20, 0]))[0] == pytest.approx(0.5)

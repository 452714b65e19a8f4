"""Noise power against white and filtered noise of exactly known power; its integral is the variance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import convolve1d, gaussian_filter

import detectors
from kerma.science.imaging.image import Image
from kerma.science.measure import nps, run
from kerma.science.results import NotMeasurable


def _white(seed: int, shape: tuple[int, ...] = (1, 768, 900), sigma: float = 50.0) -> np.ndarray:
    return 5000 + np.random.default_rng(seed).normal(0, sigma, shape)


def test_white_noise_has_the_power_variance_times_pixel_area_at_every_frequency() -> None:
    values = run("nps", detectors.image(_white(1))).values
    for name in ("radial", "horizontal", "vertical"):
        power, error = np.array(values[f"nps_{name}_stored2_mm2"]), np.array(values[f"{name}_relative_errors"])
        deviation = (power / (2500 * detectors.PITCH_MM**2) - 1) / error
        assert np.abs(deviation).max() < 5 and deviation.std() < 2
        assert values[f"nnps_{name}_mm2"] == pytest.approx(power / values["mean_stored"] ** 2)


@pytest.mark.parametrize("sigma_px", [0.0, 0.7, 2.0])
def test_the_integral_is_the_variance(sigma_px: float) -> None:
    noise = gaussian_filter(_white(2), (0, sigma_px, sigma_px), mode="wrap")
    values = run("nps", detectors.image(noise)).values
    assert values["integral_stored2"] == pytest.approx(values["variance_stored2"], rel=1e-5)
    assert values["integral_stored2"] == pytest.approx(noise.var(), rel=0.01 if sigma_px < 1 else 0.03)


def test_filtered_noise_has_the_power_of_its_filter() -> None:
    noise = gaussian_filter(_white(3, (4, 768, 768)), (0, 1.0, 1.0), mode="wrap")
    frequency, power, error = nps.spectrum(detectors.image(noise)).radial()
    truth = 2500 * np.exp(-4 * np.pi**2 * frequency**2)
    low = frequency < 0.3
    assert np.abs((power / truth - 1) / error)[low].max() < 6
    assert (power / truth)[low].mean() == pytest.approx(1, abs=0.02)


def test_the_two_axes_are_told_apart() -> None:
    kernel = np.array([1, 2, 1]) / 4
    noise = convolve1d(_white(4, (2, 768, 768)), kernel, axis=2, mode="wrap")
    found = nps.spectrum(detectors.image(noise))
    frequency, across, _ = found.along("columns")
    truth = 2500 * np.cos(np.pi * frequency) ** 4
    use = frequency < 0.35
    assert (across / truth)[use].mean() == pytest.approx(1, abs=0.04)
    assert found.along("rows")[1].mean() == pytest.approx(2500, rel=0.05)


def test_gain_scales_by_its_square_and_the_normalised_power_not_at_all() -> None:
    noise = _white(5, (1, 300, 300))
    first, second = (run("nps", detectors.image(factor * noise)).values for factor in (1.0, 3.0))
    assert second["nps_radial_stored2_mm2"] == pytest.approx(9 * np.array(first["nps_radial_stored2_mm2"]), rel=1e-4)
    assert second["nnps_radial_mm2"] == pytest.approx(first["nnps_radial_mm2"], rel=1e-4)


def test_a_second_order_shading_adds_nothing() -> None:
    noise = _white(6, (1, 512, 512))
    row, column = np.mgrid[-1:1:512j, -1:1:512j]
    shaded = noise + 800 * row**2 - 500 * column * row + 300 * column
    plain, with_shading = (nps.spectrum(detectors.image(one)).variance_stored2 for one in (noise, shaded))
    assert with_shading == pytest.approx(plain, rel=1e-4)


def test_frames_are_averaged() -> None:
    one, four = (nps.spectrum(detectors.image(_white(7, (planes, 512, 512)))) for planes in (1, 4))
    assert (one.regions, four.regions) == (9, 36)
    assert four.radial()[2] == pytest.approx(one.radial()[2] / 2)


def test_regions_with_padding_are_passed_over() -> None:
    pixels = np.rint(_white(8, (1, 512, 900)))
    pixels[:, :, 700:] = 0
    found = nps.spectrum(detectors.image(pixels, padding_value=0.0))
    assert found.variance_stored2 == pytest.approx(2500, rel=0.02)


def test_spikes_small_regions_and_a_missing_scale_are_said() -> None:
    from kerma.science.imaging.image import Spacing

    pixels = _white(9, (1, 100, 100))
    pixels[0, 50, 50] = 60_000
    result = run("nps", detectors.image(pixels, spacing=Spacing()))
    assert "nnps_radial_px2" in result.values
    for words in ("stand far out", "100 pixels a side", "scale is not known"):
        assert any(words in text for text in result.warnings), words


@pytest.mark.parametrize("pixels", [np.full((1, 64, 64), 9.0), np.zeros((1, 8, 300)), np.full((1, 64, 64), np.nan)])
def test_what_has_no_noise_is_refused(pixels: np.ndarray) -> None:
    assert isinstance(run("nps", detectors.image(pixels)), NotMeasurable)


def test_the_plane_of_white_noise_is_even_and_holds_the_variance() -> None:
    noise = np.random.default_rng(5).normal(10_000, 100, (600, 600))
    values = run("nps", Image(noise[None], bits=16, meaning="raw")).values
    plane = np.array(values["nnps_plane_px2"])
    assert plane.shape == (32, 16)
    assert plane.mean() == pytest.approx(1e-4, rel=0.03)
    assert plane.std() < 0.15 * plane.mean()


def test_the_plane_shows_the_direction_of_noise() -> None:
    noise = np.random.default_rng(5).normal(10_000, 100, (600, 600))
    smooth = (noise + np.roll(noise, 1, axis=0)) / 2  # averaged down the rows: no power at the row's Nyquist frequency
    plane = np.array(run("nps", Image(smooth[None], bits=16, meaning="raw")).values["nnps_plane_px2"])
    assert plane[[0, -1]].mean() < 0.05 * plane[15:17].mean()
    assert plane[:, -1].mean() == pytest.approx(plane[:, 2].mean(), rel=0.15)

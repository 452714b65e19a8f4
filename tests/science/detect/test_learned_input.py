"""Channels of a learned detector: what does not change them, and which way they point."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.science.detect.learned_input import CHANNELS, HIGHEST, channels, image_channels
from kerma.science.imaging.image import Image

ROWS, COLUMNS = 192, 256


def scene(seed: int = 1) -> np.ndarray:
    """A plate of noise with a pore (less material: more radiation) and a dense spot."""
    values = 1000.0 + np.random.default_rng(seed).normal(0.0, 10.0, (ROWS, COLUMNS))
    values[60:68, 60:68] += 120.0
    values[120:128, 180:188] -= 120.0
    return values.astype(np.float32)


def of(values: np.ndarray, **more: object) -> np.ndarray:
    asked = {"rises_with_dose": True, "is_linear": False} | more
    return channels(np.asarray(values, np.float32), **asked)  # type: ignore[arg-type]


def test_less_material_is_negative_and_more_is_positive() -> None:
    found = of(scene())
    assert found.shape == (CHANNELS, ROWS, COLUMNS)
    assert found[1:3, 64, 64].max() < -1.0
    assert found[1:3, 124, 184].min() > 1.0


@pytest.mark.parametrize(("gain", "offset"), [(0.01, 0.0), (3.0, 0.0), (1.0, 5000.0), (7.0, -2000.0)])
def test_gain_and_offset_drop_out(gain: float, offset: float) -> None:
    np.testing.assert_allclose(of(gain * scene() + offset), of(scene()), atol=0.03)


def test_an_inverted_film_shows_the_same_as_a_detector() -> None:
    np.testing.assert_allclose(of(5000.0 - scene(), rises_with_dose=False), of(scene()), atol=0.01)


def test_a_slope_of_light_ten_times_the_flaw_changes_the_flaw_little() -> None:
    slope = np.linspace(0.0, 1200.0, COLUMNS)[None] + np.linspace(0.0, 600.0, ROWS)[:, None]
    even, uneven = of(scene()), of(scene() + slope)
    fine, coarse = (slice(0, 2), slice(20, -20), slice(20, -20)), (2, slice(40, -40), slice(40, -40))
    assert float(np.abs(even[fine] - uneven[fine]).max()) < 0.4
    # The mirrored border bends a slope within three deviations of the wider Gaussian: there the noise reads higher.
    assert np.corrcoef(even[coarse].ravel(), uneven[coarse].ravel())[0, 1] > 0.97


def test_noise_alone_has_a_deviation_of_one_in_the_fine_channels() -> None:
    noise = 500.0 + np.random.default_rng(3).normal(0.0, 4.0, (384, 384))
    found = np.sinh(of(noise)[:2])
    assert found.std(axis=(1, 2)) == pytest.approx([1.0, 1.0], abs=0.1)


def test_the_logarithm_makes_a_flaw_the_same_under_any_beam() -> None:
    beam = np.exp(np.linspace(0.0, 1.0, COLUMNS))[None]
    clean = np.full((ROWS, COLUMNS), 1000.0)
    clean[60:68, 40:48] *= 1.1
    clean[60:68, 200:208] *= 1.1
    noisy = clean * (1 + np.random.default_rng(5).normal(0.0, 0.01, clean.shape)) * beam
    found = of(noisy, is_linear=True)
    assert found[1, 64, 44] == pytest.approx(found[1, 64, 204], abs=0.35)


def test_what_is_unknown_is_zero_and_stays_unseen() -> None:
    values = scene()
    values[:, :30] = np.nan
    found = of(values)
    assert np.isfinite(found).all()
    assert not found[:, :, :30].any()
    assert float(np.abs(found[1, 80:110, 30:36]).max()) < HIGHEST


def test_a_saturated_border_is_unknown() -> None:
    grey = np.clip(scene() / 8.0, 0, 254).astype(np.uint8)
    grey[:, :12] = 255
    found = image_channels(Image(grey[None], 8, rises_with_dose=True))
    assert not found[:, :, :12].any()


def test_eight_bits_coarser_than_the_noise_do_not_blow_up() -> None:
    flat = np.full((ROWS, COLUMNS), 100, np.uint8)
    flat[:, 128:] = 101
    found = image_channels(Image(flat[None], 8, rises_with_dose=False))
    assert float(np.abs(found[0]).max()) < 2.0


def test_an_empty_or_even_image_shows_nothing() -> None:
    assert not of(np.full((64, 64), np.nan)).any()
    assert not of(np.full((64, 64), 7.0)).any()


def test_half_size_shows_a_flaw_where_it_lies() -> None:
    stored = np.rint(scene()).astype(np.uint16)
    found = image_channels(Image(stored[None], 16, rises_with_dose=True), scale=0.5)
    assert found.shape == (CHANNELS, ROWS // 2, COLUMNS // 2)
    row, column = np.unravel_index(found[1].argmin(), found[1].shape)
    assert abs(row - 32) <= 4 and abs(column - 32) <= 4

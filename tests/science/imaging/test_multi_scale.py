"""Gaussians, their differences and the Laplacian pyramid: laws, scipy and scikit-image."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.imaging.multi_scale import (
    difference_of_gaussians,
    gaussian,
    laplacian_pyramid,
    multi_scale,
    reassembled,
)

SHAPES = [(1, 1), (1, 40), (5, 3), (63, 41), (128, 131)]


def plane(shape: tuple[int, int] = (128, 131), seed: int = 1) -> np.ndarray:
    """Return a 16-bit plane of noise on a slope."""
    return np.random.default_rng(seed).poisson(20_000 + 50 * np.arange(shape[1]), shape).astype(np.uint16)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sigma", [0.0, 0.3, 1.0, 4.5])
def test_a_gaussian_is_that_of_scipy(shape: tuple[int, int], sigma: float) -> None:
    from scipy.ndimage import gaussian_filter

    expected = gaussian_filter(plane(shape).astype(float), sigma, mode="nearest", truncate=4.0)
    # Single precision: some units in the seventh place.
    assert np.allclose(gaussian(plane(shape), sigma_px=sigma), expected, rtol=2e-6)


def test_differences_are_those_of_scikit_image() -> None:
    from skimage.filters import difference_of_gaussians as theirs

    values = plane().astype(float)
    bands = difference_of_gaussians(values, sigmas_px=(1, 2, 4, 8))
    for band, sigma in zip(bands, (1, 2, 4), strict=True):
        expected = theirs(values, sigma, 2 * sigma, truncate=4.0)
        # The cut at four sigma is the difference between one Gaussian and two in a row.
        assert np.abs(band - expected).max() < 1e-3 * np.abs(expected).max()


def test_bands_sum_to_the_first_gaussian_less_the_last() -> None:
    values = plane()
    bands = difference_of_gaussians(values, sigmas_px=(0.5, 1, 2, 4))
    expected = gaussian(values, sigma_px=0.5) - gaussian(values, sigma_px=4)
    # The cut of two Gaussians in a row, as a share of the values themselves.
    assert np.abs(bands.sum(axis=0) - expected).max() < 1e-5 * values.max()


def test_an_even_plane_has_no_detail() -> None:
    even = np.full((40, 50), 30_000, np.uint16)
    assert np.abs(difference_of_gaussians(even, sigmas_px=(1, 3, 9))).max() < 0.02
    assert all(np.abs(detail).max() < 0.02 for detail in laplacian_pyramid(even, levels=4)[:-1])
    assert np.array_equal(multi_scale(even, gains=(3, 3, 3)), even)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_pyramid_gives_its_picture_back(shape: tuple[int, int]) -> None:
    values = plane(shape)
    pyramid = laplacian_pyramid(values, levels=5)
    assert np.allclose(reassembled(pyramid), values, atol=0.02)
    for finer, coarser in zip(pyramid, pyramid[1:], strict=False):
        assert coarser.shape == tuple((size + 1) // 2 for size in finer.shape)
    assert np.array_equal(multi_scale(values, gains=(1,) * 5), values)


def test_a_step_of_the_pyramid_is_the_binomial_of_burt_and_adelson() -> None:
    from scipy.ndimage import correlate1d

    values = plane((40, 36)).astype(float)
    taps = np.array([1, 4, 6, 4, 1]) / 16
    smooth = correlate1d(correlate1d(values, taps, axis=0, mode="mirror"), taps, axis=1, mode="mirror")
    rest = laplacian_pyramid(values, levels=1)[1]
    assert np.allclose(rest, smooth[::2, ::2], rtol=1e-6)


def test_each_gain_lifts_details_of_its_own_size() -> None:
    row, column = np.mgrid[:256, :256]
    for level, period in ((0, 3), (1, 10), (2, 20)):
        wave = (30_000 + 1_000 * np.sin(2 * np.pi * column / period)).astype(np.float32)
        growth = []
        for lifted in range(4):
            found = multi_scale(wave, gains=[2.0 if each == lifted else 1.0 for each in range(4)])
            growth.append(float(found[64:-64, 64:-64].std() / wave[64:-64, 64:-64].std()))
        assert int(np.argmax(growth)) == level and growth[level] > 1.4


def test_an_exponent_below_one_lifts_faint_details_more() -> None:
    values = np.full((64, 128), 20_000, np.float32)
    values[32, 32], values[32, 96] = 21_000, 30_000
    found = multi_scale(values, gains=(1.0, 1.0), exponent=0.7)
    assert (found[32, 32] - 20_000) / 1_000 > 1.5 * (found[32, 96] - 20_000) / 10_000


def test_whole_numbers_end_at_the_limits_of_their_type() -> None:
    edge = np.zeros((32, 32), np.uint16)
    edge[:, 16:] = 65_535
    found = multi_scale(edge, gains=(3.0, 3.0))
    assert found.dtype == np.uint16 and found.min() == 0 and found.max() == 65_535
    assert multi_scale(edge.astype(np.float32), gains=(3.0, 3.0)).max() > 65_535


def test_what_cannot_be_is_refused() -> None:
    values = plane((9, 9))
    for sigma in (-1.0, 1e4, float("nan")):
        with pytest.raises(WrongUsage, match="Gaussian"):
            gaussian(values, sigma_px=sigma)
    for sigmas in ((1,), (2, 1), (1, 1)):
        with pytest.raises(WrongUsage, match="rising"):
            difference_of_gaussians(values, sigmas_px=sigmas)
    with pytest.raises(WrongUsage, match="level"):
        laplacian_pyramid(values, levels=0)
    with pytest.raises(WrongUsage, match="gain"):
        multi_scale(values, gains=())
    with pytest.raises(WrongUsage, match="exponent"):
        multi_scale(values, gains=(1,), exponent=0)
    with pytest.raises(WrongUsage, match="not finite"):
        multi_scale(np.array([[1.0, np.inf]]), gains=(1,))

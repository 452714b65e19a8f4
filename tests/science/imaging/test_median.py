"""The median filter is exact: held against scipy on every type, shape and window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import WrongUsage
from kerma.science.imaging.median import median

KINDS = (np.uint8, np.uint16, np.int16, np.float32, np.float64)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (5, 3), (40, 33)])
def test_it_is_that_of_scipy(kind: type, shape: tuple[int, int]) -> None:
    from scipy.ndimage import median_filter

    random = np.random.default_rng(1)
    values = (random.integers(0, 256, shape) if kind is np.uint8 else random.normal(0, 9000, shape)).astype(kind)
    for window in (1, 3, 5, 7, 21):
        expected = median_filter(values, size=window, mode="nearest")
        found = median(values, window_px=window)
        assert found.dtype == kind
        assert np.array_equal(found, expected), window


@given(st.integers(0, 2**32 - 1), st.integers(1, 25), st.integers(1, 25), st.sampled_from([3, 7, 9, 15]))
@settings(max_examples=40, deadline=None)
def test_extremes_of_16_bits_are_as_exact(seed: int, rows: int, columns: int, window: int) -> None:
    from scipy.ndimage import median_filter

    random = np.random.default_rng(seed)
    values = random.choice([0, 1, 63, 64, 65_534, 65_535], (rows, columns)).astype(np.uint16)
    assert np.array_equal(median(values, window_px=window), median_filter(values, size=window, mode="nearest"))


def test_tiles_of_real_values_join_without_a_seam() -> None:
    from scipy.ndimage import median_filter

    values = np.random.default_rng(2).normal(0, 1, (170, 331)).astype(np.float32)
    assert np.array_equal(median(values, window_px=9), median_filter(values, size=9, mode="nearest"))


def test_the_widest_window_of_values_that_all_differ_is_the_same_for_every_type() -> None:
    values = np.random.default_rng(4).permutation(260 * 252).reshape(260, 252).astype(np.float32)
    expected = median(values.astype(np.uint16), window_px=101)
    assert np.array_equal(median(values, window_px=101), expected)


def test_it_commutes_with_a_rising_function_and_leaves_an_even_plane_alone() -> None:
    values = np.random.default_rng(3).integers(0, 60_000, (30, 50)).astype(np.uint16)
    assert np.array_equal(median(values // 7, window_px=11), median(values, window_px=11) // 7)
    even = np.full((12, 12), 7_000, np.uint16)
    assert np.array_equal(median(even, window_px=31), even)


def test_a_dead_pixel_and_a_dead_line_are_gone_and_the_input_is_untouched() -> None:
    values = np.full((40, 40), 9_000, np.uint16)
    values[7, 9] = 0
    values[:, 20:22] = 65_535
    before = values.copy()
    assert (median(values, window_px=7) == 9_000).all()
    assert np.array_equal(values, before)


@pytest.mark.parametrize("window", [0, 2, -3, 103])
def test_windows_that_cannot_be_are_refused(window: int) -> None:
    with pytest.raises(WrongUsage, match="odd side"):
        median(np.zeros((5, 5), np.uint16), window_px=window)


def test_what_no_filter_can_work_on_is_refused_with_its_reason() -> None:
    holes = np.ones((5, 5), np.float32)
    holes[2, 2] = np.nan
    with pytest.raises(WrongUsage, match="1 are not finite"):
        median(holes, window_px=3)
    with pytest.raises(WrongUsage, match="one plane"):
        median(np.zeros((2, 5, 5), np.uint16), window_px=3)
    with pytest.raises(WrongUsage, match="one plane"):
        median(np.zeros((0, 5), np.uint16), window_px=3)
    with pytest.raises(WrongUsage, match="complex"):
        median(np.zeros((5, 5), np.complex64), window_px=3)

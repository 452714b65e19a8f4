from __future__ import annotations

import cv2
import numpy as np
import pytest

from kerma.science.imaging.frame_statistics import Surroundings, exact_median

RANDOM = np.random.default_rng(4)
SIZE = (700, 801)
VALUES = {
    "noise": RANDOM.normal(20_000, 150, SIZE),
    "an even count": RANDOM.normal(0, 1, (700, 800)),
    "single precision": RANDOM.normal(5, 2, SIZE).astype(np.float32),
    "whole numbers": RANDOM.poisson(9, SIZE),
    "one value": np.full(SIZE, 7.0),
    "two values": RANDOM.integers(0, 2, SIZE).astype(float),
    "a rise": np.arange(561_600.0),
    # The few values looked at first are all in the bright columns.
    "stripes in step": np.where(np.arange(560_000) % 28 == 0, 9.0, RANDOM.normal(0, 1, 560_000)),
    "few": RANDOM.normal(0, 1, 10),
}


@pytest.mark.parametrize("what", VALUES)
def test_the_exact_median_is_the_median(what: str) -> None:
    values = VALUES[what]
    assert exact_median(values) == np.median(values)


@pytest.mark.parametrize("window", [3, 9, 21])
@pytest.mark.parametrize("rows", [5, 257, 530])
def test_bands_of_rows_leave_no_seam(window: int, rows: int) -> None:
    values = RANDOM.normal(1000, 30, (rows, 60)).astype(np.float32)
    reach = window // 2
    padded = cv2.copyMakeBorder(values, *(reach,) * 4, cv2.BORDER_REFLECT_101)
    medians = np.median(np.lib.stride_tricks.sliding_window_view(padded, (window, window)), axis=(2, 3))
    around = Surroundings(values, window)
    assert (around.above(1.01) == (values > 1.01 * medians)).all()
    assert (around.below(0.99) == (values < 0.99 * medians)).all()

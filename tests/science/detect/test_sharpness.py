"""Sharpness of the sharpest edges: the blur that was put in comes out, whatever gain and noise."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from good_parts import part
from kerma.science.detect.laying import comparable
from kerma.science.detect.sharpness import edge_width_px


def _stripes(blur_px: float, noise: float = 0.0) -> np.ndarray:
    row, column = np.mgrid[:400, :400]
    sharp = 1000 + 9000 * (np.abs((row * 0.2 + column) % 100 - 50) < 25)
    blurred = cv2.GaussianBlur(sharp.astype(np.float32), (0, 0), blur_px)
    return (blurred + noise * np.random.default_rng(1).standard_normal(blurred.shape)).astype(np.float32)


@pytest.mark.parametrize("blur_px", [1.0, 1.5, 2.0, 3.0, 4.0])
def test_the_blur_of_an_edge_is_that_which_was_put_in(blur_px: float) -> None:
    assert edge_width_px(_stripes(blur_px)) == pytest.approx(blur_px, abs=0.15)
    assert edge_width_px(_stripes(blur_px) * 3 - 7) == pytest.approx(edge_width_px(_stripes(blur_px)), rel=1e-3)
    assert edge_width_px(_stripes(blur_px, noise=60.0)) == pytest.approx(blur_px, rel=0.25)


def test_more_blur_is_never_seen_as_less() -> None:
    seen = [edge_width_px(comparable(part(1, blur_px=blur), 0)) for blur in (0, 1, 2, 3, 4)]
    assert seen == sorted(seen)


def test_without_edges_there_is_no_width() -> None:
    assert edge_width_px(np.random.default_rng(2).normal(0, 1, (200, 200)).astype(np.float32)) is None
    assert edge_width_px(np.zeros((200, 200), np.float32)) is None
    assert edge_width_px(np.zeros((10, 10), np.float32)) is None

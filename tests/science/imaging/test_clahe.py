"""CLAHE: laws, the written definition carried out again in plain numpy, and OpenCV and scikit-image beside it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.imaging.clahe import clahe, curves


def picture(shape: tuple[int, int] = (150, 203), seed: int = 1) -> np.ndarray:
    """Return a shaded 16-bit plane with faint texture and noise."""
    row, column = np.mgrid[: shape[0], : shape[1]]
    shading = 20_000 + 12_000 * np.sin(column / 60) * np.cos(row / 45) + 500 * (column % 11 > 8)
    return np.random.default_rng(seed).poisson(shading).astype(np.uint16)


def as_defined(plane: np.ndarray, tiles: tuple[int, int], clip_limit: float, bins: int) -> np.ndarray:
    """Return what the five rules of the module's page give, pixel by pixel in double precision."""
    low, high = float(plane.min()), float(plane.max())
    half = 0.5 if plane.dtype.kind in "ui" else 0.0
    place = (plane - low + half) * bins / (high - low + 2 * half)
    which = np.minimum(place.astype(int), bins - 1)
    edges = [[i * size // n for i in range(n + 1)] for size, n in zip(plane.shape, tiles, strict=True)]
    curve = np.zeros((*tiles, bins + 1))
    for i in range(tiles[0]):
        for j in range(tiles[1]):
            tile = which[edges[0][i] : edges[0][i + 1], edges[1][j] : edges[1][j + 1]]
            counts = np.bincount(tile.ravel(), minlength=bins).astype(float)
            most = clip_limit * tile.size / bins
            excess = np.maximum(counts - most, 0).sum() if math.isfinite(clip_limit) else 0.0
            counts = np.minimum(counts, most) + excess / bins
            curve[i, j, 1:] = np.cumsum(counts) / tile.size
    share = []
    for size, n, edge in zip(plane.shape, tiles, edges, strict=True):
        centre = [(edge[i] + edge[i + 1] - 1) / 2 for i in range(n)]
        share.append(np.interp(np.arange(size), centre, np.arange(n)))
    found = np.zeros(plane.shape)
    for i in range(tiles[0]):
        for j in range(tiles[1]):
            weight = np.outer(np.maximum(0, 1 - abs(share[0] - i)), np.maximum(0, 1 - abs(share[1] - j)))
            found += weight * np.interp(place, np.arange(bins + 1), curve[i, j])
    return low + (high - low) * found


@pytest.mark.parametrize(
    ("tiles", "clip_limit", "bins"), [((8, 8), 3.0, 256), ((1, 1), math.inf, 64), ((3, 5), 1.0, 1024), ((2, 9), 40, 2)]
)
def test_it_is_what_its_page_says(tiles: tuple[int, int], clip_limit: float, bins: int) -> None:
    plane = picture()
    found = clahe(plane, tiles=tiles, clip_limit=clip_limit, bins=bins)
    # Curves are kept in single precision, as a texture would be: a step of 16 bits at most.
    assert np.abs(found - as_defined(plane, tiles, clip_limit, bins)).max() <= 1.0
    real = plane.astype(np.float32) / 7
    spread = float(real.max() - real.min())
    found = clahe(real, tiles=tiles, clip_limit=clip_limit, bins=bins)
    assert np.abs(found - as_defined(real, tiles, clip_limit, bins)).max() <= 2e-6 * spread


def test_one_tile_without_limit_is_equalisation_of_the_histogram() -> None:
    from skimage.exposure import equalize_hist

    plane = picture()
    found = clahe(plane, tiles=(1, 1), clip_limit=math.inf, bins=1024).astype(float)
    share = (found - plane.min()) / float(plane.max() - plane.min())
    # scikit-image takes the sum up to the end of a bin, or between their middles: half a bin of the densest apart.
    densest = np.histogram(plane, bins=1024)[0].max() / plane.size
    assert np.abs(share - equalize_hist(plane, nbins=1024)).max() <= densest


def test_the_curve_of_one_tile_is_opencvs() -> None:
    import cv2

    plane = (picture((256, 256)) >> 8).astype(np.uint8)
    theirs = cv2.createCLAHE(3.0, (1, 1)).apply(plane)
    curve = curves(plane, tiles=(1, 1), clip_limit=3.0, bins=256, grey_range=(0, 255)).points[0, 0]
    # OpenCV reads the curve at the end of a value's bin, and shares whole counts: one of 255 levels.
    assert np.abs(theirs - 255 * curve[plane.astype(int) + 1]).max() <= 1.0


def test_it_looks_like_that_of_scikit_image() -> None:
    from skimage.exposure import equalize_adapthist

    plane = picture((400, 500))
    theirs = equalize_adapthist(plane, kernel_size=(50, 63), clip_limit=3 / 256)
    ours = clahe(plane, clip_limit=3.0)
    assert np.corrcoef(theirs.ravel(), ours.ravel())[0, 1] > 0.99


def test_a_limit_of_one_leaves_the_picture_nearly_alone() -> None:
    plane = np.random.default_rng(4).integers(1_000, 60_000, (200, 200)).astype(np.uint16)
    assert np.abs(clahe(plane, tiles=(1, 1), clip_limit=1.0).astype(float) - plane).max() < 0.01 * 59_000


def test_contrast_rises_with_the_limit_and_the_range_stays() -> None:
    plane = picture()
    texture = [float(np.abs(np.diff(clahe(plane, clip_limit=limit).astype(float))).mean()) for limit in (1, 2, 4, 8)]
    assert texture == sorted(texture) and texture[-1] > 1.5 * texture[0]
    found = clahe(plane, clip_limit=8)
    assert found.dtype == np.uint16 and found.min() >= plane.min() and found.max() <= plane.max()


def test_within_one_tile_a_brighter_pixel_stays_the_brighter() -> None:
    plane = picture()
    found = clahe(plane, tiles=(1, 1))
    order = np.argsort(plane.ravel(), kind="stable")
    assert (np.diff(found.ravel()[order].astype(int)) >= 0).all()


def test_gain_and_offset_change_nothing_but_gain_and_offset() -> None:
    plane = picture().astype(np.float64)
    assert np.allclose(clahe(plane * 2 + 1000), clahe(plane) * 2 + 1000, rtol=0, atol=1e-3 * np.ptp(plane))


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (3, 2), (17, 401)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_tiny_and_odd_planes_of_every_type(shape: tuple[int, int], kind: type) -> None:
    plane = np.random.default_rng(1).integers(0, 120, shape).astype(kind)
    found = clahe(plane)
    assert found.shape == shape and found.dtype == kind and np.isfinite(found).all()
    even = np.full(shape, 42, kind)
    assert np.array_equal(clahe(even), even)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"clip_limit": 0.5}, "clip limit"), ({"clip_limit": math.nan}, "clip limit"), ({"bins": 1}, "bins"),
        ({"tiles": (0, 4)}, "tile"), ({"grey_range": (5.0, 5.0)}, "empty"), ({"grey_range": (-5.0, 900.0)}, "fit"),
    ],
)  # fmt: skip
def test_options_out_of_range_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(WrongUsage, match=words):
        clahe(picture((20, 20)), **options)


def test_values_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(WrongUsage, match="not finite"):
        clahe(np.array([[1.0, np.nan]]))

"""Laying one picture on another: known maps are found, tone does not matter, what is new stays."""

import cv2
import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.imaging.registration import laid, register

SIZE = (420, 560)


def picture(seed: int = 1, size: tuple[int, int] = SIZE) -> np.ndarray:
    rng = np.random.default_rng(seed)
    made = np.full(size, 30_000, dtype=np.float32)
    for _ in range(40):
        centre = (int(rng.integers(0, size[1])), int(rng.integers(0, size[0])))
        axes = (int(rng.integers(8, 70)), int(rng.integers(8, 50)))
        body = np.zeros(size, dtype=np.float32)
        cv2.ellipse(body, centre, axes, float(rng.integers(0, 180)), 0, 360, 1.0, -1, cv2.LINE_AA)
        made *= np.exp(-body * np.float32(rng.uniform(0.05, 0.3)))
    return cv2.GaussianBlur(made, (0, 0), 1.0)


def moved_by(matrix: np.ndarray, source: np.ndarray, seed: int = 9) -> np.ndarray:
    """A second exposure: the object moved by a map of (column, row), other noise."""
    other = cv2.warpAffine(source, matrix, (source.shape[1], source.shape[0]), borderMode=cv2.BORDER_REPLICATE)
    return other + np.random.default_rng(seed).normal(0, 60, other.shape).astype(np.float32)


MAPS = {
    "shift": np.array([[1, 0, 13.4], [0, 1, -7.25]]),
    "turn and scale": np.array([[1.02 * np.cos(0.03), -np.sin(0.03), 9.0], [np.sin(0.03), 1.02 * np.cos(0.03), -12.0]]),
    "shear": np.array([[1.0, 0.02, -5.0], [0.01, 0.99, 6.0]]),
}


@pytest.mark.parametrize("name", MAPS)
def test_a_known_map_is_found_to_a_fraction_of_a_pixel(name: str) -> None:
    clean = picture()
    fixed = clean + np.random.default_rng(3).normal(0, 60, clean.shape)
    found = register(fixed, moved_by(MAPS[name], clean))
    rows, columns = np.meshgrid(np.linspace(60, 360, 7), np.linspace(60, 500, 7), indexing="ij")
    points = np.stack([columns.ravel(), rows.ravel(), np.ones(49)])
    apart = np.hypot(*(found.matrix @ points - MAPS[name] @ points))
    assert apart.max() < 0.1
    assert found.agreement > 0.9


def test_tone_negative_and_mirror_do_not_matter() -> None:
    fixed = picture()
    shifted = moved_by(MAPS["shift"], fixed)
    toned = 255.0 * (1.0 - np.sqrt(np.clip(shifted / 40_000, 0, 1)))
    for other, sign in ((toned, -1.0), (np.fliplr(shifted), 1.0)):
        found = register(fixed, other)
        assert found.sign == sign
        overlay = laid(fixed, other, found)
        known = np.isfinite(overlay)
        assert np.corrcoef(overlay[known], fixed[known])[0, 1] > 0.95


def test_the_difference_shows_what_is_new_and_little_else() -> None:
    fixed = picture()
    changed = fixed.copy()
    cv2.circle(changed, (300, 200), 12, float(changed[200, 300]) * 0.8, -1)
    other = 0.5 * moved_by(MAPS["turn and scale"], fixed) + 1000
    difference = changed - laid(changed, other, register(changed, other))
    inside, outside = difference[190:210, 290:310], difference[40:150, 60:500]
    assert np.isfinite(inside).all()
    assert abs(float(np.mean(inside))) > 8 * float(np.nanstd(outside))


def test_what_is_not_alike_is_refused() -> None:
    with pytest.raises(WrongUsage, match="not alike enough"):
        register(picture(1), picture(77))
    with pytest.raises(WrongUsage, match="nothing to compare"):
        register(picture(1), np.full(SIZE, 5.0))
    with pytest.raises(WrongUsage, match="smaller than 64"):
        register(picture(1, (32, 400)), picture(1))


def test_where_there_is_nothing_of_the_other_there_is_no_value() -> None:
    fixed = picture()
    overlay = laid(fixed, fixed, register(fixed, moved_by(np.array([[1.0, 0, 40], [0, 1.0, 0]]), fixed)))
    assert np.isnan(overlay[:, -30:]).all()

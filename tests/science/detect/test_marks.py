"""Lead letters: rows, turned rows, hyphens and faint rows are marks; a dense spot, a pair and spatter are none."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.science.detect import detect
from kerma.science.detect.marks import lead_marks
from kerma.science.imaging.image import Image
from kerma.science.simulate.lettering import lead_letters

SIDE = 400


def _grey(thickness: np.ndarray, *, taken: float, seed: int = 1) -> np.ndarray:
    """Return what comes through where lead of 1 mm takes a share of the signal."""
    passed = 20_000 * (1 - taken) ** thickness
    return (passed + np.random.default_rng(seed).normal(0, 60, passed.shape)).astype(np.float32)


def _letters(text: str, *, turned: bool = False) -> np.ndarray:
    thickness = np.zeros((SIDE, SIDE))
    lead_letters(thickness, text, row_px=60, column_px=80, height_px=30, thickness_mm=1.0)
    return np.ascontiguousarray(np.rot90(thickness)) if turned else thickness


def _covered(thickness: np.ndarray, **options: float) -> float:
    """Return the share of the letters that the marks hide."""
    marks = lead_marks(_grey(thickness, **options), is_linear=True)
    return 0.0 if marks is None else float(marks[thickness > 0].mean())


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("text", ["AB 12", "B39 5-7", "R1-2"])
def test_letters_and_the_hyphens_between_them_are_marks_upright_or_turned(text: str, turned: bool) -> None:
    assert _covered(_letters(text, turned=turned), taken=0.6) > 0.98


@pytest.mark.parametrize("turned", [False, True])
def test_a_row_of_faint_letters_is_marks(turned: bool) -> None:
    assert _covered(_letters("S858", turned=turned), taken=0.18) > 0.95


def test_a_hyphen_is_no_finding() -> None:
    image = Image(
        _grey(_letters("B39 5-7"), taken=0.6).astype(np.uint16)[None], bits=16, meaning="raw", rises_with_dose=True
    )
    assert detect("small_flaws", image) == ()


def test_dense_spots_and_faint_spatter_are_no_marks() -> None:
    row, column = np.mgrid[:SIDE, :SIDE]
    spots = np.zeros((SIDE, SIDE))
    for at in ((100, 100), (100, 130)):
        spots += np.hypot(row - at[0], column - at[1]) < 8
    assert lead_marks(_grey(spots, taken=0.6), is_linear=True) is None
    spatter = np.zeros((SIDE, SIDE))
    for number, (at_row, size) in enumerate(((200, 9), (207, 12), (196, 7), (204, 15))):
        away = np.hypot(row - at_row, column - 90 - 34 * number)
        spatter += (away < size) & (away > size / 2)
    assert lead_marks(_grey(spatter, taken=0.16), is_linear=True) is None


def test_a_lone_bar_and_a_bar_beside_one_letter_only_stay_to_be_seen() -> None:
    bar = np.zeros((SIDE, SIDE))
    bar[200:206, 150:172] = 1
    assert lead_marks(_grey(bar, taken=0.6), is_linear=True) is None
    beside = _letters("AB")
    last = int(np.flatnonzero(beside.any(axis=0))[-1])
    beside[75:80, last + 12 : last + 26] = 1
    marks = lead_marks(_grey(beside, taken=0.6), is_linear=True)
    assert marks is not None and not marks[75:80, last + 16 : last + 26].any()

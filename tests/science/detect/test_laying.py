"""Laying a picture on a reference: the map is the one the part was moved by, and what does not fit is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from good_parts import COLUMNS, ROWS, part
from kerma.errors import WrongUsage
from kerma.science.detect.laying import comparable, lay


def _true_matrix(shift_px: tuple[float, float], turn_deg: float) -> np.ndarray:
    turn = np.deg2rad(turn_deg)
    linear = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.array([COLUMNS / 2, ROWS / 2])
    return np.column_stack([linear, middle + shift_px[::-1] - linear @ middle])


@pytest.mark.parametrize(("shift", "turn"), [((0, 0), 0), ((4.3, -2.2), 1.7), ((-9.6, 7.1), -3.0), ((0.5, 20.0), 6.0)])
def test_the_map_is_true_to_a_tenth_of_a_pixel_anywhere_in_the_view(shift: tuple, turn: float) -> None:
    fixed, moving = comparable(part(1), 0), comparable(part(2, shift_px=shift, turn_deg=turn), 0)
    found = lay(fixed, moving)
    corners = np.array([[20, 20, 1], [20, ROWS - 20, 1], [COLUMNS - 20, 20, 1], [COLUMNS - 20, ROWS - 20, 1]])
    off = corners @ (found.matrix - _true_matrix(shift, turn)).T
    assert np.hypot(*off.T).max() < 0.1
    assert found.agreement > 0.998


def test_gain_and_dose_change_nothing() -> None:
    moved = part(3, shift_px=(3, 1))
    weak = dataclasses.replace(moved, pixels=(moved.pixels * 0.37).astype(np.uint16))
    matrices = [lay(comparable(part(1), 0), comparable(one, 0)).matrix for one in (moved, weak)]
    assert np.abs(matrices[0] - matrices[1]).max() < 0.01


@pytest.mark.parametrize(
    ("moved", "words"),
    [({"turn_deg": 18.0}, "turned by 1[78]|does not show"), ({"shift_px": (0.0, 90.0)}, "shifted by|does not show")],
)
def test_a_part_that_lies_too_far_off_is_refused(moved: dict, words: str) -> None:
    with pytest.raises(WrongUsage, match=words):
        lay(comparable(part(1), 0), comparable(part(3, **moved), 0))


def test_another_part_an_empty_view_and_too_small_a_picture_are_refused() -> None:
    own = comparable(part(1), 0)
    noise = np.random.default_rng(1).normal(10, 0.01, own.shape).astype(np.float32)
    with pytest.raises(WrongUsage, match="does not show the part"):
        lay(own, noise)
    with pytest.raises(WrongUsage, match="does not show the part"):
        lay(own, np.ascontiguousarray(-own))
    with pytest.raises(WrongUsage, match="shows nothing"):
        lay(own, np.full_like(own, 3))
    with pytest.raises(WrongUsage, match="48 rows"):
        lay(own[:40], own[:40])

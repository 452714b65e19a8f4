"""Marks from the answers of a network: places and sizes that are known, one mark per flaw."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.science.detect.learned_marks import CUT_FACTOR, STRIDE, Mark, Tile, marks, merged

SIDE = 32
WHOLE = Tile((0, 0), (SIDE * STRIDE, SIDE * STRIDE), (SIDE * STRIDE, SIDE * STRIDE), 1.0)


def answers(
    row: int, column: int, *, label: int = 1, high: float = 3.0, wide: float = 5.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a network answers that is sure of one box whose middle lies 0.2 and 0.3 cells off that of the cell."""
    heat = np.zeros((3, SIDE, SIDE), np.float32)
    heat[label, row, column] = 0.8
    box = np.zeros((4, SIDE, SIDE), np.float32)
    box[:, row, column] = (0.2, 0.3, np.log(high), np.log(wide))
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[row - 1 : row + 2, column - 2 : column + 3] = 1.0
    return heat, box, mask


def test_a_peak_becomes_the_box_it_speaks_of() -> None:
    (mark,) = marks(*answers(10, 20), WHOLE)
    assert (mark.label, mark.score) == (1, pytest.approx(0.8))
    assert mark.box == pytest.approx((4 * (10.7 - 1.5), 4 * (20.8 - 2.5), 4 * (10.7 + 1.5), 4 * (20.8 + 2.5)), abs=1e-4)


def test_the_corner_of_the_tile_and_the_scale_are_undone() -> None:
    tile = Tile((64, 32), (128, 128), (512, 512), 0.5)
    (inner,), (whole,) = marks(*answers(10, 20), tile), marks(*answers(10, 20), WHOLE)
    expected = [2 * (value + corner) for value, corner in zip(whole.box, (64, 32, 64, 32), strict=True)]
    assert inner.box == pytest.approx(expected, abs=1e-4)
    assert np.array(inner.polygon).mean(axis=0) == pytest.approx(
        2 * (np.array(whole.polygon).mean(axis=0) + (64, 32)), abs=1e-4
    )


def test_the_outline_is_that_of_the_mask() -> None:
    (mark,) = marks(*answers(10, 20, high=4.0, wide=7.0), WHOLE)
    points = np.array(mark.polygon)
    assert points.min(axis=0) == pytest.approx((9 * STRIDE, 18 * STRIDE), abs=1.5)
    assert points.max(axis=0) == pytest.approx((12 * STRIDE, 23 * STRIDE), abs=1.5)
    length, width = mark.size_px()
    assert (length, width) == pytest.approx((5 * STRIDE, 3 * STRIDE), abs=2.0)


def test_without_a_mask_there_is_no_outline_and_the_box_gives_the_size() -> None:
    heat, box, mask = answers(10, 20)
    (mark,) = marks(heat, box, 0 * mask, WHOLE)
    assert mark.polygon == ()
    assert mark.size_px() == pytest.approx((20.0, 12.0), abs=1e-4)


def test_a_mark_cut_by_the_inner_edge_of_a_tile_counts_less() -> None:
    inner = Tile((64, 0), (SIDE * STRIDE, SIDE * STRIDE), (512, 512), 1.0)
    (cut,) = marks(*answers(1, 16), inner)
    (whole,) = marks(*answers(1, 16), WHOLE)
    assert cut.score == pytest.approx(CUT_FACTOR * whole.score)


def test_neighbours_of_a_peak_and_weaker_labels_there_make_no_marks() -> None:
    heat, box, mask = answers(10, 20)
    heat[1, 10, 21], heat[2, 10, 20], heat[0, 11, 20] = 0.7, 0.6, 0.5
    assert len(marks(heat, box, mask, WHOLE)) == 1


def test_one_flaw_seen_in_two_tiles_and_scales_is_one_mark() -> None:
    seen = [
        Mark(0.6, 1, (10.0, 10.0, 30.0, 60.0)), Mark(0.9, 1, (11.0, 12.0, 31.0, 61.0)),
        Mark(0.5, 2, (12.0, 15.0, 28.0, 40.0)), Mark(0.4, 1, (8.0, 5.0, 40.0, 90.0)),
        Mark(0.3, 1, (100.0, 100.0, 110.0, 110.0)),
    ]  # fmt: skip
    kept = merged(seen)
    assert [mark.score for mark in kept] == [0.9, 0.3]
    assert merged(list(reversed(seen))) == kept


def test_a_mark_is_cut_to_the_image() -> None:
    mark = Mark(0.5, 0, (-4.0, 5.0, 20.0, 70.0), ((-4.0, 5.0), (20.0, 70.0), (20.0, 5.0))).within((16.0, 64.0))
    assert mark.box == (0.0, 5.0, 16.0, 64.0)
    assert np.array(mark.polygon).max(axis=0).tolist() == [16.0, 64.0]

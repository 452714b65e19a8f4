"""Which mark found which truth."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.observer.matching import Criterion, closeness, covered, match, overlap
from kerma.science.observer.pooled import pool
from marks_of_cases import case, random_cases

HALF = Criterion("iou", 0.5)


def _array(*boxes: tuple[float, ...]) -> np.ndarray:
    return np.array(boxes, dtype=float)


def test_overlap_by_hand() -> None:
    """Two squares of 10, one shifted by half: 50 shared of 150."""
    found = overlap(_array((0, 0, 10, 10)), _array((0, 5, 10, 10), (0, 0, 10, 10), (20, 0, 10, 10), (0, 0, 0, 0)))
    assert found[0] == pytest.approx([1 / 3, 1, 0, 0])
    assert covered(_array((0, 0, 10, 10)), _array((0, 5, 10, 10)))[0, 0] == pytest.approx(0.5)


def test_overlap_is_what_counting_pixels_says() -> None:
    generator = np.random.default_rng(1)
    boxes = generator.integers(0, 30, (20, 4)).astype(float) + [0, 0, 1, 1]
    masks = np.zeros((20, 64, 64), dtype=bool)
    for mask, (row, column, height, width) in zip(masks, boxes.astype(int), strict=True):
        mask[row : row + height, column : column + width] = True
    flat = masks.reshape(20, -1).astype(float)
    shared = flat @ flat.T
    union = flat.sum(1)[:, None] + flat.sum(1)[None, :] - shared
    np.testing.assert_allclose(overlap(boxes, boxes), shared / union, atol=1e-12)


def test_overlap_is_symmetric_and_does_not_change_when_everything_is_scaled_or_moved() -> None:
    boxes = np.random.default_rng(2).uniform(1, 50, (12, 4))
    found = overlap(boxes, boxes)
    np.testing.assert_allclose(found, found.T)
    np.testing.assert_allclose(overlap(boxes * 3 + [7, 9, 0, 0], boxes * 3 + [7, 9, 0, 0]), found)


def test_a_centre_counts_where_it_lies_in_the_box_and_tiny_boxes_are_taken_as_five_pixels() -> None:
    truth = _array((10, 10, 20, 40))
    marks = _array((19, 29, 2, 2), (9, 9, 2, 2), (8.8, 9, 2, 2), (200, 200, 2, 2))
    near = closeness(truth, marks)[0]
    assert near[0] == 1.0 and near[1] == pytest.approx(0.5) and near[2] < 0.5 and near[3] == 0
    assert closeness(_array((50, 50, 1, 1)), _array((52, 50, 1, 1)))[0, 0] > 0.5


def test_a_truth_is_found_once_and_by_the_strongest_mark() -> None:
    box = (10, 10, 20, 20)
    found = pool([case("one", [box], [(box, 0.6), ((10, 11, 20, 20), 0.9)])], HALF)
    assert found.scores.tolist() == [0.9, 0.6]
    assert found.is_true.tolist() == [True, False]
    assert found.found_at.tolist() == [0.9]


def test_a_mark_takes_the_truth_it_is_most_like() -> None:
    similarity = _array((0.6, 0.0), (0.8, 0.7))
    nothing = np.zeros(2, bool)
    found = match(similarity, np.array([0.9, 0.8]), 0.5, is_ignored=nothing, is_region=nothing)
    assert found.truth_of.tolist() == [1, -1]


def test_marks_in_an_ignored_region_count_neither_way_and_any_number_of_them() -> None:
    truth, region = (10, 10, 20, 20), (100, 100, 50, 50)
    marks = [(truth, 0.5), ((110, 110, 9, 9), 0.9), ((120, 120, 9, 9), 0.8), ((140, 140, 50, 50), 0.7)]
    found = pool([case("one", [truth], marks, ignored=[region])], HALF)
    assert found.scores.tolist() == [0.7, 0.5], "the last reaches out of the region and is false"
    assert found.is_true.tolist() == [False, True]
    assert found.truths == 1


def test_a_mark_prefers_a_truth_to_an_ignored_region_over_it() -> None:
    box = (10, 10, 20, 20)
    found = pool([case("one", [box], [(box, 0.5)], ignored=[(0, 0, 100, 100)])], HALF)
    assert found.is_true.tolist() == [True]


def test_leaving_out_weak_marks_does_not_change_what_the_strong_ones_found() -> None:
    cases = random_cases(5, labels="a")
    whole = pool(cases, HALF)
    for threshold in (0.3, 0.6):
        kept = [
            case(
                one.name,
                [tuple(truth.box.as_json()) for truth in one.truths],
                [(tuple(mark.box.as_json()), mark.score) for mark in one.marks if mark.score >= threshold],
            )
            for one in cases
        ]
        found = pool(kept, HALF)
        count = len(found.scores)
        assert found.is_true.tolist() == whole.is_true[:count].tolist()


def test_labels_count_only_where_they_are_asked_for() -> None:
    box = (10, 10, 20, 20)
    cases = [case("one", [(box, "a")], [(box, 0.5, "b")])]
    assert pool(cases, HALF).is_true.tolist() == [True]
    assert pool(cases, HALF, "a").scores.size == 0 and pool(cases, HALF, "a").truths == 1
    assert pool(cases, HALF, "b").is_true.tolist() == [False]


@pytest.mark.parametrize(("how", "least"), [("iou", 0), ("iou", 1.5), ("touch", 0.5)])
def test_a_criterion_that_makes_no_sense_is_refused(how: str, least: float) -> None:
    with pytest.raises(WrongUsage):
        Criterion(how, least)


def test_no_images_and_images_without_anything_are_no_error() -> None:
    assert pool([], HALF).truths == 0
    assert pool([case("one", [], [])], HALF).scores.size == 0

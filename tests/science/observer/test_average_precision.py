"""Average precision: by hand, by laws, and against COCO's own program to the last digit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from coco_peer import precision
from kerma.science.observer.average_precision import (
    OVERLAPS,
    average_precision,
    mean_average_precision,
    pools_of,
    precision_recall,
)
from kerma.science.observer.cases import labels_of
from kerma.science.observer.matching import Criterion
from kerma.science.observer.pooled import SIZE_BANDS, Band, pool
from marks_of_cases import case, random_cases

HALF = Criterion("iou", 0.5)
BOX, FAR = (10, 10, 20, 20), (200, 200, 20, 20)


def test_by_hand() -> None:
    """Marks true, false, true on two truths: precision 1 up to recall 0.5 (51 of 101 recalls), then 2/3 (50)."""
    cases = [case("one", [BOX, FAR], [(BOX, 0.9), ((100, 100, 9, 9), 0.8), (FAR, 0.7)])]
    assert average_precision(pool(cases, HALF)) == pytest.approx((51 + 50 * 2 / 3) / 101, abs=1e-12)
    recall, values = precision_recall(pool(cases, HALF))
    assert recall.tolist() == [0.5, 0.5, 1.0]
    assert values == pytest.approx([1, 1 / 2, 2 / 3])


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("ignored", [False, True])
def test_equal_to_pycocotools_for_every_label_overlap_and_size(seed: int, ignored: bool) -> None:
    cases = random_cases(seed, images=30, ignored=ignored)
    labels, overlaps = labels_of(cases), (0.3, *OVERLAPS)
    # cocoeval counts both ends of a band; the areas here are whole numbers
    ends = [(0, 1e10), *((band.from_px2, min(band.below_px2 - 1, 1e10)) for band in SIZE_BANDS)]
    peer = precision(cases, labels, overlaps, ends)
    for place, band in enumerate((None, *SIZE_BANDS)):
        for column, label in enumerate(labels):
            for row, least in enumerate(overlaps):
                ours = average_precision(pool(cases, Criterion("iou", least), label, band))
                theirs = peer[row, :, column, place]
                if theirs[0] < 0:
                    assert ours is None
                else:
                    assert ours == pytest.approx(float(theirs.mean()), abs=1e-9)
    whole = mean_average_precision(pools_of(cases, labels, OVERLAPS))
    assert whole == pytest.approx(float(peer[1:, :, :, 0].mean()), abs=1e-9)


def test_weights_are_the_same_as_writing_an_image_down_so_often() -> None:
    cases = random_cases(7, labels="a")
    weights = np.random.default_rng(1).integers(0, 4, len(cases)).astype(float)
    # with equal scores COCO lets the order of images decide, which repeating changes
    apart = [
        replace(one, marks=tuple(replace(mark, score=mark.score + 1e-6 * n) for mark in one.marks))
        for n, one in enumerate(cases)
    ]
    written = [one for one, weight in zip(apart, weights, strict=True) for _ in range(int(weight))]
    expected = average_precision(pool(written, HALF))
    assert average_precision(pool(apart, HALF), weights) == pytest.approx(expected, abs=5e-3)
    assert average_precision(pool(apart, HALF), np.full(len(cases), 3.0)) == pytest.approx(
        average_precision(pool(apart, HALF)), abs=1e-12
    )


def test_only_the_order_of_the_scores_counts_and_a_stricter_overlap_never_gives_more() -> None:
    cases = random_cases(3)
    bent = [replace(one, marks=tuple(replace(mark, score=mark.score**3) for mark in one.marks)) for one in cases]
    assert average_precision(pool(bent, HALF, "a")) == average_precision(pool(cases, HALF, "a"))
    found = [average_precision(pool(cases, Criterion("iou", least))) for least in (0.3, 0.5, 0.7, 0.9)]
    assert found == sorted(found, reverse=True)


def test_perfect_marks_have_one_no_marks_have_zero_and_no_truths_have_none() -> None:
    truths = [case("one", [BOX, FAR], [(BOX, 0.4), (FAR, 0.2)])]
    assert average_precision(pool(truths, HALF)) == 1.0
    assert average_precision(pool([replace(truths[0], marks=())], HALF)) == 0.0
    assert average_precision(pool([replace(truths[0], truths=())], HALF)) is None
    assert mean_average_precision(pools_of([replace(truths[0], truths=())], ["a"], OVERLAPS)) is None


def test_a_band_leaves_out_truths_and_marks_of_other_sizes() -> None:
    cases = [case("one", [BOX], [(BOX, 0.5), ((90, 90, 100, 100), 0.9)])]
    small = Band("small", 0, 1000)
    assert average_precision(pool(cases, HALF, band=small)) == pytest.approx(1.0)
    assert average_precision(pool(cases, HALF)) == pytest.approx(0.5)

"""FROC: by hand, and against counting at every threshold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerma.science.observer.froc import RATES, froc, operating_point, sensitivity_at
from kerma.science.observer.matching import Criterion
from kerma.science.observer.pooled import pool
from marks_of_cases import case, random_cases

HALF = Criterion("iou", 0.5)
BOX, FAR, OFF = (10, 10, 20, 20), (200, 200, 20, 20), (90, 90, 9, 9)


def test_by_hand() -> None:
    """Two images, three truths: at 0 false one found, at 0.5 false per image two, the third never."""
    cases = [
        case("one", [BOX, FAR], [(BOX, 0.9), (OFF, 0.8), (FAR, 0.7)]),
        case("two", [BOX], [(OFF, 0.1)]),
    ]
    pooled = pool(cases, HALF)
    assert sensitivity_at(pooled, (0, 0.49, 0.5, 1, 8)) == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3, 2 / 3])
    point = operating_point(pooled, 0.5)
    assert (point.threshold, point.false_per_image, point.sensitivity) == (0.7, 0.5, pytest.approx(2 / 3))


def test_equal_to_counting_at_every_threshold() -> None:
    cases = random_cases(11, labels="a")
    pooled = pool(cases, HALF)
    curve = froc(pooled)
    for number, threshold in enumerate(curve.threshold):
        kept = [replace(one, marks=tuple(mark for mark in one.marks if mark.score >= threshold)) for one in cases]
        counted = pool(kept, HALF)
        assert curve.sensitivity[number] == pytest.approx(np.isfinite(counted.found_at).mean())
        assert curve.false_per_image[number] == pytest.approx((~counted.is_true).sum() / len(cases))
    for rate, found in zip(RATES, sensitivity_at(pooled), strict=True):
        allowed = curve.sensitivity[curve.false_per_image <= rate]
        assert found == pytest.approx(allowed.max(initial=0))


def test_marks_of_one_score_come_together() -> None:
    pooled = pool([case("one", [BOX], [(BOX, 0.5), (OFF, 0.5)])], HALF)
    assert sensitivity_at(pooled, (0.5, 1)).tolist() == [0, 1]
    assert froc(pooled).threshold.tolist() == [0.5]


def test_the_curve_rises_and_weights_of_one_change_nothing() -> None:
    pooled = pool(random_cases(12), HALF)
    curve = froc(pooled)
    assert (np.diff(curve.sensitivity) >= 0).all() and (np.diff(curve.false_per_image) >= 0).all()
    np.testing.assert_allclose(sensitivity_at(pooled, weights=np.full(pooled.images, 2.0)), sensitivity_at(pooled))


def test_without_truths_there_is_no_sensitivity_and_without_marks_it_is_zero() -> None:
    assert np.isnan(sensitivity_at(pool([case("one", [], [(OFF, 0.5)])], HALF))).all()
    assert not sensitivity_at(pool([case("one", [BOX], [])], HALF)).any()
    assert operating_point(pool([case("one", [BOX], [])], HALF), 1) is None

"""The whole evaluation: its figures are those of its parts, and nothing that should not matter does."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from kerma.science.observer import roc_curve
from kerma.science.observer.average_precision import OVERLAPS, mean_average_precision, pools_of
from kerma.science.observer.comparison import compare
from kerma.science.observer.evaluation import Evaluation, Options, evaluate, image_auc
from kerma.science.observer.evaluation_values import comparison_values, values_of, warnings_of
from kerma.science.observer.froc import RATES, sensitivity_at
from kerma.science.observer.matching import Criterion
from kerma.science.observer.pooled import pool, pool_by_label
from marks_of_cases import case, random_cases

FEW = Options(resamples=30)
BOX, OFF = (10, 10, 20, 20), (90, 90, 9, 9)


@pytest.fixture(scope="module")
def told() -> Evaluation:
    return evaluate(random_cases(1), FEW)


def test_figures_are_those_of_their_parts(told: Evaluation) -> None:
    cases = list(told.cases)
    assert told.map50 == mean_average_precision(pools_of(cases, "abc", (0.5,)))
    assert told.map == pytest.approx(mean_average_precision(pools_of(cases, "abc", OVERLAPS)))
    np.testing.assert_array_equal(told.froc_sensitivity, sensitivity_at(pool_by_label(cases, Criterion())))
    ratings = np.array([max((mark.score for mark in one.marks), default=0) for one in cases])
    assert told.auc == roc_curve.auc(ratings, np.array([bool(one.truths) for one in cases]))
    values = values_of(told)
    assert sum(row["truths"] for row in values["classes"]) == values["truths"]
    assert sum(row["count"] for row in values["confusion"]) + values["missed"] == values["truths"]
    json.dumps(values, allow_nan=False)


def test_every_interval_holds_its_figure(told: Evaluation) -> None:
    values = values_of(told)
    for key in ("map50", "map30", "map", "auc"):
        low, high = values["intervals"][key]
        assert low <= values[key] <= high and high - low < 0.4
    for row, (low, high) in zip(values["froc"], values["intervals"]["froc"], strict=True):
        assert low <= row["sensitivity"] <= high


def test_the_same_seed_gives_the_same_and_the_order_of_images_does_not_matter(told: Evaluation) -> None:
    again = values_of(evaluate(told.cases, FEW))
    assert again == values_of(told)
    untied = [
        replace(one, marks=tuple(replace(mark, score=mark.score + 1e-5 * n) for mark in one.marks))
        for n, one in enumerate(told.cases)
    ]
    one, other = evaluate(untied, FEW), evaluate(untied[::-1], FEW)
    assert one.map == pytest.approx(other.map) and one.auc.value == pytest.approx(other.auc.value)
    np.testing.assert_allclose(one.froc_sensitivity, other.froc_sensitivity)


def test_places_alone_find_at_least_as_much_as_places_with_labels(told: Evaluation) -> None:
    by_place = evaluate(told.cases, replace(FEW, is_class_aware=False))
    assert (by_place.froc_sensitivity >= told.froc_sensitivity - 1e-12).all()
    assert [one.label for one in by_place.labels] == ["any"]


def test_pooling_by_label_is_every_label_pooled(told: Evaluation) -> None:
    whole = pool_by_label(told.cases, Criterion())
    parts = [pool(told.cases, Criterion(), label) for label in "abc"]
    assert whole.truths == sum(one.truths for one in parts) and whole.is_true.sum() == sum(
        p.is_true.sum() for p in parts
    )
    for found, truth in zip(whole.is_true, whole.truth_of, strict=True):
        assert found == (truth >= 0)
    at = whole.truth_of[whole.is_true]
    np.testing.assert_array_equal(whole.found_at[at], whole.scores[whole.is_true])


def test_images_without_any_truth_tell_false_marks_and_nothing_else() -> None:
    told = evaluate([case("one", [], [(OFF, 0.5), (BOX, 0.4)]), case("two", [], [])], FEW)
    values = values_of(told)
    assert values["map50"] is None and values["auc"] is None and values["froc"][0]["sensitivity"] is None
    assert values["operating_point"]["false_per_image"] == 1.0
    assert any("only false marks" in sentence for sentence in warnings_of(told))
    json.dumps(values, allow_nan=False)


def test_a_given_threshold_decides_what_is_missed() -> None:
    cases = [case("one", [BOX], [(BOX, 0.5)]), case("two", [BOX], [(BOX, 0.9), (OFF, 0.8)])]
    strict, lenient = (evaluate(cases, replace(FEW, threshold=least)) for least in (0.6, 0.0))
    assert (len(strict.confusion.missed), len(strict.confusion.false)) == (1, 1)
    assert len(lenient.confusion.missed) == 0 and lenient.operating.sensitivity == 1.0
    assert strict.operating.false_per_image == 0.5


def test_an_images_own_score_stands_before_those_of_its_marks() -> None:
    cases = [case("one", [BOX], [(OFF, 0.1)]), case("two", [], [(OFF, 0.9)])]
    assert image_auc(cases).value == 0.0
    assert image_auc([replace(cases[0], score=0.95), cases[1]]).value == 1.0


def test_quantities_of_truths_make_a_probability_of_detection() -> None:
    generator = np.random.default_rng(4)
    cases = []
    for number in range(120):
        size = float(np.exp(generator.uniform(0, 4)))
        found = generator.random() < 1 / (1 + (size / 8) ** -3)
        one = case(f"{number}", [BOX], [(BOX, 0.9)] if found else [])
        cases.append(replace(one, truths=(replace(one.truths[0], measurements={"detectability": size}),)))
    told = evaluate(cases, FEW)
    curve = next(one.curve for one in told.pods if one.by == "detectability")
    assert curve.a50 == pytest.approx(8, rel=0.3) and curve.a90 < curve.a90_95


def test_comparison_is_paired_and_signed() -> None:
    cases = random_cases(2)
    worse = [replace(one, marks=tuple(mark for n, mark in enumerate(one.marks) if n % 2)) for one in cases]
    found = comparison_values(compare(cases, worse, FEW))
    assert found["map50"]["difference"] > 0 and found["map50"]["interval"][0] > 0
    assert found["map50"]["p"] == pytest.approx(2 / 31)
    back = comparison_values(compare(worse, cases, FEW))
    assert back["map"]["difference"] == pytest.approx(-found["map"]["difference"])
    assert found["sensitivity"]["difference"] == pytest.approx(
        evaluate(cases, FEW).froc_sensitivity[RATES.index(0.5)]
        - evaluate(worse, FEW).froc_sensitivity[RATES.index(0.5)]
    )


def test_other_images_are_no_comparison() -> None:
    with pytest.raises(Exception, match="same images"):
        compare(random_cases(1), random_cases(2), FEW)
    with pytest.raises(Exception, match="no image"):
        evaluate([], FEW)

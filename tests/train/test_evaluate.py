"""Figures of a model card: from marks and truths that are laid out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.science.observer.cases import Case
from kerma.science.results import Box, By, Finding
from kerma.train.card import Run, card_of, manifest
from kerma.train.evaluate import calibration, figures, threshold
from kerma.train.tasks import TASKS

TASK = TASKS["weld"]
BY = By("algorithm", "x")


def one(label: str, row: float, score: float | None = None, detectability: float = 20.0) -> Finding:
    box = Box(row, 10.0, 10.0, 10.0)
    return Finding(f"{label}-{row}", "", label, box, BY, score=score, measurements={"detectability": detectability})


def case(name: str, truths: list[Finding], marks: list[Finding]) -> Case:
    return Case(name, name, tuple(truths), tuple(marks))


def test_a_detector_that_is_right_everywhere_has_the_highest_figures() -> None:
    cases = [
        case(str(number), [one("crack", 10), one("slag", 60)], [one("crack", 10, 0.9), one("slag", 60, 0.8)])
        for number in range(12)
    ]
    told = figures(TASK, cases)
    assert (told["images"], told["flaws"]) == (12, 24)
    assert told["map50"] == {"value": 1.0, "interval": [1.0, 1.0]}
    assert told["ap50_by_label"]["crack"] == 1.0
    assert told["ap50_by_label"]["tungsten"] is None
    assert [row["sensitivity"] for row in told["froc"]] == [1.0] * 5
    assert told["found_by_detectability"] == [{"from": 16.0, "flaws": 24, "found": 1.0}]


def test_half_found_with_wrong_names_counts_for_place_alone() -> None:
    cases = [
        case(str(number), [one("crack", 10), one("slag", 60)], [one("slag", 10, 0.9), one("slag", 200, 0.1)])
        for number in range(12)
    ]
    told = figures(TASK, cases)
    assert told["ap50_by_label"]["crack"] == 0.0
    # The strongest mark of every image is right, the others all false: precision 1 up to a recall of a half.
    assert told["ap_centre_any_label"]["value"] == pytest.approx(51 / 101, abs=1e-3)
    assert told["froc"][0]["sensitivity"] == 0.5


def test_the_operating_point_leaves_half_a_false_mark_per_image() -> None:
    cases = [
        case(str(n), [one("crack", 10)], [one("crack", 10, 0.505 + 0.01 * n), one("crack", 200, 0.5 + 0.01 * n)])
        for n in range(20)
    ]
    # Of twenty images ten have a false mark from 0.6 on; the weakest right mark that comes before the next is 0.595.
    assert threshold(cases) == pytest.approx(0.595)


def test_calibration_makes_the_score_the_share_that_is_right() -> None:
    rng = np.random.default_rng(1)
    cases = []
    for number in range(400):
        logit = rng.normal(0.0, 2.0)
        # The detector says logit; the truth is that of a logit twice as large, and one lower.
        is_right = rng.random() < 1 / (1 + np.exp(-(2.0 * logit - 1.0)))
        marks = [one("crack", 10, float(1 / (1 + np.exp(-logit))))]
        cases.append(case(str(number), [one("crack", 10 if is_right else 300)], marks))
    found = calibration(cases)
    assert 1 / found["temperature"] == pytest.approx(2.0, abs=0.5)
    assert found["shift"] == pytest.approx(-1.0, abs=0.5)


def test_a_card_names_its_weights_and_what_they_were_trained_on() -> None:
    card = card_of(Run(TASK, 1, 8.0, 5000, 20000, 900, "cuda"), "ab" * 32, 1_400_000)
    assert card["sha256"] == "ab" * 32
    assert card["labels"] == list(TASK.labels)
    assert card["trained"]["manifest_sha256"] == manifest(TASK, 1) != manifest(TASK, 2)
    assert any("simulated images only" in limit for limit in card["limits"])

"""A flaw marked by a detector and a model is one finding, nothing of either is lost, and what may differ stays two."""

from __future__ import annotations

import pytest

from kerma.science.double_marks import merged
from kerma.science.results import Box, By, Finding

DETECTOR, MODEL = By("algorithm", "small_flaws", "1.2"), By("algorithm", "weld", "1.0.0", "ab" * 32)


def _mark(by: By, label: str, box: tuple[float, float, float, float], score: float = 0.8, plane: int = 0) -> Finding:
    return Finding("", "", label, Box(*box), by, score, plane, measurements={"length_mm": box[3]})


def test_a_flaw_that_both_call_the_same_is_one_finding_that_names_both_and_keeps_both() -> None:
    ours, theirs = _mark(DETECTOR, "porosity", (10, 10, 8, 8)), _mark(MODEL, "porosity", (11, 10, 8, 9), 0.91)
    (found,), left = merged([ours], [theirs])
    assert left == 0 and found.by == DETECTOR and found.measurements == ours.measurements
    assert found.also == (theirs,) and found.note == "also marked by weld 1.0.0, score 0.91"
    told = found.with_all(id="3").as_json()
    assert told["id"] == told["also"][0]["id"] == "3"
    assert told["also"][0]["by"]["model_sha256"] == MODEL.model_sha256 and told["also"][0]["box"] == [11, 10, 8, 9]


def test_the_planar_label_stands_whoever_gave_it() -> None:
    ours, theirs = _mark(DETECTOR, "elongated-cavity", (10, 10, 4, 30)), _mark(MODEL, "crack", (10, 11, 4, 30), 0.7)
    (found,), _ = merged([ours], [theirs])
    assert (found.label, found.by, found.also) == ("crack", MODEL, (ours,))
    assert found.note == "also marked by small_flaws 1.2 as elongated-cavity, score 0.80"
    (other,), _ = merged([_mark(DETECTOR, "crack", (10, 10, 4, 30))], [_mark(MODEL, "porosity", (10, 11, 4, 30))])
    assert (other.label, other.by) == ("crack", DETECTOR)


@pytest.mark.parametrize(
    ("theirs", "still"),
    [
        (_mark(MODEL, "slag", (10, 10, 8, 8)), 1),  # two kinds that rules weigh differently
        (_mark(MODEL, "porosity", (4, 4, 40, 40)), 1),  # a pore within a cluster
        (_mark(MODEL, "porosity", (10, 10, 8, 8), plane=1), 0),
        (_mark(MODEL, "porosity", (40, 10, 8, 8)), 0),
    ],
)
def test_what_may_be_something_else_stays_two(theirs: Finding, still: int) -> None:
    ours = _mark(DETECTOR, "porosity", (10, 10, 8, 8))
    assert merged([ours], [theirs]) == ((ours, theirs), still)


def test_each_mark_is_of_one_flaw_and_the_best_agreement_comes_first() -> None:
    ours = [_mark(DETECTOR, "porosity", (10, 10, 8, 8)), _mark(DETECTOR, "porosity", (10, 12, 8, 8))]
    theirs = [_mark(MODEL, "porosity", (10, 12, 8, 8)), _mark(MODEL, "porosity", (60, 60, 5, 5))]
    found, left = merged(ours, theirs)
    assert [one.also for one in found] == [(), (theirs[0],), ()] and found[2] == theirs[1] and left == 0
    assert sum(1 + len(one.also) for one in found) == len(ours) + len(theirs), "nothing is lost"

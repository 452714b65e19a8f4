"""Labels taken for one another, misses and false marks, by hand and by counting."""

from __future__ import annotations

from kerma.science.observer.confusion import confusion
from kerma.science.observer.matching import Criterion
from marks_of_cases import case, random_cases

HALF = Criterion("iou", 0.5)
BOX, FAR, OFF = (10, 10, 20, 20), (200, 200, 20, 20), (90, 90, 9, 9)


def test_by_hand() -> None:
    cases = [
        case("one", [(BOX, "pore"), (FAR, "crack")], [(BOX, 0.9, "pore"), (FAR, 0.8, "slag"), (OFF, 0.7, "pore")]),
        case("two", [(BOX, "crack")], [(BOX, 0.1, "crack")]),
    ]
    told = confusion(cases, HALF, 0.5)
    assert told.taken_for == {("pore", "pore"): 1, ("crack", "slag"): 1}
    assert [(name, mark.label) for name, mark in told.false] == [("one", "pore")]
    assert [(name, truth.label) for name, truth in told.missed] == [("two", "crack")]
    assert told.found == 2


def test_every_truth_and_every_mark_is_counted_once() -> None:
    cases = random_cases(8)
    told = confusion(cases, HALF, 0.4)
    marks = sum(mark.score >= 0.4 for one in cases for mark in one.marks)
    assert told.found + len(told.missed) == sum(len(one.truths) for one in cases)
    assert told.found + len(told.false) == marks
    scores = [mark.score for _, mark in told.false]
    assert scores == sorted(scores, reverse=True)


def test_a_threshold_above_every_score_misses_everything() -> None:
    told = confusion(random_cases(9), HALF, 1.1)
    assert not told.taken_for and not told.false and told.missed

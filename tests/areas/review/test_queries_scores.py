"""The score by which an exam is read: the highest of a finding, and sure where something could not be searched."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

import exams
from kerma.areas.review.model import analysis
from kerma.areas.review.queries_scores import highest_score, scores_of
from kerma.kernel.action import Actor, Kernel


def document(*scores: float | None, unsearched: tuple[str, ...] = ()) -> dict[str, Any]:
    findings = [{} if score is None else {"score": score} for score in scores]
    return {
        "images": [{"findings": findings[:1]}, {"findings": findings[1:]}],
        "analysis": {"unsearched": [*unsearched]},
    }


@pytest.mark.parametrize(
    ("given", "score"),
    [
        (document(), 0.0),
        (document(0.2, 0.7, 0.1), 0.7),
        (document(0.2, None), 1.0),
        (document(0.2, unsearched=("image 2 was not analysed",)), 1.0),
        ({}, 0.0),
    ],
)
def test_the_highest_score_of_an_analysis(given: dict[str, Any], score: float) -> None:
    assert highest_score(given) == score


def test_the_newest_analysis_counts_and_an_exam_without_one_is_left_out(kernel: Kernel, actor: Actor) -> None:
    first, second = (exams.arrive(kernel, actor, industry="ndt", subject_id=name) for name in ("A", "B"))
    with kernel.database.write() as connection:
        for number, score in enumerate((0.9, 0.3)):
            row = {"exam_pk": first, "images_digest": str(number), "document": document(score)}
            connection.execute(sa.insert(analysis).values(**row, decision_proposed="", created_at=exams.AT))
    with kernel.database.read() as connection:
        assert scores_of(connection, [first, second]) == {first: 0.3}

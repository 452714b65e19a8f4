"""An addendum to a signed report names the discrepancy that it answers, and the discrepancy knows of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.areas.report.decided import decide, decided, versions
from tests.areas.report.samples import text_of

import exams
from kerma.areas.report import jobs
from kerma.areas.report.sign import Wish, sign
from kerma.areas.review import actions_discrepancy
from kerma.areas.review.model_discrepancy import discrepancy_step
from kerma.areas.review.rules_discrepancy import Seen
from kerma.errors import Conflict
from kerma.kernel.action import Actor, Kernel


def seen_against(kernel: Kernel, exam_pk: int) -> int:
    seen = Seen("rejectable", "the second film shows no pore")
    return actions_discrepancy.record_discrepancy(kernel, exams.person(8), exam_pk=exam_pk, seen=seen)


def agree(kernel: Kernel, actor: Actor, number: int, remedy: str = "addendum") -> None:
    about = {"discrepancy_id": number, "agrees": True, "words": "", "remedy": remedy}
    actions_discrepancy.answer_discrepancy(kernel, actor, **about)


def test_an_addendum_names_the_discrepancy_it_answers(listening: Kernel, actor: Actor, tmp_path: Path) -> None:
    exam_pk = decided(listening, actor)
    number = seen_against(listening, exam_pk)
    agree(listening, actor, number)
    with pytest.raises(Conflict, match="not signed yet"):
        sign(listening, actor, exam_pk=exam_pk, wish=Wish(discrepancy_id=number))
    sign(listening, actor, exam_pk=exam_pk)
    first = versions(listening, exam_pk)[0]
    decide(listening, actor, exam_pk, "accept", supersedes=first["decision_id"])
    jobs.build_report(listening, exam_pk=exam_pk)
    with pytest.raises(Conflict, match="asks for no addendum"):
        sign(listening, actor, exam_pk=exam_pk, wish=Wish(reason="an artefact", discrepancy_id=number + 1))
    second = sign(listening, actor, exam_pk=exam_pk, wish=Wish(reason="an artefact", discrepancy_id=number))
    named = f"DIS-{listening.clock.now().year}-{number:04d}: an artefact"
    newest = versions(listening, exam_pk)[0]
    assert (newest["reason"], newest["amends_id"]) == (named, first["id"])
    assert named in " ".join(text_of(listening.blobs.get(newest["pdf_sha256"]), tmp_path).split())
    with listening.database.read() as connection:
        steps = connection.execute(sa.select(discrepancy_step).order_by(discrepancy_step.c.id)).mappings().all()
    assert (steps[-1]["kind"], steps[-1]["told"]) == ("addendum", {"report_id": second})
    with pytest.raises(Conflict, match="is signed already"):
        agree(listening, actor, number, "read-again")
    closed = actions_discrepancy.close_discrepancy(listening, exams.person(8), discrepancy_id=number)
    assert closed == "amended" and first in versions(listening, exam_pk)


def test_no_addendum_answers_a_discrepancy_that_asks_for_none(listening: Kernel, actor: Actor) -> None:
    exam_pk = decided(listening, actor)
    sign(listening, actor, exam_pk=exam_pk)
    number = seen_against(listening, exam_pk)
    decide(listening, actor, exam_pk, "accept", supersedes=versions(listening, exam_pk)[0]["decision_id"])
    jobs.build_report(listening, exam_pk=exam_pk)
    with pytest.raises(Conflict, match="asks for no addendum"):
        sign(listening, actor, exam_pk=exam_pk, wish=Wish(reason="an artefact", discrepancy_id=number))

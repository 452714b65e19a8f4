"""Exams that say where they come from and what they are, for tests of the rules by which exams are read."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

import exams
from kerma.areas.archive import model
from kerma.areas.archive.model import ExamArrived
from kerma.areas.worklist import queries_items
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.areas.worklist.model import item
from kerma.areas.worklist.model_items import unread_exam
from kerma.kernel.action import Act, Action, Kernel


class Scores:
    """Scores of analyses as an area above would know them."""

    def __init__(self) -> None:
        self.known: dict[int, float] = {}

    def __call__(self, connection: sa.Connection, exam_pks: Sequence[int]) -> Mapping[int, float]:
        return {exam_pk: self.known[exam_pk] for exam_pk in exam_pks if exam_pk in self.known}


def scored() -> Scores:
    """Take the place of whoever knows scores."""
    made = Scores()
    queries_items.SCORES[:] = [made]
    return made


def listening(kernel: Kernel) -> Kernel:
    """Return the kernel with the worklist that listens to arriving exams."""
    return exams.subscribed(kernel, on_exam_arrived)


def _come(act: Act, *, industry: str, subject: str = "", uid: str = "", **facts: str) -> int:
    """Store an exam of one series with what is said of it, of a subject that may be there already; tell who listens."""
    put = act.connection.execute
    named = subject or uuid.uuid4().hex
    known = sa.select(model.subject.c.id).where(
        model.subject.c.subject_id == named, model.subject.c.industry == industry
    )
    subject_pk = act.connection.scalar(known)
    if subject_pk is None:
        row = exams._row(
            model.subject, key=str(uuid.uuid4()), industry=industry, subject_id=named, name="", name_folded="",
            created_at=act.at_text,
        )
        subject_pk = put(sa.insert(model.subject).values(row).returning(model.subject.c.id)).scalar_one()
    uid = uid or f"2.25.{uuid.uuid4().int}"
    own = {"description": facts.pop("description", ""), "modalities": facts.get("modality", "DX")}
    row = exams._row(
        model.exam, uid=uid, subject_pk=subject_pk, industry=industry, received_at=act.at_text,
        last_received_at=act.at_text, **own,
    )
    exam_pk = int(put(sa.insert(model.exam).values(row).returning(model.exam.c.id)).scalar_one())
    of_series = exams._row(
        model.series, exam_pk=exam_pk, uid=f"2.25.{uuid.uuid4().int}", **({"modality": "DX"} | facts)
    )
    put(sa.insert(model.series).values(of_series))
    act.publish(ExamArrived(exam_pk, uid, industry, True))
    return exam_pk


def _again(act: Act, *, exam_pk: int) -> None:
    """Tell once more that images of an exam have arrived."""
    one = act.connection.execute(sa.select(model.exam).where(model.exam.c.id == exam_pk)).one()
    act.publish(ExamArrived(exam_pk, one.uid, one.industry, False))


come = Action("test.come", _come)
again = Action("test.again", _again)


def items_of(kernel: Kernel, exam_pk: int) -> list[dict[str, Any]]:
    """Return every item of an exam."""
    with kernel.database.read() as connection:
        rows = connection.execute(sa.select(item).where(item.c.exam_pk == exam_pk)).mappings()
        return [dict(row) for row in rows]


def unread_of(kernel: Kernel, exam_pk: int) -> list[dict[str, Any]]:
    """Return what is written of an exam that nobody reads."""
    with kernel.database.read() as connection:
        rows = connection.execute(sa.select(unread_exam).where(unread_exam.c.exam_pk == exam_pk)).mappings()
        return [dict(row) for row in rows]

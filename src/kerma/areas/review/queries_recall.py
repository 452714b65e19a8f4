"""Finding the exams of a welder, lot or owner, and reading recalls with what became of their exams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.review.model import decision
from kerma.areas.review.model_judge import exam_lot
from kerma.areas.review.model_recall import recall, recall_exam
from kerma.areas.review.rules_recall import MOST, Lot
from kerma.areas.worklist.model import CLOSED, item
from kerma.kernel.sight import sights_of

if TYPE_CHECKING:
    from kerma.kernel.action import Actor

MOST_RECALLS = 200
_newest = (
    sa.select(decision.c.exam_pk, sa.func.max(decision.c.level).label("level")).group_by(decision.c.exam_pk).subquery()
)
_now = decision.alias("now")
_before = decision.alias("before")
_WITH_NOW = (
    (_newest, _newest.c.exam_pk == exam.c.id),
    (_now, (_now.c.exam_pk == exam.c.id) & (_now.c.level == _newest.c.level)),
)
_DAY = sa.case((exam.c.exam_date == "", sa.func.substr(exam.c.received_at, 1, 10)), else_=exam.c.exam_date)
"""The day of an exam; the one it came on where it does not say."""


def exams_of_lot(connection: sa.Connection, actor: Actor, lot: Lot) -> tuple[list[dict[str, Any]], bool]:
    """Return the exams of a lot that an actor may know of, the newest first, and whether there are more than ``MOST``.

    Each has its decision in force (``now_id`` and ``now``; None and empty before the first), and ``is_recalled`` where
    that decision is recalled and not made anew yet; ``is_closed`` where the exam is off the list.
    """
    statement = sa.select(
        exam.c.id.label("exam_pk"), exam.c.description, _DAY.label("day"), exam.c.industry, subject.c.subject_id,
        _now.c.id.label("now_id"), sa.func.coalesce(_now.c.decision, "").label("now"),
        recall_exam.c.recall_id.is_not(None).label("is_recalled"), (item.c.state == CLOSED).label("is_closed"),
    ).join_from(exam_lot, exam, exam_lot.c.exam_pk == exam.c.id)  # fmt: skip
    statement = statement.join(subject, exam.c.subject_pk == subject.c.id)
    for joined, on in _WITH_NOW:
        statement = statement.outerjoin(joined, on)
    statement = statement.outerjoin(recall_exam, recall_exam.c.decision_id == _now.c.id)
    statement = statement.outerjoin(item, item.c.exam_pk == exam.c.id)
    statement = statement.where(exam_lot.c.kind == lot.kind, exam_lot.c.value == lot.value)
    if lot.since:
        statement = statement.where(lot.since <= _DAY)
    if lot.until:
        statement = statement.where(lot.until >= _DAY)
    found = connection.execute(statement.order_by(exam.c.id.desc()).limit(MOST + 1)).mappings()
    rows = [dict(row) for row in found]
    return _seen(connection, actor, rows[:MOST]), len(rows) > MOST


def to_recall(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those exams of a lot that can be recalled: decided and off the list, on a decision not recalled yet."""
    return [row for row in rows if row["now_id"] is not None and row["is_closed"] and not row["is_recalled"]]


def recalls(connection: sa.Connection, actor: Actor, exam_pk: int | None = None) -> list[dict[str, Any]]:
    """Return recalls with their ``exams``, the newest first, as far as one may know of these.

    Parameters
    ----------
    exam_pk : only recalls of this exam
    """
    statement = sa.select(recall)
    if exam_pk is not None:
        of_exam = sa.select(recall_exam.c.recall_id).where(recall_exam.c.exam_pk == exam_pk)
        statement = statement.where(recall.c.id.in_(of_exam))
    found = connection.execute(statement.order_by(recall.c.id.desc()).limit(MOST_RECALLS)).mappings()
    rows = [dict(row) for row in found]
    exams = _exams(connection, actor, [row["id"] for row in rows])
    told = [row | {"exams": [one for one in exams if one["recall_id"] == row["id"]]} for row in rows]
    return [row for row in told if row["exams"]]


def recall_by_id(connection: sa.Connection, actor: Actor, recall_id: int) -> dict[str, Any] | None:
    """Return a recall with its ``exams``, or None where there is none that an actor may know of."""
    found = connection.execute(sa.select(recall).where(recall.c.id == recall_id)).mappings().first()
    exams = _exams(connection, actor, [recall_id])
    return {**found, "exams": exams} if found and exams else None


def _exams(connection: sa.Connection, actor: Actor, recall_ids: list[int]) -> list[dict[str, Any]]:
    statement = (
        sa.select(
            recall_exam, exam.c.description, _DAY.label("day"), subject.c.subject_id,
            _before.c.decision.label("before"), _now.c.id.label("now_id"), _now.c.decision.label("now"),
            sa.case((item.c.state == CLOSED, ""), else_=sa.func.coalesce(item.c.stage, "")).label("awaits"),
        )
        .join_from(recall_exam, exam, recall_exam.c.exam_pk == exam.c.id)
        .join(subject, exam.c.subject_pk == subject.c.id)
        .join(_before, _before.c.id == recall_exam.c.decision_id)
        .outerjoin(item, item.c.exam_pk == exam.c.id)
    )  # fmt: skip
    for joined, on in _WITH_NOW:
        statement = statement.join(joined, on)
    ordered = statement.where(recall_exam.c.recall_id.in_(recall_ids)).order_by(recall_exam.c.exam_pk)
    return _seen(connection, actor, [dict(row) for row in connection.execute(ordered).mappings()])


def _seen(connection: sa.Connection, actor: Actor, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the exams of which an actor may know what people said: also to which lot they belong may be such."""
    sights = sights_of(connection, actor, [row["exam_pk"] for row in rows])
    return [row for row in rows if sights[row["exam_pk"]].people]

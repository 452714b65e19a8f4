"""Reading non-conformances, their history, and the exams that could follow them up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.review import queries
from kerma.areas.review.model_nonconformance import nonconformance, nonconformance_setting, nonconformance_step
from kerma.areas.review.rules_nonconformance import PROPOSED, REJECTED, STILL_OPEN
from kerma.areas.worklist.queries_flow import awaited_stage
from kerma.kernel.sight import sight_of, sights_of

if TYPE_CHECKING:
    from kerma.kernel.action import Actor

MOST = 300
MOST_OFFERED = 20
_ROW = (
    sa.select(nonconformance, exam.c.industry, exam.c.description.label("exam_description"), subject.c.subject_id)
    .join_from(nonconformance, exam, nonconformance.c.exam_pk == exam.c.id)
    .join(subject, exam.c.subject_pk == subject.c.id)
)


@dataclass(frozen=True)
class Wanted:
    """Which non-conformances to list; what is empty does not matter."""

    state: str = ""
    """A state, or ``any-open`` for all that are not ended."""
    disposition: str = ""
    text: str = ""
    """A part of the number, the subject or the description."""
    exam_pk: int | None = None


def nonconformances(connection: sa.Connection, actor: Actor, wanted: Wanted) -> list[dict[str, Any]]:
    """Return the non-conformances that an actor may know of, the newest first."""
    statement = _ROW.order_by(nonconformance.c.id.desc()).limit(MOST)
    if wanted.state:
        states = STILL_OPEN if wanted.state == "any-open" else (wanted.state,)
        statement = statement.where(nonconformance.c.state.in_(states))
    if wanted.disposition:
        statement = statement.where(nonconformance.c.disposition == wanted.disposition)
    if wanted.exam_pk is not None:
        of_exam = (nonconformance.c.exam_pk == wanted.exam_pk) | (nonconformance.c.follow_up_exam_pk == wanted.exam_pk)
        statement = statement.where(of_exam)
    if wanted.text:
        columns = (nonconformance.c.number, nonconformance.c.description, subject.c.subject_id)
        statement = statement.where(sa.or_(*(one.icontains(wanted.text, autoescape=True) for one in columns)))
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    sights = sights_of(connection, actor, [row["exam_pk"] for row in rows])
    return [row for row in rows if sights[row["exam_pk"]].people]


def by_id(connection: sa.Connection, nonconformance_id: int) -> dict[str, Any] | None:
    """Return a non-conformance by its id, or None."""
    found = connection.execute(_ROW.where(nonconformance.c.id == nonconformance_id)).mappings().first()
    return dict(found) if found else None


def steps(connection: sa.Connection, nonconformance_id: int) -> list[dict[str, Any]]:
    """Return everything that happened to a non-conformance, in its order."""
    same = nonconformance_step.c.nonconformance_id == nonconformance_id
    found = connection.execute(sa.select(nonconformance_step).where(same).order_by(nonconformance_step.c.id))
    return [dict(row) for row in found.mappings()]


def proposer(connection: sa.Connection, nonconformance_id: int) -> str:
    """Return who proposed the disposition of a non-conformance last; empty where nobody has."""
    same = (nonconformance_step.c.nonconformance_id == nonconformance_id, nonconformance_step.c.kind == PROPOSED)
    newest = sa.select(nonconformance_step.c.by).where(*same).order_by(nonconformance_step.c.id.desc()).limit(1)
    return connection.scalar(newest) or ""


def open_of(connection: sa.Connection, exam_pk: int) -> int | None:
    """Return the id of the open non-conformance of an exam, or None."""
    same = (nonconformance.c.exam_pk == exam_pk, nonconformance.c.state.in_(STILL_OPEN))
    return connection.scalar(sa.select(nonconformance.c.id).where(*same))


def rejection(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return the final decision on an exam where it rejects; None too while somebody still has to decide after it."""
    found = queries.final_decision(connection, exam_pk)
    return found if found and found["decision"] in REJECTED else None


def decision_seen(connection: sa.Connection, actor: Actor, exam_pk: int | None) -> str:
    """Return the final decision on an exam as an actor may see it; empty where there is none yet."""
    if exam_pk is None or awaited_stage(connection, exam_pk):
        return ""
    made = queries.decisions(connection, exam_pk, sight_of(connection, actor, exam_pk))
    return str(made[0]["decision"]) if made else ""


def later_exams(connection: sa.Connection, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the exams of the same subject that arrived after a rejected one, the newest first."""
    same = sa.select(exam.c.subject_pk).where(exam.c.id == row["exam_pk"]).scalar_subquery()
    statement = (
        sa.select(exam.c.id.label("exam_pk"), exam.c.description, exam.c.exam_date)
        .where(exam.c.subject_pk == same, exam.c.id > row["exam_pk"])
        .order_by(exam.c.id.desc())
        .limit(MOST_OFFERED)
    )
    return [dict(one) for one in connection.execute(statement).mappings()]


def is_automatic(connection: sa.Connection) -> bool:
    """Return whether a decision to reject opens a non-conformance by itself."""
    newest = sa.select(nonconformance_setting.c.is_automatic).order_by(nonconformance_setting.c.id.desc()).limit(1)
    return bool(connection.scalar(newest))

"""Reading critical results and what was done to tell them, as the one who asks may know of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.review.model_critical import critical_result, critical_step
from kerma.areas.review.rules_critical import READ_BACK, STILL_OPEN, WITHDRAWN
from kerma.areas.worklist.model import item
from kerma.kernel import clock
from kerma.kernel.identity_model import person, person_role
from kerma.kernel.sight import sights_of

if TYPE_CHECKING:
    from kerma.kernel.action import Actor

MOST = 300
AT_ONCE = 500
_ROW = (
    sa.select(
        critical_result, exam.c.industry, exam.c.description.label("exam_description"), subject.c.subject_id,
    )
    .join_from(critical_result, exam, critical_result.c.exam_pk == exam.c.id)
    .join(subject, exam.c.subject_pk == subject.c.id)
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """Which critical results to list; what is empty does not matter."""

    state: str = ""
    """A state, or ``any-open`` for all that are not ended."""
    exam_pk: int | None = None


def criticals(connection: sa.Connection, actor: Actor, wanted: Wanted) -> list[dict[str, Any]]:
    """Return the critical results that an actor may know of, those due first before the newest of the ended."""
    is_ended = critical_result.c.state.not_in(STILL_OPEN)
    order = (is_ended, sa.case((is_ended, ""), else_=critical_result.c.due_at), critical_result.c.id.desc())
    statement = _ROW.order_by(*order).limit(MOST)
    if wanted.state == "any-open":
        statement = statement.where(critical_result.c.state.in_(STILL_OPEN))
    elif wanted.state:
        statement = statement.where(critical_result.c.state == wanted.state)
    if wanted.exam_pk is not None:
        statement = statement.where(critical_result.c.exam_pk == wanted.exam_pk)
    return _seen(connection, actor, [dict(row) for row in connection.execute(statement).mappings()])


def by_id(connection: sa.Connection, actor: Actor, critical_id: int) -> dict[str, Any] | None:
    """Return a critical result, or None where there is none that an actor may know of."""
    found = connection.execute(_ROW.where(critical_result.c.id == critical_id)).mappings().first()
    return next(iter(_seen(connection, actor, [dict(found)] if found else [])), None)


def steps(connection: sa.Connection, critical_id: int) -> list[dict[str, Any]]:
    """Return everything that happened to a critical result, in its order."""
    same = critical_step.c.critical_id == critical_id
    found = connection.execute(sa.select(critical_step).where(same).order_by(critical_step.c.id))
    return [dict(row) for row in found.mappings()]


def reported(connection: sa.Connection, exam_pk: int) -> list[dict[str, Any]]:
    """Return the critical results that the report of an exam states, each with the ``read_back`` step that was right.

    Acknowledgements and notices of the deadline are in the history, not in the report.
    """
    same = (critical_result.c.exam_pk == exam_pk, critical_result.c.state != WITHDRAWN)
    rows = connection.execute(sa.select(critical_result).where(*same).order_by(critical_result.c.id)).mappings().all()
    right = sa.select(critical_step).where(
        critical_step.c.critical_id.in_([row["id"] for row in rows]), critical_step.c.kind == READ_BACK
    )
    told = {row["critical_id"]: dict(row) for row in connection.execute(right).mappings()} if rows else {}
    return [{**row, "read_back": told.get(row["id"])} for row in rows]


def due_for_notice(connection: sa.Connection, now: datetime) -> list[int]:
    """Return the critical results of which somebody is to be told now, those that wait longest for it first."""
    notice_at = critical_result.c.notice_at
    statement = sa.select(critical_result.c.id).where(notice_at != "", notice_at <= clock.text(now))
    return list(connection.scalars(statement.order_by(notice_at).limit(AT_ONCE)))


def urgency_of(connection: sa.Connection, exam_pk: int) -> str:
    """Return the urgency of an exam on the worklist; empty where it stands on none."""
    return str(connection.scalar(sa.select(item.c.urgency).where(item.c.exam_pk == exam_pk)) or "")


def people_of_role(connection: sa.Connection, role: str) -> list[str]:
    """Return the keys of everybody who works here in a role."""
    statement = (
        sa.select(person.c.id)
        .join(person_role, person_role.c.person_id == person.c.id)
        .where(person_role.c.role == role, person.c.disabled_at.is_(None))
    )
    return [f"person:{number}" for number in connection.scalars(statement.order_by(person.c.id))]


def _seen(connection: sa.Connection, actor: Actor, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows one may know of: what one saw oneself, and what others saw where that is not hidden."""
    sights = sights_of(connection, actor, [row["exam_pk"] for row in rows])
    return [row for row in rows if row["seen_by"] == actor.key or sights[row["exam_pk"]].people]

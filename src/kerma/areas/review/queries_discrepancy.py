"""Reading discrepancies and their history, as the one who asks may know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.review import queries, rules_discrepancy
from kerma.areas.review.model import decision
from kerma.areas.review.model_discrepancy import discrepancy, discrepancy_step
from kerma.areas.review.rules_discrepancy import ACCEPTED, ADDENDUM, STILL_OPEN, is_nameless
from kerma.kernel.sight import sights_of

if TYPE_CHECKING:
    from kerma.kernel.action import Actor

MOST = 300
_ROW = (
    sa.select(
        discrepancy, exam.c.industry, exam.c.description.label("exam_description"), subject.c.subject_id,
        decision.c.decision, decision.c.at.label("decided_at"),
    )
    .join_from(discrepancy, exam, discrepancy.c.exam_pk == exam.c.id)
    .join(subject, exam.c.subject_pk == subject.c.id)
    .join(decision, discrepancy.c.decision_id == decision.c.id)
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """Which discrepancies to list; what is empty does not matter."""

    state: str = ""
    """A state, ``any-open`` for all that are not ended, ``mine`` for those one is to answer."""
    industry: str = ""
    exam_pk: int | None = None


def discrepancies(connection: sa.Connection, actor: Actor, wanted: Wanted) -> list[dict[str, Any]]:
    """Return the discrepancies that an actor may know of, those due first before the newest of the ended."""
    is_ended = discrepancy.c.state.not_in(STILL_OPEN)
    order = (is_ended, sa.case((is_ended, ""), else_=discrepancy.c.due_at), discrepancy.c.id.desc())
    statement = _ROW.order_by(*order).limit(MOST)
    if wanted.state == "any-open":
        statement = statement.where(discrepancy.c.state.in_(STILL_OPEN))
    elif wanted.state == "mine":
        statement = statement.where(discrepancy.c.reader == actor.key, discrepancy.c.state == rules_discrepancy.OPEN)
    elif wanted.state:
        statement = statement.where(discrepancy.c.state == wanted.state)
    if wanted.industry:
        statement = statement.where(exam.c.industry == wanted.industry)
    if wanted.exam_pk is not None:
        other = (discrepancy.c.exam_pk == wanted.exam_pk) | (discrepancy.c.other_exam_pk == wanted.exam_pk)
        statement = statement.where(other)
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    return _seen(connection, actor, rows)


def by_id(connection: sa.Connection, actor: Actor, discrepancy_id: int) -> dict[str, Any] | None:
    """Return a discrepancy, or None where there is none that an actor may know of."""
    found = connection.execute(_ROW.where(discrepancy.c.id == discrepancy_id)).mappings().first()
    return next(iter(_seen(connection, actor, [dict(found)] if found else [])), None)


def steps(connection: sa.Connection, discrepancy_id: int) -> list[dict[str, Any]]:
    """Return everything that happened to a discrepancy, in its order."""
    same = discrepancy_step.c.discrepancy_id == discrepancy_id
    found = connection.execute(sa.select(discrepancy_step).where(same).order_by(discrepancy_step.c.id))
    return [dict(row) for row in found.mappings()]


def awaiting_addendum(connection: sa.Connection, actor: Actor, exam_pk: int) -> list[dict[str, Any]]:
    """Return the discrepancies of an exam that an addendum to its report is still to answer."""
    rows = discrepancies(connection, actor, Wanted(ACCEPTED, exam_pk=exam_pk))
    return [row for row in rows if row["exam_pk"] == exam_pk and row["remedy"] == ADDENDUM and not row["addendum_at"]]


def read_again(connection: sa.Connection, row: dict[str, Any]) -> str | None:
    """Return the final decision on the exam of a discrepancy that was made after it was seen, or None."""
    made = queries.final_decision(connection, row["exam_pk"])
    is_later = made is not None and made["id"] > row["decision_id"] and made["at"] >= row["seen_at"]
    return str(made["decision"]) if made is not None and is_later else None


def is_subject_of(connection: sa.Connection, exam_pk: int, other_exam_pk: int) -> bool:
    """Return whether another exam is one of the same subject that arrived later."""
    same = sa.select(exam.c.subject_pk).where(exam.c.id == exam_pk).scalar_subquery()
    found = sa.select(exam.c.id).where(exam.c.id == other_exam_pk, exam.c.id > exam_pk, exam.c.subject_pk == same)
    return connection.scalar(found) is not None


def _seen(connection: sa.Connection, actor: Actor, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows one may know of; who saw it is told to nobody but them while it stands open and blinded."""
    sights = sights_of(connection, actor, [row["exam_pk"] for row in rows])
    known = [row for row in rows if sights[row["exam_pk"]].people]
    return [row | {"is_nameless": is_nameless(row["is_blinded"], row["state"])} for row in known]

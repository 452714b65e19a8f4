"""Reading search orders, their history, the site's rules, and what became of a reader's referrals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.review.model_search import handling_rule, search_order, search_photo, search_setting, search_step
from kerma.areas.review.queries import newest_decision
from kerma.areas.review.rules_search import DONE, ORDERED, SEARCHED, STARTED
from kerma.kernel.sight import sights_of

if TYPE_CHECKING:
    from kerma.kernel.action import Actor

MOST = 200
_ORDER = sa.select(
    search_order, exam.c.industry, exam.c.description, subject.c.subject_id
).select_from(
    search_order.join(exam, search_order.c.exam_pk == exam.c.id).join(subject, exam.c.subject_pk == subject.c.id)
)  # fmt: skip


def orders(connection: sa.Connection, actor: Actor, *, view: str, exam_pk: int | None = None) -> list[dict[str, Any]]:
    """Return searches that an actor may see: those that are open, oldest first, or the ended, last ended first.

    Parameters
    ----------
    view : ``open``, ``ended`` or ``all``
    """
    statement = _ORDER.limit(MOST)
    if exam_pk is not None:
        statement = statement.where(search_order.c.exam_pk == exam_pk)
    is_open = search_order.c.state.in_((ORDERED, STARTED))
    if view == "open":
        statement = statement.where(is_open).order_by(search_order.c.id)
    elif view == "ended":
        statement = statement.where(sa.not_(is_open)).order_by(search_order.c.ended_at.desc(), search_order.c.id.desc())
    else:
        statement = statement.order_by(search_order.c.id.desc())
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    sights = sights_of(connection, actor, [row["exam_pk"] for row in rows])
    return [row for row in rows if sights[row["exam_pk"]].people]


def order_by_id(connection: sa.Connection, order_id: int) -> dict[str, Any] | None:
    """Return a search by its id, or None."""
    found = connection.execute(_ORDER.where(search_order.c.id == order_id)).mappings().first()
    return dict(found) if found else None


def steps(connection: sa.Connection, order_id: int) -> list[dict[str, Any]]:
    """Return everything that happened to a search, in its order."""
    statement = sa.select(search_step).where(search_step.c.order_id == order_id).order_by(search_step.c.id)
    return [dict(row) for row in connection.execute(statement).mappings()]


def photos(connection: sa.Connection, order_id: int) -> list[str]:
    """Return the SHA-256 of a search's photos, in the order they were kept."""
    statement = sa.select(search_photo.c.sha256).where(search_photo.c.order_id == order_id).order_by(search_photo.c.id)
    return list(connection.scalars(statement))


def decision_to_search(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return the decision in force on an exam where it asks for a search, else None."""
    found = newest_decision(connection, exam_pk)
    return found if found and found["decision"] in SEARCHED else None


def own_rule(connection: sa.Connection, suspicion: str) -> dict[str, Any] | None:
    """Return the site's rule in force for a suspicion, or None."""
    same = sa.select(handling_rule).where(handling_rule.c.suspicion == suspicion)
    found = connection.execute(same.order_by(handling_rule.c.version.desc()).limit(1)).mappings().first()
    return dict(found) if found else None


def is_automatic(connection: sa.Connection) -> bool:
    """Return whether a decision that asks for a search orders it by itself."""
    newest = sa.select(search_setting.c.is_automatic).order_by(search_setting.c.id.desc()).limit(1)
    return bool(connection.scalar(newest))


def referrals(connection: sa.Connection, actor: Actor) -> list[dict[str, Any]]:
    """Return the searches that followed a person's decisions and are done, last ended first."""
    mine = _ORDER.where(search_order.c.reader == actor.key, search_order.c.state == DONE)
    ordered = mine.order_by(search_order.c.ended_at.desc(), search_order.c.id.desc())
    rows = [dict(row) for row in connection.execute(ordered).mappings()]
    sights = sights_of(connection, actor, [row["exam_pk"] for row in rows])
    return [row for row in rows if sights[row["exam_pk"]].people]

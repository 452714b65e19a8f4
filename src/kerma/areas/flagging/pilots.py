"""Reading pilots: which there are and what they have come to."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.flagging import rules_pilot
from kerma.areas.flagging.model import model
from kerma.areas.flagging.model_pilot import IS_OPEN, pilot, pilot_exam
from kerma.errors import NotFound

_NAMED = sa.select(pilot, model.c.name, model.c.version, model.c.sha256).join_from(
    pilot, model, pilot.c.model_id == model.c.id
)


def pilots(connection: sa.Connection, model_id: int | None = None) -> list[dict[str, Any]]:
    """Return every pilot, the newest first, of one model or of all, without its report."""
    statement = _NAMED if model_id is None else _NAMED.where(pilot.c.model_id == model_id)
    return [dict(row) for row in connection.execute(statement.order_by(pilot.c.id.desc())).mappings()]


def pilot_by_id(connection: sa.Connection, pilot_id: int) -> dict[str, Any]:
    """Return a pilot.

    Raises
    ------
    NotFound
        There is none of this number.
    """
    found = connection.execute(_NAMED.where(pilot.c.id == pilot_id)).mappings().first()
    if found is None:
        raise NotFound(f"there is no pilot {pilot_id}; `kerma models pilot list` shows those there are")
    return dict(found)


def result(connection: sa.Connection, one: dict[str, Any]) -> dict[str, Any]:
    """Return what a pilot has come to: of one that has ended, what it had then."""
    if one["report"] is not None:
        return dict(one["report"])
    rows = connection.execute(sa.select(pilot_exam).where(pilot_exam.c.pilot_id == one["id"]).order_by(pilot_exam.c.id))
    return rules_pilot.result_of(one, [dict(row) for row in rows.mappings()])


def open_pilots(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the pilots that are under way."""
    return [dict(row) for row in connection.execute(sa.select(pilot).where(IS_OPEN).order_by(pilot.c.id)).mappings()]

"""Alarms: what Kerma itself found wrong and a person must look at; each stays open until one acknowledges it.

An alarm is a row, a ledger record and a line in the log. ``kerma doctor`` and ``/api/v1/keeping/alarms`` show the open
ones. The same trouble with the same thing raises one alarm, not one a day.
"""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa

from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Act, action
from kerma.kernel.database import BigKey, metadata

log = logging.getLogger(__name__)

alarm = sa.Table(
    "alarm",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("thing", sa.String(128), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("raised_at", sa.String(27), nullable=False),
    sa.Column("raised_by", sa.String(80), nullable=False),
    sa.Column("acknowledged_at", sa.String(27), nullable=False, server_default=""),
    sa.Column("acknowledged_by", sa.String(80), nullable=False, server_default=""),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Index(
        "uq_alarm_open",
        "kind",
        "thing",
        unique=True,
        sqlite_where=sa.text("acknowledged_at = ''"),
        postgresql_where=sa.text("acknowledged_at = ''"),
    ),
    sqlite_autoincrement=True,
)
"""``kind`` says what is wrong (a word), ``thing`` with what (an address or a key, never a name)."""

OPEN = alarm.c.acknowledged_at == ""


@action("alarms.raise")
def raise_alarm(act: Act, *, kind: str, thing: str, detail: str) -> int:
    """Raise an alarm, unless the same one is open already; returns its number."""
    same = sa.select(alarm.c.id).where(alarm.c.kind == kind, alarm.c.thing == thing, OPEN)
    number = act.connection.execute(same).scalar_one_or_none()
    if number is None:
        values = {"kind": kind, "thing": thing, "detail": detail, "raised_at": act.at_text, "raised_by": act.actor.key}
        number = act.connection.execute(sa.insert(alarm).values(values).returning(alarm.c.id)).scalar_one()
        log.error("ALARM %d: %s %s: %s; `kerma archive alarms` lists what is open", number, kind, thing, detail)
    act.record(alarm_id=number, kind=kind, thing=thing)
    return int(number)


@action("alarms.acknowledge")
def acknowledge(act: Act, *, alarm_id: int, note: str) -> None:
    """Acknowledge an alarm: a person has seen it and says what was done.

    Raises
    ------
    Conflict
        It was acknowledged before.
    """
    if not note.strip():
        raise WrongUsage("say in a note what was found and done: it stands beside the alarm for ever")
    found = act.connection.execute(sa.select(alarm).where(alarm.c.id == alarm_id)).mappings().one_or_none()
    if found is None:
        raise NotFound(f"there is no alarm {alarm_id}; `kerma archive alarms` lists what is open")
    if found["acknowledged_at"]:
        raise Conflict(f"alarm {alarm_id} was acknowledged at {found['acknowledged_at']}")
    values = {"acknowledged_at": act.at_text, "acknowledged_by": act.actor.key, "note": note.strip()}
    act.connection.execute(sa.update(alarm).where(alarm.c.id == alarm_id).values(values))
    act.record(alarm_id=alarm_id, kind=found["kind"], thing=found["thing"])


def alarms(connection: sa.Connection, *, is_open: bool = True, limit: int = 200) -> list[dict[str, Any]]:
    """Return alarms, the newest first: the open ones, or all."""
    statement = sa.select(alarm).order_by(alarm.c.id.desc()).limit(limit)
    if is_open:
        statement = statement.where(OPEN)
    return [dict(row) for row in connection.execute(statement).mappings()]

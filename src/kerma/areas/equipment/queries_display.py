"""Reading the displays, how they stand, and the log of their checks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from kerma.areas.equipment import rules_display
from kerma.areas.equipment.model_display import IN_USE, KINDS, display, display_check
from kerma.kernel import clock
from kerma.kernel.identity_model import person

MOST_CHECKS = 500


def displays(connection: sa.Connection, now: datetime) -> list[dict[str, Any]]:
    """Return the displays in use by name, each with how it stands and what a reader is told."""
    rows = connection.execute(sa.select(display).where(IN_USE).order_by(display.c.name)).mappings().all()
    newest = _newest(connection)
    found = []
    for row in rows:
        standings = [
            rules_display.standing(kind, row["category"], newest.get((row["id"], kind)), now) for kind in KINDS
        ]
        found.append({**row, "standings": standings, "warning": rules_display.warning(standings)})
    return found


def checks(connection: sa.Connection, display_id: int) -> list[dict[str, Any]]:
    """Return the newest checks of a display, the last first, with the names of who made them."""
    statement = sa.select(display_check).where(display_check.c.display_id == display_id)
    rows = connection.execute(statement.order_by(display_check.c.id.desc()).limit(MOST_CHECKS)).mappings().all()
    names = _names(connection, {row["by"] for row in rows})
    return [{**row, "by_name": names.get(row["by"], row["by"])} for row in rows]


def newest_check(connection: sa.Connection, display_id: int) -> int | None:
    """Return the number of the display's newest check, as it goes into the record of a reading."""
    statement = sa.select(sa.func.max(display_check.c.id)).where(display_check.c.display_id == display_id)
    return connection.execute(statement).scalar()


def _newest(connection: sa.Connection) -> dict[tuple[int, str], tuple[str, datetime]]:
    last = sa.select(sa.func.max(display_check.c.id)).group_by(display_check.c.display_id, display_check.c.kind)
    rows = connection.execute(sa.select(display_check).where(display_check.c.id.in_(last))).mappings()
    return {(row["display_id"], row["kind"]): (row["outcome"], clock.moment(row["at"])) for row in rows}


def _names(connection: sa.Connection, keys: Iterable[str]) -> dict[str, str]:
    numbers = [int(key.removeprefix("person:")) for key in keys if key.startswith("person:")]
    rows = connection.execute(sa.select(person.c.id, person.c.name).where(person.c.id.in_(numbers)))
    return {f"person:{row.id}": row.name for row in rows}

"""All that changes displays and the log of their checks."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.equipment import rules_display
from kerma.areas.equipment.model_display import IN_USE, LOOK, display, display_check
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Act, action
from kerma.science.physics.display_response import limits_of

LONGEST_NAME = 64


@action("equipment.view")
def view(act: Act) -> None:
    """See the displays and the log of their checks."""
    act.record(list="displays")


@action("equipment.add_display")
def add_display(act: Act, *, name: str, category: str, serial_number: str = "") -> int:
    """Add a screen that images are read on; returns its number.

    Raises
    ------
    WrongUsage
        The name is empty or too long, or there is no such category.
    Conflict
        A display in use has this name.
    """
    name, serial_number = name.strip(), serial_number.strip()
    if not 1 <= len(name) <= LONGEST_NAME or len(serial_number) > LONGEST_NAME:
        raise WrongUsage(f"a display has a name of 1 to {LONGEST_NAME} characters, such as 'Room 2, left'")
    limits_of(category)
    if act.connection.scalar(sa.select(display.c.id).where(display.c.name == name, IN_USE)) is not None:
        raise Conflict(f"there is a display '{name}' already; retire it, or choose another name")
    row = {"name": name, "category": category, "serial_number": serial_number}
    statement = sa.insert(display).values(**row, added_by=act.actor.key, added_at=act.at_text)
    display_id = int(act.connection.execute(statement.returning(display.c.id)).scalar_one())
    act.record(display_id=display_id, category=category)
    return display_id


@action("equipment.retire_display")
def retire_display(act: Act, *, display_id: int) -> None:
    """Take a display out of use; its log stays."""
    statement = sa.update(display).where(display.c.id == display_id, IN_USE)
    if act.connection.execute(statement.values(retired_by=act.actor.key, retired_at=act.at_text)).rowcount != 1:
        raise NotFound(f"there is no display {display_id} in use")
    act.record(display_id=display_id)


@action("equipment.check_display")
def check_display(act: Act, *, display_id: int, kind: str, given: dict[str, Any]) -> int:
    """Record a check of a display: what was seen on the pattern, or what a photometer read; returns its number.

    Parameters
    ----------
    given : of a look ``answers``; of a measurement ``readings_cd_m2`` and ``ambient_cd_m2``; of both ``note`` and
        ``screen`` (what the browser says of it)

    Raises
    ------
    WrongUsage
        Answers or readings do not fit; says how.
    NotFound
        There is no such display in use.
    """
    rules_display.check_kind(kind)
    category = act.connection.scalar(sa.select(display.c.category).where(display.c.id == display_id, IN_USE))
    if category is None:
        raise NotFound(f"there is no display {display_id} in use")
    if kind == LOOK:
        outcome, document = rules_display.looked(given["answers"], category)
    else:
        outcome, document = rules_display.measured(given["readings_cd_m2"], given["ambient_cd_m2"], category)
    document |= {"note": given.get("note", ""), "screen": given.get("screen", {})}
    row = {"display_id": display_id, "kind": kind, "outcome": outcome, "document": document}
    statement = sa.insert(display_check).values(**row, by=act.actor.key, at=act.at_text)
    check_id = int(act.connection.execute(statement.returning(display_check.c.id)).scalar_one())
    act.record(display_id=display_id, check_id=check_id, kind=kind, outcome=outcome)
    return check_id

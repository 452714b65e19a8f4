"""Reading marks: what stands on the images of an exam for one who looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.review.model_marks import marks
from kerma.areas.review.rules_marks import for_others
from kerma.kernel.sight import sight_of

if TYPE_CHECKING:
    from kerma.kernel.action import Actor


def marks_of(connection: sa.Connection, exam_pk: int, for_actor: Actor) -> list[dict[str, Any]]:
    """Return each person's newest marks on an exam as this actor may see them, the actor's own first.

    This is the one way marks leave the database for a person: what a mode of reading hides is left out here.
    """
    sight = sight_of(connection, for_actor, exam_pk)
    seen = [row for row in newest(connection, exam_pk) if sight.people or row["by"] == for_actor.key]
    shown = [_as_seen(row, is_mine=row["by"] == for_actor.key) for row in seen]
    return sorted(shown, key=lambda row: (not row["is_mine"], row["at"], row["by"]))


def newest(connection: sa.Connection, exam_pk: int) -> list[dict[str, Any]]:
    """Return the newest version of each person's marks on an exam, whoever looks."""
    last = (
        sa.select(marks.c.by, sa.func.max(marks.c.version).label("version"))
        .where(marks.c.exam_pk == exam_pk)
        .group_by(marks.c.by)
        .subquery()
    )
    same = sa.and_(marks.c.by == last.c.by, marks.c.version == last.c.version)
    statement = sa.select(marks).join(last, same).where(marks.c.exam_pk == exam_pk).order_by(marks.c.id)
    return [dict(row) for row in connection.execute(statement).mappings()]


def newest_by(connection: sa.Connection, exam_pk: int, by: str) -> dict[str, Any] | None:
    """Return a person's newest marks on an exam, or None before the first."""
    statement = sa.select(marks).where(marks.c.exam_pk == exam_pk, marks.c.by == by).order_by(marks.c.version.desc())
    found = connection.execute(statement.limit(1)).mappings().first()
    return dict(found) if found else None


def every_version(connection: sa.Connection, exam_pk: int) -> list[dict[str, Any]]:
    """Return every version of everybody's marks on an exam, in the order they were kept."""
    statement = sa.select(marks).where(marks.c.exam_pk == exam_pk).order_by(marks.c.id)
    return [dict(row) for row in connection.execute(statement).mappings()]


def _as_seen(row: dict[str, Any], *, is_mine: bool) -> dict[str, Any]:
    return {**row, "is_mine": is_mine, "document": row["document"] if is_mine else for_others(row["document"])}

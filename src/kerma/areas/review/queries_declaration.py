"""Reading what the load of an exam is declared as."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.review.model_judge import declaration
from kerma.areas.review.rules_declaration import declared_of
from kerma.science.detect.declared import Declared


def declarations(connection: sa.Connection, exam_pk: int) -> list[dict[str, Any]]:
    """Return every row of an exam's declarations, the newest first."""
    statement = sa.select(declaration).where(declaration.c.exam_pk == exam_pk).order_by(declaration.c.version.desc())
    return [dict(row) for row in connection.execute(statement).mappings()]


def newest_declaration(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return the newest row, which may be one that withdrew; None where nothing was ever declared."""
    statement = sa.select(declaration).where(declaration.c.exam_pk == exam_pk).order_by(declaration.c.version.desc())
    found = connection.execute(statement.limit(1)).mappings().first()
    return dict(found) if found else None


def newest_id(connection: sa.Connection, exam_pk: int) -> int | None:
    """Return the number of the newest row of an exam's declarations; None where nothing was ever declared."""
    found = newest_declaration(connection, exam_pk)
    return int(found["id"]) if found else None


def declared(row: dict[str, Any] | None) -> Declared | None:
    """Return what images are held against by the newest row of an exam's declarations; None where nothing is."""
    return None if row is None or row["is_withdrawn"] else declared_of(row["document"])

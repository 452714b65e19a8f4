"""Reading what is on the control charts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.equipment.model_quality import quality_point

MOST_POINTS = 500


def charts(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return every chart there is: machine, what of, value, number of points, and when the last one was taken."""
    key = (quality_point.c.machine, quality_point.c.of, quality_point.c.value_name)
    statement = sa.select(*key, sa.func.count().label("points"), sa.func.max(quality_point.c.at).label("last_at"))
    return [dict(row) for row in connection.execute(statement.group_by(*key).order_by(*key)).mappings()]


def points(connection: sa.Connection, *, machine: str, of: str, value_name: str) -> list[dict[str, Any]]:
    """Return the newest points of one chart in the order in which the images were taken."""
    table = quality_point.c
    statement = sa.select(table.value, table.at, table.exam_pk, table.image_sha256).where(
        table.machine == machine, table.of == of, table.value_name == value_name
    )
    newest = connection.execute(statement.order_by(table.at.desc(), table.id.desc()).limit(MOST_POINTS)).mappings()
    return [dict(row) for row in newest][::-1]

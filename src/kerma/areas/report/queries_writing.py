"""Reading what people have written for reports."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.report.model import report_writing


def newest(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return what was written last for the exam's report, or None."""
    statement = sa.select(report_writing).where(report_writing.c.exam_pk == exam_pk)
    found = connection.execute(statement.order_by(report_writing.c.version.desc()).limit(1)).mappings().first()
    return dict(found) if found else None


def newest_version(connection: sa.Connection, exam_pk: int) -> int:
    """Return the version of what was written last, 0 for nothing."""
    statement = sa.select(sa.func.max(report_writing.c.version)).where(report_writing.c.exam_pk == exam_pk)
    return int(connection.scalar(statement) or 0)


def every(connection: sa.Connection, exam_pk: int) -> list[dict[str, Any]]:
    """Return everything that was written for the exam's report, the oldest first."""
    statement = sa.select(report_writing).where(report_writing.c.exam_pk == exam_pk).order_by(report_writing.c.version)
    return [dict(row) for row in connection.execute(statement).mappings()]

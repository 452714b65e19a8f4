"""Reading reports."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.report.model import report


def newest_report(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return the exam's report, which is its newest version, or None before the first."""
    statement = sa.select(report).where(report.c.exam_pk == exam_pk).order_by(report.c.id.desc()).limit(1)
    found = connection.execute(statement).mappings().first()
    return dict(found) if found else None


def version_count(connection: sa.Connection, exam_pk: int) -> int:
    """Return how many versions of the exam's report there are."""
    statement = sa.select(sa.func.count()).select_from(report).where(report.c.exam_pk == exam_pk)
    return int(connection.execute(statement).scalar_one())


def has_report(connection: sa.Connection, analysis_id: int, decision_id: int | None) -> bool:
    """Return whether a report on this analysis and decision exists already, proposed or signed."""
    statement = sa.select(report.c.id).where(
        report.c.analysis_id == analysis_id, report.c.decision_id.is_not_distinct_from(decision_id)
    )
    return connection.execute(statement).first() is not None

"""Reading batches: how far they are, and what was refused."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.report import queries
from kerma.areas.report.model import report, report_batch, report_batch_row
from kerma.areas.report.sight import ALGORITHM
from kerma.kernel.action import Actor
from kerma.kernel.sight import Sight, sights_of


def batch_by_id(connection: sa.Connection, batch_id: int) -> dict[str, Any] | None:
    """Return a batch with ``done``, ``refused`` and ``waiting`` counted, or None."""
    found = connection.execute(sa.select(report_batch).where(report_batch.c.id == batch_id)).mappings().first()
    if found is None:
        return None
    counted = (
        sa.select(report_batch_row.c.state, sa.func.count())
        .where(report_batch_row.c.batch_id == batch_id)
        .group_by(report_batch_row.c.state)
    )
    counts = {state: int(number) for state, number in connection.execute(counted)}
    return dict(found) | {state: counts.get(state, 0) for state in ("waiting", "done", "refused")}


def rows(connection: sa.Connection, batch_id: int, state: str, limit: int | None = None) -> list[dict[str, Any]]:
    """Return exams of a batch in one state by number, at most ``limit``."""
    statement = (
        sa.select(report_batch_row)
        .where(report_batch_row.c.batch_id == batch_id, report_batch_row.c.state == state)
        .order_by(report_batch_row.c.exam_pk)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def reports_of(connection: sa.Connection, batch_id: int, actor: Actor) -> list[dict[str, Any]]:
    """Return ``exam_pk``, ``subject_id`` and ``pdf_sha256`` as it is now of each report of a batch, by exam.

    Reports that tell what is hidden from the actor are left out.
    """
    statement = (
        sa.select(report.c.id, report.c.exam_pk, report.c.pdf_sha256, report.c.hides, subject.c.subject_id)
        .join_from(report_batch_row, report, report.c.id == report_batch_row.c.report_id)
        .join(exam, exam.c.id == report.c.exam_pk)
        .join(subject, subject.c.id == exam.c.subject_pk)
        .where(report_batch_row.c.batch_id == batch_id)
        .order_by(report.c.exam_pk)
    )
    found = [dict(row) for row in connection.execute(statement).mappings()]
    sights = sights_of(connection, actor, [row["exam_pk"] for row in found])
    found = [row for row in found if _is_seen(row, sights[row["exam_pk"]])]
    return [row | {"pdf_sha256": queries.pdf_of(connection, row)} for row in found]


def _is_seen(row: dict[str, Any], sight: Sight) -> bool:
    return sight.people and (sight.algorithm or row["hides"] == ALGORITHM)


def newest_batch(connection: sa.Connection, asked_by: str) -> int | None:
    """Return the id of the batch somebody asked for last, or None."""
    statement = sa.select(report_batch.c.id).where(report_batch.c.asked_by == asked_by)
    return connection.scalar(statement.order_by(report_batch.c.id.desc()).limit(1))

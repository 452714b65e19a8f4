"""Reading analyses and decisions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.queries import images_of_exam
from kerma.areas.review import rules
from kerma.areas.review.model import analysis, decision


def images_to_analyse(connection: sa.Connection, exam_pk: int) -> list[dict[str, Any]]:
    """Return the exam's images in reading order, without its objects that have no pixels."""
    return [dict(row) for row in images_of_exam(connection, exam_pk) if row["kind"] == "image"]


def images_digest_of(connection: sa.Connection, exam_pk: int) -> str:
    """Return the digest of the exam's images as they are now."""
    return rules.images_digest(row["sha256"] for row in images_to_analyse(connection, exam_pk))


def latest_analysis(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return the newest analysis of an exam, or None before the first."""
    statement = sa.select(analysis).where(analysis.c.exam_pk == exam_pk).order_by(analysis.c.id.desc()).limit(1)
    found = connection.execute(statement).mappings().first()
    return dict(found) if found else None


def analysis_by_id(connection: sa.Connection, analysis_id: int) -> dict[str, Any] | None:
    """Return one analysis by its id."""
    found = connection.execute(sa.select(analysis).where(analysis.c.id == analysis_id)).mappings().first()
    return dict(found) if found else None


def has_analysis(connection: sa.Connection, exam_pk: int, images_digest: str) -> bool:
    """Return whether exactly these images of the exam have been analysed."""
    same = sa.select(analysis.c.id).where(analysis.c.exam_pk == exam_pk, analysis.c.images_digest == images_digest)
    return connection.execute(same).first() is not None


def decisions(connection: sa.Connection, exam_pk: int) -> list[dict[str, Any]]:
    """Return every decision on an exam, the one in force first."""
    statement = sa.select(decision).where(decision.c.exam_pk == exam_pk).order_by(decision.c.level.desc())
    return [dict(row) for row in connection.execute(statement).mappings()]

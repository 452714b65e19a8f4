"""Reading reports: their versions, their signatures, and the keys that sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from kerma.areas.report.model import report, report_signature, signing_key
from kerma.areas.report.rules_versions import BASIS, in_force
from kerma.areas.report.sight import ALGORITHM
from kerma.areas.review.model import analysis
from kerma.kernel.sight import WHOLE, Sight

HEAVY = ("stated",)
"""Columns a list of versions does not need."""


def versions(connection: sa.Connection, exam_pk: int, sight: Sight) -> list[dict[str, Any]]:
    """Return every version of the exam's report that one may see, the oldest first, without what each states."""
    columns = [column for column in report.c if column.name not in HEAVY]
    statement = sa.select(*columns).where(report.c.exam_pk == exam_pk, *_seen(sight)).order_by(report.c.id)
    return [dict(row) for row in connection.execute(statement).mappings()]


def newest_report(connection: sa.Connection, exam_pk: int, sight: Sight) -> dict[str, Any] | None:
    """Return the newest version that one may see, or None before the first."""
    statement = sa.select(report).where(report.c.exam_pk == exam_pk, *_seen(sight)).order_by(report.c.id.desc())
    found = connection.execute(statement.limit(1)).mappings().first()
    return dict(found) if found else None


def signed_report(connection: sa.Connection, exam_pk: int) -> dict[str, Any] | None:
    """Return *the* signed report of the exam, the newest signed version, with the PDF that holds every signature."""
    holds = in_force(versions(connection, exam_pk, WHOLE))
    return report_by_id(connection, int(holds["id"])) if holds else None


def report_by_id(connection: sa.Connection, report_id: int) -> dict[str, Any] | None:
    """Return one version; ``pdf_sha256`` is the PDF as it is now, with every co-signature."""
    found = connection.execute(sa.select(report).where(report.c.id == report_id)).mappings().first()
    return dict(found) | {"pdf_sha256": pdf_of(connection, found)} if found else None


def _seen(sight: Sight) -> list[sa.ColumnElement[bool]]:
    """Return the conditions for versions that tell nothing of what is hidden."""
    return [sa.false()] * (not sight.people) + [report.c.hides == ALGORITHM] * (not sight.algorithm)


def pdf_of(connection: sa.Connection, version: Mapping[str, Any]) -> str:
    """Return the digest of a version's PDF as it is now: the one with the newest signature."""
    newest = (
        sa.select(report_signature.c.pdf_sha256)
        .where(report_signature.c.report_id == version["id"])
        .order_by(report_signature.c.id.desc())
        .limit(1)
    )
    return str(connection.scalar(newest) or version["pdf_sha256"])


def signatures_of(connection: sa.Connection, report_id: int) -> list[dict[str, Any]]:
    """Return the signatures of a version in the order they were made."""
    statement = (
        sa.select(report_signature).where(report_signature.c.report_id == report_id).order_by(report_signature.c.id)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def version_count(connection: sa.Connection, exam_pk: int) -> int:
    """Return how many versions of the exam's report there are."""
    statement = sa.select(sa.func.count()).select_from(report).where(report.c.exam_pk == exam_pk)
    return int(connection.execute(statement).scalar_one())


def number_of(connection: sa.Connection, version: Mapping[str, Any]) -> int:
    """Return the number of a version among its exam's, from 1, as it is printed."""
    earlier = sa.select(sa.func.count()).where(report.c.exam_pk == version["exam_pk"], report.c.id <= version["id"])
    return int(connection.execute(earlier).scalar_one())


def report_on(connection: sa.Connection, basis: Mapping[str, Any]) -> int | None:
    """Return the id of the exam's newest version where it rests on exactly this (``BASIS``), else None.

    An older version that does is no answer: who goes back to an earlier form gets a version that is the newest again,
    for the newest is what is read and signed.
    """
    of_exam = sa.select(analysis.c.exam_pk).where(analysis.c.id == basis["analysis_id"]).scalar_subquery()
    newest = sa.select(sa.func.max(report.c.id)).where(report.c.exam_pk == of_exam).scalar_subquery()
    same = [report.c[key].is_not_distinct_from(basis[key]) for key in BASIS]
    return connection.scalar(sa.select(report.c.id).where(report.c.id == newest, *same))


def key_in_use(connection: sa.Connection, owner: str) -> dict[str, Any] | None:
    """Return the key a person signs with: the newest that is not retired, or None."""
    statement = (
        sa.select(signing_key)
        .where(signing_key.c.owner == owner, signing_key.c.retired_at == "")
        .order_by(signing_key.c.id.desc())
        .limit(1)
    )
    found = connection.execute(statement).mappings().first()
    return dict(found) if found else None

"""Reading specifications, their history, and under which of them an exam is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.archive.rules import fold
from kerma.areas.review.model_spec import (
    exam_specification,
    specification,
    specification_approval,
    specification_step,
    specification_text,
)
from kerma.areas.review.rules_spec import IN_FORCE
from kerma.kernel.sight import Sight, sights_of

if TYPE_CHECKING:
    from kerma.kernel.action import Actor

MOST = 500
MOST_EXAMS = 200
_WITH_TEXT = sa.select(
    specification, specification_text.c.document, specification_text.c.sha256
).join_from(
    specification, specification_text,
    (specification_text.c.specification_id == specification.c.id)
    & (specification_text.c.revision == specification.c.revision),
)  # fmt: skip


def specifications(connection: sa.Connection, state: str = "") -> list[dict[str, Any]]:
    """Return specifications with what they say now, by kind and name, the newest version first."""
    statement = _WITH_TEXT.where(specification.c.state == state) if state else _WITH_TEXT
    key = (specification.c.industry, specification.c.kind, specification.c.name_folded)
    ordered = statement.order_by(*key, specification.c.version.desc()).limit(MOST)
    return [dict(row) for row in connection.execute(ordered).mappings()]


def by_id(connection: sa.Connection, specification_id: int) -> dict[str, Any] | None:
    """Return a specification with what it says now, or None."""
    found = connection.execute(_WITH_TEXT.where(specification.c.id == specification_id)).mappings().first()
    return dict(found) if found else None


def versions(connection: sa.Connection, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return all versions of the same key, the newest first."""
    same = [specification.c[name] == row[name] for name in ("industry", "kind", "name_folded")]
    found = connection.execute(_WITH_TEXT.where(*same).order_by(specification.c.version.desc()))
    return [dict(one) for one in found.mappings()]


def texts(connection: sa.Connection, specification_id: int) -> list[dict[str, Any]]:
    """Return every text a version had, the newest first."""
    return _of(connection, specification_text, specification_id)[::-1]


def approvals(connection: sa.Connection, specification_id: int) -> list[dict[str, Any]]:
    """Return every approval of a version's texts, in their order."""
    return _of(connection, specification_approval, specification_id)


def attachments(connection: sa.Connection, specification_id: int) -> dict[str, dict[str, Any]]:
    """Return every file that one of a version's texts has or had, by its SHA-256."""
    every = [one for row in texts(connection, specification_id) for one in row["document"].get("attachments", ())]
    return {one["sha256"]: one for one in every}


def steps(connection: sa.Connection, specification_id: int) -> list[dict[str, Any]]:
    """Return everything that happened to a version, in its order."""
    return _of(connection, specification_step, specification_id)


def authors(connection: sa.Connection, specification_id: int) -> set[str]:
    """Return the keys of all who wrote one of a version's texts."""
    return {row["by"] for row in texts(connection, specification_id)}


def in_force(connection: sa.Connection, industry: str, kind: str, name: str) -> dict[str, Any] | None:
    """Return the version in force for a part, route or examination, or None."""
    same = (
        specification.c.industry == industry, specification.c.kind == kind,
        specification.c.name_folded == fold(name), specification.c.state == IN_FORCE,
    )  # fmt: skip
    found = connection.execute(_WITH_TEXT.where(*same)).mappings().first()
    return dict(found) if found else None


def matching(connection: sa.Connection, industry: str, names: Mapping[str, list[str]]) -> dict[str, Any] | None:
    """Return the version in force that an exam names: by its part first, then its route, then its examination."""
    for kind, said in names.items():
        for name in said:
            found = in_force(connection, industry, kind, name)
            if found is not None:
                return found
    return None


def link_of(connection: sa.Connection, exam_pk: int, sight: Sight) -> dict[str, Any] | None:
    """Return under which version an exam is read, as one may see it, or None."""
    statement = sa.select(exam_specification).where(exam_specification.c.exam_pk == exam_pk)
    if not sight.people:
        is_seen = exam_specification.c.is_automatic | (exam_specification.c.by == sight.actor)
        statement = statement.where(is_seen)
    found = connection.execute(statement.order_by(exam_specification.c.id.desc()).limit(1)).mappings().first()
    return dict(found) if found else None


def exams_under(connection: sa.Connection, specification_id: int, actor: Actor) -> list[dict[str, Any]]:
    """Return the exams that were ever linked to a version, the newest first, as far as one may know of the link."""
    statement = (
        sa.select(exam_specification, exam.c.description, exam.c.exam_date, subject.c.subject_id)
        .join_from(exam_specification, exam, exam_specification.c.exam_pk == exam.c.id)
        .join(subject, exam.c.subject_pk == subject.c.id)
        .where(exam_specification.c.specification_id == specification_id)
        .order_by(exam_specification.c.id.desc())
        .limit(MOST_EXAMS)
    )
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    sights = sights_of(connection, actor, [row["exam_pk"] for row in rows])
    seen = [row for row in rows if row["is_automatic"] or row["by"] == actor.key or sights[row["exam_pk"]].people]
    return list({row["exam_pk"]: row for row in reversed(seen)}.values())[::-1]


def _of(connection: sa.Connection, listed: sa.Table, specification_id: int) -> list[dict[str, Any]]:
    statement = sa.select(listed).where(listed.c.specification_id == specification_id).order_by(listed.c.id)
    return [dict(row) for row in connection.execute(statement).mappings()]

"""Reading targets in force, and when people opened and decided exams."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.review.model import decision
from kerma.areas.review.model_reading import reading
from kerma.areas.review.model_target import reading_target
from kerma.areas.review.queries_peer_figures import Span
from kerma.areas.review.rules_reading import DECISION
from kerma.areas.review.rules_targets import Read, Target
from kerma.kernel import clock
from kerma.kernel.identity_model import person_role

_KEY = (reading_target.c.industry, reading_target.c.site, reading_target.c.role, reading_target.c.measure)


def targets(connection: sa.Connection, industry: str = "") -> list[dict[str, Any]]:
    """Return the targets in force, by industry, site, role and measure."""
    last = sa.select(sa.func.max(reading_target.c.id)).group_by(*_KEY)
    found = sa.select(reading_target).where(reading_target.c.id.in_(last), sa.not_(reading_target.c.is_ended))
    if industry:
        found = found.where(reading_target.c.industry == industry)
    return [dict(row) for row in connection.execute(found.order_by(*_KEY)).mappings()]


def as_targets(rows: list[dict[str, Any]]) -> list[Target]:
    """Return rows of the table as targets."""
    return [Target(**{name: row[name] for name in Target.__dataclass_fields__}) for row in rows]


def reads(connection: sa.Connection, span: Span) -> dict[str, list[Read]]:
    """Return by person their decisions of a span, with when each had the exam opened."""
    statement = (
        sa.select(decision.c.by, decision.c.at, decision.c.decision, reading.c.opened_at)
        .join_from(decision, exam, decision.c.exam_pk == exam.c.id)
        .outerjoin(reading, (reading.c.decision_id == decision.c.id) & (reading.c.kind == DECISION))
        .where(exam.c.industry == span.industry, decision.c.at >= span.after, decision.c.at < span.before)
        .where(decision.c.by == span.person if span.person else decision.c.by.startswith("person:"))
        .order_by(decision.c.id)
    )
    found: dict[str, list[Read]] = {}
    for row in connection.execute(statement):
        opened = clock.moment(row.opened_at) if row.opened_at else None
        found.setdefault(row.by, []).append(Read(opened, clock.moment(row.at), row.decision))
    return found


def roles_of(connection: sa.Connection) -> dict[str, set[str]]:
    """Return the roles of everybody, by their key."""
    found: dict[str, set[str]] = {}
    for row in connection.execute(sa.select(person_role.c.person_id, person_role.c.role)):
        found.setdefault(f"person:{row.person_id}", set()).add(row.role)
    return found

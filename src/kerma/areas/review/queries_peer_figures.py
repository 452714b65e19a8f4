"""Reading what the figures of peer review are made of: decisions of a span, those taken, those reviewed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.review.model import decision
from kerma.areas.review.model_peer import WITHDRAWN, peer_case, peer_conclusion, peer_reason, peer_review
from kerma.areas.review.rules_peer_figures import Reviewed


@dataclass(frozen=True)
class Span:
    """Whose decisions of which industry, between which moments."""

    industry: str
    after: str
    before: str
    person: str = ""
    """Empty for everybody's."""
    kind: str = ""
    """Only cases that a plan of this kind took; empty for all."""


def decided(connection: sa.Connection, span: Span) -> dict[str, int]:
    """Return by person how many decisions there are."""
    statement = _of(span, sa.select(decision.c.by, sa.func.count())).group_by(decision.c.by)
    return {row[0]: int(row[1]) for row in connection.execute(statement)}


def taken(connection: sa.Connection, span: Span) -> dict[str, int]:
    """Return by person how many decisions were taken for review, and not withdrawn from it."""
    statement = _of(span, sa.select(decision.c.by, sa.func.count()), sa.and_(_IS_CASE, _of_kind(span)))
    counted = statement.where(peer_case.c.state != WITHDRAWN).group_by(decision.c.by)
    return {row[0]: int(row[1]) for row in connection.execute(counted)}


def reviewed(connection: sa.Connection, span: Span) -> list[Reviewed]:
    """Return the reviewed decisions, in the order they were made."""
    columns = sa.select(decision.c.by, decision.c.at, decision.c.decision, peer_conclusion.c.conclusion)
    columns = columns.add_columns(peer_conclusion.c.was_blinded, peer_review.c.score, peer_review.c.agrees)
    statement = _of(span, columns.add_columns(peer_review.c.is_significant), sa.and_(_IS_CASE, _of_kind(span)))
    statement = statement.join(peer_conclusion, peer_conclusion.c.case_id == peer_case.c.id)
    statement = statement.join(peer_review, peer_review.c.case_id == peer_case.c.id)
    return [Reviewed(*row) for row in connection.execute(statement.order_by(decision.c.id))]


_IS_CASE = peer_case.c.decision_id == decision.c.id


def _of_kind(span: Span) -> sa.ColumnElement[bool]:
    if not span.kind:
        return sa.true()
    return sa.exists().where(peer_reason.c.case_id == peer_case.c.id, peer_reason.c.kind == span.kind)


def _of(span: Span, statement: sa.Select[Any], case: sa.ColumnElement[bool] | None = None) -> sa.Select[Any]:
    joined = statement.join_from(decision, exam, decision.c.exam_pk == exam.c.id)
    if case is not None:
        joined = joined.join(peer_case, case)
    joined = joined.where(exam.c.industry == span.industry, decision.c.at >= span.after, decision.c.at < span.before)
    return joined.where(decision.c.by == span.person if span.person else decision.c.by.startswith("person:"))

"""Reading decision flows: the one in force of an industry, and where an exam stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from kerma.areas.worklist import rules_flow
from kerma.areas.worklist.model import CLOSED, flow, item
from kerma.areas.worklist.queries_levels import newest_of
from kerma.areas.worklist.rules_flow import Flow
from kerma.kernel.prepared import Prepared

_ANY_FLOW = Prepared(sa.select(flow.c.id).limit(1))


def flows(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the flows in force, one an industry that has one."""
    if _ANY_FLOW.scalar(connection, {}) is None:  # every arrival and decision asks, and many sites have none
        return []
    return [dict(row) for row in connection.execute(newest_of(flow, ("industry",))).mappings()]


def flow_in_force(connection: sa.Connection, industry: str) -> Flow:
    """Return the flow of an industry; empty where its exams are decided once."""
    rows = [row for row in flows(connection) if row["industry"] == industry]
    return rules_flow.flow_of(rows[0]["stages"]) if rows else ()


def skills_by_stage(connection: sa.Connection) -> dict[tuple[str, str], str]:
    """Return the skill that each stage asks for, by industry and stage; stages that ask for none are left out."""
    stages = [(row["industry"], one) for row in flows(connection) for one in rules_flow.flow_of(row["stages"])]
    return {(industry, one.stage): one.skill for industry, one in stages if one.skill}


def labels(connection: sa.Connection) -> dict[tuple[str, str], str]:
    """Return how each stage is shown, by industry and stage."""
    stages = [(row["industry"], one) for row in flows(connection) for one in rules_flow.flow_of(row["stages"])]
    return {(industry, one.stage): one.label for industry, one in stages}


def standing(connection: sa.Connection, exam_pk: int) -> tuple[str, str, str]:
    """Return industry, stage and begin of the round of an exam; empty words where it is on no list."""
    columns = (item.c.industry, item.c.stage, item.c.round_at)
    found = connection.execute(sa.select(*columns).where(item.c.exam_pk == exam_pk)).first()
    return (found.industry, found.stage, found.round_at) if found else ("", "", "")


def awaited_stage(connection: sa.Connection, exam_pk: int) -> str:
    """Return the stage at which somebody still has to decide an exam; empty where it is through, or has no flow."""
    awaits = sa.select(item.c.stage).where(item.c.exam_pk == exam_pk, item.c.state != CLOSED)
    return connection.scalar(awaits) or ""


def rounds(connection: sa.Connection, exam_pks: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return stage and begin of the round of those of some exams that are beyond the first look of a flow."""
    columns = (item.c.exam_pk, item.c.stage, item.c.round_at)
    rows = connection.execute(sa.select(*columns).where(item.c.exam_pk.in_(exam_pks), item.c.stage != ""))
    return {row.exam_pk: (row.stage, row.round_at) for row in rows}

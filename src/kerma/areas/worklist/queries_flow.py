"""Reading decision flows: the one in force of an industry, and where an exam stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from kerma.areas.worklist import rules_flow
from kerma.areas.worklist.model import CLOSED, flow, item
from kerma.areas.worklist.rules_flow import Flow
from kerma.areas.worklist.rules_items import CHECK
from kerma.kernel.in_force import InForce
from kerma.kernel.prepared import Prepared

_FLOWS = InForce(flow, "industry")


def flows(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the flows in force, one an industry that has one."""
    return _FLOWS.rows(connection)


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
    found = _STANDING.first(connection, {"exam": exam_pk})
    return (found["industry"], found["stage"], found["round_at"]) if found else ("", "", "")


_STANDING = Prepared(
    sa.select(item.c.industry, item.c.stage, item.c.round_at).where(item.c.exam_pk == sa.bindparam("exam"))
)


def awaited_stage(connection: sa.Connection, exam_pk: int) -> str:
    """Return the stage at which somebody still has to decide an exam; empty where it is through, or has no flow."""
    awaits = sa.select(item.c.stage).where(item.c.exam_pk == exam_pk, item.c.state != CLOSED)
    stage = connection.scalar(awaits) or ""
    return "" if stage == CHECK else stage  # it is decided; that somebody looks again holds up nothing


def rounds(connection: sa.Connection, exam_pks: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return stage and begin of the round of those of some exams that are beyond the first look of a flow."""
    columns = (item.c.exam_pk, item.c.stage, item.c.round_at)
    rows = connection.execute(sa.select(*columns).where(item.c.exam_pk.in_(exam_pks), item.c.stage != ""))
    return {row.exam_pk: (row.stage, row.round_at) for row in rows}

"""Reading lots: all exams of a welder, a lot or an owner, with what became of each."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam, subject
from kerma.areas.review import queries, rules_lots
from kerma.areas.review.model_judge import exam_lot
from kerma.kernel.action import Actor
from kerma.kernel.sight import Sight, sights_of
from kerma.science.judge.extension import Examined

MOST = 200
"""Exams of one lot that are looked at, the newest first."""


def lots_of(connection: sa.Connection, exam_pk: int) -> dict[str, str]:
    """Return the welder, lot and owner of an exam, as far as anybody has said them."""
    rows = connection.execute(sa.select(exam_lot.c.kind, exam_lot.c.value).where(exam_lot.c.exam_pk == exam_pk))
    return {row.kind: row.value for row in rows}


def exams_of(connection: sa.Connection, kind: str, value: str, actor: Actor) -> list[dict[str, Any]]:
    """Return the exams of a welder, lot or owner, the newest first, each with its outcome and stage as one sees it."""
    statement = (
        sa.select(exam.c.id.label("exam_pk"), exam.c.description, exam.c.exam_date, subject.c.subject_id)
        .join_from(exam_lot, exam, exam_lot.c.exam_pk == exam.c.id)
        .join(subject, exam.c.subject_pk == subject.c.id)
        .where(exam_lot.c.kind == kind, exam_lot.c.value == value)
        .order_by(exam.c.id.desc())
        .limit(MOST)
    )
    found = connection.execute(statement).mappings().all()
    sights = sights_of(connection, actor, [row["exam_pk"] for row in found])
    return [dict(row) | _fate(connection, row["exam_pk"], sights[row["exam_pk"]]) for row in found]


def history_of(rows: list[dict[str, Any]]) -> list[Examined]:
    """Return exams as the chain rule takes them, the oldest first."""
    return [
        Examined(f"{row['subject_id'] or 'exam'} ({row['exam_pk']})", row["outcome"], row["stage"], row["length_mm"])
        for row in reversed(rows)
    ]


def _fate(connection: sa.Connection, exam_pk: int, sight: Sight) -> dict[str, Any]:
    known = queries.current(connection, exam_pk, sight)
    document = known.document if known else {}
    decided = next(iter(queries.decisions(connection, exam_pk, sight)), None)
    decision = decided["decision"] if decided else ""
    told = {**document.get("technique", {}), **document.get("judgement", {}).get("conditions", {})}
    length = told.get("weld_length_mm")
    return {
        "decision": decision,
        "outcome": rules_lots.outcome_of(decision, document.get("verdicts", [])),
        "stage": int(told.get("extension_stage") or 0),
        "length_mm": float(length) if isinstance(length, int | float) and length > 0 else None,
    }

"""What the review adds to the evidence on an exam: everything measured, found, judged and decided, as it was kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.custody.evidence_parts import Part
from kerma.areas.review.model import analysis
from kerma.areas.review.model_judge import declaration, judgement
from kerma.areas.review.model_reading import reading
from kerma.areas.review.queries import current, decisions
from kerma.areas.review.queries_marks import every_version
from kerma.kernel.sight import WHOLE

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel


def parts(kernel: Kernel, exam_pk: int) -> Iterator[Part]:
    """Yield what is known of the exam now, all analyses, judgements, declarations, marks, decisions and reads."""
    with kernel.database.read() as connection:
        now = current(connection, exam_pk, WHOLE)
        analyses, judgements = (_rows(connection, one, exam_pk) for one in (analysis, judgement))
        decided = decisions(connection, exam_pk, WHOLE)
        marked = every_version(connection, exam_pk)
        reads = _rows(connection, reading, exam_pk)
        declared = _rows(connection, declaration, exam_pk)
    if now is not None:
        yield _json("data/findings/exam.json", "finding", "The exam as it is known now", now.document)
    for row in analyses:
        words = f"Analysis {row['id']}, {row['created_at']}"
        yield _json(f"data/findings/analysis-{row['id']}.json", "finding", words, row)
    for row in judgements:
        words = f"Judgement {row['version']} by {row['by']}, {row['at']}"
        yield _json(f"data/findings/judgement-{row['version']}.json", "finding", words, row)
    if declared:
        words = "What the load was declared as, every version and withdrawal"
        yield _json("data/findings/declarations.json", "finding", words, declared)
    if marked:
        words = "Marks and measurements by hand, every version of every person"
        yield _json("data/findings/marks.json", "finding", words, marked)
    if decided:
        yield _json("data/decisions/decisions.json", "decision", "Every decision, the one in force first", decided)
    if reads:
        words = "Every read of a person: what was open to them, and how they read"
        yield _json("data/decisions/readings.json", "decision", words, reads)


def _rows(connection: sa.Connection, table: sa.Table, exam_pk: int) -> list[dict[str, Any]]:
    found = connection.execute(sa.select(table).where(table.c.exam_pk == exam_pk).order_by(table.c.id))
    return [dict(row) for row in found.mappings()]


def _json(path: str, kind: str, about: str, value: Any) -> Part:
    data = json.dumps(value, ensure_ascii=False, indent=1, default=str).encode() + b"\n"
    return Part(path, kind, about, data)

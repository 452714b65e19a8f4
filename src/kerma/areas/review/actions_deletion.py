"""What becomes of analyses, judgements and decisions when an exam is deleted: decisions stay, and what they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from kerma.areas.review.model import analysis, decision
from kerma.areas.review.model_judge import declaration, exam_lot, judgement
from kerma.areas.review.model_marks import marks
from kerma.areas.review.model_reading import reading
from kerma.kernel.action import Act
from kerma.kernel.references import referred_by

if TYPE_CHECKING:
    from kerma.areas.archive.model_keeping import ExamDeleted


def on_exam_deleted(act: Act, event: ExamDeleted) -> None:
    """Delete an exam's marks, and its judgements, analyses and declarations that no decision or report rests on."""
    reads = _delete_reads(act, event.exam_pk)
    judgements = _delete_unreferred(act, judgement, event.exam_pk)
    analyses = _delete_unreferred(act, analysis, event.exam_pk)
    declarations = _delete_unreferred(act, declaration, event.exam_pk)
    act.connection.execute(sa.delete(exam_lot).where(exam_lot.c.exam_pk == event.exam_pk))
    marked = act.connection.execute(sa.delete(marks).where(marks.c.exam_pk == event.exam_pk)).rowcount
    gone = {"judgements": judgements, "analyses": analyses, "marks": marked, "reads": reads}
    gone |= {"declarations": declarations}
    act.record(**{name: count for name, count in gone.items() if count})


def _delete_reads(act: Act, exam_pk: int) -> int:
    """Delete the reads of an exam that nobody has decided; those behind a decision stay with it."""
    decided = sa.select(decision.c.id).where(decision.c.exam_pk == exam_pk)
    if act.connection.scalar(decided.limit(1)) is not None:
        return 0
    return act.connection.execute(sa.delete(reading).where(reading.c.exam_pk == exam_pk)).rowcount


def _delete_unreferred(act: Act, table: sa.Table, exam_pk: int) -> int:
    """Delete the exam's rows of a table that no other row refers to; returns how many."""
    numbers = list(act.connection.scalars(sa.select(table.c.id).where(table.c.exam_pk == exam_pk)))
    referred = referred_by(act.connection, table.c.id, numbers)
    gone = [number for number in numbers if number not in referred]
    if gone:
        act.connection.execute(sa.delete(table).where(table.c.id.in_(gone)))
    return len(gone)

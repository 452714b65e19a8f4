"""What goes with an exam that is deleted: its deliveries, and where it came from; promises stay as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from kerma.areas.exchange.model import commitment, delivery, exam_source

if TYPE_CHECKING:
    from kerma.areas.archive.model_keeping import ExamDeleted
    from kerma.kernel.action import Act


def on_exam_deleted(act: Act, event: ExamDeleted) -> None:
    """Remove the rows about the exam, within the action that deletes it."""
    for table in (delivery, exam_source):
        act.connection.execute(sa.delete(table).where(table.c.exam_pk == event.exam_pk))
    forget = sa.update(commitment).where(commitment.c.exam_pk == event.exam_pk).values(exam_pk=None)
    act.connection.execute(forget)

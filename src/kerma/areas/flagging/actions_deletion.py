"""What becomes of what models marked when an exam is deleted: it goes, with what readers said to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from kerma.areas.flagging.model import feedback, model_run
from kerma.areas.flagging.model_pilot import pilot_exam

if TYPE_CHECKING:
    from kerma.areas.archive.model_keeping import ExamDeleted
    from kerma.kernel.action import Act


def on_exam_deleted(act: Act, event: ExamDeleted) -> None:
    """Delete the exam's runs and feedback: nothing can be learned or shown from them without its images."""
    gone = {
        table.name: act.connection.execute(sa.delete(table).where(table.c.exam_pk == event.exam_pk)).rowcount
        for table in (model_run, feedback, pilot_exam)
    }
    act.record(**{name: count for name, count in gone.items() if count})

"""What becomes of the worklist when an exam is deleted: its entry goes, unless somebody is reading the exam."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from kerma.areas.worklist.model import CLAIMED, item
from kerma.areas.worklist.model_items import unread_exam
from kerma.errors import Conflict
from kerma.kernel.action import Act

if TYPE_CHECKING:
    from kerma.areas.archive.model_keeping import ExamDeleted


def on_exam_deleted(act: Act, event: ExamDeleted) -> None:
    """Take the exam's entry off the list.

    Raises
    ------
    Conflict
        Somebody holds it: an exam is not deleted under the eyes of its reader.
    """
    act.connection.execute(sa.delete(unread_exam).where(unread_exam.c.exam_pk == event.exam_pk))
    found = act.connection.execute(sa.select(item.c.id, item.c.state).where(item.c.exam_pk == event.exam_pk)).first()
    if found is None:
        return
    if found.state == CLAIMED:
        raise Conflict(f"exam {event.exam_pk} stays: somebody is reading it (worklist item {found.id})")
    act.connection.execute(sa.delete(item).where(item.c.id == found.id))
    act.record(item_id=found.id)

"""An exam under custody is not deleted: while somebody answers for it, the deletion fails and says for which item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.areas.custody.queries import open_on_exam
from kerma.errors import Conflict
from kerma.kernel.action import Act

if TYPE_CHECKING:
    from kerma.areas.archive.model_keeping import ExamDeleted


def on_exam_deleted(act: Act, event: ExamDeleted) -> None:
    """Refuse while a custody record of the exam is open; records that have ended stay, with the exam's bare entry."""
    numbers = open_on_exam(act.connection, event.exam_pk)
    if numbers:
        raise Conflict(f"exam {event.exam_pk} stays: it is under custody ({', '.join(numbers)})")

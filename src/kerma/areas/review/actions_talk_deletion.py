"""What becomes of what was said about an exam when it is deleted: it goes with the exam, and guests are let out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from kerma.areas.review.model_consult import consult, guest_link
from kerma.areas.review.model_talk import exam_comment, inbox_entry
from kerma.kernel.action import Act

if TYPE_CHECKING:
    from kerma.areas.archive.model_keeping import ExamDeleted


def on_exam_deleted(act: Act, event: ExamDeleted) -> None:
    """Delete an exam's comments, entries of inboxes, guests' links and consults."""
    gone = {
        name: act.connection.execute(sa.delete(table).where(table.c.exam_pk == event.exam_pk)).rowcount
        for name, table in (
            ("comments", exam_comment), ("inbox_entries", inbox_entry), ("guest_links", guest_link),
            ("consults", consult),
        )
    }  # fmt: skip
    act.record(**{name: count for name, count in gone.items() if count})

"""What becomes of reports when an exam is deleted: signed ones are records and stay, drafts go with their PDFs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from kerma.areas.report.model import report, report_batch_row, report_writing
from kerma.kernel import blobs_removal
from kerma.kernel.action import Act

if TYPE_CHECKING:
    from kerma.areas.archive.model_keeping import ExamDeleted


def on_exam_deleted(act: Act, event: ExamDeleted) -> None:
    """Delete the exam's reports that nobody signed, and what was written for them."""
    drafts = sa.and_(report.c.exam_pk == event.exam_pk, report.c.state == "draft")
    addresses = list(act.connection.scalars(sa.select(report.c.pdf_sha256).where(drafts)))
    act.connection.execute(sa.delete(report_batch_row).where(report_batch_row.c.exam_pk == event.exam_pk))
    act.connection.execute(sa.delete(report_writing).where(report_writing.c.exam_pk == event.exam_pk))
    if addresses:
        act.connection.execute(sa.delete(report).where(drafts))
        blobs_removal.ask(act, addresses)
        act.record(report_drafts=len(addresses))

"""The durable step that lays out the proposed report of an exam, after each analysis and each decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.areas.report.actions import keep
from kerma.areas.report.queries import has_report
from kerma.kernel import jobs
from kerma.kernel.identity import service

if TYPE_CHECKING:
    from kerma.areas.review.model import ExamAnalysed, ExamDecided
    from kerma.kernel.action import Act, Kernel

BUILD = "report.build"
REPORTER = service("report", "report.keep")


def on_exam_analysed(act: Act, event: ExamAnalysed) -> None:
    """Ask for the report that states the software's proposal."""
    jobs.request(act, BUILD, key=str(event.exam_pk), arguments={"exam_pk": event.exam_pk})


def on_exam_decided(act: Act, event: ExamDecided) -> None:
    """Ask for the report that states the person's decision, still unsigned."""
    jobs.request(act, BUILD, key=str(event.exam_pk), arguments={"exam_pk": event.exam_pk})


@jobs.job(BUILD)
def build_report(kernel: Kernel, *, exam_pk: int) -> None:
    """Lay out and keep the exam's report as things stand now; does nothing when that report exists."""
    from kerma.areas.report import prepare
    from kerma.areas.report.document import build

    on = prepare.basis(kernel, exam_pk)
    analysis_id = int(on.analysis["id"])
    with kernel.database.read() as connection:
        if has_report(connection, analysis_id, on.decision_id):
            return
    pdf = build(prepare.compose(kernel, on, made_at=kernel.clock.now()))
    keep(
        kernel,
        REPORTER,
        exam_pk=exam_pk,
        analysis_id=analysis_id,
        decision_id=on.decision_id,
        pdf_sha256=kernel.blobs.put(pdf),
    )

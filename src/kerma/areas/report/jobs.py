"""The durable step that lays out a draft of an exam's report, after each analysis, judgement and decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kerma.areas.report import queries
from kerma.areas.report.actions import BUILD, keep
from kerma.areas.review.queries import is_analysed
from kerma.kernel import apart, jobs
from kerma.kernel.identity import service

if TYPE_CHECKING:
    from kerma.areas.report.parts import Report
    from kerma.areas.review.model import ExamAnalysed, ExamDecided, ExamJudged, ExamMarked, ExamReferred
    from kerma.areas.review.model_critical import CriticalResultTold
    from kerma.kernel.action import Act, Kernel

REPORTER = service("report", "report.keep")
DRAFT = "Draft laid out by software; nobody has signed it"
"""What the organisation's seal under a draft states."""
MARKS_QUIET_S = 20.0
"""Pause from the first mark to the draft that states it, so that drawing does not make a version with every line."""


def on_exam_analysed(act: Act, event: ExamAnalysed) -> None:
    """Ask for the report that states the software's proposal."""
    _ask(act, event.exam_pk)


def on_exam_judged(act: Act, event: ExamJudged) -> None:
    """Ask for the report that states what a person found and judged."""
    _ask(act, event.exam_pk)


def on_exam_decided(act: Act, event: ExamDecided) -> None:
    """Ask for the report that states the person's decision, still unsigned.

    Of an exam without an analysis the first one states it; so it is with what follows.
    """
    if is_analysed(act.connection, event.exam_pk):
        _ask(act, event.exam_pk)


def on_exam_referred(act: Act, event: ExamReferred) -> None:
    """Ask for the report that states what software decided."""
    if is_analysed(act.connection, event.exam_pk):
        _ask(act, event.exam_pk)


def on_exam_marked(act: Act, event: ExamMarked) -> None:
    """Ask for the report that states what persons have drawn and measured, not step by step while they draw."""
    if is_analysed(act.connection, event.exam_pk):
        arguments = {"exam_pk": event.exam_pk}
        # a key of its own, so that the draft after a decision never waits for this one
        jobs.request(act, BUILD, key=f"{event.exam_pk}:marks", arguments=arguments, quiet_s=MARKS_QUIET_S)


def on_critical_result_told(act: Act, event: CriticalResultTold) -> None:
    """Ask for the report that states a critical result, and who was told of it."""
    if is_analysed(act.connection, event.exam_pk):
        _ask(act, event.exam_pk)


@jobs.job(BUILD)
def build_report(kernel: Kernel, *, exam_pk: int, form: Mapping[str, Any] | None = None) -> None:
    """Lay out and keep the exam's report as things stand now; does nothing when that report exists."""
    lay_out(kernel, exam_pk, form)


def lay_out(kernel: Kernel, exam_pk: int, form: Mapping[str, Any] | None = None) -> int:
    """Have the exam's report as things stand now, laid out where it does not exist yet; returns the version's id.

    Parameters
    ----------
    form : template, language and record; without a record, the words written so far as far as that kind takes them;
        None for the form of the newest version, or what was written since
    """
    from kerma.areas.report import prepare

    if form and "record" not in form:
        now = prepare.basis(kernel, exam_pk)
        on = prepare.basis(kernel, exam_pk, now.form.carried(**form, industry=now.exam["industry"]))
    else:
        on = prepare.basis(kernel, exam_pk, prepare.Form(**form) if form else None)
    with kernel.database.read() as connection:
        known = queries.report_on(connection, on.rests_on)
    if known is not None:
        return known
    address = draft_of(kernel, prepare.compose(kernel, on, made_at=kernel.clock.now()))
    kept = keep(kernel, REPORTER, exam_pk=exam_pk, rests_on=on.rests_on, record=on.form.record, pdf_sha256=address)
    if kept is not None:
        return kept
    with kernel.database.read() as connection:  # another worker was quicker
        return int(queries.report_on(connection, on.rests_on) or 0)


def draft_of(kernel: Kernel, report: Report) -> str:
    """Lay a report out as a draft under the organisation's seal and keep it; returns its address."""
    from kerma.areas.report.document import build_for_seal

    return kernel.blobs.put(_sealed(kernel, apart.run(build_for_seal, report)))


def _sealed(kernel: Kernel, pdf: bytes) -> bytes:
    """Return a draft under the organisation's seal: so `kerma verify` can tell of any report whether it is whole."""
    from kerma.areas.report.signature import Signing, seal_pdf
    from kerma.areas.report.signature_key import load_key

    now = kernel.clock.now()
    key = load_key(kernel.settings.home / "keys", now)
    return seal_pdf(pdf, Signing(key, key.name, DRAFT, now))


def _ask(act: Act, exam_pk: int) -> None:
    jobs.request(act, BUILD, key=str(exam_pk), arguments={"exam_pk": exam_pk})

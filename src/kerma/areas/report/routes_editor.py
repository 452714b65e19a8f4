"""The report editor over HTTP: what may be written, what was written, and the pages as they would be printed now."""

from __future__ import annotations

import base64
import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.people.queries import name_of_actor
from kerma.areas.report import actions, queries_writing
from kerma.areas.report.sight import demand_stated
from kerma.kernel import clock, requests
from kerma.kernel.action import Actor, Kernel, refuse
from kerma.kernel.permissions import is_granted

router = APIRouter(prefix="/api/v1", tags=["report"])
KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
MOST_PAGES = 200


class FieldRow(BaseModel):
    """One value of a form; ``form`` is text, lines, number, moment, yes or table."""

    name: str
    label: str
    form: str
    unit: str
    is_needed: bool
    columns: dict[str, str]
    """Columns of a table with their labels."""


class GroupRow(BaseModel):
    """The values that stand together on paper."""

    title: str
    fields: list[FieldRow]


class PictureRow(BaseModel):
    """One picture that the report can show."""

    image: str
    """SHA-256 of the image."""
    image_pk: int
    plane: int
    title: str
    findings: int


class PriorRow(BaseModel):
    """An earlier exam of the same subject."""

    exam_pk: int
    at: str
    description: str
    is_usual: bool
    """Whether it is compared when nobody has chosen."""


class ReportWritten(BaseModel):
    """What was written last: the form of the next version."""

    template: str
    language: str
    record: dict[str, Any]
    version: int
    """0 before anything was written here."""
    written_by: str
    written_by_name: str
    written_at: str


class EditorState(BaseModel):
    """What a report editor needs: the forms of every kind, pictures and earlier exams to choose from, the words."""

    exam_pk: int
    subject: str
    subject_name: str
    industry: str
    written: ReportWritten
    kinds: dict[str, list[GroupRow]]
    languages: dict[str, str]
    pictures: list[PictureRow]
    priors: list[PriorRow]


class FormWords(BaseModel):
    """What a person has written."""

    model_config = ConfigDict(extra="forbid")
    template: str = Field("", max_length=64)
    language: str = Field("en", max_length=8)
    record: dict[str, Any] = {}


class FormSaved(FormWords):
    """What a person has written, and the version it goes on from."""

    supersedes: int | None = Field(default=None, ge=1)


class FormAsked(FormWords):
    """A form to be shown as pages; ``known`` are the digests of pages that are at hand and need not come again."""

    known: list[str] = Field([], max_length=MOST_PAGES)


class PageRow(BaseModel):
    """One page: its digest, and its PNG (base64) where it is not at hand."""

    sha256: str
    png: str


class PreviewState(BaseModel):
    """The report as it would be printed now."""

    pages: list[PageRow]
    missing: list[str]
    """Labels of values without which this kind cannot be signed."""
    unready: str
    """Why it cannot be signed now, besides what is missing; empty when it can."""
    changes: list[str]
    """What it states otherwise than the signed version in force."""


@router.get("/exams/{exam_pk}/report/editor")
def editor(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> EditorState:
    """Open the report editor of an exam."""
    from kerma.areas.report import editing
    from kerma.areas.report.language import LANGUAGES

    _open(kernel, actor, exam_pk)
    found = editing.opened(kernel, exam_pk)
    return EditorState(
        exam_pk=exam_pk,
        subject=found.exam["subject_id"],
        subject_name=found.exam["name"],
        industry=found.exam["industry"],
        written=_written(kernel, exam_pk, found.form),
        kinds={
            name: [GroupRow(title=title, fields=[FieldRow(**one) for one in fields]) for title, fields in groups]
            for name, groups in found.kinds.items()
        },
        languages=dict(LANGUAGES),
        pictures=[PictureRow(**one) for one in found.pictures],
        priors=[PriorRow(**one) for one in found.priors],
    )


@router.put("/exams/{exam_pk}/report/words")
def write(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, body: FormSaved) -> ReportWritten:
    """Keep what was written; 409 where somebody else has written meanwhile."""
    from kerma.areas.report.prepare import Form, basis

    basis(kernel, exam_pk, Form(body.template, body.language, body.record))  # tells what is wrong with the form
    form = body.model_dump(include={"template", "language", "record"})
    kept = actions.write(kernel, actor, exam_pk=exam_pk, form=form, supersedes=body.supersedes)
    return _row(kernel, kept)


@router.post("/exams/{exam_pk}/report/preview")
def preview(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, body: FormAsked) -> PreviewState:
    """Show every page as it would be printed with this form; nothing is kept."""
    from kerma.areas.report import preview as previews
    from kerma.areas.report.prepare import Form

    _open(kernel, actor, exam_pk)
    at = clock.text(kernel.clock.now().replace(second=0, microsecond=0))
    form = Form(body.template, body.language, body.record, actor.key, at)
    laid = previews.preview(kernel, exam_pk, form)
    named = [(hashlib.sha256(page).hexdigest(), page) for page in laid.pages]
    pages = [
        PageRow(sha256=name, png="" if name in body.known else base64.b64encode(page).decode()) for name, page in named
    ]
    return PreviewState(pages=pages, missing=laid.missing, unready=laid.unready, changes=laid.changes)


@router.get("/exams/{exam_pk}/report/preview.pdf", response_class=Response)
def preview_pdf(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> Response:
    """Open the report with what was written last as PDF: a draft that is not kept."""
    from kerma.areas.report import prepare
    from kerma.areas.report import preview as previews
    from kerma.areas.report.document import build

    _open(kernel, actor, exam_pk)
    pdf = build(previews.composed(kernel, prepare.basis(kernel, exam_pk)))
    headers = {
        "Content-Disposition": f'inline; filename="report-{exam_pk}-preview.pdf"',
        "Content-Security-Policy": "sandbox; default-src 'none'; plugin-types application/pdf",
        "Cache-Control": "no-store",
    }
    return Response(pdf, media_type="application/pdf", headers=headers)


def _open(kernel: Kernel, actor: Actor, exam_pk: int) -> None:
    """Let in who may read the report, and nobody from whom something in it is hidden; the ledger knows the opening."""
    if not is_granted(actions.view.name, actor.permissions):
        refuse(kernel, actor, actions.view.name)
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="report")
    with kernel.database.read() as connection:
        demand_stated(connection, actor, exam_pk)


def _written(kernel: Kernel, exam_pk: int, form: Any) -> ReportWritten:
    with kernel.database.read() as connection:
        version = queries_writing.newest_version(connection, exam_pk)
    keys = ("template", "language", "record", "written_by", "written_at")
    return _row(kernel, {key: getattr(form, key) for key in keys} | {"version": version})


def _row(kernel: Kernel, kept: dict[str, Any]) -> ReportWritten:
    with kernel.database.read() as connection:
        name = name_of_actor(connection, kept["written_by"]) if kept["written_by"] else ""
    return ReportWritten(**{key: kept[key] for key in ReportWritten.model_fields if key in kept}, written_by_name=name)

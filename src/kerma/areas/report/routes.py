"""The report over HTTP: its state, the PDF, the signature."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from kerma.areas.archive.actions import open_exam
from kerma.areas.people.queries import name_of_actor
from kerma.areas.report import actions, queries
from kerma.areas.report.jobs import BUILD
from kerma.kernel import jobs, requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["report"])
KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class ReportState(BaseModel):
    """The exam's report as it stands; ``state`` is "none" before the first version."""

    exam_pk: int
    state: str
    version: int
    analysis_id: int | None = None
    decision_id: int | None = None
    pdf_sha256: str = ""
    made_at: str = ""
    signed_by: str = ""
    signed_by_name: str = ""
    signed_at: str = ""
    certificate_sha256: str = ""
    trouble: str = ""
    """Why the report as things stand now could not be laid out so far; empty while nothing went wrong."""


@router.get("/exams/{exam_pk}/report")
def report_state(kernel: KernelNow, actor: ActorNow, exam_pk: int) -> ReportState:
    """Show whether there is a report, and whether it is signed."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="report")
    return _state(kernel, exam_pk)


@router.get("/exams/{exam_pk}/report.pdf", response_class=Response)
def report_pdf(kernel: KernelNow, actor: ActorNow, exam_pk: int) -> Response:
    """Open the report as PDF."""
    found = actions.view(kernel, actor, exam_pk=exam_pk)
    headers = {
        "Content-Disposition": f'inline; filename="report-{exam_pk}-{found["id"]}.pdf"',
        "Content-Security-Policy": "sandbox; default-src 'none'; plugin-types application/pdf",
        "Cache-Control": "no-store",
    }
    return Response(kernel.blobs.get(found["pdf_sha256"]), media_type="application/pdf", headers=headers)


@router.post("/exams/{exam_pk}/report/sign", status_code=201)
def sign(kernel: KernelNow, actor: ActorNow, exam_pk: int) -> ReportState:
    """Sign the report of a decided exam."""
    actions.sign(kernel, actor, exam_pk=exam_pk)
    return _state(kernel, exam_pk)


def _state(kernel: Kernel, exam_pk: int) -> ReportState:
    with kernel.database.read() as connection:
        found = queries.newest_report(connection, exam_pk)
        trouble = jobs.trouble(connection, BUILD, str(exam_pk))
        if found is None:
            return ReportState(exam_pk=exam_pk, state="none", version=0, trouble=trouble)
        version = queries.version_count(connection, exam_pk)
        signer = name_of_actor(connection, found["signed_by"]) if found["signed_by"] else ""
    kept = {key: value for key, value in found.items() if key != "id"}
    return ReportState(**kept, version=version, signed_by_name=signer, trouble=trouble)

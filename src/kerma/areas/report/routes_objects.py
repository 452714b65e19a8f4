"""Objects of an exam over HTTP: what there is, each as a download, keeping one in the archive, findings taken in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from kerma.areas.archive.actions import open_exam
from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.report import actions_objects, objects
from kerma.errors import NotFound, WrongUsage
from kerma.formats.findings_found import BYTES_MAX, Hints
from kerma.kernel import requests, uploads
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["report"])
KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Short = Annotated[str, Query(max_length=255)]


class ObjectRow(BaseModel):
    """One thing the exam can be given out as."""

    name: str
    help: str
    is_dicom: bool
    can_be_kept: bool


class KeptRow(BaseModel):
    """One object as the archive took it; ``outcome`` is stored, or duplicate where it was there already."""

    outcome: str
    image_uid: str
    image_pk: int | None
    sha256: str


class TakenIn(BaseModel):
    """What became of a file of findings."""

    judgement_id: int | None
    recorded: int
    already_there: int
    dismissed: int
    lost: list[str]
    """What of the file no finding of a person can hold, in words."""


@router.get("/exams/{exam_pk}/objects")
def list_objects(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> list[ObjectRow]:
    """List what the exam can be given out as."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="report")
    with kernel.database.read() as connection:
        exam = exam_by_pk(connection, exam_pk)
    if exam is None:
        raise NotFound(f"there is no exam {exam_pk}")
    return [
        ObjectRow(name=one.name, help=one.help, is_dicom=one.is_dicom, can_be_kept=one.can_be_kept)
        for one in objects.offers(exam["industry"])
    ]


@router.get("/exams/{exam_pk}/objects/{name}", response_class=Response)
def download_object(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, name: str) -> Response:
    """Write one object from what is known now and hand it out; several files come as a ZIP."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="report")
    written = actions_objects.give_out(kernel, actor, exam_pk=exam_pk, name=name)
    file_name, data, media_type = written.packed()
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, media_type=media_type, headers=headers)


@router.post("/exams/{exam_pk}/objects/{name}/keep", status_code=201)
def keep_object(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, name: str) -> list[KeptRow]:
    """Write one object and keep it in the archive beside the images."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="report")
    stored = actions_objects.keep(kernel, actor, exam_pk=exam_pk, name=name)
    return [KeptRow(**{key: getattr(one, key) for key in KeptRow.model_fields}) for one in stored]


UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"files": {"type": "string", "format": "binary"}}}
            }
        },
    }
}


@router.post("/exams/{exam_pk}/findings/import", status_code=201, openapi_extra=UPLOAD)
async def import_findings(  # noqa: PLR0913 - one parameter for each thing the file may not say itself
    request: Request,
    kernel: KernelNow,
    actor: ActorNow,
    exam_pk: requests.RowNumber,
    kind: Short = "",
    image: Short = "",
    labels: Annotated[str, Query(max_length=4000)] = "",
) -> TakenIn:
    """Record the findings of a file as those of the person who sends it, and judge the exam by them."""
    async with uploads.receive(request, kernel.settings.home / "incoming") as received:
        if len(received.files) != 1:
            raise WrongUsage("send one file of findings, as a part named 'files' with a file name")
        file = received.files[0]
        if file.path.stat().st_size > BYTES_MAX:
            raise WrongUsage(f"a list of findings has at most {BYTES_MAX} bytes")
        words = tuple(word.strip() for word in labels.split(",") if word.strip())
        hints = Hints(file.name, image, words)
        data = file.path.read_bytes()
        return await run_in_threadpool(_take_in, kernel, actor, exam_pk, (data, hints, kind))


def _take_in(kernel: Kernel, actor: Actor, exam_pk: int, what: tuple[bytes, Hints, str]) -> TakenIn:
    data, hints, kind = what
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    taken = actions_objects.take_in(kernel, actor, exam_pk=exam_pk, data=data, hints=hints, kind=kind)
    told: dict[str, Any] = vars(taken) | {"lost": list(taken.lost)}
    return TakenIn(**told)

"""The archive over HTTP: upload, exams, images as they came and as pictures, the quarantine."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.concurrency import run_in_threadpool

from kerma.areas.archive import actions, queries, queries_render, queries_sight, rules, tiles
from kerma.areas.archive.model import Arrival
from kerma.errors import NotFound, WrongUsage
from kerma.kernel import uploads
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.requests import RowNumber, actor_of, kernel_of
from kerma.kernel.sight import sight_of

router = APIRouter(prefix="/api/v1", tags=["archive"])

KernelNow = Annotated[Kernel, Depends(kernel_of)]
ActorNow = Annotated[Actor, Depends(actor_of)]
SIDECAR = ".json"
CHAIN_TEXT_MOST = 20_000
"""Longest enhancement chain as text."""


class FromRow(BaseModel):
    """Made of a row of a query; columns it does not name are left out."""

    model_config = ConfigDict(extra="ignore")


class UploadedResult(FromRow):
    """What became of one uploaded file."""

    file_name: str
    outcome: Literal["stored", "duplicate", "quarantined", "refused"]
    reason: str
    sha256: str
    size_bytes: int
    image_uid: str
    exam_uid: str
    industry: str
    exam_pk: int | None
    image_pk: int | None
    quarantine_id: int | None


class Uploaded(BaseModel):
    """One result for each file, in the order they were sent."""

    files: list[UploadedResult]


class Flag(BaseModel):
    """Something a person should look at in an exam that is otherwise in order."""

    code: str
    words: str


class ExamRow(FromRow):
    """One exam of the archive with its subject."""

    id: int
    uid: str
    industry: str
    subject_id: str
    subject_name: str
    issuer: str
    birth_date: str
    sex: str
    accession: str
    exam_date: str
    exam_time: str
    description: str
    modalities: list[str]
    series_count: int
    image_count: int
    received_at: str
    last_received_at: str
    flags: list[Flag]


class SearchAsked(BaseModel):
    """What to look for: an industry, the beginning of a name, id or accession number, exam dates, a modality."""

    model_config = ConfigDict(extra="forbid")
    industry: str = Field(default="", max_length=32)
    text: str = Field(default="", max_length=324)
    date_from: date | None = None
    date_to: date | None = None
    modality: str = Field(default="", max_length=16)
    before: int | None = None
    limit: int = Field(default=100, ge=1, le=queries.MAX_PAGE)

    def search(self) -> queries.Search:
        """Return it as the query takes it."""
        dates = {
            name: value.isoformat() if value else ""
            for name, value in (("date_from", self.date_from), ("date_to", self.date_to))
        }
        return queries.Search(**{**self.model_dump(), **dates})


class ExamPage(BaseModel):
    """Exams, the last arrived first."""

    exams: list[ExamRow]
    next_before: int | None
    """Cursor of the next page, None at the end."""


class ImageRow(FromRow):
    """One image or object of an exam, with its series."""

    id: int
    uid: str
    kind: Literal["image", "object"]
    format: str
    number: int | None
    rows: int | None
    columns: int | None
    planes: int | None
    bits: int | None
    sop_class_uid: str
    sop_class_name: str
    series_uid: str
    series_number: int | None
    series_description: str
    modality: str
    body_part: str
    manufacturer: str
    model: str
    station: str
    acquired_at: str
    warnings: list[str]
    sha256: str
    size_bytes: int
    file_name: str
    received_at: str
    tag: str
    """Of its tiles, as the one who asks sees them: what was remembered of other pixels holds no more."""


class ExamDetail(ExamRow):
    """An exam with its images in reading order."""

    images: list[ImageRow]


class RenderingAsked(BaseModel):
    """How to show an image; center and width in the units that follow the Modality LUT, both or neither.

    ``chain`` is an enhancement chain as JSON, in place of window and inversion: what was on the screen, repeated.
    """

    model_config = ConfigDict(extra="forbid")
    plane: int = Field(default=0, ge=0)
    center: float | None = Field(default=None, allow_inf_nan=False)
    width: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    invert: bool = False
    longest: int | None = Field(default=None, ge=16, le=16_384)
    chain: str = Field(default="", max_length=CHAIN_TEXT_MOST)

    @model_validator(mode="after")
    def _whole_window(self) -> RenderingAsked:
        if (self.center is None) != (self.width is None):
            raise ValueError("give center and width, or neither")
        if self.chain and (self.center is not None or self.invert):
            raise ValueError("window and inversion are in the chain: give them there, or no chain")
        return self


class QuarantineRow(FromRow):
    """One file in quarantine."""

    id: int
    file_name: str
    reason: str
    reason_words: str
    detail: str
    sha256: str
    size_bytes: int
    image_uid: str
    conflicts_with_sha256: str
    received_at: str
    kept_reason: str
    """Why a person left it here after having looked at it."""
    kept_by: str
    kept_at: str


class QuarantinePage(BaseModel):
    """Files in quarantine, the last arrived first."""

    files: list[QuarantineRow]
    next_before: int | None


@router.post("/uploads")
async def upload(request: Request, kernel: KernelNow, actor: ActorNow) -> Uploaded:
    """Take files into the archive: parts named ``files``, and a field ``industry`` where the files do not tell.

    A part ``<file>.json`` beside a part ``<file>`` describes it.
    """
    async with uploads.receive(request, kernel.settings.home / "incoming") as received:
        if not received.files:
            raise WrongUsage("the request brings no file: send each as a part named 'files' with a file name")
        return await run_in_threadpool(_ingest, kernel, actor, received)


def _ingest(kernel: Kernel, actor: Actor, received: uploads.Upload) -> Uploaded:
    named = {file.name: file for file in received.files}
    sources = []
    for file in received.files:
        if file.name.removesuffix(SIDECAR) in named and file.name.endswith(SIDECAR):
            continue
        sidecar = named.get(file.name + SIDECAR)
        described = sidecar.path.read_bytes() if sidecar else None
        sources.append(Arrival(file.path, file.name, received.fields.get("industry") or None, described, from_="http"))
    results = actions.ingest_many(kernel, actor, sources)
    return Uploaded(files=[UploadedResult(**vars(result)) for result in results])


@router.get("/exams")
def exams(kernel: KernelNow, actor: ActorNow, asked: Annotated[SearchAsked, Query()]) -> ExamPage:
    """List exams, the last arrived first; ``text`` is the beginning of a name, an id or an accession number."""
    page = actions.list_exams(kernel, actor, search=asked.search())
    return ExamPage(exams=[ExamRow(**exam_fields(row)) for row in page.rows], next_before=page.next_before)


@router.get("/exams/{exam_pk}")
def exam(kernel: KernelNow, actor: ActorNow, exam_pk: RowNumber) -> ExamDetail:
    """Open an exam."""
    actions.open_exam(kernel, actor, exam_pk=exam_pk, purpose="reading")
    with kernel.database.read() as connection:
        found = queries.exam_by_pk(connection, exam_pk)
        if found is None:
            raise NotFound(f"there is no exam {exam_pk}")
        (found,) = queries_sight.plain_exams(connection, actor, [found])
        rows = queries.images_of_exam(connection, exam_pk, sight_of(connection, actor, exam_pk))
    return ExamDetail(**exam_fields(found), images=[ImageRow(**_image(row)) for row in rows])


@router.get("/images/{image_pk}/file", response_class=StreamingResponse)
def file(kernel: KernelNow, actor: ActorNow, image_pk: RowNumber) -> StreamingResponse:
    """Give an image's bytes exactly as they came."""
    row = actions.open_image(kernel, actor, image_pk=image_pk, purpose="file")
    name = rules.export_name(row).rsplit("/", 1)[-1]
    own_name = quote(row["file_name"] or name)
    return StreamingResponse(
        kernel.blobs.stream(row["sha256"]),
        media_type=rules.MEDIA_TYPES.get(row["format"], "application/octet-stream"),
        headers={
            "Content-Length": str(row["size_bytes"]),
            "Content-Disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{own_name}",
            "X-Content-Type-Options": "nosniff",
            "ETag": f'"{row["sha256"]}"',
        },
    )


@router.get("/images/{image_pk}/rendered.png", response_class=Response)
def rendered(
    request: Request,
    kernel: KernelNow,
    actor: ActorNow,
    image_pk: RowNumber,
    asked: Annotated[RenderingAsked, Query()],
) -> Response:
    """Show an image as a PNG; the window used is in the headers ``Kerma-Window-Center`` and ``-Width``."""
    row = actions.open_image(kernel, actor, image_pk=image_pk, purpose="image")
    rendering = queries_render.rendering(**asked.model_dump())
    tag = f'"{queries_render.tag_of(row, rendering)}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    picture = queries_render.picture(kernel, row, rendering)
    if picture.window:
        names = ("Kerma-Window-Center", "Kerma-Window-Width")
        headers |= {name: repr(value) for name, value in zip(names, picture.window, strict=True)}
    return Response(picture.png, media_type="image/png", headers=headers)


@router.get("/quarantine")
def quarantine(
    kernel: KernelNow,
    actor: ActorNow,
    before: RowNumber | None = None,
    limit: Annotated[int, Query(ge=1, le=queries.MAX_PAGE)] = 100,
) -> QuarantinePage:
    """List what came and may not stand among the exams, with the reason."""
    page = actions.list_quarantine(kernel, actor, before=before, limit=limit)
    files = [QuarantineRow(**row, reason_words=rules.REASONS[row["reason"]]) for row in page.rows]
    return QuarantinePage(files=files, next_before=page.next_before)


def exam_fields(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the archive as the fields of an exam."""
    flags = [Flag(code=code, words=rules.FLAGS[code]) for code in row["flags"].split(",") if code]
    modalities = [modality for modality in row["modalities"].split(",") if modality]
    return {**row, "subject_name": row["name"], "flags": flags, "modalities": modalities}


def _image(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "warnings": row["warnings"].splitlines(), "tag": tiles.tag_of(row)}

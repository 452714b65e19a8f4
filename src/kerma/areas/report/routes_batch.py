"""Batches over HTTP: many drafts as a job with its progress, and signing many decided exams in one go."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from kerma.areas.report import actions_batch, queries_batch, rules
from kerma.areas.report import sign as signing
from kerma.areas.report.actions_batch import MOST_EXAMS
from kerma.errors import KermaError, NotFound
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["report"])
KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
SHOWN_REFUSALS = 1000
SIGNED_AT_ONCE = 20
"""Exams signed in one request: who signs more sends several, and sees how far it is."""


class BatchOrder(BaseModel):
    """Which exams, in which form."""

    exam_pks: list[requests.RowNumber] = Field(min_length=1, max_length=MOST_EXAMS)
    template: str = Field("", max_length=64)
    language: str = Field("en", max_length=8)


class Refusal(BaseModel):
    """An exam without report, and why."""

    exam_pk: int
    reason: str


class BatchState(BaseModel):
    """How far a batch is."""

    id: int
    template: str
    language: str
    asked_at: str
    total: int
    done: int
    waiting: int
    refused: int
    refusals: list[Refusal]
    """The first refused exams by number."""


class KindRow(BaseModel):
    """A kind of report that needs no form of its own."""

    name: str
    label: str
    industries: list[str]
    """The industries it is for; empty: every."""


class Forms(BaseModel):
    """The kinds and languages a batch can have."""

    kinds: list[KindRow]
    languages: dict[str, str]


class SignMany(BaseModel):
    """Decided exams to sign in one go, each with its own signature; the passphrase is used and forgotten."""

    exam_pks: list[requests.RowNumber] = Field(min_length=1, max_length=SIGNED_AT_ONCE)
    passphrase: str = Field("", max_length=1024, repr=False)


class SignedMany(BaseModel):
    """What became of each."""

    signed: list[int]
    refusals: list[Refusal]


@router.post("/report-batches", status_code=202)
def ask(kernel: KernelNow, actor: ActorNow, body: BatchOrder) -> BatchState:
    """Ask for the reports of many exams; they are laid out as a job."""
    from kerma.areas.report.language import language

    language(body.language)
    batch_id = actions_batch.ask(kernel, actor, exam_pks=body.exam_pks, template=body.template, language=body.language)
    return _state(kernel, batch_id)


@router.get("/report-batches/{batch_id}")
def batch_state(kernel: KernelNow, actor: ActorNow, batch_id: requests.RowNumber) -> BatchState:
    """Show how far a batch is; only who asked for it sees it."""
    return _state(kernel, batch_id, actor.key)


@router.get("/report-batches")
def newest_batch(kernel: KernelNow, actor: ActorNow) -> BatchState | None:
    """Show the batch you asked for last, or nothing before the first."""
    with kernel.database.read() as connection:
        batch_id = queries_batch.newest_batch(connection, actor.key)
    return None if batch_id is None else _state(kernel, batch_id)


@router.get("/report-batches/{batch_id}/reports.zip", response_class=StreamingResponse)
def batch_reports(kernel: KernelNow, actor: ActorNow, batch_id: requests.RowNumber) -> StreamingResponse:
    """Get the reports of a batch as one zip, with the list of refused exams in it."""
    found = actions_batch.take(kernel, actor, batch_id=batch_id)
    with kernel.database.read() as connection:
        refused = queries_batch.rows(connection, batch_id, "refused")
    headers = {
        "Content-Disposition": f'attachment; filename="reports-{batch_id}.zip"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_zipped(kernel, found, refused), media_type="application/zip", headers=headers)


@router.get("/report/forms")
def forms(kernel: KernelNow, actor: ActorNow) -> Forms:
    """Show in which forms a report can be laid out."""
    from kerma.areas.report.kinds import EXAM, kinds
    from kerma.areas.report.language import ENGLISH, LANGUAGES

    found = [
        KindRow(name=kind.name, label=ENGLISH(f"kind_{kind.name}"), industries=list(kind.industries))
        for kind in kinds().values()
        if kind.name != EXAM and not kind.needed
    ]
    return Forms(kinds=found, languages=dict(LANGUAGES))


@router.post("/reports/sign")
def sign_many(kernel: KernelNow, actor: ActorNow, body: SignMany) -> SignedMany:
    """Sign the reports of decided exams; one that cannot be signed is named with the reason, the others are signed."""
    answer = SignedMany(signed=[], refusals=[])
    for exam_pk in dict.fromkeys(body.exam_pks):
        try:
            signing.sign(kernel, actor, exam_pk=exam_pk, wish=signing.Wish(body.passphrase))
            answer.signed.append(exam_pk)
        except KermaError as error:
            answer.refusals.append(Refusal(exam_pk=exam_pk, reason=str(error)))
    return answer


def _zipped(kernel: Kernel, found: list[dict[str, Any]], refused: list[dict[str, Any]]) -> Iterator[bytes]:
    """Yield a zip file piece by piece: no more than one report is held at a time."""
    out = _Pieces()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
        for row in found:
            name = rules.file_name(row["exam_pk"], row["subject_id"])
            file.writestr(zipfile.ZipInfo(name), kernel.blobs.get(row["pdf_sha256"]))
            yield out.take()
        if refused:
            text = io.StringIO()
            csv.writer(text).writerows([("exam", "reason"), *((row["exam_pk"], row["reason"]) for row in refused)])
            file.writestr(zipfile.ZipInfo("refused.csv"), text.getvalue().encode("utf-8-sig"))
    yield out.take()


class _Pieces(io.RawIOBase):
    """A file that cannot seek, whose bytes are taken away as they come."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held.append(bytes(data))
        return len(self._held[-1])

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken, self._held = b"".join(self._held), []
        return taken


def _state(kernel: Kernel, batch_id: int, asked_by: str | None = None) -> BatchState:
    with kernel.database.read() as connection:
        found = queries_batch.batch_by_id(connection, batch_id)
        refused = queries_batch.rows(connection, batch_id, "refused", SHOWN_REFUSALS)
    if found is None or asked_by not in (None, found["asked_by"]):
        raise NotFound(f"there is no batch {batch_id} of yours")
    refusals = [Refusal(exam_pk=row["exam_pk"], reason=row["reason"]) for row in refused]
    return BatchState(**found, refusals=refusals)

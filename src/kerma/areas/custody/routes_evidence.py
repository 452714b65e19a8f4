"""Evidence over HTTP: one click writes, seals and hands out the package of an exam."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask

from kerma.areas.archive.actions import demand_sight, open_exam
from kerma.areas.custody.actions_evidence import MAX_WORDS, Errand
from kerma.areas.custody.evidence_package import export
from kerma.areas.custody.model_evidence import evidence_package
from kerma.areas.people.queries import name_of_actor
from kerma.kernel import requests, uploads
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["custody"])
KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class EvidenceAsked(BaseModel):
    """For what the evidence leaves the house, and to whom it goes."""

    purpose: str = Field(min_length=1, max_length=MAX_WORDS)
    recipient: str = Field(default="", max_length=MAX_WORDS)


class PackageRow(BaseModel):
    """One package that was handed out."""

    uid: str
    kind: str
    made_at: str
    made_by_name: str
    purpose: str
    recipient: str
    file_count: int
    size_bytes: int
    manifest_sha256: str


@router.post("/exams/{exam_pk}/evidence", response_class=FileResponse, status_code=201)
def make_evidence(
    kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, asked: EvidenceAsked
) -> FileResponse:
    """Write the evidence package of an exam and hand it out as a zip; it is sealed in the ledger, and not kept."""
    with kernel.database.read() as connection:
        demand_sight(connection, actor, exam_pk, "evidence")
    folder = Path(tempfile.mkdtemp(prefix="evidence-", dir=_scratch(kernel)))
    try:
        errand = Errand(asked.purpose.strip(), asked.recipient.strip())
        made = export(kernel, actor, exam_pk=exam_pk, out=folder / "evidence.zip", errand=errand)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    headers = {"Cache-Control": "no-store", "X-Kerma-Ledger-Key": made.key, "X-Kerma-Package": made.uid}
    gone = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    name = f"{made.uid}.zip"
    return FileResponse(made.path, 201, headers, filename=name, media_type="application/zip", background=gone)


@router.get("/exams/{exam_pk}/evidence")
def evidence(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> list[PackageRow]:
    """List the packages that were made of an exam, the newest first."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="evidence")
    statement = (
        sa.select(evidence_package)
        .where(evidence_package.c.exam_pk == exam_pk)
        .order_by(evidence_package.c.id.desc())
        .limit(200)
    )
    with kernel.database.read() as connection:
        return [
            PackageRow(**row, made_by_name=name_of_actor(connection, row["made_by"]))
            for row in connection.execute(statement).mappings()
        ]


def _scratch(kernel: Kernel) -> Path:
    """Return the folder for packages on their way out, without those that a killed server left there."""
    folder = kernel.settings.home / "outgoing"
    folder.mkdir(mode=0o700, exist_ok=True)
    uploads.sweep(folder)
    return folder

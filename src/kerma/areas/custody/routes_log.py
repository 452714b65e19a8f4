"""The disclosure log and the liaison contacts over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from kerma.areas.custody import actions_log as log
from kerma.areas.custody import queries
from kerma.areas.custody.shown import DisclosureRow, disclosure_row
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1/custody", tags=["custody"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class Asked(BaseModel):
    """What a request may say, and nothing else."""

    model_config = ConfigDict(extra="forbid")


class FileAsked(Asked):
    """A file that was disclosed."""

    name: str = Field(min_length=1, max_length=512)
    sha256: str = Field(pattern=r"^[0-9a-fA-F]{64}$")


class DisclosureAsked(Asked):
    """A disclosure to record."""

    what: str = Field(min_length=1, max_length=4_000)
    recipient: str = Field(min_length=1, max_length=512)
    legal_basis: str = Field(min_length=1, max_length=1_024)
    item: str = Field(default="", max_length=40)
    exam_pk: requests.RowNumber | None = None
    contact_id: requests.RowNumber | None = None
    files: list[FileAsked] = Field(default=[], max_length=log.MOST_FILES)
    receipt: str = Field(default="", max_length=1_024)
    happened_at: AwareDatetime | None = None
    reason: str = Field(default="", max_length=4_000)


class ContactAsked(Asked):
    """A liaison contact to add."""

    kind: str = Field(max_length=24)
    organisation: str = Field(min_length=1, max_length=512)
    role: str = Field(default="", max_length=512)
    name: str = Field(default="", max_length=512)
    phone: str = Field(default="", max_length=128)
    email: str = Field(default="", max_length=320)
    duty_hours: str = Field(default="", max_length=512)
    category: str = Field(default="", max_length=512)


class ContactRow(BaseModel):
    """One liaison contact."""

    id: int
    kind: str
    organisation: str
    role: str
    name: str
    phone: str
    email: str
    duty_hours: str
    category: str
    made_at: str
    ended_at: str


class Made(BaseModel):
    """The number of what was made."""

    id: int


@router.get("/disclosures")
def disclosures(
    request: Request,
    kernel: KernelNow,
    actor: ActorNow,
    exam_pk: Annotated[requests.RowNumber | None, Query()] = None,
) -> list[DisclosureRow]:
    """List what was disclosed to whom, newest first: at most the last 1,000."""
    requests.look(request, actor, log.view_disclosures)
    with kernel.database.read() as connection:
        return [disclosure_row(row) for row in queries.disclosures(connection, exam_pk=exam_pk)]


@router.post("/disclosures", status_code=201)
def disclose(kernel: KernelNow, actor: ActorNow, asked: DisclosureAsked) -> Made:
    """Record what was disclosed, to whom and on which legal basis."""
    stated = asked.model_dump() | {"files": [(file.name, file.sha256) for file in asked.files]}
    return Made(id=log.disclose(kernel, actor, told=log.DisclosureTold(**stated)))


@router.get("/contacts")
def contacts(request: Request, kernel: KernelNow, actor: ActorNow, every: bool = False) -> list[ContactRow]:
    """List the liaison contacts, those ended only when asked for."""
    requests.look(request, actor, log.view_contacts)
    with kernel.database.read() as connection:
        rows = queries.contacts(connection, every=every)
    return [ContactRow(**{name: row[name] for name in ContactRow.model_fields}) for row in rows]


@router.post("/contacts", status_code=201)
def add_contact(kernel: KernelNow, actor: ActorNow, asked: ContactAsked) -> Made:
    """Add a liaison contact."""
    return Made(id=log.add_contact(kernel, actor, told=log.ContactTold(**asked.model_dump())))


@router.post("/contacts/{contact_id}/end", status_code=204)
def end_contact(kernel: KernelNow, actor: ActorNow, contact_id: requests.RowNumber) -> None:
    """End a liaison contact."""
    log.end_contact(kernel, actor, contact_id=contact_id)

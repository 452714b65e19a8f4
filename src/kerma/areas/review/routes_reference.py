"""Licensed reference images over HTTP: which there are, adding and withdrawing one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.review import actions_reference, queries_reference
from kerma.areas.review.actions_reference import NewReference
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Word = Annotated[str, Field(max_length=200)]


class ReferenceRow(BaseModel):
    """A licensed reference image in force."""

    id: int
    label: str
    """Set, kind, grade and licence, as pictures of it are labelled."""
    image_set: str
    volume: str
    discontinuity: str
    plate_thickness_mm: float | None
    grade: int
    srb_um: float
    cnr: float
    measured: dict[str, Any]
    """How SRb and CNR were found."""
    licence_holder: str
    licence: str
    image_sha256: str
    image_pk: int
    exam_pk: int
    rows: int | None
    columns: int | None
    added_at: str


class AddedReference(BaseModel):
    """A licensed copy to add; regions are row,column,height,width in pixels."""

    model_config = ConfigDict(extra="forbid")
    image_sha256: str = Field(max_length=64)
    image_set: Word
    volume: Word
    discontinuity: Word
    grade: int = Field(ge=0, le=99)
    licence_holder: Word
    licence: Word
    cnr_region: Word
    cnr_background: Word
    plate_thickness_mm: float | None = None
    duplex_region: Word = ""
    srb_um: float | None = None


@router.get("/references")
def references(kernel: KernelNow, _: ActorNow) -> list[ReferenceRow]:
    """List the licensed reference images in force."""
    with kernel.database.read() as connection:
        return [ReferenceRow.model_validate(row) for row in queries_reference.references(connection)]


@router.post("/references", status_code=201)
def add(kernel: KernelNow, actor: ActorNow, given: AddedReference) -> list[ReferenceRow]:
    """Measure a licensed copy in this archive and add it as a reference image."""
    actions_reference.add_reference(kernel, actor, new=NewReference(**given.model_dump()))
    return references(kernel, actor)


@router.delete("/references/{reference_id}", status_code=204)
def withdraw(kernel: KernelNow, actor: ActorNow, reference_id: requests.RowNumber) -> None:
    """Withdraw a reference image."""
    actions_reference.withdraw_reference(kernel, actor, reference_id=reference_id)

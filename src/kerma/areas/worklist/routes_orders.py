"""Orders, and what machines reported of them, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.worklist import actions_orders, actions_perform, queries_orders, rules_perform
from kerma.areas.worklist.model_orders import Order
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["orders"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
State = Literal["scheduled", "arrived", "started", "completed", "discontinued", "canceled"]


class Code(BaseModel):
    """A code of a coding scheme."""

    model_config = ConfigDict(extra="forbid")
    value: str = Field(min_length=1, max_length=64)
    scheme: str = Field(min_length=1, max_length=16)
    meaning: str = Field(min_length=1, max_length=64)


class NewOrder(BaseModel):
    """What is ordered; numbers, study UID and time are made where they are left out."""

    model_config = ConfigDict(extra="forbid")
    industry: str = Field(max_length=32)
    subject_id: str = Field(min_length=1, max_length=64)
    """Patient id, part number, or the number of the bag, vehicle or parcel."""
    station_ae: str = Field(min_length=1, max_length=64)
    """The AE title of the machine; several are separated by a backslash."""
    modality: str = Field(min_length=1, max_length=16)
    name: str = Field(default="", max_length=324)
    issuer: str = Field(default="", max_length=64)
    birth_date: str = Field(default="", max_length=8)
    sex: str = Field(default="", max_length=16)
    accession: str = Field(default="", max_length=16)
    requested_id: str = Field(default="", max_length=16)
    requested_description: str = Field(default="", max_length=64)
    requested_codes: list[Code] = Field(default=[], max_length=20)
    study_uid: str = Field(default="", max_length=64)
    station_name: str = Field(default="", max_length=16)
    location: str = Field(default="", max_length=16)
    language: str = Field(default="", max_length=3)
    """Of the request and of the report asked for, as de or fr."""
    start_date: str = Field(default="", max_length=8)
    start_time: str = Field(default="", max_length=16)
    performing_name: str = Field(default="", max_length=324)
    requesting_name: str = Field(default="", max_length=324)
    referring_name: str = Field(default="", max_length=324)
    step_id: str = Field(default="", max_length=16)
    step_description: str = Field(default="", max_length=64)
    protocol_codes: list[Code] = Field(default=[], max_length=20)
    priority: Literal["STAT", "HIGH", "ROUTINE", "MEDIUM", "LOW"] = "ROUTINE"
    comments: str = Field(default="", max_length=1024)
    placer_order: str = Field(default="", max_length=64)
    filler_order: str = Field(default="", max_length=64)
    details: dict[str, str] = Field(default={}, max_length=50)
    """Further DICOM keywords, and PartNumber, WeldNumber, DrawingNumber of an inspection."""


class OrderRow(BaseModel):
    """One ordered step."""

    order_id: int
    industry: str
    state: State
    subject_id: str
    issuer: str
    name: str
    birth_date: str
    sex: str
    accession: str
    requested_id: str
    requested_description: str
    study_uid: str
    station_ae: str
    modality: str
    start_date: str
    start_time: str
    performing_name: str
    step_id: str
    step_description: str
    priority: str
    comments: str
    ordered_at: str
    cancel_reason: str
    image_count: int = 0
    """How many images of its study have arrived."""


class Orders(BaseModel):
    """One page of orders, newest first."""

    orders: list[OrderRow]
    next_before: int
    """What to give as ``before`` for the next page; 0 at the end."""


class Reason(BaseModel):
    """Why somebody decided so."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=1024)


class Wanted(BaseModel):
    """The orders that a performed step fulfils."""

    model_config = ConfigDict(extra="forbid")
    order_ids: list[Id] = Field(min_length=1, max_length=50)


class Words(BaseModel):
    """Why a person must look at it: a code and its words."""

    code: str
    words: str


class PerformedRow(BaseModel):
    """What one machine reported of one step."""

    performed_id: int
    uid: str
    state: Literal["in-progress", "completed", "discontinued"]
    matching: Literal["matched", "unmatched", "contradicting", "by-person", "dismissed"]
    reasons: list[Words]
    order_ids: list[int]
    suspect_order_ids: list[int]
    """Orders that it may belong to, for a person to decide."""
    station_ae: str
    modality: str
    subject_id: str
    name: str
    accession: str
    study_uid: str
    announced_count: int
    stored_count: int
    """Of the announced images, how many have arrived: fewer means that the exam is not complete."""
    received_at: str
    ended_at: str
    decided_by: str
    decided_by_name: str
    decided_at: str
    dismiss_reason: str


class Missing(BaseModel):
    """An image that a machine announced and that has not arrived."""

    series_uid: str
    image_uid: str


class PerformedOne(PerformedRow):
    """One performed step with the images that are missing."""

    missing: list[Missing]


class PerformedPage(BaseModel):
    """One page of performed steps, newest first."""

    performed: list[PerformedRow]
    next_before: int


@router.post("/orders", status_code=201)
def place(kernel: KernelNow, actor: ActorNow, new: NewOrder) -> OrderRow:
    """Order a step of work; it stands on the machine's worklist at once."""
    fields = {**new.model_dump(), "requested_codes": _codes(new.requested_codes)}
    fields["protocol_codes"] = _codes(new.protocol_codes)
    order_pk = actions_orders.place(kernel, actor, order=Order(**fields))
    return _order(kernel, order_pk)


@router.get("/orders")
def orders(
    kernel: KernelNow,
    actor: ActorNow,
    state: Literal["open", "all", "scheduled", "arrived", "started", "completed", "discontinued", "canceled"] = "open",
    text: Annotated[str, Query(max_length=324)] = "",
    before: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=queries_orders.MAX_PAGE)] = 100,
) -> Orders:
    """List orders, newest first."""
    actions_orders.look(kernel, actor, door="http")
    search = queries_orders.Search(state, text, before, limit)
    with kernel.database.read() as connection:
        rows = queries_orders.orders(connection, search)
    shown = [OrderRow(order_id=row["id"], **row) for row in rows]
    return Orders(orders=shown, next_before=shown[-1].order_id if len(shown) == limit else 0)


@router.post("/orders/{order_id}/arrive")
def arrive(kernel: KernelNow, actor: ActorNow, order_id: Id) -> OrderRow:
    """Say that the subject of an order is at the machine."""
    actions_orders.arrive(kernel, actor, order_pk=order_id)
    return _order(kernel, order_id)


@router.post("/orders/{order_id}/cancel")
def cancel(kernel: KernelNow, actor: ActorNow, order_id: Id, why: Reason) -> OrderRow:
    """Cancel an order for which nothing has been done yet."""
    actions_orders.cancel(kernel, actor, order_pk=order_id, reason=why.reason)
    return _order(kernel, order_id)


@router.get("/performed")
def performed(
    kernel: KernelNow,
    actor: ActorNow,
    show: Literal["open", "all"] = "open",
    before: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=queries_orders.MAX_PAGE)] = 100,
) -> PerformedPage:
    """List what machines reported: the reports that fit no order, or all."""
    actions_perform.look(kernel, actor)
    with kernel.database.read() as connection:
        rows = queries_orders.performed(connection, only_open=show == "open", before=before, limit=limit)
        names = names_of(connection, {row["decided_by"] for row in rows})
    shown = [PerformedRow(**_performed(row, names)) for row in rows]
    return PerformedPage(performed=shown, next_before=shown[-1].performed_id if len(shown) == limit else 0)


@router.get("/performed/{performed_id}")
def performed_one(kernel: KernelNow, actor: ActorNow, performed_id: Id) -> PerformedOne:
    """Show one report, with the images that were announced and have not arrived."""
    actions_perform.look(kernel, actor)
    return _one(kernel, performed_id)


@router.post("/performed/{performed_id}/match")
def match(kernel: KernelNow, actor: ActorNow, performed_id: Id, wanted: Wanted) -> PerformedOne:
    """Say which orders a report belongs to."""
    actions_perform.match(kernel, actor, performed_pk=performed_id, order_pks=wanted.order_ids)
    return _one(kernel, performed_id)


@router.post("/performed/{performed_id}/dismiss")
def dismiss(kernel: KernelNow, actor: ActorNow, performed_id: Id, why: Reason) -> PerformedOne:
    """Say that a report belongs to no order, and why."""
    actions_perform.dismiss(kernel, actor, performed_pk=performed_id, reason=why.reason)
    return _one(kernel, performed_id)


def _codes(codes: list[Code]) -> tuple[dict[str, str], ...]:
    return tuple(code.model_dump() for code in codes)


def _order(kernel: Kernel, order_pk: int) -> OrderRow:
    with kernel.database.read() as connection:
        row = queries_orders.order_by_pk(connection, order_pk)
    if row is None:
        raise NotFound(f"there is no order {order_pk}")
    return OrderRow(order_id=order_pk, **row)


def _one(kernel: Kernel, performed_pk: int) -> PerformedOne:
    with kernel.database.read() as connection:
        row = queries_orders.performed_by_pk(connection, performed_pk)
        if row is None:
            raise NotFound(f"there is no performed step {performed_pk}")
        names = names_of(connection, {row["decided_by"]})
        missing = queries_orders.missing_images(connection, performed_pk)
    return PerformedOne(**_performed(row, names), missing=[Missing(**one) for one in missing])


def _performed(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    reasons = [Words(code=code, words=rules_perform.REASONS[code]) for code in row["reasons"].split(",") if code]
    return {
        **row,
        "performed_id": row["id"],
        "reasons": reasons,
        "order_ids": row["order_pks"],
        "suspect_order_ids": [int(one) for one in row["suspects"].split(",") if one],
        "decided_by_name": names.get(row["decided_by"], row["decided_by"]),
    }

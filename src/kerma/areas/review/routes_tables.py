"""Published tables outside packs over HTTP: which there are, what they say, and their confirmation."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from kerma.areas.review import actions_packs, queries_packs, queries_tables
from kerma.areas.review.queries_tables import PublishedTable
from kerma.areas.review.routes_packs import NewConfirmation, PackConfirmation
from kerma.areas.worklist.queries import names_of
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class TableRow(BaseModel):
    """A published table as lists show it."""

    name: str
    """Folder and file, such as iso_17636-2/wires."""
    title: str
    edition: str
    clause: str
    source: str
    used_for: str
    status: str
    """unverified, or confirmed: a Level III has compared it with the published edition."""
    is_binding: bool
    """Whether verdicts by it may fail an image; else they advise."""
    needs_no_confirmation: bool
    waits_for: list[str]
    """Tables it rests on that nobody has confirmed: until then verdicts by it advise."""
    sha256: str
    row_count: int


class TableDetail(TableRow):
    """A published table with its rows and its confirmations."""

    columns: list[str]
    rows: list[list[str]]
    confirmations: list[PackConfirmation]


@router.get("/tables")
def tables(kernel: KernelNow, _: ActorNow) -> list[TableRow]:
    """List the published tables that a Level III may confirm: image quality, and sets of reference images."""
    with kernel.database.read() as connection:
        found = queries_tables.published_tables(connection)
    return [TableRow(**_row(one)) for one in found]


@router.get("/tables/{body}/{name}")
def table(kernel: KernelNow, _: ActorNow, body: str, name: str) -> TableDetail:
    """Show a published table with its rows and confirmations."""
    return _detail(kernel, f"{body}/{name}")


@router.post("/tables/{body}/{name}/confirmation", status_code=201)
def confirm(kernel: KernelNow, actor: ActorNow, body: str, name: str, given: NewConfirmation) -> TableDetail:
    """Confirm that a table agrees with the published edition at hand."""
    actions_packs.confirm_pack(kernel, actor, name=f"{body}/{name}", **given.model_dump())
    return _detail(kernel, f"{body}/{name}")


@router.delete("/tables/{body}/{name}/confirmation")
def withdraw_confirmation(kernel: KernelNow, actor: ActorNow, body: str, name: str) -> TableDetail:
    """Take the confirmation of a table back."""
    actions_packs.withdraw_confirmation(kernel, actor, name=f"{body}/{name}")
    return _detail(kernel, f"{body}/{name}")


def _row(found: PublishedTable) -> dict[str, Any]:
    return found.as_json() | {key: getattr(found, key) for key in ("is_binding", "needs_no_confirmation")}


def _detail(kernel: Kernel, name: str) -> TableDetail:
    with kernel.database.read() as connection:
        found = queries_tables.published_table(connection, name)
        confirmations = queries_packs.confirmations_of(connection, name)
        names = names_of(connection, {row["by"] for row in confirmations})
    return TableDetail(
        **_row(found),
        columns=list(found.table.rows[0]),
        rows=[list(row.values()) for row in found.table],
        confirmations=[PackConfirmation.of(row, names, found.sha256) for row in confirmations],
    )

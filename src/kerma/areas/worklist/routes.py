"""The worklist over HTTP."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.worklist import actions, queries, queries_flow, rules
from kerma.errors import NotFound
from kerma.kernel import clock, requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["worklist"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class DecisionChoice(BaseModel):
    """A decision a person can take in an industry."""

    code: str
    label: str
    tone: str
    """calm, attention, alarm or redo: how it is shown."""


class IndustryWords(BaseModel):
    """An industry and its words for the shared things."""

    name: str
    label: str
    subject_word: str
    exam_word: str
    decisions: list[DecisionChoice]


class Item(BaseModel):
    """One row of the worklist."""

    item_id: int
    exam_pk: int
    exam_uid: str
    industry: str
    state: Literal["waiting", "claimed", "held", "closed"]
    priority: int
    urgency: Literal["stat", "urgent", "routine"]
    stage: str
    """Of the flow of its industry; empty where an exam is decided once."""
    stage_label: str
    decision_proposed: str
    decision: str
    queued_at: str
    due_at: str
    claimed_by: str
    claimed_by_name: str
    is_mine: bool
    claimed_at: str
    claim_until: str
    """When the claim falls back; empty for never."""
    closed_at: str
    assigned_to: str
    assigned_to_name: str
    held_until: str
    held_reason: str
    subject_id: str
    subject_name: str
    description: str
    accession: str
    modalities: str
    image_count: int
    received_at: str


class ListAsked(BaseModel):
    """What to show of the list; ``after`` is the cursor a page ended with."""

    model_config = ConfigDict(extra="forbid")
    view: Literal["open", "waiting", "closed"] = "open"
    industry: str = Field(default="", max_length=32)
    text: str = Field(default="", max_length=324)
    holder: Literal["", "me", "nobody"] = ""
    priority: int | None = Field(default=None, ge=1, le=9)
    modality: str = Field(default="", max_length=16)
    late: bool = False
    """Only items beyond their due time."""
    only: list[requests.RowNumber] = Field(default_factory=list, max_length=200)
    """Only these exams: to ask again for what has changed."""
    after: str = Field(default="", max_length=128)
    limit: int = Field(default=200, ge=1, le=queries.MAX_PAGE)


class Items(BaseModel):
    """One page of the worklist."""

    items: list[Item]
    next_after: str
    counts: dict[str, dict[str, int]]
    """Industry to state to number of items, over the whole list."""
    now: str
    """The server's time, so that a countdown does not depend on the browser's clock."""


class HandOver(BaseModel):
    """To whom an item is given, and why."""

    model_config = ConfigDict(extra="forbid")
    to: str = Field(max_length=80)
    """Actor key of the colleague."""
    reason: str = Field(max_length=actions.MAX_REASON_LETTERS)


@router.get("/industries")
def industries(kernel: KernelNow, _: ActorNow) -> list[IndustryWords]:
    """List the industries that are switched on, with their words and decisions."""
    return [
        IndustryWords(
            name=one.name,
            label=one.label,
            subject_word=one.subject_word,
            exam_word=one.exam_word,
            decisions=[
                DecisionChoice(code=code, label=label, tone=rules.tones(one.name).get(code, ""))
                for code, label in one.decisions.items()
            ],
        )
        for one in kernel.industries.values()
    ]


@router.get("/worklist")
def worklist(request: Request, kernel: KernelNow, actor: ActorNow, asked: Annotated[ListAsked, Query()]) -> Items:
    """Show the worklist: open items most urgent first, or closed ones last decided first."""
    requests.look(request, actor, actions.view)
    now = clock.text(kernel.clock.now())
    search = queries.Search(
        **asked.model_dump(exclude={"holder", "late", "only"}),
        holder=actor.key if asked.holder == "me" else asked.holder,
        late_at=now if asked.late else "",
        only=tuple(asked.only),
    )
    with kernel.database.read() as connection:
        page = queries.items(connection, search, actor)
        counted = _counted(request, connection, actor)
        names = queries.names_of(connection, {row[key] for row in page.rows for key in ("claimed_by", "assigned_to")})
        stages = queries_flow.labels(connection)
    counts: dict[str, dict[str, int]] = {}
    for (industry, state), number in counted.items():
        counts.setdefault(industry, {})[state] = number
    rows = [shown(row, actor, names, stages) for row in page.rows]
    return Items(items=rows, next_after=page.next_after, counts=counts, now=now)


LONG_LIST, RECOUNT_S = 5000, 2.0
"""A list of so many items is not counted anew for each of several looks within so short a time."""


def _counted(request: Request, connection: sa.Connection, actor: Actor) -> dict[tuple[str, str], int]:
    """Return the number of items by industry and state, of a long list as it was a moment ago."""
    known: dict[str, tuple[float, dict[tuple[str, str], int]]] = request.app.state.__dict__.setdefault("counted", {})
    at, counted = known.get(actor.key, (0.0, {}))
    if counted and time.monotonic() - at < RECOUNT_S:
        return counted
    counted = queries.counts(connection, actor)
    if sum(counted.values()) >= LONG_LIST:
        known[actor.key] = time.monotonic(), counted
    else:
        known.pop(actor.key, None)
    return counted


@router.post("/worklist/{item_id}/claim")
def claim(kernel: KernelNow, actor: ActorNow, item_id: requests.RowNumber) -> Item:
    """Take an item off the shared list."""
    actions.claim(kernel, actor, item_id=item_id)
    return one(kernel, actor, item_id)


@router.post("/worklist/{item_id}/release")
def release(kernel: KernelNow, actor: ActorNow, item_id: requests.RowNumber) -> Item:
    """Put an item one holds back on the shared list."""
    actions.release(kernel, actor, item_id=item_id)
    return one(kernel, actor, item_id)


@router.post("/worklist/{item_id}/hand-over")
def hand_over(kernel: KernelNow, actor: ActorNow, item_id: requests.RowNumber, given: HandOver) -> Item:
    """Give an item one holds to a colleague, who finds it in the inbox."""
    actions.hand_over(kernel, actor, item_id=item_id, to=given.to, reason=given.reason)
    return one(kernel, actor, item_id)


@router.post("/worklist/{item_id}/free")
def free(kernel: KernelNow, actor: ActorNow, item_id: requests.RowNumber) -> Item:
    """Put an item that somebody else holds back on the shared list."""
    actions.free(kernel, actor, item_id=item_id)
    return one(kernel, actor, item_id)


def one(kernel: Kernel, actor: Actor, item_id: int) -> Item:
    """Return one item as an actor may see it."""
    with kernel.database.read() as connection:
        row = queries.item_by_id(connection, item_id, actor)
        if row is None:
            raise NotFound(f"there is no worklist item {item_id}")
        names = queries.names_of(connection, {row["claimed_by"], row["assigned_to"]})
        return shown(row, actor, names, queries_flow.labels(connection))


def shown(row: dict[str, Any], actor: Actor, names: dict[str, str], stages: Mapping[tuple[str, str], str]) -> Item:
    """Return a row of the list as the page shows it."""
    holder, reader = row["claimed_by"], row["assigned_to"]
    named = {"claimed_by_name": names.get(holder, holder), "assigned_to_name": names.get(reader, reader)}
    named["stage_label"] = stages.get((row["industry"], row["stage"]), row["stage"])
    return Item(**row, **named, is_mine=holder == actor.key)

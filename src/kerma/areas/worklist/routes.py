"""The worklist over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.worklist import actions, queries, rules
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
    state: Literal["waiting", "claimed", "closed"]
    priority: int
    decision_proposed: str
    decision: str
    queued_at: str
    due_at: str
    claimed_by: str
    claimed_by_name: str
    is_mine: bool
    claimed_at: str
    closed_at: str
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
        counted = queries.counts(connection, actor)
        names = queries.names_of(connection, {row["claimed_by"] for row in page.rows})
    counts: dict[str, dict[str, int]] = {}
    for (industry, state), number in counted.items():
        counts.setdefault(industry, {})[state] = number
    shown = [_item(row, actor, names) for row in page.rows]
    return Items(items=shown, next_after=page.next_after, counts=counts, now=now)


@router.post("/worklist/{item_id}/claim")
def claim(kernel: KernelNow, actor: ActorNow, item_id: requests.RowNumber) -> Item:
    """Take an item off the shared list."""
    actions.claim(kernel, actor, item_id=item_id)
    return _one(kernel, actor, item_id)


@router.post("/worklist/{item_id}/release")
def release(kernel: KernelNow, actor: ActorNow, item_id: requests.RowNumber) -> Item:
    """Put an item one holds back on the shared list."""
    actions.release(kernel, actor, item_id=item_id)
    return _one(kernel, actor, item_id)


@router.post("/worklist/{item_id}/free")
def free(kernel: KernelNow, actor: ActorNow, item_id: requests.RowNumber) -> Item:
    """Put an item that somebody else holds back on the shared list."""
    actions.free(kernel, actor, item_id=item_id)
    return _one(kernel, actor, item_id)


def _one(kernel: Kernel, actor: Actor, item_id: int) -> Item:
    with kernel.database.read() as connection:
        row = queries.item_by_id(connection, item_id, actor)
        if row is None:
            raise NotFound(f"there is no worklist item {item_id}")
        return _item(row, actor, queries.names_of(connection, {row["claimed_by"]}))


def _item(row: dict[str, Any], actor: Actor, names: dict[str, str]) -> Item:
    holder = row["claimed_by"]
    return Item(**row, claimed_by_name=names.get(holder, holder), is_mine=holder == actor.key)

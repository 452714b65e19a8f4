"""Handing out over HTTP: the next exam for me, holding back, assigning; and how long I have read without a break."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from kerma.areas.worklist import actions_next
from kerma.areas.worklist import queries_levels as settled
from kerma.areas.worklist.routes import Item, one
from kerma.kernel import clock, requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["worklist"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class NextAsked(BaseModel):
    """What the next exam is to be of."""

    model_config = ConfigDict(extra="forbid")
    industry: str = Field(default="", max_length=32)


class Next(BaseModel):
    """The exam that was handed out; null where none waits for this reader."""

    item: Item | None


class Holding(BaseModel):
    """Until when an exam is held back, and why."""

    model_config = ConfigDict(extra="forbid")
    until: AwareDatetime
    reason: str = Field(max_length=1000)


class Assigning(BaseModel):
    """Who is to read an exam; empty for anybody."""

    model_config = ConfigDict(extra="forbid")
    person: str = Field(default="", max_length=64)


class ScreenTimeNow(BaseModel):
    """How long the person has read an industry's exams without a break."""

    industry: str
    mode: Literal["off", "told", "enforced"]
    most_s: int
    break_s: int
    read_s: int
    is_due: bool
    until: str
    """When the break that is due would be over, if it began now; empty where none is."""


@router.post("/worklist/next")
def take_next(kernel: KernelNow, actor: ActorNow, asked: NextAsked) -> Next:
    """Claim the most urgent exam that is one for the person who asks."""
    item_id = actions_next.take_next(kernel, actor, industry=asked.industry)
    return Next(item=None if item_id is None else one(kernel, actor, item_id))


@router.post("/worklist/{item_id}/hold")
def hold(kernel: KernelNow, actor: ActorNow, item_id: requests.RowNumber, asked: Holding) -> Item:
    """Hold an exam back until a moment."""
    actions_next.hold(kernel, actor, item_id=item_id, until=asked.until, reason=asked.reason)
    return one(kernel, actor, item_id)


@router.post("/worklist/{item_id}/resume")
def resume(kernel: KernelNow, actor: ActorNow, item_id: requests.RowNumber) -> Item:
    """Put an exam that is held back on the list again."""
    actions_next.resume(kernel, actor, item_id=item_id)
    return one(kernel, actor, item_id)


@router.post("/worklist/{item_id}/assign")
def assign(kernel: KernelNow, actor: ActorNow, item_id: requests.RowNumber, asked: Assigning) -> Item:
    """Say who is to read an exam, or give it back to all."""
    actions_next.assign(kernel, actor, item_id=item_id, person_key=asked.person)
    return one(kernel, actor, item_id)


@router.get("/screen-time")
def screen_time(kernel: KernelNow, actor: ActorNow) -> list[ScreenTimeNow]:
    """Show how long one has read without a break, of every industry that has a rule."""
    now = kernel.clock.now()
    with kernel.database.read() as connection:
        found = [(name, settled.screen_time_of(connection, actor.key, name, now)) for name in kernel.industries]
    return [_shown(name, rule, time, now) for name, (rule, time) in found if rule.mode != "off"]


def _shown(industry: str, rule: Any, time: Any, now: datetime) -> ScreenTimeNow:
    read_s = int((now - time.began_at).total_seconds())
    until = clock.text(time.until) if time.is_due else ""
    numbers = {"most_s": rule.most_s, "break_s": rule.break_s, "read_s": read_s}
    return ScreenTimeNow(industry=industry, mode=rule.mode, is_due=time.is_due, until=until, **numbers)

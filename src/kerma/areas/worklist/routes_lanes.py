"""Lanes over HTTP: the dashboard, setting lanes and pools, and what the machine of a lane asks for."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.worklist import actions, actions_lanes, rules_lanes
from kerma.areas.worklist import queries_lanes as queries
from kerma.areas.worklist.model_lanes import WAITS
from kerma.areas.worklist.queries import names_of
from kerma.areas.worklist.rules_lanes import Lane
from kerma.errors import NotFound
from kerma.kernel import clock, requests
from kerma.kernel.action import Actor, Kernel, refuse
from kerma.kernel.permissions import is_granted

router = APIRouter(prefix="/api/v1", tags=["worklist"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
LONGEST_POLL_S = 25.0
LOOK_S = 0.25
"""How often a request that waits looks for a result."""


class NewLane(BaseModel):
    """What a lane is to be."""

    model_config = ConfigDict(extra="forbid")
    machine: str = Field(max_length=rules_lanes.MACHINE_LETTERS)
    """Station name of the scanner, or the name that control charts have."""
    pool: str = Field(max_length=rules_lanes.POOL_LETTERS)
    running_s: int = Field(ge=0, le=rules_lanes.LONGEST_RUNNING_S)
    """Time to decide while the belt runs."""
    stopped_s: int = Field(ge=0, le=rules_lanes.LONGEST_STOPPED_S)
    """Time to decide while the belt stands; 0 is without limit."""
    at_time_out: Literal["refer", "stop"]


class LastResult(BaseModel):
    """What a lane was last told to do with an object."""

    does: Literal["clear", "divert"]
    how: Literal["decided", "timed-out"]
    at: str


class LaneRow(NewLane):
    """A lane, and how it stands now; figures are of the last hour."""

    name: str
    waiting: int
    stopped: int
    """Of those that wait: for which the belt stands."""
    oldest_began_at: str
    """When the timer of the exam that waits longest began; empty where none waits."""
    oldest_answer_by: str
    """When that timer is over; empty for never."""
    last: LastResult | None
    answered: int
    time_outs: int
    p50_s: float | None
    p95_s: float | None


class Member(BaseModel):
    """One who reads for a pool."""

    person: str
    name: str


class PoolRow(BaseModel):
    """A pool, and how it stands now."""

    pool: str
    lanes: list[str]
    members: list[Member]
    active: int
    """Readers who claimed or decided something in the last two minutes, those of no pool among them."""
    waiting: int
    oldest_arrived_at: str


class Board(BaseModel):
    """The lanes and the pools that read for them."""

    now: str
    lanes: list[LaneRow]
    pools: list[PoolRow]


class LaneResult(BaseModel):
    """What a lane is to do with one object."""

    number: int
    """Counts up by one from 1; ask for what comes after the last one received."""
    does: Literal["clear", "divert", "hold"]
    decision: str
    how: Literal["", "decided", "timed-out"]
    at: str
    exam_uid: str
    accession: str
    subject_id: str


class LaneTimer(BaseModel):
    """How long the lane of an exam still waits for its answer."""

    now: str
    lane: str
    began_at: str
    answer_by: str
    """When the time is over; empty for never."""
    is_stopped: bool
    at_time_out: Literal["refer", "stop"]


@router.get("/lanes")
def board(request: Request, kernel: KernelNow, actor: ActorNow) -> Board:
    """Show the lanes and pools as they stand now."""
    requests.look(request, actor, actions.view)
    return _board(kernel)


@router.put("/lanes/{name}")
def set_lane(kernel: KernelNow, actor: ActorNow, name: str, asked: NewLane) -> Board:
    """Set a lane; it holds for exams that arrive from now on."""
    actions_lanes.set_lane(kernel, actor, one=Lane(name=name, **asked.model_dump()))
    return _board(kernel)


@router.delete("/lanes/{name}")
def end_lane(kernel: KernelNow, actor: ActorNow, name: str) -> Board:
    """End a lane; what waits of it keeps its timer."""
    with kernel.database.read() as connection:
        found = next((row for row in queries.lanes(connection) if row["name"] == name), None)
    if found is None:
        raise NotFound(f"there is no lane '{name[:64]}'")
    one = Lane(**{key: found[key] for key in ("name", *NewLane.model_fields)})
    actions_lanes.set_lane(kernel, actor, one=one, is_ended=True)
    return _board(kernel)


@router.put("/pools/{pool}/members/{person}")
def add_member(kernel: KernelNow, actor: ActorNow, pool: str, person: str) -> Board:
    """Have a person read for a pool."""
    actions_lanes.set_pool_member(kernel, actor, person_key=person, pool=pool)
    return _board(kernel)


@router.delete("/pools/{pool}/members/{person}")
def end_member(kernel: KernelNow, actor: ActorNow, pool: str, person: str) -> Board:
    """Have a person read for a pool no more."""
    actions_lanes.set_pool_member(kernel, actor, person_key=person, pool=pool, is_ended=True)
    return _board(kernel)


@router.get("/exams/{exam_pk}/lane")
def timer(request: Request, kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> LaneTimer | None:
    """Show how long the belt still waits for the decision on an exam; null where no belt does."""
    requests.look(request, actor, actions.view)
    with kernel.database.read() as connection:
        found = queries.lane_of_exam(connection, exam_pk)
    if found is None or found["how"] != WAITS:
        return None
    shown = {key: found[key] for key in ("lane", "began_at", "answer_by", "is_stopped", "at_time_out")}
    return LaneTimer(now=clock.text(kernel.clock.now()), **shown)


@router.get("/lanes/{name}/results")
async def results(
    request: Request,
    kernel: KernelNow,
    actor: ActorNow,
    name: str,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    wait_s: Annotated[float, Query(ge=0, le=LONGEST_POLL_S)] = LONGEST_POLL_S,
) -> list[LaneResult]:
    """Say what a lane is to do, in order, after the last number it has; waits until there is something, or the time."""
    await asyncio.to_thread(_demand_own, request, kernel, actor, name[:64])
    until = time.monotonic() + wait_s
    while True:
        rows = await asyncio.to_thread(_results, kernel, name, after)
        if rows or time.monotonic() >= until or await request.is_disconnected():
            return [LaneResult(**row) for row in rows]
        await asyncio.sleep(LOOK_S)


def _demand_own(request: Request, kernel: Kernel, actor: Actor, name: str) -> None:
    """Refuse a program what another lane is told; who may set lanes may see what all of them are told."""
    requests.look(request, actor, actions_lanes.take_results, lane=name)
    if not rules_lanes.is_token_of(actor.name, name) and not is_granted(actions_lanes.set_lane.name, actor.permissions):
        refuse(kernel, actor, actions_lanes.take_results.name, f"this token is not of lane '{name}'")


def _results(kernel: Kernel, name: str, after: int) -> list[dict[str, Any]]:
    with kernel.database.read() as connection:
        if not queries.is_known(connection, name):
            raise NotFound(f"there is no lane '{name[:64]}'")
        return queries.results(connection, name, after)


def _board(kernel: Kernel) -> Board:
    now = kernel.clock.now()
    with kernel.database.read() as connection:
        lanes = queries.lanes(connection)
        figures = queries.lane_figures(connection, now)
        waiting = queries.waiting(connection)
        members = queries.members(connection)
        active = queries.active(connection, now)
        names = names_of(connection, {row["person"] for row in members})
    pooled = {row["person"] for row in members}
    pools = sorted({row["pool"] for row in (*lanes, *members, *waiting)})
    return Board(
        now=clock.text(now),
        lanes=[_lane(row, figures.get(row["name"], {})) for row in lanes],
        pools=[
            PoolRow(
                pool=pool,
                lanes=[row["name"] for row in lanes if row["pool"] == pool],
                members=[
                    Member(person=row["person"], name=names.get(row["person"], row["person"]))
                    for row in members
                    if row["pool"] == pool
                ],
                active=len(active - pooled | active & {row["person"] for row in members if row["pool"] == pool}),
                waiting=sum(row["pool"] == pool for row in waiting),
                oldest_arrived_at=next((row["arrived_at"] for row in waiting if row["pool"] == pool), ""),
            )
            for pool in pools
        ],
    )


def _lane(row: dict[str, Any], figures: dict[str, Any]) -> LaneRow:
    waiting: list[dict[str, Any]] = figures.get("waiting", [])
    first: dict[str, Any] = waiting[0] if waiting else {}
    last = figures.get("last")
    shown: dict[str, Any] = {key: row[key] for key in ("name", *NewLane.model_fields)}
    shown |= {key: figures.get(key, 0) for key in ("answered", "time_outs")}
    shown |= {key: figures.get(key) for key in ("p50_s", "p95_s")}
    return LaneRow(
        **shown,
        waiting=len(waiting),
        stopped=sum(one["is_stopped"] for one in waiting),
        oldest_began_at=first.get("began_at", ""),
        oldest_answer_by=first.get("answer_by", ""),
        last=LastResult(**{key: last[key] for key in ("does", "how", "at")}) if last else None,
    )

"""Decision flows over HTTP: the one in force of each industry, those Kerma comes with, and choosing or writing one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.worklist import actions, actions_flow, queries_flow, rules_flow
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["worklist"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class FlowStage(BaseModel):
    """One stage of a flow; `next` says which stage follows a decision, `*` stands for every other one."""

    model_config = ConfigDict(extra="forbid")
    stage: str = Field(max_length=rules_flow.LETTERS)
    label: str = Field(max_length=rules_flow.LETTERS)
    skill: str = Field(default="", max_length=2 * rules_flow.LETTERS)
    next: dict[str, str] = Field(default_factory=dict, max_length=32)


class NewFlow(BaseModel):
    """Who is to decide after whom."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=actions_flow.NAME_LETTERS)
    stages: list[FlowStage] = Field(max_length=rules_flow.MOST_STAGES)


class FlowRow(NewFlow):
    """The flow of an industry; without a name its exams are decided once."""

    industry: str
    paths: list[list[tuple[str, str]]]
    """Every way through it: stage and decision, one after the other."""
    set_by_name: str = ""
    set_at: str = ""


class Flows(BaseModel):
    """The flows in force, and those Kerma comes with."""

    in_force: list[FlowRow]
    offered: list[FlowRow]


@router.get("/flows")
def flows(request: Request, kernel: KernelNow, actor: ActorNow) -> Flows:
    """Show who decides after whom in every industry, and the flows to choose from."""
    requests.look(request, actor, actions.view)
    return _flows(kernel)


@router.put("/flows/{industry}")
def set_flow(kernel: KernelNow, actor: ActorNow, industry: str, asked: NewFlow) -> Flows:
    """Have exams of an industry decided by stages."""
    stages = rules_flow.flow_of([one.model_dump() for one in asked.stages])
    actions_flow.set_flow(kernel, actor, industry=industry, name=asked.name, stages=stages)
    return _flows(kernel)


@router.delete("/flows/{industry}")
def end_flow(kernel: KernelNow, actor: ActorNow, industry: str) -> Flows:
    """Have exams of an industry decided once."""
    with kernel.database.read() as connection:
        rows = [row for row in queries_flow.flows(connection) if row["industry"] == industry]
    if not rows:
        raise NotFound(f"'{industry[:32]}' has no flow")
    stages = rules_flow.flow_of(rows[0]["stages"])
    actions_flow.set_flow(kernel, actor, industry=industry, name=rows[0]["name"], stages=stages, is_ended=True)
    return _flows(kernel)


def _flows(kernel: Kernel) -> Flows:
    with kernel.database.read() as connection:
        rows = {row["industry"]: row for row in queries_flow.flows(connection)}
        names = names_of(connection, {row["set_by"] for row in rows.values()})
    in_force = []
    for industry in kernel.industries:
        row: dict[str, Any] = rows.get(industry, {"name": "", "stages": [], "set_by": "", "set_at": ""})
        told = {"set_by_name": names.get(row["set_by"], ""), "set_at": row["set_at"]}
        in_force.append(_row(kernel, industry, row["name"], rules_flow.flow_of(row["stages"])).model_copy(update=told))
    offered = [
        _row(kernel, industry, name, stages)
        for (industry, name), stages in rules_flow.shipped().items()
        if industry in kernel.industries
    ]
    return Flows(in_force=in_force, offered=offered)


def _row(kernel: Kernel, industry: str, name: str, stages: rules_flow.Flow) -> FlowRow:
    paths = rules_flow.paths(stages, list(kernel.industries[industry].decisions))
    shown = [FlowStage.model_validate(one) for one in rules_flow.as_json(stages)]
    return FlowRow(industry=industry, name=name, stages=shown, paths=paths)

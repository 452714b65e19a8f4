"""Pilots over HTTP: beginning one, what it has come to, its report, signing it off."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.flagging import actions_pilot, pilot_report, pilots
from kerma.areas.flagging.queries_models import names_of
from kerma.areas.flagging.rules_models import MOST_LETTERS
from kerma.areas.flagging.rules_pilot import MOST_MACHINES, Terms
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1/models", tags=["flagging"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Words = Annotated[str, Field(max_length=MOST_LETTERS)]


class NewPilot(BaseModel):
    """What is agreed before a pilot begins."""

    model_config = ConfigDict(extra="forbid")
    planned_exams: int
    least_sensitivity: float
    """Share of the findings of readers that the model must mark."""
    most_false_per_exam: float
    """Marks of the model at places where no reader found anything."""
    machines: Annotated[list[str], Field(max_length=MOST_MACHINES)] = []
    """Names of machines as control charts have them; empty: every one."""
    reason: Words


class Ending(BaseModel):
    """Why a pilot is signed off or given up."""

    model_config = ConfigDict(extra="forbid")
    reason: Words


class PilotRow(BaseModel):
    """A pilot, with what was agreed."""

    id: int
    model_id: int
    name: str
    version: str
    machines: list[str]
    planned_exams: int
    least_sensitivity: float
    most_false_per_exam: float
    reason: str
    begun_at: str
    begun_by_name: str
    ended_at: str
    ended_by_name: str
    end_reason: str
    is_signed_off: bool


class PilotResult(PilotRow):
    """A pilot and what it has come to."""

    result: dict[str, Any]
    """Exams, found, missed, false marks, both figures with intervals, by machine, reached or why not, differences."""


@router.get("/{model_id}/pilots")
def of_model(kernel: KernelNow, _: ActorNow, model_id: requests.RowNumber) -> list[PilotRow]:
    """List the pilots of a model, the newest first, without what they have come to."""
    with kernel.database.read() as connection:
        rows = pilots.pilots(connection, model_id)
        names = names_of(connection, [key for row in rows for key in (row["begun_by"], row["ended_by"])])
    return [PilotRow(**_row(row, names)) for row in rows]


@router.post("/{model_id}/pilots", status_code=201)
def begin(kernel: KernelNow, actor: ActorNow, model_id: requests.RowNumber, given: NewPilot) -> list[PilotRow]:
    """Begin a pilot of a model in shadow; what must be reached cannot be changed later."""
    terms = Terms(**given.model_dump(exclude={"reason"}))
    actions_pilot.begin_pilot(kernel, actor, model_id=model_id, terms=terms, reason=given.reason)
    return of_model(kernel, actor, model_id)


@router.get("/pilots/{pilot_id}")
def show(kernel: KernelNow, actor: ActorNow, pilot_id: requests.RowNumber) -> PilotResult:
    """Show what a pilot has come to."""
    one, result, names = _seen(kernel, actor, pilot_id)
    return PilotResult(**_row(one, names), result=result)


@router.get("/pilots/{pilot_id}/report.html", response_class=HTMLResponse)
def page(kernel: KernelNow, actor: ActorNow, pilot_id: requests.RowNumber) -> HTMLResponse:
    """Show the report of a pilot as a page for screen and paper."""
    return HTMLResponse(pilot_report.report(*_seen(kernel, actor, pilot_id)))


@router.post("/pilots/{pilot_id}/sign-off", status_code=204)
def sign_off(kernel: KernelNow, actor: ActorNow, pilot_id: requests.RowNumber, given: Ending) -> None:
    """Sign off a pilot that has reached its limits, as another person than who began it."""
    actions_pilot.sign_off(kernel, actor, pilot_id=pilot_id, reason=given.reason)


@router.post("/pilots/{pilot_id}/give-up", status_code=204)
def give_up(kernel: KernelNow, actor: ActorNow, pilot_id: requests.RowNumber, given: Ending) -> None:
    """Give up a pilot: what it has come to is kept, and its model cannot be approved on it."""
    actions_pilot.give_up_pilot(kernel, actor, pilot_id=pilot_id, reason=given.reason)


def _seen(kernel: Kernel, actor: Actor, pilot_id: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    actions_pilot.view_pilot(kernel, actor, pilot_id=str(pilot_id))
    with kernel.database.read() as connection:
        one = pilots.pilot_by_id(connection, pilot_id)
        names = names_of(connection, [one["begun_by"], one["ended_by"]])
        return one, pilots.result(connection, one), dict(names)


def _row(one: dict[str, Any], names: Any) -> dict[str, Any]:
    told = {key: value for key, value in one.items() if key in PilotRow.model_fields}
    return told | {"begun_by_name": names.get(one["begun_by"], ""), "ended_by_name": names.get(one["ended_by"], "")}

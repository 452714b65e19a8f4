"""Displays and their checks over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.equipment import actions_display, queries_display, rules_display
from kerma.kernel import reauthentication, requests
from kerma.kernel.action import Actor, Kernel
from kerma.science.physics.display_response import LIMITS
from kerma.standards import table

router = APIRouter(prefix="/api/v1", tags=["equipment"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Reading = Annotated[float, Field(ge=0, le=20_000, allow_inf_nan=False)]


class Standing(BaseModel):
    """How a display stands with one kind of check."""

    kind: Literal["look", "measure"]
    state: Literal["never", "good", "due", "failed"]
    last_at: str
    due_at: str


class Display(BaseModel):
    """A screen that images are read on."""

    id: int
    name: str
    category: str
    serial_number: str
    added_at: str
    standings: list[Standing]
    warning: str
    """What a reader is told before reading on it; empty when all is in order."""


class Category(BaseModel):
    """A category of displays, with its limits."""

    name: str
    words: str
    limits: dict[str, float]


class Displays(BaseModel):
    """The displays in use, the categories there are, and what is asked before the test pattern."""

    displays: list[Display]
    categories: list[Category]
    questions: list[dict[str, str]]
    status: str
    """Whether the table of limits was compared with the published edition."""


class NewDisplay(BaseModel):
    """A display to add."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=64)
    category: str = Field(max_length=32)
    serial_number: str = Field(default="", max_length=64)


class Screen(BaseModel):
    """What the browser says of the screen."""

    model_config = ConfigDict(extra="forbid")
    width_px: int = Field(ge=0, le=100_000)
    height_px: int = Field(ge=0, le=100_000)
    pixel_ratio: float = Field(ge=0, le=16, allow_inf_nan=False)
    colour_depth: int = Field(ge=0, le=64)


class Look(BaseModel):
    """What was seen on the test pattern."""

    model_config = ConfigDict(extra="forbid")
    answers: dict[Annotated[str, Field(max_length=32)], bool] = Field(max_length=64)
    note: str = Field(default="", max_length=rules_display.LONGEST_NOTE)
    screen: Screen | None = None


class Measured(BaseModel):
    """What a photometer read, black first; signed with the password."""

    model_config = ConfigDict(extra="forbid")
    readings_cd_m2: list[Reading] = Field(max_length=rules_display.MOST_READINGS)
    ambient_cd_m2: Reading = 0.0
    note: str = Field(default="", max_length=rules_display.LONGEST_NOTE)
    screen: Screen | None = None
    password: str = Field(max_length=4096)


class Check(BaseModel):
    """One check of a display."""

    id: int
    kind: Literal["look", "measure"]
    outcome: Literal["pass", "fail"]
    at: str
    by: str
    by_name: str
    document: dict[str, Any]


@router.get("/displays")
def displays(request: Request, kernel: KernelNow, actor: ActorNow) -> Displays:
    """List the displays in use and how they stand."""
    requests.look(request, actor, actions_display.view)
    with kernel.database.read() as connection:
        rows = queries_display.displays(connection, kernel.clock.now())
    limits = table(LIMITS)
    return Displays(
        displays=[
            Display.model_validate({**row, "standings": [vars(one) for one in row["standings"]]}) for row in rows
        ],
        categories=[
            Category(
                name=row["category"],
                words=row["words"],
                limits={key: float(value) for key, value in row.items() if key not in ("category", "words")},
            )
            for row in limits.rows
        ],
        questions=list(rules_display.questions()),
        status=limits.status,
    )


@router.post("/displays", status_code=201)
def add(request: Request, kernel: KernelNow, actor: ActorNow, new: NewDisplay) -> Displays:
    """Add a display."""
    actions_display.add_display(kernel, actor, **new.model_dump())
    return displays(request, kernel, actor)


@router.delete("/displays/{display_id}", status_code=204)
def retire(kernel: KernelNow, actor: ActorNow, display_id: requests.RowNumber) -> None:
    """Take a display out of use; its log stays."""
    actions_display.retire_display(kernel, actor, display_id=display_id)


@router.get("/displays/{display_id}/checks")
def checks(request: Request, kernel: KernelNow, actor: ActorNow, display_id: requests.RowNumber) -> list[Check]:
    """Show the log of a display, the newest check first."""
    requests.look(request, actor, actions_display.view)
    with kernel.database.read() as connection:
        return [Check.model_validate(row) for row in queries_display.checks(connection, display_id)]


@router.post("/displays/{display_id}/looks", status_code=201)
def look(
    request: Request, kernel: KernelNow, actor: ActorNow, display_id: requests.RowNumber, seen: Look
) -> list[Check]:
    """Record what was seen on the test pattern."""
    given = seen.model_dump(exclude_none=True)
    actions_display.check_display(kernel, actor, display_id=display_id, kind="look", given=given)
    return checks(request, kernel, actor, display_id)


@router.post("/displays/{display_id}/measurements", status_code=201)
def measure(
    request: Request, kernel: KernelNow, actor: ActorNow, display_id: requests.RowNumber, read: Measured
) -> list[Check]:
    """Record what a photometer read; the person states the password again, as for every signature."""
    reauthentication.confirm(kernel, actor, read.password, requests.address_of(request))
    given = read.model_dump(exclude={"password"}, exclude_none=True)
    actions_display.check_display(kernel, actor, display_id=display_id, kind="measure", given=given)
    return checks(request, kernel, actor, display_id)

"""Simulation over HTTP: the ready scenes, and a set of labelled images as a ZIP that streams while it is made."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.training import rules
from kerma.areas.training.output import zipped
from kerma.areas.training.simulating import Order, SimulatedFile, files_of, industry_of, parsed
from kerma.errors import NotFound, TooManyRequests, WrongUsage
from kerma.kernel import apart, requests
from kerma.kernel.action import Actor
from kerma.science.options import parse_all
from kerma.science.simulate import SCENES, ready_scene

router = APIRouter(prefix="/api/v1", tags=["training"])

ActorNow = Annotated[Actor, Depends(requests.actor_of)]
RETRY_S = 5.0
_turn = threading.Lock()
"""One image is simulated at a time, so that reading and analysing never wait for more than one."""

OptionValue = str | float | bool | list[float] | None


class SceneRow(BaseModel):
    """One ready scene with its options."""

    name: str
    industry: str
    summary: str
    options: list[requests.OptionRow]


class Scenes(BaseModel):
    """Every ready scene."""

    scenes: list[SceneRow]


class SimulationAsked(BaseModel):
    """What to simulate: a ready scene with its options, or a scene document; seeds go up from the first."""

    model_config = ConfigDict(extra="forbid")
    scene: str = Field(default="", max_length=64)
    document: dict[str, Any] | None = None
    seed: int = Field(default=1, ge=0, lt=2**31)
    count: int = Field(default=1, ge=1, le=rules.MAX_COUNT)
    size: int | None = Field(default=None, ge=16, le=rules.MAX_SIDE_PX)
    format: Literal["tiff", "dicom", "diconde", "dicos"] = "tiff"
    options: dict[str, OptionValue] = Field(default_factory=dict, max_length=64)


@router.get("/scenes")
def scenes(_: ActorNow) -> Scenes:
    """List the ready scenes with their options."""
    return Scenes.model_validate({"scenes": [entry.as_json() for entry in SCENES.values()]})


@router.post("/simulations", response_class=StreamingResponse)
def simulations(_: ActorNow, asked: SimulationAsked) -> StreamingResponse:
    """Simulate labelled images; the answer is a ZIP of images, masks and truth.json, sent while it is made."""
    orders = _orders(asked)
    first = _first(orders[0])
    made = zipped(_all(first, orders[1:]), orders[0].scene, industry_of(orders[0]))
    name = f"{orders[0].scene}-{asked.seed}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(made, media_type="application/zip", headers=headers)


def _orders(asked: SimulationAsked) -> list[Order]:
    """Return an order per seed; what can be told to be wrong is refused before anything is simulated."""
    if bool(asked.scene) == (asked.document is not None):
        raise WrongUsage("give the name of a ready scene or a scene document, one of them")
    options = dict(asked.options) | ({"size_px": asked.size} if asked.size is not None else {})
    if asked.document is not None:
        if options:
            raise WrongUsage("a scene document says everything itself: size and options go with ready scenes")
        text = json.dumps(asked.document)
        scene = parsed(Order("scene", asked.seed, document=text))
        rules.demand_small(scene)
        name, options = rules.file_stem(scene.name), {}
    else:
        name, text = _ready(asked.scene, options), ""
    seeds = range(asked.seed, asked.seed + asked.count)
    return [Order(name, seed, asked.format, options, document=text) for seed in seeds]


def _ready(name: str, options: dict[str, Any]) -> str:
    try:
        entry = ready_scene(name)
    except NotFound as error:
        raise WrongUsage(f"{error}; GET /api/v1/scenes lists them") from error
    values = parse_all(entry.options, options, entry.name)
    if values.get("size_px", 0) > rules.MAX_SIDE_PX:
        raise WrongUsage(f"size_px may be {rules.MAX_SIDE_PX} at most over HTTP; use `kerma simulate` for larger ones")
    return entry.name


def _first(order: Order) -> tuple[SimulatedFile, ...]:
    """Simulate the first seed before the answer begins, so that an error can still be told as one."""
    if not _turn.acquire(blocking=False):
        raise TooManyRequests("another simulation is being made; try again in a moment", retry_after_s=RETRY_S)
    try:
        return apart.run(files_of, order)
    finally:
        _turn.release()


def _all(first: tuple[SimulatedFile, ...], orders: list[Order]) -> Iterator[SimulatedFile]:
    yield from first
    for order in orders:
        with _turn:
            made = apart.run(files_of, order)
        yield from made

"""Calculations, and measurements of stored images, over HTTP: what there is, and one at a time."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_image
from kerma.areas.archive.queries_render import decoded
from kerma.errors import NotFound, TooLarge, WrongUsage
from kerma.kernel import apart, requests
from kerma.kernel.action import Actor, Kernel
from kerma.science import calculations as registry
from kerma.science import measure
from kerma.science.imaging.frames import stacked
from kerma.science.imaging.image import Image
from kerma.science.options import parse_all

router = APIRouter(prefix="/api/v1", tags=["science"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
MAX_FRAMES = 64
MAX_PIXELS = 256_000_000
"""Most pixels of all images of one measurement together."""

OptionValue = str | float | bool | list[float] | dict[str, float] | list[dict[str, Any]] | None


class CalculationRow(BaseModel):
    """One calculation with its options."""

    name: str
    summary: str
    options: list[requests.OptionRow]


class MeasureRow(BaseModel):
    """One measurement with its options, and what it measures on."""

    name: str
    summary: str
    images: list[str]
    options: list[requests.OptionRow]


class Calculations(BaseModel):
    """Every calculation there is."""

    calculations: list[CalculationRow]


class Measurements(BaseModel):
    """Every measurement there is."""

    measurements: list[MeasureRow]


class Asked(BaseModel):
    """The options, by name, as values or as text."""

    model_config = ConfigDict(extra="forbid")
    options: dict[str, OptionValue] = Field(default_factory=dict, max_length=64)


class MeasurementAsked(Asked):
    """The options, and the images where one is not enough."""

    images: list[list[requests.RowNumber]] = Field(default_factory=list, max_length=8)
    """All it measures on, in order, each a list of images that are the frames of one; empty: the image of the path."""


class Source(BaseModel):
    """Where the numbers come from."""

    standard: str
    edition: str
    clause: str
    table: str
    status: str


class Result(BaseModel):
    """A calculation or measurement; keys end in their unit, which ``units`` shows."""

    name: str
    version: str
    method: str
    inputs: dict[str, Any]
    values: dict[str, Any]
    units: dict[str, str]
    uncertainties: dict[str, float | None]
    source: Source | None
    warnings: list[str]
    not_measurable: str = ""
    """Why there are no values, where there are none."""


@router.get("/calculations")
def calculations(_: ActorNow) -> Calculations:
    """List the calculations with their options."""
    return Calculations.model_validate({"calculations": [one.as_json() for one in registry.calculations().values()]})


@router.post("/calculations/{name}")
def calculate(_: ActorNow, name: str, asked: Asked) -> Result:
    """Make one calculation."""
    entry = registry.calculations().get(name.replace("_", "-"))
    if entry is None:
        raise NotFound(f"there is no calculation '{name}'; GET /api/v1/calculations lists them")
    return Result.model_validate(entry.run(**asked.options).as_json())


@router.get("/measurements")
def measurements(_: ActorNow) -> Measurements:
    """List the measurements with their options."""
    return Measurements.model_validate({"measurements": [one.as_json() for one in measure.MEASURES.values()]})


@router.post("/images/{image_pk}/measurements/{name}")
def measured(
    kernel: KernelNow, actor: ActorNow, image_pk: requests.RowNumber, name: str, asked: MeasurementAsked
) -> Result:
    """Make one measurement on a stored image, or on several where it needs them."""
    entry = measure.MEASURES.get(name.replace("-", "_"))
    if entry is None:
        raise NotFound(f"there is no measurement '{name}'; GET /api/v1/measurements lists them")
    parse_all(entry.options, dict(asked.options), entry.name)
    rows = _opened(kernel, actor, asked.images or [[image_pk]], image_pk)
    images = [stacked([decoded(kernel, row) for row in frames], _names(frames)) for frames in rows]
    return Result.model_validate(apart.run(_result, entry.name, images, dict(asked.options)))


def _opened(kernel: Kernel, actor: Actor, asked: list[list[int]], image_pk: int) -> list[list[dict[str, Any]]]:
    """Return the rows of the images asked for; every one of them is opened, so that the ledger knows who saw what."""
    every = [pk for frames in asked for pk in frames]
    if image_pk not in every:
        raise WrongUsage(f"'images' lists all that is measured on; image {image_pk} of the path is not among them")
    if len(every) > MAX_FRAMES:
        raise TooLarge(f"{len(every)} frames are beyond the limit of {MAX_FRAMES}; measure fewer at a time")
    rows = [[open_image(kernel, actor, image_pk=pk, purpose="measurement") for pk in frames] for frames in asked]
    pixels = sum(_pixels(row) for frames in rows for row in frames)
    if pixels > MAX_PIXELS:
        raise TooLarge(f"{pixels} pixels are beyond the limit of {MAX_PIXELS} for one measurement")
    return rows


def _pixels(row: dict[str, Any]) -> int:
    return (row["rows"] or 0) * (row["columns"] or 0) * (row["planes"] or 0)


def _names(rows: list[dict[str, Any]]) -> list[str]:
    return [f"image {row['id']}" for row in rows]


def _result(name: str, images: list[Image], options: dict[str, Any]) -> dict[str, Any]:
    """Measure; runs apart, and hands back plain values."""
    return measure.run(name, *images, **options).as_json()

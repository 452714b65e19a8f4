"""The enhancements over HTTP: which there are, with every setting a form needs."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from kerma.kernel.action import Actor
from kerma.kernel.requests import actor_of

router = APIRouter(prefix="/api/v1", tags=["archive"])

ActorNow = Annotated[Actor, Depends(actor_of)]


class EnhancementSettingRow(BaseModel):
    """One setting of a step; without a default it is found from the image when the step is switched on."""

    name: str
    kind: str
    wants: str
    meaning: str
    unit: str
    is_required: bool
    default: float | str | None
    choices: list[str]
    least: float | None
    most: float | None
    slider: float | None
    """Step of a slider; null where a number is to be typed."""


class EnhancementRow(BaseModel):
    """One enhancement step in its newest version."""

    name: str
    version: int
    label: str
    purpose: str
    kind: Literal["tone", "area", "colour"]
    planes: Literal["one", "energies"]
    industries: list[str]
    settings: list[EnhancementSettingRow]


class ColoursRow(BaseModel):
    """One colour table a grey picture can be shown through."""

    name: str
    label: str
    purpose: str


class ChosenRow(BaseModel):
    """One step of a function, and the settings chosen beforehand; the others are found from the image."""

    name: str
    version: int
    parameters: dict[str, float | str]


class EnhancementFunctionRow(BaseModel):
    """One function of a console: its key, how it is switched, and what it shows."""

    name: str
    label: str
    key: str
    mode: Literal["toggle", "momentary", "sweep"]
    steps: list[ChosenRow]
    negative: bool
    colours: str
    vendor_names: list[str]
    """What consoles of other makers call it, as far as is known."""
    purpose: str
    needs_energies: bool
    """Whether it can be shown of an image with both energies only."""


class Enhancements(BaseModel):
    """What an enhancement chain can be made of, and the functions of the consoles by industry."""

    version: int
    steps_most: int
    steps: list[EnhancementRow]
    colours: list[ColoursRow]
    functions: dict[str, list[EnhancementFunctionRow]]


@router.get("/enhancements")
def enhancements(actor: ActorNow) -> Enhancements:
    """List the enhancement steps with their settings, the colour tables, and the functions of the consoles."""
    from kerma.science.imaging.enhance import chain, colour_tables, functions, latest

    colours = [ColoursRow(name="grey", label="Grey", purpose="as the image is")]
    colours += [ColoursRow(name=one.name, label=one.label, purpose=one.purpose) for one in colour_tables.TABLES]
    steps = [EnhancementRow.model_validate(step.as_json()) for step in latest()]
    consoles = {
        industry: [EnhancementFunctionRow.model_validate(one.as_json()) for one in functions.functions(industry)]
        for industry in functions.INDUSTRIES
    }
    return Enhancements(
        version=chain.VERSION, steps_most=chain.STEPS_MOST, steps=steps, colours=colours, functions=consoles
    )

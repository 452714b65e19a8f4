"""Control charts of image quality over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.equipment import actions_display, queries_quality, rules_quality
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel
from kerma.science.observer.control_chart import SIGNALS, control_chart
from kerma.science.units import unit_of

router = APIRouter(prefix="/api/v1", tags=["equipment"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class ChartRow(BaseModel):
    """One chart there is."""

    machine: str
    of: str
    """What was in the images: modality, part or body part, view, energy."""
    value_name: str
    words: str
    points: int
    last_at: str


class ChartAsked(BaseModel):
    """Which chart."""

    model_config = ConfigDict(extra="forbid")
    machine: str = Field(max_length=rules_quality.MACHINE_LENGTH)
    of: str = Field(default="", max_length=rules_quality.OF_LENGTH)
    value_name: str = Field(max_length=64)
    baseline: int = Field(default=20, ge=5, le=200)


class ChartPoint(BaseModel):
    """One value, and the signals it raises."""

    value: float
    at: str
    exam_pk: int
    signals: list[str]


class QualityChart(BaseModel):
    """A control chart: limits are null while the baseline is not complete."""

    words: str
    unit: str
    baseline: int
    centre: float | None
    sigma: float | None
    low: float | None
    high: float | None
    ewma: list[float]
    """Of the values after the baseline."""
    points: list[ChartPoint]
    meaning: dict[str, str]
    """What each signal means."""


@router.get("/quality/charts")
def charts(request: Request, kernel: KernelNow, actor: ActorNow) -> list[ChartRow]:
    """List the control charts there are, by machine."""
    requests.look(request, actor, actions_display.view)
    known = rules_quality.words()
    with kernel.database.read() as connection:
        rows = queries_quality.charts(connection)
    return [ChartRow(**row, words=known.get(row["value_name"], row["value_name"])) for row in rows]


@router.get("/quality/chart")
def chart(
    request: Request, kernel: KernelNow, actor: ActorNow, asked: Annotated[ChartAsked, Query()]
) -> QualityChart:
    """Show one control chart: the newest 500 values, in the order in which the images were taken."""
    requests.look(request, actor, actions_display.view)
    with kernel.database.read() as connection:
        found = queries_quality.points(connection, machine=asked.machine, of=asked.of, value_name=asked.value_name)
    made = control_chart([row["value"] for row in found], baseline=asked.baseline)
    return QualityChart(
        words=rules_quality.words().get(asked.value_name, asked.value_name),
        unit=unit_of(asked.value_name).shown,
        baseline=made.baseline,
        centre=made.centre,
        sigma=made.sigma,
        low=made.low,
        high=made.high,
        ewma=list(made.ewma),
        points=[
            ChartPoint(value=row["value"], at=row["at"], exam_pk=row["exam_pk"], signals=list(signals))
            for row, signals in zip(found, made.signals, strict=True)
        ],
        meaning=SIGNALS,
    )

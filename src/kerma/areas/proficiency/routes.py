"""Threat image projection over HTTP: the library, the plans, the results, and what a reader is told of their answer."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.proficiency import actions, queries, rules
from kerma.areas.proficiency.adding import added
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel
from kerma.science.simulate.threat_library import picture, unpacked
from kerma.standards import table

router = APIRouter(prefix="/api/v1", tags=["proficiency"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}, "description": "The picture."}}


class ThreatRow(BaseModel):
    """One threat of the library: an article at one angle."""

    id: int
    name: str
    category: str
    words: str
    seed: int
    turn_deg: tuple[float, float, float]
    added_at: str
    retired_at: str


class Library(BaseModel):
    """The library of threats, and what there is to add."""

    threats: list[ThreatRow]
    articles: dict[str, list[str]]
    """By category, the articles of the table of things."""
    least_images: int
    least_articles: int
    """How many images and different articles a library for training has at least (EU 185/2010, 11.4.1)."""


class NewThreats(BaseModel):
    """Threats to be simulated: so many angles of an article, or of every article of a category; seeds go up."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=64)
    count: int = Field(default=1, ge=1, le=actions.MOST_ADDED)
    seed: int = Field(default=1, ge=0, lt=2**31)


class NewTipPlan(BaseModel):
    """In how many exams of a scanner a threat is projected."""

    model_config = ConfigDict(extra="forbid")
    station: str = Field(default="", max_length=64)
    """The scanner's station name; empty for all that have no plan of their own."""
    share_permille: int = Field(ge=1, le=1000)
    categories: dict[Annotated[str, Field(max_length=32)], int] = Field(default_factory=dict, max_length=32)
    """Weight of every category that comes; none for one each."""
    is_ended: bool = False


class TipPlan(NewTipPlan):
    """A plan in force. The key of its draw is told to nobody."""

    id: int
    set_by_name: str
    set_at: str


class TipDryRun(BaseModel):
    """Into how many of the last exams a threat would have been projected."""

    exams: int
    projected: int


class CountedShare(BaseModel):
    """A share that was counted, with its 95 % interval (Wilson); null of nothing."""

    count: int
    of: int
    value: float | None
    interval: tuple[float, float] | None


class TipFigures(BaseModel):
    """What the answers of one person, or of everybody, come to."""

    person: str
    """Empty in the row of everybody."""
    person_name: str
    hits: CountedShare
    alarms: CountedShare
    """Decisions other than clear on exams of a plan without a threat: false alarms, or real ones."""
    is_too_few: bool
    d_prime: float | None
    d_a: float | None
    criterion: float | None
    """From rates after the log-linear correction; d_a with a slope of 0.5."""
    median_s: float | None
    categories: dict[str, CountedShare]


class Places(BaseModel):
    """Where the threat was in one view."""

    image_pks: list[int]
    box: tuple[float, float, float, float]
    """Row, column, height, width."""


class Told(BaseModel):
    """What the reader answered to a threat that was projected into the exam."""

    result: Literal["hit", "miss"]
    words: str
    category: str
    at: str
    seconds: float | None
    places: list[Places]


class Projection(BaseModel):
    """Null while nothing is to be told."""

    told: Told | None


class TipSpan(BaseModel):
    """Which days."""

    model_config = ConfigDict(extra="forbid")
    date_from: date | None = None
    date_to: date | None = None


@router.get("/tip/threats")
def library(kernel: KernelNow, actor: ActorNow) -> Library:
    """Show the library of threats."""
    actions.view_library(kernel, actor)
    return _library(kernel)


@router.post("/tip/threats", status_code=201)
def add(kernel: KernelNow, actor: ActorNow, given: NewThreats) -> Library:
    """Simulate threats and add them to the library."""
    added(kernel, actor, name=given.name, count=given.count, seed=given.seed)
    return _library(kernel)


@router.post("/tip/threats/{threat_id}/retire")
def retire(kernel: KernelNow, actor: ActorNow, threat_id: requests.RowNumber) -> Library:
    """Use a threat no more."""
    actions.retire_threat(kernel, actor, threat_id=threat_id)
    return _library(kernel)


@router.get("/tip/threats/{threat_id}/picture.png", responses=PNG, response_class=Response)
def threat_picture(kernel: KernelNow, actor: ActorNow, threat_id: requests.RowNumber) -> Response:
    """Show a threat alone, from above."""
    import cv2

    actions.view_library(kernel, actor)
    with kernel.database.read() as connection:
        found = queries.threat_by_id(connection, threat_id)
    if found is None:
        raise NotFound(f"the library has no threat {threat_id}")
    _, png = cv2.imencode(".png", picture(unpacked(kernel.blobs.get(found["views_sha256"]))[0]))
    return Response(png.tobytes(), media_type="image/png", headers={"Cache-Control": "private, max-age=86400"})


@router.get("/tip/plans")
def plans(kernel: KernelNow, actor: ActorNow) -> list[TipPlan]:
    """List the plans in force."""
    actions.view_library(kernel, actor)
    return _plans(kernel)


@router.post("/tip/plans", status_code=201)
def set_plan(kernel: KernelNow, actor: ActorNow, given: NewTipPlan) -> list[TipPlan]:
    """Set the plan of a scanner, or end it."""
    actions.set_plan(kernel, actor, given=given.model_dump())
    return _plans(kernel)


@router.post("/tip/plans/dry-run")
def dry_run(kernel: KernelNow, actor: ActorNow, given: NewTipPlan) -> TipDryRun:
    """Say into how many of the last exams a threat would have been projected, by a key of this try alone."""
    actions.view_library(kernel, actor)
    values = rules.checked_plan(given.model_dump())
    with kernel.database.read() as connection:
        uids = queries.last_exams(connection, values["station"])
    return TipDryRun(exams=len(uids), projected=rules.tried(values["share_permille"], uids))


@router.get("/tip/results")
def results(kernel: KernelNow, actor: ActorNow, asked: Annotated[TipSpan, Query()]) -> list[TipFigures]:
    """Show what readers answered to projected threats, everybody's first."""
    after = asked.date_from.isoformat() if asked.date_from else ""
    before = f"{asked.date_to.isoformat()}T24" if asked.date_to else "9"
    actions.view_results(kernel, actor, after=after, before=before)
    with kernel.database.read() as connection:
        rows = rules.figures(queries.answers(connection, after, before))
        names = names_of(connection, {row["person"] for row in rows})
    return [TipFigures(**row, person_name=names.get(row["person"], row["person"])) for row in rows]


@router.get("/exams/{exam_pk}/projection")
def projection(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> Projection:
    """Tell a reader what they answered to a threat that was projected into the exam; nothing before they have."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    with kernel.database.read() as connection:
        found = queries.told(connection, actor.key, exam_pk)
    if found is None:
        return Projection(told=None)
    kept = {key: found[key] for key in ("result", "category", "at", "seconds", "places")}
    return Projection(told=Told(words=rules.words_of(found["result"], found["words"]), **kept))


def _library(kernel: Kernel) -> Library:
    with kernel.database.read() as connection:
        rows = queries.threats(connection, retired=True)
    (least,) = table(rules.CLASS_LIBRARY).rows
    threats = [ThreatRow(**{name: row[name] for name in ThreatRow.model_fields}) for row in rows]
    sizes = {name: int(least[name]) for name in ("least_images", "least_articles")}
    return Library(threats=threats, articles=rules.articles(), **sizes)


def _plans(kernel: Kernel) -> list[TipPlan]:
    with kernel.database.read() as connection:
        rows = queries.plans(connection)
        names = names_of(connection, {row["set_by"] for row in rows})
    kept = [name for name in TipPlan.model_fields if name != "set_by_name"]
    return [
        TipPlan(**{name: row[name] for name in kept}, set_by_name=names.get(row["set_by"], row["set_by"]))
        for row in rows
    ]

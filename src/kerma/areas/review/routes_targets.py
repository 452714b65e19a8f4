"""Pace, refused images and reading time over HTTP: targets, one's own figures, and everybody's for who leads."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.people.queries import postings
from kerma.areas.review import (
    actions_peer_learning,
    actions_targets,
    queries_peer_figures,
    queries_targets,
    rules_peer_figures,
    rules_targets,
)
from kerma.areas.review.queries_peer_figures import Span
from kerma.areas.review.routes_peer_plans import Share
from kerma.areas.review.rules_targets import Target
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import clock, requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1/peer", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Name = Annotated[str, Field(max_length=rules_targets.MOST_LETTERS)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Measure = Literal["exams-per-hour", "retake-share", "reading-minutes"]


class NewReadingTarget(BaseModel):
    """What is usual for a measure; site and role empty for all."""

    model_config = ConfigDict(extra="forbid")
    industry: Name
    site: Name = ""
    role: Name = ""
    measure: Measure
    low: Number
    high: Number
    """Exams an hour, a share from 0 to 1, or minutes."""
    is_ended: bool = False


class ReadingTarget(NewReadingTarget):
    """A target in force."""

    set_by_name: str
    set_at: str


class MeasuredMonth(BaseModel):
    """A measure in one month."""

    month: str
    count: int
    value: float
    interval: tuple[float, float] | None


class PaceMeasured(BaseModel):
    """A measure of one person, and how it stands to what is usual."""

    measure: Measure
    label: str
    count: int
    """Decisions that it is of."""
    value: float | None
    interval: tuple[float, float] | None
    """Of 95 %."""
    low: float | None
    high: float | None
    stands: Literal["below", "within", "above", "perhaps", "too-few", "no-target"]
    words: str
    months: list[MeasuredMonth]


class PersonMeasured(BaseModel):
    """All measures of one person, beside how reviews agree with them."""

    person_name: str
    measures: list[PaceMeasured]
    agreement: Share
    """With their decisions, by peer review: no pace is good that makes decisions worse."""


class Throughput(BaseModel):
    """The measures of everybody, by name, or of oneself."""

    industry: str
    days: int
    fewest: int
    """Decisions below which nothing is told of a person."""
    people: list[PersonMeasured]


class ThroughputAsked(BaseModel):
    """Of which industry, over how many days."""

    industry: Name
    days: int = Field(default=90, ge=1, le=730)


@router.get("/targets")
def targets(request: Request, kernel: KernelNow, actor: ActorNow) -> list[ReadingTarget]:
    """List the targets in force."""
    requests.look(request, actor, actions_peer_learning.view_feedback)
    return _targets(kernel)


@router.post("/targets", status_code=201)
def set_target(kernel: KernelNow, actor: ActorNow, given: NewReadingTarget) -> list[ReadingTarget]:
    """Set a target, in place of the one of the same industry, site, role and measure."""
    target = Target(**given.model_dump(exclude={"is_ended"}))
    actions_targets.set_target(kernel, actor, target=target, is_ended=given.is_ended)
    return _targets(kernel)


@router.get("/throughput")
def throughput(
    request: Request, kernel: KernelNow, actor: ActorNow, asked: Annotated[ThroughputAsked, Query()]
) -> Throughput:
    """Show the measures of everybody, by name."""
    requests.look(request, actor, actions_peer_learning.view_figures, about="throughput")
    return _measured(kernel, asked, "")


@router.get("/throughput/mine")
def my_throughput(
    request: Request, kernel: KernelNow, actor: ActorNow, asked: Annotated[ThroughputAsked, Query()]
) -> Throughput:
    """Show one's own measures; those of colleagues are not compared with them."""
    requests.look(request, actor, actions_peer_learning.view_feedback)
    return _measured(kernel, asked, actor.key)


def _measured(kernel: Kernel, asked: ThroughputAsked, person: str) -> Throughput:
    if asked.industry not in kernel.industries:
        raise NotFound(f"there is no industry '{asked.industry[:32]}'; there are {', '.join(kernel.industries)}")
    after = clock.text(kernel.clock.now() - timedelta(days=asked.days))
    span = Span(asked.industry, after, "9", person)
    with kernel.database.read() as connection:
        reads = queries_targets.reads(connection, span)
        known = queries_targets.as_targets(queries_targets.targets(connection, asked.industry))
        sites = {f"person:{key}": one.sites for key, one in postings(connection).items()}
        roles = queries_targets.roles_of(connection)
        reviewed = queries_peer_figures.reviewed(connection, span)
        names = names_of(connection, set(reads))
    people = []
    for key, rows in reads.items():
        own = rules_targets.fitting(known, sites.get(key, ()), roles.get(key, ()))
        scores = [one.agrees for one in reviewed if one.person == key]
        people.append(
            PersonMeasured(
                person_name=names.get(key, key),
                measures=[PaceMeasured(**one) for one in rules_targets.figures(asked.industry, rows, own)],
                agreement=Share(**rules_peer_figures.share(sum(scores), len(scores))),
            )
        )
    ordered = sorted(people, key=lambda one: one.person_name)
    return Throughput(industry=asked.industry, days=asked.days, fewest=rules_targets.FEWEST, people=ordered)


def _targets(kernel: Kernel) -> list[ReadingTarget]:
    with kernel.database.read() as connection:
        rows = queries_targets.targets(connection)
        names = names_of(connection, {row["set_by"] for row in rows})
    kept = [name for name in ReadingTarget.model_fields if name != "set_by_name"]
    return [
        ReadingTarget(**{name: row[name] for name in kept}, set_by_name=names.get(row["set_by"], row["set_by"]))
        for row in rows
    ]

"""The plans of peer review and what comes of them, over HTTP: forms, plans, a dry run, figures."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.review import (
    actions_peer,
    actions_peer_learning,
    queries_peer,
    queries_peer_figures,
    rules_peer,
    rules_peer_figures,
    rules_reading,
)
from kerma.areas.review.queries_peer_figures import Span
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import clock, requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1/peer", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Kind = Literal["random", "risk", "person", "new-person", "disagreement"]


class FormScore(BaseModel):
    """One score of a review form."""

    code: str
    words: str
    agrees: bool
    is_significant: bool
    opens_learning: bool


class PeerForm(BaseModel):
    """The review form of an industry."""

    industry: str
    title: str
    status: str
    """Of the table: "unverified" where its words were not compared with the published scale."""
    scores: list[FormScore]


class NewReviewPlan(BaseModel):
    """Which decisions are looked at again."""

    model_config = ConfigDict(extra="forbid")
    industry: str = Field(max_length=32)
    exam_class: str = Field(default="", max_length=rules_reading.CLASS_LETTERS)
    """A modality for which it is otherwise; empty for the rest of the industry."""
    kind: Kind
    person: str = Field(default="", max_length=64)
    """Key of whose decisions it takes (``person:7``); of the kind "person" only."""
    share_permille: int = Field(default=1000, ge=1, le=1000)
    first_count: int = Field(default=0, ge=0, le=rules_peer.MOST_FIRST)
    """How many first decisions of a new person; of the kind "new-person" only."""
    is_blinded: bool = True
    hides_reviewer: bool = False
    """Whether the person is not told who reviewed."""
    due_days: int = Field(default=14, ge=1, le=rules_peer.MOST_DAYS)
    is_ended: bool = False


class ReviewPlan(NewReviewPlan):
    """A plan in force."""

    id: int
    seed: str
    """What the draw is made from, together with the number of the decision."""
    person_name: str
    set_by_name: str
    set_at: str


class DryRun(BaseModel):
    """Which span a dry run looks at, and a plan to try in place of those in force."""

    model_config = ConfigDict(extra="forbid")
    industry: str = Field(max_length=32)
    days: int = Field(default=30, ge=1, le=366)
    plan: NewReviewPlan | None = None


class TakenOf(BaseModel):
    """How many of a person's decisions would be taken."""

    person_name: str
    decisions: int
    cases: int


class DryRunResult(BaseModel):
    """What would have been taken for review."""

    decisions: int
    cases: int
    kinds: dict[str, int]
    """A case that two kinds take counts for both."""
    people: list[TakenOf]


class Share(BaseModel):
    """A share that was counted, with its exact 95 % interval; null of nothing."""

    count: int
    of: int
    value: float | None
    interval: tuple[float, float] | None


class Month(BaseModel):
    """How many decisions of a month were agreed with."""

    month: str
    agreement: Share


class PeerCoefficient(BaseModel):
    """A coefficient of agreement beyond chance; null with the reason where there is none."""

    name: str
    value: float | None
    interval: tuple[float, float] | None
    observed: float
    expected: float
    subjects: int
    why_not: str


class PeerFigures(BaseModel):
    """What the reviews of one person's decisions come to."""

    person_name: str
    decisions: int
    sampled: Share
    reviewed: int
    is_too_few: bool
    """Whether so few reviews tell nothing of the person yet."""
    agreement: Share
    significant: Share
    """Decisions with a disagreement that matters."""
    scores: dict[str, int]
    months: list[Month]
    blinded: int
    """Reviews with a conclusion made before the decision was shown: the coefficients are of these."""
    coefficients: list[PeerCoefficient]
    """Cohen's kappa and Gwet's AC1, never one alone; empty of too few."""


class PeerReport(BaseModel):
    """Figures of everybody, or of oneself."""

    fewest: int
    """Reviews below which nothing is told of a person."""
    people: list[PeerFigures]


class FiguresAsked(BaseModel):
    """Decisions of which industry, days and kind of plan."""

    model_config = ConfigDict(extra="forbid")
    industry: str = Field(max_length=32)
    date_from: date | None = None
    date_to: date | None = None
    kind: Kind | Literal[""] = ""
    """Only cases that a plan of this kind took. Those drawn at random alone are like the person's usual work."""


@router.get("/forms")
def forms(kernel: KernelNow, _: ActorNow) -> list[PeerForm]:
    """List the review form of each industry."""
    found = []
    for industry in kernel.industries:
        table = rules_peer.form_table(industry)
        scores = [FormScore(**vars(score)) for score in rules_peer.form(industry)]
        found.append(PeerForm(industry=industry, title=table.title, status=table.status, scores=scores))
    return found


@router.get("/plans")
def plans(request: Request, kernel: KernelNow, actor: ActorNow) -> list[ReviewPlan]:
    """List the plans in force, industry by industry."""
    requests.look(request, actor, actions_peer_learning.view_figures, about="plans")
    return _plans(kernel)


@router.post("/plans", status_code=201)
def set_plan(kernel: KernelNow, actor: ActorNow, given: NewReviewPlan) -> list[ReviewPlan]:
    """Set a plan, in place of the one of the same industry, class, kind and person."""
    actions_peer.set_plan(kernel, actor, given=given.model_dump())
    return _plans(kernel)


@router.post("/plans/dry-run")
def dry_run(request: Request, kernel: KernelNow, actor: ActorNow, asked: DryRun) -> DryRunResult:
    """Show what the plans in force, or one that is tried, would have taken of the last days; nothing is changed."""
    requests.look(request, actor, actions_peer_learning.view_figures, about="dry-run")
    _check(kernel, asked.industry)
    after = clock.text(kernel.clock.now() - timedelta(days=asked.days))
    with kernel.database.read() as connection:
        if asked.plan is None:
            rows = queries_peer.plans(connection, asked.industry)
        else:
            rows = [{"id": 0, "seed": "", **rules_peer.checked_plan(asked.plan.model_dump())}]
        found = queries_peer.as_plans(rows)
        decided = queries_peer.decided(connection, found, industry=asked.industry, after=after)
        taken = [(one, rules_peer.taken(found, one, clock.moment(at))) for one, at in decided]
        counts = rules_peer.counted(taken)
        names = names_of(connection, counts["people"])
    people = [
        TakenOf(person_name=names.get(key, key), decisions=decisions, cases=cases)
        for key, (decisions, cases) in counts.pop("people").items()
    ]
    return DryRunResult(**counts, people=sorted(people, key=lambda one: -one.cases))


@router.get("/figures")
def figures(
    request: Request, kernel: KernelNow, actor: ActorNow, asked: Annotated[FiguresAsked, Query()]
) -> PeerReport:
    """Show what the reviews come to, person by person."""
    requests.look(request, actor, actions_peer_learning.view_figures, about="figures")
    return _report(kernel, asked, "")


@router.get("/figures/mine")
def my_figures(
    request: Request, kernel: KernelNow, actor: ActorNow, asked: Annotated[FiguresAsked, Query()]
) -> PeerReport:
    """Show what the reviews of one's own decisions come to."""
    requests.look(request, actor, actions_peer_learning.view_feedback)
    return _report(kernel, asked, actor.key)


def _report(kernel: Kernel, asked: FiguresAsked, person: str) -> PeerReport:
    _check(kernel, asked.industry)
    after = asked.date_from.isoformat() if asked.date_from else ""
    before = f"{asked.date_to.isoformat()}T24" if asked.date_to else "9"
    span = Span(asked.industry, after, before, person, asked.kind)
    with kernel.database.read() as connection:
        found = rules_peer_figures.figures(
            queries_peer_figures.reviewed(connection, span),
            queries_peer_figures.decided(connection, span),
            queries_peer_figures.taken(connection, span),
            list(kernel.industries[asked.industry].decisions),
        )
        names = names_of(connection, {row["person"] for row in found})
    people: list[dict[str, Any]] = [{"person_name": names.get(key := row.pop("person"), key), **row} for row in found]
    ordered = sorted(people, key=lambda row: (-row["reviewed"], row["person_name"]))
    return PeerReport(fewest=rules_peer_figures.FEWEST_REVIEWS, people=[PeerFigures(**row) for row in ordered])


def _plans(kernel: Kernel) -> list[ReviewPlan]:
    with kernel.database.read() as connection:
        rows = queries_peer.plans(connection)
        names = names_of(connection, {row[name] for row in rows for name in ("person", "set_by")})
    kept = [name for name in ReviewPlan.model_fields if name not in ("person_name", "set_by_name")]
    return [
        ReviewPlan(
            **{name: row[name] for name in kept},
            person_name=names.get(row["person"], row["person"]),
            set_by_name=names.get(row["set_by"], row["set_by"]),
        )
        for row in rows
    ]


def _check(kernel: Kernel, industry: str) -> None:
    if industry not in kernel.industries:
        raise NotFound(f"there is no industry '{industry[:32]}'; there are {', '.join(kernel.industries)}")

"""How exams are read, over HTTP: the policies, recording a read of one's own, and which functions readers use."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.review import (
    actions_read,
    actions_reading,
    queries_peer,
    queries_reading,
    rules,
    rules_peer,
    rules_reading,
    rules_reading_record,
)
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Algorithm = Literal["concurrent", "second-reader", "off"]
Mode = Literal["open", "blind", "double"]
Differing = Literal["anybody", "third-reader", "consensus"]


class PolicyRow(BaseModel):
    """How exams of an industry, or of one modality of it, are read."""

    industry: str
    exam_class: str
    """The modality; empty for all others of the industry."""
    algorithm: Algorithm
    reading: Mode
    differing: Differing
    """Who decides where two independent reads differ."""
    set_by_name: str
    set_at: str
    """Empty where nobody has set anything."""


class NewPolicy(BaseModel):
    """How exams are to be read."""

    model_config = ConfigDict(extra="forbid")
    algorithm: Algorithm
    reading: Mode
    differing: Differing = "anybody"
    exam_class: str = Field(default="", max_length=rules_reading.CLASS_LETTERS)
    is_ended: bool = False
    """The class has no policy of its own any more."""


class FunctionUse(BaseModel):
    """How long one function of the page was in use."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=64)
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class ReadingTold(BaseModel):
    """How an exam was read, as the page tells it."""

    model_config = ConfigDict(extra="forbid")
    opened_at: str = Field(default="", max_length=40)
    chains: dict[Annotated[str, Field(max_length=64)], dict[str, Any] | None] = Field(
        default_factory=dict, max_length=rules_reading_record.MAX_IMAGES
    )
    """By SHA-256 of an image the enhancement chain it was shown with; null for its own look."""
    functions: list[FunctionUse] = Field(default_factory=list, max_length=rules_reading_record.MAX_FUNCTIONS)
    display_check: requests.RowNumber | None = None
    """Number of the newest check of the display it was read on."""


class NewRead(BaseModel):
    """A read to be recorded: the first, one of two independent ones, or what one concludes after both."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["first", "independent", "consensus"]
    no_findings: bool = False
    """Of a first read: whether the person found nothing."""
    conclusion: str = Field(default="", max_length=32)
    """Of an independent read: the decision the person would take."""
    reason: str = Field(default="", max_length=rules.MAX_REASON_LETTERS)
    judgement_id: int | None = None
    reading: ReadingTold | None = None


class ReadRow(BaseModel):
    """One read that the person may see."""

    id: int
    kind: Literal["first", "independent", "decision", "consensus"]
    person: str
    person_name: str
    opened_at: str
    recorded_at: str
    conclusion: str
    reason: str
    algorithm: Algorithm
    reading: Mode
    saw_algorithm: bool
    saw_people: bool
    judgement_id: int | None
    record: dict[str, Any]


class ReadingState(BaseModel):
    """How an exam is read by the person who asks, and what of it is hidden from them now."""

    algorithm: Algorithm
    reading: Mode
    shows_algorithm: bool
    """Whether what software found is shown."""
    shows_people: bool
    """Whether what others recorded is shown."""
    shows_originals: bool
    """Whether the images are shown as they came; while not, nothing but a decision is recorded of the exam."""
    wants: Literal["", "first", "independent", "consensus"]
    """The read this person is to record next, before they decide."""
    outcome: Literal["", "waiting", "agree", "disagree"]
    """How the two reads of a double reading stand, as far as the person may know."""
    words: str
    reads: list[ReadRow]


class FunctionRow(BaseModel):
    """One function, and how long readers used it before they decided."""

    name: str
    decisions: int
    total_s: float
    longest_s: float


class Functions(BaseModel):
    """Which functions were used how long before decisions were recorded."""

    decisions: int
    """All decisions of the span, with a record of reading or without."""
    functions: list[FunctionRow]


class Span(BaseModel):
    """Decisions of which days and industry."""

    model_config = ConfigDict(extra="forbid")
    date_from: date | None = None
    date_to: date | None = None
    industry: str = Field(default="", max_length=32)


@router.get("/reading-policies")
def policies(kernel: KernelNow, _: ActorNow) -> list[PolicyRow]:
    """List how exams are read, industry by industry."""
    return _policies(kernel)


@router.put("/reading-policies/{industry}")
def set_policy(kernel: KernelNow, actor: ActorNow, industry: str, given: NewPolicy) -> list[PolicyRow]:
    """Set how exams of an industry, or of one modality of it, are read."""
    actions_reading.set_policy(kernel, actor, industry=industry, **given.model_dump())
    return _policies(kernel)


@router.get("/exams/{exam_pk}/readings")
def state(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> ReadingState:
    """Show how the exam is read, what is hidden from the one who asks, and the reads they may see."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    return reading_state(kernel, actor, exam_pk)


@router.post("/exams/{exam_pk}/readings", status_code=201)
def record(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, new: NewRead) -> ReadingState:
    """Record a read of one's own; what it opens is shown from then on."""
    told = new.reading.model_dump() if new.reading else None
    common = {"exam_pk": exam_pk, "judgement_id": new.judgement_id, "reading": told}
    if new.kind == rules_reading.FIRST:
        actions_read.first_read(kernel, actor, no_findings=new.no_findings, **common)  # type: ignore[arg-type]
    else:
        more = {"conclusion": new.conclusion, "reason": new.reason}
        of_kind = {"independent": actions_read.independent_read, "consensus": actions_read.consensus_read}
        of_kind[new.kind](kernel, actor, **more, **common)  # type: ignore[operator]
    return reading_state(kernel, actor, exam_pk)


@router.get("/readings/functions")
def functions(kernel: KernelNow, actor: ActorNow, asked: Annotated[Span, Query()]) -> Functions:
    """Show which functions were used how long before decisions were recorded, the most used first."""
    after = asked.date_from.isoformat() if asked.date_from else ""
    before = f"{asked.date_to.isoformat()}T24" if asked.date_to else "9"
    actions_reading.view_functions(kernel, actor, after=after, before=before, industry=asked.industry)
    with kernel.database.read() as connection:
        records = queries_reading.records_between(connection, after, before, asked.industry)
    rows = [FunctionRow(**row) for row in rules_reading_record.seconds_by_function(records)]
    return Functions(decisions=len(records), functions=rows)


def reading_state(kernel: Kernel, actor: Actor, exam_pk: int) -> ReadingState:
    """Return how an exam is read by an actor, as the page shows it."""
    with kernel.database.read() as connection:
        if exam_by_pk(connection, exam_pk) is None:
            raise NotFound(f"there is no exam {exam_pk}")
        return state_seen(connection, actor, exam_pk)


def state_seen(connection: sa.Connection, actor: Actor, exam_pk: int) -> ReadingState:
    """Return how an exam, which there is, is read by an actor."""
    stand = actions_reading.standing_of(connection, actor, exam_pk)
    rows = queries_reading.readings(connection, exam_pk, stand.sight)
    names = names_of(connection, {row["person"] for row in rows})
    reviewed = queries_peer.held_by(connection, actor.key, exam_pk)
    outcome = ""
    if stand.policy.reading == rules_reading.DOUBLE:
        outcome = stand.outcome if stand.sight.people else rules_reading.WAITING
    kept = [name for name in ReadRow.model_fields if name != "person_name"]
    return ReadingState(
        algorithm=stand.policy.algorithm,
        reading=stand.policy.reading,
        shows_algorithm=stand.sight.algorithm,
        shows_people=stand.sight.people,
        shows_originals=stand.sight.originals,
        wants=rules_reading.wanted(stand.policy, stand.sight, stand.own, stand.sees_all, outcome),
        outcome=outcome,
        words=rules_peer.words_of(reviewed) or rules_reading.words_of(stand.policy, stand.sight, stand.own, outcome),
        reads=[
            ReadRow(**{name: row[name] for name in kept}, person_name=names.get(row["person"], row["person"]))
            for row in rows
        ],
    )


def _policies(kernel: Kernel) -> list[PolicyRow]:
    with kernel.database.read() as connection:
        rows = queries_reading.policies(connection)
        names = names_of(connection, {row["set_by"] for row in rows})
    usual = rules_reading.Policy()
    settled = {"algorithm": usual.algorithm, "reading": usual.reading, "differing": usual.differing}
    common = {"exam_class": "", **settled, "set_by": "", "set_at": ""}
    unset = [
        name for name in kernel.industries if (name, "") not in {(row["industry"], row["exam_class"]) for row in rows}
    ]
    every = [*rows, *({"industry": name, **common} for name in unset)]
    ordered = sorted(every, key=lambda row: (list(kernel.industries).index(row["industry"]), row["exam_class"]))
    shown = [name for name in PolicyRow.model_fields if name != "set_by_name"]
    return [
        PolicyRow(**{name: row[name] for name in shown}, set_by_name=names.get(row["set_by"], row["set_by"]))
        for row in ordered
        if row["industry"] in kernel.industries
    ]

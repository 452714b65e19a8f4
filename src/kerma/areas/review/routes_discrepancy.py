"""Discrepancies over HTTP: recording one, answering, settling and closing it, lists and history."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.review import actions_discrepancy, queries_discrepancy, rules_discrepancy
from kerma.areas.review.queries_discrepancy import Wanted
from kerma.areas.review.routes_talk import TalkPlace
from kerma.areas.review.rules_discrepancy import Seen
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.permissions import is_granted
from kerma.kernel.sight import sight_of

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Text = Annotated[str, Field(max_length=4000)]
Code = Annotated[str, Field(max_length=32)]


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewDiscrepancy(_Exact):
    """What somebody sees against a decision."""

    severity: Code
    what: Text
    source: Code = "second-look"
    other_exam_pk: requests.RowNumber | None = None
    """The later exam that shows it."""
    decision_id: requests.RowNumber | None = None
    """The decision that it contradicts; the one in force where it is left out."""
    place: TalkPlace = Field(default_factory=TalkPlace)


class DiscrepancyAnswer(_Exact):
    """What who made the decision, or a lead, says to it."""

    agrees: bool
    words: Text = ""
    remedy: Code = ""


class DiscrepancySettled(_Exact):
    """How a third person settles what is disputed."""

    upheld: bool
    words: Text
    remedy: Code = ""


class DiscrepancyClosing(_Exact):
    """What is said when a discrepancy is closed."""

    words: Text = ""


class WhyDiscrepancyWithdrawn(_Exact):
    """Why a discrepancy is withdrawn."""

    reason: Text


class SeverityWords(BaseModel):
    """How grave a discrepancy is, and within which days it is answered."""

    code: str
    words: str
    answer_days: int


class DiscrepancyWords(BaseModel):
    """What may be said of a discrepancy."""

    severities: dict[str, list[SeverityWords]]
    """By industry, the gravest first."""
    sources: dict[str, str]
    remedies: dict[str, str]
    outcomes: dict[str, str]


class DiscrepancyRow(BaseModel):
    """A discrepancy in a list."""

    id: int
    number: str
    exam_pk: int
    industry: str
    subject_id: str
    exam_description: str
    decision_id: int
    decision: str
    """As it was made; it stays."""
    decided_at: str
    reader_name: str
    is_mine: bool
    """Whether it is against a decision of one's own."""
    source: str
    other_exam_pk: int | None
    severity: str
    severity_words: str
    what: str
    place: TalkPlace
    seen_by_name: str
    """Empty while who saw it is not told."""
    seen_at: str
    due_at: str
    state: str
    remedy: str
    addendum_at: str
    outcome: str
    ended_at: str


class DiscrepancyStep(BaseModel):
    """One thing that happened to a discrepancy."""

    kind: str
    words: str
    remedy: str
    by_name: str
    at: str


class DiscrepancyShown(DiscrepancyRow):
    """A discrepancy with its history, and what one may do."""

    steps: list[DiscrepancyStep]
    may_answer: bool
    may_settle: bool
    may_withdraw: bool
    why_open: str
    """Why it cannot be closed yet; empty where it can, and once it is ended."""


class ExamDiscrepancies(BaseModel):
    """The discrepancies of an exam and those a later exam of it shows, and whether one may be recorded."""

    discrepancies: list[DiscrepancyShown]
    may_record: bool


@router.get("/discrepancies/words")
def words(_: ActorNow) -> DiscrepancyWords:
    """List severities by industry, and the words for sources, remedies and outcomes."""
    every: dict[str, list[SeverityWords]] = {}
    for row in rules_discrepancy.severity_table():
        told = SeverityWords(code=row["code"], words=row["words"], answer_days=int(row["answer_days"]))
        every.setdefault(row["industry"], []).append(told)
    return DiscrepancyWords(
        severities=every,
        sources=dict(rules_discrepancy.SOURCES),
        remedies=dict(rules_discrepancy.REMEDY_WORDS),
        outcomes=dict(rules_discrepancy.OUTCOMES),
    )


@router.get("/discrepancies")
def discrepancies(
    request: Request,
    kernel: KernelNow,
    actor: ActorNow,
    state: Literal[
        "", "any-open", "mine", "open", "accepted", "disputed", "dismissed", "closed", "withdrawn"
    ] = "any-open",
    industry: Annotated[str, Field(max_length=32)] = "",
) -> list[DiscrepancyRow]:
    """List discrepancies: what is not ended by the day it is due, then the newest."""
    requests.look(request, actor, actions_discrepancy.view_discrepancies)
    with kernel.database.read() as connection:
        rows = queries_discrepancy.discrepancies(connection, actor, Wanted(state, industry))
        names = names_of(connection, {one for row in rows for one in (row["reader"], row["seen_by"])})
    return [DiscrepancyRow(**_fields(row, names, actor)) for row in rows]


@router.get("/discrepancies/{discrepancy_id}")
def discrepancy(
    request: Request, kernel: KernelNow, actor: ActorNow, discrepancy_id: requests.RowNumber
) -> DiscrepancyShown:
    """Show one discrepancy with its history."""
    about = str(discrepancy_id)
    requests.look(request, actor, actions_discrepancy.view_discrepancies, discrepancy_id=about)
    return _detail(kernel, actor, discrepancy_id)


@router.post("/discrepancies/{discrepancy_id}/answer")
def answer(
    kernel: KernelNow, actor: ActorNow, discrepancy_id: requests.RowNumber, given: DiscrepancyAnswer
) -> DiscrepancyShown:
    """Answer a discrepancy: agree with a remedy, or disagree with a reason."""
    actions_discrepancy.answer_discrepancy(kernel, actor, discrepancy_id=discrepancy_id, **given.model_dump())
    return _detail(kernel, actor, discrepancy_id)


@router.post("/discrepancies/{discrepancy_id}/settle")
def settle(
    kernel: KernelNow, actor: ActorNow, discrepancy_id: requests.RowNumber, given: DiscrepancySettled
) -> DiscrepancyShown:
    """Settle a disputed discrepancy as a third person."""
    actions_discrepancy.settle_discrepancy(kernel, actor, discrepancy_id=discrepancy_id, **given.model_dump())
    return _detail(kernel, actor, discrepancy_id)


@router.post("/discrepancies/{discrepancy_id}/close")
def close(
    kernel: KernelNow, actor: ActorNow, discrepancy_id: requests.RowNumber, given: DiscrepancyClosing
) -> DiscrepancyShown:
    """Close a discrepancy; the outcome follows from what was done about it."""
    actions_discrepancy.close_discrepancy(kernel, actor, discrepancy_id=discrepancy_id, words=given.words)
    return _detail(kernel, actor, discrepancy_id)


@router.post("/discrepancies/{discrepancy_id}/withdraw")
def withdraw(
    kernel: KernelNow, actor: ActorNow, discrepancy_id: requests.RowNumber, given: WhyDiscrepancyWithdrawn
) -> DiscrepancyShown:
    """Withdraw a discrepancy that one recorded in error."""
    actions_discrepancy.withdraw_discrepancy(kernel, actor, discrepancy_id=discrepancy_id, reason=given.reason)
    return _detail(kernel, actor, discrepancy_id)


@router.get("/exams/{exam_pk}/discrepancies")
def of_exam(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> ExamDiscrepancies:
    """Show the discrepancies of an exam and those it shows of an earlier one, and whether one may be recorded."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    with kernel.database.read() as connection:
        rows = queries_discrepancy.discrepancies(connection, actor, Wanted(exam_pk=exam_pk))
        sight = sight_of(connection, actor, exam_pk)
        made = queries_discrepancy.queries.decisions(connection, exam_pk, sight) if sight.people else []
    shown = [_detail(kernel, actor, row["id"]) for row in rows]
    may_record = bool(made) and is_granted(actions_discrepancy.record_discrepancy.name, actor.permissions)
    return ExamDiscrepancies(discrepancies=shown, may_record=may_record)


@router.post("/exams/{exam_pk}/discrepancies", status_code=201)
def record(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, new: NewDiscrepancy) -> DiscrepancyShown:
    """Record what one sees against a decision on an exam."""
    seen = Seen(**new.model_dump(exclude={"place"}))
    key = actions_discrepancy.record_discrepancy(kernel, actor, exam_pk=exam_pk, seen=seen, place=new.place.told())
    return _detail(kernel, actor, key)


def _detail(kernel: Kernel, actor: Actor, discrepancy_id: int) -> DiscrepancyShown:
    with kernel.database.read() as connection:
        row = queries_discrepancy.by_id(connection, actor, discrepancy_id)
        if row is None:
            raise NotFound(f"there is no discrepancy {discrepancy_id}")
        steps = queries_discrepancy.steps(connection, discrepancy_id)
        names = names_of(connection, {row["reader"], row["seen_by"], *(one["by"] for one in steps)})
        after = queries_discrepancy.read_again(connection, row)
    state = (row["state"], row["remedy"], row["addendum_at"])
    outcome, why_open = rules_discrepancy.outcome_of(*state, row["decision"], after)
    parties = {row["reader"], *(one["by"] for one in steps)}
    is_unseen = actor.key != row["seen_by"]
    leads = is_granted(actions_discrepancy.SETTLING, actor.permissions)
    answers = is_granted(actions_discrepancy.answer_discrepancy.name, actor.permissions)
    return DiscrepancyShown(
        **_fields(row, names, actor),
        steps=[_step(one, row, names, actor) for one in steps],
        may_answer=row["state"] == "open" and is_unseen and answers and (leads or row["reader"] == actor.key),
        may_settle=row["state"] == "disputed" and leads and actor.key not in parties,
        may_withdraw=row["state"] == "open" and not is_unseen,
        why_open="" if outcome or row["ended_at"] else why_open,
    )


def _fields(row: dict[str, Any], names: dict[str, str], actor: Actor) -> dict[str, Any]:
    grave = rules_discrepancy.severities(row["industry"]).get(row["severity"])
    same = {name: row[name] for name in DiscrepancyRow.model_fields if name in row and name != "place"}
    return same | {
        "place": TalkPlace(**row["place"]),
        "reader_name": names.get(row["reader"], row["reader"]),
        "is_mine": row["reader"] == actor.key,
        "severity_words": grave.words if grave else row["severity"],
        "seen_by_name": _name(row["seen_by"], row, names, actor),
    }


def _name(key: str, row: dict[str, Any], names: dict[str, str], actor: Actor) -> str:
    """Return a name; of who saw it only where that is told."""
    if key == row["seen_by"] and row["is_nameless"] and key != actor.key:
        return ""
    return names.get(key, key)


def _step(one: dict[str, Any], row: dict[str, Any], names: dict[str, str], actor: Actor) -> DiscrepancyStep:
    told = one["told"]
    return DiscrepancyStep(
        kind=one["kind"],
        words=told.get("words", ""),
        remedy=told.get("remedy", ""),
        by_name=_name(one["by"], row, names, actor),
        at=one["at"],
    )

"""Critical results over HTTP: recording one, attempts, read-back, acknowledgement, lists and history."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.review import actions_critical, queries_critical, rules_critical
from kerma.areas.review.queries_critical import Wanted
from kerma.areas.review.rules_critical import Receiver, SeenCritical
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import clock, requests
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.permissions import is_granted

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Text = Annotated[str, Field(max_length=rules_critical.MOST_LETTERS)]
Name = Annotated[str, Field(max_length=rules_critical.MOST_NAME_LETTERS)]
Code = Annotated[str, Field(max_length=64)]


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewCritical(_Exact):
    """What somebody sees that must be told at once."""

    finding: Code = ""
    """A finding of the table; empty where it is in words and a level is chosen."""
    what: Text = ""
    level: int | None = Field(default=None, ge=1, le=9)


class CriticalAttempt(_Exact):
    """An attempt to reach somebody."""

    whom: Name
    role: Name
    means: Code
    was_reached: bool = False
    words: Text = ""


class CriticalReadBack(_Exact):
    """Who received a critical result, and what they read back."""

    whom: Name
    role: Name
    means: Code
    read_back: Text
    is_right: bool
    """Whether what they read back is what was said."""


class CriticalWords(_Exact):
    """What is said when a result is acknowledged, or a late one is answered for."""

    words: Text = ""


class WhyCriticalWithdrawn(_Exact):
    """Why a critical result is withdrawn."""

    reason: Text


class ToTell(BaseModel):
    """Whom to tell, and whom instead when nobody answers."""

    who: str
    within_minutes: float
    what: str


class CriticalLevel(BaseModel):
    """How soon a result must be told, and by what means it counts as told."""

    level: int
    deadline_minutes: float
    warn_before_minutes: float
    means: list[str]
    words: str
    how: str
    to_tell: list[ToTell]


class CriticalTable(BaseModel):
    """What may be said of a critical result."""

    levels: list[CriticalLevel]
    findings: dict[str, int]
    """The level of each finding that the table names."""
    means: dict[str, str]


class CriticalRow(BaseModel):
    """A critical result in a list."""

    id: int
    number: str
    exam_pk: int
    subject_id: str
    exam_description: str
    finding: str
    what: str
    level: int
    seen_by_name: str
    is_mine: bool
    seen_at: str
    due_at: str
    state: str
    notified_at: str
    ended_at: str
    is_late: bool
    """Notified after its deadline, or not notified and the deadline is over."""
    answered_at: str
    may_answer: bool
    """Whether one is to say what is done about a late one."""


class CriticalStep(BaseModel):
    """One thing that was done to tell a critical result."""

    kind: str
    whom: str
    role: str
    means: str
    was_reached: bool
    words: str
    people: int
    """How many people were told of a late one."""
    by_name: str
    at: str


class CriticalShown(CriticalRow):
    """A critical result with its history, and what one may do."""

    steps: list[CriticalStep]
    may_notify: bool
    may_acknowledge: bool
    may_withdraw: bool


class ExamCriticals(BaseModel):
    """The critical results of an exam, and whether one may be recorded."""

    criticals: list[CriticalShown]
    may_record: bool


@router.get("/critical-results/table")
def told_table(_: ActorNow) -> CriticalTable:
    """List levels with their deadlines, the findings that have one, and the means by which somebody is told."""
    levels = [
        CriticalLevel(
            level=one.number,
            deadline_minutes=one.deadline_minutes,
            warn_before_minutes=one.warn_before_minutes,
            means=list(one.means),
            words=one.words,
            how=one.how,
            to_tell=[
                ToTell(who=step.who, within_minutes=step.within_minutes, what=step.what) for step in one.escalation
            ],
        )
        for one in rules_critical.levels().values()
    ]
    return CriticalTable(levels=levels, findings=rules_critical.findings(), means=dict(rules_critical.MEANS))


@router.get("/critical-results")
def criticals(
    request: Request,
    kernel: KernelNow,
    actor: ActorNow,
    state: Literal["", "any-open", "open", "notified", "closed", "withdrawn"] = "any-open",
) -> list[CriticalRow]:
    """List critical results: what is not ended by its deadline, then the newest."""
    requests.look(request, actor, actions_critical.view_criticals)
    with kernel.database.read() as connection:
        rows = queries_critical.criticals(connection, actor, Wanted(state))
        names = names_of(connection, {row["seen_by"] for row in rows})
    now = clock.text(kernel.clock.now())
    return [CriticalRow(**_fields(row, names, actor, now)) for row in rows]


@router.get("/critical-results/{critical_id}")
def critical(request: Request, kernel: KernelNow, actor: ActorNow, critical_id: requests.RowNumber) -> CriticalShown:
    """Show one critical result with its history."""
    requests.look(request, actor, actions_critical.view_criticals, critical_id=str(critical_id))
    return _detail(kernel, actor, critical_id)


@router.post("/critical-results/{critical_id}/attempts", status_code=201)
def attempt(
    kernel: KernelNow, actor: ActorNow, critical_id: requests.RowNumber, given: CriticalAttempt
) -> CriticalShown:
    """Record an attempt to reach somebody."""
    receiver = Receiver(given.whom, given.role, given.means)
    told = {"was_reached": given.was_reached, "words": given.words}
    actions_critical.attempt_critical(kernel, actor, critical_id=critical_id, receiver=receiver, **told)
    return _detail(kernel, actor, critical_id)


@router.post("/critical-results/{critical_id}/read-back", status_code=201)
def read_back(
    kernel: KernelNow, actor: ActorNow, critical_id: requests.RowNumber, given: CriticalReadBack
) -> CriticalShown:
    """Record who received a result and what they read back; the right read-back notifies it."""
    receiver = Receiver(given.whom, given.role, given.means)
    told = {"read_back": given.read_back, "is_right": given.is_right}
    actions_critical.notify_critical(kernel, actor, critical_id=critical_id, receiver=receiver, **told)
    return _detail(kernel, actor, critical_id)


@router.post("/critical-results/{critical_id}/acknowledge")
def acknowledge(
    kernel: KernelNow, actor: ActorNow, critical_id: requests.RowNumber, given: CriticalWords
) -> CriticalShown:
    """Close a notified result: whoever received it has taken it over."""
    actions_critical.acknowledge_critical(kernel, actor, critical_id=critical_id, words=given.words)
    return _detail(kernel, actor, critical_id)


@router.post("/critical-results/{critical_id}/answer")
def answer(kernel: KernelNow, actor: ActorNow, critical_id: requests.RowNumber, given: CriticalWords) -> CriticalShown:
    """Say what is done about a late result; nobody further up is told then."""
    actions_critical.answer_late_critical(kernel, actor, critical_id=critical_id, words=given.words)
    return _detail(kernel, actor, critical_id)


@router.post("/critical-results/{critical_id}/withdraw")
def withdraw(
    kernel: KernelNow, actor: ActorNow, critical_id: requests.RowNumber, given: WhyCriticalWithdrawn
) -> CriticalShown:
    """Withdraw a result that one recorded in error."""
    actions_critical.withdraw_critical(kernel, actor, critical_id=critical_id, reason=given.reason)
    return _detail(kernel, actor, critical_id)


@router.get("/exams/{exam_pk}/critical-results")
def of_exam(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> ExamCriticals:
    """Show the critical results of an exam, and whether one may be recorded."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    with kernel.database.read() as connection:
        rows = queries_critical.criticals(connection, actor, Wanted(exam_pk=exam_pk))
        found = exam_by_pk(connection, exam_pk)
    is_medical = found is not None and found["industry"] == rules_critical.INDUSTRY
    may_record = is_medical and is_granted(actions_critical.record_critical.name, actor.permissions)
    return ExamCriticals(criticals=[_detail(kernel, actor, row["id"]) for row in rows], may_record=may_record)


@router.post("/exams/{exam_pk}/critical-results", status_code=201)
def record(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, new: NewCritical) -> CriticalShown:
    """Record a finding that must be told at once; its deadline runs from now."""
    seen = SeenCritical(**new.model_dump())
    return _detail(kernel, actor, actions_critical.record_critical(kernel, actor, exam_pk=exam_pk, seen=seen))


def _detail(kernel: Kernel, actor: Actor, critical_id: int) -> CriticalShown:
    with kernel.database.read() as connection:
        row = queries_critical.by_id(connection, actor, critical_id)
        if row is None:
            raise NotFound(f"there is no critical result {critical_id}")
        steps = queries_critical.steps(connection, critical_id)
        names = names_of(connection, {row["seen_by"], *(one["by"] for one in steps)})
    is_open = row["state"] == rules_critical.OPEN

    def may(done: Any) -> bool:
        return is_granted(done.name, actor.permissions)

    return CriticalShown(
        **_fields(row, names, actor, clock.text(kernel.clock.now())),
        steps=[_step(one, names) for one in steps],
        may_notify=is_open and may(actions_critical.notify_critical),
        may_acknowledge=row["state"] == rules_critical.NOTIFIED and may(actions_critical.acknowledge_critical),
        may_withdraw=is_open and row["seen_by"] == actor.key,
    )


def _fields(row: dict[str, Any], names: dict[str, str], actor: Actor, now: str) -> dict[str, Any]:
    is_waited_for = row["state"] == rules_critical.OPEN and row["told_step"] >= actions_critical.LATE_STEP
    answers = is_granted(actions_critical.answer_late_critical.name, actor.permissions)
    return {name: row[name] for name in CriticalRow.model_fields if name in row} | {
        "seen_by_name": names.get(row["seen_by"], row["seen_by"]),
        "is_mine": row["seen_by"] == actor.key,
        "is_late": rules_critical.is_late(row["state"], row["due_at"], row["notified_at"], now),
        "may_answer": is_waited_for and not row["answered_at"] and answers,
    }


def _step(one: dict[str, Any], names: dict[str, str]) -> CriticalStep:
    told = {"whom": "", "role": "", "means": "", "was_reached": False, "words": "", "people": 0} | one["told"]
    is_told = one["kind"] in rules_critical.NOTICES
    return CriticalStep(
        **told, kind=one["kind"], by_name="" if is_told else names.get(one["by"], one["by"]), at=one["at"]
    )

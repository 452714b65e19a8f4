"""Non-conformances over HTTP: opening, disposition, follow-up, closing, lists and history."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.review import actions_nonconformance, queries_nonconformance, rules_nonconformance
from kerma.areas.review.queries_nonconformance import Wanted
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.sight import sight_of

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Text = Annotated[str, Field(max_length=4000)]
Code = Annotated[str, Field(max_length=16)]
Name = Annotated[str, Field(max_length=128)]


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewNonconformance(_Exact):
    """What does not conform."""

    description: Text
    finding_ids: list[Annotated[str, Field(max_length=64)]] = Field(default_factory=list, max_length=500)


class ProposedDisposition(_Exact):
    """What somebody proposes to do with the part."""

    disposition: Code
    reason: Text


class DecidedDisposition(_Exact):
    """What is done with the part; a concession is told where it is used as it is."""

    disposition: Code
    reason: Text = ""
    concession_number: Annotated[str, Field(max_length=64)] = ""
    customer_approver: Name = ""


class FollowUp(_Exact):
    """The exam that was made afterwards."""

    exam_pk: requests.RowNumber


class ClosingWords(_Exact):
    """What is said when a non-conformance is closed."""

    words: Text = ""


class WhyNonconformanceWithdrawn(_Exact):
    """Why a non-conformance is withdrawn."""

    reason: Text


class NonconformanceSetting(_Exact):
    """Whether a decision to reject opens a non-conformance by itself."""

    is_automatic: bool


class DispositionWords(BaseModel):
    """A disposition, and what it asks for."""

    code: str
    words: str
    needs_follow_up: bool
    needs_concession: bool


class NonconformanceWords(BaseModel):
    """The dispositions there are, and the setting in force."""

    dispositions: list[DispositionWords]
    is_automatic: bool


class NonconformanceRow(BaseModel):
    """A non-conformance in a list."""

    id: int
    number: str
    exam_pk: int
    industry: str
    subject_id: str
    exam_description: str
    description: str
    finding_ids: list[str]
    state: str
    disposition: str
    disposition_words: str
    concession_number: str
    customer_approver: str
    follow_up_exam_pk: int | None
    opened_by: str
    opened_by_name: str
    opened_at: str
    ended_at: str


class NonconformanceStep(BaseModel):
    """One thing that happened to a non-conformance."""

    kind: str
    words: str
    disposition: str
    follow_up_exam_pk: int | None
    by_name: str
    at: str


class LaterExam(BaseModel):
    """A later exam of the same subject."""

    exam_pk: int
    description: str
    exam_date: str
    decision: str
    """In force, as one may see it."""


class NonconformanceShown(NonconformanceRow):
    """A non-conformance with all that belongs to it."""

    steps: list[NonconformanceStep]
    later_exams: list[LaterExam]
    why_open: str
    """Why it cannot be closed yet; empty where it can."""
    is_proposer: bool
    """Whether one proposed its disposition oneself: somebody else decides it."""


class ExamNonconformances(BaseModel):
    """The non-conformances of an exam, and whether one may be opened."""

    nonconformances: list[NonconformanceRow]
    may_open: bool


@router.get("/nonconformances/words")
def words(kernel: KernelNow, _: ActorNow) -> NonconformanceWords:
    """List the dispositions, and whether rejections open non-conformances by themselves."""
    with kernel.database.read() as connection:
        is_automatic = queries_nonconformance.is_automatic(connection)
    return NonconformanceWords(
        dispositions=[
            DispositionWords(
                code=code,
                words=one.words,
                needs_follow_up=one.needs_follow_up,
                needs_concession=one.needs_concession,
            )
            for code, one in rules_nonconformance.DISPOSITIONS.items()
        ],
        is_automatic=is_automatic,
    )


@router.get("/nonconformances")
def nonconformances(
    request: Request,
    kernel: KernelNow,
    actor: ActorNow,
    state: Literal["", "any-open", "open", "proposed", "decided", "closed", "withdrawn"] = "",
    disposition: Literal["", "repair", "scrap", "use-as-is", "re-inspect"] = "",
    text: Annotated[str, Query(max_length=128)] = "",
) -> list[NonconformanceRow]:
    """List non-conformances, the newest first."""
    requests.look(request, actor, actions_nonconformance.view_nonconformances)
    return _listed(kernel, actor, Wanted(state, disposition, text.strip()))


@router.put("/nonconformances/setting")
def setting(kernel: KernelNow, actor: ActorNow, given: NonconformanceSetting) -> NonconformanceSetting:
    """Set whether a decision to reject opens a non-conformance by itself."""
    actions_nonconformance.set_nonconformances(kernel, actor, is_automatic=given.is_automatic)
    return given


@router.get("/nonconformances/{nonconformance_id}")
def nonconformance(
    request: Request, kernel: KernelNow, actor: ActorNow, nonconformance_id: requests.RowNumber
) -> NonconformanceShown:
    """Show one non-conformance with its history, and the exams that could follow it up."""
    about = str(nonconformance_id)
    requests.look(request, actor, actions_nonconformance.view_nonconformances, nonconformance_id=about)
    return _detail(kernel, actor, nonconformance_id)


@router.post("/nonconformances/{nonconformance_id}/propose")
def propose(
    kernel: KernelNow, actor: ActorNow, nonconformance_id: requests.RowNumber, given: ProposedDisposition
) -> NonconformanceShown:
    """Propose what becomes of the part."""
    about = {"disposition": given.disposition, "reason": given.reason}
    actions_nonconformance.propose_disposition(kernel, actor, nonconformance_id=nonconformance_id, **about)
    return _detail(kernel, actor, nonconformance_id)


@router.post("/nonconformances/{nonconformance_id}/decide")
def decide(
    kernel: KernelNow, actor: ActorNow, nonconformance_id: requests.RowNumber, given: DecidedDisposition
) -> NonconformanceShown:
    """Decide what becomes of the part."""
    actions_nonconformance.decide_disposition(kernel, actor, nonconformance_id=nonconformance_id, **given.model_dump())
    return _detail(kernel, actor, nonconformance_id)


@router.post("/nonconformances/{nonconformance_id}/follow-up")
def follow_up(
    kernel: KernelNow, actor: ActorNow, nonconformance_id: requests.RowNumber, given: FollowUp
) -> NonconformanceShown:
    """Link the exam that was made afterwards."""
    about = {"nonconformance_id": nonconformance_id, "exam_pk": given.exam_pk}
    actions_nonconformance.link_follow_up(kernel, actor, **about)
    return _detail(kernel, actor, nonconformance_id)


@router.post("/nonconformances/{nonconformance_id}/close")
def close(
    kernel: KernelNow, actor: ActorNow, nonconformance_id: requests.RowNumber, given: ClosingWords
) -> NonconformanceShown:
    """Close a non-conformance."""
    actions_nonconformance.close_nonconformance(kernel, actor, nonconformance_id=nonconformance_id, words=given.words)
    return _detail(kernel, actor, nonconformance_id)


@router.post("/nonconformances/{nonconformance_id}/withdraw")
def withdraw(
    kernel: KernelNow, actor: ActorNow, nonconformance_id: requests.RowNumber, given: WhyNonconformanceWithdrawn
) -> NonconformanceShown:
    """Withdraw a non-conformance that was opened in error."""
    actions_nonconformance.withdraw_nonconformance(
        kernel, actor, nonconformance_id=nonconformance_id, reason=given.reason
    )
    return _detail(kernel, actor, nonconformance_id)


@router.get("/exams/{exam_pk}/nonconformances")
def of_exam(kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> ExamNonconformances:
    """Show the non-conformances of an exam and those it follows up, and whether one may be opened."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    rows = _listed(kernel, actor, Wanted(exam_pk=exam_pk))
    with kernel.database.read() as connection:
        is_seen = sight_of(connection, actor, exam_pk).people
        made = queries_nonconformance.rejection(connection, exam_pk) if is_seen else None
        has_open = queries_nonconformance.open_of(connection, exam_pk) is not None
    return ExamNonconformances(nonconformances=rows, may_open=made is not None and not has_open)


@router.post("/exams/{exam_pk}/nonconformances", status_code=201)
def open_it(
    kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber, new: NewNonconformance
) -> NonconformanceShown:
    """Open a non-conformance on an exam that was rejected."""
    key = actions_nonconformance.open_nonconformance(
        kernel, actor, exam_pk=exam_pk, description=new.description, finding_ids=new.finding_ids
    )
    return _detail(kernel, actor, key)


def _listed(kernel: Kernel, actor: Actor, wanted: Wanted) -> list[NonconformanceRow]:
    with kernel.database.read() as connection:
        rows = queries_nonconformance.nonconformances(connection, actor, wanted)
        names = names_of(connection, {row["opened_by"] for row in rows})
    return [NonconformanceRow(**_fields(row, names)) for row in rows]


def _detail(kernel: Kernel, actor: Actor, nonconformance_id: int) -> NonconformanceShown:
    with kernel.database.read() as connection:
        row = queries_nonconformance.by_id(connection, nonconformance_id)
        if row is None or not sight_of(connection, actor, row["exam_pk"]).people:
            raise NotFound(f"there is no non-conformance {nonconformance_id}")
        steps = queries_nonconformance.steps(connection, nonconformance_id)
        names = names_of(connection, {row["opened_by"], *(one["by"] for one in steps)})
        later = [
            LaterExam(**one, decision=queries_nonconformance.decision_seen(connection, actor, one["exam_pk"]))
            for one in queries_nonconformance.later_exams(connection, row)
        ]
        after = row["follow_up_exam_pk"]
        decided = queries_nonconformance.decision_seen(connection, actor, after)
        proposer = queries_nonconformance.proposer(connection, nonconformance_id)
    return NonconformanceShown(
        **_fields(row, names),
        steps=[_step(one, names) for one in steps],
        later_exams=later,
        why_open=rules_nonconformance.why_open(row["state"], row["disposition"], after is not None, decided),
        is_proposer=proposer == actor.key,
    )


def _fields(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    known = rules_nonconformance.DISPOSITIONS.get(row["disposition"])
    return {name: row[name] for name in NonconformanceRow.model_fields if name in row} | {
        "opened_by_name": names.get(row["opened_by"], row["opened_by"]),
        "disposition_words": known.words if known else "",
    }


def _step(one: dict[str, Any], names: dict[str, str]) -> NonconformanceStep:
    told = one["told"]
    return NonconformanceStep(
        kind=one["kind"],
        words=told.get("words", ""),
        disposition=told.get("disposition", ""),
        follow_up_exam_pk=told.get("follow_up_exam_pk"),
        by_name=names.get(one["by"], one["by"]),
        at=one["at"],
    )

"""Analyses and decisions over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.review import actions, queries, rules
from kerma.areas.review.jobs import ANALYSE
from kerma.areas.worklist.queries import item_of_exam, names_of
from kerma.errors import NotFound
from kerma.kernel import jobs, requests
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.ledger import newest_note, read_head

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class Decision(BaseModel):
    """One decision of a person on an exam."""

    id: int
    level: int
    decision: str
    reason: str
    by: str
    by_name: str
    at: str
    analysis_id: int | None


class Analysis(BaseModel):
    """What is known about an exam: the analysis of its images as they are now, and every decision, newest first."""

    exam_pk: int
    analysis_id: int | None
    """None while the first analysis is under way."""
    is_current: bool
    """Whether the analysis covers all images of the exam as they are now."""
    trouble: str
    """Why the analysis of the images as they are now has failed so far; empty while nothing went wrong."""
    created_at: str
    decision_proposed: str
    document: dict[str, Any] | None
    """One element of ``exams`` of ``result.json``."""
    decisions: list[Decision]
    item_id: int | None
    state: str
    claimed_by: str
    claimed_by_name: str
    is_mine: bool
    due_at: str


class NewDecision(BaseModel):
    """A decision to be taken."""

    model_config = ConfigDict(extra="forbid")
    decision: str = Field(max_length=32)
    reason: str = Field(default="", max_length=rules.MAX_REASON_LETTERS)
    supersedes: int | None = None
    """Id of the decision in force that the person has seen."""


class Evidence(BaseModel):
    """What proves later that nothing was changed: the end of the ledger and its newest signed checkpoint."""

    ledger_size: int
    checkpoint_size: int
    checkpoint_at: str
    checkpoint: str
    """The signed note itself, in the C2SP tlog-checkpoint form."""
    verifier_key: str


@router.get("/evidence")
def evidence(kernel: KernelNow, _: ActorNow) -> Evidence:
    """Show how far the ledger has come and how far it is signed."""
    with kernel.database.read() as connection:
        head = read_head(connection)
        note = newest_note(connection)
    if head is None:
        raise NotFound("the ledger is empty: nothing has happened yet")
    return Evidence(
        ledger_size=head.tree.size,
        checkpoint_size=head.checkpoint_size,
        checkpoint_at=head.checkpoint_at,
        checkpoint=note or "",
        verifier_key=head.vkey,
    )


@router.get("/exams/{exam_pk}/analysis")
def analysis(kernel: KernelNow, actor: ActorNow, exam_pk: int) -> Analysis:
    """Show the newest analysis of an exam and the decisions on it."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    return _shown(kernel, actor, exam_pk)


@router.post("/exams/{exam_pk}/decisions", status_code=201)
def decide(kernel: KernelNow, actor: ActorNow, exam_pk: int, given: NewDecision) -> Analysis:
    """Decide an exam; an earlier decision stays on record and is superseded."""
    actions.decide(
        kernel,
        actor,
        exam_pk=exam_pk,
        decision_code=given.decision,
        reason=given.reason,
        supersedes=given.supersedes,
    )
    return _shown(kernel, actor, exam_pk)


def _shown(kernel: Kernel, actor: Actor, exam_pk: int) -> Analysis:
    with kernel.database.read() as connection:
        if exam_by_pk(connection, exam_pk) is None:
            raise NotFound(f"there is no exam {exam_pk}")
        newest = queries.latest_analysis(connection, exam_pk)
        is_current = newest is not None and newest["images_digest"] == queries.images_digest_of(connection, exam_pk)
        went_wrong = "" if is_current else jobs.trouble(connection, ANALYSE, str(exam_pk))
        decisions = queries.decisions(connection, exam_pk)
        item = item_of_exam(connection, exam_pk) or {}
        holder = item.get("claimed_by", "")
        names = names_of(connection, {holder, *(row["by"] for row in decisions)})
    return Analysis(
        exam_pk=exam_pk,
        analysis_id=newest["id"] if newest else None,
        is_current=is_current,
        trouble=went_wrong,
        created_at=newest["created_at"] if newest else "",
        decision_proposed=newest["decision_proposed"] if newest else "",
        document=newest["document"] if newest else None,
        decisions=[Decision(**row, by_name=names.get(row["by"], row["by"])) for row in decisions],
        item_id=item.get("item_id"),
        state=item.get("state", ""),
        claimed_by=holder,
        claimed_by_name=names.get(holder, holder),
        is_mine=bool(holder) and holder == actor.key,
        due_at=item.get("due_at", ""),
    )

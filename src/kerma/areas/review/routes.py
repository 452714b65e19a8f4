"""Analyses and decisions over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.archive.actions import open_exam
from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.review import actions, queries, rules
from kerma.areas.review.actions_reading import see_all
from kerma.areas.review.jobs import ANALYSE
from kerma.areas.review.queries_reading import sees_all
from kerma.areas.review.routes_reading import ReadingState, ReadingTold, state_seen
from kerma.areas.worklist.queries import item_of_exam, names_of
from kerma.areas.worklist.queries_flow import labels
from kerma.errors import NotFound
from kerma.kernel import jobs, requests
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.ledger import newest_note, read_head
from kerma.kernel.sight import sight_of

router = APIRouter(prefix="/api/v1", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class DecisionReading(BaseModel):
    """How an exam was read before it was decided."""

    opened_at: str
    """When the person opened the exam, by the server's clock."""
    recorded_at: str
    document_sha256: str
    """Digest of what was known of the exam on the page."""
    algorithm: str
    reading: str
    """How exams were to be read then: algorithm concurrent, second-reader or off; reading open, blind or double."""
    saw_algorithm: bool
    saw_people: bool
    first_read_at: str
    """When the person had recorded their first read, after which software was shown; empty where they had not."""
    record: dict[str, Any]
    """What the page told: ``opened_at``, ``chains`` by image, ``functions`` with seconds, ``display_check``."""


class Decision(BaseModel):
    """One decision of a person on an exam."""

    id: int
    level: int
    decision: str
    reason: str
    by: str
    by_name: str
    at: str
    stage: str
    stage_label: str
    """The stage of a flow at which it was made; empty where exams are decided once."""
    analysis_id: int | None
    judgement_id: int | None
    """The judgement by a person that was on screen."""
    reading: DecisionReading | None = None
    """How it was read."""


class Analysis(BaseModel):
    """What is known about an exam: the analysis of its images as they are now, and every decision, newest first."""

    exam_pk: int
    analysis_id: int | None
    """None while the first analysis is under way."""
    judgement_id: int | None
    """The newest judgement by a person over this analysis; null while only software has judged."""
    is_current: bool
    """Whether the analysis covers all images of the exam, and what is declared of its load, as they are now."""
    trouble: str
    """Why the analysis of the images as they are now has failed so far; empty while nothing went wrong."""
    created_at: str
    decision_proposed: str
    document: dict[str, Any] | None
    """One element of ``exams`` of ``result.json``."""
    decisions: list[Decision]
    item_id: int | None
    state: str
    stage_label: str
    """The stage of the industry's flow at which it is; empty where an exam is decided once."""
    claimed_by: str
    claimed_by_name: str
    is_mine: bool
    due_at: str
    reading: ReadingState
    """How the exam is read by this person, and what of it is hidden from them now."""
    was_projected: bool = False
    """Of a decision just made: the images held a projected threat, so nothing is decided and the exam stays open."""


class NewDecision(BaseModel):
    """A decision to be taken."""

    model_config = ConfigDict(extra="forbid")
    decision: str = Field(max_length=32)
    reason: str = Field(default="", max_length=rules.MAX_REASON_LETTERS)
    supersedes: int | None = None
    """Id of the decision in force that the person has seen."""
    judgement_id: int | None = None
    """Id of the judgement by a person that was on screen, null where there was none."""
    reading: ReadingTold | None = None


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
def analysis(request: Request, kernel: KernelNow, actor: ActorNow, exam_pk: requests.RowNumber) -> Analysis:
    """Show the newest analysis of an exam and the decisions on it."""
    open_exam(kernel, actor, exam_pk=exam_pk, purpose="review")
    found = _shown(kernel, actor, exam_pk)
    if (found.reading.algorithm, found.reading.reading) != ("concurrent", "open") and sees_all(actor):
        requests.look(request, actor, see_all, exam_pk=str(exam_pk))
    return found


@router.post("/exams/{exam_pk}/decisions", status_code=201)
def decide(
    kernel: KernelNow,
    actor: ActorNow,
    exam_pk: requests.RowNumber,
    given: NewDecision,
    idempotency_key: Annotated[str, Header(max_length=64)] = "",
) -> Analysis:
    """Decide an exam; an earlier decision stays on record and is superseded.

    Whoever gives each decision an `Idempotency-Key` of its own may ask again when no answer came: it is made once.
    """
    decision_id = actions.decide(
        kernel,
        actor,
        exam_pk=exam_pk,
        decision_code=given.decision,
        reason=given.reason,
        supersedes=given.supersedes,
        judgement_id=given.judgement_id,
        reading=given.reading.model_dump() if given.reading else None,
        request_key=idempotency_key,
    )
    return _shown(kernel, actor, exam_pk).model_copy(update={"was_projected": decision_id is None})


def _shown(kernel: Kernel, actor: Actor, exam_pk: int) -> Analysis:
    with kernel.database.read() as connection:
        if exam_by_pk(connection, exam_pk) is None:
            raise NotFound(f"there is no exam {exam_pk}")
        newest = queries.latest_analysis(connection, exam_pk)
        sight = sight_of(connection, actor, exam_pk)
        known = queries.current(connection, exam_pk, sight, newest) if newest else None
        is_current = queries.is_current(connection, exam_pk, newest)
        went_wrong = "" if is_current else jobs.trouble(connection, ANALYSE, str(exam_pk))
        decisions = queries.decisions(connection, exam_pk, sight)
        item = item_of_exam(connection, exam_pk, actor) or {}
        holder = item.get("claimed_by", "")
        names = names_of(connection, {holder, *(row["by"] for row in decisions)})
        stages = labels(connection)
        reading = state_seen(connection, actor, exam_pk)
    return Analysis(
        exam_pk=exam_pk,
        analysis_id=newest["id"] if newest else None,
        is_current=is_current,
        trouble=went_wrong,
        created_at=newest["created_at"] if newest else "",
        judgement_id=known.judgement_id if known else None,
        decision_proposed=known.document["decision_proposed"] if known else "",
        document=known.document if known else None,
        decisions=[
            Decision(
                **row,
                by_name=names.get(row["by"], row["by"]),
                stage_label=stages.get((item.get("industry", ""), row["stage"]), row["stage"]),
            )
            for row in decisions
        ],
        item_id=item.get("item_id"),
        state=item.get("state", ""),
        stage_label=stages.get((item.get("industry", ""), item.get("stage", "")), ""),
        claimed_by=holder,
        claimed_by_name=names.get(holder, holder),
        is_mine=bool(holder) and holder == actor.key,
        due_at=item.get("due_at", ""),
        reading=reading,
    )

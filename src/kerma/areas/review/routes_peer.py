"""Peer review over HTTP: the cases of a reviewer, feedback on one's own decisions, and what was learnt."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.review import actions_peer, actions_peer_learning, queries_peer, queries_peer_original, rules
from kerma.areas.review.model_peer import DONE, OPEN
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound
from kerma.kernel import clock, requests
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.sight import Sight, sights_of

router = APIRouter(prefix="/api/v1/peer", tags=["review"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]
Words = Annotated[str, Field(max_length=rules.MAX_REASON_LETTERS)]


class OriginalFinding(BaseModel):
    """One finding that stood on the page when the decision was made."""

    image: int
    label: str
    note: str
    severity: str
    is_of_software: bool
    dismissed: str
    """Why it was found to be none; empty where it stood."""


class Original(BaseModel):
    """The decision under review, and what lay behind it."""

    decision: str
    reason: str
    at: str
    by_name: str
    """Empty while the case is blinded."""
    findings: list[OriginalFinding]


class PeerCase(BaseModel):
    """One decision under review, as far as the person may know of it."""

    id: int
    industry: str
    modality: str
    state: str
    is_blinded: bool
    due_at: str
    is_late: bool
    is_mine: bool
    reviewer_name: str
    """Empty while nobody has taken it."""
    exam_pk: int | None
    """None until one has claimed a blinded case: whoever could look before would not be blind."""
    subject_id: str
    description: str
    reasons: list[str]
    """Kinds of plan that took it; empty while they would tell something."""
    conclusion: str
    """What the reviewer would have decided; empty until it is recorded."""
    conclusion_words: str
    original: Original | None
    score: str
    score_words: str


class Feedback(BaseModel):
    """One review of a decision of one's own."""

    review_id: int
    exam_pk: int
    industry: str
    subject_id: str
    decision: str
    decided_at: str
    conclusion: str
    was_blinded: bool
    score: str
    agrees: bool
    is_significant: bool
    words: str
    at: str
    reviewer_name: str
    """Empty where the plan hides it."""
    answer: str
    answered_at: str


class Learning(BaseModel):
    """What a person is to learn from a review."""

    id: int
    exam_pk: int
    industry: str
    subject_id: str
    person_name: str
    score: str
    what: str
    opened_at: str
    done_at: str
    done_words: str
    seen_by_name: str
    seen_at: str
    is_mine: bool


class NewConclusion(BaseModel):
    """What a reviewer would have decided."""

    model_config = ConfigDict(extra="forbid")
    conclusion: str = Field(max_length=32)
    words: Words = ""


class NewScore(BaseModel):
    """The score of a decision, by the form of its industry."""

    model_config = ConfigDict(extra="forbid")
    score: str = Field(max_length=32)
    words: Words = ""


class GivenWords(BaseModel):
    """A sentence."""

    model_config = ConfigDict(extra="forbid")
    words: Words = ""


@router.get("/cases")
def cases(
    request: Request, kernel: KernelNow, actor: ActorNow, view: Literal["open", "mine", "done", "all"] = "open"
) -> list[PeerCase]:
    """List the cases one may take, holds or has reviewed, or (for a lead) all that are open; never one's own work."""
    if view == "all":
        requests.look(request, actor, actions_peer_learning.view_figures, about="cases")
    else:
        requests.look(request, actor, actions_peer.view_reviews)
    with kernel.database.read() as connection:
        rows = queries_peer.cases_for(connection, actor, view)
        return _shown(kernel, connection, actor, rows)


@router.get("/cases/{case_id}")
def case(request: Request, kernel: KernelNow, actor: ActorNow, case_id: requests.RowNumber) -> PeerCase:
    """Show one case as far as one may know of it."""
    requests.look(request, actor, actions_peer.view_reviews)
    return _case(kernel, actor, case_id)


@router.post("/cases/{case_id}/claim")
def claim(kernel: KernelNow, actor: ActorNow, case_id: requests.RowNumber) -> PeerCase:
    """Take a case; exactly one of several who try at once gets it."""
    actions_peer.claim(kernel, actor, case_id=case_id)
    return _case(kernel, actor, case_id)


@router.post("/cases/{case_id}/give-back", status_code=204)
def give_back(kernel: KernelNow, actor: ActorNow, case_id: requests.RowNumber) -> None:
    """Give a case back; somebody else reviews it."""
    actions_peer.give_back(kernel, actor, case_id=case_id)


@router.post("/cases/{case_id}/conclusion", status_code=201)
def conclude(kernel: KernelNow, actor: ActorNow, case_id: requests.RowNumber, given: NewConclusion) -> PeerCase:
    """Record what one would have decided; the answer shows the decision under review."""
    actions_peer.conclude(kernel, actor, case_id=case_id, conclusion=given.conclusion, words=given.words)
    return _case(kernel, actor, case_id)


@router.post("/cases/{case_id}/score", status_code=201)
def score(kernel: KernelNow, actor: ActorNow, case_id: requests.RowNumber, given: NewScore) -> PeerCase:
    """Score the decision; the case is done, and the person gets the feedback."""
    actions_peer.score(kernel, actor, case_id=case_id, code=given.score, words=given.words)
    return _case(kernel, actor, case_id)


@router.post("/cases/{case_id}/withdraw", status_code=204)
def withdraw(kernel: KernelNow, actor: ActorNow, case_id: requests.RowNumber, given: GivenWords) -> None:
    """Take a case off the list without a review."""
    actions_peer.withdraw(kernel, actor, case_id=case_id, reason=given.words)


@router.get("/feedback")
def feedback(request: Request, kernel: KernelNow, actor: ActorNow) -> list[Feedback]:
    """List the reviews of one's own decisions, the newest first."""
    requests.look(request, actor, actions_peer_learning.view_feedback)
    with kernel.database.read() as connection:
        rows = queries_peer.feedback(connection, actor)
        names = names_of(connection, {row["reviewer"] for row in rows if not row["hides_reviewer"]})
    renamed = {"words": "score_words", "at": "reviewed_at"}
    kept = [name for name in Feedback.model_fields if name not in ("reviewer_name", "answer", "answered_at")]
    return [
        Feedback(
            **{name: row[renamed.get(name, name)] for name in kept},
            reviewer_name="" if row["hides_reviewer"] else names.get(row["reviewer"], row["reviewer"]),
            answer=row["answer"] or "",
            answered_at=row["answered_at"] or "",
        )
        for row in rows
    ]


@router.post("/feedback/{review_id}/answer", status_code=204)
def answer(kernel: KernelNow, actor: ActorNow, review_id: requests.RowNumber, given: GivenWords) -> None:
    """Take note of a review of one's own decision, with or without words."""
    actions_peer_learning.answer(kernel, actor, review_id=review_id, words=given.words)


@router.get("/learning")
def learning(
    request: Request, kernel: KernelNow, actor: ActorNow, whose: Literal["mine", "all"] = "mine"
) -> list[Learning]:
    """List learning items, one's own or (for a lead) everybody's: the open ones first."""
    if whose == "mine":
        requests.look(request, actor, actions_peer_learning.view_feedback)
    else:
        requests.look(request, actor, actions_peer_learning.view_figures, about="learning")
    with kernel.database.read() as connection:
        rows = queries_peer.learning(connection, actor, is_mine=whose == "mine")
        names = names_of(connection, {row[name] for row in rows for name in ("person", "seen_by")})
    kept = [name for name in Learning.model_fields if name not in ("person_name", "seen_by_name", "is_mine")]
    return [
        Learning(
            **{name: row[name] for name in kept},
            person_name=names.get(row["person"], row["person"]),
            seen_by_name=names.get(row["seen_by"], row["seen_by"]),
            is_mine=row["person"] == actor.key,
        )
        for row in rows
    ]


@router.post("/learning/{learning_id}/done", status_code=204)
def finish(kernel: KernelNow, actor: ActorNow, learning_id: requests.RowNumber, given: GivenWords) -> None:
    """Say what one did about a learning item of one's own."""
    actions_peer_learning.finish(kernel, actor, learning_id=learning_id, words=given.words)


@router.post("/learning/{learning_id}/seen", status_code=204)
def see(kernel: KernelNow, actor: ActorNow, learning_id: requests.RowNumber) -> None:
    """Say as a lead that one has seen what was done about it."""
    actions_peer_learning.see(kernel, actor, learning_id=learning_id)


def _case(kernel: Kernel, actor: Actor, case_id: int) -> PeerCase:
    with kernel.database.read() as connection:
        row = queries_peer.case_by_id(connection, case_id)
        is_others = row is not None and row["person"] == actor.key and row["reviewer"] != actor.key
        if row is None or is_others:  # that a decision of one's own is under review is not told before it is reviewed
            raise NotFound(f"there is no case {case_id} of peer review for you")
        return _shown(kernel, connection, actor, [row])[0]


def _shown(kernel: Kernel, connection: sa.Connection, actor: Actor, rows: list[dict[str, Any]]) -> list[PeerCase]:
    sights = sights_of(connection, actor, [row["exam_pk"] for row in rows])
    reasons = queries_peer.reasons_of(connection, [row["id"] for row in rows])
    names = names_of(connection, {row[name] for row in rows for name in ("person", "reviewer")})
    now = clock.text(kernel.clock.now())
    shown = []
    for row in rows:
        is_mine, sight = row["reviewer"] == actor.key, sights[row["exam_pk"]]
        is_blind = row["is_blinded"] or not sight.people
        opens = is_mine and row["conclusion"] is not None if is_blind else is_mine or row["state"] == OPEN
        is_known = is_mine or not is_blind
        by_name = "" if is_blind and row["state"] != DONE else names.get(row["person"], row["person"])
        shown.append(
            PeerCase(
                **{key: row[key] for key in ("id", "industry", "state", "is_blinded", "due_at")},
                modality=row["modalities"].replace(",", ", "),
                is_late=row["state"] != DONE and row["due_at"] < now,
                is_mine=is_mine,
                reviewer_name=names.get(row["reviewer"], row["reviewer"]),
                exam_pk=row["exam_pk"] if is_known else None,
                subject_id=row["subject_id"] if is_known else "",
                description=row["description"] if is_known else "",
                reasons=reasons.get(row["id"], []) if opens else [],
                original=_original(connection, row, sight, by_name) if opens else None,
                **{key: (row[key] or "") if is_mine else "" for key in OWN},
            )
        )
    return shown


OWN = ("conclusion", "conclusion_words", "score", "score_words")


def _original(connection: sa.Connection, row: dict[str, Any], sight: Sight, by_name: str) -> Original:
    findings = [OriginalFinding(**one) for one in queries_peer_original.findings_of(connection, row, sight)]
    said = {"decision": row["decision"], "reason": row["reason"], "at": row["decided_at"]}
    return Original(**said, by_name=by_name, findings=findings)

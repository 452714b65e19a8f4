"""All that changes peer review up to the score: plans, what they take, and a reviewer who claims, concludes, scores."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.queries import opened_at
from kerma.areas.archive.rules import is_same_opening
from kerma.areas.review import queries_peer, rules, rules_peer
from kerma.areas.review.actions_peer_inbox import tell_claimed, tell_ended, tell_scored
from kerma.areas.review.model_peer import (
    CLAIMED,
    DONE,
    OPEN,
    WITHDRAWN,
    peer_case,
    peer_conclusion,
    peer_given_back,
    peer_learning,
    peer_plan,
    peer_reason,
    peer_review,
)
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel import clock
from kerma.kernel.action import Act, action
from kerma.kernel.sight import sight_of

if TYPE_CHECKING:
    from kerma.areas.archive.model_keeping import ExamDeleted
    from kerma.areas.review.model import ExamDecided, ExamJudged, ExamMarked

SEED_BYTES = 8
EXAM_GONE = "The exam was deleted by the rules of keeping."


@action("review.set_review_plan")
def set_plan(act: Act, *, given: Mapping[str, Any]) -> int:
    """Set which decisions are looked at again by a colleague: how many, whose, blinded or open, by when.

    It takes the place of the plan of the same industry, class, kind and person. The seed of the draw is made here, so
    that nobody chooses which decisions it takes.

    Parameters
    ----------
    given : ``industry``, ``exam_class``, ``kind``, ``person``, ``share_permille``, ``first_count``, ``is_blinded``,
        ``hides_reviewer``, ``due_days``, ``is_ended``

    Raises
    ------
    WrongUsage
        The industry or a part of the plan makes no sense.
    """
    values = rules_peer.checked_plan(given)
    if values["industry"] not in act.kernel.industries:
        known = ", ".join(act.kernel.industries)
        raise WrongUsage(f"there is no industry '{values['industry'][:32]}'; there are {known}")
    values["seed"] = secrets.token_hex(SEED_BYTES)
    row = {**values, "set_by": act.actor.key, "set_at": act.at_text}
    plan_id = int(act.connection.execute(sa.insert(peer_plan).values(row).returning(peer_plan.c.id)).scalar_one())
    act.record(plan_id=plan_id, **values)
    return plan_id


@action("review.view_reviews")
def view_reviews(act: Act) -> None:
    """See the decisions that wait for a peer review, and those one reviews."""
    act.record(list="reviews")


@action("review.open_review")
def open_case(act: Act, *, exam_pk: int, person: str, decision_id: int, taken: rules_peer.Taken) -> int:
    """Put a decision that a plan has taken on the list of those to be reviewed."""
    values = {
        "exam_pk": exam_pk, "decision_id": decision_id, "industry": taken.plans[0].industry, "person": person,
        "state": OPEN, "is_blinded": taken.is_blinded, "hides_reviewer": taken.hides_reviewer,
        "created_at": act.at_text, "due_at": clock.text(taken.due_at),
    }  # fmt: skip
    insert = sa.insert(peer_case).values(values).returning(peer_case.c.id)
    case_id = int(act.connection.execute(insert).scalar_one())
    reasons = [{"case_id": case_id, "plan_id": plan.id, "kind": plan.kind} for plan in taken.plans]
    act.connection.execute(sa.insert(peer_reason), reasons)
    act.record(case_id=case_id, decision_id=decision_id, plans=[plan.id for plan in taken.plans])
    return case_id


@action("review.claim_review")
def claim(act: Act, *, case_id: int) -> None:
    """Take a case to review it; while it is blinded, nothing that others recorded of its exam is shown to one.

    Raises
    ------
    Conflict
        Somebody else has it, it is closed, or the reviewer is a party; claiming what one has already is no error.
    """
    found = _case(act, case_id)
    if act.actor.kind != "person":
        raise WrongUsage("only a person reviews a decision; what software finds is an analysis")
    parties = queries_peer.parties(act.connection, found["exam_pk"])
    back = queries_peer.given_back(act.connection, case_id)
    rules_peer.demand_free_of_conflict(act.actor.key, found["person"], parties, back)
    if queries_peer.held_by(act.connection, act.actor.key, found["exam_pk"]) not in (None, case_id):
        raise Conflict("you are reviewing another decision on the same exam: record that review first")
    had_opened = _had_opened(act, found)
    held = {"state": CLAIMED, "reviewer": act.actor.key, "claimed_at": act.at_text, "had_opened": had_opened}
    # The condition stands in the UPDATE itself, so of two claims at the same moment exactly one changes the row.
    statement = sa.update(peer_case).where(peer_case.c.id == case_id, peer_case.c.state == OPEN).values(**held)
    if act.connection.execute(statement).rowcount != 1:
        now = _case(act, case_id)
        if (now["state"], now["reviewer"]) != (CLAIMED, act.actor.key):
            raise Conflict(f"case {case_id} is not open any more: choose another one")
    else:
        tell_claimed(act, found)
    act.record(case_id=case_id, is_blinded=found["is_blinded"], had_opened=had_opened)


@action("review.give_back_review")
def give_back(act: Act, *, case_id: int) -> None:
    """Give a case back that one has claimed; somebody else reviews it then.

    Raises
    ------
    Conflict
        It is not one's own, or the own conclusion is recorded already.
    """
    tell_ended(act, _own(act, case_id, concluded=False), "You have given this review back.")
    values = {"state": OPEN, "reviewer": "", "claimed_at": "", "had_opened": False}
    act.connection.execute(sa.update(peer_case).where(peer_case.c.id == case_id).values(**values))
    back = {"case_id": case_id, "person": act.actor.key, "at": act.at_text}
    act.connection.execute(sa.insert(peer_given_back).values(back))
    act.record(case_id=case_id)


@action("review.conclude_review")
def conclude(act: Act, *, case_id: int, conclusion: str, words: str = "") -> None:
    """Record what one would have decided oneself; then the decision under review is shown.

    Raises
    ------
    WrongUsage
        The conclusion is no decision of the industry, or the words are too long.
    Conflict
        The case is not one's own, or the conclusion is recorded already.
    """
    found = _own(act, case_id, concluded=False)
    written = words.strip()
    possible = act.kernel.industries[found["industry"]].decisions
    rules.check_decision(conclusion, written, decisions=possible, decision_proposed="")
    was_blinded = not found["had_opened"] and not sight_of(act.connection, act.actor, found["exam_pk"]).people
    values = {
        "case_id": case_id, "person": act.actor.key, "conclusion": conclusion, "words": written,
        "was_blinded": was_blinded, "at": act.at_text,
    }  # fmt: skip
    act.connection.execute(sa.insert(peer_conclusion).values(values))
    act.record(case_id=case_id, conclusion=conclusion, was_blinded=was_blinded, words_sha256=rules.text_digest(written))


@action("review.score_review")
def score(act: Act, *, case_id: int, code: str, words: str = "") -> int:
    """Score a colleague's decision by the form of the industry; a grave disagreement opens a learning item.

    Raises
    ------
    WrongUsage
        The form has no such score, or a disagreement has no words.
    Conflict
        The case is not one's own, or the own conclusion is not recorded yet.
    """
    found = _own(act, case_id, concluded=True)
    written = words.strip()
    differs = found["conclusion"] != found["decision"]
    chosen = rules_peer.checked_score(found["industry"], code, written, differs=differs)
    values = {
        "case_id": case_id, "by": act.actor.key, "score": code, "words": written, "agrees": chosen.agrees,
        "edition": rules_peer.form_table(found["industry"]).edition, "is_significant": chosen.is_significant,
        "at": act.at_text,
    }  # fmt: skip
    insert = sa.insert(peer_review).values(values).returning(peer_review.c.id)
    review_id = int(act.connection.execute(insert).scalar_one())
    closed = {"state": DONE, "closed_at": act.at_text}
    act.connection.execute(sa.update(peer_case).where(peer_case.c.id == case_id).values(**closed))
    act.record(case_id=case_id, review_id=review_id, score=code, words_sha256=rules.text_digest(written))
    tell_scored(act, found, chosen, written)
    if chosen.opens_learning:
        row = {
            "review_id": review_id, "exam_pk": found["exam_pk"], "person": found["person"],
            "what": f"{chosen.words} {written}", "opened_at": act.at_text,
        }  # fmt: skip
        insert = sa.insert(peer_learning).values(row).returning(peer_learning.c.id)
        act.record(learning_id=int(act.connection.execute(insert).scalar_one()))
    return review_id


@action("review.withdraw_review")
def withdraw(act: Act, *, case_id: int, reason: str) -> None:
    """Take a case off the list without a review, with a reason; it counts as not reviewed.

    Raises
    ------
    WrongUsage
        There is no reason.
    NotFound
        There is no such case, or it is of one's own decision: nobody is told so, and nobody stops their own review.
    Conflict
        It is closed already.
    """
    written = reason.strip()
    if not written or len(written) > rules.MAX_REASON_LETTERS:
        raise WrongUsage(f"say in at most {rules.MAX_REASON_LETTERS} letters why nobody reviews it")
    found = _case(act, case_id)
    if found["person"] == act.actor.key and found["state"] in (OPEN, CLAIMED):
        raise NotFound(f"there is no case {case_id} of peer review for you")
    if found["state"] not in (OPEN, CLAIMED):
        raise Conflict(f"case {case_id} is {found['state']} already")
    tell_ended(act, found, "This review was taken off the list.")
    _withdraw(act, peer_case.c.id == case_id, written)
    act.record(case_id=case_id, reason_sha256=rules.text_digest(written))


def on_exam_decided(act: Act, event: ExamDecided) -> None:
    """Take the decision for review where a plan says so; one who reviews the exam does not decide it meanwhile."""
    _demand_not_reviewing(act, event.exam_pk, "decide it")
    rows = queries_peer.plans(act.connection)
    found = queries_peer.as_plans(rows)
    if not found:
        return
    for decided, _ in queries_peer.decided(act.connection, found, decision_id=event.decision_id):
        taken = rules_peer.taken(found, decided, act.at)
        if taken is not None:
            about = {"exam_pk": event.exam_pk, "person": decided.person, "decision_id": decided.decision_id}
            open_case.within(act, taken=taken, **about)  # type: ignore[arg-type]


def on_exam_judged(act: Act, event: ExamJudged) -> None:
    """Refuse findings of one who reviews the exam: they would show in it who reviews, and change what is reviewed."""
    _demand_not_reviewing(act, event.exam_pk, "record findings in it")


def on_exam_marked(act: Act, event: ExamMarked) -> None:
    """Refuse marks of one who reviews the exam, for the same reason."""
    if queries_peer.held_by(act.connection, act.actor.key, event.exam_pk) is not None:
        raise NotAllowed("marks are not kept while you review this exam: say in words what you see and where")


def on_exam_deleted(act: Act, event: ExamDeleted) -> None:
    """Withdraw the cases of an exam whose images go; what was reviewed stays with the decision."""
    waiting = sa.and_(peer_case.c.exam_pk == event.exam_pk, peer_case.c.state.in_((OPEN, CLAIMED)))
    count = _withdraw(act, waiting, EXAM_GONE)
    if count:
        act.record(reviews_withdrawn=count)


def _demand_not_reviewing(act: Act, exam_pk: int, doing: str) -> None:
    if queries_peer.held_by(act.connection, act.actor.key, exam_pk) is not None:
        raise Conflict(f"you review this exam: record your review before you {doing}")


def _had_opened(act: Act, found: Mapping[str, Any]) -> bool:
    """Return whether the actor may have had the exam open at a time when it was decided."""
    opened = opened_at(act.connection, act.actor.key, found["exam_pk"])
    if opened is None:
        return False
    # Who opens it again within some minutes makes no further record, so an opening lasts that long.
    lasted = is_same_opening(clock.moment(opened), clock.moment(found["decided_at"]))
    return opened >= found["decided_at"] or lasted


def _withdraw(act: Act, clause: sa.ColumnElement[bool], why: str) -> int:
    values = {"state": WITHDRAWN, "reviewer": "", "closed_at": act.at_text, "withdrawn_why": why}
    return act.connection.execute(sa.update(peer_case).where(clause).values(**values)).rowcount


def _case(act: Act, case_id: int) -> dict[str, Any]:
    found = queries_peer.case_by_id(act.connection, case_id)
    if found is None:
        raise NotFound(f"there is no case {case_id} of peer review")
    return found


def _own(act: Act, case_id: int, *, concluded: bool) -> dict[str, Any]:
    """Return a case that the actor holds, locked; refuse where their conclusion is not as it must be."""
    act.connection.execute(sa.select(peer_case.c.id).where(peer_case.c.id == case_id).with_for_update())
    found = _case(act, case_id)
    if (found["state"], found["reviewer"]) != (CLAIMED, act.actor.key):
        raise Conflict(f"case {case_id} is not one that you review: claim it first")
    if concluded and found["conclusion"] is None:
        raise Conflict("record first what you would have decided; then you see the decision, and score it")
    if not concluded and found["conclusion"] is not None:
        raise Conflict("your own conclusion is recorded already: score the decision")
    return found

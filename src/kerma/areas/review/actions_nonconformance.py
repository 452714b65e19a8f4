"""Non-conformances: opened on a rejection, their disposition proposed and decided, followed up and closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from kerma.areas.review import queries_nonconformance, queries_talk, rules, rules_nonconformance, rules_talk
from kerma.areas.review.actions_talk import demand_person, lock_exam
from kerma.areas.review.model import ExamDecided
from kerma.areas.review.model_nonconformance import nonconformance, nonconformance_setting, nonconformance_step
from kerma.areas.review.rules_nonconformance import CLOSED, DECIDED, OPEN, PROPOSED, STILL_OPEN, WITHDRAWN
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Act, action
from kerma.kernel.sight import sight_of


@action("review.view_nonconformances")
def view_nonconformances(act: Act, *, nonconformance_id: str = "") -> None:
    """See non-conformances, what becomes of the parts, and their follow-up exams."""
    act.record(**({"nonconformance_id": int(nonconformance_id)} if nonconformance_id else {"list": "nonconformances"}))


@action("review.open_nonconformance")
def open_nonconformance(act: Act, *, exam_pk: int, description: str, finding_ids: Sequence[str] = ()) -> int:
    """Open a non-conformance on an exam that was rejected.

    Raises
    ------
    Conflict
        The decision in force does not reject, or one of this exam is open already.
    """
    demand_person(act, "open a non-conformance")
    lock_exam(act, exam_pk)
    sight = sight_of(act.connection, act.actor, exam_pk)
    made = queries_nonconformance.rejection(act.connection, exam_pk)
    if made is None or not sight.people:
        raise Conflict("the decision in force does not reject this exam: there is nothing that does not conform")
    if queries_nonconformance.open_of(act.connection, exam_pk) is not None:
        raise Conflict("a non-conformance of this exam is open already: go on with it")
    known = [one["id"] for one in queries_talk.findings_of(act.connection, exam_pk, sight)]
    words = rules_talk.checked(description, "the description")
    return _open(act, made, words, rules_nonconformance.checked_findings(finding_ids, known))


@action("review.propose_disposition")
def propose_disposition(act: Act, *, nonconformance_id: int, disposition: str, reason: str) -> None:
    """Propose what becomes of a part that does not conform, or something else than was proposed or decided."""
    demand_person(act, "propose a disposition")
    found = _seen(act, nonconformance_id)
    values = {"state": PROPOSED, "disposition": rules_nonconformance.checked_disposition(disposition)}
    words = rules_talk.checked(reason, "the reason")
    # What was decided before holds no more: neither its concession nor its exam.
    fresh = {"concession_number": "", "customer_approver": "", "follow_up_exam_pk": None}
    _change(act, found, values | fresh, STILL_OPEN)
    _step(act, found, PROPOSED, {"disposition": disposition, "words": words})


@action("review.decide_disposition")
def decide_disposition(
    act: Act,
    *,
    nonconformance_id: int,
    disposition: str,
    reason: str = "",
    concession_number: str = "",
    customer_approver: str = "",
) -> None:
    """Decide what becomes of a part: repair, scrap, use as is with a concession, or examine again.

    Raises
    ------
    NotAllowed
        One proposed it oneself.
    Conflict
        Something else is proposed now than the person has seen, or nothing is.
    WrongUsage
        A concession is needed and not told in full.
    """
    demand_person(act, "decide a disposition")
    found = _seen(act, nonconformance_id)
    rules_nonconformance.demand_other_than(queries_nonconformance.proposer(act.connection, found["id"]), act.actor.key)
    number, approver = rules_nonconformance.checked_concession(disposition, concession_number, customer_approver)
    words = rules_talk.optional(reason, "the reason")
    if found["disposition"] not in ("", disposition) and found["state"] == PROPOSED:
        raise Conflict(f"'{found['disposition']}' is proposed: propose another disposition first, with the reason")
    _change(act, found, {"state": DECIDED, "concession_number": number, "customer_approver": approver}, (PROPOSED,))
    told = {"disposition": disposition, "words": words, "concession_number": number, "customer_approver": approver}
    _step(act, found, DECIDED, told)


@action("review.link_follow_up")
def link_follow_up(act: Act, *, nonconformance_id: int, exam_pk: int) -> None:
    """Link the exam that was made after a repair, or to examine again: a later one of the same subject.

    Raises
    ------
    Conflict
        The disposition is not decided, or asks for no exam.
    """
    demand_person(act, "link a follow-up exam")
    found = _seen(act, nonconformance_id)
    later = {one["exam_pk"] for one in queries_nonconformance.later_exams(act.connection, found)}
    if exam_pk not in later:
        raise WrongUsage("the exam after it is a later one of the same subject, and this exam is none")
    if found["state"] == DECIDED and not rules_nonconformance.DISPOSITIONS[found["disposition"]].needs_follow_up:
        raise Conflict(f"'{found['disposition']}' asks for no exam")
    _change(act, found, {"follow_up_exam_pk": exam_pk}, (DECIDED,))
    _step(act, found, "followed", {"follow_up_exam_pk": exam_pk})


@action("review.close_nonconformance")
def close_nonconformance(act: Act, *, nonconformance_id: int, words: str = "") -> None:
    """Close a non-conformance: the exam after it is accepted, the part is scrapped, or used with a concession.

    Raises
    ------
    Conflict
        It cannot be closed yet; the message says why.
    """
    demand_person(act, "close a non-conformance")
    found = _seen(act, nonconformance_id)
    said = rules_talk.optional(words, "the words")
    after = found["follow_up_exam_pk"]
    if after is not None:
        lock_exam(act, after)
    decided = queries_nonconformance.decision_seen(act.connection, act.actor, after)
    why = rules_nonconformance.why_open(found["state"], found["disposition"], after is not None, decided)
    if why:
        raise Conflict(f"{found['number']} cannot be closed: {why}")
    _change(act, found, {"state": CLOSED, "ended_at": act.at_text}, (DECIDED,))
    _step(act, found, CLOSED, {"words": said})


@action("review.withdraw_nonconformance")
def withdraw_nonconformance(act: Act, *, nonconformance_id: int, reason: str) -> None:
    """Withdraw a non-conformance that was opened in error, with the reason."""
    demand_person(act, "withdraw a non-conformance")
    found = _seen(act, nonconformance_id)
    words = rules_talk.checked(reason, "the reason")
    _change(act, found, {"state": WITHDRAWN, "ended_at": act.at_text}, STILL_OPEN)
    _step(act, found, WITHDRAWN, {"words": words})


@action("review.set_nonconformances")
def set_nonconformances(act: Act, *, is_automatic: bool) -> None:
    """Set whether a decision to reject opens a non-conformance by itself."""
    row = {"is_automatic": is_automatic, "by": act.actor.key, "at": act.at_text}
    act.connection.execute(sa.insert(nonconformance_setting).values(row))
    act.record(is_automatic=is_automatic)


def on_exam_decided(act: Act, event: ExamDecided) -> None:
    """Open a non-conformance at once where the site wants it and the exam is rejected."""
    made = queries_nonconformance.rejection(act.connection, event.exam_pk)
    if made is None or not queries_nonconformance.is_automatic(act.connection):
        return
    if queries_nonconformance.open_of(act.connection, event.exam_pk) is None:
        words = rules_talk.excerpt(made["reason"], rules_talk.MAX_LETTERS) or "Rejected; the decision gives no reason."
        act.record(nonconformance_opened=_open(act, made, words, []))


def _open(act: Act, made: dict[str, Any], words: str, finding_ids: list[str]) -> int:
    row = {
        "number": uuid4().hex,  # until its key is known
        "exam_pk": made["exam_pk"],
        "decision_id": made["id"],
        "description": words,
        "finding_ids": finding_ids,
        "state": OPEN,
        "opened_by": act.actor.key,
        "opened_at": act.at_text,
    }
    insert = sa.insert(nonconformance).values(row).returning(nonconformance.c.id)
    key = int(act.connection.execute(insert).scalar_one())
    number = rules_nonconformance.number_of(act.at.year, key)
    act.connection.execute(sa.update(nonconformance).where(nonconformance.c.id == key).values(number=number))
    told = {"words": words, "finding_ids": finding_ids, "decision_id": made["id"]}
    _step(act, {"id": key, "exam_pk": made["exam_pk"], "number": number}, OPEN, told)
    return key


def _seen(act: Act, nonconformance_id: int) -> dict[str, Any]:
    """Return a non-conformance that the one who acts may know of."""
    found = queries_nonconformance.by_id(act.connection, nonconformance_id)
    if found is None or not sight_of(act.connection, act.actor, found["exam_pk"]).people:
        raise NotFound(f"there is no non-conformance {nonconformance_id}")
    return found


def _change(act: Act, found: dict[str, Any], values: dict[str, Any], states: tuple[str, ...]) -> None:
    """Change one that is still as it was seen; the conditions stand in the UPDATE itself."""
    same = (
        nonconformance.c.id == found["id"], nonconformance.c.state == found["state"],
        nonconformance.c.state.in_(states), nonconformance.c.disposition == found["disposition"],
    )  # fmt: skip
    if act.connection.execute(sa.update(nonconformance).where(*same).values(values)).rowcount != 1:
        raise Conflict(f"{found['number']} is {found['state']}; that is done while it is {' or '.join(states)}")


def _step(act: Act, found: dict[str, Any], kind: str, told: dict[str, Any]) -> None:
    row = {"nonconformance_id": found["id"], "kind": kind, "told": told, "by": act.actor.key, "at": act.at_text}
    act.connection.execute(sa.insert(nonconformance_step).values(row))
    act.record(exam_pk=found["exam_pk"], nonconformance_id=found["id"], number=found["number"], step=kind)
    act.record(told_sha256=rules.document_digest(told))
    if "disposition" in told:
        act.record(disposition=told["disposition"])

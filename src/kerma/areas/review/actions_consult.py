"""Asking a colleague or a guest about an exam, and what comes back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.people.queries import colleague
from kerma.areas.review import queries_consult, rules, rules_talk
from kerma.areas.review.actions_talk import demand_person, lock_exam, tell
from kerma.areas.review.model_consult import consult, guest_link
from kerma.areas.review.rules_consult import ANSWERED, OPEN, WITHDRAWN, Asked, checked_consult
from kerma.errors import Conflict, NotAllowed, NotFound
from kerma.kernel import clock
from kerma.kernel.action import Act, action
from kerma.kernel.sight import sight_of


@action("review.ask_consult")
def ask_consult(act: Act, *, exam_pk: int, asked: Asked) -> int:
    """Ask a colleague, or somebody without an account, about an exam.

    Raises
    ------
    WrongUsage
        Something of the question makes no sense.
    NotFound
        There is no such exam or colleague.
    """
    demand_person(act, "ask for a consult")
    lock_exam(act, exam_pk)
    values = checked_consult(asked, act.at)
    if asked.colleague:
        colleague(act.connection, asked.colleague, act.actor.key)
    row = {
        **values,
        "exam_pk": exam_pk,
        "due_at": clock.text(asked.due_at),
        "colleague": asked.colleague,
        "state": OPEN,
        "by": act.actor.key,
        "at": act.at_text,
    }
    consult_id = int(act.connection.execute(sa.insert(consult).values(row).returning(consult.c.id)).scalar_one())
    act.record(exam_pk=exam_pk, consult_id=consult_id, kind=asked.kind, colleague=asked.colleague)
    act.record(question_sha256=rules.text_digest(values["question"]))
    if asked.colleague:
        tell(act, asked.colleague, rules_talk.CONSULT, exam_pk, consult_id, values["question"])
    return consult_id


@action("review.answer_consult")
def answer_consult(act: Act, *, consult_id: int, answer: str) -> None:
    """Answer what a colleague asked one about an exam.

    Raises
    ------
    Conflict
        It is answered or withdrawn already.
    """
    demand_person(act, "answer a consult")
    found = seen_consult(act, consult_id)
    if found["colleague"] != act.actor.key:
        raise NotAllowed("this question is not asked of you; write a comment on the exam instead")
    keep_answer(act, found, answer, act.actor.name)


@action("review.withdraw_consult")
def withdraw_consult(act: Act, *, consult_id: int) -> None:
    """Withdraw a question that one has asked; a guest's link to it ends."""
    found = seen_consult(act, consult_id)
    if found["by"] != act.actor.key:
        raise NotAllowed("only who asked withdraws the question")
    _leave_open(act, consult_id, {"state": WITHDRAWN, "withdrawn_at": act.at_text})
    revoked = end_links(act, consult_id)
    act.record(exam_pk=found["exam_pk"], consult_id=consult_id, links_revoked=revoked)


def keep_answer(act: Act, found: dict[str, Any], answer: str, name: str) -> None:
    """Keep the one answer to a consult with the name of who gave it, and tell who asked."""
    written = rules_talk.checked(answer, "the answer")
    given = {"answer": written, "answered_by": act.actor.key, "answered_name": name, "answered_at": act.at_text}
    _leave_open(act, found["id"], {"state": ANSWERED, **given})
    # Answers may name persons: the ledger holds their hash.
    act.record(exam_pk=found["exam_pk"], consult_id=found["id"], answer_sha256=rules.text_digest(written))
    tell(act, found["by"], rules_talk.ANSWER, found["exam_pk"], found["id"], written)


def seen_consult(act: Act, consult_id: int) -> dict[str, Any]:
    """Return a consult that the one who acts may know of."""
    found = queries_consult.consult_by_id(act.connection, consult_id)
    if found is None or not (
        found["by"] == act.actor.key or sight_of(act.connection, act.actor, found["exam_pk"]).people
    ):
        raise NotFound(f"there is no consult {consult_id}")
    return found


def end_links(act: Act, consult_id: int) -> list[int]:
    """Revoke every link to a consult that is not revoked yet; returns their ids."""
    live = (guest_link.c.consult_id == consult_id, guest_link.c.revoked_at == "")
    ended = sa.update(guest_link).where(*live).values(revoked_at=act.at_text, revoked_by=act.actor.key)
    return sorted(act.connection.scalars(ended.returning(guest_link.c.id)))


def _leave_open(act: Act, consult_id: int, values: dict[str, Any]) -> None:
    # The condition stands in the UPDATE itself, so of two answers at the same moment exactly one changes the row.
    statement = sa.update(consult).where(consult.c.id == consult_id, consult.c.state == OPEN).values(values)
    if act.connection.execute(statement).rowcount != 1:
        raise Conflict("this question is answered or withdrawn already; ask another one")

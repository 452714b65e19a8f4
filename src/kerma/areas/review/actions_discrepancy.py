"""Discrepancies: seen after a decision, answered by who made it, settled by a third where disputed, and closed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from kerma.areas.review import queries, queries_discrepancy, rules, rules_discrepancy, rules_talk
from kerma.areas.review.actions_reading import standing
from kerma.areas.review.actions_talk import checked_place, demand_person, lock_exam, tell, tell_nameless
from kerma.areas.review.model_discrepancy import discrepancy, discrepancy_step
from kerma.areas.review.rules_discrepancy import (
    ACCEPTED,
    ADDENDUM,
    CLOSED,
    DISMISSED,
    DISPUTED,
    OPEN,
    READ_AGAIN,
    WITHDRAWN,
    Seen,
)
from kerma.areas.review.rules_reading import OPEN as READ_OPEN
from kerma.areas.worklist.actions import reopen
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel import clock
from kerma.kernel.action import Act, action
from kerma.kernel.permissions import is_granted

SETTLING = "review.settle_discrepancy"


@action("review.view_discrepancies")
def view_discrepancies(act: Act, *, discrepancy_id: str = "") -> None:
    """See what was seen against decisions afterwards, and what came of it."""
    act.record(**({"discrepancy_id": int(discrepancy_id)} if discrepancy_id else {"list": "discrepancies"}))


@action("review.record_discrepancy")
def record_discrepancy(act: Act, *, exam_pk: int, seen: Seen, place: dict[str, Any] | None = None) -> int:
    """Record what one sees against a decision that was made; the decision stays, and who made it answers.

    Raises
    ------
    Conflict
        Nobody has decided the exam, or one must not know of it yet.
    WrongUsage
        The severity, the source, the decision or the place makes no sense.
    """
    demand_person(act, "record a discrepancy")
    industry = lock_exam(act, exam_pk).industry
    stand = standing(act, exam_pk)
    made = queries.decisions(act.connection, exam_pk, stand.sight) if stand.sight.people else []
    if not made:
        raise Conflict("nobody has decided this exam, as far as you see: there is nothing that could be contradicted")
    against = next((one for one in made if one["id"] == (seen.decision_id or made[0]["id"])), None)
    if against is None:
        raise WrongUsage(f"this exam has no decision {seen.decision_id}")
    grave = rules_discrepancy.checked_severity(industry, seen.severity)
    source = rules_discrepancy.checked_source(seen.source, seen.other_exam_pk)
    other = seen.other_exam_pk
    if other is not None and not queries_discrepancy.is_subject_of(act.connection, exam_pk, other):
        raise WrongUsage("the later exam is none of the same subject that came after this one")
    words = rules_talk.checked(seen.what, "what you see")
    row = {
        "number": uuid4().hex,  # until its key is known
        "exam_pk": exam_pk, "decision_id": against["id"], "reader": against["by"], "source": source,
        "other_exam_pk": other, "severity": grave.code, "edition": rules_discrepancy.severity_table().edition,
        "what": words, "place": checked_place(act, exam_pk, place), "is_blinded": stand.policy.reading != READ_OPEN,
        "seen_by": act.actor.key, "seen_at": act.at_text, "state": OPEN,
        "due_at": clock.text(rules_discrepancy.due_at(grave, act.at)),
    }  # fmt: skip
    insert = sa.insert(discrepancy).values(row).returning(discrepancy.c.id)
    key = int(act.connection.execute(insert).scalar_one())
    row |= {"id": key, "number": rules_discrepancy.number_of(act.at.year, key)}
    act.connection.execute(sa.update(discrepancy).where(discrepancy.c.id == key).values(number=row["number"]))
    _step(act, row, OPEN, {"words": words})
    act.record(decision_id=against["id"], severity=grave.code)
    _tell(act, row, {row["reader"]}, words)
    return key


@action("review.answer_discrepancy")
def answer_discrepancy(act: Act, *, discrepancy_id: int, agrees: bool, words: str = "", remedy: str = "") -> None:
    """Answer what was seen against one's own decision, or as a lead: agree with a remedy, or disagree with a reason.

    Parameters
    ----------
    remedy : where one agrees: "addendum" to the report, or "read-again"; may be changed until it is done

    Raises
    ------
    NotAllowed
        One saw it oneself, or it is somebody else's decision.
    Conflict
        It is answered already.
    """
    demand_person(act, "answer a discrepancy")
    found = _seen(act, discrepancy_id)
    leads = is_granted(SETTLING, act.actor.permissions)
    rules_discrepancy.demand_answerer(act.actor.key, found["reader"], found["seen_by"], leads=leads)
    if agrees:
        said = rules_talk.optional(words, "the answer")
        _accept(act, found, remedy, said, (OPEN, ACCEPTED))
    else:
        said = rules_talk.checked(words, "why you disagree")
        _change(act, found, {"state": DISPUTED}, (OPEN,))
        _step(act, found, DISPUTED, {"words": said})
    _tell(act, found, {found["seen_by"]}, said or "Agreed.")


@action(SETTLING)
def settle_discrepancy(act: Act, *, discrepancy_id: int, upheld: bool, words: str, remedy: str = "") -> None:
    """Settle a discrepancy that the reader disputes, as a third person, with a reason: it is upheld, or dismissed.

    Raises
    ------
    NotAllowed
        One saw it, decided, or disputed it oneself.
    Conflict
        Nobody disputes it.
    """
    demand_person(act, "settle a discrepancy")
    found = _seen(act, discrepancy_id)
    disputed_by = {one["by"] for one in queries_discrepancy.steps(act.connection, discrepancy_id)}
    rules_discrepancy.demand_third(act.actor.key, {found["reader"], *disputed_by})
    said = rules_talk.checked(words, "the reason")
    if upheld:
        _accept(act, found, remedy, said, (DISPUTED,))
    else:
        _change(act, found, {"state": DISMISSED}, (DISPUTED,))
        _step(act, found, DISMISSED, {"words": said})
    _tell(act, found, {found["seen_by"], found["reader"]}, said)


@action("review.close_discrepancy")
def close_discrepancy(act: Act, *, discrepancy_id: int, words: str = "") -> str:
    """Close a discrepancy whose addendum is signed, whose exam is read again, or that was dismissed.

    Returns
    -------
    its outcome, a key of ``rules_discrepancy.OUTCOMES``

    Raises
    ------
    Conflict
        It cannot be closed yet; the message says why.
    """
    demand_person(act, "close a discrepancy")
    found = _seen(act, discrepancy_id)
    lock_exam(act, found["exam_pk"])
    said = rules_talk.optional(words, "the words")
    after = queries_discrepancy.read_again(act.connection, found)
    state = (found["state"], found["remedy"], found["addendum_at"])
    outcome, why_not = rules_discrepancy.outcome_of(*state, found["decision"], after)
    if why_not:
        raise Conflict(f"{found['number']} cannot be closed: {why_not}")
    _change(act, found, {"state": CLOSED, "outcome": outcome, "ended_at": act.at_text}, (ACCEPTED, DISMISSED))
    _step(act, found, CLOSED, {"words": said, "outcome": outcome})
    return outcome


@action("review.withdraw_discrepancy")
def withdraw_discrepancy(act: Act, *, discrepancy_id: int, reason: str) -> None:
    """Withdraw a discrepancy that one recorded in error, before it is answered, with the reason."""
    demand_person(act, "withdraw a discrepancy")
    found = _seen(act, discrepancy_id)
    if found["seen_by"] != act.actor.key:
        raise NotAllowed("only who recorded a discrepancy withdraws it; answer it instead")
    words = rules_talk.checked(reason, "the reason")
    _change(act, found, {"state": WITHDRAWN, "ended_at": act.at_text}, (OPEN,))
    _step(act, found, WITHDRAWN, {"words": words})


def keep_addendum(act: Act, discrepancy_id: int, exam_pk: int, report_id: int) -> None:
    """Note that a signed addendum to the report answers a discrepancy, as a part of the action under way.

    Raises
    ------
    Conflict
        It asks for no addendum, or has one.
    """
    found = _seen(act, discrepancy_id)
    if found["exam_pk"] != exam_pk:
        raise NotFound(f"this exam has no discrepancy {discrepancy_id}")
    if found["remedy"] != ADDENDUM or found["addendum_at"]:
        raise Conflict(f"{found['number']} asks for no addendum, or has it already")
    _change(act, found, {"addendum_at": act.at_text}, (ACCEPTED,))
    _step(act, found, rules_discrepancy.ADDENDUM_STEP, {"report_id": report_id})


def _accept(act: Act, found: dict[str, Any], remedy: str, words: str, states: tuple[str, ...]) -> None:
    chosen = rules_discrepancy.checked_remedy(remedy)
    if found["addendum_at"]:
        raise Conflict(f"the addendum to {found['number']} is signed already")
    _change(act, found, {"state": ACCEPTED, "remedy": chosen}, states)
    _step(act, found, ACCEPTED, {"words": words, "remedy": chosen})
    if chosen == READ_AGAIN and found["remedy"] != READ_AGAIN:
        lock_exam(act, found["exam_pk"])
        reopen(act, found["exam_pk"])


def _seen(act: Act, discrepancy_id: int) -> dict[str, Any]:
    """Return a discrepancy that the one who acts may know of."""
    found = queries_discrepancy.by_id(act.connection, act.actor, discrepancy_id)
    if found is None:
        raise NotFound(f"there is no discrepancy {discrepancy_id}")
    return found


def _change(act: Act, found: dict[str, Any], values: dict[str, Any], states: tuple[str, ...]) -> None:
    """Change one that is still as it was seen; the conditions stand in the UPDATE itself."""
    same = (
        discrepancy.c.id == found["id"], discrepancy.c.state == found["state"], discrepancy.c.state.in_(states),
        discrepancy.c.remedy == found["remedy"], discrepancy.c.addendum_at == found["addendum_at"],
    )  # fmt: skip
    if act.connection.execute(sa.update(discrepancy).where(*same).values(values)).rowcount != 1:
        now = found["state"] if found["state"] not in states else "changed meanwhile"
        raise Conflict(f"{found['number']} is {now}; that is done while it is {' or '.join(states)}")


def _step(act: Act, found: dict[str, Any], kind: str, told: dict[str, Any]) -> None:
    row = {"discrepancy_id": found["id"], "kind": kind, "told": told, "by": act.actor.key, "at": act.at_text}
    act.connection.execute(sa.insert(discrepancy_step).values(row))
    act.record(exam_pk=found["exam_pk"], discrepancy_id=found["id"], number=found["number"], step=kind)
    act.record(told_sha256=rules.document_digest(told))


def _tell(act: Act, row: dict[str, Any], people: set[str], words: str) -> None:
    """Put it into the inboxes of people, without a name where they are not to know who saw it."""
    put = tell_nameless if row["is_blinded"] and act.actor.key == row["seen_by"] else tell
    for one in sorted(people):
        if one.startswith("person:") and one != act.actor.key:
            put(act, one, rules_talk.DISCREPANCY, row["exam_pk"], row["id"], f"{row['number']}: {words}")

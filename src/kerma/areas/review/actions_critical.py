"""Critical results: seen, told with read-back by a deadline, acknowledged; and who hears of it when that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import sqlalchemy as sa

from kerma.areas.review import queries_critical, rules, rules_critical, rules_talk
from kerma.areas.review.actions_talk import demand_person, lock_exam, remind, tell_nameless
from kerma.areas.review.model_critical import CriticalResultTold, critical_result, critical_step
from kerma.areas.review.model_talk import inbox_entry
from kerma.areas.review.rules_critical import (
    ACKNOWLEDGED,
    ANSWERED,
    ATTEMPT,
    CLOSED,
    ESCALATED,
    INDUSTRY,
    MOST_LETTERS,
    MOST_NAME_LETTERS,
    NOTIFIED,
    OPEN,
    READ_BACK,
    WITHDRAWN,
    WRONG_READ_BACK,
    Notice,
    Receiver,
    SeenCritical,
)
from kerma.areas.worklist.queries_levels import promised
from kerma.areas.worklist.rules_levels import ROUTINE
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel import clock
from kerma.kernel.action import Act, action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kerma.areas.archive.model_keeping import ExamDeleted
    from kerma.areas.review.rules_critical import Level

LATE_STEP = 1


@action("review.view_criticals")
def view_criticals(act: Act, *, critical_id: str = "") -> None:
    """See critical results, and what was done to tell them."""
    act.record(**({"critical_id": int(critical_id)} if critical_id else {"list": "critical-results"}))


@action("review.record_critical")
def record_critical(act: Act, *, exam_pk: int, seen: SeenCritical) -> int:
    """Record a finding that must be told at once; its deadline runs from now.

    Raises
    ------
    NotFound
        There is no such exam.
    WrongUsage
        The exam is no medical one, or the finding, the level or the words make no sense.
    """
    demand_person(act, "record a critical result")
    if lock_exam(act, exam_pk).industry != INDUSTRY:
        raise WrongUsage("critical results are told of medical exams")
    level = rules_critical.checked_level(seen)
    written = rules_talk.optional(seen.what, "what you see", MOST_LETTERS)
    words = written or rules_talk.checked(seen.finding.replace("-", " "), "what you see")
    due = rules_critical.due_at(level, act.at)
    row = {
        "number": uuid4().hex,  # until its key is known
        "exam_pk": exam_pk, "finding": seen.finding, "what": words, "level": level.number,
        "edition": rules_critical.edition(), "seen_by": act.actor.key, "seen_at": act.at_text,
        "due_at": clock.text(due), "state": OPEN,
    }  # fmt: skip
    first = next(iter(_notices(act, row | {"level": level.number})))
    row["notice_at"] = clock.text(first.at)
    insert = sa.insert(critical_result).values(row).returning(critical_result.c.id)
    key = int(act.connection.execute(insert).scalar_one())
    row |= {"id": key, "number": rules_critical.number_of(act.at.year, key)}
    act.connection.execute(sa.update(critical_result).where(critical_result.c.id == key).values(number=row["number"]))
    _step(act, row, OPEN, {"words": words})
    act.record(level=level.number)
    act.publish(CriticalResultTold(exam_pk))
    return key


@action("review.attempt_critical")
def attempt_critical(
    act: Act, *, critical_id: int, receiver: Receiver, was_reached: bool = False, words: str = ""
) -> None:
    """Record an attempt to reach somebody, whether or not they were reached; only a read-back notifies a result.

    Raises
    ------
    Conflict
        It is notified already, or withdrawn.
    """
    demand_person(act, "record an attempt")
    found = _seen(act, critical_id)
    told = _receiver(receiver, rules_critical.MEANS) | {"was_reached": was_reached}
    said = rules_talk.optional(words, "the words", MOST_LETTERS)
    _change(act, found, {}, (OPEN,))
    _step(act, found, ATTEMPT, told | {"words": said})


@action("review.notify_critical")
def notify_critical(act: Act, *, critical_id: int, receiver: Receiver, read_back: str, is_right: bool) -> None:
    """Record who received a result and what they read back; it is notified only if they read back the right thing.

    Raises
    ------
    Conflict
        It is notified already, or withdrawn.
    WrongUsage
        Nothing was read back, or by these means a result of its level does not count as told.
    """
    demand_person(act, "notify a critical result")
    found = _seen(act, critical_id)
    told = _receiver(receiver, _level(found).means)
    said = rules_talk.checked(read_back, "what was read back", MOST_LETTERS)
    if not is_right:
        _change(act, found, {}, (OPEN,))
        _step(act, found, WRONG_READ_BACK, told | {"words": said})
        return
    _change(act, found, {"state": NOTIFIED, "notified_at": act.at_text, "notice_at": ""}, (OPEN,))
    _step(act, found, READ_BACK, told | {"words": said})
    _settle_inbox(act, found, f"{found['number']} is notified with read-back.")
    act.publish(CriticalResultTold(found["exam_pk"]))


@action("review.acknowledge_critical")
def acknowledge_critical(act: Act, *, critical_id: int, words: str = "") -> None:
    """Close a notified result: whoever received it has taken it over; words say what they do about it.

    Raises
    ------
    Conflict
        It is not notified yet, or ended.
    """
    demand_person(act, "close a critical result")
    found = _seen(act, critical_id)
    said = rules_talk.optional(words, "the words", MOST_LETTERS)
    _change(act, found, {"state": CLOSED, "ended_at": act.at_text}, (NOTIFIED,))
    _step(act, found, ACKNOWLEDGED, {"words": said})


@action("review.withdraw_critical")
def withdraw_critical(act: Act, *, critical_id: int, reason: str) -> None:
    """Withdraw a result that one recorded in error, before anybody was told, with the reason."""
    demand_person(act, "withdraw a critical result")
    found = _seen(act, critical_id)
    if found["seen_by"] != act.actor.key:
        raise NotAllowed("only who recorded a critical result withdraws it")
    words = rules_talk.checked(reason, "the reason", MOST_LETTERS)
    _change(act, found, {"state": WITHDRAWN, "ended_at": act.at_text, "notice_at": ""}, (OPEN,))
    _step(act, found, WITHDRAWN, {"words": words})
    _settle_inbox(act, found, f"{found['number']} was withdrawn.")
    act.publish(CriticalResultTold(found["exam_pk"]))


@action("review.answer_late_critical")
def answer_late_critical(act: Act, *, critical_id: int, words: str) -> None:
    """Say that one knows that a result is late and what is done about it: nobody further up is told.

    Raises
    ------
    Conflict
        It is not late, or somebody has said so before.
    """
    demand_person(act, "answer for a late critical result")
    found = _seen(act, critical_id)
    said = rules_talk.checked(words, "what is done about it", MOST_LETTERS)
    if found["told_step"] < LATE_STEP or found["answered_at"]:
        raise Conflict(f"{found['number']} is not late, or somebody has said already what is done about it")
    _change(act, found, {"answered_at": act.at_text, "notice_at": ""}, (OPEN,))
    _step(act, found, ANSWERED, {"words": said})


@action("review.tell_critical")
def tell_critical(act: Act, *, critical_id: int) -> None:
    """Tell that a result is nearly due, or late, as far as its time has come: its reader, then the worklist's chain."""
    same = critical_result.c.id == critical_id
    row = act.connection.execute(sa.select(critical_result).where(same).with_for_update()).mappings().first()
    if row is None or not row["notice_at"] or row["notice_at"] > act.at_text:
        return
    found = dict(row)
    coming = [one for one in _notices(act, found) if one.step > found["told_step"]]
    due = [one for one in coming if one.at <= act.at]
    for one in due:
        _tell(act, found, one)
    rest = coming[len(due) :]
    last = due[-1].step if due else found["told_step"]
    changed = {"told_step": last, "notice_at": clock.text(rest[0].at) if rest else ""}
    act.connection.execute(sa.update(critical_result).where(same).values(changed))


def on_exam_deleted(act: Act, event: ExamDeleted) -> None:
    """Delete an exam's critical results and everything that was done to tell them."""
    ours = critical_result.c.exam_pk == event.exam_pk
    of_exam = sa.select(critical_result.c.id).where(ours)
    act.connection.execute(sa.delete(critical_step).where(critical_step.c.critical_id.in_(of_exam)))
    gone = act.connection.execute(sa.delete(critical_result).where(ours)).rowcount
    if gone:
        act.record(critical_results=gone)


def _tell(act: Act, found: dict[str, Any], notice: Notice) -> None:
    """Put what the deadline says into the inboxes it goes to."""
    words = rules_critical.notice_words(notice.kind, found["number"], found["what"], found["due_at"])
    about = (rules_talk.CRITICAL, found["exam_pk"], found["id"], words)
    if notice.kind != ESCALATED:
        remind(act, found["seen_by"], *about)
        _step(act, found, notice.kind, {})
        return
    people = queries_critical.people_of_role(act.connection, notice.role)
    for one in people:
        tell_nameless(act, one, *about)
    _step(act, found, ESCALATED, {"role": notice.role, "people": len(people)})


def _notices(act: Act, found: dict[str, Any]) -> list[Notice]:
    urgency = queries_critical.urgency_of(act.connection, found["exam_pk"]) or ROUTINE
    chain = promised(act.connection, INDUSTRY, urgency).chain
    return rules_critical.notices(_level(found), clock.moment(found["due_at"]), chain)


def _level(found: dict[str, Any]) -> Level:
    return rules_critical.levels()[found["level"]]


def _receiver(receiver: Receiver, allowed: Iterable[str]) -> dict[str, Any]:
    """Return whom one tried to reach, as it is kept."""
    return {
        "whom": rules_talk.checked(receiver.whom, "whom you tried to reach", MOST_NAME_LETTERS),
        "role": rules_talk.checked(receiver.role, "their role", MOST_NAME_LETTERS),
        "means": rules_critical.checked_means(receiver.means, allowed),
    }


def _seen(act: Act, critical_id: int) -> dict[str, Any]:
    """Return a critical result that the one who acts may know of."""
    found = queries_critical.by_id(act.connection, act.actor, critical_id)
    if found is None:
        raise NotFound(f"there is no critical result {critical_id}")
    return found


def _change(act: Act, found: dict[str, Any], values: dict[str, Any], states: tuple[str, ...]) -> None:
    """Change one that is still as it was seen; the conditions stand in the UPDATE itself."""
    same = (
        critical_result.c.id == found["id"], critical_result.c.state == found["state"],
        critical_result.c.state.in_(states), critical_result.c.answered_at == found["answered_at"],
    )  # fmt: skip
    kept = {"state": found["state"]} | values
    if act.connection.execute(sa.update(critical_result).where(*same).values(kept)).rowcount != 1:
        now = found["state"] if found["state"] not in states else "changed meanwhile"
        raise Conflict(f"{found['number']} is {now}; that is done while it is {' or '.join(states)}")


def _step(act: Act, found: dict[str, Any], kind: str, told: dict[str, Any]) -> None:
    row = {"critical_id": found["id"], "kind": kind, "told": told, "by": act.actor.key, "at": act.at_text}
    act.connection.execute(sa.insert(critical_step).values(row))
    act.record(exam_pk=found["exam_pk"], critical_id=found["id"], number=found["number"], step=kind)
    act.record(told_sha256=rules.document_digest(told))


def _settle_inbox(act: Act, found: dict[str, Any], words: str) -> None:
    """Let the entries about a deadline say that it asks for nothing any more."""
    same = (
        inbox_entry.c.kind == rules_talk.CRITICAL, inbox_entry.c.exam_pk == found["exam_pk"],
        inbox_entry.c.ref_id == found["id"],
    )  # fmt: skip
    act.connection.execute(sa.update(inbox_entry).where(*same).values(words=words, read_at=act.at_text))

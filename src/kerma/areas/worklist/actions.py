"""All that changes the worklist: exams come onto it, are claimed, released, decided, ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.people.queries import colleague
from kerma.areas.worklist import (
    actions_flow,
    actions_items,
    actions_next,
    queries_flow,
    rules,
    rules_flow,
    rules_items,
    rules_levels,
)
from kerma.areas.worklist import queries_levels as settled
from kerma.areas.worklist.actions_items import ANYBODY, UNHELD, Exam
from kerma.areas.worklist.model import CLAIMED, CLOSED, HELD, WAITING, ItemHandedOver, item
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel import clock
from kerma.kernel.action import Act, action
from kerma.kernel.identity import actor_of_person, sha256
from kerma.kernel.permissions import is_granted
from kerma.kernel.prepared import Prepared
from kerma.kernel.sight import sight_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kerma.areas.archive.model import ExamArrived

MAX_REASON_LETTERS = 1000
_ITEM_OF = Prepared(
    sa.select(item.c.id, item.c.state, item.c.industry, item.c.urgency, item.c.stage).where(
        item.c.exam_pk == sa.bindparam("exam")
    )
)


def on_exam_arrived(act: Act, event: ExamArrived) -> None:
    """Ask the rules about an exam that has no item; images that arrive after the decision put it back on the list."""
    one = Exam(event.exam_pk, event.exam_uid, event.industry)
    found = _ITEM_OF.first(act.connection, {"exam": one.pk})
    if found is None:
        actions_items.ask(act, one)
    else:
        _reopen(act, one, found)


def reopen(act: Act, exam_pk: int) -> None:
    """Put a decided exam back on the list, where what it was decided on has changed; else nothing happens."""
    found = _ITEM_OF.first(act.connection, {"exam": exam_pk})
    if found is not None:
        _reopen(act, _exam(act, exam_pk), found)


def _reopen(act: Act, one: Exam, found: Mapping[str, Any]) -> None:
    changed: dict[str, Any] = {}
    if found["state"] == CLOSED:
        changed = actions_items.back(act, one, found["urgency"])
    elif found["stage"]:  # who decided at an earlier stage has not seen what comes now: the round begins again
        changed = actions_items.begin_again(act, one, found["stage"])
    if changed:
        act.connection.execute(sa.update(item).where(item.c.id == found["id"]).values(changed))
        act.record(item_id=found["id"], item_reopened=True)


def _exam(act: Act, exam_pk: int) -> Exam:
    """Return an exam, locked: of two who put it on the list at once, the second finds it there."""
    locked = sa.select(exam.c.uid, exam.c.industry).where(exam.c.id == exam_pk).with_for_update()
    found = act.connection.execute(locked).first()
    if found is None:
        raise NotFound(f"there is no exam {exam_pk}")
    return Exam(exam_pk, found.uid, found.industry)


@action("worklist.take_on")
def take_on(act: Act, *, exam_pks: Sequence[int]) -> int:
    """Put exams on the list that the rules have left to nobody; returns how many were not there yet."""
    made = []
    for exam_pk in exam_pks:
        one = _exam(act, exam_pk)
        if _ITEM_OF.first(act.connection, {"exam": exam_pk}) is None:
            made.append(actions_items.add(act, one, None, rules_items.HAND))
    act.record(item_ids=made)
    return len(made)


@action("worklist.view")
def view(act: Act) -> None:
    """See the worklist with the subjects on it."""
    act.record(list="worklist")


@action("worklist.claim")
def claim(act: Act, *, item_id: int) -> None:
    """Take an item off the shared list, so that nobody else reads it; one that several read alone stays there.

    Raises
    ------
    Conflict
        Someone else holds it, or it is closed; claiming what one holds already is no error.
    """
    if not _is_holdable(act, item_id):
        act.record(item_id=item_id, held=False)
        return
    before = _existing(act, item_id)
    actions_flow.demand_skilled(act, before.industry, before.stage)
    actions_next.demand_fitting(act, before)
    values = actions_next.claimed(act, before.industry, before.urgency)
    if before.claimed_by == act.actor.key:  # the claim holds on, from when it began
        values.pop("claimed_at")
        mine = sa.update(item).where(item.c.id == item_id, item.c.claimed_by == act.actor.key)
        act.connection.execute(mine.values(values))
    else:
        actions_next.demand_room(act, settled.reader_of(act.connection, act.actor.key))
        actions_next.demand_rested(act, before.industry)
        _take(act, item_id, values)
    actions_next.touch(act, before.industry)
    act.record(item_id=item_id)


def _take(act: Act, item_id: int, values: dict[str, str]) -> None:
    # The condition stands in the UPDATE itself, so of two claims at the same moment exactly one changes the row.
    for_me = item.c.assigned_to.in_(("", act.actor.key))
    statement = sa.update(item).where(item.c.id == item_id, item.c.state == WAITING, for_me).values(values)
    if act.connection.execute(statement).rowcount == 1:
        return
    found = _existing(act, item_id)
    if found.state == CLAIMED:
        raise Conflict(f"item {item_id} was claimed by someone else at {found.claimed_at}; choose another one")
    if found.state == HELD:
        raise Conflict(f"item {item_id} is held back until {found.held_until}; take it up again first")
    if found.state == WAITING:
        raise Conflict(f"item {item_id} is assigned to somebody else; choose another one")
    raise Conflict(f"item {item_id} is closed; open the exam to read or supersede its decision")


@action("worklist.release")
def release(act: Act, *, item_id: int) -> None:
    """Put an item one holds back on the shared list."""
    if not _release(act, item_id, item.c.claimed_by == act.actor.key):
        found = _existing(act, item_id)
        raise Conflict(f"item {item_id} is {found.state}, and not held by you: there is nothing to release")
    act.record(item_id=item_id)


@action("worklist.hand_over")
def hand_over(act: Act, *, item_id: int, to: str, reason: str) -> None:
    """Give an item one holds to a colleague, with the reason.

    Parameters
    ----------
    to : actor key of the colleague (``person:7``), who must be allowed to claim

    Raises
    ------
    Conflict
        The item is not held by the one who gives it.
    NotFound
        Nobody of this key works here.
    """
    words = reason.strip()
    if not words or len(words) > MAX_REASON_LETTERS or not words.isprintable():
        raise WrongUsage(f"say in a sentence of at most {MAX_REASON_LETTERS} letters why you hand it over")
    number = colleague(act.connection, to, act.actor.key)
    if not is_granted("worklist.claim", actor_of_person(act.connection, number).permissions):
        raise WrongUsage("this colleague may not hold items of the worklist (permission 'worklist.claim')")
    found = _existing(act, item_id)
    values = actions_next.claimed(act, found.industry, found.urgency) | {"claimed_by": to}
    held = (item.c.id == item_id, item.c.state == CLAIMED, item.c.claimed_by == act.actor.key)
    # One UPDATE from me to them: the item is never unheld in between, so nobody else can take it.
    if act.connection.execute(sa.update(item).where(*held).values(values)).rowcount != 1:
        raise Conflict(f"item {item_id} is {found.state}, and not held by you: claim it before you hand it over")
    # The reason is free text and may name a person: the ledger holds its hash.
    act.record(item_id=item_id, exam_pk=found.exam_pk, to=to, reason_sha256=sha256(words))
    act.publish(ItemHandedOver(item_id, found.exam_pk, to, words))


@action("worklist.free")
def free(act: Act, *, item_id: int) -> None:
    """Put an item that somebody else holds back on the shared list (for the lead, when a holder has left)."""
    found = _existing(act, item_id)
    if not _release(act, item_id, sa.true()):
        raise Conflict(f"item {item_id} is {found.state}: there is nothing to free")
    act.record(item_id=item_id, holder=found.claimed_by)


@action("worklist.close")
def close(act: Act, *, exam_pk: int, decision: str) -> None:
    """Take a decided exam off the list, or on to the stage that follows in the flow of its industry.

    Raises
    ------
    Conflict
        Someone else holds the item.
    """
    of_exam = sa.select(item).where(item.c.exam_pk == exam_pk).with_for_update()
    found = act.connection.execute(of_exam).first()
    if found is None:  # the rules left it to nobody, and somebody has decided it all the same
        one = _exam(act, exam_pk)
        if _ITEM_OF.first(act.connection, {"exam": exam_pk}) is None:
            actions_items.add(act, one, None, rules_items.HAND)
        found = act.connection.execute(of_exam).one()
    is_others = found.state == CLAIMED and found.claimed_by != act.actor.key
    if is_others and not sight_of(act.connection, act.actor, exam_pk).is_shared:
        raise Conflict(f"item {found.id} is held by someone else since {found.claimed_at}; ask for its release first")
    actions_next.touch(act, found.industry)
    if found.not_for and found.not_for == act.actor.key:  # they decide anew, and somebody else still looks again
        act.record(item_id=found.id, stage=found.stage)
        return
    values = {**_after(act, found, decision), **UNHELD}
    act.connection.execute(sa.update(item).where(item.c.id == found.id).values(values))
    act.record(item_id=found.id, **({"stage": values["stage"]} if values.get("stage") else {}))


def _after(act: Act, found: sa.Row[Any], decision: str) -> dict[str, Any]:
    """Return what becomes of an item by a decision: the next stage, a second look, or the end."""
    flow = queries_flow.flow_in_force(act.connection, found.industry)
    follows = rules_flow.next_stage(flow, found.stage, decision)
    if follows:
        level = settled.promised(act.connection, found.industry, found.urgency)
        stands = {"state": WAITING, "stage": follows, "round_at": found.round_at, "decision": decision, **ANYBODY}
        return actions_items.queued(act, found.industry, level) | stands
    one = Exam(found.exam_pk, "", found.industry)
    again = {} if found.stage == rules_items.CHECK else actions_items.sampled(act, one, decision)
    if again:
        return again | {"round_at": found.round_at, "decision": decision}
    return {"state": CLOSED, "closed_at": act.at_text, "notice_at": "", "decision": decision, **ANYBODY}


@action("worklist.rank")
def rank(act: Act, *, exam_pk: int, decision_proposed: str) -> None:
    """Move an item to the place its proposed decision asks for."""
    of_exam = sa.select(item).where(item.c.exam_pk == exam_pk)
    found = act.connection.execute(of_exam).first()
    one = _exam(act, exam_pk) if found is None else Exam(exam_pk, "", found.industry)
    if found is None:
        if _ITEM_OF.first(act.connection, {"exam": exam_pk}) is None:
            actions_items.ask(act, one, (rules_items.SCORE,))
        found = act.connection.execute(of_exam).first()
    if found is None:
        act.record(exam_pk=exam_pk)
        return
    urgency, skill = actions_items.weighed(act, one, found.urgency, found.skill)
    level = settled.promised(act.connection, found.industry, urgency)
    standing = rules.standing(found.industry, decision_proposed, clock.moment(found.queued_at), level)
    changed = {
        "decision_proposed": decision_proposed,
        "skill": skill,
        "priority": standing.priority,
        "due_at": clock.text(standing.due_at),
    }
    if changed["due_at"] != found.due_at and found.state != CLOSED:
        changed["notice_at"] = rules_levels.notice_text(level, standing.due_at)
    act.connection.execute(sa.update(item).where(item.c.id == found.id).values(**changed))
    act.record(item_id=found.id, priority=standing.priority)


def _is_holdable(act: Act, item_id: int) -> bool:
    """Return whether holding an item tells nothing that is hidden: that others read it too, or that it is decided."""
    found = _existing(act, item_id)
    sight = sight_of(act.connection, act.actor, found.exam_pk)
    return not sight.is_shared and (sight.people or found.state != CLOSED)


def _release(act: Act, item_id: int, holder: sa.ColumnElement[bool]) -> bool:
    statement = sa.update(item).where(item.c.id == item_id, item.c.state == CLAIMED, holder)
    return act.connection.execute(statement.values(state=WAITING, **UNHELD)).rowcount == 1


def _existing(act: Act, item_id: int) -> sa.Row[Any]:
    found = act.connection.execute(sa.select(item).where(item.c.id == item_id)).first()
    if found is None:
        raise NotFound(f"there is no worklist item {item_id}")
    return found

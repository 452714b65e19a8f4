"""All that changes the worklist: queue, claim, release, close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.worklist import rules
from kerma.areas.worklist.model import CLAIMED, CLOSED, WAITING, item
from kerma.errors import Conflict, NotFound
from kerma.kernel import clock
from kerma.kernel.action import Act, action
from kerma.kernel.prepared import Prepared
from kerma.kernel.sight import sight_of

if TYPE_CHECKING:
    from kerma.areas.archive.model import ExamArrived

UNHELD = {"claimed_by": "", "claimed_at": ""}
_ITEM_OF = Prepared(sa.select(item.c.id, item.c.state).where(item.c.exam_pk == sa.bindparam("exam")))
_ADD = Prepared(sa.insert(item).returning(item.c.id))


def on_exam_arrived(act: Act, event: ExamArrived) -> None:
    """Queue one item per exam; images that arrive after the decision put the exam back on the list."""
    found = _ITEM_OF.first(act.connection, {"exam": event.exam_pk})
    if found is None:
        item_id = _queue(act, event)
        act.record(item_id=item_id)
    elif found["state"] == CLOSED:
        changed = {"state": WAITING, "closed_at": "", "decision": "", **UNHELD}
        act.connection.execute(sa.update(item).where(item.c.id == found["id"]).values(**changed))
        act.record(item_id=found["id"], item_reopened=True)


def _queue(act: Act, event: ExamArrived) -> int:
    standing = rules.standing(event.industry, "", act.at)
    row = {
        "exam_pk": event.exam_pk,
        "industry": event.industry,
        "state": WAITING,
        "priority": standing.priority,
        "queued_at": act.at_text,
        "due_at": clock.text(standing.due_at),
        "plain_priority": standing.priority,
        "plain_due_at": clock.text(standing.due_at),
    }
    return int(_ADD.scalar(act.connection, row))


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
    held = {"state": CLAIMED, "claimed_by": act.actor.key, "claimed_at": act.at_text}
    # The condition stands in the UPDATE itself, so of two claims at the same moment exactly one changes the row.
    statement = sa.update(item).where(item.c.id == item_id, item.c.state == WAITING).values(**held)
    if act.connection.execute(statement).rowcount != 1:
        found = _existing(act, item_id)
        if found.state == CLOSED:
            raise Conflict(f"item {item_id} is closed; open the exam to read or supersede its decision")
        if found.claimed_by != act.actor.key:
            raise Conflict(f"item {item_id} was claimed by someone else at {found.claimed_at}; choose another one")
    act.record(item_id=item_id)


@action("worklist.release")
def release(act: Act, *, item_id: int) -> None:
    """Put an item one holds back on the shared list."""
    if not _release(act, item_id, item.c.claimed_by == act.actor.key):
        found = _existing(act, item_id)
        raise Conflict(f"item {item_id} is {found.state}, and not held by you: there is nothing to release")
    act.record(item_id=item_id)


@action("worklist.free")
def free(act: Act, *, item_id: int) -> None:
    """Put an item that somebody else holds back on the shared list (for the lead, when a holder has left)."""
    found = _existing(act, item_id)
    if not _release(act, item_id, sa.true()):
        raise Conflict(f"item {item_id} is {found.state}: there is nothing to free")
    act.record(item_id=item_id, holder=found.claimed_by)


@action("worklist.close")
def close(act: Act, *, exam_pk: int, decision: str) -> None:
    """Take a decided exam off the list.

    Raises
    ------
    Conflict
        Someone else holds the item.
    """
    found = act.connection.execute(sa.select(item).where(item.c.exam_pk == exam_pk).with_for_update()).first()
    if found is None:
        raise NotFound(f"exam {exam_pk} is not on the worklist")
    is_others = found.state == CLAIMED and found.claimed_by != act.actor.key
    if is_others and not sight_of(act.connection, act.actor, exam_pk).is_shared:
        raise Conflict(f"item {found.id} is held by someone else since {found.claimed_at}; ask for its release first")
    changed = {"state": CLOSED, "decision": decision, "closed_at": act.at_text, **UNHELD}
    act.connection.execute(sa.update(item).where(item.c.id == found.id).values(**changed))
    act.record(item_id=found.id)


@action("worklist.rank")
def rank(act: Act, *, exam_pk: int, decision_proposed: str) -> None:
    """Move an item to the place its proposed decision asks for."""
    found = act.connection.execute(sa.select(item).where(item.c.exam_pk == exam_pk)).first()
    if found is None:
        raise NotFound(f"exam {exam_pk} is not on the worklist")
    standing = rules.standing(found.industry, decision_proposed, clock.moment(found.queued_at))
    changed = {
        "decision_proposed": decision_proposed,
        "priority": standing.priority,
        "due_at": clock.text(standing.due_at),
    }
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

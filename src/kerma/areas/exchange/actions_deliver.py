"""All that changes deliveries: asking for one, beginning, how far it came, how it ended, trying again.

A delivery is worked by a job per attempt. How far it came is written every few images, so that a killed process sends
a handful of images twice, which no node minds, and loses none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.exchange import queries, rules, rules_send
from kerma.areas.exchange.model import ON, PARKED, SENDING, SENT, WAITING, delivery
from kerma.areas.exchange.queries_deliver import delivery_by_id, images_of
from kerma.errors import Conflict, NotFound
from kerma.kernel import clock, jobs
from kerma.kernel.action import Act, Actor, Kernel, action, refuse
from kerma.kernel.permissions import is_granted

DELIVER = "exchange.deliver"
LONGEST_ERROR = 500
MOST_FAILED_KEPT = 10_000


@dataclass(frozen=True)
class Order:
    """What is to be sent: an exam, or one series or one image of it; and why."""

    node_id: int
    exam_pk: int
    series_uid: str = ""
    image_uid: str = ""
    reason: str = "person"
    route_id: int | None = None


def send(kernel: Kernel, actor: Actor, *, order: Order) -> int:
    """Ask for a delivery; whoever asks must be allowed to export.

    Raises
    ------
    NotFound
        There is no such node, exam, series or image.
    Conflict
        The node is switched off, or nothing of what is asked for is a DICOM object.
    """
    if not is_granted("archive.export", actor.permissions):
        refuse(kernel, actor, "archive.export")
    return queue(kernel, actor, order=order)


@action("exchange.send")
def queue(act: Act, *, order: Order) -> int:
    """Have an exam, a series or an image sent to a node; the same that waits already is not asked for twice."""
    _demand_node(act, order.node_id)
    rows = images_of(act.connection, order.exam_pk, order.series_uid, order.image_uid)
    if exam_by_pk(act.connection, order.exam_pk) is None or not rows:
        raise NotFound("there is nothing of this exam, series or image to send")
    if all(rules_send.obstacle(row) for row in rows):
        raise Conflict(f"nothing of it can be sent: {rules_send.obstacle(rows[0])}")
    waiting = _waiting(act, order)
    if waiting is not None:
        act.record(delivery_id=waiting, is_asked_again=True)
        return waiting
    values = {
        **vars(order),
        "requested_by": act.actor.key,
        "state": WAITING,
        "image_count": len(rows),
        "requested_at": act.at_text,
        "due_at": act.at_text,
        **_FRESH,
    }
    delivery_id = int(
        act.connection.execute(sa.insert(delivery).values(**values).returning(delivery.c.id)).scalar_one()
    )
    _request(act, delivery_id, 0, 0)
    wanted = {name: value for name, value in vars(order).items() if value not in ("", None)}
    act.record(delivery_id=delivery_id, image_count=len(rows), **wanted)
    return delivery_id


_FRESH = {
    "attempts": 0, "error": "", "note": "", "sent_count": 0, "sent_bytes": 0, "sent_until_pk": 0, "failed": [],
    "finished_at": "",
}  # fmt: skip


@action("exchange.begin_delivery")
def begin(act: Act, *, delivery_id: int, attempt: int) -> bool:
    """Begin an attempt to deliver; returns whether it is this one's turn."""
    found = delivery_by_id(act.connection, delivery_id)
    if found is None:  # deleted with its exam
        act.record(delivery_id=delivery_id, is_gone=True)
        return False
    is_due = found["state"] in (WAITING, SENDING) and found["attempts"] == attempt
    if is_due:
        rows = images_of(act.connection, found["exam_pk"], found["series_uid"], found["image_uid"])
        _change(act, delivery_id, state=SENDING, error="", image_count=len(rows))
    act.record(delivery_id=delivery_id, attempt=attempt + 1, is_due=is_due)
    return is_due


@dataclass(frozen=True)
class Step:
    """How far an attempt came since it was last written down."""

    sent_count: int = 0
    sent_bytes: int = 0
    until_pk: int = 0
    failed: Sequence[int] = ()
    """Numbers of images that the node did not take."""
    mended: Collection[int] = ()
    """Numbers of images that it took now, having refused them before."""
    may_change: bool = False
    """Whether trying again may help the images that were not taken."""


@action("exchange.keep_progress")
def keep_progress(act: Act, *, delivery_id: int, step: Step) -> None:
    """Write down how far a delivery has come."""
    _advance(act, _existing(act, delivery_id), step)
    act.record(delivery_id=delivery_id, sent_count=step.sent_count)


@action("exchange.settle_delivery")
def settle(act: Act, *, delivery_id: int, step: Step, error: str, note: str = "") -> str:
    """End an attempt: sent, to be tried again later, or parked for a person; returns the new state."""
    found = _existing(act, delivery_id)
    failed = _advance(act, found, step)
    attempts = found["attempts"] + 1
    at = act.at_text
    if not error and not failed:
        state, changed = SENT, {"finished_at": at}
    elif attempts >= rules.MOST_ATTEMPTS or (not error and _is_hopeless(found, failed, step)):
        state, changed = PARKED, {"finished_at": at}
    else:
        wait_s = rules.wait_s(attempts)
        state, changed = WAITING, {"due_at": clock.text(act.at + timedelta(seconds=wait_s))}
        _request(act, delivery_id, attempts, wait_s)
    words = error or (f"{len(failed)} not taken: {note}" if failed else "")
    kept = "" if failed and not error else note
    _change(act, delivery_id, state=state, attempts=attempts, error=words[:LONGEST_ERROR], note=kept, **changed)
    act.record(delivery_id=delivery_id, state=state, attempts=attempts, failed_count=len(failed))
    return state


@action("exchange.retry_delivery")
def retry(act: Act, *, delivery_id: int) -> None:
    """Try a delivery again that was parked, that waits for its next attempt, or whose process died too often.

    Raises
    ------
    Conflict
        It is sent.
    """
    found = _existing(act, delivery_id)
    if found["state"] == SENT:
        raise Conflict(f"delivery {delivery_id} is {found['state']}: there is nothing to try again")
    _demand_node(act, found["node_id"])
    # A number of attempts that no job knows: the request that waits for the old one finds that it is not its turn.
    attempts = 0 if found["state"] == PARKED else found["attempts"] + 1
    _change(act, delivery_id, state=WAITING, attempts=attempts, due_at=act.at_text, finished_at="")
    _request(act, delivery_id, attempts, 0)
    act.record(delivery_id=delivery_id)


def _request(act: Act, delivery_id: int, attempt: int, wait_s: float) -> None:
    arguments = {"delivery_id": delivery_id, "attempt": attempt}
    jobs.request(act, DELIVER, key=f"{delivery_id}:{attempt}", arguments=arguments, quiet_s=wait_s)


def _waiting(act: Act, order: Order) -> int | None:
    """Return a delivery of the same that has not begun, if there is one."""
    same = [delivery.c[name] == value for name, value in vars(order).items() if name in _SAME]
    query = sa.select(delivery.c.id).where(*same, delivery.c.state == WAITING, delivery.c.attempts == 0)
    return act.connection.execute(query.order_by(delivery.c.id).limit(1)).scalar_one_or_none()


_SAME = ("node_id", "exam_pk", "series_uid", "image_uid")


def _advance(act: Act, found: Mapping[str, Any], step: Step) -> list[int]:
    """Add a step to a delivery's row; returns the images that are not taken so far."""
    failed = sorted({*found["failed"], *step.failed} - set(step.mended))[:MOST_FAILED_KEPT]
    _change(
        act,
        found["id"],
        sent_count=found["sent_count"] + step.sent_count,
        sent_bytes=found["sent_bytes"] + step.sent_bytes,
        sent_until_pk=max(found["sent_until_pk"], step.until_pk),
        failed=failed,
    )
    return failed


def _is_hopeless(found: Mapping[str, Any], failed: Sequence[int], step: Step) -> bool:
    """Return whether trying again changes nothing, or the node refused the very same images before."""
    return not step.may_change or (found["attempts"] > 0 and sorted(found["failed"]) == list(failed))


def _demand_node(act: Act, node_id: int) -> None:
    found = queries.node_by_id(act.connection, node_id)
    if found is None:
        raise NotFound(f"there is no node {node_id}")
    if found["state"] != ON:
        raise Conflict(f"{found['ae_title']} is {found['state']}: switch it on with `kerma node change --on` first")


def _existing(act: Act, delivery_id: int) -> dict[str, Any]:
    found = delivery_by_id(act.connection, delivery_id)
    if found is None:
        raise NotFound(f"there is no delivery {delivery_id}; `kerma deliveries list` shows them")
    return found


def _change(act: Act, delivery_id: int, **values: Any) -> None:
    act.connection.execute(sa.update(delivery).where(delivery.c.id == delivery_id).values(**values))

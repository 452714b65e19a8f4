"""All that changes orders: placing, canceling, and what follows when images of an order arrive."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.rules import clean
from kerma.areas.worklist import actions_items, rules_orders
from kerma.areas.worklist.model_orders import (
    ARRIVED,
    CANCELED,
    OFFERED,
    SCHEDULED,
    STARTED,
    Order,
    OrderPlaced,
    ordered_step,
)
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Act, action
from kerma.kernel.prepared import Prepared

if TYPE_CHECKING:
    from kerma.areas.archive.model import ExamArrived

_LENGTHS = {
    column.name: getattr(column.type, "length", None) or 1024
    for column in ordered_step.columns
    if isinstance(column.type, sa.String | sa.Text)
}


@action("worklist.order")
def place(act: Act, *, order: Order) -> int:
    """Order a step of work: what is to be imaged, when, on which machine.

    Raises
    ------
    WrongUsage
        Something that is needed is missing or wrong; the message names every field.
    Conflict
        A step with this accession number, procedure id and step id is ordered already.
    """
    row = _row(act, order)
    wrong = rules_orders.problems(row, tuple(act.kernel.industries))
    if wrong:
        raise WrongUsage("; ".join(wrong))
    try:
        with act.connection.begin_nested():
            adding = sa.insert(ordered_step).values(row).returning(ordered_step.c.id)
            order_pk = int(act.connection.execute(adding).scalar_one())
    except sa.exc.IntegrityError as error:
        named = f"step {order.step_id} of procedure {order.requested_id}, accession number {order.accession}"
        raise Conflict(f"{named}, is ordered already") from error
    _number(act, order, order_pk)
    act.record(order_pk=order_pk, industry=order.industry)
    names = ("industry", "subject_id", "issuer", "modality", "station_ae", "study_uid")
    actions_items.ordered(act, row["study_uid"])
    act.publish(OrderPlaced(order_pk, **{name: row[name] for name in names}))
    return order_pk


def _row(act: Act, order: Order) -> dict[str, Any]:
    """Return an order as a row, cleaned and with what was left open filled in."""
    fields = {name: value for name, value in asdict(order).items() if isinstance(value, str)}
    row: dict[str, Any] = {name: clean(value, _LENGTHS[name]) for name, value in fields.items()}
    now = act.at.astimezone()  # a worklist is in the time of the place, not in UTC
    # What has no number yet gets one from its row; until then it must not equal another's.
    pending = f"+{uuid.uuid4().hex[:15]}"
    return {
        **row,
        "state": SCHEDULED,
        "accession": row["accession"] or pending,
        "requested_id": row["requested_id"] or pending,
        "step_id": row["step_id"] or pending,
        "study_uid": row["study_uid"] or f"2.25.{uuid.uuid4().int}",
        "name": row["name"] or row["subject_id"],
        "start_date": row["start_date"] or now.strftime("%Y%m%d"),
        "start_time": row["start_time"] or now.strftime("%H%M%S"),
        "priority": row["priority"].upper() or "ROUTINE",
        "requested_codes": _codes(order.requested_codes),
        "protocol_codes": _codes(order.protocol_codes),
        "details": json.dumps({clean(key, 64): clean(str(value)) for key, value in order.details.items() if value}),
        "ordered_by": act.actor.key,
        "ordered_at": act.at_text,
        "changed_at": act.at_text,
    }


def _codes(codes: Any) -> str:
    names = ("value", "scheme", "meaning")
    return json.dumps([{name: clean(str(code.get(name, "")), 64) for name in names} for code in codes])


def _number(act: Act, order: Order, order_pk: int) -> None:
    """Give an order the numbers that were left to us."""
    numbers = {"accession": f"A{order_pk:09d}", "requested_id": f"R{order_pk}", "step_id": f"S{order_pk}"}
    missing = {name: number for name, number in numbers.items() if not getattr(order, name).strip()}
    if missing:
        act.connection.execute(sa.update(ordered_step).where(ordered_step.c.id == order_pk).values(**missing))


@action("worklist.orders")
def look(act: Act, *, door: str) -> None:
    """See the orders with the subjects on them, on screen or as a machine's worklist."""
    act.record(door=door)


@action("worklist.arrive")
def arrive(act: Act, *, order_pk: int) -> None:
    """Say that whom or what an order is about is at the machine.

    Raises
    ------
    Conflict
        The step has begun, has ended, or is canceled.
    """
    statement = sa.update(ordered_step).where(ordered_step.c.id == order_pk, ordered_step.c.state.in_(OFFERED))
    if act.connection.execute(statement.values(state=ARRIVED, changed_at=act.at_text)).rowcount != 1:
        raise _not_waiting(act, order_pk)
    act.record(order_pk=order_pk)


@action("worklist.cancel_order")
def cancel(act: Act, *, order_pk: int, reason: str) -> None:
    """Cancel an order for which nothing has been done yet.

    Raises
    ------
    Conflict
        The step has begun, has ended, or is canceled already.
    """
    if not reason.strip():
        raise WrongUsage("say why the order is canceled: whoever asks for the images will want to know")
    changed = {"state": CANCELED, "cancel_reason": clean(reason), "changed_at": act.at_text}
    statement = sa.update(ordered_step).where(ordered_step.c.id == order_pk, ordered_step.c.state.in_(OFFERED))
    if act.connection.execute(statement.values(**changed)).rowcount != 1:
        raise _not_waiting(act, order_pk)
    act.record(order_pk=order_pk)


def _not_waiting(act: Act, order_pk: int) -> Conflict | NotFound:
    state = act.connection.scalar(sa.select(ordered_step.c.state).where(ordered_step.c.id == order_pk))
    if state is None:
        return NotFound(f"there is no order {order_pk}")
    return Conflict(f"order {order_pk} is {state}: this can be done only before it has begun")


_START = Prepared(
    sa.update(ordered_step)
    .where(
        ordered_step.c.study_uid == sa.bindparam("exam_uid"),
        sa.or_(*(ordered_step.c.state == state for state in OFFERED)),
    )
    .values(state=STARTED)
)


def on_exam_arrived(act: Act, event: ExamArrived) -> None:
    """Take an ordered step off the machines' list once its images arrive, also from a machine that reports nothing."""
    if not event.is_new:
        return
    _START.run(act.connection, {"exam_uid": event.exam_uid, "changed_at": act.at_text})

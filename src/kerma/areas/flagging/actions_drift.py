"""A comparison of a machine's images with those before is kept; a drift suspends what is stated of a model there."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.areas.flagging.model import model_drift
from kerma.areas.flagging.queries_models import model_of, suspended
from kerma.areas.flagging.rules_drift import Verdict
from kerma.areas.flagging.rules_models import demand_reason
from kerma.errors import Conflict, NotFound
from kerma.kernel import alarms
from kerma.kernel.action import Act, Actor, Kernel, action, refuse

ALARM = "model-drift"
SIGNALS_TOLD = 5
THING_LETTERS = 128


@action("flagging.record_drift")
def record_drift(act: Act, *, model_id: int, machine: str, verdict: Verdict) -> int:
    """Keep a comparison of a machine's images with those before; where they drifted, suspend and raise an alarm."""
    row = model_of(act.connection, model_id)
    drifts = bool(verdict["signals"]) and suspended(act.connection, model_id, machine) is None
    values = {"model_id": model_id, "machine": machine, "verdict": verdict, "suspended": drifts}
    insert = sa.insert(model_drift).values({**values, "by": act.actor.key, "at": act.at_text})
    drift_id = int(act.connection.execute(insert.returning(model_drift.c.id)).scalar_one())
    act.record(drift_id=drift_id, model_id=model_id, sha256=row.sha256, machine=machine, suspended=drifts)
    act.record(signals=list(verdict["signals"])[:SIGNALS_TOLD])
    if drifts:
        told = "; ".join(verdict["signals"][:SIGNALS_TOLD])
        detail = (
            f"images at '{machine}' drifted from those before ({told}): the stated miss rate of {row.name} "
            f"{row.version} is not held there until a person clears it"
        )
        thing = thing_of(model_id, machine)
        alarms.raise_alarm.within(act, kind=ALARM, thing=thing, detail=detail)
    return drift_id


def clear_drift(kernel: Kernel, actor: Actor, *, drift_id: int, reason: str) -> None:
    """Say as a person that a model may be relied on at a machine again; see :func:`keep_clearing`.

    Raises
    ------
    NotAllowed
        The permission is missing, or the actor is no person.
    """
    if actor.kind != "person":
        refuse(kernel, actor, keep_clearing.name, "only a person clears a drift: sign in (--login)")
    keep_clearing(kernel, actor, drift_id=drift_id, reason=reason)


@action("flagging.clear_drift")
def keep_clearing(act: Act, *, drift_id: int, reason: str) -> None:
    """Clear a drift: what is stated of the model is held at the machine again, and images from now on are the baseline.

    Raises
    ------
    NotFound, Conflict, WrongUsage
        There is no such drift, it suspends nothing (any more), or no reason is given.
    """
    said = demand_reason(reason, "clearing a drift")
    statement = sa.select(model_drift).where(model_drift.c.id == drift_id).with_for_update()
    found = act.connection.execute(statement).mappings().first()
    if found is None:
        raise NotFound(f"there is no drift {drift_id}")
    if not found["suspended"] or found["cleared_at"]:
        raise Conflict(f"drift {drift_id} suspends nothing" + (" any more" if found["cleared_at"] else ""))
    values = {"cleared_by": act.actor.key, "cleared_at": act.at_text, "cleared_reason": said}
    act.connection.execute(sa.update(model_drift).where(model_drift.c.id == drift_id).values(values))
    act.record(drift_id=drift_id, model_id=found["model_id"], machine=found["machine"])
    thing = thing_of(found["model_id"], found["machine"])
    for one in alarms.alarms(act.connection):
        if (one["kind"], one["thing"]) == (ALARM, thing):
            alarms.acknowledge.within(act, alarm_id=one["id"], note=said)


def thing_of(model_id: int, machine: str) -> str:
    """Return by what an alarm is known: number of the model, and machine."""
    return f"model {model_id} at {machine}"[:THING_LETTERS]

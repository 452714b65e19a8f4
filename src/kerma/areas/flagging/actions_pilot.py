"""Pilots: begun with limits that are written down first, fed by decided exams, signed off by another person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from kerma.areas.flagging import pilots, rules_pilot
from kerma.areas.flagging.model_pilot import pilot, pilot_exam
from kerma.areas.flagging.queries_models import model_of
from kerma.areas.flagging.rules_models import demand_reason
from kerma.areas.flagging.rules_pilot import Terms
from kerma.errors import Conflict
from kerma.kernel.action import Act, Actor, Kernel, action, refuse
from kerma.kernel.permissions import is_granted


@action("flagging.begin_pilot")
def begin_pilot(act: Act, *, model_id: int, terms: Terms, reason: str) -> int:
    """Begin a pilot of a model in shadow: machines, exams and limits are written down before anything is compared.

    Raises
    ------
    WrongUsage, Conflict, NotFound
        The terms decide nothing, the model is not in shadow, or a pilot of it is under way.
    """
    row = model_of(act.connection, model_id)
    rules_pilot.demand_terms(terms, row)
    said = demand_reason(reason, "a pilot")
    values = {
        "model_id": model_id,
        "machines": [one.strip() for one in terms.machines],
        "planned_exams": terms.planned_exams,
        "least_sensitivity": terms.least_sensitivity,
        "most_false_per_exam": terms.most_false_per_exam,
    }
    insert = sa.insert(pilot).values({**values, "reason": said, "begun_by": act.actor.key, "begun_at": act.at_text})
    try:
        pilot_id = int(act.connection.execute(insert.returning(pilot.c.id)).scalar_one())
    except sa.exc.IntegrityError as error:
        raise Conflict(f"a pilot of {row.name} {row.version} is under way: sign it off or give it up first") from error
    act.record(pilot_id=pilot_id, model_id=model_id, sha256=row.sha256, planned_exams=terms.planned_exams)
    act.record(least_sensitivity=f"{terms.least_sensitivity:g}", most_false_per_exam=f"{terms.most_false_per_exam:g}")
    return pilot_id


def keep_exam(act: Act, exam_pk: int, runs: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> None:
    """Count a decided exam for every pilot under way that it belongs to, as a part of the action under way."""
    for one in pilots.open_pilots(act.connection):
        own = [run for run in runs if run["model_id"] == one["model_id"]]
        own = [run for run in own if not one["machines"] or run["machine"] in one["machines"]]
        if not own:
            continue
        counted = rules_pilot.exam_of(own, [row for row in rows if row["model_id"] == one["model_id"]])
        same = (pilot_exam.c.pilot_id == one["id"], pilot_exam.c.exam_pk == exam_pk)
        act.connection.execute(sa.delete(pilot_exam).where(*same))
        values = {"pilot_id": one["id"], "exam_pk": exam_pk, "machine": own[0]["machine"], "at": act.at_text, **counted}
        act.connection.execute(sa.insert(pilot_exam).values(values))


def sign_off(kernel: Kernel, actor: Actor, *, pilot_id: int, reason: str) -> None:
    """Sign a pilot off: its model may be approved on it.

    Raises
    ------
    NotAllowed
        The permission is missing, the actor is no person, or the one who began it.
    Conflict
        Its limits are not reached, or it has ended.
    """
    if is_granted(keep_sign_off.name, actor.permissions):
        with kernel.database.read() as connection:
            begun_by = pilots.pilot_by_id(connection, pilot_id)["begun_by"]
        if actor.kind != "person":
            refuse(kernel, actor, keep_sign_off.name, "only a person signs a pilot off: sign in (--login)")
        if actor.key == begun_by:
            refuse(kernel, actor, keep_sign_off.name, "who began a pilot cannot sign it off: another person must")
    keep_sign_off(kernel, actor, pilot_id=pilot_id, reason=reason)


@action("flagging.sign_off_pilot")
def keep_sign_off(act: Act, *, pilot_id: int, reason: str) -> None:
    """Sign off a pilot that has reached its limits, as another person than who began it."""
    one, result = _ended(act, pilot_id, demand_reason(reason, "signing a pilot off"), is_signed_off=True)
    if not result["reached"]:
        raise Conflict(f"pilot {pilot_id} has not reached its limits: {'; '.join(result['why'])}")
    act.record(model_id=one["model_id"], exams=result["exams"])


@action("flagging.give_up_pilot")
def give_up_pilot(act: Act, *, pilot_id: int, reason: str) -> None:
    """Give up a pilot: what it has come to is kept, and its model cannot be approved on it."""
    one, result = _ended(act, pilot_id, demand_reason(reason, "giving a pilot up"), is_signed_off=False)
    act.record(model_id=one["model_id"], exams=result["exams"])


@action("flagging.view_pilot")
def view_pilot(act: Act, *, pilot_id: str) -> None:
    """See what a pilot has come to: marks of models that nobody who reads is shown."""
    act.record(pilot_id=pilot_id)


def _ended(act: Act, pilot_id: int, reason: str, *, is_signed_off: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    act.connection.execute(sa.select(pilot.c.id).where(pilot.c.id == pilot_id).with_for_update())
    one = pilots.pilot_by_id(act.connection, pilot_id)
    if one["ended_at"]:
        how = "signed off" if one["is_signed_off"] else "given up"
        raise Conflict(f"pilot {pilot_id} was {how} at {one['ended_at']}")
    result = pilots.result(act.connection, one)
    values = {"report": result, "ended_by": act.actor.key, "ended_at": act.at_text, "end_reason": reason}
    statement = sa.update(pilot).where(pilot.c.id == pilot_id)
    act.connection.execute(statement.values({**values, "is_signed_off": is_signed_off}))
    act.record(pilot_id=pilot_id)
    return one, result

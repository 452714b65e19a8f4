"""All that changes from which score a model marks something, on one machine or on every one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from kerma.areas.flagging import queries_models as queries
from kerma.areas.flagging import rules_models as rules
from kerma.areas.flagging.actions_models import read_evaluation
from kerma.areas.flagging.model import IN_FORCE, RETIRED, model_threshold
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Act, action, refuse
from kerma.kernel.blobs_removal import claim
from kerma.kernel.permissions import is_granted

if TYPE_CHECKING:
    from kerma.areas.flagging.rules_models import Evidence
    from kerma.kernel.action import Actor, Kernel


@dataclass(frozen=True)
class Wanted:
    """An operating point to take from an evaluation: so many false marks per image, or so sensitive; one of both."""

    evaluation: bytes
    false_per_image: float | None = None
    sensitivity: float | None = None
    machine: str = ""
    """As control charts name it; empty for every machine without a threshold of its own."""


@dataclass(frozen=True)
class Settled:
    """A threshold that follows from an evaluation."""

    score: float
    operating_point: str
    evidence: Evidence
    machine: str


def set_threshold(kernel: Kernel, actor: Actor, *, model_id: int, wanted: Wanted) -> int:
    """Set from which score a model marks something, at an operating point of an evaluation; returns its number.

    Raises
    ------
    NotAllowed
        The permission is missing.
    NotFound
        There is no such model.
    WrongUsage
        The evaluation is of another model, or has no such operating point; the message says which it has.
    Conflict
        The model is retired.
    """
    if not is_granted(keep_threshold.name, actor.permissions):
        refuse(kernel, actor, keep_threshold.name)
    machine = wanted.machine.strip()
    if len(machine) > rules.MACHINE_LETTERS or not machine.isprintable():
        raise WrongUsage(f"name the machine as it is shown, in at most {rules.MACHINE_LETTERS} letters")
    with kernel.database.read() as connection:
        row = queries.model_of(connection, model_id)
    evidence = read_evaluation(wanted.evaluation, row)
    point = rules.point_at(evidence, false_per_image=wanted.false_per_image, sensitivity=wanted.sensitivity)
    kernel.blobs.put(wanted.evaluation)
    settled = Settled(float(point["threshold"]), rules.words_of(point), evidence, machine)
    return keep_threshold(kernel, actor, model_id=model_id, settled=settled)


@action("flagging.set_threshold")
def keep_threshold(act: Act, *, model_id: int, settled: Settled) -> int:
    """Set from which score a model marks something on a machine; the one before is withdrawn."""
    row = queries.model_of(act.connection, model_id)
    if row.state == RETIRED:
        raise Conflict(f"{row.name} {row.version} is retired: it marks nothing")
    _withdraw(act, (model_threshold.c.model_id == model_id) & (model_threshold.c.machine == settled.machine))
    claim(act, settled.evidence.sha256)
    values = {
        "model_id": model_id,
        "machine": settled.machine,
        "score": settled.score,
        "operating_point": settled.operating_point,
        "evidence": settled.evidence.as_json(),
        "evidence_sha256": settled.evidence.sha256,
        "by": act.actor.key,
        "at": act.at_text,
    }
    try:
        insert = sa.insert(model_threshold).values(values).returning(model_threshold.c.id)
        number = int(act.connection.execute(insert).scalar_one())
    except sa.exc.IntegrityError as error:
        raise Conflict("somebody has set a threshold for this machine at the same moment: look again") from error
    act.record(threshold_id=number, model_id=model_id, model=row.name, version=row.version, sha256=row.sha256)
    act.record(machine=settled.machine, score=f"{settled.score:.6g}", evidence_sha256=settled.evidence.sha256)
    return number


@action("flagging.withdraw_threshold")
def withdraw_threshold(act: Act, *, threshold_id: int) -> None:
    """Withdraw a threshold: the one for every machine holds again, or that of the model's card.

    Raises
    ------
    NotFound
        There is no such threshold in force.
    """
    statement = sa.select(model_threshold).where(model_threshold.c.id == threshold_id)
    found = act.connection.execute(statement).mappings().first()
    if found is None or not _withdraw(act, model_threshold.c.id == threshold_id):
        raise NotFound(f"there is no threshold {threshold_id} in force")
    row = queries.model_of(act.connection, found["model_id"])
    act.record(threshold_id=threshold_id, model_id=row.id, model=row.name, version=row.version, sha256=row.sha256)
    act.record(machine=found["machine"])


def _withdraw(act: Act, which: sa.ColumnElement[bool]) -> int:
    values = {"withdrawn_by": act.actor.key, "withdrawn_at": act.at_text}
    return int(act.connection.execute(sa.update(model_threshold).where(which, IN_FORCE).values(**values)).rowcount)

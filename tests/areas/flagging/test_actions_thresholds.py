"""Thresholds per machine: which holds, on what each rests, and what comes back when one is withdrawn."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
import sqlalchemy as sa

import registry_models as made
from kerma.areas.flagging import actions_models, actions_thresholds
from kerma.areas.flagging import queries_models as queries
from kerma.areas.flagging.actions_thresholds import Wanted
from kerma.areas.flagging.model import model_drift
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Act, Action, Actor, Kernel
from kerma.kernel.ledger_tables import ledger_record

RIG, OTHER = "YXLON Y.MU2000 4711", "another machine"


@pytest.fixture
def weld(kernel: Kernel) -> queries.ModelRow:
    actions_models.register_shipped(kernel)
    with kernel.database.read() as connection:
        return queries.model_named(connection, "weld@1.0.0")


def settle(kernel: Kernel, actor: Actor, row: queries.ModelRow, **wanted: object) -> int:
    given = {"evaluation": made.evaluation(row.sha256, of="weld@1.0.0")} | wanted
    return actions_thresholds.set_threshold(kernel, actor, model_id=row.id, wanted=Wanted(**given))


def score_on(kernel: Kernel, row: queries.ModelRow, machine: str) -> float | None:
    with kernel.database.read() as connection:
        found = queries.threshold_of(connection, row.id, machine)
    return found["score"] if found else None


def test_a_machines_own_threshold_comes_before_that_of_all_and_the_cards(
    kernel: Kernel, actor: Actor, weld: queries.ModelRow
) -> None:
    assert score_on(kernel, weld, RIG) is None
    everywhere = settle(kernel, actor, weld, false_per_image=0.5)
    own = settle(kernel, actor, weld, sensitivity=0.9, machine=f" {RIG} ")
    assert (score_on(kernel, weld, RIG), score_on(kernel, weld, OTHER)) == (0.08, 0.22)
    actions_thresholds.withdraw_threshold(kernel, actor, threshold_id=own)
    assert score_on(kernel, weld, RIG) == 0.22
    actions_thresholds.withdraw_threshold(kernel, actor, threshold_id=everywhere)
    assert score_on(kernel, weld, RIG) is None
    with pytest.raises(NotFound):
        actions_thresholds.withdraw_threshold(kernel, actor, threshold_id=own)


def test_a_new_threshold_withdraws_the_one_before_and_each_says_on_what_it_rests(
    kernel: Kernel, actor: Actor, weld: queries.ModelRow
) -> None:
    document = made.evaluation(weld.sha256, of="weld@1.0.0")
    settle(kernel, actor, weld, false_per_image=0.125, machine=RIG)
    settle(kernel, actor, weld, false_per_image=2.0, machine=RIG, evaluation=document)
    with kernel.database.read() as connection:
        newest, before = queries.thresholds_of(connection, weld.id)
        body = connection.scalar(sa.select(ledger_record.c.body).order_by(ledger_record.c.record_index.desc()))
    assert before["withdrawn_by"] == actor.key and not newest["withdrawn_at"]
    assert newest["operating_point"] == "2 false marks per image, sensitivity 0.910 (95 % 0.810 to 0.960)"
    assert newest["evidence"]["images"] == 60 and newest["evidence"]["auc"]["interval"] == [0.85, 0.99]
    assert kernel.blobs.get(newest["evidence_sha256"]) == document
    told = json.loads(str(body))["details"]
    assert told["sha256"] == weld.sha256 and told["evidence_sha256"] == sha256(document).hexdigest()
    assert (told["machine"], told["score"]) == (RIG, "0.08")


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({}, "one of both"),
        ({"false_per_image": 0.5, "sensitivity": 0.9}, "one of both"),
        ({"false_per_image": 0.3}, "0.620 at 0.125, 0.780 at 0.5, 0.910 at 2"),
        ({"sensitivity": 0.99}, "no such operating point"),
        ({"false_per_image": 0.5, "evaluation": made.evaluation("2" * 64)}, "evaluate this version"),
        ({"false_per_image": 0.5, "machine": "a\nb"}, "machine"),
    ],
)
def test_what_does_not_follow_from_an_evaluation_is_refused(
    kernel: Kernel, actor: Actor, weld: queries.ModelRow, wanted: dict, says: str
) -> None:
    with pytest.raises(WrongUsage, match=says):
        settle(kernel, actor, weld, **wanted)
    assert score_on(kernel, weld, RIG) is None


def test_a_retired_model_and_a_stranger_set_nothing(
    kernel: Kernel, actor: Actor, stranger: Actor, weld: queries.ModelRow
) -> None:
    with pytest.raises(NotAllowed):
        settle(kernel, stranger, weld, false_per_image=0.5)
    actions_models.retire_model(kernel, actor, model_id=weld.id, reason="of no use")
    with pytest.raises(Conflict, match="retired"):
        settle(kernel, actor, weld, false_per_image=0.5)


def _drift(act: Act, *, model_id: int, machine: str, cleared_at: str) -> None:
    values = {
        "model_id": model_id, "machine": machine, "verdict": {"said": machine}, "suspended": True, "by": "x",
        "at": "2026-03-02", "cleared_at": cleared_at,
    }  # fmt: skip
    act.connection.execute(sa.insert(model_drift).values(values))


drift = Action("test.drift", _drift)


def test_what_is_suspended_on_a_machine_is_until_somebody_clears_it(
    kernel: Kernel, actor: Actor, weld: queries.ModelRow
) -> None:
    drift(kernel, actor, model_id=weld.id, machine=RIG, cleared_at="")
    drift(kernel, actor, model_id=weld.id, machine=OTHER, cleared_at="2026-03-02")
    with kernel.database.read() as connection:
        found = queries.suspended(connection, weld.id, RIG)
        assert found is not None and found["verdict"] == {"said": RIG}
        assert queries.suspended(connection, weld.id, OTHER) is None

"""The registry: what may be added, who may approve on what, which version is active, and what the ledger knows."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
import sqlalchemy as sa

import registry_models as made
from kerma.areas.flagging import actions_models as actions
from kerma.areas.flagging import queries_models as queries
from kerma.areas.flagging.actions_models import NewModel
from kerma.areas.flagging.model import model
from kerma.errors import Altered, Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.identity import service
from kerma.kernel.ledger_tables import ledger_record

WEIGHTS = made.weights()
SHA = sha256(WEIGHTS).hexdigest()
REASON = "tried on our own blind set"


@pytest.fixture(autouse=True)
def untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network need not be tried in a process of its own to test what is done with the outcome."""
    monkeypatch.setattr(actions, "tried", lambda content, card: {"fake": True})


@pytest.fixture
def other() -> Actor:
    """A second person who may do everything."""
    return Actor(kind="person", id="3", name="Second Person", permissions=frozenset({"*"}))


def add(kernel: Kernel, actor: Actor, version: str = "1.0.0", **more: object) -> int:
    return actions.add_model(kernel, actor, new=NewModel(made.card(version=version), WEIGHTS, **more))


def row_of(kernel: Kernel, model_id: int) -> queries.ModelRow:
    with kernel.database.read() as connection:
        return queries.model_of(connection, model_id)


def history(kernel: Kernel, model_id: int) -> list[str]:
    with kernel.database.read() as connection:
        return [row["state"] for row in reversed(queries.history_of(connection, model_id))]


def records(kernel: Kernel) -> list[dict]:
    with kernel.database.read() as connection:
        bodies = connection.scalars(sa.select(ledger_record.c.body).order_by(ledger_record.c.record_index))
        return [json.loads(body) for body in bodies]


def activate(kernel: Kernel, actor: Actor, model_id: int, **more: object) -> None:
    row = row_of(kernel, model_id)
    given = {"reason": REASON, "evaluation": made.evaluation(SHA, of=f"{row.name}@{row.version}")} | more
    actions.activate_model(kernel, actor, model_id=model_id, **given)


def test_what_is_added_is_a_candidate_whose_bytes_are_kept(kernel: Kernel, actor: Actor) -> None:
    number = add(kernel, actor, industry="ndt")
    row = row_of(kernel, number)
    assert (row.state, row.origin, row.sha256) == ("candidate", "brought", SHA)
    assert queries.weights_of(kernel, row) == WEIGHTS == kernel.blobs.get(SHA)
    assert history(kernel, number) == ["candidate"]
    told = records(kernel)[-1]
    assert told["action"] == "flagging.add_model" and told["details"]["sha256"] == SHA
    with kernel.database.read() as connection:
        assert not queries.active_models(connection, "ndt")


def test_bytes_that_changed_in_the_store_are_not_run(kernel: Kernel, actor: Actor) -> None:
    row = row_of(kernel, add(kernel, actor))
    path = kernel.blobs.local_path(SHA)
    assert path is not None
    path.chmod(0o600)
    path.write_bytes(WEIGHTS[:-1] + b"\0")
    with pytest.raises(Altered):
        queries.weights_of(kernel, row)


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"name": "Yard Weld"}, WrongUsage, "small letters"),
        ({"name": "small-flaws"}, Conflict, "comes with Kerma"),
        ({"name": "matched-filter"}, Conflict, "comes with Kerma"),
        ({"version": "one"}, WrongUsage, "1.0.0"),
        ({"sha256": "0" * 64}, Altered, "get the pair again"),
        ({"labels": []}, WrongUsage, "labels"),
        ({"note": "x" * 300_000}, WrongUsage, "at most 256 kB"),
        ({"metrics": {"map50": float("nan")}}, WrongUsage, "JSON"),
        ({"thresholds": None, "labels": None}, WrongUsage, "labels"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(
    kernel: Kernel, actor: Actor, changed: dict, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        actions.add_model(kernel, actor, new=NewModel(made.card(**changed), WEIGHTS))
    with kernel.database.read() as connection:
        assert not connection.scalar(sa.select(model.c.id).where(model.c.origin == "brought"))
    assert not kernel.blobs.exists(SHA)


def test_one_version_is_added_once(kernel: Kernel, actor: Actor) -> None:
    add(kernel, actor)
    with pytest.raises(Conflict, match="already"):
        add(kernel, actor)


def test_only_one_version_of_a_name_is_active_and_the_old_one_can_come_back(
    kernel: Kernel, actor: Actor, other: Actor
) -> None:
    first, second = add(kernel, actor), add(kernel, actor, "1.1.0")
    actions.shadow_model(kernel, actor, model_id=first, reason="a look at how it does")
    activate(kernel, other, first)
    activate(kernel, other, second)
    assert (row_of(kernel, first).state, row_of(kernel, second).state) == ("retired", "active")
    told = records(kernel)[-1]["details"]
    assert told["retired_model_id"] == first and told["retired_sha256"] == SHA and told["sha256"] == SHA
    activate(kernel, other, first, reason="the new one cries wolf")
    assert (row_of(kernel, first).state, row_of(kernel, second).state) == ("active", "retired")
    assert history(kernel, first) == ["candidate", "shadow", "active", "retired", "active"]
    with kernel.database.read() as connection:
        assert queries.model_named(connection, "yard-weld").version == "1.0.0"
        assert queries.model_named(connection, "yard-weld@1.1.0").state == "retired"


def test_the_database_itself_holds_no_second_active_version(kernel: Kernel, actor: Actor, other: Actor) -> None:
    first, second = add(kernel, actor), add(kernel, actor, "1.1.0")
    activate(kernel, other, first)
    with pytest.raises(sa.exc.IntegrityError), kernel.database.write() as connection:
        connection.execute(sa.update(model).where(model.c.id == second).values(state="active"))


def test_who_added_a_model_does_not_approve_it(kernel: Kernel, actor: Actor, other: Actor) -> None:
    number = add(kernel, actor)
    with pytest.raises(NotAllowed, match="another person"):
        activate(kernel, actor, number)
    assert records(kernel)[-1]["outcome"] == "refused" and "another person" in records(kernel)[-1]["details"]["reason"]
    with pytest.raises(NotAllowed, match="only a person"):
        activate(kernel, service("cli", "*"), number)
    assert row_of(kernel, number).state == "candidate"
    activate(kernel, other, number)
    assert row_of(kernel, number).state == "active"


def test_an_approval_rests_on_an_evaluation_of_exactly_this_model(kernel: Kernel, actor: Actor, other: Actor) -> None:
    number = add(kernel, actor)
    nothing = {"truths": 0, "images_with_truth": 0}
    for given, says in (
        ({"evaluation": b""}, "on an evaluation"),
        ({"pilot_id": 1}, "one of both"),
        ({"evaluation": b"{"}, "no JSON"),
        ({"evaluation": b"[]"}, "no evaluation"),
        ({"evaluation": made.evaluation("1" * 64)}, "evaluate this version"),
        ({"evaluation": made.evaluation(SHA, of="yard-weld@1.1.0")}, "evaluate this version"),
        ({"evaluation": made.evaluation(SHA, values=nothing)}, "nothing to find"),
        ({"reason": "  "}, "reason"),
    ):
        with pytest.raises(WrongUsage, match=says):
            activate(kernel, other, number, **given)
    assert history(kernel, number) == ["candidate"]
    document = made.evaluation(SHA)
    activate(kernel, other, number, evaluation=document)
    with kernel.database.read() as connection:
        line = queries.history_of(connection, number)[0]
    digest = sha256(document).hexdigest()
    assert line["figures"]["map50"] == {"value": 0.61, "interval": [0.5, 0.71]} and line["figures"]["groups"] == 40
    assert line["evidence_sha256"] == digest and kernel.blobs.get(digest) == document
    assert records(kernel)[-1]["details"]["evidence_sha256"] == digest


def test_states_follow_each_other_and_each_needs_a_reason(kernel: Kernel, actor: Actor) -> None:
    number = add(kernel, actor)
    with pytest.raises(WrongUsage, match="say why"):
        actions.retire_model(kernel, actor, model_id=number, reason="")
    actions.retire_model(kernel, actor, model_id=number, reason="of no use")
    with pytest.raises(Conflict, match="already"):
        actions.retire_model(kernel, actor, model_id=number, reason="again")
    with pytest.raises(NotFound):
        actions.shadow_model(kernel, actor, model_id=999, reason="none")


def test_whoever_lacks_the_permission_is_refused_and_the_ledger_knows(kernel: Kernel, actor: Actor) -> None:
    number = add(kernel, actor)
    lacking = Actor(kind="person", id="9", name="Reader", permissions=frozenset({"review.*"}))
    calls = (
        lambda: add(kernel, lacking, "2.0.0"),
        lambda: actions.shadow_model(kernel, lacking, model_id=number, reason=REASON),
        lambda: activate(kernel, lacking, number),
        lambda: actions.retire_model(kernel, lacking, model_id=number, reason=REASON),
    )
    for call in calls:
        with pytest.raises(NotAllowed):
            call()
    refused = [row["action"] for row in records(kernel) if row["outcome"] == "refused"]
    assert refused == [f"flagging.{name}_model" for name in ("add", "shadow", "activate", "retire")]


def test_what_ships_is_listed_once_and_keeps_its_bytes_when_put_to_use(kernel: Kernel, actor: Actor) -> None:
    shipped = actions.register_shipped(kernel)
    assert shipped >= 2 and actions.register_shipped(kernel) == 0
    with kernel.database.read() as connection:
        row = queries.model_named(connection, "weld@1.0.0")
        assert {one.name: one.industry for one in queries.models(connection)}["casting"] == "ndt"
    assert (row.state, row.origin, row.weights_sha256, row.sha256) == ("candidate", "shipped", "", SHA)
    assert not kernel.blobs.exists(SHA) and queries.weights_of(kernel, row) == WEIGHTS
    activate(kernel, actor, row.id)
    assert kernel.blobs.get(SHA) == WEIGHTS
    assert row_of(kernel, row.id).weights_sha256 == SHA
    with kernel.database.read() as connection:
        assert [one.name for one in queries.active_models(connection, "ndt")] == ["weld"]
        assert not queries.active_models(connection, "medical")

"""State and ledger agree whatever fails, wherever the process dies: the promise everything else stands on."""

import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kerma.errors import NotAllowed, WrongUsage
from kerma.kernel.action import ACTIONS, Kernel

HERE = Path(__file__).parent


@pytest.fixture
def shelves():
    before = dict(ACTIONS)
    sys.path.insert(0, str(HERE))
    import shelves

    yield shelves
    sys.path.remove(str(HERE))
    sys.modules.pop("shelves")
    ACTIONS.clear()
    ACTIONS.update(before)


@pytest.fixture
def world(kernel: Kernel, shelves) -> Kernel:
    shelves.METADATA.create_all(kernel.database.engine)
    ledger = shelves.FailingLedger(kernel.ledger.signer)
    return replace(kernel, ledger=ledger, subscriptions={shelves.Changed: (shelves.on_changed,)})


NAMES = st.sampled_from(["a", "b", "c", "d"])
FAILURES = st.sampled_from(["", "", "", "before", "after", "handler", "float", "append", "constraint"])
CHANGES = st.tuples(st.just("change"), NAMES, NAMES, st.integers(-4, 6), FAILURES, st.booleans())
MOVES = st.tuples(st.just("move"), NAMES, NAMES, st.integers(-4, 6), FAILURES, st.booleans())
PARTS = st.tuples(NAMES, st.integers(-4, 6), FAILURES.filter(lambda failure: failure != "append"))
GROUPS = st.tuples(st.just("group"), st.lists(PARTS, max_size=5))


def attempt(shelves, world: Kernel, step: tuple) -> str:
    """Try one step; returns how it ended."""
    if step[0] == "group":
        calls = [{"name": name, "by": by, "failure": failure} for name, by, failure in step[1]]
        try:
            shelves.change.group(world, shelves.KEEPER, calls)
        except WrongUsage:  # a record without canonical form: nothing of the group is kept
            return "failed"
        return "done"
    kind, one, other, count, failure, is_allowed = step
    actor = shelves.KEEPER if is_allowed else shelves.VISITOR
    world.ledger.fails = failure == "append" and is_allowed
    try:
        if kind == "change":
            shelves.change(world, actor, name=one, by=count, failure=failure)
        else:
            shelves.move(world, actor, source=one, target=other, count=count, failure=failure)
    except NotAllowed:
        assert not is_allowed
        return "refused"
    except (shelves.InjectedError, WrongUsage, sa.exc.IntegrityError):
        return "failed"
    finally:
        world.ledger.fails = False
    assert is_allowed and not failure
    return "done"


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(CHANGES | MOVES | GROUPS, min_size=1, max_size=8))
def test_state_and_ledger_agree_after_any_failures(world: Kernel, shelves, steps: list[tuple]) -> None:
    for step in steps:
        before = len(shelves.told(world)[2])
        outcome = attempt(shelves, world, step)
        records = shelves.assert_agree(world)[before:]
        if outcome == "failed":
            assert records == []
        if outcome == "refused":
            assert [record["outcome"] for record in records] == ["refused"]
        if outcome == "done" and step[0] == "move":
            assert [record["action"] for record in records] == ["shelf.change", "shelf.change", "shelf.move"]


def run_until_dead(kernel: Kernel, seed: int, kill_after_s: float | None) -> dict[str, int]:
    """Have a process change shelves until it dies by itself, or is killed; returns what it was promised."""
    command = [
        sys.executable,
        str(HERE / "shelves.py"),
        str(kernel.settings.home),
        kernel.settings.database_url,
        str(seed),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    lines = [process.stdout.readline()]
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        process.kill()
    lines += process.stdout.read().splitlines()
    process.stdout.close()
    assert process.wait(60) == (9 if kill_after_s is None else -9) or kill_after_s is not None
    return {name: int(amount) for name, amount in (line.split() for line in lines if line.strip())}


@pytest.mark.timeout(120)
def test_a_killed_process_leaves_whole_actions_and_everything_it_acknowledged(kernel: Kernel, shelves) -> None:
    shelves.METADATA.create_all(kernel.database.engine)
    chance = random.Random(7)
    promised: dict[str, int] = {}
    for seed in range(6):
        kill_after_s = None if seed % 2 else chance.uniform(0, 0.1)
        promised |= run_until_dead(kernel, seed, kill_after_s)
        shelves.assert_agree(kernel)
    assert len(promised) > 10
    kept, _ = shelves.kept(kernel)
    for name, amount in promised.items():
        was_moved = f"{name}-b" in promised
        may_be_moved = f"{name}-b" in kept  # done, but the process died before it could say so
        assert kept[name] == amount - 2 * (was_moved or may_be_moved)

import json
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from kerma.kernel import jobs
from kerma.kernel.action import ACTIONS, Kernel
from kerma.kernel.clock import SystemClock
from kerma.kernel.jobs_registry import JOBS
from kerma.kernel.ledger_tables import ledger_record

CHILD = Path(__file__).with_name("jobs_child.py")
COUNT = 60
KILLS = 3


@pytest.fixture
def child():
    before = dict(ACTIONS), dict(JOBS)
    sys.path.insert(0, str(CHILD.parent))
    import jobs_child

    yield jobs_child
    sys.path.remove(str(CHILD.parent))
    sys.modules.pop("jobs_child")
    for registry, kept in zip((ACTIONS, JOBS), before, strict=True):
        registry.clear()
        registry.update(kept)


def start(kernel: Kernel, worker_name: str = "main") -> subprocess.Popen[str]:
    command = [sys.executable, str(CHILD), str(kernel.settings.home), kernel.settings.database_url, worker_name]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "running\n"
    return process


@pytest.mark.timeout(180)
def test_every_job_has_its_effect_exactly_once_however_often_the_process_is_killed(kernel: Kernel, child) -> None:
    child.EFFECT.metadata.create_all(kernel.database.engine)
    things = [f"thing-{number}" for number in range(COUNT)]
    child.ask(kernel, child.WORKER, things=things)
    chance = random.Random(20260302)
    left_when_killed = []
    for _ in range(KILLS):
        process = start(kernel)
        time.sleep(chance.uniform(0.05, 0.9))
        process.kill()
        process.wait()
        process.stdout.close()
        with kernel.database.read() as connection:
            left_when_killed.append(COUNT - jobs.counts(connection).get("done", 0))
    process = start(kernel)
    assert process.stdout.readline() == "idle\n"
    assert process.wait(60) == 0
    process.stdout.close()

    assert left_when_killed[0] > 0, "the process was done before it was killed: the test tested nothing"
    with kernel.database.read() as connection:
        marks = list(connection.scalars(sa.select(child.EFFECT.c.thing)))
        recorded = [json.loads(body) for body in connection.scalars(sa.select(ledger_record.c.body))]
        assert jobs.counts(connection) == {"done": COUNT}
    assert sorted(marks) == sorted(things)
    told = Counter(record["details"]["thing"] for record in recorded if record["action"] == "crash.effect")
    assert told == Counter(things)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_another_worker_adopts_the_jobs_of_a_dead_one(kernel: Kernel, child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerma.kernel.jobs_runner.CHORES_S", 0.2)
    child.EFFECT.metadata.create_all(kernel.database.engine)
    child.ask_long(kernel, child.WORKER, thing="stuck", worker_that_hangs="first")
    process = start(kernel, "first")
    assert process.stdout.readline() == "hanging\n"
    second = replace(kernel, clock=SystemClock(), settings=replace(kernel.settings, worker_name="second"))
    runner = jobs.Runner(second)
    runner.start()
    try:
        assert not runner.wait_idle(1.5), "a living worker keeps its jobs"
        process.kill()
        process.wait()
        process.stdout.close()
        assert runner.wait_idle(60)
    finally:
        runner.stop()
    with kernel.database.read() as connection:
        assert list(connection.scalars(sa.select(child.EFFECT.c.thing))) == ["stuck"]

"""Standing jobs come back after every run, failure, kill and restart, and are never asked for twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from kerma.kernel import jobs
from kerma.kernel.action import Kernel
from kerma.kernel.clock import HeldClock, SystemClock, moment
from kerma.kernel.jobs_model import STANDING, job_request
from kerma.kernel.jobs_registry import JOBS
from kerma.kernel.jobs_standing import SETTLE_S, ask_for_standing

NAME, EVERY_S = "test.rounds", 3600.0


class Rounds:
    def __init__(self) -> None:
        self.runs = 0
        self.fails = False

    def __call__(self, kernel: Kernel) -> None:
        self.runs += 1
        if self.fails:
            raise RuntimeError("the lamp is out")


@pytest.fixture
def rounds() -> Iterator[Rounds]:
    before = dict(JOBS)
    JOBS.clear()
    made = Rounds()
    jobs.job(NAME, attempts=1, every_s=EVERY_S)(made)
    yield made
    JOBS.clear()
    JOBS.update(before)


def rows(kernel: Kernel) -> list[sa.RowMapping]:
    with kernel.database.read() as connection:
        return list(connection.execute(sa.select(job_request).order_by(job_request.c.id)).mappings())


def end(kernel: Kernel, state: str) -> None:
    now = kernel.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    with kernel.database.write() as connection:
        connection.execute(sa.update(job_request).values(state=state, finished_at=now))


def test_one_request_is_made_and_only_one(kernel: Kernel, rounds: Rounds) -> None:
    for _ in range(3):
        ask_for_standing(kernel.database, kernel.clock.now())
    (row,) = rows(kernel)
    assert (row["name"], row["key"], row["state"]) == (NAME, STANDING, "waiting")
    assert (moment(row["due_at"]) - kernel.clock.now()).total_seconds() == SETTLE_S


@pytest.mark.parametrize("state", ["done", "parked", "superseded"])
def test_the_next_is_due_a_period_after_the_last_ended_however_it_ended(
    kernel: Kernel, clock: HeldClock, rounds: Rounds, state: str
) -> None:
    ask_for_standing(kernel.database, clock.now())
    end(kernel, state)
    clock.advance(600)
    ask_for_standing(kernel.database, clock.now())
    assert (moment(rows(kernel)[-1]["due_at"]) - clock.now()).total_seconds() == EVERY_S - 600


def test_what_should_have_run_while_everything_was_off_is_due_at_once(
    kernel: Kernel, clock: HeldClock, rounds: Rounds
) -> None:
    ask_for_standing(kernel.database, clock.now())
    end(kernel, "done")
    clock.advance(30 * EVERY_S)
    ask_for_standing(kernel.database, clock.now())
    assert len(rows(kernel)) == 2
    assert moment(rows(kernel)[-1]["due_at"]) == clock.now()


def test_one_that_runs_or_was_killed_while_running_is_not_asked_for_again(kernel: Kernel, rounds: Rounds) -> None:
    ask_for_standing(kernel.database, kernel.clock.now())
    with kernel.database.write() as connection:
        connection.execute(sa.update(job_request).values(state="running", workflow_id="w", attempts=1))
    ask_for_standing(kernel.database, kernel.clock.now())
    assert len(rows(kernel)) == 1


def test_a_runner_runs_it_and_asks_for_the_next_also_after_a_failure(
    kernel: Kernel, rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kerma.kernel.jobs_standing.SETTLE_S", 0.01)
    monkeypatch.setattr("kerma.kernel.jobs_runner.CHORES_S", 0.05)
    JOBS[NAME] = replace(JOBS[NAME], every_s=0.1)
    rounds.fails = True
    runner = jobs.Runner(replace(kernel, clock=SystemClock()), standing=True)
    runner.start()
    try:
        for _ in range(3000):
            if rounds.runs >= 2:
                break
            runner._ends.wait(0.02)
    finally:
        runner.stop()
    assert rounds.runs >= 2
    assert {row["state"] for row in rows(kernel)} >= {"parked"}


def test_a_job_that_rests_is_nothing_to_wait_for(kernel: Kernel, rounds: Rounds) -> None:
    live = replace(kernel, clock=SystemClock())
    ask_for_standing(live.database, live.clock.now())
    runner = jobs.Runner(live)
    assert runner.wait_idle(0.1)
    with live.database.read() as connection:
        assert jobs.open_count(connection) == 0

import statistics
import threading
import time
from dataclasses import replace

import pytest
import sqlalchemy as sa

from kerma.errors import NotFound
from kerma.kernel import jobs
from kerma.kernel.action import ACTIONS, Actor, Kernel, action
from kerma.kernel.clock import SystemClock
from kerma.kernel.jobs_model import job_request
from kerma.kernel.jobs_registry import JOBS

pytestmark = pytest.mark.timeout(120)


class Work:
    """A job that notes each call, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, float]] = []
        self.fails = 0
        self.lasts_s = 0.0
        self.most_at_once: dict[str, int] = {}
        self._now: dict[str, int] = {}
        self._turn = threading.Lock()

    def __call__(self, kernel: Kernel, *, thing: str, number: int = 0) -> None:
        with self._turn:
            self.calls.append((thing, number, time.perf_counter()))
            self._now[thing] = self._now.get(thing, 0) + 1
            self.most_at_once[thing] = max(self.most_at_once.get(thing, 0), self._now[thing])
            fails = self.fails > 0
            self.fails -= fails
        time.sleep(self.lasts_s)
        with self._turn:
            self._now[thing] -= 1
        if fails:
            raise RuntimeError("the lamp is out")


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch):
    before = dict(ACTIONS), dict(JOBS)
    work = Work()
    jobs.job("test.work", attempts=3)(work)

    @action("test.ask")
    def ask(act, *, thing: str, number: int = 0, quiet_s: float = 0.0, fails: bool = False) -> None:
        """Ask for the job."""
        jobs.request(act, "test.work", thing, {"thing": thing, "number": number}, quiet_s)
        if fails:
            raise RuntimeError

    monkeypatch.setattr("kerma.kernel.jobs_registry.FIRST_WAIT_S", 0.05)
    work.ask = ask
    yield work
    for registry, kept in zip((ACTIONS, JOBS), before, strict=True):
        registry.clear()
        registry.update(kept)


@pytest.fixture
def live(kernel: Kernel) -> Kernel:
    return replace(kernel, clock=SystemClock())


@pytest.fixture
def runner(live: Kernel, work: Work):
    runner = jobs.Runner(live)
    runner.start()
    yield runner
    runner.stop()


def rows(kernel: Kernel) -> list[tuple[str, int]]:
    with kernel.database.read() as connection:
        query = sa.select(job_request.c.state, job_request.c.attempts).order_by(job_request.c.id)
        return [tuple(row) for row in connection.execute(query)]


def test_a_requested_job_is_done_once_soon_and_a_failed_action_requests_none(
    live: Kernel, actor: Actor, work: Work, runner: jobs.Runner
) -> None:
    assert runner.is_active
    assert runner.wait_idle(5)
    with pytest.raises(RuntimeError):
        work.ask(live, actor, thing="never", fails=True)
    work.ask(live, actor, thing="first")
    assert runner.wait_idle(10)
    latencies_s = []
    for number in range(8):
        asked = time.perf_counter()
        work.ask(live, actor, thing=f"t{number}", number=number)
        assert runner.wait_idle(10)
        latencies_s.append(work.calls[-1][2] - asked)
    assert [call[0] for call in work.calls] == ["first", *(f"t{number}" for number in range(8))]
    print(f"request to start, p50 {statistics.median(latencies_s) * 1000:.0f} ms, max {max(latencies_s) * 1000:.0f} ms")
    assert statistics.median(latencies_s) < 0.5


def test_requests_for_the_same_are_gathered_while_they_wait_and_never_run_side_by_side(
    live: Kernel, actor: Actor, work: Work, runner: jobs.Runner
) -> None:
    work.lasts_s = 0.2
    for number in range(5):
        work.ask(live, actor, thing="exam", number=number, quiet_s=0.3)
    time.sleep(0.15)
    assert work.calls == []
    until = time.monotonic() + 5
    while not work.calls and time.monotonic() < until:
        time.sleep(0.01)
    work.ask(live, actor, thing="exam", number=5)
    work.ask(live, actor, thing="exam", number=6)
    assert runner.wait_idle(10)
    assert [number for _, number, _ in work.calls] == [4, 6]
    assert work.most_at_once == {"exam": 1}


def test_a_failing_job_is_tried_again_and_then_parked_where_everybody_sees_it(
    live: Kernel, actor: Actor, work: Work, runner: jobs.Runner
) -> None:
    work.fails = 2
    work.ask(live, actor, thing="shaky")
    assert runner.wait_idle(20)
    assert rows(live) == [("done", 3)]
    work.fails = 99
    work.ask(live, actor, thing="broken")
    assert runner.wait_idle(20)
    with live.database.read() as connection:
        parked = jobs.parked(connection)
        assert jobs.counts(connection) == {"done": 1, "parked": 1}
        told = jobs.trouble(connection, parked[0]["name"], "broken")
        assert jobs.trouble(connection, parked[0]["name"], "shaky") == ""
    assert "given up after 3 attempts: RuntimeError: the lamp is out" in told
    assert told.endswith(f"kerma jobs retry {parked[0]['id']}")
    assert [(row["key"], row["attempts"], row["error"]) for row in parked] == [
        ("broken", 3, "RuntimeError: the lamp is out")
    ]
    work.fails = 0
    jobs.retry(live, actor, request_id=parked[0]["id"])
    assert runner.wait_idle(10)
    assert work.calls[-1][0] == "broken"
    with live.database.read() as connection:
        assert jobs.trouble(connection, parked[0]["name"], "broken") == ""
    with pytest.raises(NotFound):
        jobs.retry(live, actor, request_id=parked[0]["id"])


def test_the_second_runner_stands_by_and_takes_over(
    live: Kernel, actor: Actor, work: Work, runner: jobs.Runner
) -> None:
    second = jobs.Runner(live)
    second.start()
    try:
        assert (runner.is_active, second.is_active) == (True, False)
        runner.stop()
        work.ask(live, actor, thing="late")
        assert second.wait_idle(15)
        assert second.is_active
        assert [call[0] for call in work.calls] == ["late"]
    finally:
        second.stop()


def test_what_the_engine_lost_is_handed_over_again(live: Kernel, actor: Actor, work: Work) -> None:
    """A crash between the row and the engine, or a lost engine database, leaves a handed row nobody works on."""
    work.ask(live, actor, thing="lost")
    with live.database.write() as connection:
        connection.execute(job_request.update().values(state="handed", workflow_id="gone"))
    runner = jobs.Runner(live)
    runner.start()
    try:
        assert runner.wait_idle(15)
    finally:
        runner.stop()
    assert [call[0] for call in work.calls] == ["lost"]


def test_a_job_that_keeps_killing_the_process_is_parked(live: Kernel, actor: Actor, work: Work) -> None:
    work.ask(live, actor, thing="deadly")
    with live.database.write() as connection:
        connection.execute(job_request.update().values(state="running", workflow_id="dead", attempts=3))
    runner = jobs.Runner(live)
    runner.start()
    try:
        assert runner.wait_idle(15)
    finally:
        runner.stop()
    assert work.calls == []
    with live.database.read() as connection:
        assert "died 3 times" in jobs.parked(connection)[0]["error"]


def test_unknown_jobs_are_refused_when_asked_for(kernel: Kernel, actor: Actor, work: Work) -> None:
    @action("test.wrong")
    def wrong(act) -> None:
        """Ask for a job that does not exist."""
        jobs.request(act, "test.nothing", "1", {})

    with pytest.raises(NotFound, match=r"test\.work"):
        wrong(kernel, actor)
    assert rows(kernel) == []

import statistics
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from kerma.errors import NotFound
from kerma.kernel import jobs, jobs_runner
from kerma.kernel.action import ACTIONS, Actor, Kernel, action
from kerma.kernel.clock import HeldClock, SystemClock
from kerma.kernel.jobs_model import job_request
from kerma.kernel.jobs_registry import JOBS

pytestmark = pytest.mark.timeout(120)


class Work:
    """A job that notes each call, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, float]] = []
        self.fails = 0
        self.goes_on = threading.Event()
        self.goes_on.set()
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
        self.goes_on.wait(60)
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

    jobs.job("test.tell", lane=jobs.PROMPT)(lambda kernel, *, thing: work.told.append(thing))

    @action("test.tell")
    def tell(act, *, thing: str) -> None:
        """Ask for the job that somebody waits for."""
        jobs.request(act, "test.tell", thing, {"thing": thing})

    monkeypatch.setattr("kerma.kernel.jobs_registry.FIRST_WAIT_S", 0.05)
    work.ask, work.tell, work.told = ask, tell, []
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
    assert runner.wait_idle(60)
    with pytest.raises(RuntimeError):
        work.ask(live, actor, thing="never", fails=True)
    work.ask(live, actor, thing="first")
    assert runner.wait_idle(60)
    latencies_s = []
    for number in range(8):
        asked = time.perf_counter()
        work.ask(live, actor, thing=f"t{number}", number=number)
        assert runner.wait_idle(60)
        latencies_s.append(work.calls[-1][2] - asked)
    assert [call[0] for call in work.calls] == ["first", *(f"t{number}" for number in range(8))]
    print(f"request to start, p50 {statistics.median(latencies_s) * 1000:.0f} ms, max {max(latencies_s) * 1000:.0f} ms")
    assert statistics.median(latencies_s) < 5, "it is not left for the chores, or for a later start"


def test_requests_for_the_same_are_gathered_while_they_wait_and_never_run_side_by_side(
    kernel: Kernel, clock: HeldClock, actor: Actor, work: Work
) -> None:
    """The clock is held, and the first job until the next are asked for: how fast this machine is plays no part."""
    work.goes_on.clear()
    runner = jobs.Runner(kernel)
    runner.start()
    try:
        for number in range(5):
            work.ask(kernel, actor, thing="exam", number=number, quiet_s=0.3)
        time.sleep(0.15)
        assert work.calls == []
        clock.advance(60)
        until = time.monotonic() + 60
        while not work.calls and time.monotonic() < until:
            time.sleep(0.01)
        work.ask(kernel, actor, thing="exam", number=5)
        work.ask(kernel, actor, thing="exam", number=6)
        work.goes_on.set()
        assert runner.wait_idle(60)
    finally:
        work.goes_on.set()
        runner.stop()
    assert [number for _, number, _ in work.calls] == [4, 6]
    assert work.most_at_once == {"exam": 1}


def test_a_failing_job_is_tried_again_and_then_parked_where_everybody_sees_it(
    live: Kernel, actor: Actor, work: Work, runner: jobs.Runner
) -> None:
    work.fails = 2
    work.ask(live, actor, thing="shaky")
    assert runner.wait_idle(60)
    assert rows(live) == [("done", 3)]
    work.fails = 99
    work.ask(live, actor, thing="broken")
    assert runner.wait_idle(60)
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
    assert runner.wait_idle(60)
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
        assert second.wait_idle(60)
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
        assert runner.wait_idle(60)
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
        assert runner.wait_idle(60)
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


def test_what_others_wait_for_does_not_wait_behind_analyses(
    live: Kernel, actor: Actor, work: Work, runner: jobs.Runner
) -> None:
    work.goes_on.clear()
    try:
        for number in range(live.settings.job_threads + 3):
            work.ask(live, actor, thing=f"exam {number}")
        until = time.monotonic() + 30
        while len(work.calls) < live.settings.job_threads and time.monotonic() < until:
            time.sleep(0.01)
        work.tell(live, actor, thing="the node")
        while not work.told and time.monotonic() < until:
            time.sleep(0.01)
        assert work.told == ["the node"]
        assert len(work.calls) == live.settings.job_threads, "no more than these compute at the same time"
    finally:
        work.goes_on.set()
    assert runner.wait_idle(30)


def test_jobs_give_way_to_a_flood_of_arrivals_on_one_machine_but_not_for_ever(
    kernel: Kernel, clock: HeldClock, actor: Actor, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both clocks are moved by hand, and the runner looks when told: how fast this machine is plays no part."""
    held = SimpleNamespace(monotonic=lambda: clock.now().timestamp(), sleep=time.sleep)
    monkeypatch.setattr(jobs_runner, "time", held)
    runner = jobs.Runner(kernel)

    def second(records: int) -> None:
        """One second with so many arrivals, each a record of the ledger; at its end the runner looks."""
        for _ in range(records):
            work.ask(kernel, actor, thing="arrival", quiet_s=3600.0)
        clock.advance(1.0)
        runner._look()

    def is_begun(thing: str) -> bool:
        query = sa.select(job_request.c.state).where(job_request.c.key == thing)
        with kernel.database.read() as connection:
            return connection.scalar(query) != "waiting"

    flood, seconds = int(jobs_runner.FLOOD_PER_S) + 2, 0
    assert runner._try_to_lead()
    try:
        for _ in range(2):
            second(flood)
        assert runner._is_flood == kernel.database.is_sqlite
        work.ask(kernel, actor, thing="analysis")
        work.tell(kernel, actor, thing="answer")
        second(flood)
        assert is_begun("answer"), "somebody waits for it: it gives way to nobody"
        seconds += 1
        while not is_begun("analysis") and seconds < 100:
            second(flood)
            seconds += 1
        gives_way = int(jobs_runner.GIVES_WAY_S) if kernel.database.is_sqlite else 1
        assert seconds == gives_way, "on one machine it gives way, and is done although the flood lasts"
        work.ask(kernel, actor, thing="report")
        second(flood)
        assert is_begun("report") == (not kernel.database.is_sqlite)
        second(0)
        assert is_begun("report"), "the flood is over"
        until = time.perf_counter() + 30
        while len(work.calls) < 2 and time.perf_counter() < until:
            time.sleep(0.01)
    finally:
        runner.stop()
    assert sorted(thing for thing, _, _ in work.calls) == ["analysis", "report"]

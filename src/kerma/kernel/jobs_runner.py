"""Runs requested jobs: takes due rows from the outbox, hands them to the engine, notes how they ended.

One runner at a time works under a worker name; another process with the same name stands by and takes over when the
first one dies. On PostgreSQL several workers with names of their own share the work, and adopt that of a dead one.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from kerma.kernel import clock as clocks
from kerma.kernel import jobs_engine as engine
from kerma.kernel.action import Kernel
from kerma.kernel.jobs_model import DONE, HANDED, PARKED, RUNNING, SUPERSEDED, WAITING, job_request
from kerma.kernel.jobs_registry import JOBS, lane_of, listen, prompt_names
from kerma.kernel.jobs_standing import ask_for_standing, is_pending
from kerma.kernel.ledger_tables import ledger_head
from kerma.kernel.worker_lock import WorkerLock

log = logging.getLogger(__name__)

POLL_S = 0.1
STANDBY_S = 1.0
CHORES_S = 10.0
KEPT_S = 7 * 86_400.0
"""How long finished jobs stay visible."""
BATCH = 100
FLOOD_PER_S = 10.0
"""So many records a second are a flood of arrivals: where one machine does all, jobs give way to it, since somebody
waits at the X-ray machine. Where workers share a database it is their work that lets arrivals flow."""
FLOOD_LOOKED_AT_S = 0.5
GIVES_WAY_S = 30.0
"""The longest that a job gives way: a flood that does not end must not keep exams from being analysed."""
LONGEST_ERROR = 2000

_Row = sa.RowMapping


class Runner:
    """Runs the jobs of one kernel in this process, from :meth:`start` to :meth:`stop`.

    ``standing`` says whether it also asks for the standing jobs, as servers and workers do.
    """

    def __init__(self, kernel: Kernel, *, standing: bool = False) -> None:
        self.kernel = kernel
        self._asks_for_standing = standing
        self._lock = WorkerLock(kernel.database, kernel.settings.home, kernel.settings.worker_name)
        self._ends = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._running = 0
        self._turn = threading.Lock()
        self._chores_due_s = 0.0
        self._seen = (time.monotonic(), 0)
        self._is_flood = False
        self.is_active = False
        """Whether this process has the jobs; otherwise it stands by for the one that has."""

    def start(self) -> None:
        """Begin to run jobs, or to stand by while another process with the same worker name runs them."""
        self._ends.clear()
        listen(self._wake)
        self._try_to_lead()
        self._thread = threading.Thread(target=self._loop, name="kerma-jobs", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Take no more jobs and wait for those under way; what is not done by then is taken up at the next start."""
        self._ends.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        until = time.monotonic() + timeout_s
        while self._running and time.monotonic() < until:
            time.sleep(0.01)
        self._stand_down()

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until no job has anything left to come; returns whether that was reached in time."""
        until = time.monotonic() + timeout_s
        while True:
            query = sa.select(sa.func.count()).where(is_pending(self.kernel.clock.now()))
            with self.kernel.database.read() as connection:
                if not connection.scalar(query):
                    return True
            if time.monotonic() >= until:
                return False
            time.sleep(0.02)

    def _loop(self) -> None:
        while not self._ends.is_set():
            try:
                if self.is_active and not self._lock.is_held():
                    log.error("lost the database connection that holds this worker's name; standing down")
                    self._stand_down()
                if self.is_active or self._try_to_lead():
                    self._look()
            except Exception:
                log.exception("the runner of jobs failed; it tries again in %.0f s", STANDBY_S)
                self._ends.wait(STANDBY_S)
            self._wake.wait(POLL_S if self.is_active else STANDBY_S)
            self._wake.clear()

    def _look(self) -> None:
        if time.monotonic() >= self._chores_due_s:
            self._chores_due_s = time.monotonic() + CHORES_S
            self._take_up_what_was_lost()
            self._adopt_from_the_dead()
            self._forget_old()
            if self._asks_for_standing:
                ask_for_standing(self.kernel.database, self.kernel.clock.now())
        self._hand_over()

    def _try_to_lead(self) -> bool:
        if not self._lock.acquire():
            return False
        try:
            engine.start(self.kernel.settings, self.kernel.database, self._run)
        except BaseException:
            self._lock.release()
            raise
        self._chores_due_s = 0.0
        self.is_active = True
        return True

    def _stand_down(self) -> None:
        if self.is_active:
            self.is_active = False
            engine.stop()
        self._lock.release()

    def _hand_over(self) -> None:
        """Give due requests to the engine. The row says so first: what a crash in between loses is found again."""
        with self.kernel.database.read() as connection:
            self._look_for_flood(connection)
            if connection.execute(self._due().limit(1)).first() is None:
                return
        with self.kernel.database.write() as connection:
            rows = connection.execute(self._due().limit(BATCH).with_for_update(skip_locked=True)).mappings().all()
            handed = {row["id"]: f"{row['name']}:{row['key']}:{row['id']}:{uuid.uuid4().hex[:8]}" for row in rows}
            for request_id, workflow_id in handed.items():
                connection.execute(_row(request_id).values(state=HANDED, workflow_id=workflow_id))
        for row in rows:
            engine.enqueue(row["id"], handed[row["id"]], lane_of(row["name"]))

    def _look_for_flood(self, connection: sa.Connection) -> None:
        """See how fast the ledger grows, now and then: whichever door the arrivals come through."""
        now_s, (seen_s, seen) = time.monotonic(), self._seen
        if not self.kernel.database.is_sqlite or now_s - seen_s < FLOOD_LOOKED_AT_S:
            return
        size = connection.scalar(sa.select(ledger_head.c.size)) or 0
        self._is_flood = seen > 0 and (size - seen) / (now_s - seen_s) > FLOOD_PER_S
        self._seen = (now_s, size)

    def _due(self) -> sa.Select[Any]:
        """What is due and not under way already for the same name and key."""
        ahead = job_request.alias("ahead")
        under_way = sa.exists().where(
            ahead.c.name == job_request.c.name, ahead.c.key == job_request.c.key, ahead.c.state.in_((HANDED, RUNNING))
        )
        now = self.kernel.clock.now()
        is_due = job_request.c.due_at <= clocks.text(now)
        if self._is_flood:
            gave_way = job_request.c.due_at <= clocks.text(now - timedelta(seconds=GIVES_WAY_S))
            is_due = sa.and_(is_due, sa.or_(gave_way, job_request.c.name.in_(prompt_names())))
        return (
            sa.select(job_request.c.id, job_request.c.name, job_request.c.key)
            .where(job_request.c.state == WAITING, is_due, ~under_way)
            .order_by(job_request.c.due_at, job_request.c.id)
        )

    def _run(self, request_id: int, workflow_id: str) -> None:
        """Run one request in a thread of the engine."""
        with self._turn:
            self._running += 1
        try:
            row = self._begin(request_id, workflow_id)
            if row is not None:
                self._finish(row, self._error_of(row))
        finally:
            with self._turn:
                self._running -= 1
            self._wake.set()

    def _begin(self, request_id: int, workflow_id: str) -> _Row | None:
        """Count the attempt before it is made: a job that kills the process must not do so for ever."""
        with self.kernel.database.write() as connection:
            query = job_request.select().where(
                job_request.c.id == request_id,
                job_request.c.workflow_id == workflow_id,
                job_request.c.state.in_((HANDED, RUNNING)),
            )
            row = connection.execute(query.with_for_update()).mappings().one_or_none()
            if row is None:
                return None  # done before, and run again because the process died before the engine knew
            job = JOBS.get(row["name"])
            if job is not None and row["attempts"] >= job.attempts:
                error = f"the process died {row['attempts']} times while it did this"
                connection.execute(self._ended(row, PARKED, error))
                return None
            now = clocks.text(self.kernel.clock.now())
            connection.execute(
                _row(request_id).values(state=RUNNING, attempts=row["attempts"] + 1, started_at=now, error=None)
            )
        return row

    def _error_of(self, row: _Row) -> str | None:
        """Do the job; returns what went wrong, or None."""
        job = JOBS.get(row["name"])
        if job is None:
            return f"this version of Kerma has no job {row['name']!r}"
        try:
            job.function(self.kernel, **row["arguments"])
        except Exception as error:
            log.exception("job %s %s failed, attempt %d", row["name"], row["key"], row["attempts"] + 1)
            return f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
        return None

    def _finish(self, row: _Row, error: str | None) -> None:
        failures = row["attempts"] + 1
        job = JOBS.get(row["name"])
        with self.kernel.database.write() as connection:
            if error is None:
                connection.execute(self._ended(row, DONE, None))
            elif job is None or failures >= job.attempts:
                connection.execute(self._ended(row, PARKED, error))
            else:
                self._put_back(connection, row, job.wait_s(failures), error)

    def _put_back(self, connection: sa.Connection, row: _Row, wait_s: float, error: str) -> None:
        """Have it tried again later, unless a newer request for the same waits anyway."""
        newer = sa.select(job_request.c.id).where(
            job_request.c.name == row["name"], job_request.c.key == row["key"], job_request.c.state == WAITING
        )
        if connection.execute(newer).first() is not None:
            connection.execute(self._ended(row, SUPERSEDED, error))
            return
        due = self.kernel.clock.now() + timedelta(seconds=wait_s)
        connection.execute(_row(row["id"]).values(state=WAITING, due_at=clocks.text(due), error=error))

    def _ended(self, row: _Row, state: str, error: str | None) -> sa.Update:
        now = clocks.text(self.kernel.clock.now())
        return _row(row["id"]).values(state=state, finished_at=now, error=error)

    def _take_up_what_was_lost(self) -> None:
        """Hand over again what the engine never got, and what it ended without the row knowing."""
        columns = (job_request.c.id, job_request.c.workflow_id, job_request.c.name)
        query = sa.select(*columns).where(job_request.c.state.in_((HANDED, RUNNING)))
        with self.kernel.database.read() as connection:
            rows = connection.execute(query).all()
        known = engine.statuses([row.workflow_id for row in rows])
        for row in rows:
            status = known.get(row.workflow_id)
            if status is None:
                engine.enqueue(row.id, row.workflow_id, lane_of(row.name))
            elif status in engine.ENDED:
                self._reopen(row.id, row.workflow_id)

    def _reopen(self, request_id: int, workflow_id: str) -> None:
        with self.kernel.database.write() as connection:
            query = job_request.select().where(
                job_request.c.id == request_id,
                job_request.c.workflow_id == workflow_id,
                job_request.c.state.in_((HANDED, RUNNING)),
            )
            row = connection.execute(query.with_for_update()).mappings().one_or_none()
            if row is not None:
                error = "the engine ended it, its row did not say so"
                log.warning("job %s is run again: %s", workflow_id, error)
                self._put_back(connection, row, 0.0, error)

    def _adopt_from_the_dead(self) -> None:
        if self.kernel.database.is_sqlite:
            return
        for name in engine.other_workers(self.kernel.settings.worker_name):
            lock = WorkerLock(self.kernel.database, self.kernel.settings.home, name)
            if lock.acquire():
                try:
                    log.warning("worker %s is gone; its jobs go on here", name)
                    engine.adopt(name)
                finally:
                    lock.release()

    def _forget_old(self) -> None:
        before = self.kernel.clock.now() - timedelta(seconds=KEPT_S)
        old = job_request.c.finished_at < clocks.text(before), job_request.c.state.in_((DONE, SUPERSEDED))
        with self.kernel.database.read() as connection:
            if connection.execute(sa.select(job_request.c.id).where(*old).limit(1)).first() is None:
                return
        with self.kernel.database.write() as connection:
            connection.execute(job_request.delete().where(*old))
        engine.forget(before)


def _row(request_id: int) -> sa.Update:
    return job_request.update().where(job_request.c.id == request_id)

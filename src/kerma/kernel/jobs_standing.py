"""Standing jobs: asked for again and again, whatever became of the last run.

::

    @job("archive.scrub", every_s=86_400)
    def scrub(kernel: Kernel) -> None: ...

There is one rule: while no request for a standing job is open, one is made, due ``every_s`` after the last one ended.
So it is asked for at the first start, after each run, after it was given up, and after a kill, and never twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from kerma.kernel import clock as clocks
from kerma.kernel.database import Database
from kerma.kernel.jobs_model import OPEN, STANDING, WAITING, job_request
from kerma.kernel.jobs_registry import JOBS, Job

SETTLE_S = 60.0
"""The first run waits this long: a server that starts has other things to do."""


def ask_for_standing(database: Database, now: datetime) -> None:
    """Make a request for every standing job that has none open."""
    standing = [job for job in JOBS.values() if job.every_s is not None]
    with database.read() as connection:
        lacking = [job for job in standing if not _is_open(connection, job)]
    if not lacking:
        return
    with database.write() as connection:
        for job in lacking:
            if not _is_open(connection, job):
                _ask(connection, job, now)


def is_pending(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition for an open request, leaving out standing jobs whose time has not come."""
    rests = sa.and_(
        job_request.c.key == STANDING, job_request.c.state == WAITING, job_request.c.due_at > clocks.text(now)
    )
    return sa.and_(job_request.c.state.in_(OPEN), sa.not_(rests))


def _is_open(connection: sa.Connection, job: Job) -> bool:
    query = sa.select(job_request.c.id).where(
        job_request.c.name == job.name, job_request.c.key == STANDING, job_request.c.state.in_(OPEN)
    )
    return connection.execute(query.limit(1)).first() is not None


def _ask(connection: sa.Connection, job: Job, now: datetime) -> None:
    every_s = job.every_s or 0.0
    ended = connection.scalar(
        sa.select(sa.func.max(job_request.c.finished_at)).where(
            job_request.c.name == job.name, job_request.c.key == STANDING
        )
    )
    if ended is None:
        due = now + timedelta(seconds=min(every_s, SETTLE_S))
    else:
        due = max(now, clocks.moment(ended) + timedelta(seconds=every_s))
    connection.execute(
        sa.insert(job_request).values(
            name=job.name,
            key=STANDING,
            arguments={},
            state=WAITING,
            requested_at=clocks.text(now),
            due_at=clocks.text(due),
            attempts=0,
        )
    )

"""Durable jobs: work that an action asks for, and that is done even if the machine loses power in between.

::

    @job("review.analyse")
    def analyse(kernel: Kernel, *, exam_pk: int) -> None: ...          # idempotent

    jobs.request(act, "review.analyse", key=str(exam_pk), arguments={"exam_pk": exam_pk}, quiet_s=0.25)

The request is a row written in the action's own transaction: no change without its job, no job without its change. A
:class:`Runner` hands due rows to the workflow engine (DBOS). See ``docs/decisions/0003-jobs-outbox.md``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from kerma.errors import NotFound
from kerma.kernel import clock as clocks
from kerma.kernel.action import Act, action
from kerma.kernel.jobs_model import DONE, HANDED, PARKED, RUNNING, WAITING, job_request
from kerma.kernel.jobs_registry import JOBS, PROMPT, Job, job, wake
from kerma.kernel.jobs_runner import Runner
from kerma.kernel.jobs_standing import is_pending
from kerma.kernel.prepared import Prepared

__all__ = ["JOBS", "PROMPT", "Job", "Runner", "counts", "job", "parked", "request", "retry", "trouble"]

MOST_QUIET_S = 10.0
"""However often a job is asked for again, it is not put off for longer than this."""

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def request(act: Act, name: str, key: str, arguments: Mapping[str, Any], quiet_s: float = 0.0) -> None:
    """Ask for a job about the thing ``key`` names, once nothing has asked for the same for ``quiet_s`` seconds.

    While a request for the same name and key still waits, it is put off and takes the new arguments; once it has been
    handed over, a new one waits until that one is done.

    Raises
    ------
    NotFound
        No job of this name is declared.
    """
    if name not in JOBS:
        raise NotFound(f"there is no job {name!r}; the jobs are {', '.join(sorted(JOBS))}")
    values = {
        "name": name,
        "key": key,
        "arguments": dict(arguments),
        "state": WAITING,
        "requested_at": act.at_text,
        "due_at": clocks.text(act.at + timedelta(seconds=quiet_s)),
        "attempts": 0,
    }
    latest = clocks.text(act.at + timedelta(seconds=quiet_s - MOST_QUIET_S))
    _upsert(act.connection.dialect.name).run(act.connection, values | {"latest": latest})
    act.after_commit(wake)


@functools.cache
def _upsert(dialect: str) -> Prepared:
    """Return the statement of :func:`request`, built once: building it takes longer than running it."""
    columns = ("name", "key", "arguments", "state", "requested_at", "due_at", "attempts")
    insert = _INSERT[dialect](job_request).values({column: sa.bindparam(column) for column in columns})
    may_wait = job_request.c.requested_at > sa.bindparam("latest", type_=job_request.c.requested_at.type)
    put_off = sa.case((may_wait, insert.excluded.due_at), else_=job_request.c.due_at)
    statement: sa.Insert = insert.on_conflict_do_update(
        index_elements=[job_request.c.name, job_request.c.key],
        index_where=sa.text("state = 'waiting'"),
        set_={"due_at": put_off, "arguments": insert.excluded.arguments, "attempts": 0},
    )
    return Prepared(statement)


def counts(connection: sa.Connection) -> dict[str, int]:
    """Return how many jobs are in each state."""
    query = sa.select(job_request.c.state, sa.func.count().label("number")).group_by(job_request.c.state)
    return {row.state: row.number for row in connection.execute(query)}


def progress(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return, for each kind of job, how many wait, run, are done or were given up, by name."""
    query = (
        sa.select(job_request.c.name, job_request.c.state, sa.func.count().label("number"))
        .group_by(job_request.c.name, job_request.c.state)
        .order_by(job_request.c.name)
    )
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(query):
        one = found.setdefault(row.name, {"name": row.name, "waiting": 0, "running": 0, "done": 0, "given_up": 0})
        for column, states in _SHOWN_STATES.items():
            one[column] += row.number if row.state in states else 0
    return list(found.values())


_SHOWN_STATES = {"waiting": (WAITING, HANDED), "running": (RUNNING,), "done": (DONE,), "given_up": (PARKED,)}


def open_count(connection: sa.Connection) -> int:
    """Return how many jobs still have something to come now; standing jobs rest until their time."""
    query = sa.select(sa.func.count()).where(is_pending(datetime.now(UTC)))
    return connection.scalar(query) or 0


def parked(connection: sa.Connection, limit: int = 100) -> list[dict[str, Any]]:
    """Return the jobs that were given up, newest first, each with its last error."""
    columns = ("id", "name", "key", "requested_at", "finished_at", "attempts", "error")
    query = (
        sa.select(*(job_request.c[column] for column in columns))
        .where(job_request.c.state == PARKED)
        .order_by(job_request.c.id.desc())
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def trouble(connection: sa.Connection, name: str, key: str) -> str:
    """Return in words why the newest request for a thing has not been done; empty while nothing went wrong."""
    row = _NEWEST.first(connection, {"job": name, "of": key})
    if row is None or not row["error"] or row["state"] not in (WAITING, PARKED):
        return ""
    if row["state"] == WAITING:
        return f"it failed and is tried again: {row['error']}"
    return (
        f"it was given up after {row['attempts']} attempts: {row['error']}. "
        f"An administrator can have it tried again: kerma jobs retry {row['id']}"
    )


_NEWEST = Prepared(
    sa.select(job_request.c.state, job_request.c.attempts, job_request.c.error, job_request.c.id)
    .where(job_request.c.name == sa.bindparam("job"), job_request.c.key == sa.bindparam("of"))
    .order_by(job_request.c.id.desc())
    .limit(1)
)


@action("jobs.retry")
def retry(act: Act, *, request_id: int) -> None:
    """Try a job again that was given up.

    Raises
    ------
    NotFound
        No job of this number was given up.
    """
    found = job_request.select().where(job_request.c.id == request_id, job_request.c.state == PARKED)
    row = act.connection.execute(found).mappings().one_or_none()
    if row is None:
        raise NotFound(f"no job {request_id} was given up")
    act.connection.execute(job_request.update().where(job_request.c.id == request_id).values(state=DONE))
    request(act, row["name"], row["key"], row["arguments"])
    act.record(request_id=request_id, job=row["name"])

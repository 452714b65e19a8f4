"""The table of requested jobs: an outbox, written in the transaction of the action that asks for the job."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.kernel.database import BigKey, metadata

WAITING, HANDED, RUNNING, DONE, PARKED, SUPERSEDED = "waiting", "handed", "running", "done", "parked", "superseded"
OPEN = (WAITING, HANDED, RUNNING)
"""States that still have something to come."""
STANDING = "standing"
"""The key of every request for a standing job: there is one of each name."""

Moment = sa.String(27)

job_request = sa.Table(
    "job_request",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("key", sa.String(128), nullable=False),
    sa.Column("arguments", sa.JSON, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("requested_at", Moment, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("started_at", Moment),
    sa.Column("finished_at", Moment),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    sa.Column("workflow_id", sa.String(255)),
    sa.Column("error", sa.Text),
    sa.CheckConstraint(
        "state IN ('waiting', 'handed', 'running', 'done', 'parked', 'superseded')",
        name="state",
    ),
    sa.Index("ix_job_request_open", "state", "due_at"),
    sa.Index(
        "uq_job_request_waiting",
        "name",
        "key",
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    ),
    sa.Index("ix_job_request_key", "name", "key", "state"),
)
"""``waiting`` for its due time, ``handed`` to the workflow engine, ``running``, then ``done``; ``parked`` after too
many failures, with the last error; ``superseded`` when it failed and a newer request for the same thing was waiting."""

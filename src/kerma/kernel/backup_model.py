"""The table of backups: when each was begun, how it ended, and what state of the ledger it holds."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from kerma.kernel import clock as clocks
from kerma.kernel.database import BigKey, metadata

RUNNING, DONE, FAILED = "running", "done", "failed"
SILENT_S = 120.0
"""A backup that has not given a sign of life for so long is dead, and no longer holds up removals."""

backup_run = sa.Table(
    "backup_run",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("begun_at", sa.String(27), nullable=False),
    sa.Column("alive_at", sa.String(27), nullable=False),
    sa.Column("ended_at", sa.String(27), nullable=False, server_default=""),
    sa.Column("ledger_size", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("blob_count", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("size_bytes", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("detail", sa.Text, nullable=False, server_default=""),
    sa.CheckConstraint("state IN ('running', 'done', 'failed')", name="state"),
    sqlite_autoincrement=True,
)


def is_backup_running(connection: sa.Connection, now: datetime) -> bool:
    """Return whether a backup is under way: bytes that its snapshot names must stay until it has copied them."""
    since = clocks.text(now - timedelta(seconds=SILENT_S))
    query = sa.select(backup_run.c.id).where(backup_run.c.state == RUNNING, backup_run.c.alive_at > since)
    return connection.execute(query.limit(1)).first() is not None

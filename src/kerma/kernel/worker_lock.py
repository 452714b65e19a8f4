"""One process at a time may run the jobs under one worker name; a dead process holds nothing.

On SQLite the lock is on a file in the home folder, on PostgreSQL an advisory lock of a connection. Both are let go by
the operating system or the database when the process dies, so no heartbeat is needed to see that a worker is gone.
"""

from __future__ import annotations

import fcntl
import zlib
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from kerma.kernel.database import Database

LOCK_SPACE = 0x6B65726D
"""The first half of the advisory lock's number; the second is made of the worker's name."""

KEEPALIVE = ("SET tcp_keepalives_idle = 10", "SET tcp_keepalives_interval = 5", "SET tcp_keepalives_count = 3")
"""The server notices within half a minute that the machine of a worker is gone."""


class WorkerLock:
    """The right to run jobs under a name."""

    def __init__(self, database: Database, home: Path, name: str) -> None:
        self._database = database
        self._path = home / f"worker-{zlib.crc32(name.encode()):08x}.lock"
        self._number = zlib.crc32(name.encode()) - 2**31
        self._file: IO[bytes] | None = None
        self._connection: sa.Connection | None = None

    def acquire(self) -> bool:
        """Take the lock if nobody holds it; returns whether it is ours."""
        if self.is_held():
            return True
        return self._acquire_file() if self._database.is_sqlite else self._acquire_connection()

    def is_held(self) -> bool:
        """Return whether the lock is (still) ours."""
        if self._database.is_sqlite:
            return self._file is not None
        if self._connection is None:
            return False
        try:
            self._connection.exec_driver_sql("SELECT 1")
        except sa.exc.DBAPIError:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
            return False
        return True

    def release(self) -> None:
        """Let go of the lock."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            self._connection.invalidate()  # the session ends, and the lock with it
            self._connection.close()
            self._connection = None

    def _acquire_file(self) -> bool:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def _acquire_connection(self) -> bool:
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        for statement in KEEPALIVE:
            connection.exec_driver_sql(statement)
        if connection.scalar(sa.select(sa.func.pg_try_advisory_lock(sa.cast(LOCK_SPACE, sa.Integer), self._number))):
            self._connection = connection
            return True
        connection.close()
        return False

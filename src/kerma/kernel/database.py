"""The database: SQLite in one folder, or PostgreSQL; the same tables and statements on both."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

# Whole, before any thread starts: while another thread is still loading it, `column.in_` breaks.
import sqlalchemy.orm
from sqlalchemy import event

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of every area; an area's ``model.py`` adds its own."""

BigKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A 64-bit key that counts up by itself on both databases, so keys follow arrival."""

BUSY_TIMEOUT_MS = 30_000
RESTED_S = 1.0
"""A connection that has not been used for so long is tried before it is: its server may have been started anew."""

POSTGRESQL_READING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True, "kerma_read": True}
"""SQLite in WAL reads one state anyway; PostgreSQL must be asked to, else each statement sees a newer one."""


class Database:
    """One database by its URL; hands out transactions.

    On SQLite there is one writer at a time: writers of this process queue on a lock, those of other processes on a
    lock of a file beside the database. SQLite's own way to wait is to sleep and look again, which would make the
    doors of one machine wait for each other far longer than their transactions take.
    """

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)
        self._writer = threading.Lock()
        self._turns: int | None = None
        self._reading: dict[str, Any] = {"kerma_read": True} if self.is_sqlite else POSTGRESQL_READING

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Open a transaction that may write; commits at the end, rolls back on any exception."""
        with self._turn(), self.engine.connect().execution_options(kerma_write=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def glance(self) -> Iterator[sa.Connection]:
        """Open a connection for one statement that reads: it sees one state by itself, and needs no transaction."""
        if self.is_sqlite:
            with self.read() as connection:
                yield connection
            return
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a transaction that sees one state, whatever others commit meanwhile, and that refuses to write."""
        with self.engine.connect().execution_options(**self._reading) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()
        if self._turns is not None:
            os.close(self._turns)
            self._turns = None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self.is_sqlite:
            yield
            return
        with self._writer, _locked(self._turn_file()):
            yield

    def _turn_file(self) -> int | None:
        """Return the file that writers of all processes queue on; None for a database in memory."""
        name = self.url.database
        if self._turns is None and name and name != ":memory:":
            self._turns = os.open(f"{name}.turn", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        return self._turns


@contextmanager
def _locked(file: int | None) -> Iterator[None]:
    """Hold a file's lock; the operating system lets go of it when the process dies."""
    if file is None:
        yield
        return
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _postgresql_engine(url: sa.URL) -> sa.Engine:
    driver = url.set(drivername="postgresql+psycopg")
    engine = sa.create_engine(driver, pool_size=8, max_overflow=16)

    # As pool_pre_ping, which asks each time: three round trips for every transaction of a busy server.
    @event.listens_for(engine, "checkin")
    def _rest(_: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _try(connection: Any, record: Any, _: Any) -> None:
        since = record.info.get("rests_since")
        if since is not None and time.monotonic() - since > RESTED_S and not _answers(engine, connection):
            raise sa.exc.DisconnectionError  # the pool makes a new one

    return engine


def _answers(engine: sa.Engine, connection: Any) -> bool:
    try:
        return bool(engine.dialect.do_ping(connection))
    except engine.dialect.loaded_dbapi.Error:
        return False


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url, connect_args={"check_same_thread": False}, pool_size=8, max_overflow=16)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below; the driver's own habit breaks savepoints
        cursor = connection.cursor()
        _use_wal(cursor)
        for pragma in (
            "synchronous=FULL",  # an acknowledged commit survives a power cut
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "secure_delete=ON",  # deleted identities do not linger in free pages
            "temp_store=MEMORY",
            "cache_size=-65536",
            "mmap_size=268435456",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        reads_only = options.get("kerma_read", False)
        if connection.info.get("reads_only", False) != reads_only:
            connection.exec_driver_sql(f"PRAGMA query_only={int(reads_only)}")
            connection.info["reads_only"] = reads_only
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("kerma_write", False) else "BEGIN")

    return engine


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Switch a new database to WAL; SQLite does not wait by itself while another process does the same."""
    until_s = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until_s:
                raise
            time.sleep(0.02)
        else:
            return

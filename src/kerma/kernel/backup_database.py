"""The database in a backup: one state of it, taken while others write, and put back into an empty one.

SQLite is copied by its own online backup, in one go, which readers and writers do not notice. PostgreSQL is read table
by table with COPY inside one REPEATABLE READ transaction: this needs no superuser, no tool beside, and gives one state
as well. The order of the tables is that of their foreign keys.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from kerma.errors import Altered, Conflict
from kerma.kernel import migrate
from kerma.kernel.blobs import CHUNK_BYTES
from kerma.kernel.database import Database
from kerma.kernel.ledger import Head, install_guards, read_head
from kerma.kernel.ledger_tables import ledger_record
from kerma.kernel.merkle import CompactRange, leaf_hash
from kerma.kernel.notes import Checkpoint

FETCH_ROWS = 5_000
SQLITE_PART = "database/kerma.db"
NOT_COPIED = ("alembic_version",)
_LAST_NUMBER = sa.text("SELECT pg_sequence_last_value(CAST(:name AS regclass))")
_SET_NUMBER = sa.text("SELECT setval(CAST(:name AS regclass), :last)")


class Snapshot(Protocol):
    """One state of a database: rows to look at, and itself as parts to be stored."""

    connection: sa.Connection

    def parts(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Yield path and content of each part."""
        ...

    def sequences(self) -> dict[str, int]:
        """Return the last number each table has given (PostgreSQL)."""
        ...


@contextmanager
def snapshot(database: Database, folder: Path) -> Iterator[Snapshot]:
    """Take one state of a database; ``folder`` takes a copy of a SQLite file, which is removed afterwards."""
    if not database.is_sqlite:
        with database.read() as connection:
            yield _PostgresqlSnapshot(connection)
        return
    path = folder / "kerma.db.snapshot"
    path.unlink(missing_ok=True)
    copied = Database(f"sqlite:///{path}")
    try:
        _copy_sqlite(Path(database.url.database or ""), path)
        with copied.read() as connection:
            yield _SqliteSnapshot(connection, path)
    finally:
        copied.close()
        for suffix in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def _copy_sqlite(source: Path, target: Path) -> None:
    target.touch(mode=0o600)
    reading, writing = sqlite3.connect(source), sqlite3.connect(target)
    try:
        reading.backup(writing)  # all pages in one step: one state, however much is written meanwhile
        writing.execute("PRAGMA journal_mode=DELETE")
    finally:
        writing.close()
        reading.close()


class _SqliteSnapshot:
    def __init__(self, connection: sa.Connection, path: Path) -> None:
        self.connection = connection
        self._path = path

    def parts(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        yield SQLITE_PART, _chunks_of(self._path)

    def sequences(self) -> dict[str, int]:
        return {}


class _PostgresqlSnapshot:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self._tables = [table for table in _tables(connection) if table.name not in NOT_COPIED]

    def parts(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        for number, table in enumerate(self._tables):
            yield f"database/{number:03d}-{table.name}.copy", self._rows_of(table)

    def sequences(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for table in self._tables:
            for column in table.primary_key:
                name = _sequence_of(self.connection, table, column)
                last = name and self.connection.scalar(_LAST_NUMBER, {"name": name})
                if last is not None:
                    found[f"{table.name}.{column.name}"] = int(last)
        return found

    def _rows_of(self, table: sa.Table) -> Iterator[bytes]:
        with _cursor(self.connection) as cursor, cursor.copy(_copy_statement(table, "TO STDOUT")) as copy:
            for block in copy:
                yield bytes(block)


def put_back(database: Database, parts: Sequence[tuple[str, Iterator[bytes]]], facts: RestoreFacts) -> None:
    """Put a snapshot into an empty database, check its ledger against the checkpoint, and only then make it visible.

    Raises
    ------
    Conflict
        The database is not empty.
    Altered
        The ledger is not the one the checkpoint signs.
    """
    if database.is_sqlite:
        _put_back_sqlite(Path(database.url.database or ""), parts[0][1], facts)
    else:
        _put_back_postgresql(database, parts, facts)


class RestoreFacts(Protocol):
    """What the restored database must agree with."""

    @property
    def revision(self) -> str:
        """The step of the database's tables."""
        ...

    @property
    def sequences(self) -> dict[str, int]:
        """The last number each table has given (PostgreSQL)."""
        ...

    @property
    def checkpoint(self) -> Checkpoint:
        """The state of the ledger."""
        ...

    @property
    def witness(self) -> Checkpoint | None:
        """A checkpoint kept elsewhere, which the ledger must contain."""
        ...


def is_empty(database: Database) -> bool:
    """Return whether a database has no tables yet."""
    if database.is_sqlite:
        return not Path(database.url.database or "").exists()
    with database.read() as connection:
        return not sa.inspect(connection).get_table_names()


def _put_back_sqlite(path: Path, chunks: Iterator[bytes], facts: RestoreFacts) -> None:
    draft = path.with_name(f"{path.name}.restoring")
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    copied = Database(f"sqlite:///{draft}")
    try:
        with copied.read() as connection:
            check_ledger(connection, facts.checkpoint, facts.witness)
    finally:
        copied.close()
    for suffix in ("-wal", "-shm"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _put_back_postgresql(database: Database, parts: Sequence[tuple[str, Iterator[bytes]]], facts: RestoreFacts) -> None:
    from alembic import command

    with database.write() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(migrate.LOCK)))
        if sa.inspect(connection).get_table_names():
            raise Conflict("the database holds tables already: a backup is restored into an empty one only")
        command.upgrade(migrate.configuration(connection), facts.revision)
        tables = {table.name: table for table in _tables(connection)}
        for table in reversed(tables.values()):  # the rows every new installation starts with
            if table.name not in NOT_COPIED:
                connection.execute(sa.delete(table))
        for path, chunks in parts:
            table = tables[path.rsplit("/", 1)[-1].split("-", 1)[1].removesuffix(".copy")]
            with _cursor(connection) as cursor, cursor.copy(_copy_statement(table, "FROM STDIN")) as copy:
                for chunk in chunks:
                    copy.write(chunk)
        for name, last in facts.sequences.items():
            table_name, _, column = name.partition(".")
            sequence = _sequence_of(connection, tables[table_name], tables[table_name].c[column])
            connection.execute(_SET_NUMBER, {"name": sequence, "last": last})
        check_ledger(connection, facts.checkpoint, facts.witness)
        install_guards(connection)


def check_ledger(connection: sa.Connection, checkpoint: Checkpoint, witness: Checkpoint | None = None) -> None:
    """Compute the ledger's tree from its records and compare it with the signed checkpoint, and with a witness's.

    Raises
    ------
    Altered
        A record is missing, was changed, or is none of this ledger.
    """
    tree = CompactRange()
    statement = sa.select(ledger_record.c.record_index, ledger_record.c.leaf, ledger_record.c.body)
    rows = connection.execute(
        statement.order_by(ledger_record.c.record_index), execution_options={"yield_per": FETCH_ROWS}
    )
    for index, leaf, body in rows:
        if index != tree.size or leaf_hash(body.encode("utf-8")) != bytes(leaf):
            raise Altered(f"record {index} of the ledger in the backup is not what was signed")
        tree.append(bytes(leaf))
        if witness is not None and tree.size == witness.size and tree.root() != witness.root:
            raise Altered(
                f"the ledger in the backup differs from the checkpoint kept elsewhere ({witness.size} records)"
            )
    head = read_head(connection) or Head(CompactRange(), "", 0, "", "")
    if (tree.size, tree.root()) != (checkpoint.size, checkpoint.root) or head.tree.root() != tree.root():
        raise Altered(
            f"the ledger in the backup has {tree.size} records and another root than its checkpoint of "
            f"{checkpoint.size}: something was changed"
        )


def _tables(connection: sa.Connection) -> list[sa.Table]:
    found = sa.MetaData()
    found.reflect(connection)
    return found.sorted_tables


def _sequence_of(connection: sa.Connection, table: sa.Table, column: sa.Column[Any]) -> str | None:
    query = sa.select(sa.func.pg_get_serial_sequence(f'"{table.name}"', column.name))
    return connection.execute(query).scalar_one_or_none()


def _copy_statement(table: sa.Table, direction: str) -> Any:
    from psycopg import sql

    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    return sql.SQL("COPY {} ({}) {}").format(sql.Identifier(table.name), columns, sql.SQL(direction))


def _cursor(connection: sa.Connection) -> Any:
    return connection.connection.cursor()


def _chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk

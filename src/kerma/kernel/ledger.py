"""The ledger: an append-only, provable log with one record for each action.

Each record's canonical JSON is a leaf of one Merkle tree; signed checkpoints fix size, root and time at least once a
second under load. Appending happens inside the action's own transaction, so change and record exist together or not
at all. The formats, and why, are in ``docs/decisions/0001-ledger-format.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from kerma.errors import Conflict, WrongUsage
from kerma.kernel import clock as clocks
from kerma.kernel.canonical import canonical_record
from kerma.kernel.clock import Clock, SystemClock
from kerma.kernel.database import Database
from kerma.kernel.ledger_key import Signer
from kerma.kernel.ledger_tables import (
    TILE_LEVELS,
    install_guards,
    ledger_checkpoint,
    ledger_head,
    ledger_node,
    ledger_record,
)
from kerma.kernel.merkle import CompactRange, leaf_hash
from kerma.kernel.notes import Checkpoint, is_time
from kerma.kernel.prepared import Prepared

__all__ = ["CHECKPOINT_EVERY_S", "Head", "Ledger", "Signer", "install_guards", "newest_note", "read_head"]

VERSION = 1
CHECKPOINT_EVERY_S = 1.0
_SELECT_HEAD = sa.select(
    ledger_head.c.size,
    ledger_head.c.hashes,
    ledger_head.c.at,
    ledger_head.c.checkpoint_size,
    ledger_head.c.checkpoint_at,
    ledger_head.c.vkey,
).where(ledger_head.c.id == 1)
_LOCK_HEAD = Prepared(_SELECT_HEAD.with_for_update())
_UPDATE_HEAD = Prepared(sa.update(ledger_head).where(ledger_head.c.id == 1))
_INSERT_RECORD = Prepared(sa.insert(ledger_record))
_INSERT_NODE = sa.insert(ledger_node)
_INSERT_CHECKPOINT = sa.insert(ledger_checkpoint)


@dataclass
class Head:
    """The end of the ledger as one transaction sees it."""

    tree: CompactRange
    at: str
    checkpoint_size: int
    checkpoint_at: str
    vkey: str


class Ledger:
    """Appends records and signs checkpoints for one database with one key."""

    def __init__(self, signer: Signer, clock: Clock | None = None) -> None:
        self.signer = signer
        self.clock = clock or SystemClock()
        self._vkey = signer.public.vkey

    def append(self, connection: sa.Connection, records: Sequence[Mapping[str, Any]]) -> range:
        """Append records in the caller's transaction; returns the indexes they got.

        A record holds ids, hashes and decimal strings; it needs ``at`` and gets ``index`` and ``v``. Time never runs
        backwards: a record older than its predecessor takes the predecessor's time, and its own as ``clock_at``.

        Raises
        ------
        WrongUsage
            A record has no canonical form (a float, a key that is not ASCII), or lacks its time.
        TooLarge
            A record reaches 65,536 bytes.
        Conflict
            This database's ledger is signed by another key.
        """
        if not records:
            return range(0)
        head = self._lock(connection)
        first = head.tree.size
        rows: list[dict[str, Any]] = []
        completed: list[tuple[int, int, bytes]] = []
        for record in records:
            body = canonical_record(_stamped(record, head))
            leaf = leaf_hash(body)
            rows.append({"record_index": head.tree.size, "leaf": leaf, "body": body.decode("utf-8")})
            head.tree.append(leaf, completed)
        _INSERT_RECORD.run_many(connection, rows)
        _store_nodes(connection, completed)
        if _is_due(head):
            self._sign(connection, head)
        _store_head(connection, head)
        return range(first, head.tree.size)

    def checkpoint(self, database: Database) -> str | None:
        """Sign what has been appended since the last checkpoint; returns the newest note, or None while empty."""
        with database.read() as connection:
            head = read_head(connection)
        if head is None or not head.tree.size:
            return None
        if head.checkpoint_size < head.tree.size:
            with database.write() as connection:
                head = self._lock(connection)
                if head.checkpoint_size < head.tree.size:
                    head.at = max(head.at, clocks.text(self.clock.now()))
                    self._sign(connection, head)
                    _store_head(connection, head)
        with database.read() as connection:
            return newest_note(connection)

    def _lock(self, connection: sa.Connection) -> Head:
        row = _LOCK_HEAD.first(connection, {})
        if row is None:
            _begin(connection, self._vkey)
            row = _LOCK_HEAD.first(connection, {})
            assert row is not None
        head = _head(tuple(row.values()))
        if head.vkey != self._vkey:
            raise Conflict(
                f"this database's ledger is signed with the key {head.vkey}, but this home holds {self._vkey}; "
                "copy keys/ledger.key from the machine that began the ledger, or restore it from backup"
            )
        return head

    def _sign(self, connection: sa.Connection, head: Head) -> None:
        """Store a signed checkpoint; nobody can see it before the transaction is durable."""
        checkpoint = Checkpoint(self.signer.public.name, head.tree.size, head.tree.root(), head.at)
        connection.execute(
            _INSERT_CHECKPOINT,
            {
                "size": checkpoint.size,
                "root": checkpoint.root,
                "at": checkpoint.at,
                "note": self.signer.sign(checkpoint.text),
            },
        )
        head.checkpoint_size, head.checkpoint_at = checkpoint.size, checkpoint.at


def read_head(connection: sa.Connection) -> Head | None:
    """Return the end of the ledger, or None before its first record."""
    row = connection.execute(_SELECT_HEAD).one_or_none()
    return None if row is None else _head(row)


def length(connection: sa.Connection) -> int:
    """Return the number of records."""
    return connection.scalar(sa.select(ledger_head.c.size)) or 0


def newest_note(connection: sa.Connection) -> str | None:
    """Return the newest signed checkpoint."""
    newest = sa.select(ledger_checkpoint.c.note).order_by(ledger_checkpoint.c.size.desc()).limit(1)
    return connection.execute(newest).scalar_one_or_none()


def _head(row: Sequence[Any]) -> Head:
    size, hashes, at, checkpoint_size, checkpoint_at, vkey = row
    return Head(CompactRange.unpack(size, hashes), at, checkpoint_size, checkpoint_at, vkey)


def _begin(connection: sa.Connection, vkey: str) -> None:
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {"id": 1, "size": 0, "hashes": b"", "at": "", "checkpoint_size": 0, "checkpoint_at": "", "vkey": vkey}
    connection.execute(dialect.insert(ledger_head).values(row).on_conflict_do_nothing())


def _stamped(record: Mapping[str, Any], head: Head) -> dict[str, Any]:
    at = record.get("at")
    if not isinstance(at, str) or not is_time(at):
        raise WrongUsage(f"a ledger record needs 'at' in the form 2026-11-23T10:15:00.123456Z, not {at!r}")
    taken = {"index", "v", "clock_at"} & record.keys()
    if taken:
        raise WrongUsage(f"the ledger itself writes {', '.join(sorted(taken))}; name the detail differently")
    stamped = {**record, "index": head.tree.size, "v": VERSION}
    if at < head.at:
        stamped |= {"at": head.at, "clock_at": at}
    else:
        head.at = at
    return stamped


def _store_nodes(connection: sa.Connection, completed: Sequence[tuple[int, int, bytes]]) -> None:
    rows = [
        {"tile_level": level // TILE_LEVELS, "node_index": index, "hash": node}
        for level, index, node in completed
        if level % TILE_LEVELS == 0
    ]
    if rows:
        connection.execute(_INSERT_NODE, rows)


def _store_head(connection: sa.Connection, head: Head) -> None:
    _UPDATE_HEAD.run(
        connection,
        {
            "size": head.tree.size,
            "hashes": head.tree.packed(),
            "at": head.at,
            "checkpoint_size": head.checkpoint_size,
            "checkpoint_at": head.checkpoint_at,
        },
    )


def _is_due(head: Head) -> bool:
    if not head.checkpoint_at:
        return True
    return (_seconds(head.at) - _seconds(head.checkpoint_at)) >= CHECKPOINT_EVERY_S


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()

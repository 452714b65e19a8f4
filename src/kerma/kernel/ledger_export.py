"""Write a ledger to one file that anybody can check without Kerma's database."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from kerma.errors import Unusable
from kerma.kernel import clock as clocks
from kerma.kernel.database import Database
from kerma.kernel.ledger import Head, Ledger, read_head
from kerma.kernel.ledger_format import TILE, Header, SignedEnd, note_line, tile_line
from kerma.kernel.ledger_tables import ledger_checkpoint, ledger_record
from kerma.kernel.merkle import CompactRange
from kerma.kernel.notes import Checkpoint

BATCH = 16 * TILE
"""Records read at a time: the memory an export needs does not grow with the ledger."""

Progress = Callable[[int, int], None]
"""Told how much is done, of how much."""


@dataclass(frozen=True)
class Export:
    """What was written, to be noted elsewhere: size and root name this state of the ledger for ever."""

    path: Path
    origin: str
    vkey: str
    size: int
    root: str
    checkpoints: int
    sha256: str
    """Of the whole file."""


def export_ledger(
    ledger: Ledger, database: Database, path: Path, progress: Progress = lambda done, total: None
) -> Export:
    """Write the whole ledger to a file; the file appears complete or not at all.

    Raises
    ------
    Unusable
        The stored records are fewer than the ledger's own count: the database was damaged.
    """
    ledger.checkpoint(database)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with database.read() as connection, draft.open("xb") as file:
            export = _Writer(ledger, connection, file, progress).write(path)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return export


class _Writer:
    def __init__(self, ledger: Ledger, connection: sa.Connection, file: IO[bytes], progress: Progress) -> None:
        self.ledger = ledger
        self.connection = connection
        self.file = file
        self.progress = progress
        self.digest = hashlib.sha256()
        self.checkpoints = 0

    def write(self, path: Path) -> Export:
        key = self.ledger.signer.public
        head = read_head(self.connection) or Head(CompactRange(), "", 0, "", key.vkey)
        size = head.tree.size
        self._put(Header(key.name, size, key.vkey).line())
        for first in range(0, size, BATCH):
            stop = min(first + BATCH, size)
            self._put(b"".join(self._lines(first, stop)))
            self.progress(stop, size)
        at = max(head.at, clocks.text(self.ledger.clock.now()))
        end = SignedEnd(Checkpoint(key.name, size, head.tree.root(), at), self.checkpoints, self.digest.hexdigest())
        self._put(note_line(self.ledger.signer.sign(end.text)))
        root = head.tree.root().hex()
        return Export(path, key.name, key.vkey, size, root, self.checkpoints, self.digest.hexdigest())

    def _put(self, lines: bytes) -> None:
        self.digest.update(lines)
        self.file.write(lines)

    def _lines(self, first: int, stop: int) -> Iterator[bytes]:
        rows = self.connection.execute(
            sa.select(ledger_record.c.leaf, ledger_record.c.body)
            .where(ledger_record.c.record_index >= first, ledger_record.c.record_index < stop)
            .order_by(ledger_record.c.record_index)
        ).all()
        if len(rows) != stop - first:
            raise Unusable(
                f"the database holds {len(rows)} of the {stop - first} ledger records from {first} to {stop - 1}: "
                "it was damaged or tampered with; restore a backup and compare"
            )
        notes = self._notes(first, stop)
        for start in range(0, len(rows), TILE):
            tile = rows[start : start + TILE]
            yield tile_line(first + start, [leaf for leaf, _ in tile])
            for index, (_, body) in enumerate(tile, first + start):
                yield body.encode("utf-8") + b"\n"
                if index + 1 in notes:
                    self.checkpoints += 1
                    yield note_line(notes[index + 1])

    def _notes(self, first: int, stop: int) -> dict[int, str]:
        rows = self.connection.execute(
            sa.select(ledger_checkpoint.c.size, ledger_checkpoint.c.note).where(
                ledger_checkpoint.c.size > first, ledger_checkpoint.c.size <= stop
            )
        )
        return dict(rows.all())

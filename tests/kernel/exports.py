"""Make ledger exports for tests: honest ones through a real ledger, and forged ones line by line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kerma.kernel import clock as clocks
from kerma.kernel.canonical import canonical
from kerma.kernel.clock import HeldClock
from kerma.kernel.database import Database, metadata
from kerma.kernel.ledger import Ledger, Signer
from kerma.kernel.ledger_export import export_ledger
from kerma.kernel.ledger_format import TILE, Header, SignedEnd, note_line, tile_line
from kerma.kernel.merkle import leaf_hash, root_of
from kerma.kernel.notes import Checkpoint
from kerma.kernel.verify import Trust, Verification, verify

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def entry(number: int, at: str) -> dict[str, object]:
    """Return a record as an area writes it."""
    return {
        "action": "archive.view" if number % 3 else "archive.ingest",
        "actor": f"person:{number % 7}",
        "at": at,
        "details": {"exam": number // 5, "sha256": f"{number:064x}"},
        "outcome": "done",
    }


@dataclass
class Log:
    """One exported ledger: its lines, its signer and a folder to put altered copies in."""

    lines: list[bytes]
    signer: Signer
    folder: Path

    @property
    def key(self) -> str:
        return self.signer.public.vkey

    def record_line(self, index: int) -> int:
        """Return which line (from 0) holds a record."""
        mark = f'"index":{index},'.encode()
        return next(place for place, line in enumerate(self.lines) if line[:1] == b"{" and mark in line)

    def checkpoint_lines(self) -> list[int]:
        """Return which lines hold checkpoints, the signed end left out."""
        return [place for place, line in enumerate(self.lines[:-1]) if line[:1] == b'"']

    def bodies(self) -> list[bytes]:
        """Return the records."""
        return [line[:-1] for line in self.lines[1:] if line[:1] == b"{"]

    def notes(self) -> dict[int, str]:
        """Return the checkpoint notes by size."""
        notes = [json.loads(self.lines[place]) for place in self.checkpoint_lines()]
        return {int(note.split("\n")[1]): note for note in notes}

    def check(self, lines: Sequence[bytes] | bytes, trust: Trust | None = None) -> Verification:
        """Check altered lines, with the true public key unless told otherwise."""
        path = self.folder / "altered.export"
        path.write_bytes(lines if isinstance(lines, bytes) else b"".join(lines))
        return verify(path, trust or Trust(key=self.key))


def make_log(folder: Path, total: int, signer: Signer, *, per_second: int = 37, fork_at: int = 0) -> Log:
    """Write a ledger and export it; records from ``fork_at`` on differ from those of another log."""
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(f"sqlite:///{folder}/log.db")
    metadata.create_all(database.engine)
    clock = HeldClock(NOON)
    ledger = Ledger(signer, clock)
    with database.write() as connection:
        for first in range(0, total, per_second):
            at = clocks.text(clock.now())
            for number in range(first, min(first + per_second, total)):
                shift = 1_000_000 if fork_at and number >= fork_at else 0
                ledger.append(connection, [entry(number + shift, at)])
            clock.advance(1)
    path = export_ledger(ledger, database, folder / "log.export").path
    database.close()
    return Log(path.read_bytes().splitlines(keepends=True), signer, folder)


def seal(signer: Signer, bodies: Sequence[bytes], notes: Mapping[int, str], at: str = "") -> list[bytes]:
    """Return an export of these records with all hashes in order, and an end signed by this signer."""
    leaves = [leaf_hash(body) for body in bodies]
    lines = [Header(signer.public.name, len(bodies), signer.public.vkey).line()]
    for index, body in enumerate(bodies):
        if index % TILE == 0:
            lines.append(tile_line(index, leaves[index : index + TILE]))
        lines.append(body + b"\n")
        if index + 1 in notes:
            lines.append(note_line(notes[index + 1]))
    end = Checkpoint(signer.public.name, len(bodies), root_of(leaves), at or "2026-12-31T00:00:00.000000Z")
    digest = hashlib.sha256(b"".join(lines)).hexdigest()
    return [*lines, note_line(signer.sign(SignedEnd(end, len(notes), digest).text))]


def changed(body: bytes, **values: object) -> bytes:
    """Return a record with other values, in canonical form."""
    return canonical(json.loads(body) | values)

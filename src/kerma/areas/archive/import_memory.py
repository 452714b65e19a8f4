"""What this machine has brought in before: path, size and time of a file, and what became of it.

It makes an import that was cut off go on where it was without reading a file again. It is a cache in the home folder
and may be deleted at any time; what it says is believed only where the archive still holds the same bytes.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from kerma.areas.archive import queries_import
from kerma.areas.archive.import_walk import Found
from kerma.areas.archive.model import Stored
from kerma.kernel.action import Kernel

FILE = "imports.db"
KEPT_EVERY_S = 0.5
"""What a killed import has to read again at most."""
_TABLE = """
CREATE TABLE IF NOT EXISTS brought_in (
    path BLOB PRIMARY KEY,
    mark TEXT NOT NULL,
    outcome TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    row_id INTEGER NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID
"""
_KEPT_OUTCOMES = ("stored", "duplicate", "quarantined")


class Memory:
    """The files brought in from this machine, durable half a second after the archive has acknowledged them."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._file = sqlite3.connect(kernel.settings.home / FILE, timeout=30, check_same_thread=False)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.execute(_TABLE)
        self._file.commit()
        self._waiting: list[tuple[bytes, str, str, str, int, str]] = []
        self._kept_at_s = time.monotonic()

    def known(self, files: Sequence[Found]) -> Mapping[Path, Stored]:
        """Return what became of those files that have not changed since and that the archive still keeps."""
        before = {}
        for found in files:
            query = "SELECT mark, outcome, sha256, row_id, reason FROM brought_in WHERE path = ?"
            row = self._file.execute(query, (_key(found.path),)).fetchone()
            if row is not None and row[0] == found.mark:
                before[found.path] = row[1:]
        kept = self._kept(before.values())
        return {
            path: Stored(outcome, str(path), sha256, 0, reason=reason)
            for path, (outcome, sha256, row_id, reason) in before.items()
            if (outcome == "quarantined", row_id, sha256) in kept
        }

    def remember(self, found: Found, stored: Stored) -> None:
        """Note what became of a file; what was refused is tried again the next time."""
        row_id = stored.quarantine_id if stored.outcome == "quarantined" else stored.image_pk
        if stored.outcome in _KEPT_OUTCOMES and row_id is not None and found.mark:
            row = (_key(found.path), found.mark, stored.outcome, stored.sha256, row_id, stored.reason)
            self._waiting.append(row)
        if time.monotonic() - self._kept_at_s > KEPT_EVERY_S:
            self.keep()

    def keep(self) -> None:
        """Write down what was noted."""
        self._file.executemany("INSERT OR REPLACE INTO brought_in VALUES (?, ?, ?, ?, ?, ?)", self._waiting)
        self._file.commit()
        self._waiting.clear()
        self._kept_at_s = time.monotonic()

    def close(self) -> None:
        """Write down what was noted and close the file."""
        self.keep()
        self._file.close()

    def _kept(self, rows: Iterable[tuple[str, str, int, str]]) -> set[tuple[bool, int, str]]:
        ids: dict[bool, list[int]] = {True: [], False: []}
        for outcome, _, row_id, _ in rows:
            ids[outcome == "quarantined"].append(row_id)
        with self._kernel.database.read() as connection:
            images = queries_import.images_kept(connection, ids[False])
            apart = queries_import.quarantine_kept(connection, ids[True])
        return {(False, *row) for row in images} | {(True, *row) for row in apart}


def _key(path: Path) -> bytes:
    return os.fsencode(path.absolute())

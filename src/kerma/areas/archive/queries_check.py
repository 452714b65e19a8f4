"""Comparing the archive with itself: every blob against its digest, the index against the blobs and the ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import image, quarantine
from kerma.areas.archive.model_keeping import tombstone
from kerma.kernel.action import Kernel
from kerma.kernel.blobs import blob_columns
from kerma.kernel.blobs_removal import blob_removal
from kerma.kernel.database import metadata
from kerma.kernel.ledger_tables import ledger_record

HASH_THREADS = 4
FETCH_ROWS = 2_000

Key = tuple[str, int, str]
"""Table, row and SHA-256: what the index and the ledger must agree on for each arrival."""


@dataclass
class CheckReport:
    """What a check of the archive found; each list is a difference, except ``interrupted``."""

    blobs: int = 0
    size_bytes: int = 0
    arrivals: int = 0
    """Images and quarantined files compared with the ledger."""
    missing: list[dict[str, str]] = field(default_factory=list)
    """Addresses that rows point to and under which nothing is kept."""
    altered: list[dict[str, str]] = field(default_factory=list)
    """Blobs whose content no longer has their SHA-256."""
    lost: list[dict[str, Any]] = field(default_factory=list)
    """Arrivals the ledger recorded and the index no longer has."""
    unrecorded: list[dict[str, Any]] = field(default_factory=list)
    """Rows of the index that no ledger record made."""
    interrupted: list[str] = field(default_factory=list)
    """Bytes that came but were never acknowledged (the power went, the sender will send again). No difference."""

    @property
    def is_unaltered(self) -> bool:
        """Whether everything is as it was acknowledged."""
        return not (self.missing or self.altered or self.lost or self.unrecorded)

    def as_json(self) -> dict[str, Any]:
        """Return the report as one JSON document."""
        return {"version": 1, "is_unaltered": self.is_unaltered, **asdict(self)}


def check(kernel: Kernel, progress: Callable[[int, int], None] = lambda done, total: None) -> CheckReport:
    """Re-hash everything that is kept and report any difference; changes nothing.

    ``progress`` is called with the number of blobs hashed so far and their total.
    """
    report = CheckReport()
    with kernel.database.read() as connection:
        wanted = _references(connection)
        _compare_with_ledger(connection, report)
    kept = dict(kernel.blobs.iterate())
    report.blobs, report.size_bytes = len(kept), sum(kept.values())
    missing = wanted.keys() - kept.keys()
    altered = list(_altered(kernel, sorted(kept), progress))
    with kernel.database.read() as connection:  # what arrived or was deleted since the first look is no difference
        now = _references(connection)
        leaving = set(connection.scalars(sa.select(blob_removal.c.sha256)))
    report.missing = [{"sha256": sha256, "where": wanted[sha256]} for sha256 in sorted(missing & now.keys())]
    report.altered = [
        {"sha256": sha256, "where": now.get(sha256, "")}
        for sha256 in altered
        if sha256 in now or kernel.blobs.exists(sha256)
    ]
    report.interrupted = sorted(kept.keys() - wanted.keys() - now.keys() - leaving)
    return report


def _altered(kernel: Kernel, addresses: list[str], progress: Callable[[int, int], None]) -> Iterator[str]:
    with ThreadPoolExecutor(HASH_THREADS, thread_name_prefix="kerma-check") as pool:
        for number, (sha256, is_good) in enumerate(
            zip(addresses, pool.map(kernel.blobs.check, addresses), strict=True)
        ):
            progress(number + 1, len(addresses))
            if not is_good:
                yield sha256


def _references(connection: sa.Connection) -> dict[str, str]:
    """Return every address that a row of any area points to, with the first such row in words."""
    found: dict[str, str] = {}
    for column in blob_columns(metadata):
        key = next(iter(column.table.primary_key))
        statement = sa.select(column, key).where(column != "", column.is_not(None))
        for sha256, row_key in connection.execute(statement, execution_options={"yield_per": FETCH_ROWS}):
            found.setdefault(sha256, f"{column.table.name} {row_key}")
    return found


def _compare_with_ledger(connection: sa.Connection, report: CheckReport) -> None:
    indexed: set[Key] = set()
    for table in (image, quarantine):
        statement = sa.select(table.c.id, table.c.sha256)
        for row_key, sha256 in connection.execute(statement, execution_options={"yield_per": FETCH_ROWS}):
            indexed.add((table.name, row_key, sha256))
    recorded = _recorded(connection)
    report.arrivals = len(indexed)
    report.lost = _rows(recorded - indexed)
    report.unrecorded = _rows(indexed - recorded)


def _recorded(connection: sa.Connection) -> set[Key]:
    """Return what the index must hold by the ledger: what was stored or kept apart, without what was deleted since."""
    found: set[Key] = set()
    statement = sa.select(ledger_record.c.body).order_by(ledger_record.c.record_index)
    for (body,) in connection.execute(statement, execution_options={"yield_per": FETCH_ROWS}):
        if not any(name in body for name in _CHANGES):
            continue
        record = json.loads(body)
        change = _CHANGES.get(record["action"])
        if change is not None and record["outcome"] == "done":
            change(connection, record["details"], found)
    return found


def _ingested(_: sa.Connection, details: dict[str, Any], found: set[Key]) -> None:
    if details["result"] == "stored":
        found.add(("image", details["image_pk"], details["sha256"]))
    elif details["result"] == "quarantined":
        found.add(("quarantine", details["quarantine_id"], details["sha256"]))


def _deleted(connection: sa.Connection, details: dict[str, Any], found: set[Key]) -> None:
    """Take off what a deletion lists: in its record, or in the tombstone that its record names by hash."""
    if details["result"] == "deleted":
        listed = details.get("images") or _tombstone(connection, details)
        found.difference_update(("image", row[0], row[2]) for row in listed)


def _tombstone(connection: sa.Connection, details: dict[str, Any]) -> list[list[Any]]:
    """Return the images of a tombstone, none when it is no longer what the ledger says: then they are lost."""
    query = sa.select(tombstone.c.document).where(tombstone.c.id == details["tombstone_id"])
    document = connection.execute(query).scalar_one_or_none() or ""
    if hashlib.sha256(document.encode("utf-8")).hexdigest() != details["tombstone_sha256"]:
        return []
    images: list[list[Any]] = json.loads(document)["images"]
    return images


def _resolved(_: sa.Connection, details: dict[str, Any], found: set[Key]) -> None:
    if details["result"] in ("discarded", "released"):
        found.discard(("quarantine", details["quarantine_id"], details["sha256"]))


_CHANGES: dict[str, Callable[[sa.Connection, dict[str, Any], set[Key]], None]] = {
    "archive.ingest": _ingested,
    "archive.delete": _deleted,
    "archive.resolve_quarantine": _resolved,
}
"""What each action of the ledger did to the index."""


def _rows(keys: set[Key]) -> list[dict[str, Any]]:
    return [{"table": table, "id": row_key, "sha256": sha256} for table, row_key, sha256 in sorted(keys)]

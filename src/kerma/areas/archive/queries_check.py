"""Comparing the archive with itself: every blob against its digest, the index against the blobs and the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import image, quarantine
from kerma.kernel.action import Kernel
from kerma.kernel.blobs import blob_columns
from kerma.kernel.database import metadata
from kerma.kernel.ledger_tables import ledger_record

HASH_THREADS = 4
FETCH_ROWS = 2_000
INGEST = "archive.ingest"

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
    report.missing = [{"sha256": sha256, "where": wanted[sha256]} for sha256 in sorted(wanted.keys() - kept.keys())]
    for sha256 in _altered(kernel, sorted(kept), progress):
        report.altered.append({"sha256": sha256, "where": wanted.get(sha256, "")})
    strays = kept.keys() - wanted.keys()
    if strays:
        with kernel.database.read() as connection:  # what arrived since the first look is no stray
            strays -= _references(connection).keys()
    report.interrupted = sorted(strays)
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
    recorded = set(_recorded(connection))
    report.arrivals = len(indexed)
    report.lost = _rows(recorded - indexed)
    report.unrecorded = _rows(indexed - recorded)


def _recorded(connection: sa.Connection) -> Iterator[Key]:
    """Yield what the ledger says was stored or put into quarantine."""
    statement = sa.select(ledger_record.c.body).order_by(ledger_record.c.record_index)
    for (body,) in connection.execute(statement, execution_options={"yield_per": FETCH_ROWS}):
        if INGEST not in body:
            continue
        record = json.loads(body)
        details = record["details"]
        if record["action"] != INGEST or record["outcome"] != "done":
            continue
        if details["result"] == "stored":
            yield "image", details["image_pk"], details["sha256"]
        elif details["result"] == "quarantined":
            yield "quarantine", details["quarantine_id"], details["sha256"]


def _rows(keys: set[Key]) -> list[dict[str, Any]]:
    return [{"table": table, "id": row_key, "sha256": sha256} for table, row_key, sha256 in sorted(keys)]

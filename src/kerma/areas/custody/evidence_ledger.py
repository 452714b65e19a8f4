"""The ledger's records on an exam, each with the proof that it is in the ledger under a signed checkpoint."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.kernel.ledger_proofs import proof_file
from kerma.kernel.ledger_tables import ledger_checkpoint, ledger_record


@dataclass(frozen=True)
class ProvenRecord:
    """One record: its place, what it says, its bytes as hashed, and its proof in the form of C2SP tlog-proof."""

    index: int
    content: dict[str, Any]
    body: bytes
    proof: str


def records_about(connection: sa.Connection, exam_pk: int, since: str, needles: Iterable[str]) -> list[ProvenRecord]:
    """Return every record on an exam that a signed checkpoint covers, oldest first.

    What others do with the exam at this very moment comes after that checkpoint and is not in the package.

    Parameters
    ----------
    since : when the exam's first image came; no earlier record can be about it
    needles : digests and other texts by which further records are known, such as the SHA-256 of its images
    """
    first, stop = _first_index(connection, since), _signed_size(connection)
    wanted = {f'"exam_pk":{exam_pk},', f'"exam_pk":{exam_pk}}}', *needles}
    found: dict[int, str] = {}
    for needle in sorted(wanted):
        # a text of ours, never of a user; the percent sign and underscore have no place in it
        matching = ledger_record.c.body.contains(needle, autoescape=True)
        rows = connection.execute(
            sa.select(ledger_record.c.record_index, ledger_record.c.body).where(
                ledger_record.c.record_index >= first, ledger_record.c.record_index < stop, matching
            )
        )
        found.update((index, body) for index, body in rows)
    return [_proven(connection, index, body) for index, body in sorted(found.items())]


def sealing_record(connection: sa.Connection, package_uid: str, action: str, first: int) -> ProvenRecord:
    """Return the record that seals a package, among those from ``first`` on."""
    statement = (
        sa.select(ledger_record.c.record_index, ledger_record.c.body)
        .where(ledger_record.c.record_index >= first, ledger_record.c.body.contains(package_uid, autoescape=True))
        .order_by(ledger_record.c.record_index)
    )
    for index, body in connection.execute(statement):
        if json.loads(body)["action"] == action:
            return _proven(connection, index, body)
    raise LookupError(f"the ledger holds no record of package {package_uid}")


def next_index(connection: sa.Connection) -> int:
    """Return the place the next record gets at the earliest."""
    newest = connection.scalar(sa.select(sa.func.max(ledger_record.c.record_index)))
    return 0 if newest is None else int(newest) + 1


def files_of(records: Iterable[ProvenRecord]) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of the two files of each record."""
    for record in records:
        yield f"data/ledger/{record.index:09d}.json", record.body
        yield f"data/ledger/{record.index:09d}.tlog-proof", record.proof.encode("utf-8")


def _proven(connection: sa.Connection, index: int, body: str) -> ProvenRecord:
    return ProvenRecord(index, json.loads(body), body.encode("utf-8"), proof_file(connection, index))


def _signed_size(connection: sa.Connection) -> int:
    """Return how many records the newest checkpoint covers."""
    return int(connection.scalar(sa.select(sa.func.max(ledger_checkpoint.c.size))) or 0)


def _first_index(connection: sa.Connection, since: str) -> int:
    """Return a place before which no record is younger than a moment: the size at the last checkpoint before it."""
    before = sa.select(sa.func.max(ledger_checkpoint.c.size)).where(ledger_checkpoint.c.at < since)
    return int(connection.scalar(before) or 0)

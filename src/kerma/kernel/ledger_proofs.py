"""Read the ledger: records, and proofs that a record is in it and that it only ever grew.

A proof needs hashes of subtrees. Those of 256, 65,536, ... records are stored, the rest is folded from at most 256
short rows each, so a proof costs some milliseconds however long the ledger is.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from kerma.errors import NotFound
from kerma.kernel.ledger_tables import TILE_LEVELS, ledger_checkpoint, ledger_node, ledger_record
from kerma.kernel.merkle import consistency_proof, inclusion_proof, root_of

TILE = 1 << TILE_LEVELS


class Subtrees:
    """Gives the hash of any perfect subtree of the stored ledger; remembers the tiles it has read."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """Return the hash over the records from ``index << level`` up to ``(index + 1) << level``."""
        tile_level, height = divmod(level, TILE_LEVELS)
        number, first = divmod(index << height, TILE)
        hashes = self._tile(tile_level, number)[first : first + (1 << height)]
        if len(hashes) < 1 << height:
            raise NotFound(f"the ledger does not yet have {(index + 1) << level} records")
        return root_of(hashes)

    def _tile(self, tile_level: int, number: int) -> list[bytes]:
        key = (tile_level, number)
        if key not in self._tiles:
            self._tiles[key] = list(self.connection.scalars(_tile_hashes(tile_level, number * TILE)))
        return self._tiles[key]


def inclusion(connection: sa.Connection, index: int, size: int) -> list[bytes]:
    """Return the proof that record ``index`` is in the ledger of ``size`` records."""
    return inclusion_proof(index, size, Subtrees(connection))


def consistency(connection: sa.Connection, first: int, second: int) -> list[bytes]:
    """Return the proof that the ledger of ``first`` records is the beginning of that of ``second``."""
    return consistency_proof(first, second, Subtrees(connection))


def proof_file(connection: sa.Connection, index: int) -> str:
    """Return a ``.tlog-proof`` file (C2SP tlog-proof) for one record under the first checkpoint that covers it.

    Raises
    ------
    NotFound
        There is no such record, or no checkpoint covers it yet.
    """
    covering = (
        sa.select(ledger_checkpoint.c.size, ledger_checkpoint.c.note)
        .where(ledger_checkpoint.c.size > index)
        .order_by(ledger_checkpoint.c.size)
        .limit(1)
    )
    row = connection.execute(covering).one_or_none()
    if row is None or index < 0:
        raise NotFound(f"no checkpoint covers record {index} yet; `kerma ledger checkpoint` signs one")
    hashes = "".join(b64encode(part).decode() + "\n" for part in inclusion(connection, index, row.size))
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{hashes}\n{row.note}"


def records(connection: sa.Connection, first: int, stop: int) -> Iterator[dict[str, Any]]:
    """Yield the records from first up to stop, as they were signed."""
    wanted = (
        sa.select(ledger_record.c.body)
        .where(ledger_record.c.record_index >= first, ledger_record.c.record_index < stop)
        .order_by(ledger_record.c.record_index)
    )
    for body in connection.scalars(wanted):
        yield json.loads(body)


def _tile_hashes(tile_level: int, first: int) -> sa.Select[tuple[bytes]]:
    if tile_level == 0:
        index = ledger_record.c.record_index
        return sa.select(ledger_record.c.leaf).where(index >= first, index < first + TILE).order_by(index)
    index = ledger_node.c.node_index
    within = sa.and_(ledger_node.c.tile_level == tile_level, index >= first, index < first + TILE)
    return sa.select(ledger_node.c.hash).where(within).order_by(index)

"""Whether what an import brought in before is still there."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from kerma.areas.archive.model import image, quarantine


def images_kept(connection: sa.Connection, ids: Sequence[int]) -> list[tuple[int, str]]:
    """Return number and SHA-256 of those images that there are."""
    return _kept(connection, image, ids)


def quarantine_kept(connection: sa.Connection, ids: Sequence[int]) -> list[tuple[int, str]]:
    """Return number and SHA-256 of those files of the quarantine that there are."""
    return _kept(connection, quarantine, ids)


def _kept(connection: sa.Connection, table: sa.Table, ids: Sequence[int]) -> list[tuple[int, str]]:
    if not ids:
        return []
    rows = connection.execute(sa.select(table.c.id, table.c.sha256).where(table.c.id.in_(ids)))
    return [(row.id, row.sha256) for row in rows]

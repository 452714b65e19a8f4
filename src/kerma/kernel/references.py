"""Which rows refer to a row, by the foreign keys of every table: a deletion must know before it takes rows away."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from kerma.kernel.database import metadata

AT_ONCE = 1_000
"""Values in one statement: databases limit how many it may have."""


def referring_columns(column: sa.Column[int]) -> list[sa.Column[int]]:
    """Return every column of any table that refers to this one and does not follow its deletion by itself."""
    return [
        key.parent
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if key.column is column and (key.ondelete or "").upper() != "CASCADE"
    ]


def referred_by(
    connection: sa.Connection, column: sa.Column[int], values: Sequence[int], *, besides: Collection[str] = ()
) -> dict[int, list[str]]:
    """Return which of the values are referred to, each with the tables that do, ``besides`` left out."""
    found: dict[int, list[str]] = {}
    for other in referring_columns(column):
        if other.table.name in besides:
            continue
        for first in range(0, len(values), AT_ONCE):
            statement = sa.select(other).where(other.in_(values[first : first + AT_ONCE])).distinct()
            for value in connection.scalars(statement):
                found.setdefault(value, []).append(other.table.name)
    return found

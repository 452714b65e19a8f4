"""Statements of the hot paths: rendered once for each database, then run without the machinery that renders them.

SQLAlchemy spends several times as long on a small statement as the database does: it looks up the rendered text, builds
a context, a result and row objects. An arrival takes a dozen such statements. A :class:`Prepared` one is rendered from
the same SQLAlchemy expression, keeps its text and the order of its values, and goes to the driver's own cursor, inside
the transaction of the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

Row = dict[str, Any]
_Values = Mapping[str, Any]


@dataclass(frozen=True)
class _Rendered:
    """One statement as one database's driver takes it."""

    text: str
    order: tuple[str, ...] | None
    """The names of the values in their order, where the driver wants them so."""
    constants: _Values
    """Values that stand in the statement itself."""
    converters: Mapping[str, Callable[[Any], Any]]

    def values(self, given: _Values) -> Any:
        known = {**self.constants, **given}
        for name, convert in self.converters.items():
            known[name] = convert(known[name])
        return known if self.order is None else tuple([known[name] for name in self.order])


class Prepared:
    """A statement whose values come by name: each bound parameter, or each column of an INSERT or UPDATE.

    For columns whose values need no conversion on their way out (numbers, text, bytes). An error is the driver's own.
    """

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._rendered: dict[tuple[str, tuple[str, ...]], _Rendered] = {}
        self._names = tuple(column.key for column in statement.selected_columns) if statement.is_select else ()

    def first(self, connection: sa.Connection, values: _Values) -> Row | None:
        """Return the first row of a SELECT by the names of its columns, or None."""
        row = self._run(connection, values, wants_row=True)
        return None if row is None else dict(zip(self._names, row, strict=True))

    def all(self, connection: sa.Connection, values: _Values) -> list[Row]:
        """Return every row of a SELECT by the names of its columns."""
        rendered = self._render(connection, values)
        cursor = _cursor(connection)
        try:
            cursor.execute(rendered.text, rendered.values(values))
            return [dict(zip(self._names, row, strict=True)) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def scalar(self, connection: sa.Connection, values: _Values) -> Any:
        """Return the first value of the first row, of a SELECT or of what an INSERT returns; None for no row."""
        row = self._run(connection, values, wants_row=True)
        return None if row is None else row[0]

    def run(self, connection: sa.Connection, values: _Values) -> None:
        """Run a statement that returns nothing."""
        self._run(connection, values, wants_row=False)

    def run_many(self, connection: sa.Connection, rows: Sequence[_Values]) -> None:
        """Run a statement that returns nothing for each of some rows, which have the same names."""
        if len(rows) < 2:  # many at once are a conversation of their own, which one row does not pay for
            for row in rows:
                self.run(connection, row)
            return
        rendered = self._render(connection, rows[0])
        cursor = _cursor(connection)
        try:
            cursor.executemany(rendered.text, [rendered.values(row) for row in rows])
        finally:
            cursor.close()

    def _run(self, connection: sa.Connection, values: _Values, *, wants_row: bool) -> Any:
        rendered = self._render(connection, values)
        cursor = _cursor(connection)
        try:
            cursor.execute(rendered.text, rendered.values(values))
            return cursor.fetchone() if wants_row else None
        finally:
            cursor.close()

    def _render(self, connection: sa.Connection, values: _Values) -> _Rendered:
        dialect = connection.dialect
        key = (dialect.name, tuple(values))
        rendered = self._rendered.get(key)
        if rendered is None:
            is_writing = self._statement.is_dml
            compiled = self._statement.compile(dialect=dialect, column_keys=list(values) if is_writing else None)
            if "[POSTCOMPILE_" in str(compiled):
                raise TypeError("a list after IN is written out anew for each run: use or_, or a plain statement")
            converters = {name: call for name, call in compiled._bind_processors.items() if callable(call)}
            rendered = _Rendered(
                text=str(compiled),
                order=tuple(compiled.positiontup) if compiled.positional else None,
                constants=dict(compiled.construct_params(_check=False)),
                converters=converters,
            )
            self._rendered[key] = rendered
        return rendered


def _cursor(connection: sa.Connection) -> Any:
    return connection.connection.cursor()

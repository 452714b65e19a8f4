"""What a site sets for itself, as rows that nobody changes: the newest row of each key is in force.

Every claim and every decision asks for flows, reading policies, service levels, breaks and more, which change a few
times a year. Such tables only grow, so their numbers of rows say whether anything has changed: each process keeps what
is in force, and one small statement a transaction asks for the numbers of all of them together.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import event

from kerma.kernel.prepared import Prepared, Row

if TYPE_CHECKING:
    from kerma.kernel.action import Act

_TABLES: dict[str, sa.Table] = {}
_COUNTS: list[Prepared] = []
"""The statement for the numbers of rows, once it was made of all tables there are."""


class InForce:
    """The rows of a table that are in force: the newest of each key, unless it ended it (``is_ended``).

    Parameters
    ----------
    things : a table with ``id``, ``set_by``, ``set_at``, and ``is_ended`` where a row can end what is set; its rows are
        never changed and never deleted
    keys : the columns that name what is set; none where there is one thing only
    """

    def __init__(self, things: sa.Table, *keys: str) -> None:
        self.things = things
        columns = [things.c[key] for key in keys]
        last = sa.select(sa.func.max(things.c.id)).group_by(*columns)
        statement = sa.select(things).where(things.c.id.in_(last)).order_by(*columns)
        self.statement = statement.where(sa.not_(things.c.is_ended)) if "is_ended" in things.c else statement
        self._kept: WeakKeyDictionary[sa.Engine, tuple[int, list[Row]]] = WeakKeyDictionary()
        self._lock = threading.Lock()
        _TABLES[things.name] = things
        _COUNTS.clear()

    def rows(self, connection: sa.Connection, **of: object) -> list[dict[str, Any]]:
        """Return the rows in force as the transaction sees them, ordered by their key.

        Parameters
        ----------
        of : only rows with these values; what they hold must not be changed
        """
        return [dict(row) for row in self._rows(connection) if all(row[name] == value for name, value in of.items())]

    def _rows(self, connection: sa.Connection) -> list[Row]:
        seen = _seen(connection)
        if seen.has_added:
            return self._read(connection)
        count = seen.counts[self.things.name]
        with self._lock:
            known = self._kept.get(connection.engine)
        if known is not None and known[0] == count:
            return known[1]
        rows = self._read(connection) if count else []
        with self._lock:
            self._kept[connection.engine] = count, rows
        return rows

    def _read(self, connection: sa.Connection) -> list[Row]:
        return [dict(row) for row in connection.execute(self.statement).mappings()]


@dataclass
class _Seen:
    """What one transaction knows of the tables."""

    transaction: sa.RootTransaction | None
    counts: Row
    has_added: bool = False
    """It added a row itself, which may be taken back: what it reads from then on is read for it alone."""


def _seen(connection: sa.Connection) -> _Seen:
    transaction = connection.get_transaction()
    seen: _Seen | None = connection.info.get("in_force")
    if seen is None or transaction is None or seen.transaction is not transaction:
        if not _COUNTS:
            _COUNTS.append(Prepared(sa.select(*(_number_of_rows(one) for one in _TABLES.values()))))
        counts = _COUNTS[0].first(connection, {})
        assert counts is not None
        seen = connection.info["in_force"] = _Seen(transaction, counts)
    return seen


def _number_of_rows(things: sa.Table) -> sa.Label[Any]:
    return sa.select(sa.func.count()).select_from(things).scalar_subquery().label(things.name)


@event.listens_for(sa.Engine, "before_execute")
def _notice(connection: sa.Connection, statement: Any, *_: Any) -> None:
    """Notice that a transaction adds a row to one of the tables."""
    if getattr(statement, "is_insert", False) and statement.table.name in _TABLES:
        connection.info["in_force"] = _Seen(connection.get_transaction(), {}, has_added=True)


def settle(act: Act, things: sa.Table, row: dict[str, Any]) -> int:
    """Set something from now on: add a row with who and when, and record it; returns its id."""
    values = {**row, "set_by": act.actor.key, "set_at": act.at_text}
    number = int(act.connection.execute(sa.insert(things).values(values).returning(things.c.id)).scalar_one())
    act.record(row_id=number, **row)
    return number

"""What a site has set is read once and kept, until there is one more row: whoever added it, and never too long."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from kerma.areas.worklist.model import break_rule
from kerma.kernel.action import Act, Action, Actor, Kernel
from kerma.kernel.database import Database
from kerma.kernel.in_force import InForce, settle
from kerma.kernel.prepared import Prepared

RULES = InForce(break_rule, "industry")


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collect the statements that are run in a block, those of SQLAlchemy and the prepared ones."""
    seen: list[str] = []
    whole = Prepared._run

    def counted(self: Prepared, connection: sa.Connection, values: Any, *, wants_row: bool) -> Any:
        seen.append(str(self._statement))
        return whole(self, connection, values, wants_row=wants_row)

    def heard(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", heard)
    Prepared._run = counted  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        Prepared._run = whole  # type: ignore[method-assign]
        event.remove(database.engine, "before_cursor_execute", heard)


def rule(industry: str, most_s: int) -> dict[str, Any]:
    return {
        "industry": industry, "mode": "told", "most_s": most_s, "break_s": 600, "set_by": "person:1",
        "set_at": "2026-03-02T12:00:00.000000Z",
    }  # fmt: skip


def add(database: Database, industry: str, most_s: int) -> None:
    with database.write() as connection:
        connection.execute(sa.insert(break_rule).values(rule(industry, most_s)))


def told(database: Database, **of: object) -> dict[str, int]:
    with database.read() as connection:
        return {row["industry"]: row["most_s"] for row in RULES.rows(connection, **of)}


def test_the_newest_row_of_each_key_is_in_force(database: Database) -> None:
    assert told(database) == {}
    add(database, "ndt", 1200)
    add(database, "security", 1300)
    assert told(database) == {"ndt": 1200, "security": 1300}
    add(database, "ndt", 1400)
    assert told(database) == {"ndt": 1400, "security": 1300}
    assert told(database, industry="ndt") == {"ndt": 1400} and told(database, industry="zoo") == {}


def test_what_has_not_changed_is_asked_for_by_one_statement_a_transaction(database: Database) -> None:
    add(database, "ndt", 1200)
    told(database)
    for opened in (database.read, database.write):
        with opened() as connection, statements(database) as seen:
            first, second = RULES.rows(connection), RULES.rows(connection, industry="ndt")
        assert first == second and len(seen) == 1 and "count" in seen[0], seen
    add(database, "ndt", 1300)
    with database.read() as connection, statements(database) as seen:
        RULES.rows(connection)
    assert len(seen) == 2, seen


def test_a_row_that_was_taken_back_is_known_to_nobody_else(database: Database) -> None:
    add(database, "ndt", 1200)
    assert told(database) == {"ndt": 1200}
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        connection.execute(sa.insert(break_rule).values(rule("ndt", 1)))
        assert [row["most_s"] for row in RULES.rows(connection)] == [1]  # its own transaction knows it at once
        raise ZeroDivisionError
    assert told(database) == {"ndt": 1200}
    add(database, "ndt", 1500)  # as many rows as the one that was taken back would have made
    assert told(database) == {"ndt": 1500}


def test_a_transaction_that_sees_one_state_sees_it_whatever_others_add(database: Database) -> None:
    add(database, "ndt", 1200)
    with database.read() as connection:
        assert [row["most_s"] for row in RULES.rows(connection)] == [1200]
        add(database, "ndt", 1500)
        assert [row["most_s"] for row in RULES.rows(connection)] == [1200]
    assert told(database) == {"ndt": 1500}


def test_two_databases_of_one_process_know_nothing_of_each_other(
    database: Database, sqlite_template: Path, tmp_path: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "other.db")
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    add(database, "ndt", 1200)
    add(other, "ndt", 900)
    for _ in range(2):
        assert told(database) == {"ndt": 1200} and told(other) == {"ndt": 900}
    other.close()


def test_rows_are_copies(database: Database) -> None:
    add(database, "ndt", 1200)
    with database.read() as connection:
        RULES.rows(connection)[0]["most_s"] = 1
    assert told(database) == {"ndt": 1200}


def test_setting_adds_a_row_with_who_and_when(kernel: Kernel, actor: Actor) -> None:
    def body(act: Act) -> int:
        return settle(act, break_rule, {"industry": "ndt", "mode": "told", "most_s": 1100, "break_s": 600})

    number = Action("test.settle_break", body)(kernel, actor)
    with kernel.database.read() as connection:
        (row,) = RULES.rows(connection)
    assert (row["id"], row["set_by"], row["most_s"]) == (number, actor.key, 1100)

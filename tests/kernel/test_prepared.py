"""Prepared statements do exactly what the same statements do through SQLAlchemy, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from kerma.kernel.database import Database
from kerma.kernel.prepared import Prepared

METADATA = sa.MetaData()
shelf = sa.Table(
    "test_shelf",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("things", sa.JSON, nullable=False),
    sa.Column("digest", sa.LargeBinary),
    sa.Column("count", sa.Integer, nullable=False, server_default="0"),
)
ADD = sa.insert(shelf).returning(shelf.c.id)
BY_NAME = sa.select(shelf.c.id, shelf.c.name, shelf.c.count).where(
    shelf.c.name == sa.bindparam("name"), shelf.c.count >= 0
)


@pytest.fixture
def shelves(database: Database) -> Database:
    METADATA.create_all(database.engine)
    return database


def test_a_row_written_one_way_is_read_the_other(shelves: Database) -> None:
    row = {"name": "a % b ? :c", "things": {"é": [1, None]}, "digest": b"\x00\xff"}
    with shelves.write() as connection:
        number = Prepared(ADD).scalar(connection, row)
        assert connection.execute(sa.select(shelf)).mappings().one() == {**row, "id": number, "count": 0}
        number = connection.execute(ADD, row | {"name": "second"}).scalar_one()
        assert Prepared(BY_NAME).first(connection, {"name": "second"}) == {"id": number, "name": "second", "count": 0}
        assert Prepared(BY_NAME).first(connection, {"name": "third"}) is None
        assert Prepared(BY_NAME).scalar(connection, {"name": "third"}) is None


def test_an_update_may_name_other_columns_each_time(shelves: Database) -> None:
    change = Prepared(sa.update(shelf).where(shelf.c.id == sa.bindparam("number")).values(count=shelf.c.count + 1))
    plain = Prepared(sa.update(shelf).where(shelf.c.id == sa.bindparam("number")))
    with shelves.write() as connection:
        number = Prepared(ADD).scalar(connection, {"name": "a", "things": []})
        change.run(connection, {"number": number})
        plain.run(connection, {"number": number, "name": "b"})
        plain.run(connection, {"number": number, "digest": b"1", "name": "c"})
        found = connection.execute(sa.select(shelf.c.name, shelf.c.digest, shelf.c.count)).one()
    assert tuple(found) == ("c", b"1", 1)


def test_many_rows_and_none(shelves: Database) -> None:
    add = Prepared(sa.insert(shelf))
    with shelves.write() as connection:
        add.run_many(connection, [])
        add.run_many(connection, [{"name": str(number), "things": number} for number in range(50)])
        assert connection.scalar(sa.select(sa.func.count()).select_from(shelf)) == 50


def test_it_takes_part_in_the_transaction_and_its_savepoints(shelves: Database) -> None:
    with pytest.raises(ZeroDivisionError), shelves.write() as connection:
        Prepared(ADD).scalar(connection, {"name": "gone", "things": []})
        raise ZeroDivisionError
    with shelves.write() as connection:
        Prepared(ADD).scalar(connection, {"name": "kept", "things": []})
        with pytest.raises(ZeroDivisionError), connection.begin_nested():
            Prepared(ADD).scalar(connection, {"name": "gone", "things": []})
            raise ZeroDivisionError
    with shelves.read() as connection:
        assert list(connection.scalars(sa.select(shelf.c.name))) == ["kept"]


def test_a_list_after_in_is_refused_before_the_database_sees_it(shelves: Database) -> None:
    listed = Prepared(sa.select(shelf.c.id).where(shelf.c.name.in_(["a", "b"])))
    with shelves.read() as connection, pytest.raises(TypeError, match="a list after IN"):
        listed.all(connection, {})

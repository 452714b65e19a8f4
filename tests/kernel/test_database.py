import threading

import pytest
import sqlalchemy as sa

from kerma.kernel.database import Database

NUMBERS = sa.Table("numbers", sa.MetaData(), sa.Column("number", sa.Integer, primary_key=True))


@pytest.fixture
def numbers(empty_database_url: str):
    database = Database(empty_database_url)
    NUMBERS.metadata.create_all(database.engine)
    yield database
    database.close()


def stored(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.scalars(sa.select(NUMBERS.c.number).order_by(NUMBERS.c.number)))


def test_a_failing_transaction_leaves_nothing(numbers: Database) -> None:
    with pytest.raises(ZeroDivisionError), numbers.write() as connection:
        connection.execute(NUMBERS.insert().values(number=1))
        raise ZeroDivisionError
    assert stored(numbers) == []


def test_a_savepoint_takes_back_only_its_own_part(numbers: Database) -> None:
    with numbers.write() as connection:
        connection.execute(NUMBERS.insert().values(number=1))
        with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
            connection.execute(NUMBERS.insert().values(number=2))
            connection.execute(NUMBERS.insert().values(number=1))
        connection.execute(NUMBERS.insert().values(number=3))
    assert stored(numbers) == [1, 3]


def test_a_reader_sees_one_state_while_a_writer_commits(numbers: Database) -> None:
    with numbers.read() as reader:
        first = reader.scalar(sa.select(sa.func.count()).select_from(NUMBERS))
        with numbers.write() as connection:
            connection.execute(NUMBERS.insert().values(number=7))
        second = reader.scalar(sa.select(sa.func.count()).select_from(NUMBERS))
    assert (first, second) == (0, 0)
    assert stored(numbers) == [7]


def test_writers_of_many_threads_all_get_their_turn(numbers: Database) -> None:
    failures: list[Exception] = []

    def write(start: int) -> None:
        try:
            for number in range(start, start + 10):
                with numbers.write() as connection:
                    connection.execute(NUMBERS.insert().values(number=number))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(start,)) for start in range(0, 80, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert stored(numbers) == list(range(80))


def test_a_read_transaction_cannot_write(numbers: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError), numbers.read() as connection:
        connection.execute(NUMBERS.insert().values(number=1))
    assert stored(numbers) == []


def test_a_connection_that_has_rested_while_its_server_went_away_is_made_anew(
    numbers: Database, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if backend == "sqlite":
        pytest.skip("a file has no server that goes away")
    assert stored(numbers) == []
    ended = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    keeper = Database(numbers.url.render_as_string(hide_password=False))
    with keeper.write() as connection:
        assert connection.scalars(ended).all() == [True]
    keeper.close()
    monkeypatch.setattr("kerma.kernel.database.RESTED_S", 0.0)
    assert stored(numbers) == []


def test_a_glance_sees_what_is_committed(numbers: Database) -> None:
    with numbers.write() as connection:
        connection.execute(NUMBERS.insert().values(number=7))
    for _ in range(2):
        with numbers.glance() as connection:
            assert connection.scalar(sa.select(NUMBERS.c.number)) == 7
    with numbers.write() as connection:  # the same connection is one of transactions again
        connection.execute(NUMBERS.insert().values(number=8))
        connection.rollback()
    assert stored(numbers) == [7]

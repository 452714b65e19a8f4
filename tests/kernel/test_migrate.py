import multiprocessing

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import conftest
from kerma.errors import Conflict
from kerma.kernel.database import Database
from kerma.kernel.migrate import HEAD, MIGRATIONS, migrate, revision


def test_the_steps_lead_to_exactly_the_tables_of_the_code(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    migrate(database)
    with database.read() as connection:
        # Alembic misreads an empty text as default on SQLite; the steps are the same, so PostgreSQL shows it
        options = {"compare_type": True, "compare_server_default": not database.is_sqlite}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, conftest.load_tables())
    database.close()
    assert differences == []


def test_names_of_constraints_are_the_same_on_both_ways(empty_database_url: str) -> None:
    """A later step finds a constraint by its name, so the steps must have given it the name of the code."""
    database = Database(empty_database_url)
    migrate(database)
    with database.read() as connection:
        inspector = sa.inspect(connection)
        for table in conftest.load_tables().sorted_tables:
            made = {check["name"] for check in inspector.get_check_constraints(table.name)}
            declared = {
                constraint.name for constraint in table.constraints if isinstance(constraint, sa.CheckConstraint)
            }
            assert made == {str(name) for name in declared}, table.name
    database.close()


def test_every_index_of_the_code_is_there(empty_database_url: str) -> None:
    """Also those over expressions, which Alembic cannot see on SQLite."""
    database = Database(empty_database_url)
    migrate(database)
    query = {"sqlite": "SELECT name FROM sqlite_master", "postgresql": "SELECT indexname FROM pg_indexes"}
    with database.read() as connection:
        made = set(connection.scalars(sa.text(query[connection.dialect.name])))
    database.close()
    declared = {str(index.name) for table in conftest.load_tables().sorted_tables for index in table.indexes}
    assert declared - made == set()


def test_migrating_again_changes_nothing_and_is_quick(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    assert revision(database) == ""
    migrate(database)
    assert revision(database) == HEAD
    with database.write() as connection:
        connection.execute(sa.text("DELETE FROM role_permission"))
    migrate(database)
    with database.read() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM role_permission")) == 0
    database.close()


def _migrate(url: str, barrier, failures) -> None:
    barrier.wait()
    try:
        migrate(Database(url))
    except Exception as error:
        failures.put(repr(error))
        raise


def test_several_processes_starting_at_once_make_one_database(empty_database_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier, failures = spawn.Barrier(2), spawn.Queue()
    processes = [spawn.Process(target=_migrate, args=(empty_database_url, barrier, failures)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0], failures.get(timeout=1)
    database = Database(empty_database_url)
    assert revision(database) == HEAD
    database.close()


def test_a_step_that_fails_leaves_nothing_behind(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: sa.Connection) -> None:
        raise RuntimeError("the power is out")

    database = Database(empty_database_url)
    with monkeypatch.context() as patch:
        patch.setattr("kerma.kernel.ledger.install_guards", fail)
        with pytest.raises(RuntimeError):
            migrate(database)
    with database.read() as connection:
        assert sa.inspect(connection).get_table_names() == []
    migrate(database)
    assert revision(database) == HEAD
    database.close()


def test_a_database_of_a_newer_kerma_is_refused(database_url: str) -> None:
    database = Database(database_url)
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Conflict, match="9999"):
        migrate(database)
    database.close()


def test_steps_are_numbered_without_gaps() -> None:
    numbers = sorted(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]

"""What every test may ask for: both databases, a wired kernel with a clock that is held, and an actor.

``database_url``, ``database`` and ``kernel`` run a test twice: on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent))

import kerma.areas
import kerma.kernel
import postgresql
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import HeldClock
from kerma.kernel.database import Database, metadata
from kerma.kernel.migrate import migrate
from kerma.kernel.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

BACKENDS = ("sqlite", "postgresql")


def load_tables() -> sa.MetaData:
    """Import every module that owns tables, so that the metadata is complete."""
    for module in pkgutil.iter_modules(kerma.kernel.__path__, "kerma.kernel."):
        if not module.ispkg:
            importlib.import_module(module.name)
    for area in pkgutil.iter_modules(kerma.areas.__path__, "kerma.areas."):
        if importlib.util.find_spec(f"{area.name}.model"):
            importlib.import_module(f"{area.name}.model")
    return metadata


def _make_tables(url: str) -> None:
    database = Database(url)
    migrate(database)
    load_tables().create_all(database.engine)  # what has no migration yet: test_migrate.py is what complains
    database.close()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a running PostgreSQL's maintenance database; skips with the reason where there is none."""
    try:
        with postgresql.server() as url:
            yield url
    except postgresql.NoServerError as reason:
        pytest.skip(str(reason))


def _statement(server: str, text: str) -> None:
    engine = sa.create_engine(sa.make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(text)
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and no row."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """The name of a PostgreSQL database with every table and no row."""
    _statement(postgresql_server, "CREATE DATABASE kerma_template")
    _make_tables(postgresql_server.rsplit("/", 1)[0] + "/kerma_template")
    return "kerma_template"


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database this run of the test is on."""
    return str(request.param)


def _new_url(request: pytest.FixtureRequest, backend: str, *, tables: bool) -> Iterator[str]:
    if backend == "sqlite":
        path = request.getfixturevalue("tmp_path") / "kerma.db"
        if tables:
            shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgresql_server")
    template = request.getfixturevalue("postgresql_template") if tables else "template0"
    name = f"test_{uuid.uuid4().hex}"
    _statement(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.rsplit("/", 1)[0] + f"/{name}"
    _statement(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(request: pytest.FixtureRequest, backend: str) -> Iterator[str]:
    """The address of a database of this test's own, with every table and no row."""
    yield from _new_url(request, backend, tables=True)


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, backend: str) -> Iterator[str]:
    """The address of a database of this test's own, without any table."""
    yield from _new_url(request, backend, tables=False)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database of this test's own, with every table."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings with a home of this test's own."""
    home = tmp_path / "home"
    home.mkdir()
    return Settings.load({"KERMA_HOME": str(home), "KERMA_DATABASE_URL": database_url})


@pytest.fixture
def clock() -> HeldClock:
    """A clock held at noon of 2 March 2026."""
    return HeldClock(datetime(2026, 3, 2, 12, 0, tzinfo=UTC))


@pytest.fixture
def kernel(settings: Settings, database: Database, clock: HeldClock) -> Kernel:
    """A kernel on real parts: database, ledger with a key of its own, blobs in a folder; nobody subscribed."""
    from kerma.industries import INDUSTRIES
    from kerma.kernel.blobs import Blobs
    from kerma.kernel.ledger import Ledger, Signer

    return Kernel(
        settings=settings,
        database=database,
        ledger=Ledger(Signer.load(settings.home / "keys")),
        blobs=Blobs(settings.blobs_url),
        clock=clock,
        industries=INDUSTRIES,
    )


@pytest.fixture
def actor() -> Actor:
    """A person who may do everything."""
    return Actor(kind="person", id="1", name="Test Administrator", permissions=frozenset({"*"}))


@pytest.fixture
def stranger() -> Actor:
    """A person who may do nothing."""
    return Actor(kind="person", id="2", name="Test Stranger", permissions=frozenset())


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords hashed with the cheapest parameters, for tests that sign in often."""
    from argon2 import PasswordHasher
    from argon2.profiles import CHEAPEST

    from kerma.kernel import passwords

    quick = PasswordHasher.from_parameters(CHEAPEST)
    monkeypatch.setattr(passwords, "_hasher", lambda: quick)
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()


class Browser:
    """A test client that behaves as a page of this server does: same origin, cookies kept."""

    ORIGIN = "http://127.0.0.1:8080"

    def __init__(self, kernel: Kernel, application: FastAPI) -> None:
        from fastapi.testclient import TestClient

        self.kernel = kernel
        self.http = TestClient(application, base_url=self.ORIGIN, headers={"Origin": self.ORIGIN})

    def sign_in(self, *roles: str, login: str = "tester") -> int:
        """Make a person with these roles and sign in; returns the person's number."""
        from kerma.areas.people.actions import create_person
        from kerma.kernel.identity import service

        password = "blue giraffe 41 crossing"
        made = create_person(
            self.kernel, service("test", "*"), login=login, name="Test Person", password=password, roles=roles
        )
        answer = self.http.post("/api/v1/session", json={"login": login, "password": password})
        assert answer.status_code == 201, answer.text
        return made


@pytest.fixture
def browser(kernel: Kernel, quick_hashes: None) -> Callable[..., Browser]:
    """A maker of browsers: ``browser(router, ...)`` serves these routers and the people area's on the kernel."""
    from fastapi import APIRouter, FastAPI

    from kerma.areas.people.routes import router as people
    from kerma.kernel import requests

    def make(*routers: APIRouter) -> Browser:
        application = FastAPI()
        application.state.kernel = kernel
        for router in (people, *routers):
            application.include_router(router)
        requests.install(application)
        return Browser(kernel, application)

    return make

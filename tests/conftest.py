"""What every test may ask for: both databases, a wired kernel with a clock that is held, and an actor.

``database_url``, ``database`` and ``kernel`` run a test twice: on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import pkgutil
import shutil
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import psycopg
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

os.environ.setdefault("KERMA_DICOM_PORT", "0")  # servers of tests that run at the same time take free ports
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # tests start hundreds of programs: each need not be compiled anew
BACKENDS = ("sqlite", "postgresql")
# A busy machine is no fault of the code. The same examples each time, so that what is red stays red; `make soak` looks
# for others.
hypothesis.settings.register_profile("kerma", deadline=None, derandomize=os.environ.get("KERMA_EXPLORE") != "1")
hypothesis.settings.load_profile("kerma")

PLENTY_BYTES = 8 << 30


def _work_in_memory() -> None:
    """Let the tests' files lie in memory where there is plenty of it: most of their time was the disk's flushes.

    Nothing is lost: tests kill processes, never the machine. What killed processes leave is gone at the end of the run.
    """
    memory = Path("/dev/shm")
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK):
        return
    held = os.statvfs(memory)
    told = Path("/proc/meminfo").read_text(encoding="ascii").split("MemAvailable:")[1].split()[0]
    free_bytes = min(held.f_bavail * held.f_frsize, int(told) * 1024)
    if free_bytes > PLENTY_BYTES and not held.f_flag & os.ST_NOEXEC:
        folder, owner = tempfile.mkdtemp(prefix="kerma-tests-", dir=memory), os.getpid()
        Path(folder).chmod(0o711)  # PostgreSQL's own user has its folder in it
        os.environ |= {"TMPDIR": folder, "PYTEST_DEBUG_TEMPROOT": str(memory)}
        tempfile.tempdir = None
        atexit.register(lambda: os.getpid() == owner and shutil.rmtree(folder, ignore_errors=True))


_work_in_memory()

SLOW = (
    "journeys/test_crash_analysis.py", "test_wheel.py", "browser/test_sign.py", "peers/test_conform.py", "journeys/",
    "browser/", "peers/", "doors/",
)  # fmt: skip
"""What takes longest, by the beginnings of paths; the first browser test makes the demonstration set for the others."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: left to the end, one process would run it alone while the others are done."""
    folder = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(folder).as_posix()
        return next((number for number, start in enumerate(SLOW) if path.startswith(start)), len(SLOW))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Leave the tens of thousands of tests out of every later look for garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def nothing_kept(request: pytest.FixtureRequest) -> Iterator[None]:
    """Forget the pictures that a module kept for its tests when they are done: together they are gigabytes."""
    yield
    for value in vars(request.module).values():
        forget = getattr(value, "cache_clear", None)
        if callable(forget):
            forget()


def load_tables() -> sa.MetaData:
    """Import every module that owns tables, so that the metadata is complete."""
    for module in pkgutil.iter_modules(kerma.kernel.__path__, "kerma.kernel."):
        if not module.ispkg:
            importlib.import_module(module.name)
    kerma.areas.load_tables()
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


@pytest.fixture(scope="session")
def postgresql_keeper(postgresql_server: str) -> Iterator[psycopg.Connection]:
    """The connection over which databases are made and dropped."""
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and no row."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str, postgresql_keeper: psycopg.Connection) -> str:
    """The name of a PostgreSQL database with every table and no row."""
    postgresql_keeper.execute("CREATE DATABASE kerma_template")
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
    keeper = request.getfixturevalue("postgresql_keeper")
    name = f"test_{uuid.uuid4().hex}"
    quickly = "STRATEGY FILE_COPY" if keeper.info.server_version >= 150_000 else ""
    keeper.execute(f"CREATE DATABASE {name} TEMPLATE {template} {quickly}")
    yield server.rsplit("/", 1)[0] + f"/{name}"
    keeper.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(request: pytest.FixtureRequest, backend: str) -> Iterator[str]:
    """The address of a database of this test's own, with every table and no row."""
    yield from _new_url(request, backend, tables=True)


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, backend: str) -> Iterator[str]:
    """The address of a database of this test's own, without any table."""
    yield from _new_url(request, backend, tables=False)


_rendered: dict[str, tuple[sa.Dialect, dict[Any, Any]]] = {}


def _share_rendered_statements(opened: Database) -> None:
    """Let the databases of all tests share the text of their statements: rendering it took longer than running it."""
    kind = opened.engine.dialect.name
    if kind not in _rendered:
        with opened.read():
            pass  # a dialect learns what server it speaks to when it first connects
        _rendered[kind] = opened.engine.dialect, {}
    opened.engine.dialect, kept = _rendered[kind]
    opened.engine.update_execution_options(compiled_cache=kept)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database of this test's own, with every table."""
    opened = Database(database_url)
    _share_rendered_statements(opened)
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
def kernel(settings: Settings, database: Database, clock: HeldClock, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """A kernel on real parts: database, ledger with a key of its own, blobs in a folder; nobody subscribed."""
    from kerma.industries import INDUSTRIES
    from kerma.kernel import blobs_folder
    from kerma.kernel.blobs import Blobs
    from kerma.kernel.ledger import Ledger, Signer

    # 256 folders at the first blob pay for an archive, not for a test's two films; tests/kernel/test_blobs.py has them
    monkeypatch.setattr(blobs_folder, "SPREAD", ())
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

"""A site with many readers who are signed in and many exams that wait, and a server that can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

import exams
from kerma.app import open_kernel
from kerma.areas.archive.model import ExamArrived
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.areas.worklist.actions_flow import set_flow
from kerma.areas.worklist.model import item
from kerma.areas.worklist.rules_flow import Stage
from kerma.kernel import clock
from kerma.kernel.identity import service, sha256
from kerma.kernel.identity_model import person, person_role, session
from kerma.kernel.settings import Settings

KERMA = str(Path(sys.executable).with_name("kerma"))
INDUSTRY = "ndt"
TWICE = (Stage("first", "First", next={"*": "second"}), Stage("second", "Second"))
"""A flow in which two people decide each exam, one after the other."""


@dataclass(frozen=True)
class Reader:
    """Somebody who is signed in."""

    key: str
    token: str


@dataclass(frozen=True)
class Site:
    """Readers, and what waits for them."""

    readers: list[Reader]
    exams: list[int]
    items: list[int]


def environment(home: Path, database_url: str) -> dict[str, str]:
    """Return the environment in which Kerma's commands find the site."""
    own = {"KERMA_HOME": str(home), "KERMA_DATABASE_URL": database_url, "KERMA_DICOM_PORT": "0"}
    return os.environ | own | {"PYTHONUNBUFFERED": "1"}


def site(place: Mapping[str, str], *, readers: int, waiting: int, decided_twice: bool = False) -> Site:
    """Make a site: readers with sessions, exams on the list; nothing is to be done about the exams but to decide."""
    kernel = open_kernel(Settings.load(dict(place)))
    kernel = replace(kernel, subscriptions={ExamArrived: (on_exam_arrived,)})
    software = service("test", "*")
    if decided_twice:
        set_flow(kernel, software, industry=INDUSTRY, name="twice", stages=TWICE)
    with kernel.database.write() as connection:
        now = clock.text(kernel.clock.now())
        seated = [seat(connection, f"reader{number}", "analyst", now) for number in range(readers)]
    made = [exams.arrive(kernel, software, industry=INDUSTRY, subject_id=f"S-{number}") for number in range(waiting)]
    with kernel.database.read() as connection:
        found = {row.exam_pk: row.id for row in connection.execute(sa.select(item.c.exam_pk, item.c.id))}
    kernel.database.close()
    return Site(seated, made, [found[pk] for pk in made])


def seat(connection: sa.Connection, login: str, role: str, now: str, password_hash: str | None = None) -> Reader:
    """Make a person who is signed in already: hashing hundreds of passwords would take longer than the test."""
    token = f"token-of-{login}"
    row = {"login": login, "login_folded": login, "name": login.title(), "created_at": now}
    row |= {"password_hash": password_hash, "password_set_at": now}
    number = connection.execute(sa.insert(person).values(row).returning(person.c.id)).scalar_one()
    connection.execute(sa.insert(person_role).values(person_id=number, role=role))
    begun = {"person_id": number, "created_at": now, "last_seen_at": now, "address": "127.0.0.1", "user_agent": ""}
    connection.execute(sa.insert(session).values(token_sha256=sha256(token), **begun))
    return Reader(f"person:{number}", token)


def serve(place: Mapping[str, str]) -> tuple[subprocess.Popen[str], str]:
    """Start a server as the leader of a process group of its own; returns it and its address."""
    command = [KERMA, "serve", "--port", "0"]
    server = subprocess.Popen(command, env=place, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert server.stdout is not None
    ready = server.stdout.readline()
    assert ready.startswith("Kerma is ready at "), ready
    return server, ready.split()[-1]


def kill(server: subprocess.Popen[str]) -> None:
    """Kill a server and its children at once, as a power cut would, but for what the system has been given."""
    os.killpg(server.pid, signal.SIGKILL)
    server.wait(timeout=60)


def end(server: subprocess.Popen[str]) -> None:
    """Ask a server to end, and wait until it has."""
    server.terminate()
    server.wait(timeout=120)


def run(place: Mapping[str, str], *words: str) -> str:
    """Run one of Kerma's commands, which must succeed; returns what it prints."""
    done = subprocess.run([KERMA, *words], env=place, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


def ledger(place: Mapping[str, str], folder: Path) -> list[str]:
    """Export the ledger, have it verified, and return its records as JSON texts in their order."""
    export = folder / "ledger.export"
    run(place, "ledger", "export", "--out", str(export))
    run(place, "verify", str(export))
    return [line for line in export.read_text(encoding="utf-8").splitlines() if line.startswith('{"action"')]

"""``kerma serve`` as a process of its own, for tests that talk to it as a browser does."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

KERMA = Path(sys.executable).parent / "kerma"
SOON_S = 30
"""Work that waits longer than this waits to be tried again; a test that needs its end waits for that itself."""
OPEN_JOBS = """
    SELECT name, key, state, due_at FROM job_request
    WHERE key <> 'standing' AND (state IN ('handed', 'running') OR (state = 'waiting' AND due_at < ?))
"""


@dataclass
class Server:
    process: subprocess.Popen
    address: str
    login: str
    password: str
    home: Path

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.address, headers={"Origin": self.address}, timeout=60) as client:
            answer = client.post("/api/v1/session", json={"login": self.login, "password": self.password})
            assert answer.status_code == 201, answer.text
            yield client

    def at_rest(self) -> None:
        """Wait until nothing that was asked of this server is left to be done, so that no page changes by itself."""
        until = time.monotonic() + 240
        address = f"file:{self.home / 'kerma.db'}?mode=ro"
        while True:
            soon = (datetime.now(UTC) + timedelta(seconds=SOON_S)).isoformat()
            with closing(sqlite3.connect(address, uri=True, timeout=60)) as connection:
                open_jobs = connection.execute(OPEN_JOBS, (soon,)).fetchall()
            if not open_jobs:
                return
            assert time.monotonic() < until, f"still to be done after four minutes: {open_jobs}"
            time.sleep(0.2)

    def cookies(self) -> list[dict[str, str]]:
        """The cookies of the person who began this server, signed in, as a browser takes them."""
        with self.client() as client:
            return [{"name": name, "value": value, "url": self.address} for name, value in client.cookies.items()]


def start(home: Path, *options: str) -> Server:
    environment = {**os.environ, "KERMA_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    environment.setdefault("KERMA_DICOM_PORT", "0")
    process = subprocess.Popen(
        [str(KERMA), "serve", "--port", "0", *options], env=environment, stdout=subprocess.PIPE, text=True
    )
    ready = process.stdout.readline()
    assert ready.startswith("Kerma is ready at http://127.0.0.1:"), ready
    words = process.stdout.readline().split() if "--demo" in options else ["", "", "", "", ""]
    return Server(process, ready.split()[-1], words[2], words[4], home)


def settle(home: Path, password: str, people: Mapping[str, tuple[str, str]]) -> None:
    """Make a home with people in it, by login their name and role; in this process, which has loaded all it takes."""
    from kerma.app import open_kernel
    from kerma.areas.people.actions import create_person
    from kerma.kernel import sight
    from kerma.kernel.identity import service
    from kerma.kernel.settings import Settings

    kept = list(sight.RULES)
    kernel = open_kernel(Settings.load({"KERMA_HOME": str(home)}))
    for login, (name, role) in people.items():
        create_person(kernel, service("test", "*"), login=login, name=name, password=password, roles=(role,))
    kernel.database.close()
    sight.RULES[:] = kept


def end(server: Server) -> float:
    begun = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(timeout=120)
    return time.monotonic() - begun


DEMONSTRATION_EXAMS = 8


@contextmanager
def demonstrated(home: Path) -> Iterator[Server]:
    """Run a server on which all of the demonstration set has been analysed and reported.

    The set is made once for all tests of a run; each of its servers has a copy.
    """
    run = home.parent.parent if "PYTEST_XDIST_WORKER" in os.environ else home.parent
    shared = run / "demonstration"  # of all processes of one run, and of no other: the next may have other tables
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "complete").exists():
            _demonstrate(shared)
            (shared / "complete").touch()
    shutil.copytree(shared, home, dirs_exist_ok=True)
    started = start(home, "--demo")
    try:
        yield started
    finally:
        end(started)


def _demonstrate(home: Path) -> None:
    started = start(home, "--demo")
    try:
        with started.client() as client:
            until = time.monotonic() + 240
            while True:
                items = client.get("/api/v1/worklist").json()["items"]
                if len(items) >= DEMONSTRATION_EXAMS and all(item["decision_proposed"] for item in items):
                    break
                assert time.monotonic() < until, "the demonstration set was not there and analysed within four minutes"
                time.sleep(0.3)
            for item in items:
                while client.get(f"/api/v1/exams/{item['exam_pk']}/report").json()["state"] == "none":
                    assert time.monotonic() < until, "the reports of the demonstration set did not come"
                    time.sleep(0.2)
    finally:
        end(started)

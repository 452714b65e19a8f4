"""A PostgreSQL server of the tests' own: Debian's package, a temporary folder, a free port, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

FAST = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0",
    "max_connections=200", "shared_buffers=64MB",
)  # fmt: skip
"""Durability is switched off: the tests kill clients, never the server."""


READY_S = 60.0


class NoServerError(Exception):
    """PostgreSQL cannot be had on this machine; says why."""


class ServerError(Exception):
    """PostgreSQL is installed and does not run: a fault to be told, no reason to skip half of the tests."""


def _programs() -> Path:
    """Return the folder of the newest installed PostgreSQL, installing Debian's when root."""
    if not _installed() and os.geteuid() == 0 and shutil.which("apt-get"):
        settings = Path("/etc/postgresql-common/createcluster.conf")
        settings.parent.mkdir(exist_ok=True)
        if not settings.exists():
            settings.write_text("create_main_cluster = false\n")
        quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "-qq", "update"], check=False, **quiet)
        subprocess.run(["apt-get", "-qq", "install", "-y", "postgresql"], check=False, **quiet)
    if not _installed():
        raise NoServerError("PostgreSQL is not installed; 'apt-get install postgresql' gives these tests a server")
    return _installed()[-1]


def _installed() -> list[Path]:
    return sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda folder: int(folder.parent.name),
    )


def _as_postgres() -> list[str]:
    """The server refuses to run as root; when a test run dies, the server is interrupted with it."""
    become = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *become, "--pdeathsig=INT"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise ServerError(f"PostgreSQL ended at once: {log.read_text()[-500:]}")
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host="127.0.0.1", port=port, user="kerma", dbname="postgres").close()
            return
        time.sleep(0.02)
    raise ServerError(f"PostgreSQL did not answer within {READY_S:g} s: {log.read_text()[-500:]}")


@contextmanager
def server(settings: Sequence[str] = FAST) -> Iterator[str]:
    """Run a server; yields the address of its maintenance database."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="kerma-postgresql-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data, log, port = folder / "data", folder / "log", _free_port()
    initdb = [str(programs / "initdb"), "-D", str(data), "-U", "kerma", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    subprocess.run([*_as_postgres(), *initdb], check=True, stdout=subprocess.DEVNULL, cwd=folder)
    options = [f"-c{option}" for option in (*settings, "unix_socket_directories=", "listen_addresses=127.0.0.1")]
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), *options]
    with log.open("wb") as written:
        process = subprocess.Popen([*_as_postgres(), *command], stdout=written, stderr=written, cwd=folder)
    try:
        _wait_until_ready(process, port, log)
        yield f"postgresql://kerma@127.0.0.1:{port}/postgres"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)

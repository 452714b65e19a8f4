"""``kerma serve``: the web door, the jobs, the watched folder and the ledger's checkpoints in one process."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kerma.doors.demonstration import Demonstration
from kerma.doors.folder import FolderDoor
from kerma.doors.web import create_app, routers_of_areas
from kerma.errors import WrongUsage
from kerma.kernel.jobs import Runner

if TYPE_CHECKING:
    import uvicorn

    from kerma.kernel.action import Kernel

log = logging.getLogger(__name__)

CHECKPOINT_S = 1.0
REQUESTS_END_S = 2
JOBS_END_S = 2.0
"""How long requests and jobs under way may take to end after SIGTERM; jobs go on at the next start."""
WAITING_CONNECTIONS = 2048

Say = Callable[[str], None]


def serve(
    kernel: Kernel, *, host: str, port: int, demonstration: bool = False, folder: Path | None = None, say: Say
) -> None:
    """Serve until SIGTERM or Ctrl+C, then end within a few seconds.

    Parameters
    ----------
    host, port : where to listen; port 0 takes a free one
    demonstration : whether to fill an empty home and tell the login
    folder : a folder to watch for files
    say : what shows a line to whoever started the server

    Raises
    ------
    WrongUsage
        The address cannot be listened on.
    Conflict
        A demonstration is asked for in a home that holds work already.
    """
    listening = _listen(host, port)
    with contextlib.ExitStack() as parts:
        parts.callback(listening.close)
        demo = Demonstration(kernel) if demonstration else None
        login = demo.prepare() if demo else None
        server = _server(kernel)
        parts.enter_context(_ending(server))
        parts.enter_context(_running(kernel))
        if folder is not None:
            door = FolderDoor(kernel, folder)
            door.start()
            parts.callback(door.stop)
        say(f"Kerma is ready at http://{_shown(host)}:{listening.getsockname()[1]}")
        if demo and login:
            say(f"Demonstration login: {login.login}   password: {login.password}")
            demo.fill_beside(say)
            parts.callback(demo.stop)
        if folder is not None:
            say(f"Watching {folder}")
        server.run(sockets=[listening])


def _server(kernel: Kernel) -> uvicorn.Server:
    import uvicorn

    config = uvicorn.Config(
        create_app(kernel, routers_of_areas()),
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        # Addresses told by a proxy are believed only where there is one: they decide how fast one may sign in.
        proxy_headers=bool(kernel.settings.origin),
        timeout_graceful_shutdown=REQUESTS_END_S,
    )
    return uvicorn.Server(config)


def work(kernel: Kernel, *, say: Say) -> None:
    """Run jobs until SIGTERM or Ctrl+C; the database shares them among the workers.

    Raises
    ------
    WrongUsage
        The database is SQLite, which belongs to one machine: its jobs run inside ``kerma serve``.
    """
    if kernel.database.is_sqlite:
        raise WrongUsage("`kerma worker` needs PostgreSQL (KERMA_DATABASE_URL): with SQLite the server does the jobs")
    ends = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ends.set())
    with _running(kernel):
        say("Working on the jobs of this database; end with Ctrl+C")
        ends.wait()


@contextlib.contextmanager
def _running(kernel: Kernel) -> Iterator[None]:
    """Run jobs and sign checkpoints while the block runs."""
    ends = threading.Event()
    signer = threading.Thread(target=_sign, args=(kernel, ends), name="kerma-checkpoints", daemon=True)
    runner = Runner(kernel)
    runner.start()
    signer.start()
    try:
        yield
    finally:
        ends.set()
        runner.stop(JOBS_END_S)
        signer.join()


def _sign(kernel: Kernel, ends: threading.Event) -> None:
    """Sign what has been appended, once a second; where nothing has, nothing is written."""
    while not ends.wait(CHECKPOINT_S):
        try:
            kernel.ledger.checkpoint(kernel.database)
        except Exception:
            log.exception("the ledger's checkpoint could not be signed; trying again in %g s", CHECKPOINT_S)


@contextlib.contextmanager
def _ending(server: uvicorn.Server) -> Iterator[None]:
    """Have SIGTERM and Ctrl+C end the server, also before it runs; and, once it has ended, nothing but the parts.

    The web server raises the signal that ended it once more when it has ended: the process must live on until jobs
    and folder have come to a good end.
    """

    def end(*_: object) -> None:
        server.should_exit = True

    kept = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=WAITING_CONNECTIONS)
    except OSError as error:
        raise WrongUsage(
            f"{host} port {port} cannot be listened on: {os.strerror(error.errno or 0)}; choose another with --port"
        ) from error


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else {"0.0.0.0": "127.0.0.1"}.get(host, host)

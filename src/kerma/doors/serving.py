"""``kerma serve``: web door, watched folder and the ledger's checkpoints; jobs and DICOM network are its children."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from kerma.doors.child import Child, follow_parent
from kerma.doors.demonstration import Demonstration
from kerma.doors.dimse_child import NetworkChild
from kerma.doors.folder import FolderDoor
from kerma.doors.limits_head import limited_protocol
from kerma.doors.web import create_app, routers_of_areas
from kerma.errors import WrongUsage
from kerma.kernel import apart
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
CHANNEL_BYTES = 4096
"""The most that one message on a channel of workitem events may hold: nothing is listened to there."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """What ``kerma serve`` is asked for."""

    host: str
    port: int
    """Port 0 takes a free one."""
    dicom_port: int | None = None
    """The port of the DICOM network; None for none."""
    demonstration: bool = False
    """Whether to fill an empty home and tell the login."""
    folder: Path | None = None
    """A folder to watch for files."""


def serve(kernel: Kernel, wanted: Wanted, say: Say) -> None:
    """Serve until SIGTERM or Ctrl+C, then end within a few seconds.

    Parameters
    ----------
    say : what shows a line to whoever started the server

    Raises
    ------
    WrongUsage
        An address cannot be listened on.
    Conflict
        A demonstration is asked for in a home that holds work already.
    """
    listening = _listen(wanted.host, wanted.port)
    with contextlib.ExitStack() as parts:
        parts.callback(listening.close)
        network = NetworkChild(kernel, wanted.dicom_port, trusts_loopback=wanted.demonstration)
        parts.callback(network.stop)
        demo = Demonstration(kernel) if wanted.demonstration else None
        login = demo.prepare() if demo else None
        server = _server(kernel)
        told: list[Callable[[], None]] = []
        parts.enter_context(_ending(server, told))
        parts.enter_context(_signing(kernel))
        jobs = Child("the process of the jobs", ["worker", "--child"], kernel.settings.as_environment())
        jobs.start()
        parts.callback(jobs.stop)
        network.start()
        if wanted.folder is not None:
            door = FolderDoor(kernel, wanted.folder)
            door.start()
            parts.callback(door.stop)
        say(f"Kerma is ready at http://{_shown(wanted.host)}:{listening.getsockname()[1]}")
        if demo and login:
            say(f"Demonstration login: {login.login}   password: {login.password}")
            demo.fill_beside(say)
            parts.callback(demo.stop)
            told.append(demo.tell_end)
        for line in network.lines:
            say(line)
        told += [network.tell_end, jobs.tell_end]
        if wanted.folder is not None:
            say(f"Watching {wanted.folder}")
        try:
            server.run(sockets=[listening])
        finally:
            for tell in told:
                tell()


def _server(kernel: Kernel) -> uvicorn.Server:
    import uvicorn

    config = uvicorn.Config(
        create_app(kernel, routers_of_areas()),
        log_level="warning",
        access_log=False,
        server_header=False,
        http=limited_protocol(),
        ws="websockets-sansio",
        ws_max_size=CHANNEL_BYTES,
        # Addresses told by a proxy are believed only where there is one: they decide how fast one may sign in.
        proxy_headers=bool(kernel.settings.origin),
        timeout_graceful_shutdown=REQUESTS_END_S,
    )
    return uvicorn.Server(config)


def work(kernel: Kernel, *, say: Say, is_child: bool = False) -> None:
    """Run jobs until SIGTERM or Ctrl+C; the database shares them among the workers.

    Parameters
    ----------
    is_child : whether it is the child of a server, and ends with that

    Raises
    ------
    WrongUsage
        The database is SQLite, which belongs to one machine: the server has its jobs done.
    """
    if kernel.database.is_sqlite and not is_child:
        raise WrongUsage("`kerma worker` needs PostgreSQL (KERMA_DATABASE_URL): with SQLite the server does the jobs")
    ends = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ends.set())
    if is_child:
        follow_parent(ends)
    runner = Runner(kernel, standing=True)
    with apart.processes(_heavy(kernel.settings.job_threads)), contextlib.ExitStack() as parts:
        if not is_child:
            parts.enter_context(_signing(kernel))
            say("Working on the jobs of this database; end with Ctrl+C")
        runner.start()
        ends.wait()
        runner.stop(JOBS_END_S)


def _heavy(job_threads: int) -> int:
    """Return how many processes do heavy work: one core is left to the doors."""
    return max(1, min(job_threads, (os.cpu_count() or 1) - 1))


@contextlib.contextmanager
def _signing(kernel: Kernel) -> Iterator[None]:
    """Sign checkpoints while the block runs."""
    ends = threading.Event()
    signer = threading.Thread(target=_sign, args=(kernel, ends), name="kerma-checkpoints", daemon=True)
    signer.start()
    try:
        yield
    finally:
        ends.set()
        signer.join()


def _sign(kernel: Kernel, ends: threading.Event) -> None:
    """Sign what has been appended, once a second; where nothing has, nothing is written."""
    while not ends.wait(CHECKPOINT_S):
        try:
            kernel.ledger.checkpoint(kernel.database)
        except Exception:
            log.exception("the ledger's checkpoint could not be signed; trying again in %g s", CHECKPOINT_S)


@contextlib.contextmanager
def _ending(server: uvicorn.Server, told: Sequence[Callable[[], None]]) -> Iterator[None]:
    """Have SIGTERM and Ctrl+C end the server, also before it runs; and, once it has ended, nothing but the parts.

    The parts in ``told`` hear of it at once, so that they end while the last requests are answered.

    The web server raises the signal that ended it once more when it has ended: the process must live on until jobs
    and folder have come to a good end.
    """

    def tell_all() -> None:
        for tell in told:
            tell()

    def end(*_: object) -> None:
        server.should_exit = True
        tell_all()

    def end_running(number: int, frame: FrameType | None) -> None:
        tell_all()
        as_it_was(number, frame)

    # While it runs, the web server has the signals itself.
    as_it_was, server.handle_exit = server.handle_exit, end_running
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

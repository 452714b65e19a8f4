"""The process of the DICOM network door: ``kerma dicom``, alone or as the child of ``kerma serve``."""

from __future__ import annotations

import json
import logging
import signal
import socket
import threading
from collections.abc import Callable, Sequence

from kerma.doors.child import follow_parent
from kerma.doors.dimse import Listener, Port, listen, secure_context
from kerma.errors import WrongUsage
from kerma.kernel.action import Kernel
from kerma.kernel.settings import Settings

REPORT_S = 2.0
"""How often a child tells its parent what it has counted."""
Say = Callable[[str], None]


def open_ports(settings: Settings, port: int | None) -> list[socket.socket]:
    """Open the plain port and then the secure one, each where it is switched on.

    Raises
    ------
    WrongUsage
        An address cannot be listened on, or the secure port lacks its certificate.
    """
    host = settings.dicom_host or settings.host
    if settings.dicom_tls_port is not None:
        secure_context(settings)
    return [listen(host, number) for number in (port, settings.dicom_tls_port) if number is not None]


def lines(settings: Settings, ports: Sequence[socket.socket], *, has_plain: bool) -> list[str]:
    """Return a line for each port, for whoever started the server."""
    shown = []
    for number, listening in enumerate(ports):
        host, port = listening.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1"}.get(host, f"[{host}]" if ":" in host else host)
        secure = "" if has_plain and number == 0 else " over TLS"
        shown.append(f"DICOM network{secure}: AE {settings.ae_title} at {host}:{port}")
    return shown


def run(kernel: Kernel, *, port: int | None, say: Say) -> None:
    """Run the door until SIGTERM or Ctrl+C.

    Raises
    ------
    WrongUsage
        Nothing is to be listened on, or an address cannot be.
    """
    ports = open_ports(kernel.settings, port)
    if not ports:
        raise WrongUsage("the DICOM network is switched off (KERMA_DICOM_PORT=off): give a port with --dicom-port")
    ends = _ending()
    with_tls = _with_contexts(kernel.settings, ports, has_plain=port is not None)
    listener = Listener(kernel, with_tls)
    listener.start()
    for line in lines(kernel.settings, ports, has_plain=port is not None):
        say(line)
    ends.wait()
    listener.stop()


def run_child(kernel: Kernel, *, descriptors: Sequence[int], has_plain: bool) -> None:
    """Run the door on ports that the parent opened, until the parent ends in whatever way.

    The parent holds the other end of our input: once nobody does, it reads as ended, also after ``kill -9``.
    """
    ports = [socket.socket(fileno=descriptor) for descriptor in descriptors]
    ends = _ending()
    listener = Listener(kernel, _with_contexts(kernel.settings, ports, has_plain=has_plain))
    listener.start()
    follow_parent(ends)
    said = ""
    while not ends.wait(REPORT_S):
        told = json.dumps(listener.door.counts.snapshot() | {"open_associations": listener.open_count})
        if told != said:
            _tell(told, ends)
            said = told
    listener.stop()


def _tell(line: str, ends: threading.Event) -> None:
    try:
        print(line, flush=True)
    except OSError:
        ends.set()


def _with_contexts(settings: Settings, ports: Sequence[socket.socket], *, has_plain: bool) -> list[Port]:
    return [
        (listening, None if has_plain and number == 0 else secure_context(settings))
        for number, listening in enumerate(ports)
    ]


def _ending() -> threading.Event:
    ends = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ends.set())
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("kerma").setLevel(logging.INFO)
    # Its errors come with tracebacks and, at times, with values; each association has a line of ours.
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    return ends

"""The DICOM network door: it listens, gives each association a thread of its own, and ends them in good order."""

from __future__ import annotations

import importlib
import logging
import os
import socket
import ssl
import threading
import time
from collections.abc import Sequence

from kerma.areas.archive.actions_gather import Gatherer
from kerma.doors import dimse_pdu as pdu
from kerma.doors.dimse_association import TEMPORARY_CONGESTION, Arrived, Association
from kerma.doors.dimse_negotiation import services
from kerma.doors.dimse_object import Door
from kerma.doors.dimse_wire import RECEIVE_BUFFER_BYTES
from kerma.errors import WrongUsage
from kerma.kernel.action import Kernel
from kerma.kernel.settings import Settings

log = logging.getLogger(__name__)

WAITING_CONNECTIONS = 512
STACK_BYTES = 1 << 20
END_S = 5.0
"""How long objects under way may take to be kept and answered when the door closes."""
Port = tuple[socket.socket, ssl.SSLContext | None]


class Listener:
    """Listens on some ports from :meth:`start` to :meth:`stop`."""

    def __init__(self, kernel: Kernel, ports: Sequence[Port]) -> None:
        self.door = Door(kernel, Gatherer(kernel))
        self._ports = ports
        self._turn = threading.Lock()
        self._open: dict[Association, threading.Thread] = {}
        self._count = 0
        self._is_stopping = False
        self._threads: list[threading.Thread] = []

    @property
    def open_count(self) -> int:
        """How many associations are open now."""
        return len(self._open)

    def start(self) -> None:
        """Begin to listen; what the first association would have to load is loaded now."""
        importlib.import_module("kerma.formats.dicom")
        services()
        for listening, context in self._ports:
            thread = threading.Thread(target=self._accept, args=(listening, context), name="kerma-dicom", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, end_s: float = END_S) -> None:
        """Take no more associations, let objects under way be kept and answered, then end every association."""
        self._is_stopping = True
        for listening, _ in self._ports:
            _close(listening)
        for thread in self._threads:
            thread.join()
        for association in list(self._open):
            association.stop()
        until_s = time.monotonic() + end_s
        for thread in list(self._open.values()):
            thread.join(max(0.0, until_s - time.monotonic()))
        self.door.gatherer.close()

    def _accept(self, listening: socket.socket, context: ssl.SSLContext | None) -> None:
        while not self._is_stopping:
            try:
                connection, address = listening.accept()
            except OSError as error:
                if self._is_stopping:
                    return
                log.warning("a connection could not be accepted: %s", os.strerror(error.errno or 0))
                time.sleep(0.1)
                continue
            try:
                self._begin(connection, str(address[0]), context)
            except (OSError, RuntimeError) as error:
                log.warning("an association could not be begun: %s", error)
                connection.close()

    def _begin(self, connection: socket.socket, address: str, context: ssl.SSLContext | None) -> None:
        if len(self._open) >= self.door.kernel.settings.dicom_associations:
            log.warning("an association from %s was refused: %d are open, as many as may be", address, len(self._open))
            connection.send(pdu.reject(*TEMPORARY_CONGESTION))
            connection.close()
            return
        self._count += 1
        association = Association(self.door, Arrived(connection, address, self._count, context), self._open_of)
        name = f"kerma-dicom-{self._count}"
        thread = threading.Thread(target=self._serve, args=(association,), name=name, daemon=True)
        with self._turn:
            self._open[association] = thread
        self.door.counts.add(associations=1)
        thread.start()

    def _serve(self, association: Association) -> None:
        try:
            association.run()
        finally:
            with self._turn:
                self._open.pop(association, None)

    def _open_of(self, calling_ae: str) -> int:
        """Return how many associations of a node are open."""
        with self._turn:
            return sum(one.is_admitted and one.calling_ae == calling_ae for one in self._open)


def _close(listening: socket.socket) -> None:
    """Close a listening socket and wake the thread that waits on it."""
    try:
        listening.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        log.debug("a port was closed already: %s", error)
    listening.close()


def listen(host: str, port: int) -> socket.socket:
    """Open a port.

    Raises
    ------
    WrongUsage
        The address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=WAITING_CONNECTIONS)
    except OSError as error:
        raise WrongUsage(
            f"{host} port {port} cannot be listened on: {os.strerror(error.errno or 0)}; choose another one with "
            "--dicom-port or KERMA_DICOM_PORT (0 takes any free one)"
        ) from error
    # Connections that are accepted have what the listening socket has; it must be set before the window is agreed on.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    return listening


def secure_context(settings: Settings) -> ssl.SSLContext:
    """Return how TLS is spoken on the secure port (DICOM PS3.15 annex B, BCP 195): 1.2 or newer, forward secrecy.

    Raises
    ------
    WrongUsage
        Certificate, key or authorities are missing or cannot be used.
    """
    if not settings.dicom_tls_certificate or not settings.dicom_tls_key:
        raise WrongUsage("KERMA_DICOM_TLS_PORT needs KERMA_DICOM_TLS_CERTIFICATE and KERMA_DICOM_TLS_KEY (PEM files)")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM")
    try:
        context.load_cert_chain(settings.dicom_tls_certificate, settings.dicom_tls_key)
        if settings.dicom_tls_authorities:
            context.load_verify_locations(settings.dicom_tls_authorities)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise WrongUsage(f"the certificate, key or authorities of the DICOM network cannot be used: {error}") from error
    return context

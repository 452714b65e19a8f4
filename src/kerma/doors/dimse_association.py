"""One association from the first byte to the last: who calls, what is agreed on, who serves it, how it ended."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from kerma.areas.exchange import actions as exchange
from kerma.areas.exchange import rules as exchange_rules
from kerma.doors import dimse_pdu as pdu
from kerma.doors.dimse_negotiation import Agreement, agree, services
from kerma.doors.dimse_object import Door
from kerma.doors.dimse_pdu import GarbledError, Request
from kerma.doors.dimse_storage import StorageLoop
from kerma.doors.dimse_wire import GoneError, SilentError, Wire, is_dicos, key_digest
from kerma.errors import KermaError, NotAllowed
from kerma.kernel.dimse import Peer
from kerma.kernel.dimse_dicos import dialect_of

log = logging.getLogger(__name__)

ACSE_S = 10.0
"""How long an association request may take to arrive (PS3.8, the ARTIM timer)."""
CONTEXT_NOT_SUPPORTED, CALLING_NOT_KNOWN = (1, 1, 2), (1, 1, 3)
VERSION_NOT_SUPPORTED = (1, 2, 2)
TEMPORARY_CONGESTION = (2, 3, 1)
"""Result, source and reason of an A-ASSOCIATE-RJ (PS3.8, 9.3.4)."""


class RefusedError(Exception):
    """The association is refused; ``answer`` is what the peer hears."""

    def __init__(self, answer: tuple[int, int, int], reason: str) -> None:
        super().__init__(reason)
        self.answer = answer


@dataclass(frozen=True)
class Arrived:
    """A connection that was made: the TLS context when it came to the secure port."""

    connection: socket.socket
    address: str
    number: int
    context: ssl.SSLContext | None = None


@dataclass(frozen=True)
class Asking:
    """An association that was asked for and let in."""

    raw: bytes
    """The whole first PDU, for whoever reads it again."""
    request: Request
    peer: Peer
    agreement: Agreement


class Association:
    """Serves one connection in the thread that calls :meth:`run`."""

    def __init__(self, door: Door, arrived: Arrived, open_of: Callable[[str], int]) -> None:
        self.number = arrived.number
        self.address = arrived.address
        self.calling_ae = ""
        """Who calls, once that is known; what the number of associations of a node is counted by."""
        self.is_admitted = False
        self._is_stopped = False
        self._door = door
        self._open_of = open_of
        self._context = arrived.context
        self._wire = Wire(arrived.connection, ACSE_S)

    def run(self) -> None:
        """Serve the association to its end; whatever happens is one line of the log and never an exception."""
        began_s, ended = time.monotonic(), "released"
        try:
            self._serve(began_s + ACSE_S)
        except RefusedError as error:
            self._wire.try_to_send(pdu.reject(*error.answer))
            ended = f"refused: {error}"
        except GarbledError as error:
            self._wire.try_to_send(pdu.abort(error.reason))
            ended = f"aborted: {error}"
        except SilentError:
            self._wire.try_to_send(pdu.abort())
            ended = "aborted: the peer was silent for too long"
        except GoneError as error:
            ended = str(error) or "the peer closed the connection"
            if self._is_stopped:
                self._wire.try_to_send(pdu.abort())
                ended = "aborted: the door closes"
        except Exception as error:
            self._wire.try_to_send(pdu.abort())
            log.exception("association %d failed", self.number)
            ended = f"aborted: {type(error).__name__}"
        finally:
            self._wire.close()
        who = exchange_rules.shown(self.calling_ae) or "(nobody)"
        seconds = time.monotonic() - began_s
        log.info("association %d of '%s' at %s, %.1f s: %s", self.number, who, self.address, seconds, ended)

    def stop(self) -> None:
        """End the association from another thread; an object that has come whole is still kept and answered."""
        self._is_stopped = True
        self._wire.stop()

    def _serve(self, until_s: float) -> None:
        if self._context is not None:
            self._wire.secure(self._context, until_s)
        raw, request = self._request(until_s)
        self.calling_ae = request.calling_ae
        peer = self._admit(request)
        self.is_admitted = True
        settings = self._door.kernel.settings
        dicos = is_dicos(peer, request.application_context)
        agreement = agree(
            request.contexts,
            words=peer.services,
            services=services(),
            accepts_unknown=settings.dicom_unknown_classes == "accept",
            is_dicos=dicos,
        )
        self._wire.wait_at_most(settings.dicom_idle_s)
        if agreement.needs_services:
            from kerma.doors.dimse_services import serve

            serve(self._door, self._wire, Asking(raw, request, peer, agreement))
            return
        self._wire.send(pdu.accept(request, raw[6:], agreement.answers))
        StorageLoop(self._door, self._wire, peer, agreement, is_dicos=dicos).run()

    def _request(self, until_s: float) -> tuple[bytes, Request]:
        """Read the association request, of which no more is believed than was checked."""
        start = self._wire.exactly(6, until_s)
        kind, length = pdu.head(start)
        if kind != pdu.REQUEST:
            raise GarbledError(
                f"a first PDU of type {kind}, where an association request is expected",
                pdu.UNEXPECTED if 1 <= kind <= pdu.ABORT else pdu.UNRECOGNISED,
            )
        if length > pdu.REQUEST_BYTES_MAX:
            raise GarbledError(f"an association request of {length} bytes, at most {pdu.REQUEST_BYTES_MAX} are read")
        body = self._wire.exactly(length, until_s)
        return start + body, pdu.request(body)

    def _admit(self, request: Request) -> Peer:
        if not request.version & 1:
            raise RefusedError(VERSION_NOT_SUPPORTED, f"protocol version {request.version} is not spoken here")
        dialect = dialect_of(request.application_context)
        if dialect is None:
            raise RefusedError(CONTEXT_NOT_SUPPORTED, "an application context that nobody here speaks")
        try:
            exchange_rules.ae_title(request.calling_ae)
        except KermaError as error:
            if dialect == "dicom" or request.calling_ae:  # scanners leave it empty
                raise RefusedError(CALLING_NOT_KNOWN, "the calling AE title is none") from error
        try:
            call = exchange_rules.Call(
                calling_ae=request.calling_ae,
                called_ae=request.called_ae,
                address=self.address,
                certificate_sha256=key_digest(self._wire.socket),
                is_tls=self._context is not None,
                open_associations=self._open_of(request.calling_ae),
            )
            return exchange.admit_call(self._door.kernel, call)
        except NotAllowed as error:
            code, _, _ = str(error).partition(":")
            _, answer = exchange_rules.REFUSALS.get(code, ("", CALLING_NOT_KNOWN))
            raise RefusedError(answer, str(error)) from error

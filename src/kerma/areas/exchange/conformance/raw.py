"""Protocol data units put together by hand, so that they can also be wrong (PS3.8, 9.3)."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from kerma.areas.exchange.conformance.model import Broken, Silent
from kerma.areas.exchange.conformance.objects import EXPLICIT, IMPLICIT

if TYPE_CHECKING:
    from kerma.areas.exchange.conformance.network import Network

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
ENOUGH_BYTES = 1 << 20


def pdu(kind: int, body: bytes, *, length: int | None = None) -> bytes:
    """Return a PDU; its length can be made to lie."""
    return struct.pack(">BBI", kind, 0, len(body) if length is None else length) + body


def item(kind: int, body: bytes) -> bytes:
    """Return an item of a PDU."""
    return struct.pack(">BBH", kind, 0, len(body)) + body


def associate(network: Network, sop_class_uid: str, *, max_pdu_bytes: int = 16384, context: str = "") -> bytes:
    """Return an A-ASSOCIATE-RQ for one presentation context."""
    syntaxes = b"".join(item(0x40, uid.encode()) for uid in (EXPLICIT, IMPLICIT))
    presentation = item(0x20, b"\x01\0\0\0" + item(0x30, sop_class_uid.encode()) + syntaxes)
    user = item(0x50, item(0x51, struct.pack(">I", max_pdu_bytes)) + item(0x52, b"2.25.314159265"))
    names = network.aet.encode().ljust(16) + network.calling.encode().ljust(16)
    application = item(0x10, (context or APPLICATION_CONTEXT).encode())
    return pdu(ASSOCIATE_RQ, b"\0\1\0\0" + names + bytes(32) + application + presentation + user)


def echo() -> bytes:
    """Return a C-ECHO-RQ as a P-DATA-TF."""
    return data(0x03, command(0x0030, "1.2.840.10008.1.1"))


def command(kind: int, sop_class_uid: str, *more: bytes, has_data: bool = False) -> bytes:
    """Return a command set (PS3.7, 6.3.1)."""
    elements = [
        _element(0x0002, _padded(sop_class_uid)), _element(0x0100, struct.pack("<H", kind)),
        _element(0x0110, struct.pack("<H", 1)), *more,
        _element(0x0800, struct.pack("<H", 0x0001 if has_data else 0x0101)),
    ]  # fmt: skip
    body = b"".join(elements)
    return _element(0x0000, struct.pack("<I", len(body))) + body


def store_command(sop_class_uid: str, uid: str) -> bytes:
    """Return a C-STORE-RQ command set."""
    priority = _element(0x0700, struct.pack("<H", 0))
    return command(0x0001, sop_class_uid, priority, _element(0x1000, _padded(uid)), has_data=True)


def data(control: int, fragment: bytes) -> bytes:
    """Return a P-DATA-TF with one fragment; control: 1 command, 2 last."""
    return pdu(P_DATA, struct.pack(">IBB", len(fragment) + 2, 1, control) + fragment)


class Wire:
    """A TCP connection on which anything can be said."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def __enter__(self) -> Wire:
        try:
            self._socket = socket.create_connection((self.network.host, self.network.port), self.network.timeout_s)
        except OSError as error:
            raise Silent("a TCP connection", f"{type(error).__name__}: {error}") from None
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, content: bytes, told: str) -> None:
        """Send bytes; that the other end has hung up is seen when listening."""
        self.network.note(told, f"{len(content)} bytes sent")
        try:
            self._socket.sendall(content)
        except OSError as error:
            self.network.note(told, f"{type(error).__name__} while sending")

    def drop(self) -> None:
        """Cut the connection without a word: a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def hear(self, wait_s: float) -> tuple[int, bytes]:
        """Return the next PDU's kind and body; kind 0: the other end has hung up.

        Raises
        ------
        Broken
            Nothing came in time, or a PDU of absurd length.
        """
        self._socket.settimeout(wait_s)
        head = self._read(6)
        if len(head) < 6:
            return 0, b""
        kind, _, length = struct.unpack(">BBI", head)
        if length > ENOUGH_BYTES:
            raise Broken("a PDU of sensible length", f"{length} bytes")
        body = self._read(length)
        self.network.note("listening", f"PDU of type {kind:02X}H, {length} bytes")
        return kind, body

    def _read(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            try:
                piece = self._socket.recv(size - len(found))
            except TimeoutError:
                raise Broken("an answer or the end of the connection", "silence") from None
            except OSError:
                break
            if not piece:
                break
            found += piece
        return found


def _padded(text: str) -> bytes:
    return text.encode() + b"\0" * (len(text) % 2)


def _element(number: int, value: bytes) -> bytes:
    return struct.pack("<HHI", 0, number, len(value)) + value

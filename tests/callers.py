"""A door of the DICOM network for tests, and a client that can say anything, also what nobody should."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from kerma.doors import dimse_pdu as pdu
from kerma.doors.dimse import Listener, listen
from kerma.doors.dimse_command import C_ECHO, C_STORE
from kerma.kernel.action import Kernel

DX = "1.2.840.10008.5.1.4.1.1.1.1"
VERIFICATION = "1.2.840.10008.1.1"
EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"


def trusting(kernel: Kernel, **settings: object) -> Kernel:
    """Return a kernel whose door takes any program of this machine."""
    return replace(kernel, settings=replace(kernel.settings, **{"dicom_trust": "loopback"} | settings))


@contextmanager
def door(kernel: Kernel, context: object = None) -> Iterator[tuple[Listener, int]]:
    """Run a door in this process; gives the listener and its port."""
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    listener = Listener(kernel, [(listening, context)])
    listener.start()
    try:
        yield listener, port
    finally:
        listener.stop()


def _item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(value)) + value


def context(number: int, abstract: str, transfers: Sequence[str] = (EXPLICIT,)) -> bytes:
    """Return a presentation context item."""
    inside = _item(0x30, abstract.encode()) + b"".join(_item(0x40, uid.encode()) for uid in transfers)
    return _item(0x20, bytes((number, 0, 0, 0)) + inside)


def request(
    contexts: Sequence[bytes],
    *,
    called: bytes = b"KERMA",
    calling: bytes = b"TESTER",
    application: str = pdu.DICOM_CONTEXT,
    user: bytes = struct.pack(">BxHI", 0x51, 4, 16_384),
) -> bytes:
    """Return an A-ASSOCIATE-RQ."""
    body = struct.pack(">HH16s16s32x", 1, 0, called.ljust(16), calling.ljust(16))
    body += _item(0x10, application.encode()) + b"".join(contexts) + _item(0x50, user)
    return struct.pack(">BxI", 1, len(body)) + body


def usual_request(**options: object) -> bytes:
    """Return a request for Verification (1) and films (3)."""
    return request([context(1, VERIFICATION), context(3, DX)], **options)


def element(number: int, value: bytes) -> bytes:
    """Return an element of a command set."""
    return struct.pack("<HHI", 0, number, len(value)) + value


def command(field: int, uid_of_class: str, uid: str = "", *, has_data: bool) -> bytes:
    """Return a command set."""
    even = [text.encode() + b"\0" * (len(text) % 2) for text in (uid_of_class, uid)]
    body = element(0x0002, even[0]) + element(0x0100, struct.pack("<H", field))
    body += element(0x0110, struct.pack("<H", 7)) + element(0x0800, struct.pack("<H", 1 if has_data else 0x0101))
    body += element(0x1000, even[1]) if uid else b""
    return element(0x0000, struct.pack("<I", len(body))) + body


def value(number: int, control: int, data: bytes) -> bytes:
    """Return a presentation data value item."""
    return struct.pack(">IBB", len(data) + 2, number, control) + data


def data_pdu(*values: bytes) -> bytes:
    """Return a P-DATA-TF of some values."""
    body = b"".join(values)
    return struct.pack(">BxI", 4, len(body)) + body


def echo(number: int = 1) -> bytes:
    """Return the PDU that verifies."""
    return data_pdu(value(number, 3, command(C_ECHO, VERIFICATION, has_data=False)))


def store(data_set: bytes, uid: str, *, abstract: str = DX, number: int = 3, piece: int = 10_000) -> bytes:
    """Return the PDUs that store a data set."""
    pieces = [data_set[start : start + piece] for start in range(0, len(data_set), piece)] or [b""]
    sent = data_pdu(value(number, 3, command(C_STORE, abstract, uid, has_data=True)))
    for position, part in enumerate(pieces):
        sent += data_pdu(value(number, 2 if position == len(pieces) - 1 else 0, part))
    return sent


def data_set_of(file: bytes) -> bytes:
    """Return the data set of a DICOM file."""
    return file[144 + int.from_bytes(file[140:144], "little") :]


class Client:
    """A connection to a door, without any manners of its own."""

    def __init__(self, port: int, timeout_s: float = 60.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def answer(self) -> tuple[int, bytes]:
        """Return type and body of the next PDU; type 0 when the door has closed the connection."""
        head = self._exactly(6)
        if len(head) < 6:
            return 0, b""
        kind, length = struct.unpack(">BxI", head)
        return kind, self._exactly(length)

    def ask(self, asked: bytes | None = None) -> bytes:
        """Have an association and return the body of its A-ASSOCIATE-AC."""
        self.send(usual_request() if asked is None else asked)
        kind, body = self.answer()
        assert kind == pdu.ACCEPT, (kind, body)
        return body

    def status(self) -> int:
        """Return the status of the next response."""
        kind, body = self.answer()
        assert kind == pdu.DATA, (kind, body)
        position, data = 0, body[6:]
        while position < len(data):
            _, number, length = struct.unpack_from("<HHI", data, position)
            if number == 0x0900:
                return int.from_bytes(data[position + 8 : position + 10], "little")
            position += 8 + length
        raise AssertionError("a response without a status")

    def release(self) -> None:
        """End the association politely."""
        self.send(struct.pack(">BxI4x", pdu.RELEASE, 4))
        assert self.answer()[0] == pdu.RELEASED

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                part = self.socket.recv(count - len(data))
            except ConnectionError:
                return data
            if not part:
                return data
            data += part
        return data

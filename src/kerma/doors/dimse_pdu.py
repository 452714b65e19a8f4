"""The Upper Layer of the DICOM network: associations asked for, accepted, refused and ended (PS3.8, 9.3).

Everything here is a pure function of bytes. Nothing is believed: lengths are compared with the bytes that are there,
and whatever does not fit raises :class:`GarbledError`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kerma.errors import Unreadable

REQUEST, ACCEPT, REJECT, DATA, RELEASE, RELEASED, ABORT = range(1, 8)
"""The types of PDU (PS3.8, 9.3.1)."""
REQUEST_BYTES_MAX = 1 << 20
"""Longest association request that is read; 128 contexts with every transfer syntax need a tenth of it."""
CONTEXTS_MAX = 128
PDU_BYTES_LEAST = 512
"""A peer that takes no longer PDU cannot take an answer; honest ones take 4096 or more."""
PDU_BYTES = 1 << 20
"""The longest PDU that we offer to receive."""
DICOM_CONTEXT = "1.2.840.10008.3.1.1.1"
IMPLEMENTATION_UID = "2.25.69804844571115856479147691744898506483"
IMPLEMENTATION_VERSION = "KERMA_1"

ACCEPTED, REFUSED_BY_USER, NO_ABSTRACT, NO_TRANSFER = 0, 1, 3, 4
"""Results of a presentation context (PS3.8, table 9-18)."""

_UID = re.compile(r"[0-9]{1,64}(\.[0-9]+)*")
_PDU = struct.Struct(">BxI")
_ITEM = struct.Struct(">BxH")
_FIXED = struct.Struct(">HH16s16s32s")


class GarbledError(Unreadable):
    """Bytes that are no PDU, or a PDU that may not come now; ``reason`` is that of the A-ABORT (PS3.8, table 9-26)."""

    def __init__(self, message: str, reason: int = 6) -> None:
        super().__init__(message)
        self.reason = reason


UNRECOGNISED, UNEXPECTED, INVALID = 1, 2, 6
"""Reasons of a provider's A-ABORT."""


@dataclass(frozen=True)
class Context:
    """A presentation context as it was proposed."""

    id: int
    abstract: str
    transfers: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """An association as it was asked for."""

    version: int
    called_ae: str
    calling_ae: str
    application_context: str
    contexts: tuple[Context, ...]
    pdu_bytes_max: int
    """The longest PDU the peer wants to receive; 0 is no limit."""
    roles: Mapping[str, tuple[int, int]]
    has_window: bool
    """Whether an asynchronous operations window was proposed."""
    implementation: str
    """The implementation's version name, as it came; not to be believed."""


def head(data: bytes | bytearray | memoryview) -> tuple[int, int]:
    """Return type and length of the PDU whose first six bytes these are."""
    kind, length = _PDU.unpack_from(data)
    return kind, length


def request(body: bytes) -> Request:
    """Read the body of an A-ASSOCIATE-RQ (PS3.8, 9.3.2).

    Raises
    ------
    GarbledError
        A length, an identifier or a number of contexts that cannot be.
    """
    if len(body) < _FIXED.size + 4:
        raise GarbledError(f"an association request of {len(body)} bytes is cut short")
    version, _, called, calling, _ = _FIXED.unpack_from(body)
    application, contexts, user = "", [], b""
    for kind, value in _items(body[_FIXED.size :]):
        if kind == 0x10:
            application = _uid(value)
        elif kind == 0x20:
            contexts.append(_context(value))
        elif kind == 0x50:
            user = value
    if len(contexts) > CONTEXTS_MAX or len({context.id for context in contexts}) != len(contexts):
        raise GarbledError(f"{len(contexts)} presentation contexts were proposed, at most {CONTEXTS_MAX} may be")
    return Request(
        version=version,
        called_ae=_title(called),
        calling_ae=_title(calling),
        application_context=application,
        contexts=tuple(contexts),
        **_user(user),
    )


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(data):
        if len(data) - position < 4:
            raise GarbledError("an association request ends inside an item")
        kind, length = _ITEM.unpack_from(data, position)
        position += 4
        if length > len(data) - position:
            raise GarbledError(f"an item says it has {length} bytes, but {len(data) - position} are left")
        yield kind, data[position : position + length]
        position += length


def _context(value: bytes) -> Context:
    if len(value) < 4:
        raise GarbledError("a presentation context is cut short")
    number = value[0]
    if number % 2 == 0:
        raise GarbledError(f"a presentation context has the even number {number}")
    abstract, transfers = "", []
    for kind, uid in _items(value[4:]):
        if kind == 0x30 and not abstract:
            abstract = _uid(uid)
        elif kind == 0x40:
            transfers.append(_uid(uid))
    if not abstract or not transfers:
        raise GarbledError("a presentation context names no class or no transfer syntax")
    return Context(number, abstract, tuple(transfers))


def _uid(value: bytes) -> str:
    uid = value.rstrip(b"\0 ").decode("ascii", "replace")
    if len(uid) > 64 or not _UID.fullmatch(uid):
        raise GarbledError("an identifier in an association request is not 1 to 64 digits and dots")
    return uid


def _title(value: bytes) -> str:
    return value.decode("latin-1").strip(" \0")


def _user(value: bytes) -> dict[str, object]:
    told: dict[str, object] = {"pdu_bytes_max": 16_384, "roles": {}, "has_window": False, "implementation": ""}
    roles: dict[str, tuple[int, int]] = {}
    for kind, item in _items(value):
        if kind == 0x51 and len(item) == 4:
            told["pdu_bytes_max"] = _length_taken(int.from_bytes(item, "big"))
        elif kind == 0x53:
            told["has_window"] = True
        elif kind == 0x54 and len(item) >= 4:
            length = int.from_bytes(item[:2], "big")
            if len(item) == length + 4:
                roles[_uid(item[2:-2])] = (item[-2], item[-1])
        elif kind == 0x55:
            told["implementation"] = item[:16].decode("latin-1").strip(" \0")
    return told | {"roles": roles}


def _length_taken(most: int) -> int:
    if 0 < most < PDU_BYTES_LEAST:
        raise GarbledError(f"the peer takes PDUs of at most {most} bytes, at least {PDU_BYTES_LEAST} are needed")
    return most


def accept(asked: Request, raw: bytes, answers: Sequence[tuple[int, int, str]]) -> bytes:
    """Return the A-ASSOCIATE-AC: for each context its number, result and transfer syntax (PS3.8, 9.3.3).

    ``raw`` is the body of the request: the answer sends its AE titles and reserved bytes back.
    """
    items = [_item(0x10, asked.application_context.encode("ascii"))]
    items += [
        _item(0x21, bytes((number, 0, result, 0)) + _item(0x40, transfer.encode("ascii")))
        for number, result, transfer in answers
    ]
    user = [
        _item(0x51, struct.pack(">I", PDU_BYTES)),
        _item(0x52, IMPLEMENTATION_UID.encode("ascii")),
        _item(0x53, struct.pack(">HH", 1, 1)) if asked.has_window else b"",
        _item(0x55, IMPLEMENTATION_VERSION.encode("ascii")),
    ]
    body = b"\0\x01\0\0" + raw[4 : _FIXED.size] + b"".join(items) + _item(0x50, b"".join(user))
    return _pdu(ACCEPT, body)


def reject(result: int, source: int, reason: int) -> bytes:
    """Return an A-ASSOCIATE-RJ (PS3.8, 9.3.4)."""
    return _pdu(REJECT, bytes((0, result, source, reason)))


def abort(reason: int = 0) -> bytes:
    """Return a provider's A-ABORT (PS3.8, 9.3.8)."""
    return _pdu(ABORT, bytes((0, 0, 2, reason)))


def released() -> bytes:
    """Return an A-RELEASE-RP (PS3.8, 9.3.7)."""
    return _pdu(RELEASED, bytes(4))


def data(context_id: int, command: bytes) -> bytes:
    """Return a P-DATA-TF with one whole command set (PS3.8, 9.3.5)."""
    return _pdu(DATA, struct.pack(">IBB", len(command) + 2, context_id, 3) + command)


def _pdu(kind: int, body: bytes) -> bytes:
    return _PDU.pack(kind, len(body)) + body


def _item(kind: int, value: bytes) -> bytes:
    return _ITEM.pack(kind, len(value)) + value

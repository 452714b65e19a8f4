"""Command sets of the DICOM network (PS3.7, 6.3), and the file meta information of what comes over it (PS3.10)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from kerma.doors.dimse_pdu import IMPLEMENTATION_UID, IMPLEMENTATION_VERSION, GarbledError

COMMAND_BYTES_MAX = 64 << 10
"""Longest command set that is read; an honest one has a few hundred bytes."""
C_STORE, C_ECHO, C_CANCEL = 0x0001, 0x0030, 0x0FFF
RESPONSE = 0x8000
NO_DATA_SET = 0x0101

SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
OTHER_OBJECT = 0xA900
CANNOT_UNDERSTAND = 0xC000
INVALID_INSTANCE = 0x0117
CLASS_NOT_SUPPORTED = 0x0122
NOT_AUTHORISED = 0x0124
PROCESSING_FAILURE = 0x0110
UNRECOGNISED_OPERATION = 0x0211
"""Statuses (PS3.4, B.2.3; PS3.7, C.5)."""

_ELEMENT = struct.Struct("<HHI")
_US = struct.Struct("<H")
COMMENT_LENGTH = 64


@dataclass(frozen=True)
class Command:
    """A request: what is asked, by which number, about which object."""

    field: int
    message_id: int
    class_uid: str
    instance_uid: str
    has_data_set: bool


def command(data: bytes | bytearray) -> Command:
    """Read a command set.

    Raises
    ------
    GarbledError
        A length beyond the end, an element outside group 0000, or no command field.
    """
    values: dict[int, bytes] = {}
    position = 0
    while position < len(data):
        if len(data) - position < 8:
            raise GarbledError("a command set ends inside an element")
        group, element, length = _ELEMENT.unpack_from(data, position)
        position += 8
        if group or length > len(data) - position:
            raise GarbledError("a command set holds an element of another group or with a length beyond its end")
        values[element] = bytes(data[position : position + length])
        position += length
    field = _number(values, 0x0100)
    if field is None:
        raise GarbledError("a command set without a command field")
    return Command(
        field=field,
        message_id=_number(values, 0x0110) or 0,
        class_uid=_text(values, 0x0002) or _text(values, 0x0003),
        instance_uid=_text(values, 0x1000) or _text(values, 0x1001),
        has_data_set=_number(values, 0x0800) not in (None, NO_DATA_SET),
    )


def _number(values: dict[int, bytes], element: int) -> int | None:
    value = values.get(element, b"")
    return int(_US.unpack(value)[0]) if len(value) == 2 else None


def _text(values: dict[int, bytes], element: int) -> str:
    return values.get(element, b"").decode("latin-1").strip(" \0")


def response(asked: Command, status: int, comment: str = "") -> bytes:
    """Return the command set that answers a request; the comment holds nothing that belongs to a subject."""
    elements = [
        (0x0002, _padded(asked.class_uid)),
        (0x0100, _US.pack(asked.field | RESPONSE)),
        (0x0120, _US.pack(asked.message_id)),
        (0x0800, _US.pack(NO_DATA_SET)),
        (0x0900, _US.pack(status)),
    ]
    if comment:
        elements.append((0x0902, _padded(comment[:COMMENT_LENGTH], b" ")))
    if asked.instance_uid:
        elements.append((0x1000, _padded(asked.instance_uid)))
    body = b"".join(_ELEMENT.pack(0, element, len(value)) + value for element, value in elements if value)
    return _ELEMENT.pack(0, 0, 4) + struct.pack("<I", len(body)) + body


def file_meta(class_uid: str, instance_uid: str, transfer_syntax_uid: str, source_ae: str) -> bytes:
    """Return preamble and file meta information of an object that came over the network (PS3.10, 7.1)."""
    elements = b"".join(
        (
            struct.pack("<HH2sHI2s", 2, 1, b"OB", 0, 2, b"\0\x01"),
            _meta(0x0002, b"UI", _padded(class_uid)),
            _meta(0x0003, b"UI", _padded(instance_uid)),
            _meta(0x0010, b"UI", _padded(transfer_syntax_uid)),
            _meta(0x0012, b"UI", _padded(IMPLEMENTATION_UID)),
            _meta(0x0013, b"SH", _padded(IMPLEMENTATION_VERSION, b" ")),
            _meta(0x0016, b"AE", _padded(source_ae, b" ")) if source_ae else b"",
        )
    )
    return bytes(128) + b"DICM" + _meta(0x0000, b"UL", struct.pack("<I", len(elements))) + elements


def _meta(element: int, representation: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", 2, element, representation, len(value)) + value


def _padded(written: str, padding: bytes = b"\0") -> bytes:
    value = written.encode("ascii", "replace")
    return value + padding if len(value) % 2 else value

"""What security scanners' toolkits (DICOS, NEMA IIC 1) do differently on the DICOM network.

They name another application context, and they pack the first bytes of the data set into the command set's fragment.
Repairs are made only for a peer of such a dialect, never for a DICOM one.
"""

from __future__ import annotations

DICOM_CONTEXT = "1.2.840.10008.3.1.1.1"
CONTEXTS = {
    "dicom": DICOM_CONTEXT,
    "dicos-v03": "1.2.840.10008.3.1.1.1.3",
    "dicos-v02a": "1.2.840.10008.3.1.1.1.211",
}
"""The application context that each dialect names."""
_ALTERNATE_V02A = "1.2.840.10008.3.1.1.1.2"
_GROUP_LENGTH = b"\0\0\0\0\4\0\0\0"
_HEAD_BYTES = 12


def context_name(dialect: str) -> str:
    """Return the application context name of a dialect."""
    return CONTEXTS[dialect]


def dialect_of(application_context: str) -> str | None:
    """Return the dialect that an application context belongs to; None for one that nobody here speaks."""
    if application_context == _ALTERNATE_V02A:
        return "dicos-v02a"
    return next((dialect for dialect, name in CONTEXTS.items() if name == application_context), None)


def command_length(fragment: bytes | bytearray | memoryview) -> int | None:
    """Return where the command set that begins a fragment ends, by its own group length; None when it states none."""
    if len(fragment) < _HEAD_BYTES or fragment[:8] != _GROUP_LENGTH:
        return None
    return _HEAD_BYTES + int.from_bytes(fragment[8:_HEAD_BYTES], "little")


def split_command_pdv(value: bytes) -> list[bytes]:
    """Split a presentation data value that holds a whole command set and the first bytes of the data set.

    ``value`` begins with the message control header. A value that holds no more than a command set, a part of one, or
    data is returned as it is.
    """
    end = command_length(value[1:]) if value[:1] and value[0] & 1 else None
    if end is None or len(value) - 1 < end or (value[0] & 2 and len(value) - 1 == end):
        return [value]
    parts = [b"\x03" + value[1 : 1 + end]]
    rest = value[1 + end :]
    return [*parts, bytes((value[0] & 2,)) + rest] if rest or value[0] & 2 else parts

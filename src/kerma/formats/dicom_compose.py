"""A DICOM file made of its attributes as DICOM JSON and of bulk data that lie elsewhere, piece by piece (PS3.18, F.2).

Bulk data of the data set itself (pixel data, an encapsulated document) pass through in pieces and are never held; only
what is nested in sequences is. Attributes come out little endian; what is compressed stays as it is.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerma.errors import Unreadable
from kerma.formats.dicom_scan import LONG, PIXEL_DATA, name_of
from kerma.formats.dicom_syntax import EXPLICIT, IMPLICIT, Syntax, syntax_of

NATIVE = (EXPLICIT.uid, IMPLICIT.uid)
VALUE_BYTES_MAX = 0xFFFFFFFE
SHORT_BYTES_MAX = 0xFFFE
_LEFT_OUT = {0x00083002}
"""Available Transfer Syntax UID says what a server can give; it is no attribute of an object."""
_UTF_8 = "ISO_IR 192"
_CHARACTER_SET = "00080005"
_NEEDED = {
    "00080016": "SOP Class UID",
    "00080018": "SOP Instance UID",
    "0020000D": "Study Instance UID",
    "0020000E": "Series Instance UID",
}
_EXPECTED = (
    RecursionError, OverflowError, MemoryError, NotImplementedError, AttributeError, ValueError, LookupError,
    TypeError, struct.error,
)  # fmt: skip


@dataclass(frozen=True)
class Bulk:
    """Bytes of a value that lie elsewhere."""

    size_bytes: int
    read: Callable[[], Iterator[bytes]]


Fetch = Callable[[str], Sequence[Bulk]]
"""Finds bulk data by their address: one, or one for each frame of compressed pixel data."""


def composed(document: Mapping[str, Any], syntax_uid: str, fetch: Fetch) -> Iterator[bytes]:
    """Yield the bytes of a DICOM file.

    Parameters
    ----------
    document : DICOM JSON of one instance
    syntax_uid : Explicit or Implicit VR Little Endian, or one whose pixel data are compressed
    fetch : finds bulk data by the ``BulkDataURI`` of an attribute

    Raises
    ------
    Unreadable
        The document is no DICOM JSON, lacks an identifier, or cannot be written in this transfer syntax.
    """
    syntax = syntax_of(syntax_uid)
    if syntax.uid not in NATIVE and (not syntax.codec or syntax.codec == "unknown"):
        raise Unreadable(
            f"an object cannot be put together in the transfer syntax {syntax_uid[:64]}: send it as a file"
        )
    try:
        yield from _composed(document, syntax, fetch)
    except _EXPECTED as error:
        raise Unreadable(f"the metadata are no DICOM JSON model ({type(error).__name__}: {error})") from error


def _composed(document: Mapping[str, Any], syntax: Syntax, fetch: Fetch) -> Iterator[bytes]:
    _check(document)
    yield _meta(document, syntax)
    run: dict[str, Any] = {}
    character_set = _character_set(document)
    for tag in sorted(document):
        number = int(tag, 16)
        if number >> 16 == 0x0002 or number in _LEFT_OUT:
            continue
        if "BulkDataURI" not in document[tag]:
            run[tag] = document[tag]
            continue
        yield _encoded(run, syntax, fetch, character_set)
        run = {}
        bulk = fetch(str(document[tag]["BulkDataURI"]))
        yield from _value(number, str(document[tag].get("vr", "UN")), bulk, syntax)
    yield _encoded(run, syntax, fetch, character_set)


def _check(document: Mapping[str, Any]) -> None:
    for tag, name in _NEEDED.items():
        value = document.get(tag, {}).get("Value", [""])
        if len(value) != 1 or not isinstance(value[0], str) or not value[0]:
            raise Unreadable(f"the metadata lack the {name} ({tag[:4]},{tag[4:]})")


def _meta(document: Mapping[str, Any], syntax: Syntax) -> bytes:
    from pydicom.dataset import FileMetaDataset
    from pydicom.filewriter import write_file_meta_info

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = document["00080016"]["Value"][0]
    meta.MediaStorageSOPInstanceUID = document["00080018"]["Value"][0]
    meta.TransferSyntaxUID = syntax.uid
    buffer = io.BytesIO()
    buffer.write(bytes(128) + b"DICM")
    write_file_meta_info(buffer, meta, enforce_standard=True)
    return buffer.getvalue()


def _character_set(document: Mapping[str, Any]) -> str:
    """Return UTF-8, which JSON is in, where text needs more than ASCII; empty where what is stated will do."""
    import json

    return "" if json.dumps(document, ensure_ascii=False).isascii() else _UTF_8


def _encoded(run: Mapping[str, Any], syntax: Syntax, fetch: Fetch, character_set: str) -> bytes:
    if not run:
        return b""
    from pydicom.charset import default_encoding
    from pydicom.dataset import Dataset
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    def nested(_: str, __: str, address: str) -> bytes:
        return b"".join(piece for part in fetch(address) for piece in part.read())

    data = Dataset.from_json(dict(run), nested)
    if character_set and (_CHARACTER_SET in run or 0x00080016 in data):
        data.SpecificCharacterSet = character_set
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, not syntax.is_explicit
    write_dataset(buffer, data, "utf8" if character_set else default_encoding)
    return bytes(buffer.getvalue())


def _value(tag: int, representation: str, bulk: Sequence[Bulk], syntax: Syntax) -> Iterator[bytes]:
    if tag == PIXEL_DATA and syntax.uid not in NATIVE:
        yield from _fragments(bulk)
        return
    size_bytes = sum(part.size_bytes for part in bulk)
    padded = size_bytes + size_bytes % 2
    if padded > VALUE_BYTES_MAX:
        raise Unreadable(f"the value of {name_of(tag)} has {size_bytes} bytes, which no element can hold")
    vr = representation.encode("ascii")
    if vr not in LONG and padded > SHORT_BYTES_MAX:
        vr = b"UN"
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if not syntax.is_explicit:
        yield head + struct.pack("<I", padded)
    elif vr in LONG:
        yield head + struct.pack("<2sHI", vr, 0, padded)
    else:
        yield head + struct.pack("<2sH", vr, padded)
    for part in bulk:
        yield from part.read()
    yield b"\0" * (padded - size_bytes)


def _fragments(frames: Sequence[Bulk]) -> Iterator[bytes]:
    """Yield compressed pixel data, a fragment for each frame, with their offsets where these fit (PS3.5, A.4)."""
    padded = [frame.size_bytes + frame.size_bytes % 2 for frame in frames]
    offsets = [sum(padded[:number]) + 8 * number for number in range(len(frames))] if len(frames) < 10_000 else []
    table = struct.pack(f"<{len(offsets)}I", *offsets) if offsets and offsets[-1] <= VALUE_BYTES_MAX else b""
    yield struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
    yield struct.pack("<HHI", 0xFFFE, 0xE000, len(table)) + table
    for frame, length in zip(frames, padded, strict=True):
        if length > VALUE_BYTES_MAX:
            raise Unreadable(f"a frame has {frame.size_bytes} bytes, which no fragment can hold")
        yield struct.pack("<HHI", 0xFFFE, 0xE000, length)
        yield from frame.read()
        yield b"\0" * (length - frame.size_bytes)
    yield struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)

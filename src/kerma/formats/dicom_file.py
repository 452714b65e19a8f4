"""A DICOM file opened: preamble, file meta information, and the scanned data set (PS3.10, 7)."""

from __future__ import annotations

import dataclasses
import struct
import zlib
from dataclasses import dataclass

from kerma.errors import Hostile, Unreadable
from kerma.formats.dicom_data import DataSet
from kerma.formats.dicom_scan import LONG, SHORT, Elements, Scanner
from kerma.formats.dicom_syntax import EXPLICIT, EXPLICIT_BIG, IMPLICIT, Syntax, syntax_of

PREAMBLE_BYTES = 128
INFLATED_BYTES_MAX = 512 << 20
INFLATED_RATIO_MAX = 200
_INFLATED_ALWAYS_ALLOWED = 16 << 20
_EXECUTABLES = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"<script", "a web script"),
    (b"<html", "a web page"),
    (b"<!doctype", "a web page"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"#!", "a shell script"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
)


@dataclass(frozen=True)
class DicomFile:
    """An opened file: its meta information, data set and transfer syntax; nothing of the pixels is decoded."""

    meta: DataSet
    data_set: DataSet
    syntax: Syntax
    warnings: list[str]


def is_dicom(data: bytes | memoryview) -> bool:
    """Whether the bytes look like DICOM: the magic word, or a data set that begins without one."""
    return bytes(data[PREAMBLE_BYTES : PREAMBLE_BYTES + 4]) == b"DICM" or _bare_syntax(data) is not None


def open_file(data: bytes | memoryview) -> DicomFile:
    """Walk a DICOM file.

    Raises
    ------
    Unreadable
        No DICOM, cut short, or damaged; the message says where.
    Hostile
        Nested or inflated beyond the limits.
    """
    warnings: list[str] = []
    meta_elements: Elements = {}
    start = 0
    if bytes(data[PREAMBLE_BYTES : PREAMBLE_BYTES + 4]) == b"DICM":
        warnings += _preamble_warnings(bytes(data[:PREAMBLE_BYTES]))
        meta_elements, start = _meta(data, PREAMBLE_BYTES + 4)
    else:
        warnings.append("the file lacks the DICOM preamble")
        if bytes(data[:2]) == b"\x02\x00":
            meta_elements, start = _meta(data, 0)
    meta = DataSet(data, meta_elements, warnings=warnings)
    syntax = _syntax(data, start, meta, warnings)
    if start >= len(data):
        raise Unreadable("the file ends after its file meta information: it is cut short; fetch it again")
    body, start = (_inflate(data, start), 0) if syntax.is_deflated else (data, start)
    scanner = Scanner(body, is_explicit=syntax.is_explicit, is_big=syntax.is_big, is_encapsulated=bool(syntax.codec))
    elements = scanner.scan(start, len(body))
    if any(tag >> 16 == 0x0002 for tag in elements):
        raise Unreadable("file meta information appears twice: refused, because readers may disagree about it")
    warnings += scanner.warnings
    return DicomFile(meta, DataSet(body, elements, is_big=syntax.is_big, warnings=warnings), syntax, warnings)


def _preamble_warnings(preamble: bytes) -> list[str]:
    lowered = preamble.lstrip().lower()
    return [
        f"the preamble looks like {what}: the file is kept as it is but could be mistaken for one"
        for magic, what in _EXECUTABLES
        if preamble.startswith(magic) or lowered.startswith(magic.lower())
    ][:1]


def _meta(data: bytes | memoryview, start: int) -> tuple[Elements, int]:
    """Read group 0002, always explicit little endian (PS3.10, 7.1), believing no group length."""
    elements: Elements = {}
    position = start
    while len(data) - position >= 8 and bytes(data[position : position + 2]) == b"\x02\x00":
        number, vr, length = struct.unpack_from("<H2sH", data, position + 2)
        first = position + 8
        if vr in LONG:
            if len(data) - first < 4:
                raise Unreadable("the file ends inside its file meta information: it is cut short; fetch it again")
            length = struct.unpack_from("<I", data, first)[0]
            first += 4
        elif vr not in SHORT:
            raise Unreadable(f"file meta element (0002,{number:04X}) has the unknown value representation {vr!r}")
        if length > len(data) - first:
            raise Unreadable(
                f"file meta element (0002,{number:04X}) says it has {length} bytes but only {len(data) - first} are "
                "left: the file is cut short; fetch it again"
            )
        if 0x00020000 | number in elements:
            raise Unreadable(f"file meta element (0002,{number:04X}) appears twice: refused")
        elements[0x00020000 | number] = (vr, first, length, None)
        position = first + length
    return elements, position


def _syntax(data: bytes | memoryview, start: int, meta: DataSet, warnings: list[str]) -> Syntax:
    uid = meta.text(0x00020010)
    stated = syntax_of(uid) if uid else None
    if stated is not None and (stated.is_deflated or stated.is_big):
        return stated
    seen = _bare_syntax(data[start : start + 8])
    if stated is None:
        warnings.append("the file names no transfer syntax; it was recognised by its first element")
        return seen or IMPLICIT
    if seen in (IMPLICIT, EXPLICIT) and seen.is_explicit != stated.is_explicit:
        says, found = ("explicit", "implicit") if stated.is_explicit else ("implicit", "explicit")
        warnings.append(f"the file says {says} VR but is {found} VR; read as it is")
        return dataclasses.replace(stated, is_explicit=seen.is_explicit)
    return stated


def _bare_syntax(data: bytes | memoryview) -> Syntax | None:
    """Tell the syntax from the first element of a data set or of meta information; None when it is no DICOM."""
    first = bytes(data[:8])
    if len(first) < 8:
        return None
    is_explicit = first[4:6] in SHORT or first[4:6] in LONG
    if first[:2] in (b"\x02\x00", b"\x08\x00"):
        if is_explicit:
            return EXPLICIT
        length = struct.unpack_from("<I", first, 4)[0]
        return IMPLICIT if first[3] == 0 and length <= 1024 else None
    return EXPLICIT_BIG if first[:2] in (b"\x00\x02", b"\x00\x08") and is_explicit else None


def _inflate(data: bytes | memoryview, start: int) -> bytes:
    """Inflate a deflated data set (PS3.5, A.5) up to a limit."""
    stored = len(data) - start
    limit = min(max(INFLATED_RATIO_MAX * stored, _INFLATED_ALWAYS_ALLOWED), INFLATED_BYTES_MAX)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(data[start:], limit)
    except zlib.error as error:
        raise Unreadable(f"the deflated data set is damaged ({error}); fetch it again") from error
    if not inflater.eof and inflater.unconsumed_tail:
        raise Hostile(f"{stored} deflated bytes inflate to more than {limit}: refused as a decompression bomb")
    if not inflater.eof:
        raise Unreadable("the deflated data set is cut short; fetch it again")
    return inflated

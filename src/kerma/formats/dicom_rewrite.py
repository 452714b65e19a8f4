"""A DICOM data set written anew in little endian, explicit or implicit, without decoding a single text or number.

Values are copied byte for byte (numbers turned around where the file was big endian), so that nothing is lost that a
decoder would not understand. What an implicit file does not say, the dictionary does (PS3.6); what the dictionary
does not know is written as UN (PS3.5, 6.2.2). Group lengths are left out (PS3.5, 7.2).
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

from kerma import __version__
from kerma.errors import NotAcceptable
from kerma.formats.dicom_data import DataSet
from kerma.formats.dicom_file import DicomFile
from kerma.formats.dicom_scan import LONG, UNDEFINED, Element, Elements, name_of
from kerma.formats.header import uid_of

Changes = Mapping[int, "tuple[bytes, bytes] | None"]
"""Values that replace those of the file: tag to value representation and bytes; None leaves an element out."""

_TURNED = {b"US": 2, b"SS": 2, b"OW": 2, b"AT": 2, b"UL": 4, b"SL": 4, b"FL": 4, b"OL": 4, b"OF": 4}
_TURNED |= {b"FD": 8, b"OD": 8, b"SV": 8, b"UV": 8, b"OV": 8}
"""Bytes of one number by value representation, for turning big endian around (PS3.5, 7.3)."""
_NUMBERS = (b"US", b"SS", b"UL", b"SL", b"FL", b"FD", b"SV", b"UV", b"AT")
_SHORT_MAX = 0xFFFE
_ITEM, _ITEM_END, _SEQUENCE_END = (struct.pack("<HH", 0xFFFE, number) for number in (0xE000, 0xE00D, 0xE0DD))
_PIXELS_FROM, _PIXELS_TO = 0x7FE00000, 0x7FE0FFFF
_PADDING = 0xFFFCFFFC
# PS3.6 gives these a choice of two; the sign of the pixels or the purpose of the table decides (PS3.5, annex A.1).
_TABLES = (0x00283006, 0x00281201, 0x00281202, 0x00281203, 0x00281204, 0x00281221, 0x00281222, 0x00281223)


class Writer:
    """Writes the data set of one file to another, around its pixels."""

    def __init__(self, file: DicomFile, out: BinaryIO, *, is_explicit: bool, changes: Changes | None = None) -> None:
        self._file = file
        self._out = out
        self._is_explicit = is_explicit
        self._changes = dict(changes or {})
        signs = file.data_set.words(0x00280103)
        self._number = b"SS" if signs and signs[0] == 1 else b"US"

    def meta(self, syntax_uid: str) -> None:
        """Write preamble and file meta information (PS3.10, 7.1); the identifiers are those of the data set."""
        data, meta = self._file.data_set, self._file.meta
        values = (
            (1, b"OB", b"\0\1"),
            (2, b"UI", data.value(0x00080016) or meta.value(0x00020002)),
            (3, b"UI", data.value(0x00080018) or meta.value(0x00020003)),
            (0x10, b"UI", syntax_uid.encode("ascii")),
            (0x12, b"UI", uid_of(b"kerma implementation").encode("ascii")),
            (0x13, b"SH", f"KERMA_{__version__}"[:16].encode("ascii")),
        )
        body = b"".join(explicit(0x00020000 | number, vr, padded(value, vr)) for number, vr, value in values)
        self._out.write(bytes(128) + b"DICM" + explicit(0x00020000, b"UL", struct.pack("<I", len(body))) + body)

    def before_pixels(self) -> None:
        """Write everything that stands before the pixels, changed values in their place."""
        self._level(self._file.data_set, lambda tag: tag < _PIXELS_FROM, self._changes)

    def after_pixels(self) -> None:
        """Write what stands behind the pixels; padding of the file is left out."""
        self._level(self._file.data_set, lambda tag: tag > _PIXELS_TO and tag != _PADDING, {})

    def element(self, tag: int, vr: bytes, length: int) -> None:
        """Write the head of an element whose value the caller writes."""
        if self._is_explicit:
            is_long = vr in LONG
            self._out.write(struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr))
            self._out.write(struct.pack("<HI", 0, length) if is_long else struct.pack("<H", length))
        else:
            self._out.write(struct.pack("<HHI", tag >> 16, tag & 0xFFFF, length))

    def _level(self, data: DataSet, keeps: Any, changes: Changes) -> None:
        elements: Elements = data.elements
        for tag in sorted({*elements, *changes}):
            if not keeps(tag) or tag & 0xFFFF == 0 or tag >> 16 == 0x0002:
                continue
            if tag in changes:
                change = changes[tag]
                if change is not None:
                    self._value(tag, change[0], padded(change[1], change[0]))
            elif elements[tag][0] == b"SQ":
                self._sequence(tag, data, elements[tag])
            else:
                vr, value = self._own(tag, data, elements[tag])
                self._value(tag, vr, value)

    def _sequence(self, tag: int, data: DataSet, element: Element) -> None:
        self.element(tag, b"SQ", UNDEFINED)
        for item in element[3] or []:
            self._out.write(_ITEM + struct.pack("<I", UNDEFINED))
            inner = DataSet(data.data, item, is_big=data.is_big, charsets=data.charsets, warnings=data.warnings)
            self._level(inner, lambda _: True, {})
            self._out.write(_ITEM_END + bytes(4))
        self._out.write(_SEQUENCE_END + bytes(4))

    def _own(self, tag: int, data: DataSet, element: Element) -> tuple[bytes, bytes]:
        """Return value representation and value of an element of the file, little endian."""
        value = little_endian(data.value(tag), element[0]) if data.is_big else data.value(tag)
        vr = element[0] or self._known(tag)
        return vr, padded(value, vr)

    def _known(self, tag: int) -> bytes:
        vr = representation(tag)
        if b" or " not in vr:
            return vr
        if tag in _TABLES or b"OB" in vr:
            return b"OW"
        return self._number

    def _value(self, tag: int, vr: bytes, value: bytes) -> None:
        if not self._is_explicit and vr in _NUMBERS and value and not _allows(representation(tag), vr):
            raise NotAcceptable(
                f"element {name_of(tag)} is {vr.decode('ascii')} here and {representation(tag).decode('ascii')} in the "
                "dictionary, so implicit VR would change its meaning: ask for Explicit VR Little Endian"
            )
        if self._is_explicit and vr not in LONG and len(value) > _SHORT_MAX:
            vr = b"UN"  # PS3.5, 6.2.2, note 6: too long for a length of 16 bits
        self.element(tag, vr, len(value))
        self._out.write(value)


def little_endian(value: bytes, vr: bytes) -> bytes:
    """Return a big-endian value with the bytes of its numbers turned around (PS3.5, 7.3)."""
    width = _TURNED.get(vr, 1)
    if width == 1 or len(value) % width:
        return value
    return np.frombuffer(value, f">u{width}").astype(f"<u{width}").tobytes()


def explicit(tag: int, vr: bytes, value: bytes) -> bytes:
    """Return an element as explicit little endian."""
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr)
    length = struct.pack("<HI", 0, len(value)) if vr in LONG else struct.pack("<H", len(value))
    return head + length + value


def padded(value: bytes, vr: bytes) -> bytes:
    """Return a value of even length (PS3.5, 6.2): texts end in a space, all else in a zero byte."""
    if len(value) % 2 == 0:
        return value
    return value + (b"\0" if vr in (b"UI", b"OB", b"UN", b"") else b" ")


def _allows(known: bytes, vr: bytes) -> bool:
    return vr in known.split(b" or ") or known == b"UN"


@functools.cache
def representation(tag: int) -> bytes:
    """Return the value representation the dictionary gives a tag, two of them with " or "; UN when it knows none."""
    from pydicom.datadict import dictionary_VR

    if tag >> 16 & 1:
        return b"LO" if 0x10 <= tag & 0xFFFF <= 0xFF else b"UN"  # PS3.5, 7.8.1: private creators
    try:
        return dictionary_VR(tag).encode("ascii")
    except KeyError:
        return b"UN"

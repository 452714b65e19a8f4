"""A stored DICOM file as DICOM JSON without its bulk data (PS3.18, annex F), written from the scanned bytes."""

from __future__ import annotations

import base64
import functools
import json
import math
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kerma.formats.dicom_data import DataSet
from kerma.formats.dicom_file import open_file
from kerma.formats.dicom_scan import PIXEL_DATA, Element

INLINE_BYTES_MAX = 256
"""Binary values up to this length stand in the text; longer ones, and pixel data, are referred to."""

_SPECIFIC_CHARACTER_SET = 0x00080005
_PIXELS = frozenset((PIXEL_DATA, 0x7FE00008, 0x7FE00009))
_BINARY = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN"))
_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "UV": "Q", "SV": "q", "FL": "f", "FD": "d"}
_WIDTHS = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
_SINGLE = frozenset(("ST", "LT", "UT", "UR"))
_JSON_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_WHOLE = re.compile(r"[+-]?\d{1,15}")
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def metadata_text(data: bytes | memoryview, place: str) -> str:
    """Return the data set as one DICOM JSON object on one line.

    Parameters
    ----------
    data : the whole file
    place : the address of the object; bulk data stand at ``<place>/bulkdata/<tags>``, the tags of a sequence, the
        number of its item from 1 and the tag inside joined by dots

    Raises
    ------
    Unreadable, Hostile
        As for :func:`kerma.formats.scan`.
    """
    file = open_file(data)
    return _object(file.data_set, f"{place}/bulkdata/", "", 0)


def bulk_element(data: bytes | memoryview, path: str) -> tuple[str, Element] | None:
    """Return the value representation and the scanned element at a path as :func:`metadata_text` writes it.

    None when the path leads nowhere. Values lie in ``data`` itself unless the file is deflated.
    """
    parts = path.split(".")
    if not re.fullmatch(r"[0-9A-Fa-f]{8}(\.\d{1,6}\.[0-9A-Fa-f]{8})*", path):
        return None
    found = open_file(data).data_set
    for tag, number in zip(parts[0::2], parts[1::2], strict=False):
        items = found.items(int(tag, 16))
        if not 1 <= int(number) <= len(items):
            return None
        found = items[int(number) - 1]
    element = found.elements.get(int(parts[-1], 16))
    return None if element is None else (_representation(found, int(parts[-1], 16), element), element)


def _object(data: DataSet, bulk: str, path: str, depth: int) -> str:
    attributes = []
    for tag in sorted(data.elements):
        if tag & 0xFFFF == 0 or tag == _SPECIFIC_CHARACTER_SET:  # group lengths say nothing here (PS3.18, F.2.2)
            continue
        vr = _representation(data, tag, data.elements[tag])
        value = _member(data, tag, vr, (bulk, path, depth))
        attributes.append((tag, f'"{tag:08X}":{{"vr":"{vr}"{value}}}'))
    if depth == 0:
        # JSON is UTF-8 whatever the file was (PS3.18, F.2).
        character_set = f'"{_SPECIFIC_CHARACTER_SET:08X}":{{"vr":"CS","Value":["ISO_IR 192"]}}'
        attributes.append((_SPECIFIC_CHARACTER_SET, character_set))
        attributes.sort()
    return "{" + ",".join(text for _, text in attributes) + "}"


def _member(data: DataSet, tag: int, vr: str, place: tuple[str, str, int]) -> str:
    """Return ``,"Value":[…]``, ``,"InlineBinary":…`` or ``,"BulkDataURI":…``; nothing for an empty value."""
    bulk, path, depth = place
    element = data.elements[tag]
    here = f"{path}{tag:08X}"
    if vr == "SQ":
        items = (
            _object(item, bulk, f"{here}.{number}.", depth + 1) for number, item in enumerate(data.items(tag), start=1)
        )
        written = ",".join(items)
        return f',"Value":[{written}]' if written else ""
    if element[2] == 0 and element[3] is None:
        return ""
    if vr in _BINARY:
        if tag in _PIXELS or element[3] is not None or element[2] > INLINE_BYTES_MAX:
            return f',"BulkDataURI":"{bulk}{here}"'
        return f',"InlineBinary":"{base64.b64encode(_little(data, tag, vr)).decode("ascii")}"'
    values = [json.dumps(value, ensure_ascii=False) if raw is None else raw for value, raw in _values(data, tag, vr)]
    return f',"Value":[{",".join(values)}]' if values and values != ["null"] else ""


def _values(data: DataSet, tag: int, vr: str) -> Iterator[tuple[Any, str | None]]:
    """Yield the values of an element, or what stands for one in JSON."""
    if vr in _NUMBERS:
        yield from ((number, None) for number in _binary_numbers(data, tag, vr))
    elif vr == "AT":
        raw = data.value(tag)
        order = ">" if data.is_big else "<"
        for group, number in struct.iter_unpack(f"{order}HH", raw[: len(raw) // 4 * 4]):
            yield f"{group:04X}{number:04X}", None
    else:
        text = data.text(tag, is_name=vr == "PN")
        for part in [text] if vr in _SINGLE else text.split("\\"):
            yield _TEXTS.get(vr, _string)(part)


def _string(part: str) -> tuple[Any, str | None]:
    return part.strip() or None, None


def _name(part: str) -> tuple[Any, str | None]:
    groups = {group: name.strip() for group, name in zip(_GROUPS, part.split("="), strict=False) if name.strip()}
    return groups or None, None


def _decimal(part: str) -> tuple[Any, str | None]:
    """Keep the digits of a number as they were written, so that nothing is rounded (PS3.18, F.2.3)."""
    text = part.strip()
    if _JSON_NUMBER.fullmatch(text):
        return None, text
    try:
        number = float(text)
    except ValueError:
        return text or None, None
    return (number if math.isfinite(number) else text), None


def _whole(part: str) -> tuple[Any, str | None]:
    text = part.strip()
    return (int(text) if _WHOLE.fullmatch(text) else text or None), None


_TEXTS: Mapping[str, Callable[[str], tuple[Any, str | None]]] = {
    "PN": _name,
    "DS": _decimal,
    "IS": _whole,
    "ST": lambda part: (part.rstrip() or None, None),
    "LT": lambda part: (part.rstrip() or None, None),
    "UT": lambda part: (part.rstrip() or None, None),
}


def _binary_numbers(data: DataSet, tag: int, vr: str) -> Iterator[Any]:
    letter = _NUMBERS[vr]
    raw = data.value(tag)
    count = len(raw) // struct.calcsize(letter)
    for number in struct.unpack_from(f"{'>' if data.is_big else '<'}{count}{letter}", raw):
        if isinstance(number, float) and not math.isfinite(number):
            # PS3.18, F.2.3: what JSON cannot write as a number is one of three strings.
            yield "NaN" if math.isnan(number) else "inf" if number > 0 else "-inf"
        else:
            yield _short(number) if vr == "FL" else number


def _short(number: float) -> float:
    """Return a 32-bit float with no more digits than it takes to be the same 32 bits again."""
    for digits in (6, 7, 8, 9):
        short = float(f"{number:.{digits}g}")
        if struct.pack("<f", short) == struct.pack("<f", number):
            return short
    return number


def _little(data: DataSet, tag: int, vr: str) -> bytes:
    """Return a binary value in little endian, as JSON wants it (PS3.18, F.2.7)."""
    raw = data.value(tag)
    width = _WIDTHS.get(vr, 1)
    if not data.is_big or width == 1:
        return raw
    return b"".join(raw[start : start + width][::-1] for start in range(0, len(raw), width))


def _representation(data: DataSet, tag: int, element: Element) -> str:
    vr = element[0].decode("ascii")
    if vr not in ("", "UN"):
        return vr
    if tag in _PIXELS and element[3] is not None:
        return "OB"  # PS3.5, A.4: what is encapsulated is bytes
    return _private(tag) if tag >> 16 & 1 else _dictionary(tag, _is_signed(data))


def _private(tag: int) -> str:
    # PS3.5, 7.8.1: the block of a private creator is reserved by a text.
    return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else "UN"


def _is_signed(data: DataSet) -> bool:
    return 0x00280103 in data and bytes(data.value(0x00280103)[:2]).strip(b"\0") != b""


@functools.lru_cache(maxsize=8192)
def _dictionary(tag: int, is_signed: bool) -> str:
    """Return the value representation of the data dictionary; of two the one that fits (PS3.5, annex A.1)."""
    from pydicom.datadict import dictionary_VR

    try:
        vr = str(dictionary_VR(tag))
    except KeyError:
        return "UN"
    if " or " not in vr:
        return vr
    return "OW" if "OW" in vr else ("SS" if is_signed else "US")

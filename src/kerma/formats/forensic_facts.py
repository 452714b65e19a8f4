"""What a file says of where it comes from, beside its pixels: times, device, derivation, editors, JPEG tables.

Only structure is walked, with bounds; nothing is decoded, nothing is believed. It runs in the guarded reader's child.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kerma.errors import KermaError

if TYPE_CHECKING:
    from kerma.formats.dicom_data import DataSet

PIXEL_DATA = 0x7FE00010
JPEG_HEAD_BYTES = 1 << 20
SEGMENTS_MAX = 1_000
CHUNKS_MAX = 10_000
WORDS_MAX = 200
LOSSY_SYNTAXES = (
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.203",
)
"""Transfer syntaxes that lose something, or may (PS3.6 A): JPEG baseline and extended, JPEG-LS near-lossless, JPEG 2000
and its high-throughput kind."""
MAYBE_LOSSY = LOSSY_SYNTAXES[2:]
_XMP = re.compile(rb"CreatorTool(?:=\"([^\"]{1,200})\"|>([^<]{1,200})<)")
_NUMBERS = {
    "tube_current_ma": 0x00181151,
    "exposure_time_ms": 0x00181150,
    "exposure_mas": 0x00181152,
    "source_detector_mm": 0x00181110,
    "source_object_mm": 0x00181111,
    "magnification": 0x00181114,
}
_WORDS = {
    "manufacturer": 0x00080070,
    "model": 0x00081090,
    "serial_number": 0x00181000,
    "software": 0x00181020,
    "derivation": 0x00082111,
    "image_type": 0x00080008,
    "lossy": 0x00282110,
    "calibration": 0x00280A02,
}
# fmt: off
ZIGZAG = (
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61,
    54, 47, 55, 62, 63,
)
# fmt: on
"""Where in an 8 × 8 table, row by row, each coefficient of a JPEG file belongs (ISO 10918-1, figure A.6)."""


def forensic_facts(data: bytes | memoryview) -> dict[str, Any]:
    """Return what a file says of its origin; keys are missing where it is silent.

    ``tools`` are the names of programs in its tags; ``jpeg_steps`` the 64 steps of its first quantisation table, row by
    row; numbers and words of DICOM go by our names; ``..._at`` are ISO 8601, without zone where the file has none.
    """
    head = bytes(data[:4])
    try:
        if head[:2] == b"\xff\xd8":
            return _jpeg(bytes(data[:JPEG_HEAD_BYTES]))
        if head == b"\x89PNG":
            return {"tools": list(_png_tools(data))}
        if head[:2] in (b"II", b"MM"):
            return {"tools": _tiff_tools(data)}
        from kerma.formats import dicom_file

        return _dicom(data) if dicom_file.is_dicom(data) else {}
    except (KermaError, struct.error, ValueError, IndexError):
        return {}  # whoever reads the image says what is wrong with it


def _jpeg(head: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {"tools": []}
    for marker, content in _segments(head):
        if marker == 0xDB and "jpeg_steps" not in found and (steps := _steps(content)):
            found["jpeg_steps"] = steps
        found["tools"] += _tools_of(marker, content)
    found["tools"] = list(dict.fromkeys(word[:WORDS_MAX] for word in found["tools"] if word))
    return found


def _segments(head: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and content of the segments before the coded data."""
    position = 2
    for _ in range(SEGMENTS_MAX):
        if position + 4 > len(head) or head[position] != 0xFF or head[position + 1] == 0xDA:
            return
        length = int.from_bytes(head[position + 2 : position + 4], "big")
        if length < 2:
            return
        yield head[position + 1], head[position + 4 : position + 2 + length]
        position += 2 + length


def _steps(content: bytes) -> list[int]:
    """Return the steps of the first table of a DQT segment, row by row; none where it is cut short."""
    if not content or content[0] & 0x0F:
        return []
    width = 2 if content[0] >> 4 else 1
    if len(content) < 1 + 64 * width:
        return []
    letters = ">64H" if width == 2 else ">64B"
    steps = [0] * 64
    for place, step in zip(ZIGZAG, struct.unpack_from(letters, content, 1), strict=True):
        steps[place] = step
    return steps


def _tools_of(marker: int, content: bytes) -> list[str]:
    if marker == 0xE1 and content[:6] == b"Exif\0\0":
        return _tiff_tools(content[6:])
    if marker == 0xE1 and (match := _XMP.search(content)):
        return [(match[1] or match[2]).decode("utf-8", errors="replace").strip()]
    if marker == 0xED and content.startswith(b"Photoshop"):
        return ["Photoshop"]
    if marker == 0xFE:
        return [content.decode("utf-8", errors="replace").strip("\0 \n")]
    return []


def _tiff_tools(data: bytes | memoryview) -> list[str]:
    from kerma.formats.tiff_scan import TiffStructure

    try:
        pages = TiffStructure(data).pages
    except (KermaError, struct.error):
        return []
    words = (page.text(tag) for page in pages[:8] for tag in (305, 270))
    return list(dict.fromkeys(word[:WORDS_MAX] for word in words if word))


def _png_tools(data: bytes | memoryview) -> Iterator[str]:
    position = 8
    for _ in range(CHUNKS_MAX):
        if position + 12 > len(data):
            return
        length, name = struct.unpack_from(">I4s", data, position)
        content = bytes(data[position + 8 : position + 8 + min(length, JPEG_HEAD_BYTES)])
        if name in (b"tEXt", b"iTXt"):
            key, _, value = content.partition(b"\0")
            if key.lower() in (b"software", b"comment", b"source"):
                yield value.replace(b"\0", b"").decode("utf-8", errors="replace").strip()[:WORDS_MAX]
            if match := _XMP.search(content):
                yield (match[1] or match[2]).decode("utf-8", errors="replace").strip()
        position += 12 + length


def _dicom(data: bytes | memoryview) -> dict[str, Any]:
    from kerma.formats import dicom_file
    from kerma.formats.dicom_header import pixel_layout
    from kerma.formats.dicom_scale import detector_spacing_of

    file = dicom_file.open_file(data)
    own = file.data_set
    found: dict[str, Any] = {name: own.text(tag)[:WORDS_MAX] for name, tag in _WORDS.items()}
    found |= {name: own.number(tag) for name, tag in _NUMBERS.items()}
    found["tools"] = [word for word in own.texts(0x00181020) if word][:8]
    found |= {
        "exam_at": _joined(own, 0x00080020, 0x00080030),
        "series_at": _joined(own, 0x00080021, 0x00080031),
        "acquired_at": own.moment(0x0008002A) or _joined(own, 0x00080022, 0x00080032),
        "content_at": _joined(own, 0x00080023, 0x00080033),
        "timezone": own.text(0x00080201),
        "has_source_image": 0x00082112 in own,
        "detector_mm": list(own.numbers(0x00187026)),
        "imager_spacing_mm": detector_spacing_of(own),
        "pixel_spacing_mm": list(own.numbers(0x00280030)),
        "is_lossy_syntax": file.syntax.uid in LOSSY_SYNTAXES,
        "is_maybe_lossy_syntax": file.syntax.uid in MAYBE_LOSSY,
    }
    layout = pixel_layout(file)
    if layout:
        found |= {"bits_stored": layout.bits_stored, "is_signed": layout.is_signed}
    if file.syntax.uid == LOSSY_SYNTAXES[0] and (element := own.elements.get(PIXEL_DATA)):
        start = bytes(own.data[element[1] : element[1] + JPEG_HEAD_BYTES])
        begin = start.find(b"\xff\xd8")
        if begin >= 0:
            found |= {"jpeg_steps": _jpeg(start[begin:]).get("jpeg_steps")}
    return {name: value for name, value in found.items() if value not in ("", None, [], ())}


def _joined(data: DataSet, date_tag: int, time_tag: int) -> str:
    date, time = data.date(date_tag), data.time(time_tag)
    return f"{date}T{time}" if date and time else date

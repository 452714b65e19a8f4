"""JPEG files: 8 bits grey, colour for showing (ISO 10918-1, JFIF)."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.formats.codecs import codestream_size
from kerma.formats.header import check_size
from kerma.formats.plain import Plain, spacing_from_resolution
from kerma.formats.sidecar import Sidecar
from kerma.science.imaging.image import Spacing


def look(data: bytes | memoryview, notes: Sidecar | None) -> Plain:
    """Read the frame header of a JPEG and return what it says of itself.

    Raises
    ------
    Unreadable, TooLarge
        No frame header, or sizes beyond the limits.
    """
    head = bytes(data[: 1 << 20])
    size = codestream_size("jpeg", head)
    if size is None or size.samples not in (1, 3):
        raise Unreadable("the JPEG has neither 1 nor 3 components: it is no image Kerma reads")
    check_size(
        rows=size.rows,
        columns=size.columns,
        bytes_per_pixel=size.samples * (1 if size.precision <= 8 else 2),
        stored_bytes=len(data),
        is_compressed=True,
    )
    if data[-2:] != b"\xff\xd9" and b"\xff\xd9" not in bytes(data[-1024:]):
        raise Unreadable("the JPEG ends before its end marker: it is cut short; fetch it again")
    spacing, warnings = _spacing(head)
    warnings += ("JPEG is lossy: grey values are not what the detector gave",)
    return Plain(size.rows, size.columns, 1, size.precision, spacing=spacing, warnings=warnings)


def decode(data: bytes | memoryview, plain: Plain, notes: Sidecar | None) -> NDArray[Any]:
    """Return (1, row, column) or (1, row, column, 3)."""
    import imagecodecs

    try:
        pixels: NDArray[Any] = imagecodecs.jpeg8_decode(bytes(data))
    except (RuntimeError, ValueError) as error:
        raise Unreadable(f"the JPEG is damaged: {error}") from error
    if pixels.shape[:2] != (plain.rows, plain.columns):
        raise Unreadable(f"the JPEG holds {pixels.shape[:2]} pixels where {plain.rows} x {plain.columns} were promised")
    return np.ascontiguousarray(pixels)[None]


def _spacing(head: bytes) -> tuple[Spacing, tuple[str, ...]]:
    """Read the density of a JFIF marker (JFIF 1.02: unit 1 is dots an inch, 2 dots a centimetre)."""
    if head[2:4] != b"\xff\xe0" or head[6:11] != b"JFIF\0" or len(head) < 18:
        return Spacing(), ()
    unit, column_density, row_density = struct.unpack_from(">BHH", head, 13)
    per_mm = {1: 1 / 25.4, 2: 1 / 10}.get(unit, 0.0)
    return spacing_from_resolution(row_density * per_mm, column_density * per_mm)

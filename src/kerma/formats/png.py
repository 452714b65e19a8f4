"""PNG files: 1 to 16 bits grey, colour for showing (ISO 15948)."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Hostile, Unreadable
from kerma.formats.header import check_size
from kerma.formats.plain import Plain, spacing_from_resolution
from kerma.formats.sidecar import Sidecar
from kerma.science.imaging.image import Spacing

_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Deflate cannot pack tighter than this.
_DEFLATE_RATIO_MAX = 1032


def look(data: bytes | memoryview, notes: Sidecar | None) -> Plain:
    """Walk the chunks of a PNG and return what it says of itself.

    Raises
    ------
    Unreadable, Hostile, TooLarge
        Cut short, no header, or sizes its data cannot hold.
    """
    header, stored, resolution = _walk(data)
    columns, rows, depth, colour = struct.unpack_from(">IIBB", header)
    if colour not in _SAMPLES or depth not in (1, 2, 4, 8, 16):
        raise Unreadable(f"colour type {colour} with {depth} bits is no PNG")
    size = rows * (columns * _SAMPLES[colour] * depth + 7) // 8
    if size > _DEFLATE_RATIO_MAX * max(stored, 1):
        raise Hostile(f"{stored} bytes of PNG data cannot hold {rows} x {columns} pixels: refused")
    check_size(
        rows=rows,
        columns=columns,
        bytes_per_pixel=_SAMPLES[colour] * max(depth, 8) / 8,
        stored_bytes=stored,
        is_compressed=True,
    )
    spacing, warnings = Spacing(), ()
    if len(resolution) == 9 and resolution[8] == 1:
        column_per_m, row_per_m = struct.unpack_from(">II", resolution)
        spacing, warnings = spacing_from_resolution(row_per_m / 1000, column_per_m / 1000)
    return Plain(rows, columns, 1, max(depth, 8), spacing=spacing, warnings=warnings)


def decode(data: bytes | memoryview, plain: Plain, notes: Sidecar | None) -> NDArray[Any]:
    """Return (1, row, column) or (1, row, column, sample)."""
    import imagecodecs

    try:
        pixels: NDArray[Any] = imagecodecs.png_decode(bytes(data))
    except (RuntimeError, ValueError) as error:
        raise Unreadable(f"the PNG is damaged: {error}") from error
    if pixels.shape[:2] != (plain.rows, plain.columns):
        raise Unreadable(f"the PNG holds {pixels.shape[:2]} pixels where {plain.rows} x {plain.columns} were promised")
    return np.ascontiguousarray(pixels)[None]


def _walk(data: bytes | memoryview) -> tuple[bytes, int, bytes]:
    """Return the header chunk, the bytes of image data, and the resolution chunk."""
    position, stored, header, resolution = 8, 0, b"", b""
    while True:
        if len(data) - position < 12:
            raise Unreadable("the PNG ends before its end chunk: it is cut short; fetch it again")
        length, name = struct.unpack_from(">I4s", data, position)
        if length > len(data) - position - 12:
            raise Unreadable(
                f"PNG chunk {name.decode('latin-1')} says it has {length} bytes but only "
                f"{len(data) - position - 12} are left: it is cut short; fetch it again"
            )
        value = data[position + 8 : position + 8 + length]
        if name == b"IHDR" and length == 13 and not header:
            header = bytes(value)
        elif name == b"pHYs":
            resolution = bytes(value[:9])
        elif name == b"IDAT":
            stored += length
        elif name == b"IEND":
            break
        position += 12 + length
    if not header or not stored:
        raise Unreadable("the PNG has no header or no image data")
    return header, stored, resolution

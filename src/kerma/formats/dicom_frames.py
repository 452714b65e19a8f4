"""Where the frames of a DICOM file lie, so that one of them can be given without reading the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.formats.dicom_file import DicomFile
from kerma.formats.dicom_header import DOUBLE_PIXEL_DATA, FLOAT_PIXEL_DATA, PixelLayout
from kerma.formats.dicom_pixels import shaped, spans_of

_TURNED_BYTES = 1 << 20

Span = tuple[int, int]
"""First byte and length."""


@dataclass(frozen=True)
class FrameMap:
    """The frames of one file; ``spans`` are the fragments of each compressed frame, empty when they are native."""

    data: bytes | memoryview = field(repr=False)
    layout: PixelLayout
    is_big: bool
    start: int
    native_bytes: int
    spans: tuple[tuple[Span, ...], ...]
    is_swapped_in_pairs: bool = False

    @property
    def is_native(self) -> bool:
        """Whether the pixels are not compressed."""
        return not self.spans

    @property
    def frame_bytes(self) -> int | None:
        """Bytes of one native frame; None where frames do not begin at a byte."""
        size = self.layout.plane_bytes
        return int(size) if size == int(size) else None

    @property
    def has_plain_frames(self) -> bool:
        """Whether the bytes of a native frame in the file are those of a little-endian one."""
        is_turned = self.is_big and (self.layout.bits_allocated > 8 or self.is_swapped_in_pairs)
        return self.is_native and not is_turned and self.layout.bits_allocated >= 8

    def places(self, plane: int) -> tuple[Span, ...]:
        """Return where the bytes of one frame lie as they are stored."""
        if not self.is_native:
            return self.spans[plane]
        size = int(self.layout.plane_bytes)
        return ((self.start + plane * size, size),)

    def codestream(self, plane: int) -> bytes:
        """Return the compressed bytes of a frame."""
        return b"".join(bytes(self.data[start : start + length]) for start, length in self.spans[plane])

    def native_frame(self, plane: int) -> bytes:
        """Return a native frame as little endian; one of single bits is packed anew, so that it begins at a byte."""
        if self.layout.bits_allocated == 1:
            return np.packbits(self.cells(plane).ravel(), bitorder="little").tobytes()
        size = int(self.layout.plane_bytes)
        start = self.start + plane * size
        if self.has_plain_frames:
            return bytes(self.data[start : start + size])
        if self.is_swapped_in_pairs:
            # pairs may reach over the end of a frame
            return b"".join(self._turned(self.start, self.native_bytes, _TURNED_BYTES))[plane * size :][:size]
        return b"".join(self._turned(start, size, _TURNED_BYTES))

    def native_chunks(self, chunk_bytes: int) -> Iterator[bytes | memoryview]:
        """Yield all native pixel data as little endian."""
        if self.is_big and (self.layout.bits_allocated > 8 or self.is_swapped_in_pairs):
            yield from self._turned(self.start, self.native_bytes, chunk_bytes)
            return
        for at in range(self.start, self.start + self.native_bytes, chunk_bytes):
            yield memoryview(self.data)[at : min(at + chunk_bytes, self.start + self.native_bytes)]

    def cells(self, plane: int) -> NDArray[Any]:
        """Return a native frame as it is stored: (row, column) or (row, column, sample)."""
        layout = replace(self.layout, planes=1)
        if layout.bits_allocated == 1:
            # PS3.5, 8.1.1: bits are packed from the least significant on, across rows and frames
            count = layout.rows * layout.columns
            first, last = self.start + plane * count // 8, self.start + -(-(plane + 1) * count // 8)
            bits = np.unpackbits(np.frombuffer(self.data[first:last], np.uint8), bitorder="little")
            return bits[plane * count % 8 :][:count].reshape(layout.rows, layout.columns)
        values = np.frombuffer(self.native_frame(plane), f"<u{layout.bits_allocated // 8}")
        cells: NDArray[Any] = shaped(values, layout)[0]
        return cells

    def _turned(self, start: int, length: int, chunk_bytes: int) -> Iterator[bytes]:
        width = 2 if self.is_swapped_in_pairs else self.layout.bits_allocated // 8
        for at in range(start, start + length, chunk_bytes):
            wanted = min(chunk_bytes, start + length - at)
            some = bytes(self.data[at : at + wanted + wanted % width])
            yield np.frombuffer(some, f">u{width}").astype(f"<u{width}").tobytes()[:wanted]


def frame_map(file: DicomFile, layout: PixelLayout) -> FrameMap:
    """Return where the frames of a file lie.

    Raises
    ------
    Unreadable
        The compressed data does not tell its frames apart.
    """
    vr, start, length, fragments = file.data_set.elements[layout.element]
    spans: tuple[tuple[Span, ...], ...] = ()
    if fragments is not None:
        spans = tuple(tuple(span) for span in spans_of(file, layout))
        if len(spans) != layout.planes:
            raise Unreadable(f"the header promises {layout.planes} frames but the data holds {len(spans)}")
    is_float = layout.element in (FLOAT_PIXEL_DATA, DOUBLE_PIXEL_DATA)
    in_pairs = file.syntax.is_big and vr == b"OW" and layout.bits_allocated == 8 and not is_float
    return FrameMap(
        data=file.data_set.data,
        layout=layout,
        is_big=file.syntax.is_big,
        start=start,
        native_bytes=min(length, -int(-layout.plane_bytes * layout.planes // 1)),
        spans=spans,
        is_swapped_in_pairs=in_pairs,
    )

"""DICOM files in another transfer syntax, without loss: native little endian, JPEG-LS or HTJ2K; and single frames.

Frames are taken one by one, so that a long series of them is never held. The SOP instance stays the same, since not
a pixel changes. Decoding runs stranger's bytes through a codec: call this through
:class:`kerma.formats.guard.GuardedReader`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from kerma.errors import NotAcceptable, NotFound, Unreadable
from kerma.formats.codecs import Frame, decode
from kerma.formats.dicom_file import DicomFile, open_file
from kerma.formats.dicom_frames import FrameMap, frame_map
from kerma.formats.dicom_header import PixelLayout, pixel_layout
from kerma.formats.dicom_pixels import stored_values
from kerma.formats.dicom_rewrite import Changes, Writer
from kerma.formats.dicom_scan import UNDEFINED
from kerma.formats.dicom_syntax import EXPLICIT, IMPLICIT, SYNTAXES

JPEG_LS = "1.2.840.10008.1.2.4.80"
HTJ2K = "1.2.840.10008.1.2.4.201"
NATIVE = (EXPLICIT.uid, IMPLICIT.uid)
LOSSY = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in ("50", "51", "81", "91", "112", "203"))
_BOT_MAX = 0xFFFFFFFF
_COPY_BYTES = 1 << 20
_ROOM_BYTES = 4096
"""What a JPEG-LS stream may have beyond one and a half times its pixels: headers."""
_ITEM = struct.pack("<HH", 0xFFFE, 0xE000)
_END = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def jpeg_ls(cells: NDArray[Any]) -> bytes:
    """Return pixel cells (row, column) or (row, column, sample) as a JPEG-LS stream, lossless."""
    import imagecodecs

    # Noise grows: without room of its own the encoder refuses it.
    room = cells.nbytes + cells.nbytes // 2 + _ROOM_BYTES
    return bytes(imagecodecs.jpegls_encode(cells.view(f"u{cells.dtype.itemsize}"), out=room))


def _htj2k(cells: NDArray[Any]) -> bytes:
    import imagecodecs

    # No colour transform, so that RGB stays RGB in the header (PS3.5, 8.2.4)
    return bytes(imagecodecs.htj2k_encode(cells, rgb=False))


ENCODERS: dict[str, Callable[[NDArray[Any]], bytes]] = {JPEG_LS: jpeg_ls, HTJ2K: _htj2k}


def transcode(data: bytes | memoryview, syntax_uid: str, out: BinaryIO) -> None:
    """Write a DICOM file as another one in this transfer syntax.

    Raises
    ------
    NotAcceptable
        The syntax is none we write, or cannot hold these pixels.
    Unreadable
        The pixels are damaged or cannot be decoded.
    """
    if syntax_uid not in (*NATIVE, *ENCODERS):
        raise NotAcceptable(f"images are given in {', '.join((*NATIVE, *ENCODERS))} and as stored, not in {syntax_uid}")
    file = open_file(data)
    layout = pixel_layout(file)
    is_explicit = syntax_uid != IMPLICIT.uid
    if layout is None:
        # an object without pixels has nothing to compress
        uid = syntax_uid if syntax_uid in NATIVE else EXPLICIT.uid
        writer = Writer(file, out, is_explicit=is_explicit)
        writer.meta(uid)
        writer.before_pixels()
        writer.after_pixels()
        return
    cells = Cells(file, layout)
    writer = Writer(file, out, is_explicit=is_explicit, changes=cells.changes(syntax_uid))
    writer.meta(syntax_uid)
    writer.before_pixels()
    if syntax_uid in NATIVE:
        _write_native(writer, cells, out)
    else:
        _write_encapsulated(writer, cells, ENCODERS[syntax_uid], out)
    writer.after_pixels()


def frames(data: bytes | memoryview, syntax_uid: str, numbers: tuple[int, ...]) -> Iterator[bytes]:
    """Yield frames, numbered from 1, each as one frame of this transfer syntax: native, JPEG-LS or HTJ2K."""
    file = open_file(data)
    layout = pixel_layout(file)
    if layout is None:
        raise Unreadable("this object has no pixels, so it has no frames")
    cells = Cells(file, layout)
    for number in numbers:
        if not 1 <= number <= layout.planes:
            raise NotFound(f"the image has the frames 1 to {layout.planes}, not {number}")
        if syntax_uid in NATIVE:
            yield cells.native(number - 1)
        else:
            yield ENCODERS[syntax_uid](cells.encodable(number - 1))


class Cells:
    """The pixel cells of a file, frame by frame, as another file holds them."""

    def __init__(self, file: DicomFile, layout: PixelLayout) -> None:
        self.layout = layout
        self._file = file
        self._codec = file.syntax.codec if file.data_set.elements[layout.element][3] is not None else ""
        self._map: FrameMap = frame_map(file, layout)
        if self._codec == "unknown":
            raise NotAcceptable(f"{file.syntax.name}: its pixels cannot be decoded; ask for it as stored")

    @property
    def is_native(self) -> bool:
        """Whether the file's own pixels are not compressed."""
        return not self._codec

    def changes(self, syntax_uid: str) -> Changes:
        """Return the attributes that must change with the transfer syntax; nothing for native to native."""
        layout = self.layout
        changes: dict[int, tuple[bytes, bytes] | None] = {}
        if self._file.syntax.uid in LOSSY:
            changes[0x00282110] = (b"CS", b"01")
        if self.is_native and syntax_uid in NATIVE:
            return changes
        if layout.samples > 1:
            changes[0x00280004] = (b"CS", self._photometric().encode("ascii"))
            changes[0x00280006] = (b"US", struct.pack("<H", 0))
        return changes

    def _photometric(self) -> str:
        """Return what the samples are after decoding: a JPEG decoder and the transforms of JPEG 2000 give RGB."""
        if self._codec == "jpeg" or self.layout.photometric in ("YBR_RCT", "YBR_ICT"):
            return "RGB"
        return "YBR_FULL" if self.layout.photometric == "YBR_FULL_422" else self.layout.photometric

    def native(self, plane: int) -> bytes:
        """Return one frame as little endian cells."""
        if self.is_native:
            return self._map.native_frame(plane)
        cells = self._decoded(plane)
        return np.ascontiguousarray(cells).astype(cells.dtype.newbyteorder("<"), copy=False).tobytes()

    def native_chunks(self) -> Iterator[bytes | memoryview]:
        """Yield the whole native pixel data, in pieces."""
        if self.is_native:
            yield from self._map.native_chunks(_COPY_BYTES)
            return
        for plane in range(self.layout.planes):
            yield self.native(plane)

    def native_bytes(self) -> int:
        """Return the bytes of the whole native pixel data."""
        if self.is_native:
            return self._map.native_bytes
        layout = self.layout
        width = layout.bits_allocated // 8
        return layout.planes * layout.rows * layout.columns * layout.samples * width

    def encodable(self, plane: int) -> NDArray[Any]:
        """Return one frame for an encoder: whole cells of 8 or 16 bits, signed ones with the sign as they store it."""
        layout = self.layout
        if layout.bits_allocated not in (8, 16):
            raise NotAcceptable(
                f"pixels of {layout.bits_allocated} bits cannot be compressed here: "
                f"ask for {EXPLICIT.name} ({EXPLICIT.uid})"
            )
        self._refuse_embedded()
        cells = self._map.cells(plane) if self.is_native else self._decoded(plane)
        if layout.samples == 1:
            cells = stored_values(np.array(cells), layout)
        return np.ascontiguousarray(cells)

    def _refuse_embedded(self) -> None:
        data = self._file.data_set
        for group in range(0x60000000, 0x60200000, 0x20000):
            position = data.words(group | 0x0102)
            if position and position[0] and group | 0x3000 not in data:
                raise NotAcceptable(
                    "an overlay lies in the unused bits of the pixels, which compression would lose: ask for "
                    f"{EXPLICIT.name} ({EXPLICIT.uid})"
                )

    def _decoded(self, plane: int) -> NDArray[Any]:
        layout = self.layout
        frame = Frame(
            layout.rows, layout.columns, layout.samples, layout.bits_allocated, layout.photometric, layout.is_planar
        )
        cells = decode(self._codec, self._map.codestream(plane), frame)
        if layout.samples == 1:
            cells = stored_values(cells, layout)
        width = layout.bits_allocated // 8
        kind = "i" if layout.is_signed and layout.samples == 1 else "u"
        return cells if cells.dtype.itemsize == width else cells.astype(f"{kind}{width}")


def _write_native(writer: Writer, cells: Cells, out: BinaryIO) -> None:
    length = cells.native_bytes()
    layout = cells.layout
    # PS3.5, A.1 and A.2: implicit is always OW, explicit by the bits
    vr = {0x7FE00008: b"OF", 0x7FE00009: b"OD"}.get(layout.element, b"OW" if layout.bits_allocated > 8 else b"OB")
    writer.element(layout.element, vr, length + length % 2)
    written = 0
    for chunk in cells.native_chunks():
        written += out.write(chunk)
    if written != length:
        raise Unreadable(f"the pixels decode to {written} bytes where {length} were promised")
    out.write(b"\0" * (length % 2))


def _write_encapsulated(writer: Writer, cells: Cells, encode: Callable[[NDArray[Any]], bytes], out: BinaryIO) -> None:
    """Write one fragment for each frame behind a basic offset table (PS3.5, A.4)."""
    planes = cells.layout.planes
    writer.element(0x7FE00010, b"OB", UNDEFINED)
    out.write(_ITEM + struct.pack("<I", 4 * planes))
    table_at = out.tell()
    out.write(bytes(4 * planes))
    offsets, position = [], 0
    for plane in range(planes):
        frame = encode(cells.encodable(plane))
        frame += b"\0" * (len(frame) % 2)
        out.write(_ITEM + struct.pack("<I", len(frame)) + frame)
        offsets.append(position)
        position += 8 + len(frame)
    if offsets[-1] > _BOT_MAX:
        raise NotAcceptable("the compressed frames are too many for an offset table: ask for single frames")
    out.write(_END)
    end = out.tell()
    out.seek(table_at)
    out.write(struct.pack(f"<{planes}I", *offsets))
    out.seek(end)


def is_decodable(syntax_uid: str) -> bool:
    """Return whether pixels of a transfer syntax can be decoded here."""
    return syntax_uid in SYNTAXES

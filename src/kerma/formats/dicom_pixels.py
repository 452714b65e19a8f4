"""The pixels of a DICOM file as stored values (plane, row, column)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.formats.codecs import Frame, decode
from kerma.formats.dicom_colour import palette_of, to_rgb
from kerma.formats.dicom_file import DicomFile
from kerma.formats.dicom_header import DOUBLE_PIXEL_DATA, FLOAT_PIXEL_DATA, PixelLayout

_FIRST_OF_FRAME = (b"\xff\xd8", b"\xff\x4f", b"\x00\x00\x00\x0c", b"\xff\x0a")
"""How a frame begins: JPEG and JPEG-LS, JPEG 2000, its JP2 box, JPEG XL."""


def pixels_of(file: DicomFile, layout: PixelLayout) -> NDArray[Any]:
    """Return stored values (plane, row, column), or colour (plane, row, column, 3) of 8 bits.

    Raises
    ------
    Unreadable
        The pixels are damaged, or compressed in a way we cannot decode.
    """
    element = file.data_set.elements[layout.element]
    is_mono = layout.samples == 1 and (layout.photometric != "PALETTE COLOR" or _is_measured(file))
    if element[3] is None:
        pixels = _native(file, layout)
    elif file.syntax.codec == "unknown":
        raise Unreadable(f"{file.syntax.name}: its pixels cannot be decoded; export the image uncompressed")
    else:
        pixels = _encapsulated(file, layout)
    return stored_values(pixels, layout) if is_mono else to_rgb(pixels, file.data_set, layout, file.syntax.codec)


def _is_measured(file: DicomFile) -> bool:
    """Whether palette colours only decorate X-ray intensities, which must then not be thrown away."""
    if 0x00281040 not in file.data_set:
        return False
    palette_of(file.data_set)
    file.warnings.append("the file asks for a colour palette; its intensities are kept and shown in grey")
    return True


def _native(file: DicomFile, layout: PixelLayout) -> NDArray[Any]:
    data, (vr, start, length, _) = file.data_set.data, file.data_set.elements[layout.element]
    order = ">" if file.syntax.is_big else "<"
    if layout.element in (FLOAT_PIXEL_DATA, DOUBLE_PIXEL_DATA):
        width = 4 if layout.element == FLOAT_PIXEL_DATA else 8
        count = layout.planes * layout.rows * layout.columns
        return _native_order(np.frombuffer(data, f"{order}f{width}", count, start)).reshape(
            layout.planes, layout.rows, layout.columns
        )
    if layout.bits_allocated == 1:
        # PS3.5, 8.1.1: bits are packed from the least significant on, across rows and frames.
        packed = np.frombuffer(data, np.uint8, length, start)
        bits = np.unpackbits(packed, count=layout.planes * layout.rows * layout.columns, bitorder="little")
        return bits.reshape(layout.planes, layout.rows, layout.columns)
    width = layout.bits_allocated // 8
    count = int(layout.plane_bytes * layout.planes) // width
    values = _native_order(np.frombuffer(data, f"{order}u{width}", count, start))
    if file.syntax.is_big and vr == b"OW" and width == 1:
        # PS3.5, 7.3: 8-bit pixels in a big-endian OW are swapped in pairs.
        values = np.frombuffer(np.frombuffer(data, ">u2", length // 2, start).astype("<u2").tobytes(), np.uint8, count)
    return shaped(values, layout)


def shaped(values: NDArray[Any], layout: PixelLayout) -> NDArray[Any]:
    """Return native cells of 8 bits or more as (plane, row, column) or (plane, row, column, sample)."""
    if layout.samples == 1:
        return values.reshape(layout.planes, layout.rows, layout.columns)
    if layout.photometric == "YBR_FULL_422":
        return _upsampled(values, layout)
    if layout.is_planar:
        planar = values.reshape(layout.planes, layout.samples, layout.rows, layout.columns)
        return np.moveaxis(planar, 1, -1)
    return values.reshape(layout.planes, layout.rows, layout.columns, layout.samples)


def _upsampled(values: NDArray[Any], layout: PixelLayout) -> NDArray[Any]:
    """Give both pixels of a pair their shared chrominance (PS3.3 C.7.6.3.1.2: Y Y Cb Cr)."""
    pairs = values.reshape(layout.planes, layout.rows, layout.columns // 2, 4)
    full = np.empty((layout.planes, layout.rows, layout.columns // 2, 2, 3), values.dtype)
    full[..., 0] = pairs[..., :2]
    full[..., 1:] = pairs[..., None, 2:]
    return full.reshape(layout.planes, layout.rows, layout.columns, 3)


def _native_order(values: NDArray[Any]) -> NDArray[Any]:
    return values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))


def _encapsulated(file: DicomFile, layout: PixelLayout) -> NDArray[Any]:
    frame = Frame(
        layout.rows, layout.columns, layout.samples, layout.bits_allocated, layout.photometric, layout.is_planar
    )
    frames = frames_of(file, layout)
    first = decode(file.syntax.codec, frames[0], frame)
    pixels = np.empty((layout.planes, *first.shape), first.dtype)
    pixels[0] = first
    for number, data in enumerate(frames[1:], start=1):
        pixels[number] = decode(file.syntax.codec, data, frame)
    return pixels


def frames_of(file: DicomFile, layout: PixelLayout) -> list[bytes]:
    """Return the compressed bytes of each frame."""
    data = file.data_set.data
    return [b"".join(bytes(data[start : start + length]) for start, length in span) for span in spans_of(file, layout)]


def spans_of(file: DicomFile, layout: PixelLayout) -> list[list[tuple[int, int]]]:
    """Return where the fragments of each frame lie, by whichever way the file tells frames apart (PS3.5, A.4)."""
    fragments = file.data_set.elements[layout.element][3] or []
    if len(fragments) < 2:
        raise Unreadable("the compressed pixel data has no fragment: the file is cut short; fetch it again")
    table, chunks = fragments[0], fragments[1:]
    if layout.planes == 1:
        return [chunks]
    starts = _frame_starts(file, layout, table, chunks)
    edges = [*starts, len(chunks)]
    return [chunks[first:last] for first, last in zip(edges, edges[1:], strict=False)]


def _frame_starts(
    file: DicomFile, layout: PixelLayout, table: tuple[int, int], chunks: list[tuple[int, int]]
) -> list[int]:
    """Return the number of the first fragment of each frame."""
    data = file.data_set.data
    if len(chunks) == layout.planes:
        return list(range(layout.planes))
    base = chunks[0][0] - 8
    number_at = {start - 8 - base: number for number, (start, _) in enumerate(chunks)}
    order = ">" if file.syntax.is_big else "<"
    if table[1] >= 4 * layout.planes:
        offsets = np.frombuffer(data, f"{order}u4", layout.planes, table[0]).tolist()
        if offsets[0] == 0 and all(offset in number_at for offset in offsets) and offsets == sorted(set(offsets)):
            return [number_at[offset] for offset in offsets]
    # The offset table is missing or lies: a frame begins where a fragment begins like one.
    starts = [number for number, (at, _) in enumerate(chunks) if bytes(data[at : at + 4]).startswith(_FIRST_OF_FRAME)]
    if len(starts) != layout.planes or starts[0] != 0:
        raise Unreadable(
            f"the header promises {layout.planes} frames but the compressed data holds {len(starts) or 'no'} beginnings"
        )
    return starts


def stored_values(pixels: NDArray[Any], layout: PixelLayout) -> NDArray[Any]:
    """Cut away what is above the stored bits (old overlays live there) and restore the sign (PS3.5, 8.1.1)."""
    if pixels.dtype.kind == "f":
        return pixels
    width = pixels.dtype.itemsize
    unused = 8 * width - layout.bits_stored
    raw = pixels.view(f"u{width}")
    if unused <= 0:
        return raw.view(f"i{width}") if layout.is_signed else raw
    # Decoded pixels are ours to change in place; native ones lie in the file.
    out = raw if raw.flags.writeable else np.empty_like(raw)
    if layout.is_signed:
        np.left_shift(raw, unused, out=out)
        return np.right_shift(out.view(f"i{width}"), unused, out=out.view(f"i{width}"))
    return np.bitwise_and(raw, raw.dtype.type((1 << layout.bits_stored) - 1), out=out)

"""Compressed pixels to numbers: every codec of DICOM through imagecodecs, checked against the header first.

The same function serves Kerma's own reader and, once :func:`register` has been called, pydicom.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.formats.dicom_syntax import SYNTAXES

_END_MARKER = b"\xff\xd9"
"""End of image of JPEG and JPEG-LS, end of codestream of JPEG 2000."""
_PADDING_BYTES_MAX = 256
PLUGIN = "kerma-imagecodecs"


class Frame(NamedTuple):
    """What the header promises of one frame; the decoder gives this or refuses."""

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    photometric: str = "MONOCHROME2"
    is_planar: bool = False


class CodestreamSize(NamedTuple):
    """What a compressed frame says about itself."""

    rows: int
    columns: int
    samples: int
    precision: int
    marker: int


def decode(codec: str, data: bytes, frame: Frame) -> NDArray[Any]:
    """Decode one frame to an array (row, column) or (row, column, sample) of the codec's own integer type.

    Raises
    ------
    Unreadable
        The codec is not supported, the frame is damaged, or it holds another image than the header says.
    """
    decoder = _DECODERS.get(codec)
    if decoder is None:
        raise Unreadable(f"pixels compressed with {codec} cannot be decoded here; export the image uncompressed")
    size = codestream_size(codec, data)
    if size is not None and (size.rows, size.columns, size.samples) != (frame.rows, frame.columns, frame.samples):
        raise Unreadable(
            f"the compressed frame is {size.rows} x {size.columns} with {size.samples} samples, the header says "
            f"{frame.rows} x {frame.columns} with {frame.samples}: refused"
        )
    if size is not None and _END_MARKER not in data[-_PADDING_BYTES_MAX:]:
        # Decoders fill what is missing with grey, which must never pass for an image.
        raise Unreadable("the compressed pixel data is damaged: it ends before its end marker; fetch it again")
    try:
        decoded = decoder(data, frame, size)
    except (RuntimeError, ValueError, TypeError, IndexError, struct.error, zlib.error) as error:
        raise Unreadable(f"the compressed pixel data ({codec}) is damaged: {error}") from error
    shape = (frame.rows, frame.columns) if frame.samples == 1 else (frame.rows, frame.columns, frame.samples)
    if decoded.size != frame.rows * frame.columns * frame.samples:
        raise Unreadable(f"the compressed frame holds {decoded.size} values where {shape} were promised")
    return decoded.reshape(shape)


def codestream_size(codec: str, data: bytes) -> CodestreamSize | None:
    """Return the size a JPEG-family frame states, None for codecs whose frames state none.

    Raises
    ------
    Unreadable
        The frame has no readable start.
    """
    if codec in ("jpeg", "jpeg-lossless", "jpeg-ls"):
        return _jpeg_size(data)
    if codec in ("jpeg-2000", "htj2k"):
        return _jpeg_2000_size(data)
    return None


def register() -> None:
    """Make imagecodecs the first decoder of pydicom for all its compressed transfer syntaxes; idempotent."""
    from pydicom.pixels import get_decoder

    for uid, syntax in SYNTAXES.items():
        if not syntax.codec or syntax.codec in ("native", "deflate", "jpeg-xl"):
            continue
        decoder = get_decoder(uid)
        if PLUGIN not in decoder.available_plugins:
            decoder.add_plugin(PLUGIN, (__name__, "_decode_for_pydicom"))
        # pydicom tries its plugins in the order they were added; ours is to be first.
        available: dict[str, Any] = decoder._available
        decoder._available = {PLUGIN: available.pop(PLUGIN), **available}


def is_available(uid: str) -> bool:
    """Tell pydicom that every registered syntax can be decoded."""
    return uid in SYNTAXES


DECODER_DEPENDENCIES: dict[str, tuple[str, ...]] = dict.fromkeys(SYNTAXES, ("numpy", "imagecodecs"))


def _decode_for_pydicom(source: bytes, runner: Any) -> bytes:
    frame = Frame(
        runner.rows,
        runner.columns,
        runner.samples_per_pixel,
        runner.bits_allocated,
        str(runner.photometric_interpretation),
    )
    decoded = decode(SYNTAXES[str(runner.transfer_syntax)].codec, source, frame)
    runner.set_option("planar_configuration", 0)
    runner.set_option("bits_allocated", 8 * decoded.dtype.itemsize)
    return np.ascontiguousarray(decoded).tobytes()


def _jpeg_size(data: bytes) -> CodestreamSize:
    """Walk the markers of a JPEG or JPEG-LS stream to its frame header (ISO 10918-1 B.2.2, ISO 14495-1 C.2.2)."""
    position = 2
    if data[:2] != b"\xff\xd8":
        raise Unreadable("the compressed frame does not begin like a JPEG image")
    while position + 10 <= len(data):
        if data[position] != 0xFF:
            break
        marker = data[position + 1]
        if marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD7:
            position += 1 if marker == 0xFF else 2
            continue
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            precision, rows, columns, samples = struct.unpack_from(">BHHB", data, position + 4)
            return CodestreamSize(rows, columns, samples, precision, marker)
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    raise Unreadable("the compressed frame has no JPEG frame header: it is damaged or cut short")


def _jpeg_2000_size(data: bytes) -> CodestreamSize:
    """Read the SIZ marker of a JPEG 2000 codestream, bare or in a JP2 box (ISO 15444-1, A.5.1)."""
    start = data.find(b"\xff\x4f\xff\x51", 0, 4096)
    if start < 0 or len(data) - start < 44:
        raise Unreadable("the compressed frame does not begin like a JPEG 2000 image")
    right, bottom, left, top = struct.unpack_from(">IIII", data, start + 8)
    samples, depth = struct.unpack_from(">HB", data, start + 40)
    return CodestreamSize(bottom - top, right - left, samples, (depth & 0x7F) + 1, 0x51)


def _jpeg(data: bytes, frame: Frame, size: CodestreamSize | None) -> NDArray[Any]:
    import imagecodecs

    if frame.samples == 3 and frame.photometric == "RGB" and b"JFIF" not in data[:64]:
        # PS3.5, 8.2.1: samples stored as RGB were never transformed, whatever the decoder would assume.
        return imagecodecs.jpeg8_decode(data, colorspace="RGB", outcolorspace="RGB")
    return imagecodecs.jpeg8_decode(data)


def _jpeg_lossless(data: bytes, frame: Frame, size: CodestreamSize | None) -> NDArray[Any]:
    import imagecodecs

    if size is not None and size.marker != 0xC3:
        return _jpeg(data, frame, size)
    return imagecodecs.jpegsof3_decode(data)


def _jpeg_ls(data: bytes, frame: Frame, size: CodestreamSize | None) -> NDArray[Any]:
    import imagecodecs

    return imagecodecs.jpegls_decode(data)


def _jpeg_2000(data: bytes, frame: Frame, size: CodestreamSize | None) -> NDArray[Any]:
    import imagecodecs

    return imagecodecs.jpeg2k_decode(data, numthreads=2)


def _htj2k(data: bytes, frame: Frame, size: CodestreamSize | None) -> NDArray[Any]:
    import imagecodecs

    # without a colour transform it would hand out one plane for each sample
    return imagecodecs.htj2k_decode(data, planar=False)


def _jpeg_xl(data: bytes, frame: Frame, size: CodestreamSize | None) -> NDArray[Any]:
    import imagecodecs

    return imagecodecs.jpegxl_decode(data, numthreads=2)


def _rle(data: bytes, frame: Frame, size: CodestreamSize | None) -> NDArray[Any]:
    """Decode DICOM RLE: one PackBits segment for each byte of each sample, high byte first (PS3.5, annex G)."""
    import imagecodecs

    width, pixels = frame.bits_allocated // 8, frame.rows * frame.columns
    count, *offsets = struct.unpack_from("<16I", data)
    if count != width * frame.samples:
        raise ValueError(f"{count} RLE segments where {width * frame.samples} are needed")
    edges = [*offsets[:count], len(data)]
    if any(first < 64 or first > last for first, last in zip(edges, edges[1:], strict=False)):
        raise ValueError("the RLE segment offsets point outside the frame")
    planes = np.empty((frame.samples, pixels, width), np.uint8)
    for number, (first, last) in enumerate(zip(edges, edges[1:], strict=False)):
        # A segment is at most 128 times its size; beyond that it is not PackBits.
        segment = np.frombuffer(imagecodecs.packbits_decode(data[first:last]), np.uint8)
        if len(segment) < pixels:
            raise ValueError(f"RLE segment {number + 1} holds {len(segment)} of {pixels} bytes")
        planes[number // width, :, width - 1 - number % width] = segment[:pixels]
    samples = planes.view(f"<u{width}")[..., 0]
    return samples[0] if frame.samples == 1 else np.ascontiguousarray(samples.T)


def _native(data: bytes, frame: Frame, size: CodestreamSize | None) -> NDArray[Any]:
    dtype = np.dtype(f"<u{max(frame.bits_allocated // 8, 1)}")
    needed = frame.rows * frame.columns * frame.samples * dtype.itemsize
    if len(data) < needed:
        raise ValueError(f"{len(data)} bytes where {needed} are needed")
    values = np.frombuffer(data, dtype, count=needed // dtype.itemsize)
    if frame.samples > 1 and frame.is_planar:
        return np.ascontiguousarray(values.reshape(frame.samples, -1).T)
    return values


def _deflate(data: bytes, frame: Frame, size: CodestreamSize | None) -> NDArray[Any]:
    needed = frame.rows * frame.columns * frame.samples * frame.bits_allocated // 8
    return _native(zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, needed), frame, size)


_DECODERS: dict[str, Callable[[bytes, Frame, CodestreamSize | None], NDArray[Any]]] = {
    "native": _native,
    "deflate": _deflate,
    "jpeg": _jpeg,
    "jpeg-lossless": _jpeg_lossless,
    "jpeg-ls": _jpeg_ls,
    "jpeg-2000": _jpeg_2000,
    "jpeg-xl": _jpeg_xl,
    "htj2k": _htj2k,
    "rle": _rle,
}

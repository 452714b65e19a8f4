"""Colour DICOM images to 8-bit RGB, for showing only (PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Hostile, Unreadable
from kerma.formats.dicom_data import DataSet
from kerma.formats.dicom_header import PixelLayout

_DESCRIPTORS = (0x00281101, 0x00281102, 0x00281103)
_TABLES = (0x00281201, 0x00281202, 0x00281203)


def to_rgb(pixels: NDArray[Any], data: DataSet, layout: PixelLayout, codec: str) -> NDArray[Any]:
    """Return (plane, row, column, 3) of 8 bits from RGB, YBR or palette pixels.

    Raises
    ------
    Hostile
        A palette shorter than its descriptor says.
    Unreadable
        A photometric interpretation we do not know.
    """
    if layout.photometric == "PALETTE COLOR":
        return _palette(pixels, data)
    if layout.samples not in (3, 4):
        raise Unreadable(f"{layout.photometric} with {layout.samples} samples a pixel is no colour image Kerma reads")
    eight = _eight_bits(pixels, layout.bits_stored)
    # A JPEG decoder hands out RGB whatever was stored; the other codecs hand out what was stored.
    if layout.photometric in ("YBR_FULL", "YBR_FULL_422") and codec != "jpeg":
        return _from_ybr(eight)
    return np.ascontiguousarray(eight[..., :3])


def _eight_bits(pixels: NDArray[Any], bits_stored: int) -> NDArray[Any]:
    if pixels.dtype == np.uint8:
        return pixels
    return (pixels.astype(np.uint64) >> np.uint64(max(bits_stored - 8, 0))).astype(np.uint8)


def _from_ybr(ybr: NDArray[Any]) -> NDArray[Any]:
    # PS3.3 C.7.6.3.1.2: the inverse of the YBR_FULL equations.
    luma, blue, red = (ybr[..., channel].astype(np.float32) for channel in range(3))
    blue, red = blue - 128, red - 128
    channels = (luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue)
    return np.stack([np.clip(np.rint(channel), 0, 255).astype(np.uint8) for channel in channels], axis=-1)


def _palette(pixels: NDArray[Any], data: DataSet) -> NDArray[Any]:
    # PS3.3 C.7.6.3.1.5: values outside a table take its first or last entry.
    return np.stack(
        [table[np.clip(pixels.astype(np.int64) - first, 0, len(table) - 1)] for first, table in palette_of(data)],
        axis=-1,
    )


def palette_of(data: DataSet) -> list[tuple[int, NDArray[np.uint8]]]:
    """Return the first value mapped and the 8-bit entries of the red, green and blue palette.

    Raises
    ------
    Hostile
        A palette shorter than its descriptor says.
    Unreadable
        No complete descriptor, or a segmented palette.
    """
    tables = []
    for descriptor_tag, table_tag in zip(_DESCRIPTORS, _TABLES, strict=True):
        descriptor = data.words(descriptor_tag)
        if len(descriptor) != 3:
            raise Unreadable("the colour palette has no complete descriptor")
        entries, first, bits = descriptor[0] or 65536, descriptor[1], descriptor[2]
        tables.append((first, _table(data, table_tag, entries, bits)))
    return tables


def _table(data: DataSet, tag: int, entries: int, bits: int) -> NDArray[np.uint8]:
    value = data.value(tag)
    if not value and tag + 0x20 in data:
        raise Unreadable("the colour palette is segmented, which Kerma does not read; export the image as RGB")
    if len(value) >= 2 * entries:
        words = np.frombuffer(value, ">u2" if data.is_big else "<u2", entries)
        shift = 8 if bits == 16 else 0
        return (words >> np.uint16(shift)).astype(np.uint8)
    if len(value) >= entries and bits == 8:
        return np.frombuffer(value, np.uint8, entries)
    raise Hostile(f"the colour palette promises {entries} entries but holds {len(value)} bytes: refused")

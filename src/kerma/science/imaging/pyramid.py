"""An image as a viewer takes it: values of 16 bits with the way back to the modality values, in levels of tiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.greyscale import modality_values
from kerma.science.imaging.image import Image

TILE_PX = 1024
OVERVIEW_PX = 512
"""Levels are added until both sides are at most this long."""
_TOP = 65_535
_ROWS_AT_ONCE = 256
"""Rows of wide values that are computed together, so that no second image of float64 is held."""

Wire = NDArray[Any]
"""Values on the wire: (row, column) of uint16, or (row, column, 3) of uint8."""


@dataclass(frozen=True)
class WireScale:
    """How the stored values of an image become wire values, and what a wire value means.

    Exact: ``stored = wire + offset``. Always: ``modality value = wire * slope + intercept``, except where the image
    has a Modality LUT and ``keeps_lut`` says that it is still to be applied to the stored value. ``padding`` is the
    wire value of pixels that carry no data, None when no pixel can be one.
    """

    offset: int = 0
    slope: float = 1.0
    intercept: float = 0.0
    is_exact: bool = True
    padding: int | None = None
    keeps_lut: bool = False


class Level(NamedTuple):
    """One level of the pyramid: its size, and the rows and columns of tiles it is cut into."""

    rows: int
    columns: int
    tile_rows: int
    tile_columns: int


class Place(NamedTuple):
    """One tile: its level (0 is full size), and its row and column among the tiles of that level."""

    level: int
    row: int
    column: int


def wire_scale(image: Image) -> WireScale:
    """Return how the stored values of an image go on the wire.

    Integers of 8 and 16 bits are moved by a constant and stay exact. Of wider numbers the wire value 0 is kept for
    pixels without data (padding, NaN, infinite); the others are moved where their range fits into 65 535 values, else
    mapped linearly, which rounds each modality value by at most half of ``slope``.
    """
    if image.is_colour:
        return WireScale()
    kind = image.pixels.dtype
    grey = image.grey
    if kind.kind in "iu" and kind.itemsize <= 2:
        return _moved(image, int(np.iinfo(kind).min), image.padding_value)
    low, high, has_gaps = _range(image)
    if kind.kind in "iu" and grey.modality_lut is None and int(high) - int(low) < _TOP:
        moved = _moved(image, int(low) - 1, None)
        return WireScale(moved.offset, moved.slope, moved.intercept, padding=0 if has_gaps else None)
    ends = modality_values(grey, np.array([low, high]))
    if grey.modality_lut is not None:
        ends = np.array([grey.modality_lut.entries.min(), grey.modality_lut.entries.max()], np.float64)
    first, last = float(ends.min()), float(ends.max())
    slope = last / (_TOP - 1) - first / (_TOP - 1)
    slope = slope or abs(first) or 1.0
    return WireScale(0, slope, first - slope, is_exact=False, padding=0 if has_gaps else None)


def to_wire(image: Image, stored: NDArray[Any], scale: WireScale) -> Wire:
    """Return a plane (row, column) of stored values as wire values; colour stays as it is."""
    if stored.ndim == 3:
        return np.ascontiguousarray(stored, np.uint8)
    if stored.dtype.kind in "iu" and stored.dtype.itemsize <= 2:
        if scale.offset == 0:
            return stored.astype(np.uint16, copy=False)
        return (stored.astype(np.int32) - scale.offset).astype(np.uint16)
    wire = np.empty(stored.shape, np.uint16)
    for start in range(0, len(stored), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        wire[rows] = _wide(image, stored[rows], scale)
    return wire


def levels(rows: int, columns: int) -> list[Level]:
    """Return the levels of an image, full size first; the last is one tile."""
    found = [_level(rows, columns)]
    while max(rows, columns) > OVERVIEW_PX:
        rows, columns = (rows + 1) // 2, (columns + 1) // 2
        found.append(_level(rows, columns))
    return found


def pyramid(wire: Wire, padding: int | None) -> list[Wire]:
    """Return the wire values at every level, full size first."""
    found = [wire]
    while max(found[-1].shape[:2]) > OVERVIEW_PX:
        found.append(halved(found[-1], padding))
    return found


def halved(wire: Wire, padding: int | None = None) -> Wire:
    """Return the rounded mean of every 2 x 2 pixels, halves up; at an odd edge of those that are there.

    Pixels of padding are left out of a mean; where all are padding, the mean is. A mean of data that falls on the
    value of padding is moved by one, so that data never turns into padding.
    """
    if padding is not None and (is_padding := wire == padding).any():
        return _halved_data(wire, is_padding, padding)
    sums = _four(wire, "edge")
    small = ((sums + 2) >> 2).astype(wire.dtype)
    return small if padding is None else _kept_apart(small, padding)


def places(rows: int, columns: int) -> Iterator[Place]:
    """Return every tile of an image in the order they are made: the overview first, full size last."""
    found = levels(rows, columns)
    for number in reversed(range(len(found))):
        _, _, tile_rows, tile_columns = found[number]
        yield from (Place(number, row, column) for row in range(tile_rows) for column in range(tile_columns))


def tile(wire: Wire, place: Place) -> Wire:
    """Return a tile of a level's wire values, contiguous."""
    top, left = place.row * TILE_PX, place.column * TILE_PX
    return np.ascontiguousarray(wire[top : top + TILE_PX, left : left + TILE_PX])


def _moved(image: Image, offset: int, padding_value: float | None) -> WireScale:
    grey = image.grey
    padding = None
    if padding_value is not None and float(padding_value).is_integer() and 0 <= padding_value - offset <= _TOP:
        padding = int(padding_value) - offset
    if grey.modality_lut is not None:
        return WireScale(offset, 1.0, float(offset), padding=padding, keeps_lut=True)
    return WireScale(offset, grey.slope, grey.intercept + offset * grey.slope, padding=padding)


def _range(image: Image) -> tuple[Any, Any, bool]:
    """Return the lowest and highest stored value of the data of all planes, and whether any pixel carries none."""
    low = high = None
    has_gaps = False
    for plane in image.pixels:
        for start in range(0, len(plane), _ROWS_AT_ONCE):
            stored = plane[start : start + _ROWS_AT_ONCE]
            data = stored[_carries_data(image, stored)]
            has_gaps = has_gaps or data.size < stored.size
            if data.size:
                low = data.min() if low is None else min(low, data.min())
                high = data.max() if high is None else max(high, data.max())
    return (0, 0, has_gaps) if low is None else (low, high, has_gaps)


def _carries_data(image: Image, stored: NDArray[Any]) -> NDArray[np.bool_]:
    carries = np.isfinite(stored) if stored.dtype.kind == "f" else np.ones(stored.shape, np.bool_)
    return carries if image.padding_value is None else carries & (stored != image.padding_value)


def _wide(image: Image, stored: NDArray[Any], scale: WireScale) -> NDArray[np.uint16]:
    """Return values of more than 16 bits as wire values; what carries no data becomes 0."""
    carries = _carries_data(image, stored)
    if scale.is_exact:
        low = stored.dtype.type(scale.offset + 1)
        moved = (np.where(carries, stored, low) - low).astype(np.uint32) + 1
    else:
        values = modality_values(image.grey, np.where(carries, stored, stored.dtype.type(0)))
        moved = np.clip(np.rint((values - scale.intercept) / scale.slope), 1, _TOP)
    return np.where(carries, moved, 0).astype(np.uint16)


def _level(rows: int, columns: int) -> Level:
    return Level(rows, columns, -(-rows // TILE_PX), -(-columns // TILE_PX))


def _four(values: NDArray[Any], beyond: Literal["edge", "constant"]) -> NDArray[np.uint32]:
    """Return the sum of every 2 x 2 pixels; beyond an odd edge stand its own pixels again, or nothing (constant)."""
    rows, columns = values.shape[:2]
    if rows % 2 or columns % 2:
        added = [(0, rows % 2), (0, columns % 2)] + [(0, 0)] * (values.ndim - 2)
        values = np.pad(values, added, mode=beyond)
    sums: NDArray[np.uint32] = values[0::2, 0::2].astype(np.uint32)
    sums += values[1::2, 0::2]
    sums += values[0::2, 1::2]
    sums += values[1::2, 1::2]
    return sums


def _halved_data(wire: Wire, is_padding: NDArray[np.bool_], padding: int) -> Wire:
    sums = _four(np.where(is_padding, wire.dtype.type(0), wire), "constant")
    counts = _four((~is_padding).view(np.uint8), "constant")
    means = (2 * sums + counts) // np.maximum(2 * counts, 1)
    small = _kept_apart(means.astype(wire.dtype), padding)
    return np.where(counts == 0, wire.dtype.type(padding), small)


def _kept_apart(small: Wire, padding: int) -> Wire:
    """Return means of data with those that fall on the value of padding moved by one."""
    beside = padding + 1 if padding < _TOP else padding - 1
    return np.where(small == padding, small.dtype.type(beside), small)

"""From the outline or box of a finding to its pixels, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Mask:
    """The pixels of a finding: where its first row and column lie in the image, and which pixels from there belong."""

    row: int
    column: int
    pixels: NDArray[np.bool_]

    def within(self, rows: int, columns: int) -> NDArray[np.bool_]:
        """Return the mask over the whole image (row, column)."""
        whole = np.zeros((rows, columns), np.bool_)
        height, width = self.pixels.shape
        whole[self.row : self.row + height, self.column : self.column + width] = self.pixels
        return whole


def mask_of(box: Sequence[float], polygon: Sequence[Sequence[float]], rows: int, columns: int) -> Mask:
    """Return the pixels of a finding inside an image; never none, at least the pixel nearest to its middle.

    Parameters
    ----------
    box : row, column, height, width, at the edges of pixels: a pixel belongs when its middle lies inside
    polygon : (row, column) points in pixel numbers, the outline itself included; the box alone where empty
    rows, columns : size of the image
    """
    row, column, height, width = box
    top, bottom = _span(row, height, rows)
    left, right = _span(column, width, columns)
    if len(polygon) < 3:
        return Mask(top, left, np.ones((bottom - top, right - left), np.bool_))
    pixels = _filled(polygon, (top, left), (bottom - top, right - left))
    return Mask(top, left, pixels if pixels.any() else np.ones_like(pixels))


def _span(start: float, length: float, limit: int) -> tuple[int, int]:
    """Return first pixel and end of those whose middle lies between start and start + length, at least one."""
    first = int(np.clip(np.ceil(start - 0.5), 0, limit - 1))
    end = int(np.clip(np.ceil(start + length - 0.5), 0, limit))
    return (first, end) if end > first else (first, first + 1)


_SHIFT = 6
"""Bits below one pixel that the filling keeps: a 64th."""


def _filled(polygon: Sequence[Sequence[float]], origin: tuple[int, int], shape: tuple[int, int]) -> NDArray[np.bool_]:
    import cv2

    limit = 1 << 17  # beyond any image; filling takes a step per row even where none is drawn
    points = [(column - origin[1], row - origin[0]) for row, column in polygon]
    fixed = np.rint(np.clip(np.array(points, np.float64), -limit, limit) * (1 << _SHIFT)).astype(np.int32)
    drawn = np.zeros(shape, np.uint8)
    cv2.fillPoly(drawn, [fixed], 1, shift=_SHIFT)
    return drawn.astype(np.bool_)


def box_of(mask: Mask) -> tuple[float, float, float, float]:
    """Return row, column, height, width around the pixels of a mask, at the edges of pixels."""
    down, across = np.flatnonzero(mask.pixels.any(axis=1)), np.flatnonzero(mask.pixels.any(axis=0))
    if not down.size:
        return float(mask.row), float(mask.column), 0.0, 0.0
    return (
        float(mask.row + down[0]),
        float(mask.column + across[0]),
        float(down[-1] - down[0] + 1),
        float(across[-1] - across[0] + 1),
    )


def outline_of(mask: Mask) -> tuple[tuple[float, float], ...]:
    """Return the outline of the largest connected part as (row, column) points; none where it is a full box.

    Filling it gives that part again, without holes.
    """
    import cv2

    if mask.pixels.all() or not mask.pixels.any():
        return ()
    contours, _ = cv2.findContours(mask.pixels.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = max(contours, key=lambda contour: (cv2.contourArea(contour), len(contour)))[:, 0, :]
    if len(largest) < 3:
        return ()
    return tuple((float(mask.row + row), float(mask.column + column)) for column, row in largest.tolist())

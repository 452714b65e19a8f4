"""Median filter: every pixel becomes the middle value of the square window around it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.bands import over_rows
from kerma.science.imaging.grey_arrays import checked

WIDEST_PX = 101
COMPILED_PX = 5
"""Up to this window OpenCV sorts 16-bit and real values exactly."""
TILE_PX = 150
"""Side of the tiles whose values are ranked: with the widest border fewer than 65,536 ranks."""


def median(values: NDArray[Any], *, window_px: int) -> NDArray[Any]:
    """Return the exact median of the window around each pixel, in the type of the input.

    Parameters
    ----------
    values : (row, column), whole or real numbers
    window_px : side of the window, odd, 1 to 101. Beyond the border the nearest pixel goes on.

    Raises
    ------
    WrongUsage
        The window is even or out of range, or the array is none a filter can work on.
    """
    if window_px % 2 != 1 or not 1 <= window_px <= WIDEST_PX:
        raise WrongUsage(f"a median window has an odd side of 1 to {WIDEST_PX} pixels, not {window_px}")
    plane = checked(values, "the median")
    if window_px == 1:
        return plane.copy()
    if plane.dtype == np.uint8 or (window_px <= COMPILED_PX and plane.dtype in (np.uint16, np.int16, np.float32)):
        import cv2

        found: NDArray[Any] = cv2.medianBlur(plane, window_px)
        return found
    reach = window_px // 2
    if plane.dtype == np.uint16:
        return _of_ranks(np.pad(plane, reach, mode="edge"), window_px)
    return _by_tiles(np.pad(plane, reach, mode="edge"), window_px)


def _of_ranks(padded: NDArray[np.uint16], window_px: int) -> NDArray[np.uint16]:
    from kerma.science.imaging.median_kernel import sliding_median

    found = np.empty((padded.shape[0] - window_px + 1, padded.shape[1] - window_px + 1), np.uint16)
    over_rows(found.shape[0], lambda band: sliding_median(padded, window_px, *band, found))
    return found


def _by_tiles(padded: NDArray[Any], window_px: int) -> NDArray[Any]:
    """Return the median of values of any type: it commutes with a rising function, so ranks within a tile do."""
    border = window_px - 1
    rows, columns = padded.shape[0] - border, padded.shape[1] - border
    found = np.empty((rows, columns), padded.dtype)
    for row in range(0, rows, TILE_PX):
        for column in range(0, columns, TILE_PX):
            tile = padded[row : row + TILE_PX + border, column : column + TILE_PX + border]
            known, ranks = np.unique(tile, return_inverse=True)
            middle = _of_ranks(ranks.reshape(tile.shape).astype(np.uint16), window_px)
            found[row : row + TILE_PX, column : column + TILE_PX] = known[middle]
    return found

"""The compiled loop of the median filter: a histogram slides along each row (Huang, 1979)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.science.compiled import compiled

FINE, COARSE, SHIFT = 65_536, 1_024, 6


@compiled
def sliding_median(padded: NDArray[np.uint16], window: int, first: int, last: int, found: NDArray[np.uint16]) -> None:
    """Write rows ``first`` to ``last`` (not included) of the median of a plane padded by half a window on each side."""
    fine = np.zeros(FINE, np.int32)
    coarse = np.zeros(COARSE, np.int32)
    for row in range(first, last):
        _row(padded, row, window, (fine, coarse), found)


@compiled
def _row(
    padded: NDArray[np.uint16],
    row: int,
    window: int,
    histograms: tuple[NDArray[np.int32], NDArray[np.int32]],
    found: NDArray[np.uint16],
) -> None:
    """Write one row of medians; the histograms are empty before and after.

    ``below`` counts values below the bin of the median, so that it moves a few bins from pixel to pixel.
    """
    fine, coarse = histograms
    columns = found.shape[1]
    middle = window * window // 2
    for i in range(row, row + window):
        for j in range(window):
            value = padded[i, j]
            fine[value] += 1
            coarse[value >> SHIFT] += 1
    place, below = 0, 0
    for column in range(columns):
        if column > 0:
            for i in range(row, row + window):
                gone, new = padded[i, column - 1], padded[i, column + window - 1]
                fine[gone] -= 1
                coarse[gone >> SHIFT] -= 1
                fine[new] += 1
                coarse[new >> SHIFT] += 1
                below += (new < place) - (gone < place)
        place, below = _moved(fine, coarse, place, below, middle)
        found[row, column] = place
    for i in range(row, row + window):
        for j in range(columns - 1, columns + window - 1):
            value = padded[i, j]
            fine[value] -= 1
            coarse[value >> SHIFT] -= 1


@compiled
def _moved(fine: NDArray[np.int32], coarse: NDArray[np.int32], place: int, below: int, middle: int) -> tuple[int, int]:
    """Return the bin of the median and how many values lie below it, from those of the pixel before."""
    step = 1 << SHIFT
    while below > middle:
        if place & (step - 1) == 0 and below - coarse[(place >> SHIFT) - 1] > middle:
            place -= step
            below -= coarse[place >> SHIFT]
        else:
            place -= 1
            below -= fine[place]
    while below + fine[place] <= middle:
        if place & (step - 1) == 0 and below + coarse[place >> SHIFT] <= middle:
            below += coarse[place >> SHIFT]
            place += step
        else:
            below += fine[place]
            place += 1
    return place, below

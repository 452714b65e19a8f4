"""The compiled loop of the bilateral filter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.science.compiled import compiled

Floats = NDArray[np.float32]


@compiled
def bilateral_rows(
    padded: Floats, band: tuple[int, int], reach: int, scales: tuple[np.float32, np.float32], found: Floats
) -> None:
    """Write some rows: ``scales`` are -1 / (2 sigma²) of the distance in pixels and of the difference of values."""
    by_place, by_value = scales
    near = np.empty((2 * reach + 1, 2 * reach + 1), np.float32)
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            near[down + reach, right + reach] = np.float32(down * down + right * right) * by_place
    for row in range(band[0], band[1]):
        for column in range(found.shape[1]):
            middle = padded[row + reach, column + reach]
            total, weights = np.float32(0), np.float32(0)
            for down in range(2 * reach + 1):
                for right in range(2 * reach + 1):
                    # Of differences, so that a flat picture stays as it is to the last bit.
                    difference = padded[row + down, column + right] - middle
                    weight = np.exp(near[down, right] + difference * difference * by_value)
                    total += weight * difference
                    weights += weight
            found[row, column] = middle + total / weights

"""The compiled loops of CLAHE: counting the tiles, and blending their curves.

Whole numbers of up to 16 bits look their place up in a table; real ones are multiplied first and then divided, never
multiplied by a rounded quotient, so that both find the same bin.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.science.compiled import compiled

Plane = NDArray[np.generic]
Band = tuple[int, int]
Floats = NDArray[np.float32]
Whole = NDArray[np.int64]
Side = tuple[Whole, Floats]


@compiled
def counted(bins: NDArray[np.uint16], band: Band, edges: tuple[Whole, Whole], counts: NDArray[np.float64]) -> None:
    """Count the bins of each tile of some rows of tiles."""
    for i in range(band[0], band[1]):
        for row in range(edges[0][i], edges[0][i + 1]):
            for j in range(counts.shape[1]):
                tile = counts[i, j]
                for column in range(edges[1][j], edges[1][j + 1]):
                    tile[bins[row, column]] += 1.0


@compiled
def counted_by_table(
    plane: Plane,
    band: Band,
    edges: tuple[Whole, Whole],
    table: NDArray[np.uint16],
    counts: NDArray[np.float64],
) -> None:
    """Count the values of each tile of some rows of tiles, their bins taken from a table."""
    for i in range(band[0], band[1]):
        for row in range(edges[0][i], edges[0][i + 1]):
            for j in range(counts.shape[1]):
                tile = counts[i, j]
                for column in range(edges[1][j], edges[1][j + 1]):
                    tile[table[plane[row, column]]] += 1.0


@compiled
def level_curves(points: Floats, tile: int, share: np.float32) -> Floats:
    """Return the curves of a row of pixels: those of the tile row and of the next, blended."""
    after = min(tile + 1, points.shape[0] - 1)
    found: Floats = points[tile] + share * (points[after] - points[tile])
    return found


@compiled
def blended(places: Floats, band: Band, points: Floats, sides: tuple[Side, Side], result: Floats) -> None:
    """Write some rows of a result of real numbers from the places of the values."""
    (row_tile, row_share), (column_tile, column_share) = sides
    last, bins = points.shape[1] - 1, points.shape[2] - 1
    for row in range(band[0], band[1]):
        curves = level_curves(points, row_tile[row], row_share[row])
        for column in range(places.shape[1]):
            j = column_tile[column]
            m = min(j + 1, last)
            place = places[row, column]
            b = min(bins - 1, int(place))
            part = place - np.float32(b)
            one = curves[j, b] + part * (curves[j, b + 1] - curves[j, b])
            other = curves[m, b] + part * (curves[m, b + 1] - curves[m, b])
            result[row, column] = one + column_share[column] * (other - one)


@compiled
def blended_by_table(
    plane: Plane, band: Band, table: Floats, points: Floats, sides: tuple[Side, Side], result: NDArray[np.float32]
) -> None:
    """Write some rows of a result of whole numbers, their places taken from a table; rounded half up."""
    (row_tile, row_share), (column_tile, column_share) = sides
    last, bins = points.shape[1] - 1, points.shape[2] - 1
    for row in range(band[0], band[1]):
        curves = level_curves(points, row_tile[row], row_share[row])
        for column in range(plane.shape[1]):
            j = column_tile[column]
            m = min(j + 1, last)
            place = table[plane[row, column]]
            b = min(bins - 1, int(place))
            part = place - np.float32(b)
            one = curves[j, b] + part * (curves[j, b + 1] - curves[j, b])
            other = curves[m, b] + part * (curves[m, b + 1] - curves[m, b])
            result[row, column] = int(np.floor(one + column_share[column] * (other - one) + np.float32(0.5)))

"""The L-buffer: every triangle of a closed mesh adds its signed distance to the pixels it covers.

A ray's length inside is the distances where it leaves minus those where it enters, so nothing is sorted. Pixels are
chosen row by row with half-open spans (the top-left rule). Two triangles that share an edge compute its crossing from
the same numbers in the same order, and the sign is that of the edges' directions, so no ray slips between them.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from kerma.science.compiled import compiled

Field = NDArray[np.float64]
Faces = NDArray[np.int64]
ROW, COLUMN, WEIGHT, SHARE = 0, 1, 2, 3
"""Columns of ``places``: where a vertex is drawn, its weight (1 on a panel, depth on a line scanner), and its share of
the way from source to detector."""


@compiled
def crossing(places: Field, a: int, b: int, row: float) -> float:
    """Return the column where the edge between two vertices crosses a row, the same for (a, b) and (b, a)."""
    if a > b:
        a, b = b, a
    share = (row - places[a, ROW]) / (places[b, ROW] - places[a, ROW])
    weight_a, weight_b = (1.0 - share) * places[a, WEIGHT], share * places[b, WEIGHT]
    column: float = (places[a, COLUMN] * weight_a + places[b, COLUMN] * weight_b) / (weight_a + weight_b)
    return column


@compiled
def crossings(places: Field, corners: tuple[int, int, int], row: float) -> tuple[float, float]:
    """Return the columns where a triangle's outline crosses a row on its way down, and on its way up."""
    down, up = 0.0, 0.0
    for side in range(3):
        a, b = corners[side], corners[(side + 1) % 3]
        above_a, above_b = places[a, ROW] <= row, places[b, ROW] <= row
        if above_a and not above_b:
            down = crossing(places, a, b, row)
        elif above_b and not above_a:
            up = crossing(places, a, b, row)
    return down, up


@compiled
def plane_of(vertices: Field, corners: tuple[int, int, int], plane: Field) -> None:
    """Write a corner of a triangle and its normal into ``plane`` (2, 3)."""
    a, b, c = corners
    for axis in range(3):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        plane[0, axis] = vertices[a, axis]
        plane[1, axis] = (vertices[b, i] - vertices[a, i]) * (vertices[c, j] - vertices[a, j]) - (
            vertices[b, j] - vertices[a, j]
        ) * (vertices[c, i] - vertices[a, i])


@compiled
def length_to(plane: Field, frame: Field, pixel: tuple[int, int], between: tuple[float, float]) -> float:
    """Return how far the plane of a triangle is along a pixel's ray, in mm.

    ``between`` are the least and the greatest share its corners have of the way: they hold triangles seen edge-on.
    """
    top, bottom, square = 0.0, 0.0, 0.0
    for axis in range(3):
        origin = frame[0, axis] + pixel[0] * frame[1, axis]
        way = frame[2, axis] + pixel[0] * frame[3, axis] + pixel[1] * frame[4, axis] - origin
        top += plane[1, axis] * (plane[0, axis] - origin)
        bottom += plane[1, axis] * way
        square += way * way
    share = top / bottom if bottom != 0.0 else between[0]
    return min(max(share, between[0]), between[1]) * math.sqrt(square)


@compiled
def l_buffer(mesh: tuple[Field, Faces], places: Field, frame: Field, out: Field, rows: tuple[int, int]) -> None:
    """Add the signed distances of all triangles (vertices, faces) to some rows of ``out``."""
    vertices, faces = mesh
    plane = np.empty((2, 3))
    last_column = out.shape[1] - 1
    for face in range(faces.shape[0]):
        corners = (faces[face, 0], faces[face, 1], faces[face, 2])
        lowest = min(places[corners[0], ROW], places[corners[1], ROW], places[corners[2], ROW])
        highest = max(places[corners[0], ROW], places[corners[1], ROW], places[corners[2], ROW])
        if highest <= rows[0] or lowest > rows[1] - 1:
            continue
        first = rows[0] if lowest <= rows[0] else int(math.ceil(lowest))
        last = rows[1] if highest >= rows[1] else int(math.ceil(highest))
        if first >= last:
            continue
        plane_of(vertices, corners, plane)
        near = min(places[corners[0], SHARE], places[corners[1], SHARE], places[corners[2], SHARE])
        far = max(places[corners[0], SHARE], places[corners[1], SHARE], places[corners[2], SHARE])
        for row in range(first, last):
            down, up = crossings(places, corners, row)
            left, right = min(down, up), max(down, up)
            if left > last_column or right <= 0.0:
                continue
            begin = 0 if left <= 0.0 else int(math.ceil(left))
            end = last_column + 1 if right > last_column else int(math.ceil(right))
            sign = 1.0 if down > up else -1.0
            for column in range(begin, end):
                out[row, column] += sign * length_to(plane, frame, (row, column), (near, far))

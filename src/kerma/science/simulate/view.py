"""The rays of one view: where the source stands for each row, and where each pixel lies.

One representation serves the flat panel and the line scanner: ``origin + row·origin_step`` is the source,
``corner + row·row_step + column·column_step`` the pixel's centre. A panel's source does not move; a scanner's source
moves with its line, which is the belt seen from the object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.simulate.arithmetic import sin_cos_deg
from kerma.science.simulate.document import Detector, Geometry, Point

Field = NDArray[np.float64]
Window = tuple[slice, slice]
Turn = tuple[Point, Point, Point]


@dataclass(frozen=True)
class Rays:
    """The rays of a view, in the world or in a thing's own frame: rows of ``frame`` are the five vectors.

    They are source, source's step a row, first pixel, pixel's step a row, pixel's step a column, in mm.
    """

    frame: Field
    rows: int
    columns: int

    def seen_from(self, at_mm: Point, turn_deg: Point) -> Rays:
        """Return the same rays in the frame of a thing that stands at ``at_mm`` and is turned by ``turn_deg``."""
        turn = turn_of(turn_deg)
        moved = [
            tuple(value - shift for value, shift in zip(vector, at_mm, strict=True)) if is_point else vector
            for vector, is_point in zip(self.frame.tolist(), (True, False, True, False, False), strict=True)
        ]
        return Rays(np.array([_turned_back(turn, vector) for vector in moved]), self.rows, self.columns)

    def finer(self, parts: int) -> Rays:
        """Return the rays of a detector whose pixels are divided into ``parts`` × ``parts``."""
        if parts == 1:
            return self
        origin, origin_step, corner, row_step, column_step = self.frame
        inset = (1.0 / parts - 1.0) / 2.0
        frame = np.array([
            origin + inset * origin_step, origin_step / parts,
            corner + inset * row_step + inset * column_step, row_step / parts, column_step / parts,
        ])  # fmt: skip
        return Rays(frame, self.rows * parts, self.columns * parts)

    def starting_at(self, row: int, column: int, shape: tuple[int, int]) -> Rays:
        """Return the rays of a window that starts at pixel (row, column)."""
        origin, origin_step, corner, row_step, column_step = self.frame
        frame = np.array([
            origin + row * origin_step, origin_step, corner + row * row_step + column * column_step, row_step,
            column_step,
        ])  # fmt: skip
        return Rays(frame, *shape)


def rays_of(geometry: Geometry, detector: Detector, view: int) -> Rays:
    """Return the rays of one view in world coordinates.

    Raises
    ------
    WrongUsage
        No such view, an empty detector, or distances that leave no room for the object.
    """
    _check(geometry, detector, view)
    step_mm = detector.pitch_mm if geometry.kind == "cone" else geometry.belt_step_mm
    x = -geometry.offset_mm[0] - (detector.columns - 1) / 2.0 * detector.pitch_mm
    first_row = -(detector.rows - 1) / 2.0 * step_mm
    y = first_row - geometry.offset_mm[1] if geometry.kind == "cone" else first_row
    moving = geometry.kind == "fan"
    vectors = (
        (0.0, first_row if moving else 0.0, geometry.source_object_mm),
        (0.0, step_mm if moving else 0.0, 0.0),
        (x, y, geometry.source_object_mm - geometry.source_detector_mm),
        (0.0, step_mm, 0.0),
        (detector.pitch_mm, 0.0, 0.0),
    )
    turn = turn_of((0.0, geometry.angles_deg[view], 0.0))
    return Rays(np.array([_turned(turn, vector) for vector in vectors]), detector.rows, detector.columns)


def _check(geometry: Geometry, detector: Detector, view: int) -> None:
    if not 0 <= view < len(geometry.angles_deg):
        raise WrongUsage(f"there is no view {view}: the scene has {len(geometry.angles_deg)}, counted from 0")
    if detector.rows < 1 or detector.columns < 1 or not detector.pitch_mm > 0:
        raise WrongUsage(
            f"a detector of {detector.rows} × {detector.columns} pixels of {detector.pitch_mm:g} mm sees nothing"
        )
    if not 0 < geometry.source_object_mm < geometry.source_detector_mm:
        raise WrongUsage(
            f"the object at {geometry.source_object_mm:g} mm from the source must stand before the detector at "
            f"{geometry.source_detector_mm:g} mm"
        )
    if geometry.kind == "fan" and not geometry.belt_step_mm > 0:
        raise WrongUsage(f"a belt step of {geometry.belt_step_mm:g} mm moves nothing: give a value above 0")


def magnification(geometry: Geometry) -> float:
    """Return how much larger the origin's plane is drawn on the detector."""
    return geometry.source_detector_mm / geometry.source_object_mm


def turn_of(turn_deg: Point) -> Turn:
    """Return the rotation matrix of a turn about x, then y, then z."""
    (sx, cx), (sy, cy), (sz, cz) = (sin_cos_deg(angle) for angle in turn_deg)
    return (
        (cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx),
        (sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx),
        (-sy, cy * sx, cy * cx),
    )


def _turned(turn: Turn, vector: Sequence[float]) -> Point:
    x, y, z = (row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2] for row in turn)
    return x, y, z


def _turned_back(turn: Turn, vector: Sequence[float]) -> Point:
    x, y, z = (turn[0][i] * vector[0] + turn[1][i] * vector[1] + turn[2][i] * vector[2] for i in range(3))
    return x, y, z


def projected(rays: Rays, points_mm: Field) -> tuple[Field, Field, Field]:
    """Return row, column and depth (1 at the source, 0 at the detector) where points are drawn.

    Points at or behind the source have a depth of 1 or more and no place.
    """
    origin, origin_step, corner, row_step, column_step = rays.frame
    normal = _cross(row_step, column_step)
    height = _dot(normal, origin - corner)
    is_fan = bool(_dot(origin_step, origin_step) > 0)
    row = _dot(points_mm - origin, origin_step) / _dot(origin_step, origin_step) if is_fan else np.zeros(len(points_mm))
    source = origin + row[:, None] * origin_step
    depth = _dot(points_mm - corner, normal) / height
    with np.errstate(divide="ignore", invalid="ignore"):
        stretch = 1.0 / (1.0 - depth)
        place = source + stretch[:, None] * (points_mm - source) - corner
        column = _dot(place, column_step) / _dot(column_step, column_step)
        row = row if is_fan else _dot(place, row_step) / _dot(row_step, row_step)
    return row, column, depth


def _dot(a: Field, b: Field) -> Field:
    result: Field = a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]
    return result


def _cross(a: Field, b: Field) -> Field:
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def window_of(rays: Rays, low_mm: Point, high_mm: Point) -> Window | None:
    """Return the part of the picture that a box in the rays' own frame can fall on; None if it misses the picture."""
    corners = np.array([
        (low_mm[0] if i & 1 else high_mm[0], low_mm[1] if i & 2 else high_mm[1], low_mm[2] if i & 4 else high_mm[2])
        for i in range(8)
    ])  # fmt: skip
    row, column, depth = projected(rays, corners)
    if (depth <= 0).all() or (depth >= 1).all():
        return None
    if (depth > 0.999).any():
        return slice(0, rays.rows), slice(0, rays.columns)
    first_row, last_row = _reach(row, rays.rows)
    first_column, last_column = _reach(column, rays.columns)
    if first_row >= last_row or first_column >= last_column:
        return None
    return slice(first_row, last_row), slice(first_column, last_column)


def _reach(places: Field, count: int) -> tuple[int, int]:
    low, high = max(-2.0, float(places.min()) - 0.5), min(count + 2.0, float(places.max()) + 0.5)
    return max(0, int(np.floor(low))), min(count, int(np.ceil(high)) + 1)

"""Bodies in space: how far they reach, how much they hold, and how a group of them is turned and moved as one."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kerma.science.physics.materials import density_of
from kerma.science.simulate.document import (
    Box,
    Cylinder,
    Ellipsoid,
    Mesh,
    Point,
    Prism,
    Relief,
    Shape,
    Sheet,
    Stroke,
    Thing,
    Tube,
)  # fmt: skip
from kerma.science.simulate.outlines import signed_area, simple
from kerma.science.simulate.shapes import BODIES
from kerma.science.simulate.view import turn_of

Field = NDArray[np.float64]
PLACE_DIGITS, ANGLE_DIGITS = 4, 6
"""Places and angles are rounded, so that the last bits of a library's arc tangent decide nothing."""
NEARLY_UPRIGHT = 1.0 - 1e-12
CHORDS = {Relief: "a relief", Sheet: "a sheet"}


def corners_of(thing: Thing) -> Field:
    """Return the corners (corner, [x, y, z]) of a thing's own box, in mm of the frame the thing stands in."""
    shape = thing.shape
    if isinstance(shape, Mesh):
        own = np.asarray(shape.vertices_mm, dtype=np.float64) * shape.scale
    elif isinstance(shape, Relief):
        x, y = (size / 2.0 for size in shape.size_mm)
        own = np.array([(-x, -y, 0.0), (x, y, 0.0)])
    else:
        body = BODIES[type(shape)](shape)
        low, high = body.low_mm, body.high_mm
        own = np.array([
            [(low if number & bit else high)[axis] for axis, bit in enumerate((1, 2, 4))] for number in range(8)
        ])  # fmt: skip
    placed: Field = own @ np.array(turn_of(thing.turn_deg)).T + np.array(thing.at_mm)
    return placed


def extent(things: Sequence[Thing]) -> tuple[Field, Field]:
    """Return the lowest and the highest corner of a group's box in mm; what is inside another does not count."""
    corners = np.concatenate([corners_of(thing) for thing in things if not thing.inside])
    return corners.min(axis=0), corners.max(axis=0)


def moved(things: Sequence[Thing], *, at_mm: Point, turn_deg: Point = (0.0, 0.0, 0.0)) -> tuple[Thing, ...]:
    """Return the things turned about the origin by ``turn_deg`` and then moved by ``at_mm``, as one."""
    turn = np.array(turn_of(turn_deg))
    return tuple(
        dataclasses.replace(
            thing,
            at_mm=_rounded(turn @ np.array(thing.at_mm) + np.array(at_mm), PLACE_DIGITS),
            turn_deg=_rounded(angles_of(turn @ np.array(turn_of(thing.turn_deg))), ANGLE_DIGITS),
        )
        for thing in things
    )


def angles_of(turn: Field) -> Point:
    """Return the angles in degrees about x, then y, then z that make a rotation matrix."""
    if abs(turn[2, 0]) < NEARLY_UPRIGHT:
        x, y = math.atan2(turn[2, 1], turn[2, 2]), math.asin(-turn[2, 0])
        z = math.atan2(turn[1, 0], turn[0, 0])
    else:
        sign = -math.copysign(1.0, turn[2, 0])
        x, y, z = math.atan2(sign * turn[0, 1], sign * turn[0, 2]), sign * math.pi / 2.0, 0.0
    return math.degrees(x), math.degrees(y), math.degrees(z)


def _rounded(values: Sequence[float] | Field, digits: int) -> Point:
    x, y, z = (round(float(value), digits) + 0.0 for value in values)
    return x, y, z


def volume_mm3(shape: Shape) -> float:
    """Return the volume of a shape; a stroke's without the joints' overlap, a relief's and a sheet's are refused."""
    if isinstance(shape, Box):
        return math.prod(shape.size_mm)
    if isinstance(shape, Ellipsoid):
        return 4.0 / 3.0 * math.pi * math.prod(shape.radii_mm)
    if isinstance(shape, Cylinder):
        top = shape.radius_mm if shape.top_radius_mm is None else shape.top_radius_mm
        return math.pi * shape.length_mm * (shape.radius_mm**2 + shape.radius_mm * top + top**2) / 3.0
    if isinstance(shape, Tube):
        inner = shape.outer_radius_mm - shape.wall_mm
        return math.pi * shape.length_mm * (shape.outer_radius_mm**2 - inner**2)
    if isinstance(shape, Prism):
        return signed_area(simple(shape.outline_mm)) * shape.height_mm
    if isinstance(shape, Stroke):
        return _rod_volume(shape)
    if isinstance(shape, Mesh):
        corners = np.asarray(shape.vertices_mm, dtype=np.float64)[np.asarray(shape.faces)] * shape.scale
        return abs(float((corners[:, 0] * np.cross(corners[:, 1], corners[:, 2])).sum() / 6.0))
    raise TypeError(f"{CHORDS[type(shape)]} has no volume of its own")


def _rod_volume(shape: Stroke) -> float:
    points = np.asarray(shape.points_mm, dtype=np.float64)
    radii = np.broadcast_to(np.asarray(shape.radius_mm, dtype=np.float64), len(points))
    lengths = np.sqrt((np.diff(points, axis=0) ** 2).sum(axis=1))
    cones = math.pi / 3.0 * lengths * (radii[:-1] ** 2 + radii[:-1] * radii[1:] + radii[1:] ** 2)
    caps = 2.0 / 3.0 * math.pi * (radii[0] ** 3 + radii[-1] ** 3)
    return float(cones.sum() + caps)


def mass_g(things: Sequence[Thing]) -> float:
    """Return the mass of a group: every body at its density, less what it displaces of the one it is inside of."""
    density = {thing.name: _density(thing) for thing in things}
    return sum(
        volume_mm3(thing.shape) / 1000.0 * (density[thing.name] - density.get(thing.inside, 0.0)) for thing in things
    )


def _density(thing: Thing) -> float:
    if thing.material is None:
        return 0.0
    return density_of(thing.material) if thing.density_g_cm3 is None else thing.density_g_cm3

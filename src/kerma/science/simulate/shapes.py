"""Shapes as the kernels know them (bounds, thinnest extent, numbers), and the chords of a thing in a view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.bands import over_rows
from kerma.science.simulate import outlines
from kerma.science.simulate.document import (
    Box,
    Cylinder,
    Ellipsoid,
    Mesh,
    Point,
    Prism,
    Relief,
    Sheet,
    Stroke,
    Thing,
    Tube,
)  # fmt: skip
from kerma.science.simulate.view import Rays, Window, projected, window_of

Field = NDArray[np.float64]
MOST_RAYS = 16
THIN_SHARE = 5.0
"""A body gets at least this many rays across its thinnest extent."""
EDGE_SHARE = 0.02
"""A pixel whose chord differs from its neighbour's by more than this share of the body's longest is an edge."""


@dataclass(frozen=True)
class Body:
    """A shape ready to be cut by rays: bounds in its own frame, thinnest extent, and its numbers (kind first)."""

    low_mm: Point
    high_mm: Point
    thinnest_mm: float
    numbers: Field


@dataclass(frozen=True)
class Patch:
    """The chords of a thing in a view: where they start in the picture, and how long they are."""

    window: Window
    chord_mm: Field


def _positive(what: str, *values: float) -> None:
    for value in values:
        if not (np.isfinite(value) and value > 0):
            raise WrongUsage(f"{what} of {value:g} mm is no size: give a value above 0")


def _box(shape: Box) -> Body:
    _positive("an edge of a box", *shape.size_mm)
    x, y, z = (edge / 2.0 for edge in shape.size_mm)
    return Body((-x, -y, -z), (x, y, z), min(shape.size_mm), np.array([0.0, x, y, z]))


def _ellipsoid(shape: Ellipsoid) -> Body:
    _positive("a radius of an ellipsoid", *shape.radii_mm)
    x, y, z = shape.radii_mm
    return Body((-x, -y, -z), (x, y, z), 2.0 * min(shape.radii_mm), np.array([1.0, x, y, z]))


def _cylinder(shape: Cylinder) -> Body:
    top = shape.radius_mm if shape.top_radius_mm is None else shape.top_radius_mm
    _positive("the length of a cylinder", shape.length_mm)
    _positive("the radius of a cylinder", max(top, shape.radius_mm))
    if min(top, shape.radius_mm) < 0:
        raise WrongUsage(f"a cylinder's radius of {min(top, shape.radius_mm):g} mm is negative")
    half, wide = shape.length_mm / 2.0, max(top, shape.radius_mm)
    numbers = np.array([2.0, -half, half, shape.radius_mm, top])
    return Body((-wide, -wide, -half), (wide, wide, half), min(2.0 * wide, shape.length_mm), numbers)


def _tube(shape: Tube) -> Body:
    _positive("a size of a tube", shape.outer_radius_mm, shape.wall_mm, shape.length_mm)
    inner, half = shape.outer_radius_mm - shape.wall_mm, shape.length_mm / 2.0
    if inner <= 0:
        raise WrongUsage(
            f"a wall of {shape.wall_mm:g} mm leaves no bore in a tube of {shape.outer_radius_mm:g} mm radius: "
            "use a Cylinder"
        )
    wide = shape.outer_radius_mm
    ends = [-half, half, wide, wide, -half, half, inner, inner]
    return Body((-wide, -wide, -half), (wide, wide, half), min(shape.wall_mm, shape.length_mm), np.array([3.0, *ends]))


def _prism(shape: Prism) -> Body:
    _positive("the height of a prism", shape.height_mm)
    return _extruded(outlines.simple(shape.outline_mm), shape.height_mm, outlines.narrowest(shape.outline_mm))


def _sheet(shape: Sheet) -> Body:
    _positive("the depth of a sheet", shape.depth_mm)
    outline, opening = outlines.sheet(shape)
    return _extruded(outline, shape.depth_mm, opening)


def _extruded(outline: NDArray[np.float64], height_mm: float, thinnest_mm: float) -> Body:
    (x0, y0), (x1, y1), half = outline.min(axis=0).tolist(), outline.max(axis=0).tolist(), height_mm / 2.0
    numbers = np.concatenate([[4.0, half], outline.ravel()])
    return Body((x0, y0, -half), (x1, y1, half), min(thinnest_mm, height_mm), numbers)


def _stroke(shape: Stroke) -> Body:
    points = np.asarray(shape.points_mm, dtype=np.float64)
    if points.ndim != 2 or points.shape[0] < 1 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise WrongUsage("a stroke runs through points of three coordinates each, at least one")
    radii = (
        np.broadcast_to(np.asarray(shape.radius_mm, dtype=np.float64), points.shape[:1])
        if np.ndim(shape.radius_mm) == 0 or len(np.atleast_1d(shape.radius_mm)) == len(points)
        else None
    )
    if radii is None:
        raise WrongUsage(f"a stroke of {len(points)} points needs one radius, or {len(points)}")
    _positive("the radius of a stroke", *radii.tolist())
    if len(points) == 1:
        points, radii = np.repeat(points, 2, axis=0), np.repeat(radii, 2)
    low, high = (points - radii[:, None]).min(axis=0).tolist(), (points + radii[:, None]).max(axis=0).tolist()
    numbers = np.concatenate([[5.0], np.column_stack([points, radii]).ravel()])
    return Body((low[0], low[1], low[2]), (high[0], high[1], high[2]), 2.0 * float(radii.min()), numbers)


BODIES: dict[type, Callable[[Any], Body]] = {
    Box: _box, Ellipsoid: _ellipsoid, Cylinder: _cylinder, Tube: _tube, Prism: _prism, Stroke: _stroke, Sheet: _sheet,
}  # fmt: skip


def patch_of(thing: Thing, rays: Rays, *, rays_per_pixel: int, seed: int, folder: Path | None) -> Patch | None:
    """Return the chords of a thing, or None where it misses the picture.

    ``folder`` is where the files of meshes lie.

    Raises
    ------
    WrongUsage
        A size that is none, an outline that crosses itself, a mesh that is not closed.
    """
    own = rays.seen_from(thing.at_mm, thing.turn_deg)
    shape = thing.shape
    try:
        if isinstance(shape, Relief):
            from kerma.science.simulate.reliefs import relief_patch

            return relief_patch(shape, own, seed=seed, rays_per_pixel=rays_per_pixel)
        if isinstance(shape, Mesh):
            from kerma.science.simulate.meshes import mesh_patch

            return mesh_patch(shape, own, rays_per_pixel=rays_per_pixel, folder=folder)
        return _body_patch(BODIES[type(shape)](shape), own, rays_per_pixel)
    except WrongUsage as error:
        raise WrongUsage(f"'{thing.name}': {error}") from error


def _body_patch(body: Body, rays: Rays, rays_per_pixel: int) -> Patch | None:
    from kerma.science.simulate.chord_kernels import STROKE, chords

    window = window_of(rays, body.low_mm, body.high_mm)
    if window is None:
        return None
    rows, columns = window[0].stop - window[0].start, window[1].stop - window[1].start
    frame = rays.starting_at(window[0].start, window[1].start, (rows, columns)).frame
    chord_mm = np.zeros((rows, columns))
    thin = THIN_SHARE * pixel_at(rays, body.low_mm, body.high_mm) / body.thinnest_mm
    count = min(max(rays_per_pixel, int(np.ceil(thin))), max(MOST_RAYS, rays_per_pixel))
    is_small = thin > 0.25 or min(rows, columns) < 32
    first, where = count if is_small else 1, np.ones((rows, columns), dtype=bool)
    if is_small and body.numbers[0] == STROKE:
        near = body.numbers.copy()
        near[4::4] += pixel_at(rays, body.low_mm, body.high_mm)
        over_rows(rows, lambda band: chords(near, frame, 1, where, chord_mm, band))
        where = chord_mm > 0
        chord_mm[:] = 0.0
    over_rows(rows, lambda band: chords(body.numbers, frame, first, where, chord_mm, band))
    if not is_small and count > 1:
        edges = edges_of(chord_mm)
        over_rows(rows, lambda band: chords(body.numbers, frame, count, edges, chord_mm, band))
    return Patch(window, chord_mm) if chord_mm.any() else None


def edges_of(chord_mm: Field) -> NDArray[np.bool_]:
    """Return where a chord differs much from a neighbour's: there one ray says too little about the pixel."""
    least = EDGE_SHARE * float(chord_mm.max())
    edges = np.zeros(chord_mm.shape, dtype=bool)
    for axis in (0, 1):
        ahead = [slice(None), slice(None)]
        behind = [slice(None), slice(None)]
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        steps = np.abs(chord_mm[tuple(ahead)] - chord_mm[tuple(behind)]) > least
        edges[tuple(ahead)] |= steps
        edges[tuple(behind)] |= steps
    return edges


def pixel_at(rays: Rays, low_mm: Point, high_mm: Point) -> float:
    """Return the larger side of a pixel, drawn back to the middle of a box in the rays' own frame."""
    middle = np.array([[(a + b) / 2.0 for a, b in zip(low_mm, high_mm, strict=True)]])
    depth = min(max(float(projected(rays, middle)[2][0]), 0.0), 0.99)
    row_step, column_step = rays.frame[3], rays.frame[4]
    down = float(np.sqrt(row_step[0] ** 2 + row_step[1] ** 2 + row_step[2] ** 2))
    across = float(np.sqrt(column_step[0] ** 2 + column_step[1] ** 2 + column_step[2] ** 2)) * (1.0 - depth)
    return max(across, down if rays.frame[1].any() else down * (1.0 - depth))

"""Bodies drawn through sections: torso, lung, flat rib. Every section is a closed line of as many points."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kerma.science.simulate.document import Mesh, Point

Field = NDArray[np.float64]
DIGITS = 3


def lofted(sections: Sequence[Sequence[Point]]) -> Mesh:
    """Return the closed mesh through sections, with a point in the middle of either end.

    Sections run along the body; seen against that way each runs anticlockwise, or the mesh is turned inside out, which
    is mended here.
    """
    around = len(sections[0])
    vertices = [point for section in sections for point in section]
    first, last = len(vertices), len(vertices) + 1
    for section in (sections[0], sections[-1]):
        x, y, z = (sum(point[axis] for point in section) / around for axis in range(3))
        vertices.append((x, y, z))
    faces: list[tuple[int, int, int]] = []
    for number in range(len(sections) - 1):
        here, there = number * around, (number + 1) * around
        for place in range(around):
            after = (place + 1) % around
            faces.append((here + place, there + place, there + after))
            faces.append((here + place, there + after, here + after))
    end = (len(sections) - 1) * around
    for place in range(around):
        after = (place + 1) % around
        faces.append((first, place, after))
        faces.append((last, end + after, end + place))
    points = [(round(x, DIGITS), round(y, DIGITS), round(z, DIGITS)) for x, y, z in vertices]
    if _volume(points, faces) < 0:
        faces = [(a, c, b) for a, b, c in faces]
    return Mesh(vertices_mm=tuple(points), faces=tuple(faces))


def _volume(points: Sequence[Point], faces: Sequence[tuple[int, int, int]]) -> float:
    corners = np.array(points)[np.array(faces)]
    return float((np.cross(corners[:, 0], corners[:, 1]) * corners[:, 2]).sum()) / 6.0


def oval(centre: Point, half_x_mm: float, half_z_mm: float, *, power: float = 2.0, count: int = 48) -> list[Point]:
    """Return a level section: an ellipse, squarer the higher the power."""
    x, y, z = centre
    points: list[Point] = []
    for number in range(count):
        angle = 2.0 * math.pi * number / count
        cosine, sine = math.cos(angle), math.sin(angle)
        points.append((
            x + half_x_mm * math.copysign(abs(cosine) ** (2.0 / power), cosine), y,
            z + half_z_mm * math.copysign(abs(sine) ** (2.0 / power), sine),
        ))  # fmt: skip
    return points


def swept(path: Field, outward: Field, *, half_mm: tuple[float, float], count: int = 10) -> Mesh:
    """Return a rod of oval section along a path (point, 3).

    ``half_mm`` is the half thickness along ``outward`` (point, 3) and the half height across it.
    """
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1)[:, None]
    out = outward - (outward * along).sum(axis=1)[:, None] * along
    out /= np.linalg.norm(out, axis=1)[:, None]
    across = np.cross(along, out)
    sections = []
    for number in range(len(path)):
        ends = min(1.0, 0.55 + 0.45 * min(number, len(path) - 1 - number))
        section: list[Point] = []
        for step in range(count):
            angle = 2.0 * math.pi * step / count
            offset = half_mm[0] * math.cos(angle) * out[number] + half_mm[1] * math.sin(angle) * across[number]
            x, y, z = (path[number] + ends * offset).tolist()
            section.append((x, y, z))
        sections.append(section)
    return lofted(sections)


def smooth(anchors: tuple[tuple[float, float], ...], at: float) -> float:
    """Return a value between anchors (place, value), by a curve that never overshoots; flat beyond the ends."""
    places, values = _table(anchors)
    return round(float(np.interp(at, places, values)), 6)


@functools.lru_cache(maxsize=64)
def _table(anchors: tuple[tuple[float, float], ...]) -> tuple[Field, Field]:
    from scipy.interpolate import PchipInterpolator

    places, values = zip(*anchors, strict=True)
    fine = np.linspace(places[0], places[-1], 1024)
    return fine, PchipInterpolator(places, values)(fine)

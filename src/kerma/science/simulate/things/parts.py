"""Words in which things are drawn: rounded plates, rods and bottles lying down, cloth, cables; all in mm.

A thing lies flat in its own frame: x along it, y across, z up. Cylinders and tubes stand along z; :data:`ALONG_X` and
:data:`ALONG_Y` lay them down.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kerma.science.simulate.arithmetic import sin_cos_deg
from kerma.science.simulate.document import Cylinder, Mesh, Point, Prism, Stroke, Thing
from kerma.science.simulate.texture import smooth_field

Parts = list[Thing]
Random = np.random.Generator
Outline = tuple[tuple[float, float], ...]
ALONG_X: Point = (0.0, 90.0, 0.0)
ALONG_Y: Point = (90.0, 0.0, 0.0)
ON_EDGE: Point = (90.0, 0.0, 0.0)
"""Turns a prism drawn in x and y so that its y points up."""
DIGITS = 3


def rounded(length: float, width: float, corner: float, pieces: int = 5) -> Outline:
    """Return the outline of a rectangle with round corners, about the origin."""
    corner = min(corner, 0.499 * length, 0.499 * width)
    middles = ((1, 1, 0), (-1, 1, 90), (-1, -1, 180), (1, -1, 270))
    points = []
    for across, up, start in middles:
        for step in range(pieces + 1):
            sine, cosine = sin_cos_deg(start + 90.0 * step / pieces)
            x, y = across * (length / 2 - corner) + corner * cosine, up * (width / 2 - corner) + corner * sine
            points.append((round(x, DIGITS), round(y, DIGITS)))
    return tuple(points)


def plate(length: float, width: float, height: float, corner: float = 3.0) -> Prism:
    """Return a flat body with round corners."""
    return Prism(rounded(length, width, corner), height)


def segment(radius: float, level: float, pieces: int = 10) -> Outline:
    """Return the part of a disc above ``level`` (y from the middle): the air in a bottle that lies."""
    end = math.degrees(math.acos(max(-1.0, min(1.0, level / radius))))
    turns = [sin_cos_deg(-end + 2.0 * end * step / pieces) for step in range(pieces + 1)]
    return tuple((round(radius * sine, DIGITS), round(radius * cosine, DIGITS)) for sine, cosine in turns)


def arc(radius: float, start_deg: float, end_deg: float, pieces: int = 12, at: Point = (0, 0, 0)) -> tuple[Point, ...]:
    """Return points of an arc in the plane of x and y."""
    turns = [sin_cos_deg(start_deg + (end_deg - start_deg) * step / pieces) for step in range(pieces + 1)]
    return tuple(
        (round(at[0] + radius * cosine, DIGITS), round(at[1] + radius * sine, DIGITS), at[2]) for sine, cosine in turns
    )


def loop(length: float, width: float, corner: float, z: float = 0.0) -> tuple[Point, ...]:
    """Return a closed line round a rectangle with round corners."""
    points = rounded(length, width, corner)
    return tuple((x, y, z) for x, y in (*points, points[0]))


def bottle(radius: float, length: float, wall: float, contents: tuple[str, str, str], full: float = 0.85) -> Parts:
    """Return a bottle lying along x: shell, liquid, the air above it, neck and cap.

    ``contents`` are the materials of shell, liquid and cap; ``full`` how far up the liquid stands.
    """
    shell, liquid, cap = contents
    bore, end = radius - wall, length / 2.0
    neck = 0.36 * radius
    air = segment(bore - 0.2, (2.0 * full - 1.0) * bore)
    return [
        Thing("shell", Cylinder(radius, length), shell, turn_deg=ALONG_X),
        Thing("liquid", Cylinder(bore, length - 2 * wall), liquid, turn_deg=ALONG_X, inside="shell"),
        Thing("air", Prism(air, length - 2 * wall - 1), None, turn_deg=(90.0, 0.0, 90.0), inside="liquid"),
        Thing("shoulder", Cylinder(radius, 0.6 * radius, 1.1 * neck), shell, (end + 0.3 * radius, 0, 0), ALONG_X),
        Thing("shoulder-air", Cylinder(radius - 1.2 * wall, 0.6 * radius, 1.1 * neck - 1.2 * wall), None,
              (end + 0.3 * radius, 0, 0), ALONG_X, "shoulder"),
        Thing("cap", Cylinder(1.15 * neck, 0.5 * radius), cap, (end + 0.85 * radius, 0, 0), ALONG_X),
        Thing("cap-air", Cylinder(1.15 * neck - 1.6, 0.5 * radius - 3), None, (end + 0.85 * radius - 1.5, 0, 0),
              ALONG_X, "cap"),
    ]  # fmt: skip


def jar(radius: float, height: float, wall: float, contents: tuple[str, str, str]) -> Parts:
    """Return a jar or tin standing up, full but for a finger: wall, content, lid."""
    shell, content, lid = contents
    return [
        Thing("shell", Cylinder(radius, height), shell),
        Thing("content", Cylinder(radius - wall, height - 2 * wall), content, inside="shell"),
        Thing("air", Cylinder(radius - wall - 0.1, 0.08 * height), None, (0, 0, 0.46 * height - wall - 0.2),
              inside="content"),
        Thing("lid", Cylinder(radius, 1.2), lid, (0, 0, height / 2 + 0.6)),
    ]  # fmt: skip


def cable(random: Random, reach: float, radius: float, turns: int = 3, name: str = "cable") -> Parts:
    """Return a coiled cable: copper in a plastic jacket, its loops not quite on one another."""
    points: list[Point] = []
    for turn in range(turns):
        wide, high = reach * (1.0 - 0.1 * turn), reach * (0.55 - 0.06 * turn)
        lean = float(random.uniform(-8.0, 8.0))
        for step in range(14):
            sine, cosine = sin_cos_deg(360.0 * step / 14.0 + lean)
            z = radius * (2.1 * turn + 2.1 * step / 14.0)
            points.append((round(wide * cosine, DIGITS), round(high * sine, DIGITS), round(z, DIGITS)))
    path = tuple(points)
    return [
        Thing(name, Stroke(path, radius), "pvc"),
        Thing(f"{name}-core", Stroke(path, 0.42 * radius), "copper", inside=name),
    ]


def heap(lower: NDArray[np.float64], upper: NDArray[np.float64], step: tuple[float, float]) -> Mesh:
    """Return the closed mesh between two height maps (y, x) over one grid, centred in x and y."""
    rows, columns = lower.shape
    y, x = np.meshgrid(
        (np.arange(rows) - (rows - 1) / 2) * step[0], (np.arange(columns) - (columns - 1) / 2) * step[1], indexing="ij"
    )
    places = [np.column_stack([x.ravel(), y.ravel(), heights.ravel()]) for heights in (lower, upper)]
    vertices = np.round(np.concatenate(places), DIGITS)
    number = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (part.ravel() for part in (number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]))
    up = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    rim = np.concatenate([number[0, :-1], number[:-1, -1], number[-1, :0:-1], number[:0:-1, 0]])
    after, high = np.roll(rim, -1), rows * columns
    sides = np.concatenate(
        [np.column_stack([rim, after, after + high]), np.column_stack([rim, after + high, rim + high])]
    )
    faces = np.concatenate([up + high, up[:, ::-1], sides])
    return Mesh(
        vertices_mm=tuple((float(p[0]), float(p[1]), float(p[2])) for p in vertices),
        faces=tuple((int(f[0]), int(f[1]), int(f[2])) for f in faces),
    )


def loft(levels: Sequence[tuple[float, float, float, float]], pieces: int = 6) -> Mesh:
    """Return the closed mesh through outlines one above the other: (z, length, width, corner) each, from below."""
    rings = [[(x, y, z) for x, y in rounded(length, width, corner, pieces)] for z, length, width, corner in levels]
    count = len(rings[0])
    vertices = [point for ring in rings for point in ring] + [(0.0, 0.0, levels[0][0]), (0.0, 0.0, levels[-1][0])]
    low, high = len(vertices) - 2, len(vertices) - 1
    faces: list[tuple[int, int, int]] = []
    for each in range(count):
        after = (each + 1) % count
        for level in range(len(rings) - 1):
            a, b = level * count + each, level * count + after
            faces += [(a, b, b + count), (a, b + count, a + count)]
        last = (len(rings) - 1) * count
        faces += [(low, after, each), (high, last + each, last + after)]
    return Mesh(vertices_mm=tuple(vertices), faces=tuple(faces))


def ridges(random: Random, shape: tuple[int, int], size: float) -> NDArray[np.float64]:
    """Return narrow winding ridges from 0 to 1: where cloth is creased it lies double. ``size`` is in samples."""
    field = smooth_field(random, shape, size, 1.8)
    return 1.0 / (1.0 + (field / 0.16) ** 2)


def folded(random: Random, size: tuple[float, float], layers: Sequence[float], density: float) -> Parts:
    """Return folded cloth: layers of a thickness each, every one a little elsewhere and swelling where it creases."""
    step = 9.0
    shape = max(4, round(size[1] / step)), max(4, round(size[0] / step))
    steps = size[1] / (shape[0] - 1), size[0] / (shape[1] - 1)
    y, x = (np.linspace(-1.0, 1.0, count) for count in shape)
    border = np.minimum(1.0, 3.0 * (1.0 - np.maximum(np.abs(y)[:, None], np.abs(x)[None, :])))
    level = np.zeros(shape)
    parts: Parts = []
    for number, thickness in enumerate(layers):
        swell = 1.0 + 0.3 * smooth_field(random, shape, 7.0, 1.6)
        crease = ridges(random, shape, 9.0)
        fold = (x[None, :] * float(random.uniform(-1, 1)) + y[:, None] * float(random.uniform(-1, 1))) > float(
            random.uniform(-0.3, 0.5)
        )
        thick = thickness * np.clip(swell + 0.9 * crease + 0.6 * fold, 0.3, 2.6) * (0.25 + 0.75 * border)
        upper = level + thick
        parts.append(Thing(f"layer-{number + 1}", heap(level, upper, steps), "cloth", density_g_cm3=density))
        level = upper
    return parts

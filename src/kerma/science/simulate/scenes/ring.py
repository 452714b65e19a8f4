"""A bead round a pipe as a closed mesh: cap outside or root inside, with its ripple."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kerma.science.simulate.document import Mesh, Point, Thing
from kerma.science.simulate.scenes.dice import Dice

ACROSS = 9
STEP_MM = 0.6
MOST_STEPS = 420
LEAST_MM = 0.01


@dataclass(frozen=True)
class Bead:
    """A bead on a cylinder about the y axis; a negative height lies inside it.

    ``arc_deg`` is where it is, from the z axis towards x; nothing was laid down within ``missing_deg``.
    """

    radius_mm: float
    height_mm: float
    width_mm: float
    arc_deg: tuple[float, float] = (0.0, 360.0)
    missing_deg: tuple[tuple[float, float], ...] = ()


def ring(name: str, dice: Dice, material: str, bead: Bead) -> Thing:
    """Return a bead as a mesh."""
    radius_mm, height_mm, width_mm, arc_deg = bead.radius_mm, bead.height_mm, bead.width_mm, bead.arc_deg
    whole = arc_deg[1] - arc_deg[0] >= 360.0
    count = min(MOST_STEPS, max(24, int(math.radians(arc_deg[1] - arc_deg[0]) * radius_mm / STEP_MM)))
    level, sway, ripple = dice.line(count, 12.0), dice.line(count, 14.0), dice.line(count, 3.0)
    vertices: list[Point] = []
    for number in range(count):
        angle = arc_deg[0] + (arc_deg[1] - arc_deg[0]) * number / (count if whole else count - 1)
        laid = 0.0 if any(first <= angle <= last for first, last in bead.missing_deg) else 1.0
        middle = 0.02 * width_mm * sway[number]
        section = [(-width_mm / 2.0, 0.0)]
        for place in range(ACROSS):
            share = 2.0 * place / (ACROSS - 1) - 1.0
            crown = max(0.0, 1.0 - share**2) ** 0.75
            wave = ripple[max(0, number - round(2.0 * share**2))]
            rise = height_mm * laid * crown * max(0.2, 1.0 + 0.07 * level[number] + 0.05 * wave)
            section.append((middle + 0.49 * width_mm * share, rise + math.copysign(LEAST_MM, height_mm)))
        section.append((width_mm / 2.0, 0.0))
        sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
        for y, rise in section:
            at = (radius_mm + rise) * sine, y, (radius_mm + rise) * cosine
            vertices.append((round(at[0], 4), round(at[1], 4), round(at[2], 4)))
    faces = _faces(count, ACROSS + 2, is_whole=whole)
    if height_mm < 0:
        faces = [(a, c, b) for a, b, c in faces]
    return Thing(name, Mesh(vertices_mm=tuple(vertices), faces=tuple(faces)), material)


def _faces(count: int, around: int, *, is_whole: bool) -> list[tuple[int, int, int]]:
    """Return the triangles between the sections of a bead, and over its two ends where it is not closed."""
    faces: list[tuple[int, int, int]] = []
    for number in range(count if is_whole else count - 1):
        here, there = number * around, (number + 1) % count * around
        for place in range(around):
            after = (place + 1) % around
            faces.append((here + place, there + place, there + after))
            faces.append((here + place, there + after, here + after))
    if not is_whole:
        last = (count - 1) * around
        for place in range(1, around - 1):
            faces.append((0, place, place + 1))
            faces.append((last, last + place + 1, last + place))
    return faces

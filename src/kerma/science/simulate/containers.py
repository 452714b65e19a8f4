"""What things are packed in: cabin bag, suitcase, parcel. Each a shell, and the room inside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.science.simulate.arithmetic import sin_cos_deg
from kerma.science.simulate.document import Box, Cylinder, Point, Prism, Stroke, Thing, Tube
from kerma.science.simulate.packing import CELL_MM, Room
from kerma.science.simulate.texture import smooth_field
from kerma.science.simulate.things.parts import ALONG_X, ALONG_Y, heap, loft, loop, ridges, rounded

LINING_MM = 2.0
EDGE_MM, BULGE_MM = 30.0, 5.0
"""Radius of a case's edges, and how far its sides stand out in the middle."""
DRAPE_CELLS = 3
"""Cells of the packing's map along a side of the cloth's."""


@dataclass(frozen=True)
class Container:
    """A shell to be packed: its bodies, the room inside, and half the size of the whole."""

    things: tuple[Thing, ...]
    room: Room
    half_mm: Point


def _shell(half: Point, wall: float, material: str, corner: float, density: float | None = None) -> list[Thing]:
    """Return a hollow body with round corners seen from above."""
    x, y, z = (2.0 * edge for edge in half)
    inner = rounded(x - 2 * wall, y - 2 * wall, corner - wall, 8)
    return [
        Thing("shell", Prism(rounded(x, y, corner, 8), z), material, density_g_cm3=density),
        Thing("shell-room", Prism(inner, z - 2 * wall), None, inside="shell"),
    ]


def _curved_shell(half: Point, wall: float, material: str) -> list[Thing]:
    """Return a hollow body whose edges are round all about: a pressed case."""
    inner = half[0] - wall, half[1] - wall, half[2] - wall
    return [
        Thing("shell", loft(_levels(half, EDGE_MM, 46.0)), material),
        Thing("shell-room", loft(_levels(inner, EDGE_MM - wall, 46.0 - wall)), None, inside="shell"),
    ]  # fmt: skip


def _levels(half: Point, edge: float, corner: float) -> list[tuple[float, float, float, float]]:
    """Return outlines of a case from bottom to lid: its edges a quarter circle, its sides bulging a little."""
    quarter = [sin_cos_deg(90.0 * step / 6) for step in range(7)]
    rises = [(edge * (1.0 - cosine), edge * (1.0 - sine)) for sine, cosine in quarter]
    side = half[2] - edge
    bulges = [(side * place, BULGE_MM * place**2) for place in (-0.5, 0.0, 0.5)]
    heights = [(-half[2] + rise, inset + BULGE_MM) for rise, inset in rises] + bulges
    heights += [(half[2] - rise, inset + BULGE_MM) for rise, inset in reversed(rises)]
    return [(z, 2 * (half[0] - inset), 2 * (half[1] - inset), max(4.0, corner - inset)) for z, inset in heights]


def wheeled_bag(half: Point, random: np.random.Generator) -> Container:
    """Return a bag on wheels: shell, zip, ribs, trolley rods and grip at its back, wheels."""
    x, y, z = half
    wall = float(random.uniform(2.0, 3.2))
    material = ("abs", "polycarbonate", "polypropylene")[int(random.integers(0, 3))]
    rod_z = -z + wall + 8.0
    things = _curved_shell(half, wall, material)
    things += [
        Thing("zip", Stroke(loop(2 * x - wall, 2 * y - wall, 45), 1.6), "brass", inside="shell", density_g_cm3=3.5),
        Thing("zip-tape", Stroke(loop(2 * x + 1, 2 * y + 1, 47), 2.4), "nylon"),
        *(Thing(f"rib-{n}", Box((2 * x - 100, 6, 1.4)), material, (0, (n - 1.5) * y / 2.2, z + 0.7)) for n in range(4)),
    ]  # fmt: skip
    for number, side in ((1, -1.0), (2, 1.0)):
        things += [
            Thing(f"rod-{number}", Tube(6.5, 1.0, 1.86 * x), "aluminium", (0, side * 0.32 * y, rod_z), ALONG_X),
            Thing(
                f"rod-{number}-inner", Tube(5.0, 0.8, 1.5 * x), "aluminium", (0.1 * x, side * 0.32 * y, rod_z), ALONG_X
            ),
            Thing(f"wheel-{number}", Tube(22, 12, 22), "rubber", (-x - 4, side * 0.8 * y, -z + 24), ALONG_Y),
            Thing(f"axle-{number}", Cylinder(4, 34), "steel", (-x - 4, side * 0.8 * y, -z + 24), ALONG_Y),
            Thing(f"fork-{number}", Box((26, 40, 5)), "nylon", (-x - 4, side * 0.8 * y, -z + 50)),
        ]
    things += [
        Thing("grip", Tube(9, 3, 0.64 * y + 13), "abs", (0.95 * x, 0, rod_z), ALONG_Y),
        Thing("grip-core", Cylinder(3, 0.64 * y), "steel", (0.95 * x, 0, rod_z), ALONG_Y),
        Thing("handle", Stroke(((x + 3, -60, 0), (x + 16, -40, 0), (x + 16, 40, 0), (x + 3, 60, 0)), 6), "rubber"),
        Thing("label-ring", Stroke(loop(24, 18, 6), 1.3), "steel", (x - 20, y + 8, 20)),
    ]
    inset = wall + LINING_MM + BULGE_MM + (1.0 - 0.5**0.5) * EDGE_MM
    inner = x - inset, y - inset, z - inset - 8.5
    return Container(tuple(_lifted(things, 8.5)), Room(inner, 36.0), (x + 27, y + 18, z + 12))


def _lifted(things: list[Thing], by_mm: float) -> list[Thing]:
    """Return a shell moved down so that the room above its rods is centred on the origin."""
    from kerma.science.simulate.bodies import moved

    return list(moved(things, at_mm=(0.0, 0.0, -by_mm)))


def carton(half: Point, random: np.random.Generator) -> Container:
    """Return a parcel: double-walled carton with flaps and tape."""
    x, y, z = half
    things = _shell(half, 3.5, "cardboard", 4.0, 0.22)
    things += [
        Thing("flap-1", Box((2 * x - 8, 0.98 * y, 3)), "cardboard", (0, -0.5 * y, z + 1.6), density_g_cm3=0.22),
        Thing("flap-2", Box((2 * x - 8, 0.98 * y, 3)), "cardboard", (0, 0.5 * y, z + 1.6), density_g_cm3=0.22),
        Thing("tape", Box((2 * x, 50, 0.12)), "polypropylene", (0, 0, z + 3.3)),
        Thing("tape-low", Box((2 * x, 50, 0.12)), "polypropylene", (0, 0, -z - 0.2)),
        *(Thing(f"staple-{n}", Box((1.2, 26, 0.5)), "steel", (sign * (x - 22), 0, -z - 0.6))
          for n, sign in ((1, -1), (2, 1))),
    ]  # fmt: skip
    inner = x - 5.0, y - 5.0, z - 5.0
    return Container(tuple(things), Room(inner), (x + 4, y + 4, z + 8))


def drape(room: Room, random: np.random.Generator, *, density_g_cm3: float, material: str = "cloth") -> Thing | None:
    """Return what was laid over the packed things: loose cloth that follows their tops up to the lid, in folds.

    None where no room is left under the lid.
    """
    from scipy.ndimage import maximum_filter

    tops = maximum_filter(room.heights, 2 * DRAPE_CELLS + 3, mode="nearest")[::DRAPE_CELLS, ::DRAPE_CELLS]
    lid = room.half_mm[2]
    left = lid - tops
    if min(tops.shape) < 2 or left.max() < 8.0:
        return None
    step = CELL_MM * DRAPE_CELLS
    full = 0.45 + 0.22 * smooth_field(random, tops.shape, 90.0 / step, 2.0)
    thick = left * np.clip(full + 0.5 * ridges(random, tops.shape, 130.0 / step), 0.12, 0.98)
    y, x = (np.linspace(-1.0, 1.0, count) for count in tops.shape)
    rim = np.maximum(np.abs(y)[:, None], np.abs(x)[None, :])
    thick = np.maximum(thick * np.clip((1.0 - rim) / 0.08, 0.0, 1.0), 0.05)
    floor = np.minimum(tops, lid - 0.1) + 0.05
    x_mm, y_mm = (float((line[0] + line[::DRAPE_CELLS][-1]) / 2.0) for line in room.centres())
    return Thing(
        "filling", heap(floor, floor + thick, (step, step)), material, (x_mm, y_mm, 0.0), density_g_cm3=density_g_cm3
    )

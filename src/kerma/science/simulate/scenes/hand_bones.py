"""The bones of a hand as rods with cortex and marrow: eight of the wrist, five of the palm, fourteen of the fingers.

Measures are in mm of a middling hand. x runs to the thumb's side before the hand is mirrored, y from the finger tips
down, the origin lies in the palm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from kerma.science.simulate.document import Ellipsoid, Point, Stroke, Thing
from kerma.science.simulate.scenes.dice import Dice

Place = tuple[float, float]
JOINT_MM = 1.0
HALF_SHAFT = (0.0, 0.05, 0.14, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0)
"""Where along a long bone its radius is told."""
METACARPAL = (6.4, 7.2, 6.4, 4.6, 4.1, 4.6, 6.2, 7.0, 6.0)
PROXIMAL = (5.6, 6.7, 6.0, 4.5, 4.1, 4.1, 4.6, 5.2, 4.4)
MIDDLE = (4.9, 5.8, 5.0, 3.7, 3.3, 3.3, 3.9, 4.4, 3.8)
DISTAL = (4.0, 4.7, 3.9, 2.7, 2.3, 2.3, 2.8, 3.3, 2.6)
"""Radii from the wrist's end to the finger's."""
LONG_BONES = {"metacarpal": METACARPAL, "proximal": PROXIMAL, "middle": MIDDLE, "distal": DISTAL}


@dataclass(frozen=True)
class Finger:
    """One ray of the hand: where it starts, its way in degrees from straight up towards the thumb, its bones."""

    name: str
    base: Place
    palm_deg: float
    finger_deg: float
    lengths_mm: tuple[float, ...]
    size: float


FINGERS = (
    Finger("thumb", (25.0, 38.0), 40.0, 30.0, (45.0, 31.0, 22.0), 1.05),
    Finger("index", (13.0, 31.0), 9.0, 9.0, (66.0, 40.0, 23.0, 17.0), 1.0),
    Finger("middle", (1.5, 29.0), 1.0, 0.5, (64.0, 44.0, 29.0, 18.0), 1.0),
    Finger("ring", (-9.5, 31.0), -7.0, -7.0, (57.0, 41.0, 27.0, 18.0), 0.93),
    Finger("little", (-19.0, 35.0), -16.0, -17.0, (53.0, 33.0, 19.0, 16.0), 0.84),
)
CARPALS = (
    ("scaphoid", (14.0, 54.0), (6.6, 11.2), 35.0), ("lunate", (1.5, 57.5), (8.0, 7.8), 0.0),
    ("triquetrum", (-12.0, 54.5), (7.0, 7.6), -20.0), ("pisiform", (-16.0, 51.0), (4.6, 5.0), 0.0),
    ("trapezium", (21.5, 44.0), (7.4, 6.8), 30.0), ("trapezoid", (12.0, 39.5), (5.6, 6.2), 0.0),
    ("capitate", (1.0, 41.5), (7.2, 11.0), 4.0), ("hamate", (-12.0, 42.5), (7.2, 8.8), -12.0),
)  # fmt: skip
"""Name, middle, half width and half height, and turn."""
FOREARM = (
    ("radius", ((9.5, 77.0), (9.0, 83.0), (8.0, 98.0), (7.0, 156.0)), (13.0, 12.2, 8.5, 6.5)),
    ("ulna", ((-13.0, 73.0), (-13.5, 78.0), (-13.0, 93.0), (-11.0, 156.0)), (6.5, 7.0, 5.5, 5.5)),
)
CORTEX_MM = {"metacarpal": 1.5, "proximal": 1.3, "middle": 1.1, "distal": 0.8, "forearm": 1.9}
END_CORTEX_MM = 0.45
MARROW_G_CM3 = 1.08


@dataclass(frozen=True)
class Bone:
    """One long bone laid out: its axis points, its radii, and how thick its cortex is in the shaft."""

    name: str
    points: tuple[Place, ...]
    radii: tuple[float, ...]
    cortex_mm: float

    def at(self, share: float) -> tuple[Place, float, float]:
        """Return the place at a share of the length, the way of the axis in degrees, and the radius there."""
        first, last = self.points[0], self.points[-1]
        x, y = (a + share * (b - a) for a, b in zip(first, last, strict=True))
        near = min(range(len(HALF_SHAFT)), key=lambda number: abs(HALF_SHAFT[number] - share))
        return (x, y), math.degrees(math.atan2(last[1] - first[1], last[0] - first[0])), self.radii[near]


def laid_out(dice: Dice, spread: float) -> list[Bone]:
    """Return the long bones of the fingers, wrist to tip; ``spread`` widens the fan of the fingers."""
    bones: list[Bone] = []
    for finger in FINGERS:
        x, y = finger.base
        kinds = tuple(LONG_BONES) if len(finger.lengths_mm) == 4 else ("metacarpal", "proximal", "distal")
        way = finger.palm_deg
        turn = finger.finger_deg * spread + dice.between(-2.5, 2.5)
        for number, (kind, plain) in enumerate(zip(kinds, finger.lengths_mm, strict=True)):
            way = way if number == 0 else turn + dice.between(-1.5, 1.5)
            long = plain * dice.between(0.97, 1.03)
            dx, dy = math.sin(math.radians(way)), -math.cos(math.radians(way))
            points = tuple((round(x + dx * long * share, 3), round(y + dy * long * share, 3)) for share in HALF_SHAFT)
            radii = tuple(round(radius * finger.size, 3) for radius in LONG_BONES[kind])
            ends = radii[0] + radii[-1]
            # A rod's round ends reach beyond its axis, so the axis is shortened by them.
            axis = tuple(
                (round(px + dx * (radii[0] - share * ends), 3), round(py + dy * (radii[0] - share * ends), 3))
                for (px, py), share in zip(points, HALF_SHAFT, strict=True)
            )
            bones.append(Bone(f"{finger.name}-{kind}", axis, radii, CORTEX_MM[kind]))
            x, y = x + dx * (long + JOINT_MM), y + dy * (long + JOINT_MM)
    return bones


def rod(bone: Bone, z_mm: float) -> list[Thing]:
    """Return a long bone: cortex that is thin at the ends and thick in the shaft, spongy bone and marrow in it."""
    points: tuple[Point, ...] = tuple((x, y, z_mm) for x, y in bone.points)
    walls = [
        END_CORTEX_MM + (bone.cortex_mm - END_CORTEX_MM) * max(0.0, 1.0 - (abs(share - 0.5) / 0.42) ** 3)
        for share in HALF_SHAFT
    ]
    inner = tuple(round(max(0.4, radius - wall), 3) for radius, wall in zip(bone.radii, walls, strict=True))
    hollow = tuple(round(0.72 * radius, 3) for radius in inner[2:-2])
    return [
        Thing(bone.name, Stroke(points, bone.radii), "bone", inside="hand", density_g_cm3=1.75),
        Thing(f"{bone.name}-spongy", Stroke(points, inner), "spongiosa", inside=bone.name, density_g_cm3=1.2),
        Thing(f"{bone.name}-marrow", Stroke(points[2:-2], hollow), "adipose tissue", inside=f"{bone.name}-spongy"),
    ]


def wrist(dice: Dice, side: float, size: float) -> list[Thing]:
    """Return the eight bones of the wrist and the ends of radius and ulna."""
    things: list[Thing] = []
    for name, (x, y), (wide, tall), turn in CARPALS:
        at = (round(side * size * x, 3), round(size * y, 3), 0.0)
        outer = (
            round(size * wide * dice.between(0.96, 1.04), 3),
            round(size * tall * dice.between(0.96, 1.04), 3),
            round(0.95 * size * wide, 3),
        )
        inner = tuple(round(radius - 0.6, 3) for radius in outer)
        spun = (0.0, 0.0, round(side * turn, 3))
        things.append(Thing(name, Ellipsoid(outer), "bone", at, spun, "hand"))
        core = Ellipsoid((inner[0], inner[1], inner[2]))
        things.append(Thing(f"{name}-spongy", core, "spongiosa", at, spun, name, 1.25))
    for name, path, radii in FOREARM:
        points = tuple((round(side * size * x, 3), round(size * y, 3), 0.0) for x, y in path)
        outer_radii = tuple(round(size * radius * 0.92, 3) for radius in radii)
        walls = (0.7, 0.8, 1.3, CORTEX_MM["forearm"])
        inside = tuple(round(radius - wall, 3) for radius, wall in zip(outer_radii, walls, strict=True))
        things.append(Thing(name, Stroke(points, outer_radii), "bone", inside="hand"))
        things.append(Thing(f"{name}-spongy", Stroke(points, inside), "spongiosa", inside=name, density_g_cm3=1.15))
    return things

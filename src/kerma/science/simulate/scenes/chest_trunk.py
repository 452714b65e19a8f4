"""The soft parts of a chest: skin, muscle, lungs with their vessels, heart, great vessels, diaphragm, windpipe.

Measures are in mm of a middling adult, from general anatomy; a trunk stretches them. x is the patient's left, y down,
z towards the back; the source stands behind the back. The lungs are hollowed out of the trunk, and heart and diaphragm
lie inside the lungs: along each ray they take from the lung what they fill.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kerma.science.simulate.document import Ellipsoid, Point, Relief, Stroke, Thing
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.lofting import lofted, oval, smooth

SIDES = {"right": -1.0, "left": 1.0}
TRUNK_X = (
    (-230, 58), (-198, 62), (-182, 84), (-166, 136), (-148, 184), (-120, 196), (-90, 192), (-55, 176), (-20, 165),
    (60, 164), (100, 166), (170, 164), (230, 158),
)  # fmt: skip
TRUNK_Z = (
    (-230, 56), (-190, 60), (-150, 72), (-100, 90), (-50, 103), (20, 112), (100, 114), (170, 108), (230, 104),
)  # fmt: skip
LUNG_TOP, LUNG_BOTTOM = -150.0, 166.0
LATERAL = (
    (-150, 34), (-146, 48), (-136, 66), (-115, 90), (-85, 110), (-40, 128), (20, 140), (90, 146), (150, 147),
    (166, 145),
)  # fmt: skip
MEDIAL = ((-150, 30), (-140, 21), (-110, 19), (-60, 20), (0, 24), (60, 26), (166, 26))
LUNG_Z = ((-150, 8), (-145, 22), (-130, 37), (-100, 56), (-50, 74), (20, 84), (100, 86), (166, 72))
LUNG_BACK = ((-150, 18), (-100, 14), (0, 8), (166, 10))
"""Where the middle of the lung lies towards the back."""
SECTIONS_MM = 9.0


@dataclass(frozen=True)
class Trunk:
    """How one trunk differs from the middling one: stretch along x, y and z, and what is breathed in."""

    x: float = 1.0
    y: float = 1.0
    z: float = 1.0
    fat_mm: float = 14.0
    heart: float = 1.0
    dome_mm: float = 0.0
    """How much lower the diaphragm stands: more is a deeper breath."""
    lung_g_cm3: float = 0.26

    def at(self, x: float, y: float, z: float) -> Point:
        """Return a point of the middling trunk where it lies in this one."""
        return (round(x * self.x, 3), round(y * self.y, 3), round(z * self.z, 3))

    def radii(self, x: float, y: float, z: float) -> Ellipsoid:
        """Return an ellipsoid of the middling trunk as it is in this one."""
        return Ellipsoid(self.at(x, y, z))


def drawn(dice: Dice) -> Trunk:
    """Draw a trunk: neither man nor woman, small to large."""
    size = dice.between(0.88, 1.03)
    return Trunk(
        round(size * dice.between(0.96, 1.05), 4), round(size * dice.between(0.96, 1.04), 4),
        round(size * dice.between(0.88, 1.15), 4), dice.between(6.0, 26.0), dice.between(0.88, 1.12),
        dice.between(-14.0, 8.0), dice.between(0.22, 0.3),
    )  # fmt: skip


def body(trunk: Trunk) -> list[Thing]:
    """Return skin with fat, and what lies under it."""
    outer, inner = [], []
    for y in np.arange(-230.0, 231.0, 10.0).tolist():
        half_x, half_z = smooth(TRUNK_X, y), smooth(TRUNK_Z, y)
        power = 2.0 + 0.5 * min(1.0, max(0.0, (y + 190.0) / 80.0))
        inner.append([trunk.at(*p) for p in oval((0.0, y, 0.0), half_x, half_z, power=power, count=72)])
        thick = trunk.fat_mm * min(1.0, max(0.35, (y + 200.0) / 120.0))
        outside = oval((0.0, y, 0.0), half_x + thick / trunk.x, half_z + thick / trunk.z, power=power, count=72)
        outer.append([trunk.at(*p) for p in outside])
    return [
        Thing("trunk", lofted(outer), "adipose tissue"),
        Thing("flesh", lofted(inner), "soft tissue", inside="trunk"),
    ]


MEDIAL_POWER, LATERAL_POWER = 1.9, 2.6
"""How square a lung is towards the middle, and towards the ribs."""


def lung_section(side: float, y: float, *, count: int = 64) -> list[Point]:
    """Return the outline of a lung at a height, in the middling trunk."""
    medial, lateral, deep = smooth(MEDIAL, y), smooth(LATERAL, y), smooth(LUNG_Z, y)
    centre = (side * (medial + lateral) / 2.0, y, smooth(LUNG_BACK, y))
    half = (lateral - medial) / 2.0
    outer = oval(centre, half, deep, power=LATERAL_POWER, count=count)
    inner = oval(centre, half, deep, power=MEDIAL_POWER, count=count)
    return [b if (b[0] - centre[0]) * side < 0 else a for a, b in zip(outer, inner, strict=True)]


def is_in_lung(side: float, point: Point, *, margin_mm: float = 0.0) -> bool:
    """Return whether a point of the middling trunk lies in a lung's hull, so far from its border."""
    x, y, z = point
    if not LUNG_TOP + 4.0 + margin_mm < y < LUNG_BOTTOM - margin_mm:
        return False
    medial, lateral, deep = smooth(MEDIAL, y), smooth(LATERAL, y), smooth(LUNG_Z, y)
    half = (lateral - medial) / 2.0 - margin_mm
    if half <= 0 or deep <= margin_mm:
        return False
    across = (x * side - (medial + lateral) / 2.0) / half
    depth = abs(z - smooth(LUNG_BACK, y)) / (deep - margin_mm)
    power = MEDIAL_POWER if across < 0 else LATERAL_POWER
    return bool(abs(across) ** power + depth**power < 1.0)


def lungs(trunk: Trunk) -> list[Thing]:
    """Return both lungs."""
    levels = np.linspace(LUNG_TOP, LUNG_BOTTOM, round((LUNG_BOTTOM - LUNG_TOP) / SECTIONS_MM)).tolist()
    levels = [LUNG_TOP + 1.5, LUNG_TOP + 4.0, *levels[1:]]
    levels = sorted({LUNG_TOP, *levels})
    return [
        Thing(
            f"lung-{name}",
            lofted([[trunk.at(*p) for p in lung_section(side, y)] for y in levels]),
            "lung",
            inside="flesh",
            density_g_cm3=trunk.lung_g_cm3,
        )  # fmt: skip
        for name, side in SIDES.items()
    ]


def heart(trunk: Trunk, dice: Dice) -> list[Thing]:
    """Return heart, great vessels and diaphragm, each inside the lung whose air it takes."""
    big = trunk.heart
    tilt = dice.between(30.0, 44.0)
    low = 10.0 + 0.6 * trunk.dome_mm
    parts: list[tuple[str, str, Ellipsoid, Point, Point]] = []
    ventricles = trunk.radii(70.0 * big, 48.0 * big, 58.0 * big)
    parts.append(("ventricles", "left", ventricles, trunk.at(30.0, 48.0 + low, -26.0), (0.0, 0.0, tilt)))
    atrium = trunk.radii(31.0 * big, 44.0 * big, 46.0 * big)
    parts.append(("atrium", "right", atrium, trunk.at(-16.0, 42.0 + low, -6.0), (0.0, 0.0, -8.0)))
    parts.append(
        ("trunk-of-lung-artery", "left", trunk.radii(17.0, 24.0, 16.0), trunk.at(27.0, -4.0, -20.0), (0.0, 0.0, -24.0))
    )
    parts.append(("knob", "left", trunk.radii(15.0, 17.0, 26.0), trunk.at(22.0, -52.0, 4.0), (0.0, 0.0, 0.0)))
    things = [Thing(name, shape, "soft tissue", at, turn, f"lung-{side}") for name, side, shape, at, turn in parts]
    aorta = Stroke((trunk.at(23.0, -48.0, 26.0), trunk.at(25.0, 40.0, 34.0), trunk.at(17.0, 150.0, 36.0)), 11.5)
    things.append(Thing("aorta", aorta, "blood", inside="lung-left"))
    cava = Stroke((trunk.at(-19.0, -110.0, -5.0), trunk.at(-21.0, -40.0, -8.0), trunk.at(-23.0, 20.0, -10.0)), 10.0)
    things.append(Thing("cava", cava, "blood", inside="lung-right"))
    return things + _diaphragm(trunk, dice)


def _diaphragm(trunk: Trunk, dice: Dice) -> list[Thing]:
    right = 76.0 + trunk.dome_mm
    tops = {"right": right, "left": right + dice.between(8.0, 20.0)}
    things = []
    for name, side in SIDES.items():
        dome = trunk.radii(84.0, 92.0, 100.0)
        at = trunk.at(side * 76.0, tops[name] + 92.0, -14.0)
        things.append(Thing(f"dome-{name}", dome, "soft tissue", at, inside=f"lung-{name}"))
    bubble = trunk.radii(dice.between(20.0, 36.0), dice.between(9.0, 18.0), 34.0)
    at = trunk.at(66.0, tops["left"] + 32.0, -8.0)
    things.append(Thing("stomach-bubble", bubble, None, at, inside="flesh"))
    return things


def airways(trunk: Trunk, dice: Dice) -> list[Thing]:
    """Return windpipe and main bronchi: air in the flesh between the lungs."""
    shift = dice.between(-2.0, 3.0)
    fork = trunk.at(-2.0, -36.0, 8.0)
    pipe = (trunk.at(0.0, -228.0, -8.0), trunk.at(-shift, -120.0, 4.0), fork)
    right = (trunk.at(-9.0, -22.0, 8.0), trunk.at(-15.0, -12.0, 8.0), trunk.at(-27.0, 8.0, 8.0))
    left = (trunk.at(7.0, -24.0, 8.0), trunk.at(16.0, -18.0, 8.0), trunk.at(34.0, -6.0, 10.0))
    return [
        Thing("windpipe", Stroke(pipe, (9.0, 9.0, 8.5)), None, inside="flesh"),
        Thing("bronchus-right", Stroke(right, (7.5, 6.5, 5.5)), None, inside="flesh"),
        Thing("bronchus-left", Stroke(left, (7.0, 6.0, 5.0)), None, inside="flesh"),
    ]


HILA: dict[str, Point] = {"right": (-27.0, 0.0, 4.0), "left": (29.0, -10.0, 6.0)}
LOBES = ((-80.0, 8.0), (-58.0, 6.5), (-34.0, 6.0), (-8.0, 6.5), (18.0, 7.5), (44.0, 9.0), (64.0, 10.0), (82.0, 8.5))
"""Where the first branches go (degrees below the horizontal, away from the middle) and how wide they are across."""


MOST_BRANCHES = 22
"""Of one lobe's tree."""
Filled = Callable[[float, Point], bool]
"""Whether a point on a side (-1 right, 1 left) is lung that holds air and vessels."""


def vessels(trunk: Trunk, dice: Dice, is_filled: Filled) -> list[Thing]:
    """Return the branching vessels of the lungs, thinner with every fork."""
    things: list[Thing] = []
    for name, side in SIDES.items():
        for way, wide in LOBES:
            number = 0
            angle = math.radians(way + dice.between(-8.0, 8.0))
            tip = dice.between(-0.55, 0.55)
            x, y, z = HILA[name]
            start = (x, y + 0.24 * way, z + 10.0 * tip, wide / 2.0 * dice.between(0.85, 1.15))
            waiting = [(start, (side * math.cos(angle), math.sin(angle), tip), dice.between(30.0, 46.0))]
            while waiting and number < MOST_BRANCHES:
                root, heading, long = waiting.pop(0)
                points, end = _branch(dice, root, heading, long)
                kept = [points[0], *(p for p in points[1:] if is_filled(side, p[:3]))]
                if len(kept) < 2:
                    continue
                path = tuple(trunk.at(*p[:3]) for p in kept)
                radii = tuple(round(p[3], 3) for p in kept)
                number += 1
                things.append(
                    Thing(f"vessel-{name}-{way:g}-{number}", Stroke(path, radii), "blood", inside=f"lung-{name}")
                )
                if len(kept) == len(points) and points[-1][3] > 0.42:
                    waiting += _forks(dice, points[-1], end, long)
    return things


def grain(trunk: Trunk, dice: Dice) -> list[Thing]:
    """Return what is too fine to be drawn one by one: the uneven shade of lungs and flesh."""
    found = []
    for number, (feature, rms) in enumerate(((2.5, 0.45), (9.0, 0.8))):
        relief = Relief(
            "rough", (round(330.0 * trunk.x, 2), round(330.0 * trunk.y, 2)), 0.8, number + 1,
            {"rms_mm": round(rms * dice.between(0.7, 1.3), 4), "feature_mm": feature},
        )  # fmt: skip
        found.append(Thing(f"grain-{number + 1}", relief, "soft tissue", trunk.at(0.0, 10.0, 0.0)))
    return found


Knot = tuple[float, float, float, float]


def _branch(dice: Dice, root: Knot, heading: Point, long_mm: float) -> tuple[list[Knot], Point]:
    points, way = [root], np.array(heading) / float(np.linalg.norm(heading))
    steps = 4
    for _ in range(steps):
        way = way + np.array([dice.between(-0.16, 0.16) for _ in range(3)])
        way /= float(np.linalg.norm(way))
        x, y, z, radius = points[-1]
        dx, dy, dz = (way * long_mm / steps).tolist()
        points.append((x + dx, y + dy, z + dz, radius * 0.965))
    x, y, z = way.tolist()
    return points, (x, y, z)


def _forks(dice: Dice, knot: Knot, heading: Point, long_mm: float) -> list[tuple[Knot, Point, float]]:
    """Return two branches: by Murray's law the cubes of their radii sum to the cube of the stem's."""
    share = dice.between(0.32, 0.68)
    found = []
    for part, sign in ((share, 1.0), (1.0 - share, -1.0)):
        spread = sign * dice.between(0.25, 0.6) * (1.25 - part)
        x, y, z = heading
        tilt = dice.between(-0.4, 0.4)
        turned = (x * math.cos(spread) - y * math.sin(spread), x * math.sin(spread) + y * math.cos(spread), z + tilt)
        found.append(((*knot[:3], knot[3] * part ** (1.0 / 3.0)), turned, long_mm * dice.between(0.62, 0.85)))
    return found

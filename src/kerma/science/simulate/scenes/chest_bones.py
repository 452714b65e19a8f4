"""The bones of a chest: spine, ribs with cortex and marrow, collar bones, shoulder blades, heads of the upper arms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.simulate.document import Cylinder, Ellipsoid, Point, Prism, Sheet, Stroke, Thing
from kerma.science.simulate.scenes.chest_trunk import LATERAL, LUNG_BACK, LUNG_Z, SIDES, Trunk
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.lofting import smooth, swept

Field = NDArray[np.float64]
FIRST_VERTEBRA_MM, VERTEBRA_MM = -152.0, 25.0
ABOVE, BELOW = 3, 15
"""How many vertebrae above the first with a rib, and how many from it down."""
RIBS = 12
DROP = (22.0, 48.0, 64.0, 76.0, 86.0, 92.0, 96.0, 96.0, 92.0, 84.0, 46.0, 26.0)
"""How much lower each rib ends than it starts."""
SWEEP_DEG = (150.0, 150.0, 148.0, 147.0, 146.0, 144.0, 142.0, 138.0, 130.0, 118.0, 76.0, 48.0)
"""How far round each rib runs before its cartilage."""
CORTEX_MM = 0.9


@dataclass(frozen=True)
class Break:
    """Where a rib is broken: which, which side, how far round, and how far the ends stand apart."""

    rib: int
    side: str
    at_deg: float
    shift_mm: float
    opening_mm: float


def spine(trunk: Trunk, dice: Dice) -> list[Thing]:
    """Return vertebrae with discs between them, arches and spines."""
    things: list[Thing] = []
    bend = dice.between(-5.0, 5.0)
    for number in range(-ABOVE, BELOW):
        y = FIRST_VERTEBRA_MM + VERTEBRA_MM * number
        size = 0.8 + 0.022 * (number + ABOVE)
        x = bend * math.sin(math.pi * (number + ABOVE) / (BELOW + ABOVE))
        back = 46.0 + 12.0 * math.sin(math.pi * min(1.0, max(0.0, (number + 2) / 16.0)))
        name = f"vertebra-{number + ABOVE + 1}"
        body = Cylinder(round(17.0 * size * trunk.x, 3), round(19.5 * trunk.y, 3))
        core = Cylinder(round(17.0 * size * trunk.x - 1.6, 3), round(19.5 * trunk.y - 3.2, 3))
        at = trunk.at(x, y, back)
        things.append(Thing(name, body, "spongiosa", at, (90.0, 0.0, 0.0), "flesh", 1.42))
        things.append(Thing(f"{name}-core", core, "spongiosa", at, (90.0, 0.0, 0.0), name, density_g_cm3=1.14))
        spine_at = trunk.at(x, y + 9.0, back + 33.0)
        things.append(
            Thing(f"{name}-spine", Ellipsoid((3.2, 9.5, 12.0)), "spongiosa", spine_at, (20.0, 0.0, 0.0), "flesh", 1.32)
        )
        for side in SIDES.values():
            foot = Ellipsoid((3.4, 5.2, 6.0))
            things.append(
                Thing(
                    f"{name}-arch{side:+g}",
                    foot,
                    "spongiosa",
                    trunk.at(x + side * 11.0, y - 3.0, back + 20.0),
                    inside="flesh",
                    density_g_cm3=1.6,
                )
            )
            arm = Stroke(
                (
                    trunk.at(x + side * 14.0, y - 2.0, back + 22.0),
                    trunk.at(x + side * (30.0 - 0.5 * number), y - 5.0, back + 30.0),
                ),
                4.0,
            )
            things.append(Thing(f"{name}-arm{side:+g}", arm, "spongiosa", inside="flesh", density_g_cm3=1.35))
    return things


def rib_path(number: int, side: str, turn_deg: Field) -> Field:
    """Return points of a rib (counted from 1) of the middling trunk, by how far round from the spine they lie."""
    start = FIRST_VERTEBRA_MM + VERTEBRA_MM * (number - 1) - 4.0
    points = []
    for turn in turn_deg.tolist():
        share = turn / 150.0
        fall = DROP[number - 1] * (0.25 * share + 0.75 * share**1.7)
        rise = -7.0 * math.sin(math.pi * min(1.0, turn / 60.0))
        y = start + fall + rise
        wide = smooth(LATERAL, max(y, -143.0 + 4.0 * number)) + 5.0
        deep = smooth(LUNG_Z, max(y, -138.0 + 4.0 * number)) + 5.0
        angle = math.radians(turn)
        x = 16.0 + (wide - 16.0) * abs(math.sin(angle)) ** 0.72 if turn < 90.0 else wide * math.sin(angle) ** 0.8
        z = smooth(LUNG_BACK, y) + deep * math.copysign(abs(math.cos(angle)) ** 0.8, math.cos(angle))
        points.append((SIDES[side] * x, y, z))
    return np.array(points)


def ribs(trunk: Trunk, dice: Dice, breaks: tuple[Break, ...] = ()) -> list[Thing]:
    """Return the ribs; a broken one is displaced beyond its break."""
    things: list[Thing] = []
    thick, tall = dice.between(3.0, 3.8), dice.between(5.8, 7.0)
    for number in range(1, RIBS + 1):
        for side in SIDES:
            turns = np.linspace(6.0, SWEEP_DEG[number - 1], 30)
            broken = next((each for each in breaks if (each.rib, each.side) == (number, side)), None)
            if broken is not None:
                turns = np.sort(np.concatenate([turns, [broken.at_deg - 0.3, broken.at_deg + 0.3]]))
            path = rib_path(number, side, turns) * (trunk.x, trunk.y, trunk.z)
            if broken is not None:
                path[turns > broken.at_deg, 1] += broken.shift_mm
            out = np.column_stack([path[:, 0], np.zeros(len(path)), path[:, 2]])
            slim = 0.85 if number in (1, 11, 12) else 1.0
            name = f"rib-{side}-{number}"
            half = (round(thick * slim, 3), round(tall * slim, 3))
            things.append(Thing(name, swept(path, out, half_mm=half), "bone", inside="flesh"))
            inner = (round(half[0] - CORTEX_MM, 3), round(half[1] - CORTEX_MM, 3))
            core = swept(path[1:-1], out[1:-1], half_mm=inner)
            things.append(Thing(f"{name}-marrow", core, "spongiosa", inside=name))
            if broken is not None:
                things += _gap(trunk, broken, name)
    return things


def _gap(trunk: Trunk, broken: Break, name: str) -> list[Thing]:
    """Return the blood between the ends of a broken rib: cortex and marrow make room for it."""
    turns = np.array([broken.at_deg - 2.0, broken.at_deg, broken.at_deg + 2.0])
    path = rib_path(broken.rib, broken.side, turns) * (trunk.x, trunk.y, trunk.z)
    slope = math.degrees(math.atan2(path[2, 1] - path[0, 1], path[2, 0] - path[0, 0]))
    middle = (
        round(float(path[1, 0]), 3),
        round(float(path[1, 1]) + broken.shift_mm / 2.0, 3),
        round(float(path[1, 2]), 3),
    )
    reach = 9.0 + abs(broken.shift_mm) / 2.0
    line = ((-0.8, -reach), (0.7, -reach / 3.0), (-0.6, reach / 3.0), (0.8, reach))
    sheet = Sheet(tuple((x, round(y, 3)) for x, y in line), broken.opening_mm, 24.0, is_tapered=False)
    known = {"gap_mm": broken.opening_mm, "displacement_mm": abs(broken.shift_mm)}
    turn = (0.0, 0.0, round(slope, 3))
    return [
        Thing(
            "rib-fracture",
            sheet,
            "blood",
            middle,
            turn,
            name,
            label="rib-fracture",
            group="rib-fracture",
            measurements=known,
        ),
        Thing("rib-fracture-marrow", sheet, "blood", middle, turn, f"{name}-marrow", group="rib-fracture"),
    ]


def shoulders(trunk: Trunk, dice: Dice) -> list[Thing]:
    """Return collar bones, shoulder blades turned out, and the heads of the upper arms."""
    things: list[Thing] = []
    lift = dice.between(-8.0, 10.0)
    for name, side in SIDES.items():
        path = [(12.0, -122.0, -62.0), (34.0, -130.0, -64.0), (66.0, -136.0 - 0.4 * lift, -58.0),
                (104.0, -146.0 - 0.8 * lift, -36.0), (140.0, -152.0 - lift, -12.0)]  # fmt: skip
        radii = (8.2, 6.2, 5.2, 5.4, 7.0)
        things += _hollow(f"collar-bone-{name}", [trunk.at(side * x, y, z) for x, y, z in path], radii, 1.5)
        things += _blade(trunk, name, side, lift)
        head = trunk.at(side * 178.0, -128.0 - lift, 4.0)
        things.append(Thing(f"arm-head-{name}", Ellipsoid((22.0, 22.0, 22.0)), "bone", head, inside="flesh"))
        things.append(
            Thing(f"arm-head-{name}-core", Ellipsoid((20.8, 20.8, 20.8)), "spongiosa", head, inside=f"arm-head-{name}")
        )
    return things


def _blade(trunk: Trunk, name: str, side: float, lift: float) -> list[Thing]:
    outline = [
        (112.0, -122.0),
        (150.0, -134.0),
        (160.0, -118.0),
        (152.0, -96.0),
        (138.0, -20.0),
        (128.0, -4.0),
        (121.0, -14.0),
    ]
    plate = tuple((round(side * x * trunk.x, 3), round((y - lift / 2.0) * trunk.y, 3)) for x, y in outline)
    z = round(84.0 * trunk.z, 3)
    things = [Thing(f"blade-{name}", Prism(plate, 2.0), "bone", (0.0, 0.0, z), inside="flesh")]
    edge = [trunk.at(side * x, y - lift / 2.0, 82.0) for x, y in ((154.0, -100.0), (140.0, -24.0), (129.0, -4.0))]
    things.append(
        Thing(
            f"blade-edge-{name}", Stroke(tuple(edge), (4.5, 3.2, 2.4)), "spongiosa", inside="flesh", density_g_cm3=1.5
        )
    )
    ridge = [trunk.at(side * x, y - lift, 88.0) for x, y in ((116.0, -118.0), (146.0, -138.0), (172.0, -154.0))]
    things.append(
        Thing(
            f"blade-ridge-{name}", Stroke(tuple(ridge), (2.6, 4.0, 6.5)), "spongiosa", inside="flesh", density_g_cm3=1.5
        )
    )
    return things


def _hollow(name: str, points: list[Point], radii: tuple[float, ...], cortex_mm: float) -> list[Thing]:
    """Return a long bone: cortex, and marrow inside it."""
    inner = tuple(round(max(0.5, radius - cortex_mm), 3) for radius in radii)
    return [
        Thing(name, Stroke(tuple(points), radii), "bone", inside="flesh"),
        Thing(f"{name}-marrow", Stroke(tuple(points), inner), "spongiosa", inside=name),
    ]

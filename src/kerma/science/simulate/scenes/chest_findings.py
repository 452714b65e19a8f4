"""What can be found in a chest: nodules, air beside the lung, things that do not belong there, a broken rib."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from kerma.science.simulate.document import Cylinder, Ellipsoid, Point, Stroke, Thing
from kerma.science.simulate.scenes.chest_bones import Break
from kerma.science.simulate.scenes.chest_trunk import (
    LATERAL,
    LUNG_BACK,
    LUNG_TOP,
    SIDES,
    Filled,
    Trunk,
    is_in_lung,
    lung_section,
)
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.lofting import lofted, smooth

TRIES = 400
VESSEL_MARGIN_MM = 2.5


@dataclass(frozen=True)
class Case:
    """What one chest has: things in lungs, flesh and windpipe, broken ribs, and where a lung has fallen in."""

    things: tuple[Thing, ...] = ()
    breaks: tuple[Break, ...] = ()
    fallen: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Side to the width of the air at the top, and the height where it ends, in mm."""

    def and_also(self, other: Case) -> Case:
        """Return both together."""
        return Case(self.things + other.things, self.breaks + other.breaks, {**self.fallen, **other.fallen})

    @property
    def is_filled(self) -> Filled:
        """Where the lungs still hold vessels."""

        def filled(side: float, point: Point) -> bool:
            name = "left" if side > 0 else "right"
            if not is_in_lung(side, point, margin_mm=VESSEL_MARGIN_MM):
                return False
            return name not in self.fallen or point[0] * side < _pleura(self.fallen[name], point[1]) - VESSEL_MARGIN_MM

        return filled


def _pleura(air: tuple[float, float], y: float) -> float:
    """Return how far from the middle the border of a fallen lung lies at a height."""
    wide, end = air
    share = min(1.0, max(0.0, (y - LUNG_TOP) / (end - LUNG_TOP)))
    return smooth(LATERAL, y) - max(0.6, wide * (1.0 - float(share**1.5)))


Maker = Callable[[Dice, Trunk, Case, str], Case]
"""From draws, trunk, what is there already and a name for the thing."""


def _place(dice: Dice, case: Case, margin_mm: float) -> tuple[str, Point]:
    """Return a side and a place well inside a lung that is aired there."""
    for _ in range(TRIES):
        name = dice.one_of(tuple(SIDES))
        side = SIDES[name]
        point = (side * dice.between(24.0, 145.0), dice.between(-140.0, 110.0), dice.between(-75.0, 85.0))
        if is_in_lung(side, point, margin_mm=margin_mm) and case.is_filled(side, point):
            return name, point
    return "right", (-85.0, 10.0, 5.0)


def nodule(dice: Dice, trunk: Trunk, case: Case, name: str, *, is_calcified: bool = False) -> Case:
    """Return a round shadow of soft tissue, or of bone."""
    radius = dice.by_ratio(3.0, 7.0 if is_calcified else 15.0)
    side, point = _place(dice, case, radius + 4.0)
    radii = (radius, round(radius * dice.between(0.85, 1.15), 4), round(radius * dice.between(0.85, 1.15), 4))
    label, material = ("calcified-nodule", "bone") if is_calcified else ("nodule", "soft tissue")
    known = {"diameter_mm": round(radii[0] + radii[1], 4), "depth_mm": round(2.0 * radii[2], 4)}
    turn = (0.0, 0.0, dice.between(0.0, 180.0))
    density = 1.5 if is_calcified else None
    thing = Thing(
        name, Ellipsoid(radii), material, trunk.at(*point), turn, f"lung-{side}", density, label, measurements=known
    )
    return Case((thing,))


def calcified(dice: Dice, trunk: Trunk, case: Case, name: str) -> Case:
    """Return a nodule of the density of bone."""
    return nodule(dice, trunk, case, name, is_calcified=True)


def pneumothorax(dice: Dice, trunk: Trunk, case: Case, name: str) -> Case:
    """Return air between lung and ribs, widest at the top, and the line of the pleura."""
    side = dice.one_of(tuple(SIDES))
    sign = SIDES[side]
    air = (dice.between(14.0, 38.0), dice.between(-20.0, 90.0))
    levels = np.linspace(LUNG_TOP + 1.0, air[1], 26).tolist()
    sections, line = [], []
    for y in levels:
        border = _pleura(air, y)
        section = [(sign * max(border, x * sign), y, z) for x, y, z in lung_section(sign, y)]
        sections.append([trunk.at(*point) for point in section])
        line.append(trunk.at(sign * (border - 0.4), y, smooth(LUNG_BACK, y)))
    known = {"width_mm": round(air[0] * trunk.x, 3), "length_mm": round((air[1] - LUNG_TOP) * trunk.y, 3)}
    lung = f"lung-{side}"
    inner = tuple(point for point, y in zip(line, levels, strict=True) if y > LUNG_TOP + 24.0)
    return Case(
        (
            Thing(name, lofted(sections), None, inside=lung, label="pneumothorax", group=name, measurements=known),
            Thing(f"{name}-pleura", Stroke(inner, 0.7), "soft tissue", inside=lung, group=name),
        ),
        fallen={side: air},
    )  # fmt: skip


def coin(dice: Dice, trunk: Trunk, case: Case, name: str) -> Case:
    """Return a coin in the gullet, seen flat."""
    radius, thick = dice.between(8.0, 13.0), dice.between(1.5, 2.2)
    at = trunk.at(dice.between(-5.0, 5.0), dice.between(-150.0, -20.0), 24.0)
    known = {"diameter_mm": 2.0 * radius, "thickness_mm": thick}
    turn = (dice.between(-12.0, 12.0), dice.between(-12.0, 12.0), 0.0)
    return Case((Thing(name, Cylinder(radius, thick), "brass", at, turn, "flesh", label="coin", measurements=known),))


def needle(dice: Dice, trunk: Trunk, case: Case, name: str) -> Case:
    """Return a sewing needle in the wall of the chest."""
    long, radius = dice.between(25.0, 42.0), dice.between(0.3, 0.5)
    at = trunk.at(dice.side() * dice.between(40.0, 115.0), dice.between(-90.0, 60.0), -96.0)
    turn = (0.0, 0.0, dice.between(0.0, 180.0))
    shape = Stroke(((-long / 2.0, 0.0, 0.0), (0.42 * long, 0.0, 0.0), (long / 2.0, 0.0, 0.0)), (radius, radius, 0.1))
    known = {"length_mm": long, "diameter_mm": 2.0 * radius}
    return Case((Thing(name, shape, "steel", at, turn, "flesh", label="needle", measurements=known),))


def catheter(dice: Dice, trunk: Trunk, case: Case, name: str) -> Case:
    """Return a central venous catheter from the right of the neck to the great vein; its tip may lie too deep."""
    tip = dice.between(-40.0, 30.0)
    path = [
        (-34.0, -226.0, -20.0),
        (-30.0, -180.0, -16.0),
        (-22.0, -130.0, -8.0),
        (-17.0, -80.0, -8.0),
        (-19.0, tip, -8.0),
    ]
    points = tuple(trunk.at(x + dice.between(-1.5, 1.5), y, z) for x, y, z in path)
    known = {"diameter_mm": 2.0, "tip_below_fork_mm": round((tip + 36.0) * trunk.y, 3)}
    return Case(
        (
            Thing(
                name,
                Stroke(points, 1.0),
                "barium sulphate",
                inside="flesh",
                density_g_cm3=1.1,
                label="catheter",
                measurements=known,
            ),
        )
    )


def tracheal_tube(dice: Dice, trunk: Trunk, case: Case, name: str) -> Case:
    """Return a tube in the windpipe with its opaque line; its tip lies above the fork."""
    above = dice.between(10.0, 75.0)
    tip = -36.0 - above
    path = (trunk.at(0.0, -228.0, -8.0), trunk.at(0.0, -150.0, 1.0), trunk.at(-1.0, tip, 5.0))
    line = tuple((round(x + 4.6, 3), y, z) for x, y, z in path)
    known = {"diameter_mm": 10.0, "tip_above_fork_mm": round(above * trunk.y, 3)}
    return Case((
        Thing(name, Stroke(path, 5.0), "pvc", inside="windpipe", label="tracheal-tube", group=name, measurements=known),
        Thing(f"{name}-bore", Stroke(path, 3.8), None, inside=name, group=name),
        Thing(f"{name}-line", Stroke(line, 0.6), "barium sulphate", density_g_cm3=2.2, group=name),
    ))  # fmt: skip


PACEMAKER_LEAD: tuple[Point, ...] = (
    (96.0, -104.0, -72.0), (70.0, -124.0, -60.0), (30.0, -118.0, -36.0), (-8.0, -100.0, -12.0), (-17.0, -50.0, -10.0),
    (-16.0, 20.0, -20.0), (10.0, 66.0, -36.0), (48.0, 74.0, -48.0),
)  # fmt: skip
"""From the generator through the great vein to the tip of the right ventricle."""


def pacemaker(dice: Dice, trunk: Trunk, case: Case, name: str) -> Case:
    """Return a pulse generator under the left collar bone, and its lead to the heart."""
    radius = dice.between(19.0, 25.0)
    can = trunk.at(104.0 + dice.between(-8.0, 8.0), -92.0 + dice.between(-8.0, 8.0), -74.0)
    lead = Stroke(tuple(trunk.at(*point) for point in PACEMAKER_LEAD), 0.9)
    turn, known = (6.0, 4.0, 0.0), {"diameter_mm": 2.0 * radius}
    return Case((
        Thing(
            name, Cylinder(radius, 7.0), "titanium", can, turn, "flesh", label="pacemaker", group=name,
            measurements=known,
        ),
        Thing(f"{name}-cell", Cylinder(radius - 0.5, 6.0), "battery lithium ion", can, turn, name, group=name),
        Thing(f"{name}-lead", lead, "stainless steel 316", inside="flesh", density_g_cm3=3.0, group=name),
    ))  # fmt: skip


def rib_fracture(dice: Dice, trunk: Trunk, case: Case, name: str) -> Case:
    """Return a broken rib, its outer end displaced up or down."""
    where = dice.between(22.0, 48.0) if dice.happens(0.5) else dice.between(104.0, 122.0)
    broken = Break(
        dice.whole(4, 8),
        dice.one_of(tuple(SIDES)),
        where,
        round(dice.side() * dice.between(2.0, 6.0), 3),
        dice.between(1.0, 2.5),
    )
    return Case(breaks=(broken,))


FINDINGS: Mapping[str, Maker] = {
    "nodule": nodule, "calcified-nodule": calcified, "pneumothorax": pneumothorax, "coin": coin, "needle": needle,
    "catheter": catheter, "tracheal-tube": tracheal_tube, "pacemaker": pacemaker, "rib-fracture": rib_fracture,
}  # fmt: skip
SINGLE = frozenset(("pneumothorax", "rib-fracture", "pacemaker", "tracheal-tube", "catheter"))
"""What a chest has once at most."""


def case_of(dice: Dice, trunk: Trunk, words: list[str]) -> Case:
    """Return a chest with the findings named, in an order that lets each have room."""
    case = Case()
    for number, word in enumerate(sorted(words, key=lambda word: word != "pneumothorax")):
        case = case.and_also(FINDINGS[word](dice, trunk, case, f"{word}-{number + 1}"))
    return case

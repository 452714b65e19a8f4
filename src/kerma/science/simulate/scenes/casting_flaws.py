"""The flaws of a casting: gas, shrinkage as sponge or filaments, inclusions, cracks; each made round the origin."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kerma.science.simulate.document import Ellipsoid, Point, Relief, Shape, Sheet, Thing
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.weld_flaws import sizes

LEAST_MM = 0.08
LIGHT, HEAVY = ("slag", "alumina", "sand"), ("iron", "copper")


@dataclass(frozen=True)
class Spot:
    """A place in a casting where a flaw can be: the thing it lies in, that one's thickness, and what it is made of."""

    host: str
    thickness_mm: float
    material: str
    middle_mm: float = 0.0
    """Height of the middle of the wall."""


@dataclass(frozen=True)
class CastFlaw:
    """One flaw round x = y = 0, and the radius of the circle it stays in."""

    label: str
    things: tuple[Thing, ...]
    radius_mm: float


@dataclass(frozen=True)
class Founder:
    """What a flaw is drawn with: dice, place, name, and its size against an ordinary one."""

    dice: Dice
    spot: Spot
    name: str
    size: float

    def thing(self, part: str, label: str, shape: Shape, at_mm: Point, **more: Any) -> Thing:
        """Return one thing of the flaw, inside its host; ``more`` are its material, turn and true sizes."""
        at = (at_mm[0], at_mm[1], round(at_mm[2] + self.spot.middle_mm, 4))
        name = f"{self.name}.{part}" if part else self.name
        known = {"material": None, "inside": self.spot.host, "label": label, "group": self.name, **more}
        return Thing(name, shape, at_mm=at, **known)

    def height(self, half_mm: float) -> float:
        """Return a height over the middle of the wall where a body of that half height is wholly inside."""
        room = max(0.0, self.spot.thickness_mm / 2.0 - half_mm - 0.02)
        return self.dice.between(-room, room)


def gas(make: Founder) -> CastFlaw:
    """Round gas holes: one, or a few of different sizes close together."""
    thick = make.spot.thickness_mm
    largest = max(LEAST_MM, min(0.4 * thick, make.dice.by_ratio(0.05, 0.18) * thick * make.size))
    count = 1 if make.dice.happens(0.4) else make.dice.whole(3, 14)
    reach = 0.0 if count == 1 else largest * make.dice.between(3.0, 6.0)
    placed: list[tuple[Point, float]] = []
    for _ in range(30 * count):
        if len(placed) == count:
            break
        radius = largest if not placed else round(largest * make.dice.between(0.3, 0.95), 4)
        angle, away = make.dice.between(0.0, 2.0 * math.pi), reach * math.sqrt(make.dice.between(0.0, 1.0))
        at = (round(away * math.cos(angle), 4), round(away * math.sin(angle), 4), make.height(1.15 * radius))
        if all(math.dist(at, other) > 1.15 * (radius + wide) for other, wide in placed):
            placed.append((at, radius))
    across = 2.0 * (reach + largest)
    whole = sizes(across, across, diameter_mm=2.0 * largest, count=float(len(placed)))
    things = []
    for number, (at, radius) in enumerate(placed):
        flat = make.dice.between(0.85, 1.15)
        shape = Ellipsoid((round(radius * flat, 4), round(radius / flat, 4), radius))
        things.append(make.thing(str(number + 1), "gas", shape, at, measurements=whole))
    return CastFlaw("gas", tuple(things), reach + 1.2 * largest)


def shrinkage_sponge(make: Founder) -> CastFlaw:
    """Spongy shrinkage: a cloud of ragged holes in the hot middle of a wall."""
    thick = make.spot.thickness_mm
    long, wide = (min(18.0, make.dice.by_ratio(0.8, 2.2) * (thick + 3.0)) for _ in range(2))
    depth = min(0.7 * thick, make.dice.between(0.12, 0.35) * thick * make.size)
    feature = max(0.25, make.dice.between(0.08, 0.16) * min(long, wide))
    shape = Relief(
        "sponge", (round(long, 3), round(wide, 3)), round(feature / 5.0, 4), make.dice.whole(1, 9999),
        {"depth_mm": round(depth, 4), "feature_mm": round(feature, 4), "fill": make.dice.between(0.3, 0.6)},
    )  # fmt: skip
    turn = (0.0, 0.0, make.dice.between(0.0, 180.0))
    thing = make.thing(
        "", "shrinkage", shape, (0.0, 0.0, 0.0), measurements=sizes(long, wide, depth_mm=depth), turn_deg=turn
    )
    return CastFlaw("shrinkage", (thing,), max(long, wide) / 2.0)


def shrinkage_filament(make: Founder) -> CastFlaw:
    """Filamentary shrinkage: threads that branch between the grains."""
    thick = make.spot.thickness_mm
    long, wide = (min(22.0, make.dice.by_ratio(1.0, 2.6) * (thick + 4.0)) for _ in range(2))
    depth = min(0.6 * thick, make.dice.between(0.12, 0.3) * thick * make.size)
    thread = max(0.15, make.dice.between(0.03, 0.06) * min(long, wide))
    shape = Relief(
        "filaments", (round(long, 3), round(wide, 3)), round(max(0.04, thread / 5.0), 4), make.dice.whole(1, 9999),
        {"depth_mm": round(depth, 4), "mesh_mm": round(0.4 * min(long, wide), 3), "width_mm": round(thread, 4)},
    )  # fmt: skip
    turn = (0.0, 0.0, make.dice.between(0.0, 180.0))
    thing = make.thing(
        "", "shrinkage", shape, (0.0, 0.0, 0.0), measurements=sizes(long, wide, depth_mm=depth), turn_deg=turn
    )
    return CastFlaw("shrinkage", (thing,), max(long, wide) / 2.0)


def inclusion(make: Founder) -> CastFlaw:
    """Something that is no metal of the melt: sand, slag or oxide, or in light metal a denser splinter."""
    thick = make.spot.thickness_mm
    is_light = make.spot.material.startswith("alu")
    material = make.dice.one_of(HEAVY) if is_light and make.dice.happens(0.45) else make.dice.one_of(LIGHT)
    largest = 0.1 if material in HEAVY else 0.25
    radius = max(LEAST_MM, min(largest * thick, make.dice.by_ratio(0.04, 0.2) * thick * make.size))
    count, things = make.dice.whole(1, 4), []
    flat = make.dice.between(0.5, 0.9)
    at = (0.0, 0.0, make.height(radius))
    whole = sizes(2.6 * radius, 2.6 * radius * flat, depth_mm=2.0 * radius * flat)
    for number in range(count):
        share = 1.0 if number == 0 else make.dice.between(0.4, 0.8)
        off = 0.0 if number == 0 else 0.55 * radius
        angle = make.dice.between(0.0, 2.0 * math.pi)
        place = (round(at[0] + off * math.cos(angle), 4), round(at[1] + off * math.sin(angle), 4), at[2])
        radii = tuple(round(radius * share * each, 4) for each in (1.0, flat, 0.8 * flat))
        shape = Ellipsoid((radii[0], radii[1], radii[2]))
        turn = (0.0, 0.0, make.dice.between(0.0, 180.0))
        things.append(
            make.thing(str(number + 1), "inclusion", shape, place, measurements=whole, material=material, turn_deg=turn)
        )
    return CastFlaw("inclusion", tuple(things), 1.6 * radius)


def crack(make: Founder) -> CastFlaw:
    """A hot tear: a ragged crack, wide in its middle, that branches."""
    thick = make.spot.thickness_mm
    length = min(26.0, make.dice.by_ratio(1.0, 3.0) * (thick + 3.0))
    opening = max(0.03, make.dice.by_ratio(0.06, 0.3) * make.size)
    depth = min(0.8 * thick, make.dice.between(0.25, 0.6) * thick)
    turn, tilt, z = make.dice.between(0.0, 180.0), make.dice.between(-10.0, 10.0), make.height(depth / 2.0)
    whole = sizes(length, opening, depth_mm=depth, opening_mm=opening)
    things = []
    for number in range(make.dice.whole(1, 3)):
        part = length * (1.0 if number == 0 else make.dice.between(0.3, 0.5))
        line, opened = _ragged(make.dice, part, opening * (1.0 if number == 0 else 0.6))
        way = turn + (0.0 if number == 0 else make.dice.side() * make.dice.between(20.0, 45.0))
        sheet = Sheet(line, opened, round(depth, 4), is_tapered=False)
        things.append(
            make.thing(
                str(number + 1), "crack", sheet, (0.0, 0.0, z), measurements=whole, turn_deg=(tilt, 0.0, round(way, 3))
            )
        )
    return CastFlaw("crack", tuple(things), length / 2.0 + opening)


def _ragged(
    dice: Dice, length_mm: float, opening_mm: float
) -> tuple[tuple[tuple[float, float], ...], tuple[float, ...]]:
    """Return a ragged line round the origin and how wide it stands open along it."""
    count = max(5, min(50, round(length_mm / max(0.6, 3.0 * opening_mm))))
    step = length_mm / (count - 1)
    coarse, fine, wide = dice.line(count, 6.0), dice.line(count, 1.6), dice.line(count, 2.0)
    heights = [0.5 * step * a + 0.22 * step * max(-1.3, min(1.3, b)) for a, b in zip(coarse, fine, strict=True)]
    line = tuple((round(n * step - length_mm / 2.0, 4), round(heights[n], 4)) for n in range(count))
    ends = [math.sqrt(max(0.0, 1.0 - (2.0 * n / (count - 1) - 1.0) ** 2)) for n in range(count)]
    opened = tuple(
        round(opening_mm * max(0.1, end) * max(0.5, min(1.5, 1.0 + 0.3 * w)), 4)
        for end, w in zip(ends, wide, strict=True)
    )
    return line, opened


CAST_FLAWS: dict[str, Callable[[Founder], CastFlaw]] = {
    "gas": gas, "shrinkage-sponge": shrinkage_sponge, "shrinkage-filament": shrinkage_filament, "inclusion": inclusion,
    "crack": crack,
}  # fmt: skip
"""The flaws of a wall, by the word of the option; both kinds of shrinkage carry one label."""
CORE_SHIFT = "core-shift"

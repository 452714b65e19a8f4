"""The flaws of a fusion weld, as things in its wall: each kind one function, with the word of ISO 6520-1.

A flaw is made round the origin of its joint: x along the weld, y across, z towards the source, the wall from minus to
plus half its thickness. ``size`` is 1 for an ordinary flaw of that kind; the wall limits what it may be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kerma.science.simulate.document import Ellipsoid, Point, Prism, Relief, Shape, Sheet, Stroke, Thing
from kerma.science.simulate.scenes.dice import Dice

LARGEST_SHARE = 0.45
"""A pore is no wider than this share of the wall."""
LEAST_MM = 0.05


@dataclass(frozen=True)
class Joint:
    """A butt joint: its wall, bead and groove in mm and degrees."""

    thickness_mm: float
    cap_width_mm: float
    root_width_mm: float
    bevel_deg: float = 30.0
    host: str = "plate"
    longest_mm: float = 24.0
    """No flaw reaches further along the weld: what is straight must lie within a bent wall."""

    def half_groove_mm(self, z_mm: float) -> float:
        """Return half the groove's width at a height."""
        rise = z_mm + self.thickness_mm / 2.0
        return round(self.root_width_mm / 4.0 + rise * math.tan(math.radians(self.bevel_deg)), 4)


@dataclass(frozen=True)
class WeldFlaw:
    """One flaw: its things round x = 0 and how far it reaches along the weld; ``no_root`` is a place without root."""

    label: str
    things: tuple[Thing, ...]
    length_mm: float
    no_root: bool = False


@dataclass(frozen=True)
class Maker:
    """What a kind of flaw is drawn with."""

    dice: Dice
    joint: Joint
    name: str
    label: str
    size: float

    def thing(self, part: str, shape: Shape, *, at_mm: Point, **more: Any) -> Thing:
        """Return one thing of the flaw, inside the wall; ``more`` are its material, turn and true sizes."""
        name = f"{self.name}.{part}" if part else self.name
        known = {"material": None, "inside": self.joint.host, "label": self.label, "group": self.name, **more}
        return Thing(name, shape, at_mm=at_mm, **known)

    def height(self, half_mm: float) -> float:
        """Return a height in the wall where a body of that half height is wholly inside."""
        room = max(0.0, self.joint.thickness_mm / 2.0 - half_mm - 0.02)
        return self.dice.between(-room, room)

    def in_groove(self, z_mm: float, half_mm: float) -> float:
        """Return a place across, in the molten metal at that height."""
        room = max(0.0, self.joint.half_groove_mm(z_mm) - half_mm)
        return self.dice.between(-room, room)


def sizes(length_mm: float, width_mm: float, **more: float) -> dict[str, float]:
    """Return the true sizes of a finding; the area is that of the ellipse or, for long ones, about that of its line."""
    longest, shortest = max(length_mm, width_mm), min(length_mm, width_mm)
    known = {"length_mm": longest, "width_mm": shortest, "area_mm2": math.pi / 4.0 * longest * shortest, **more}
    return {key: round(value, 4) for key, value in known.items()}


def _pore(make: Maker, part: str, *, radius_mm: float, at_mm: Point, whole: dict[str, float] | None = None) -> Thing:
    stretch = make.dice.between(0.9, 1.15)
    radii = (round(radius_mm * stretch, 4), round(radius_mm / stretch, 4), round(radius_mm, 4))
    own = sizes(2.0 * radii[0], 2.0 * radii[1], diameter_mm=2.0 * radius_mm, depth_mm=2.0 * radius_mm)
    return make.thing(part, Ellipsoid(radii), at_mm=at_mm, measurements=own if whole is None else whole)


def _radius(make: Maker, low: float, high: float) -> float:
    """Return the radius of a pore: a share of the wall, drawn by ratio."""
    share = min(make.dice.by_ratio(low, high) * make.size, LARGEST_SHARE)
    return max(LEAST_MM, round(share * make.joint.thickness_mm / 2.0, 4))


def porosity(make: Maker) -> WeldFlaw:
    """One gas pore."""
    radius = _radius(make, 0.06, 0.3)
    z = make.height(radius)
    pore = _pore(make, "", radius_mm=radius, at_mm=(0.0, make.in_groove(z, radius), z))
    return WeldFlaw(make.label, (pore,), 2.3 * radius)


def cluster_porosity(make: Maker) -> WeldFlaw:
    """A nest of pores within a few millimetres."""
    count = make.dice.whole(7, 24)
    largest = _radius(make, 0.05, 0.14)
    reach = min(0.42 * make.joint.cap_width_mm, largest * make.dice.between(3.5, 6.0) + 0.6)
    placed: list[tuple[Point, float]] = []
    for _ in range(40 * count):
        if len(placed) == count:
            break
        radius = round(largest * make.dice.between(0.35, 1.0), 4)
        angle, away = make.dice.between(0.0, 2.0 * math.pi), reach * math.sqrt(make.dice.between(0.0, 1.0))
        at = (round(away * math.cos(angle), 4), round(0.8 * away * math.sin(angle), 4), make.height(1.2 * radius))
        if all(math.dist(at, other) > 1.2 * (radius + wide) for other, wide in placed):
            placed.append((at, radius))
    whole = sizes(2.0 * (reach + largest), 1.6 * reach + 2.0 * largest, diameter_mm=2.0 * largest, count=len(placed))
    things = [
        _pore(make, str(number + 1), radius_mm=radius, at_mm=at, whole=whole)
        for number, (at, radius) in enumerate(placed)
    ]
    return WeldFlaw(make.label, tuple(things), 2.0 * (reach + 1.2 * largest))


def linear_porosity(make: Maker) -> WeldFlaw:
    """Pores in a row along the weld."""
    largest = _radius(make, 0.05, 0.16)
    count, gap = make.dice.whole(4, 9), 2.0 * largest * make.dice.between(1.4, 2.6)
    count = max(3, min(count, int(make.joint.longest_mm / gap)))
    y, z = make.in_groove(0.0, largest) * 0.6, make.height(1.4 * largest)
    length = (count - 1) * gap + 2.0 * largest
    whole = sizes(length, 2.0 * largest, diameter_mm=2.0 * largest, count=count)
    things = []
    for number in range(count):
        radius = round(largest * make.dice.between(0.6, 1.0), 4)
        x = round((number - (count - 1) / 2.0) * gap + make.dice.between(-0.1, 0.1) * gap, 4)
        at = (x, round(y + make.dice.between(-0.25, 0.25) * largest, 4), z)
        things.append(_pore(make, str(number + 1), radius_mm=radius, at_mm=at, whole=whole))
    return WeldFlaw(make.label, tuple(things), length + 0.4 * largest)


def slag(make: Maker) -> WeldFlaw:
    """Slag along a wall of the groove: a ragged line, at times one on each side."""
    thick = make.joint.thickness_mm
    radius = max(LEAST_MM, min(0.2 * thick, make.dice.by_ratio(0.03, 0.09) * thick * make.size))
    length = min(make.joint.longest_mm, make.dice.by_ratio(4.0 * radius, 9.0 + 4.0 * radius))
    z = make.height(1.5 * radius)
    across = max(0.0, make.joint.half_groove_mm(z) - radius)
    sides = (-1.0, 1.0) if make.dice.happens(0.2) else (make.dice.side(),)
    width = 2.0 * radius + (2.0 * across if len(sides) == 2 else 0.0)
    whole = sizes(length, width, depth_mm=2.0 * radius)
    things = []
    for number, side in enumerate(sides):
        count = max(6, min(40, round(length / max(0.7 * radius, 0.15))))
        lobes, wander = make.dice.line(count, 3.0), make.dice.line(count, 6.0)
        points, radii = [], []
        for at in range(count):
            share = 2.0 * at / (count - 1) - 1.0
            end = math.sqrt(max(0.0, 1.0 - 0.85 * share**4))
            radii.append(round(max(0.25, min(1.4, 0.95 + 0.3 * lobes[at])) * end * radius, 4))
            points.append((round((length / 2.0 - radii[-1]) * share, 4), round(0.35 * radius * wander[at], 4), 0.0))
        body = Stroke(tuple(points), tuple(radii))
        at_mm = (0.0, round(side * across, 4), z)
        things.append(make.thing(str(number + 1), body, at_mm=at_mm, material="slag", measurements=whole))
    return WeldFlaw(make.label, tuple(things), length)


def tungsten(make: Maker) -> WeldFlaw:
    """A splinter of the electrode: small, dense, angular or melted round."""
    radius = max(LEAST_MM, min(0.12 * make.joint.thickness_mm, 0.9, make.dice.by_ratio(0.12, 0.5) * make.size))
    z = make.height(radius)
    at = (0.0, make.in_groove(z, radius), z)
    if make.dice.happens(0.5):
        wide = round(radius * make.dice.between(0.5, 0.9), 4)
        shape: Shape = Ellipsoid((radius, wide, round(0.8 * radius, 4)))
        known = sizes(2.0 * radius, 2.0 * wide, depth_mm=1.6 * radius)
    else:
        corners = make.dice.whole(4, 6)
        outline = []
        for corner in range(corners):
            angle = 2.0 * math.pi * (corner + make.dice.between(-0.25, 0.25)) / corners
            away = radius * make.dice.between(0.65, 1.0)
            outline.append((round(away * math.cos(angle), 4), round(away * math.sin(angle), 4)))
        shape = Prism(tuple(outline), round(1.3 * radius, 4))
        xs, ys = zip(*outline, strict=True)
        known = sizes(max(xs) - min(xs), max(ys) - min(ys), depth_mm=1.3 * radius)
    thing = make.thing("", shape, at_mm=at, material="tungsten", measurements=known)
    return WeldFlaw(make.label, (thing,), 2.2 * radius)


def _jagged(make: Maker, length_mm: float, rough_mm: float, opening_mm: float) -> tuple[tuple[float, float], ...]:
    """Return a jagged line along x, of that length, round the origin; its teeth are wider than it stands open."""
    count = max(4, min(60, round(length_mm / max(0.4, 2.5 * opening_mm))))
    coarse, fine = make.dice.line(count, 8.0), make.dice.line(count, 1.6)
    step = length_mm / (count - 1)
    jag = 0.22 * step
    heights = [min(rough_mm, 0.6 * step) * a + jag * max(-1.3, min(1.3, b)) for a, b in zip(coarse, fine, strict=True)]
    return tuple((round(n * step - length_mm / 2.0, 4), round(heights[n], 4)) for n in range(count))


def _tapered(opening_mm: float, count: int) -> tuple[float, ...]:
    """Return how wide a crack stands open at its points: an ellipse that nearly closes at both ends."""
    shares = [2.0 * number / (count - 1) - 1.0 for number in range(count)]
    return tuple(round(opening_mm * max(0.1, math.sqrt(1.0 - share**2)), 4) for share in shares)


def crack(make: Maker) -> WeldFlaw:
    """A crack through part of the wall: along the weld, across it, or a star in a crater."""
    thick = make.joint.thickness_mm
    kind = make.dice.one_of(("along", "along", "along", "across", "star"))
    longest = 0.6 * make.joint.cap_width_mm if kind != "along" else min(16.0, make.joint.longest_mm)
    length = min(longest, make.dice.by_ratio(2.5, 16.0))
    depth = min(0.7 * thick, make.dice.between(0.15, 0.5) * thick * math.sqrt(make.size))
    opening = max(0.02, make.dice.by_ratio(0.05, 0.22) * make.size)
    tilt = make.dice.between(-8.0, 8.0)
    z = make.height(depth / 2.0)
    y = make.in_groove(z, 0.35 * make.joint.cap_width_mm) if kind == "along" else 0.0
    whole = sizes(length, opening, depth_mm=depth, opening_mm=opening)
    turns = {"along": (0.0,), "across": (90.0,), "star": (10.0, 70.0, 130.0)}[kind]
    things = []
    for number, turn in enumerate(turns):
        part = length * (make.dice.between(0.6, 0.9) if number else 1.0)
        line = _jagged(make, part, 0.12 if kind != "along" else 0.2, opening)
        bend = make.dice.between(-6.0, 6.0)
        sheet = Sheet(line, _tapered(opening, len(line)), round(depth, 4), is_tapered=False)
        way = (tilt, 0.0, turn + bend)
        things.append(make.thing(str(number + 1), sheet, at_mm=(0.0, y, z), turn_deg=way, measurements=whole))
    return WeldFlaw(make.label, tuple(things), length if kind != "across" else 1.5)


def lack_of_fusion(make: Maker) -> WeldFlaw:
    """A smooth gap on the groove's wall, straight along it; the more the beam looks along the wall, the clearer."""
    thick, side = make.joint.thickness_mm, make.dice.side()
    depth = min(0.5 * thick, make.dice.between(0.12, 0.35) * thick * make.size)
    opening = max(0.03, make.dice.by_ratio(0.04, 0.14) * make.size)
    length = min(make.joint.longest_mm, make.dice.by_ratio(4.0, 20.0))
    # A wall met askew is nearly invisible; most that is found lies close to the beam.
    tilt = make.dice.between(0.0, 12.0) if make.dice.happens(0.7) else make.joint.bevel_deg
    z = make.height(depth / 2.0)
    y = round(side * make.joint.half_groove_mm(z), 4)
    wander = make.dice.line(12, 6.0)
    line = tuple((round((n / 11.0 - 0.5) * length, 4), round(0.04 * wander[n], 4)) for n in range(12))
    ends = [min(1.0, 0.3 + 0.35 * min(n, 11 - n)) for n in range(12)]
    uneven = make.dice.line(12, 2.0)
    opened = tuple(
        round(opening * end * max(0.4, min(1.3, 1.0 + 0.3 * u)), 4) for end, u in zip(ends, uneven, strict=True)
    )
    whole = sizes(length, opening, depth_mm=depth, opening_mm=opening, tilt_deg=tilt)
    sheet = Sheet(line, opened, round(depth, 4), is_tapered=False)
    turn = (round(side * tilt, 4), 0.0, 0.0)
    return WeldFlaw(make.label, (make.thing("", sheet, at_mm=(0.0, y, z), turn_deg=turn, measurements=whole),), length)


def lack_of_penetration(make: Maker) -> WeldFlaw:
    """The root faces left unmelted: a straight dark band in the middle of the weld, without root run."""
    thick = make.joint.thickness_mm
    depth = min(0.35 * thick, max(0.3, make.dice.between(0.08, 0.22) * thick * make.size))
    gap = min(0.8 * make.joint.root_width_mm, max(0.15, make.dice.by_ratio(0.4, 1.8) * math.sqrt(make.size)))
    length = min(make.joint.longest_mm, make.dice.by_ratio(6.0, 24.0))
    opened = tuple(round(gap * (1.0 + 0.06 * value), 4) for value in make.dice.line(14, 4.0))
    line = tuple((round((n / 13.0 - 0.5) * length, 4), 0.0) for n in range(14))
    whole = sizes(length, gap, depth_mm=depth)
    at = (0.0, make.dice.between(-0.1, 0.1) * make.joint.root_width_mm, round(-thick / 2.0 + depth / 2.0, 4))
    sheet = Sheet(line, opened, round(depth, 4), is_tapered=False)
    return WeldFlaw(make.label, (make.thing("", sheet, at_mm=at, measurements=whole),), length, no_root=True)


def undercut(make: Maker) -> WeldFlaw:
    """A groove melted into the plate along the toe of the cap."""
    thick, side = make.joint.thickness_mm, make.dice.side()
    depth = max(0.08, min(0.2 * thick, make.dice.by_ratio(0.25, 1.1) * make.size))
    width = min(0.25 * make.joint.cap_width_mm, make.dice.between(0.8, 2.2))
    length = min(make.joint.longest_mm, make.dice.by_ratio(5.0, 24.0))
    shape = Relief("groove", (length, width), 0.05, make.dice.whole(1, 9999), {"depth_mm": depth})
    y = round(side * make.joint.cap_width_mm / 2.0, 4)
    whole = sizes(length, width, depth_mm=depth)
    at = (0.0, y, round(thick / 2.0, 4))
    return WeldFlaw(make.label, (make.thing("", shape, at_mm=at, measurements=whole),), length)


FLAWS: dict[str, Callable[[Maker], WeldFlaw]] = {
    "porosity": porosity, "cluster-porosity": cluster_porosity, "linear-porosity": linear_porosity, "slag": slag,
    "tungsten": tungsten, "crack": crack, "lack-of-fusion": lack_of_fusion,
    "lack-of-penetration": lack_of_penetration, "undercut": undercut,
}  # fmt: skip
"""Every kind of weld flaw, by its word."""

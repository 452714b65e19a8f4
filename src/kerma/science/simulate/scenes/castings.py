"""Castings of aluminium and steel: a plate with rim, ribs, bosses and bores, a cast skin, and the founder's flaws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.simulate.document import Box, Cylinder, Prism, Relief, Scene, Thing
from kerma.science.simulate.scenes.asked import Part
from kerma.science.simulate.scenes.casting_flaws import CAST_FLAWS, CORE_SHIFT, CastFlaw, Founder, Spot
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.exposing import Wanted, check_size, exposing
from kerma.science.simulate.scenes.flaw_list import chosen, scattered, size_of
from kerma.science.simulate.scenes.lead import letters
from kerma.science.simulate.scenes.placing import moved, turned

MATERIALS = {"casting-aluminium": "aluminium cast 356", "casting-steel": "steel"}
WALLS_MM = {"casting-aluminium": (5.0, 22.0), "casting-steel": (8.0, 38.0)}
SYMBOL = {"casting-aluminium": "aluminium", "casting-steel": "steel"}
THINNEST_MM, THICKEST_MM = 2.0, 60.0


@dataclass(frozen=True)
class Boss:
    """A round boss with its bore, as places and radii in mm."""

    x: float
    y: float
    radius_mm: float
    bore_mm: float
    height_mm: float


@dataclass(frozen=True)
class Cast:
    """A casting before its flaws."""

    name: str
    wall_mm: float
    field_mm: float
    bosses: tuple[Boss, ...]

    @property
    def material(self) -> str:
        """The metal."""
        return MATERIALS[self.name]


def aluminium(seed: int, **options: Any) -> Scene:
    """Return an aluminium casting; as :func:`casting`."""
    return casting("casting-aluminium", seed, Part(**options))


def steel(seed: int, **options: Any) -> Scene:
    """Return a steel casting; as :func:`casting`."""
    return casting("casting-steel", seed, Part(**options))


def casting(name: str, seed: int, asked: Part) -> Scene:
    """Return the document of one casting.

    Raises
    ------
    WrongUsage
        A wall outside 2 to 60 mm, an unknown flaw, a picture too small or too large.
    """
    check_size(asked.size_px)
    cast = _drawn(name, Dice(seed, "casting"), asked.thickness_mm)
    words = chosen(Dice(seed, "which"), asked.flaws, (*CAST_FLAWS, CORE_SHIFT), 6)
    body = [*_body(Dice(seed, "body"), cast), *_bosses(Dice(seed, "bosses"), cast, CORE_SHIFT in words)]
    made = _flaws(Dice(seed, "flaws"), cast, [word for word in words if word != CORE_SHIFT], asked.difficulty)
    field = cast.field_mm
    number, corner = f"{Dice(seed, 'mark').whole(100, 9999)}", (-0.45 * field, 0.46 * field, cast.wall_mm)
    mark = letters("mark", number, at_mm=corner, height_mm=round(0.05 * field, 3))
    below = round(cast.wall_mm / 2.0 + max((boss.height_mm for boss in cast.bosses), default=0.0), 3)
    wanted = Wanted(
        cast.material, cast.wall_mm, field, asked.size_px, asked.source, asked.look, below, shows_open_beam=True
    )
    exposure = exposing(Dice(seed, "exposure"), wanted)
    things = turned([*body, *made], (0.0, 0.0, Dice(seed, "turn").between(-180.0, 180.0)))
    return Scene(
        name, (*things, *mark), seed=seed, description=f"{SYMBOL[name].capitalize()} casting, simulated",
        technique=exposure.words | {"part": "casting"}, **exposure.as_fields(),
    )  # fmt: skip


def _drawn(name: str, dice: Dice, thickness_mm: float | None) -> Cast:
    if thickness_mm is not None and not THINNEST_MM <= thickness_mm <= THICKEST_MM:
        raise WrongUsage(f"a wall of {thickness_mm:g} mm: give {THINNEST_MM:g} to {THICKEST_MM:g} mm")
    drawn = round(dice.by_ratio(*WALLS_MM[name]), 1)
    wall = thickness_mm or drawn
    field = round(max(60.0, wall * dice.between(6.0, 9.0)), 2)
    bosses: list[Boss] = []
    for _ in range(dice.whole(1, 4)):
        radius = dice.between(0.06, 0.13) * field
        angle, away = dice.between(0.0, 2.0 * math.pi), dice.between(0.0, 0.27) * field
        x, y = away * math.cos(angle), away * math.sin(angle)
        if all(math.hypot(x - other.x, y - other.y) > 1.3 * (radius + other.radius_mm) for other in bosses):
            bosses.append(Boss(round(x, 4), round(y, 4), round(radius, 4), round(radius * dice.between(0.35, 0.6), 4),
                               round(dice.between(0.3, 1.0) * wall, 4)))  # fmt: skip
    return Cast(name, wall, field, tuple(bosses))


def _body(dice: Dice, cast: Cast) -> list[Thing]:
    """Return the plate, round or square, with its skin, rim and ribs; walls of ribs have their draft."""
    field, wall = cast.field_mm, cast.wall_mm
    fills = dice.happens(0.35)
    half = field * (0.9 if fills else dice.between(0.4, 0.46))
    is_round = dice.happens(0.5) and not fills
    shape = (
        Cylinder(half, wall)
        if is_round
        else Box((2.0 * half, 2.0 * half * (1.0 if fills else dice.between(0.7, 1.0)), wall))
    )
    things = [Thing("wall", shape, cast.material)]
    skin = Relief(
        "orange-peel", (1.38 * half,) * 2, round(field / 250.0, 3), 1,
        {"rms_mm": dice.by_ratio(0.01, 0.05), "feature_mm": dice.between(2.0, 5.0)},
    )  # fmt: skip
    if fills or not is_round:
        things.append(Thing("skin", skin, cast.material, (0.0, 0.0, wall / 2.0)))
    if is_round and dice.happens(0.7):
        rim = Thing("rim", Cylinder(half, round(0.6 * wall, 4)), cast.material, (0.0, 0.0, round(0.8 * wall, 4)))
        inner = Cylinder(
            round(half - dice.between(0.04, 0.08) * field, 4), round(0.62 * wall, 4), round(half - 0.02 * field, 4)
        )
        things += [rim, Thing("rim-inside", inner, None, rim.at_mm, inside="rim")]
    for number in range(dice.whole(0, 4)):
        high, wide = dice.between(0.3, 1.0) * wall, dice.between(0.02, 0.05) * field
        foot = 0.5 * wide + high * math.tan(math.radians(dice.between(2.0, 6.0)))
        outline = ((-foot, 0.0), (foot, 0.0), (0.5 * wide, high), (-0.5 * wide, high))
        rib = Prism(
            tuple((round(a, 4), round(b, 4)) for a, b in outline),
            round(2.0 * half if fills else 1.8 * math.sqrt(half**2 - (0.3 * field) ** 2), 3),
        )
        way, off = dice.one_of((0.0, 60.0, 90.0, 120.0)), dice.between(-0.3, 0.3) * field
        if not _is_clear(cast, way, off, foot):
            continue
        # The outline's second axis is made the height: a quarter turn about x, then the way in the plane.
        laid = moved(
            [Thing(f"rib-{number + 1}", rib, cast.material, turn_deg=(90.0, 0.0, 0.0))],
            (round(off, 3), 0.0, wall / 2.0),
        )
        things += turned(laid, (0.0, 0.0, way))
    return things


def _is_clear(cast: Cast, way_deg: float, off_mm: float, half_mm: float) -> bool:
    """Tell whether a rib passes every boss by: no rib bridges a bore."""
    sine, cosine = math.sin(math.radians(way_deg)), math.cos(math.radians(way_deg))
    return all(abs(boss.x * cosine + boss.y * sine - off_mm) > boss.bore_mm + half_mm for boss in cast.bosses)


def _bosses(dice: Dice, cast: Cast, is_shifted: bool) -> list[Thing]:
    """Return bosses with draft and their bores; a shifted core stands beside the middle of the first."""
    things: list[Thing] = []
    for number, boss in enumerate(cast.bosses, start=1):
        z = round(cast.wall_mm / 2.0 + boss.height_mm / 2.0, 4)
        body = Cylinder(boss.radius_mm, boss.height_mm, round(0.93 * boss.radius_mm, 4))
        name = f"boss-{number}"
        things.append(Thing(name, body, cast.material, (boss.x, boss.y, z)))
        if is_shifted or dice.happens(0.75):
            shift = dice.between(0.1, 0.3) * (boss.radius_mm - boss.bore_mm) if is_shifted and number == 1 else 0.0
            angle = dice.between(0.0, 2.0 * math.pi)
            x, y = round(boss.x + shift * math.cos(angle), 4), round(boss.y + shift * math.sin(angle), 4)
            bore = Cylinder(boss.bore_mm, boss.height_mm)
            known = {"shift_mm": round(shift, 4), "diameter_mm": 2.0 * boss.bore_mm} if shift else {}
            words = {"label": CORE_SHIFT, "group": "core-shift-1", "measurements": known} if shift else {}
            things.append(Thing(f"bore-{number}", bore, None, (x, y, z), inside=name, **words))  # type: ignore[arg-type]
            through = Cylinder(boss.bore_mm, cast.wall_mm)
            things.append(Thing(f"through-{number}", through, None, (x, y, 0.0), inside="wall", **words))  # type: ignore[arg-type]
    return things


def _flaws(dice: Dice, cast: Cast, words: list[str], difficulty: str) -> list[Thing]:
    """Return the flaws at places of the wall that no bore has taken."""
    spot = Spot("wall", cast.wall_mm, cast.material)
    made: list[CastFlaw] = [
        CAST_FLAWS[word](Founder(dice, spot, f"{word}-{number + 1}", size_of(dice, difficulty)))
        for number, word in enumerate(words)
    ]
    limit = 0.31 * cast.field_mm

    def is_free(x: float, y: float, radius: float) -> bool:
        clear = all(math.hypot(x - boss.x, y - boss.y) > radius + boss.bore_mm + 0.5 for boss in cast.bosses)
        return clear and max(abs(x), abs(y)) + radius < 1.12 * limit and math.hypot(x, y) + radius < 1.2 * limit

    places = scattered(dice, [flaw.radius_mm for flaw in made], is_free, (limit, limit))
    return [
        thing for place, flaw in zip(places, made, strict=True) if place is not None
        for thing in moved(flaw.things, (place[0], place[1], 0.0))
    ]  # fmt: skip

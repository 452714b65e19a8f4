"""Corroded walls: a plate with a step wedge beside it, a pipe through both walls, a pipe at its tangent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.simulate.document import Box, Relief, Scene, Thing, Tube
from kerma.science.simulate.scenes.asked import Part
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.exposing import Wanted, check_size, exposing
from kerma.science.simulate.scenes.flaw_list import chosen, scattered, size_of
from kerma.science.simulate.scenes.lead import letters
from kerma.science.simulate.scenes.placing import moved, on_pipe, turned
from kerma.science.simulate.scenes.weld_flaws import sizes

TECHNIQUES = ("plate", "pipe", "tangential")
KINDS = ("pit", "wall-loss")
LABELS = {"pit": "corrosion-pit", "wall-loss": "wall-loss"}
STEPS = 7
SLICES = 31


@dataclass(frozen=True)
class Wall:
    """A wall that corrodes: flat, or of a pipe of ``radius_mm``."""

    technique: str
    thickness_mm: float
    radius_mm: float
    field_mm: float


def build(seed: int, **options: Any) -> Scene:
    """Return the document of one corroded wall; ``depth_mm`` and ``remaining_mm`` of every finding are exact.

    Raises
    ------
    WrongUsage
        A wall that leaves no bore, an unknown flaw, a picture too small or too large.
    """
    asked = Part(**options)
    check_size(asked.size_px)
    wall = _drawn(Dice(seed, "wall"), asked.technique, asked.thickness_mm, asked.diameter_mm)
    words = chosen(Dice(seed, "which"), asked.flaws, KINDS, 7)
    things = _PARTS[wall.technique](Dice(seed, "part"), wall, words, asked.difficulty)
    thick = wall.thickness_mm
    seen = {"plate": thick, "pipe": 2.0 * thick, "tangential": 1.3 * math.sqrt(2.0 * wall.radius_mm * thick)}
    below = thick if wall.technique == "plate" else wall.radius_mm + 2.0
    wanted = Wanted(
        "steel", round(seen[wall.technique], 3), wall.field_mm, asked.size_px, asked.source, "digital", round(below, 3),
        {"plate": STEP_LEAST * thick, "tangential": 2.0 * thick}.get(wall.technique), wall.technique != "plate",
    )  # fmt: skip
    exposure = exposing(Dice(seed, "exposure"), wanted)
    known: dict[str, float | str] = {"part": "wall", "exposure": wall.technique, "thickness_mm": thick}
    if wall.technique != "plate":
        known["diameter_mm"] = 2.0 * wall.radius_mm
    return Scene(
        "corrosion", turned(things, (0.0, 0.0, Dice(seed, "tilt").between(-2.0, 2.0))), seed=seed,
        description="Corroded steel wall, simulated", technique=exposure.words | known, **exposure.as_fields(),
    )  # fmt: skip


STEP_LEAST = 0.3
"""The thinnest step of the wedge is this share of the wall; there are seven up to about 1.2."""


def _drawn(dice: Dice, technique: str, thickness_mm: float | None, diameter_mm: float | None) -> Wall:
    way = dice.one_of(TECHNIQUES) if technique == "random" else technique
    drawn, radius = round(dice.by_ratio(4.0, 14.0), 1), dice.by_ratio(24.0, 80.0)
    radius = diameter_mm / 2.0 if diameter_mm else radius
    thick = thickness_mm or (drawn if way == "plate" else round(min(drawn, 0.22 * radius), 1))
    if thick < 1.0 or (way != "plate" and thick > 0.6 * radius):
        raise WrongUsage(f"a wall of {thick:g} mm in a pipe of {2 * radius:g} mm: give 1 mm to 0.3 of the diameter")
    field = {"plate": dice.between(60.0, 100.0), "pipe": 2.4 * radius, "tangential": max(9.0 * thick, 40.0)}
    return Wall(way, thick, round(radius, 4), round(field[way], 2))


def _loss(dice: Dice, wall: Wall, name: str, kind: str, size: float) -> tuple[Thing, float]:
    """Return a ragged dish in the wall's upper face, and its radius: a narrow deep pit or a wide loss."""
    thick = wall.thickness_mm
    narrow = kind == "pit"
    radius = dice.by_ratio(0.7, 3.2) if narrow else dice.by_ratio(0.08, 0.16) * min(wall.field_mm, 3.0 * wall.radius_mm)
    share = dice.between(0.15, 0.6) if narrow else dice.between(0.08, 0.35)
    depth = round(min(0.9, share * min(1.5, size)) * thick, 4)
    side = round(2.0 * radius, 4)
    parameters = {"depth_mm": depth, "raggedness": dice.between(0.15, 0.5)}
    shape = Relief("corroded", (side, side), round(max(0.04, radius / 40.0), 4), dice.whole(1, 9999), parameters)
    known = sizes(side, side, diameter_mm=side, depth_mm=depth, remaining_mm=thick - depth)
    host = "plate" if wall.technique == "plate" else "pipe"
    at = (0.0, 0.0, round(thick / 2.0, 4))
    return Thing(name, shape, None, at, inside=host, label=LABELS[kind], measurements=known), radius


def _dishes(dice: Dice, wall: Wall, words: list[str], how: tuple[str, tuple[float, float]]) -> list[Thing]:
    """Return dishes that do not touch, within half sizes (x, y)."""
    difficulty, half = how
    made = [
        _loss(dice, wall, f"{word}-{number + 1}", word, size_of(dice, difficulty)) for number, word in enumerate(words)
    ]
    places = scattered(
        dice, [radius for _, radius in made], lambda x, y, r: abs(x) + r < half[0] and abs(y) + r < half[1], half
    )
    return [
        moved([thing], (at[0], at[1], 0.0))[0] for at, (thing, _) in zip(places, made, strict=True) if at is not None
    ]


def _plate(dice: Dice, wall: Wall, words: list[str], difficulty: str) -> tuple[Thing, ...]:
    """Return a rusty plate with its dishes, and a step wedge on the film beside it."""
    field, thick = wall.field_mm, wall.thickness_mm
    edge = -0.3 * field
    plate = Thing("plate", Box((1.6 * field, 1.3 * field, thick)), "steel", (0.0, round(edge + 0.65 * field, 4), 0.0))
    rust = Relief(
        "rough", (1.5 * field, round(1.1 * field, 3)), round(field / 300.0, 3), 1,
        {"rms_mm": dice.by_ratio(0.01, 0.05), "feature_mm": dice.between(1.2, 4.0)},
    )  # fmt: skip
    things = [plate, Thing("rust", rust, "steel", (0.0, round(edge + 0.56 * field, 4), thick / 2.0))]
    step = 0.86 * field / STEPS
    for number in range(STEPS):
        high = round(thick * (STEP_LEAST + 0.15 * number), 3)
        x = round((number - (STEPS - 1) / 2.0) * step, 4)
        z = round(-thick / 2.0 + high / 2.0, 4)
        things.append(
            Thing(
                f"step-{number + 1}",
                Box((round(step, 4), round(0.13 * field, 4), high)),
                "steel",
                (x, round(-0.385 * field, 4), z),
            )
        )
    masked = Box((1.6 * field, round(0.4 * field, 4), 3.0))
    things.append(Thing("mask", masked, "lead", (0.0, round(-0.65 * field, 4), round(-thick / 2.0 + 1.5, 4))))
    text = letters(
        "mark",
        f"{dice.whole(10, 999)}",
        at_mm=(-0.44 * field, 0.46 * field, round(thick / 2.0 + 0.6, 4)),
        height_mm=round(0.05 * field, 3),
    )
    half = (0.45 * field, 0.32 * field)
    dishes = _dishes(dice, wall, words, (difficulty, half))
    return (*things, *moved(dishes, (0.0, round(0.08 * field, 4), 0.0)), *text)


def _pipe(dice: Dice, wall: Wall, words: list[str], difficulty: str) -> tuple[Thing, ...]:
    """Return a pipe with dishes on both walls, from outside."""
    pipe = Thing(
        "pipe",
        Tube(wall.radius_mm, wall.thickness_mm, round(2.0 * wall.field_mm, 2)),
        "steel",
        turn_deg=(90.0, 0.0, 0.0),
    )
    middle = wall.radius_mm - wall.thickness_mm / 2.0
    dishes = _dishes(dice, wall, words, (difficulty, (0.7 * middle, 0.44 * wall.field_mm)))
    # A bent wall keeps a flat dish's depth only where the dish is small: its sagitta is added below.
    far = [moved([thing], (math.pi * middle if dice.happens(0.5) else 0.0, 0.0, 0.0))[0] for thing in dishes]
    text = letters(
        "mark",
        f"{dice.whole(10, 999)}",
        at_mm=(-0.15 * wall.field_mm, 0.4 * wall.field_mm, wall.radius_mm + 0.6),
        height_mm=round(0.05 * wall.field_mm, 3),
    )
    return (pipe, *on_pipe(far, middle), *text)


def _tangential(dice: Dice, wall: Wall, words: list[str], difficulty: str) -> tuple[Thing, ...]:
    """Return a pipe at its edge: rings of the wall are missing outside or inside, each by an exact depth."""
    radius, thick = wall.radius_mm, wall.thickness_mm
    long = round(1.6 * wall.field_mm, 3)
    things = [Thing("pipe", Tube(radius, thick, long), "steel", turn_deg=(90.0, 0.0, 0.0))]
    room = 0.86 * wall.field_mm
    at = -room / 2.0
    for number, word in enumerate(words):
        size = size_of(dice, difficulty)
        wide = dice.by_ratio(1.5, 5.0) if word == "pit" else dice.by_ratio(6.0, 16.0)
        at += dice.between(1.0, 5.0)
        if at + wide > room / 2.0:
            break
        depth = round(min(0.85, (dice.between(0.15, 0.6)) * min(1.4, size)) * thick, 4)
        things += _rings(dice, wall, (f"{word}-{number + 1}", word), (at + wide / 2.0, wide, depth))
        at += wide
    if dice.happens(0.4):
        outer = round(radius + dice.between(0.4, 0.8) * radius, 3)
        jacket = Tube(outer, 0.6, long)
        things.append(
            Thing(
                "insulation",
                Tube(round(outer - 0.6, 3), round(outer - 0.6 - radius, 3), long),
                "mineral wool",
                turn_deg=(90.0, 0.0, 0.0),
            )
        )
        things.append(Thing("jacket", jacket, "aluminium", turn_deg=(90.0, 0.0, 0.0)))
    edge = radius - dice.between(0.1, 0.25) * wall.field_mm
    return moved(things, (-round(edge, 3), 0.0, 0.0))


def _rings(dice: Dice, wall: Wall, called: tuple[str, str], extent: tuple[float, float, float]) -> list[Thing]:
    """Return thin rings that together take a rounded groove out of the wall, all of one finding."""
    (name, kind), (y, wide, depth) = called, extent
    is_outside = dice.happens(0.6)
    known = {"length_mm": round(wide, 4), "depth_mm": depth, "remaining_mm": round(wall.thickness_mm - depth, 4)}
    inner = wall.radius_mm - wall.thickness_mm
    things, uneven = [], dice.line(SLICES, 4.0)
    for number in range(SLICES):
        share = 2.0 * (number + 0.5) / SLICES - 1.0
        ragged = 1.0 if number == SLICES // 2 else max(0.4, min(1.0, 0.9 + 0.12 * uneven[number]))
        here = round(max(0.01, depth * math.sqrt(1.0 - share**2) * ragged), 4)
        shape = Tube(wall.radius_mm if is_outside else round(inner + here, 4), here, round(wide / SLICES, 5))
        at = (0.0, round(y + share * wide / 2.0, 4), 0.0)
        things.append(
            Thing(f"{name}.{number + 1}", shape, None, at, (90.0, 0.0, 0.0), "pipe", None, LABELS[kind], name, known)
        )
    return things


_PARTS = {"plate": _plate, "pipe": _pipe, "tangential": _tangential}

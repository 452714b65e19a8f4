"""A butt weld in plate: bead and root with ripple, marks of the shop, lead, gauges, and up to nine kinds of flaw."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.physics.indicators import wire as wire_asked
from kerma.science.simulate.document import Box, Ellipsoid, Relief, Scene, Thing
from kerma.science.simulate.scenes import gauges, lead
from kerma.science.simulate.scenes.asked import Part
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.exposing import Wanted, check_size, exposing
from kerma.science.simulate.scenes.flaw_list import chosen, places_along, size_of
from kerma.science.simulate.scenes.placing import moved, turned
from kerma.science.simulate.scenes.weld_flaws import FLAWS, Joint, Maker, WeldFlaw

THINNEST_MM, THICKEST_MM = 2.0, 60.0
MARGIN_MM = 1.5


@dataclass(frozen=True)
class Weld:
    """One weld before it is drawn: joint, heights of cap and root, and how much of it the picture shows."""

    joint: Joint
    material: str
    cap_mm: float
    root_mm: float
    field_mm: float


def build(seed: int, **options: Any) -> Scene:
    """Return the document of one weld; its field of view is the same at every ``size_px``.

    Raises
    ------
    WrongUsage
        A thickness outside 2 to 60 mm, an unknown flaw, a picture too small or too large.
    """
    asked = Part(**options)
    check_size(asked.size_px)
    weld = drawn(Dice(seed, "weld"), asked.thickness_mm, asked.material)
    made = flaws_of(Dice(seed, "flaws"), weld, asked.flaws, asked.difficulty)
    plate, step = plate_of(Dice(seed, "plate"), weld, seed)
    bead = bead_of(Dice(seed, "bead"), weld, [(at, flaw) for at, flaw in made if flaw.no_root])
    wanted = Wanted(
        weld.material, weld.joint.thickness_mm, weld.field_mm, asked.size_px, asked.source, asked.look,
        below_mm=weld.joint.thickness_mm / 2.0 + weld.root_mm,
    )  # fmt: skip
    things = [*plate, *bead, *(thing for at, flaw in made for thing in moved(flaw.things, (at, 0.0, 0.0)))]
    things += marks_of(Dice(seed, "marks"), weld, seed)
    tilt = 90.0 if Dice(seed, "way").happens(0.12) else Dice(seed, "tilt").between(-2.5, 2.5)
    exposure = exposing(Dice(seed, "exposure"), wanted)
    words = exposure.words | {
        "part": "weld", "weld_length_mm": weld.field_mm, "weld_width_mm": weld.joint.cap_width_mm,
        "misalignment_mm": step,
    }  # fmt: skip
    return Scene(
        "weld-plate", turned(things, (0.0, 0.0, tilt)), seed=seed, description="Butt weld in plate, simulated",
        technique=words, **exposure.as_fields(),
    )  # fmt: skip


def drawn(dice: Dice, thickness_mm: float | None, material: str) -> Weld:
    """Draw a weld: wall, groove, bead."""
    if thickness_mm is not None and not THINNEST_MM <= thickness_mm <= THICKEST_MM:
        raise WrongUsage(f"a weld of {thickness_mm:g} mm: give {THINNEST_MM:g} to {THICKEST_MM:g} mm")
    known = material if material != "random" else "steel" if dice.happens(0.75) else "aluminium"
    drawn_mm = round(dice.by_ratio(4.0, 40.0), 1)
    thick = thickness_mm or drawn_mm
    bevel = dice.between(27.0, 33.0) if thick <= 14.0 else dice.between(8.0, 14.0)
    joint = Joint(thick, 1.0, dice.between(2.5, 4.5), bevel)
    wide = min(34.0, 2.0 * joint.half_groove_mm(thick / 2.0) + dice.between(2.0, 4.5))
    joint = dataclasses.replace(joint, cap_width_mm=round(wide, 3))
    field = round(max(38.0, wide * dice.between(2.6, 3.8)), 2)
    cap = round(dice.between(0.08, 0.16) * wide, 3)
    return Weld(joint, known, min(3.5, max(0.7, cap)), dice.between(0.3, 1.3), field)


def flaws_of(dice: Dice, weld: Weld, given: str, difficulty: str) -> list[tuple[float, WeldFlaw]]:
    """Return the flaws and where they lie along the weld."""
    made = [
        FLAWS[word](Maker(dice, weld.joint, f"{word}-{number + 1}", word, size_of(dice, difficulty)))
        for number, word in enumerate(chosen(dice, given, FLAWS, 6))
    ]
    places = places_along(dice, [flaw.length_mm for flaw in made], 0.92 * weld.field_mm - 2.0 * MARGIN_MM)
    return [(at, flaw) for at, flaw in zip(places, made, strict=True) if at is not None]


def plate_of(dice: Dice, weld: Weld, seed: int) -> tuple[list[Thing], float]:
    """Return the plate with its skin, and how far its halves stand apart in height."""
    thick, wide = weld.joint.thickness_mm, 1.6 * weld.field_mm
    things = [Thing("plate", Box((wide, wide, thick)), weld.material)]
    rms = dice.by_ratio(0.004, 0.02)
    skin = Relief(
        "rough", (1.5 * weld.field_mm,) * 2, round(weld.field_mm / 300.0, 3), 1,
        {"rms_mm": rms, "feature_mm": dice.between(0.8, 3.0)},
    )  # fmt: skip
    things.append(Thing("skin", skin, weld.material, (0.0, 0.0, thick / 2.0)))
    if dice.happens(0.5):
        things.append(_grinding(dice, weld))
    step = 0.0
    if dice.happens(0.25):
        # The halves differ in thickness where one was dressed; a mere shift in height changes no path.
        step = round(dice.between(0.03, 0.1) * thick, 3)
        over = Box((wide, wide / 2.0, step))
        things.append(Thing("thicker-half", over, weld.material, (0.0, wide / 4.0, round(-(thick + step) / 2.0, 4))))
    for number in range(dice.whole(0, 5) if dice.happens(0.6) else 0):
        radius = dice.by_ratio(0.2, 0.8)
        x, away = dice.between(-0.45, 0.45) * weld.field_mm, dice.between(0.6, 1.3) * weld.joint.cap_width_mm
        drop = Ellipsoid((radius, round(radius * dice.between(0.8, 1.2), 4), round(0.45 * radius, 4)))
        at = (x, round(dice.side() * away, 4), round(thick / 2.0 + 0.3 * radius, 4))
        things.append(Thing(f"spatter-{number + 1}", drop, weld.material, at))
    if dice.happens(0.15):
        strip = Box((wide, dice.between(1.2, 1.8) * weld.joint.cap_width_mm, dice.between(2.0, 4.0)))
        low = round(-thick / 2.0 - strip.size_mm[2] / 2.0, 4)
        things.append(Thing("backing", strip, weld.material, (0.0, dice.between(-1.0, 1.0), low)))
    return things, step


def _grinding(dice: Dice, weld: Weld) -> Thing:
    """Return the score marks of a grinder beside the weld."""
    size = (dice.between(0.35, 0.9) * weld.field_mm, dice.between(0.12, 0.25) * weld.field_mm)
    marks = Relief(
        "rough", size, round(weld.field_mm / 350.0, 3), 2,
        {"rms_mm": dice.between(0.008, 0.025), "feature_mm": dice.between(0.4, 0.9), "stretch": 12.0},
    )  # fmt: skip
    y = dice.side() * (0.5 * weld.joint.cap_width_mm + 0.5 * size[1] + dice.between(0.5, 4.0))
    at = (dice.between(-0.3, 0.3) * weld.field_mm, round(y, 4), weld.joint.thickness_mm / 2.0)
    return Thing("grinding", marks, weld.material, at, (0.0, 0.0, dice.between(-35.0, 35.0)))


def bead_of(dice: Dice, weld: Weld, unmelted: list[tuple[float, WeldFlaw]]) -> list[Thing]:
    """Return cap and root; where the root was not melted there is none."""
    thick, long = weld.joint.thickness_mm, round(1.45 * weld.field_mm, 2)
    step = round(max(0.05, weld.field_mm / 500.0), 3)
    missing = [edge for at, flaw in unmelted for edge in (at - flaw.length_mm / 2.0, at + flaw.length_mm / 2.0)]
    wide = weld.joint.cap_width_mm
    passes = 1 if wide < 14.0 else dice.whole(1, 3)
    pitch = dice.between(0.7, 1.8)
    cap = Relief(
        "weld-cap", (long, wide), step, 3,
        {
            "height_mm": weld.cap_mm, "ripple_mm": round(dice.between(0.04, 0.14) * weld.cap_mm, 4),
            "ripple_pitch_mm": pitch, "wander_mm": round(dice.between(0.015, 0.05) * wide, 4), "passes": passes,
        },
    )  # fmt: skip
    root = Relief(
        "weld-root", (long, round(weld.joint.root_width_mm * 1.25, 4)), step, 4,
        {
            "height_mm": weld.root_mm, "wander_mm": dice.between(0.1, 0.35),
            "missing_mm": tuple(round(x, 4) for x in missing),
        },
    )  # fmt: skip
    return [
        Thing("cap", cap, weld.material, (0.0, 0.0, thick / 2.0)),
        Thing("root", root, weld.material, (0.0, 0.0, -thick / 2.0)),
    ]


def marks_of(dice: Dice, weld: Weld, seed: int) -> list[Thing]:
    """Return the lead letters, the wire indicator across the bead, and at times a duplex gauge beside it."""
    half, top = weld.field_mm / 2.0, weld.joint.thickness_mm / 2.0
    tall = round(max(2.2, 0.055 * weld.field_mm), 3)
    things: list[Thing] = []
    if dice.happens(0.85):
        words = f"{dice.one_of('ABCDEHKLMNPRSTW')}{dice.whole(10, 999)} {dice.whole(1, 9)}-{dice.whole(1, 9)}"
        at = (round(-0.9 * half, 3), round(-0.78 * half, 3), round(top + 0.5, 4))
        things += lead.letters("mark", words, at_mm=at, height_mm=tall)
    for number, x in enumerate((-0.8, 0.0, 0.8)):
        if dice.happens(0.7):
            at = (round(x * half + dice.between(-1.0, 1.0), 3), round(0.86 * half, 3), round(top + 0.6, 4))
            things += lead.letters(f"place-{number + 1}", str(dice.whole(0, 9)), at_mm=at, height_mm=tall)
            tip = (round(at[0] + 0.33 * tall, 3), round(0.86 * half - 2.1 * tall, 3), at[2])
            things.append(lead.arrow(f"arrow-{number + 1}", at_mm=tip, size_mm=0.8 * tall, turn_deg=180.0))
    if dice.happens(0.75):
        things += _wire_gauge(dice, weld, tall)
    if dice.happens(0.15) and weld.field_mm > 45.0:
        scaled = gauges.duplex_gauge(
            "duplex", gap_mm=round(0.02 * weld.field_mm, 3), length_mm=round(0.09 * weld.field_mm, 3)
        )
        y = round(dice.side() * (0.5 * weld.joint.cap_width_mm + 0.13 * weld.field_mm), 3)
        things += gauges.placed(
            scaled, (dice.between(-0.1, 0.1) * half, y, round(top + 2.5, 4)), dice.between(2.0, 4.0)
        )
    return things


def _wire_gauge(dice: Dice, weld: Weld, tall_mm: float) -> tuple[Thing, ...]:
    asked = wire_asked(weld.joint.thickness_mm, testing_class="B")
    first = gauges.wire_set_for(asked.diameter_mm)
    spacing = round(min(5.0, 0.062 * weld.field_mm), 3)
    long = round(weld.joint.cap_width_mm + 2.0 * dice.between(2.5, 5.0), 3)
    gauge = gauges.wire_gauge(
        "wire", first, weld.material, length_mm=long, spacing_mm=spacing, letter_mm=0.75 * tall_mm
    )
    x = round(dice.between(-0.25, 0.25) * weld.field_mm, 3)
    z = round(weld.joint.thickness_mm / 2.0 + weld.cap_mm + 0.1, 4)
    return gauges.placed(gauge, (x, 0.0, z), dice.between(-3.0, 3.0))

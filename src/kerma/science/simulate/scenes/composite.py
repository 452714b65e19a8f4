"""Composite panels, laminate or honeycomb: delamination, porosity, foreign objects, water in the cells."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kerma.science.simulate.document import Box, Cylinder, Point, Prism, Relief, Scene, Shape, Stroke, Thing
from kerma.science.simulate.scenes.asked import Part
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.exposing import Wanted, check_size, exposing
from kerma.science.simulate.scenes.flaw_list import chosen, scattered, size_of
from kerma.science.simulate.scenes.lead import letters
from kerma.science.simulate.scenes.placing import moved, turned
from kerma.science.simulate.scenes.weld_flaws import sizes

LAMINATE = "cfrp"
BUILDS = ("laminate", "sandwich")


@dataclass(frozen=True)
class Panel:
    """A panel: its skins, and the core between them where it is a sandwich."""

    skin_mm: float
    core_mm: float
    cell_mm: float
    field_mm: float

    @property
    def is_sandwich(self) -> bool:
        """Whether there is a core."""
        return self.core_mm > 0

    @property
    def top_mm(self) -> float:
        """Height of the middle of the upper skin."""
        return (self.core_mm + self.skin_mm) / 2.0 if self.is_sandwich else 0.0


@dataclass(frozen=True)
class Spoiler:
    """What a flaw of a panel is drawn with."""

    dice: Dice
    panel: Panel
    name: str
    label: str
    size: float

    def thing(self, part: str, shape: Shape, at_mm: Point, **more: Any) -> Thing:
        """Return one thing of the flaw; ``more`` are its material, host, turn and true sizes."""
        name = f"{self.name}.{part}" if part else self.name
        known = {"material": None, "inside": "skin-top", "label": self.label, "group": self.name, **more}
        return Thing(name, shape, at_mm=at_mm, **known)


Spoilt = tuple[tuple[Thing, ...], float]
"""The things of a flaw round x = y = 0, and its radius."""


def build(seed: int, **options: Any) -> Scene:
    """Return the document of one panel.

    Raises
    ------
    WrongUsage
        An unknown flaw, or water in a panel without cells; a picture too small or too large.
    """
    asked = Part(**options)
    check_size(asked.size_px)
    panel = _drawn(Dice(seed, "panel"), asked.construction)
    known = FLAWS if panel.is_sandwich else {word: make for word, make in FLAWS.items() if word != "honeycomb-water"}
    dice = Dice(seed, "flaws")
    made = [
        known[word](Spoiler(dice, panel, f"{word}-{number + 1}", word, size_of(dice, asked.difficulty)))
        for number, word in enumerate(chosen(Dice(seed, "which"), asked.flaws, known, 5))
    ]
    limit = 0.36 * panel.field_mm
    places = scattered(
        dice, [radius for _, radius in made], lambda x, y, r: max(abs(x), abs(y)) + r < 1.2 * limit, (limit, limit)
    )
    things = _body(Dice(seed, "body"), panel)
    for place, (parts, _) in zip(places, made, strict=True):
        if place is not None:
            at = _cell(panel, place) if parts[0].label == "honeycomb-water" else place
            things += moved(parts, (at[0], at[1], 0.0))
    dense = panel.skin_mm * (2.0 if panel.is_sandwich else 1.0)
    wanted = Wanted(
        LAMINATE,
        round(dense, 3),
        panel.field_mm,
        asked.size_px,
        "xray",
        "digital",
        round(panel.top_mm + panel.skin_mm, 3),
    )
    exposure = exposing(Dice(seed, "exposure"), wanted)
    voltage = Dice(seed, "voltage").whole(26, 55)
    source = dataclasses.replace(exposure.source, tube_voltage_kv=float(voltage), filters_mm={"aluminium": 0.1})
    fields = exposure.as_fields() | {"source": source}
    corner = (-0.45 * panel.field_mm, 0.46 * panel.field_mm, panel.top_mm + 3.0)
    mark = letters("mark", f"{Dice(seed, 'mark').whole(10, 999)}", at_mm=corner,
                   height_mm=round(0.04 * panel.field_mm, 3))  # fmt: skip
    tilt = Dice(seed, "tilt").between(-20.0, 20.0)
    return Scene(
        "composite", (*turned(things, (0.0, 0.0, tilt)), *mark), seed=seed, description="Composite panel, simulated",
        technique=exposure.words | {"part": "composite"}, **fields,
    )  # fmt: skip


def _drawn(dice: Dice, construction: str) -> Panel:
    kind = dice.one_of(BUILDS) if construction == "random" else construction
    field = round(dice.between(50.0, 95.0), 2)
    laminate, skin, core = dice.by_ratio(2.0, 9.0), dice.by_ratio(0.5, 1.5), dice.between(10.0, 25.0)
    return (
        Panel(skin, core, dice.one_of((4.8, 6.4, 9.5)), field)
        if kind == "sandwich"
        else Panel(laminate, 0.0, 0.0, field)
    )


def _body(dice: Dice, panel: Panel) -> list[Thing]:
    """Return skins, weave and core; without a core the one laminate is the upper skin."""
    wide = 1.7 * panel.field_mm
    sheet = Box((wide, wide, panel.skin_mm))
    tow = dice.between(1.4, 3.0)
    cloth = Relief(
        "weave", (1.6 * panel.field_mm,) * 2, round(max(0.1, tow / 10.0), 3), 1,
        {"rms_mm": round(dice.between(0.008, 0.02) * panel.skin_mm + 0.004, 4), "tow_mm": tow},
    )  # fmt: skip
    things = [
        Thing("skin-top", sheet, LAMINATE, (0.0, 0.0, panel.top_mm)),
        Thing("weave", cloth, LAMINATE, (0.0, 0.0, round(panel.top_mm + panel.skin_mm / 2.0, 4))),
    ]
    if panel.is_sandwich:
        comb = Relief(
            "honeycomb", (1.6 * panel.field_mm,) * 2, 0.1, 2,
            {"cell_mm": panel.cell_mm, "wall_mm": dice.between(0.04, 0.08), "height_mm": panel.core_mm},
        )  # fmt: skip
        core = dice.one_of(("aluminium", "aluminium", "aramid"))
        things.append(Thing("skin-bottom", sheet, LAMINATE, (0.0, 0.0, -panel.top_mm)))
        things.append(Thing("core", comb, core, (0.0, 0.0, 0.0)))
    return things


def _cell(panel: Panel, at: tuple[float, float]) -> tuple[float, float]:
    """Return the middle of the cell nearest to a place."""
    wide, tall = math.sqrt(3.0) * panel.cell_mm, panel.cell_mm
    near = [(wide * (round(at[0] / wide - off) + off), tall * (round(at[1] / tall - off) + off)) for off in (0.0, 0.5)]
    x, y = min(near, key=lambda one: math.dist(one, at))
    return round(x, 4), round(y, 4)


def delamination(make: Spoiler) -> Spoilt:
    """A thin gap between plies where resin is missing: from above nearly invisible, as in real panels."""
    radius = min(0.12 * make.panel.field_mm, make.dice.by_ratio(2.5, 9.0))
    gap = min(0.3 * make.panel.skin_mm, max(0.01, make.dice.by_ratio(0.02, 0.15) * make.size))
    count = 14
    outline = []
    for number in range(count):
        angle, away = 2.0 * math.pi * number / count, radius * make.dice.between(0.8, 1.0)
        outline.append((round(away * math.cos(angle), 4), round(away * math.sin(angle), 4)))
    z = round(make.panel.top_mm + make.dice.between(-0.3, 0.3) * make.panel.skin_mm, 4)
    known = sizes(2.0 * radius, 1.8 * radius, depth_mm=gap)
    return (make.thing("", Prism(tuple(outline), round(gap, 4)), (0.0, 0.0, z), measurements=known),), radius


def porosity(make: Spoiler) -> Spoilt:
    """Fine pores spread through the plies of a place."""
    long, wide = (min(0.25 * make.panel.field_mm, make.dice.by_ratio(5.0, 18.0)) for _ in range(2))
    depth = min(0.4 * make.panel.skin_mm, make.dice.between(0.04, 0.14) * make.panel.skin_mm * make.size + 0.02)
    shape = Relief(
        "sponge", (round(long, 3), round(wide, 3)), 0.08, make.dice.whole(1, 9999),
        {"depth_mm": round(depth, 4), "feature_mm": make.dice.between(0.35, 0.7), "fill": make.dice.between(0.25, 0.5)},
    )  # fmt: skip
    known = sizes(long, wide, depth_mm=depth)
    return (make.thing("", shape, (0.0, 0.0, make.panel.top_mm), measurements=known),), max(long, wide) / 2.0


def foreign_object(make: Spoiler) -> Spoilt:
    """What was left between the plies: film, a strip of backing, a shim, a wire, a washer."""
    z = round(make.panel.top_mm, 4)
    kind = make.dice.one_of(("film", "shim", "wire", "washer"))
    turn = (0.0, 0.0, make.dice.between(0.0, 180.0))
    if kind == "wire":
        radius = round(min(0.3 * make.panel.skin_mm, make.dice.by_ratio(0.04, 0.15)), 4)
        long = make.dice.between(4.0, 12.0)
        bend = make.dice.line(8, 3.0)
        path = tuple((round((n / 7.0 - 0.5) * long, 4), round(0.3 * bend[n], 4), 0.0) for n in range(8))
        known = sizes(long, 2.0 * radius, depth_mm=2.0 * radius)
        return (
            make.thing("", Stroke(path, radius), (0.0, 0.0, z), measurements=known, material="steel", turn_deg=turn),
        ), long / 2.0 + 0.5
    if kind == "washer":
        radius, thick = (
            make.dice.between(1.0, 2.5),
            round(min(0.5 * make.panel.skin_mm, make.dice.between(0.2, 0.6)), 4),
        )
        disc = make.thing(
            "1",
            Cylinder(radius, thick),
            (0.0, 0.0, z),
            measurements=sizes(2.0 * radius, 2.0 * radius, depth_mm=thick),
            material="aluminium",
        )
        hole = Thing(
            f"{make.name}.hole", Cylinder(round(0.45 * radius, 4), thick), None, (0.0, 0.0, z), inside=disc.name
        )
        return (disc, hole), radius
    material, least, most = ("ptfe", 0.05, 0.25) if kind == "film" else ("brass", 0.03, 0.1)
    long, wide = make.dice.between(4.0, 12.0), make.dice.between(3.0, 8.0)
    thick = round(min(0.5 * make.panel.skin_mm, make.dice.by_ratio(least, most) * min(1.5, make.size)), 4)
    sheet = Box((long, wide, max(0.01, thick)))
    known = sizes(long, wide, depth_mm=thick)
    return (make.thing("", sheet, (0.0, 0.0, z), measurements=known, material=material, turn_deg=turn),), math.hypot(
        long, wide
    ) / 2.0


def honeycomb_water(make: Spoiler) -> Spoilt:
    """Water that has run into cells, each filled as high as it got."""
    cell = make.panel.cell_mm
    edge = 0.97 * cell / math.sqrt(3.0)
    outline = tuple(
        (round(edge * math.cos(k * math.pi / 3.0), 4), round(edge * math.sin(k * math.pi / 3.0), 4)) for k in range(6)
    )
    steps = (
        (0.0, 0.0),
        (0.0, 1.0),
        (0.0, -1.0),
        (math.sqrt(0.75), 0.5),
        (math.sqrt(0.75), -0.5),
        (-math.sqrt(0.75), 0.5),
    )
    count, level = make.dice.whole(1, len(steps)), min(0.95, make.dice.by_ratio(0.15, 0.8) * make.size)
    area = count * math.sqrt(0.75) * cell**2
    known = {
        key: round(value, 4)
        for key, value in {"count": float(count), "area_mm2": area, "depth_mm": level * make.panel.core_mm}.items()
    }
    things = []
    for number, (x, y) in enumerate(steps[:count]):
        high = round(make.panel.core_mm * max(0.03, min(0.98, level * make.dice.between(0.6, 1.0))), 4)
        z = round((high - make.panel.core_mm) / 2.0 + 0.01, 4)
        at = (round(x * cell, 4), round(y * cell, 4), z)
        things.append(
            make.thing(str(number + 1), Prism(outline, high), at, measurements=known, material="water", inside="")
        )
    return tuple(things), 1.6 * cell


FLAWS: dict[str, Callable[[Spoiler], Spoilt]] = {
    "delamination": delamination, "porosity": porosity, "foreign-object": foreign_object,
    "honeycomb-water": honeycomb_water,
}  # fmt: skip
"""The flaws of a panel, by their word; water needs cells."""

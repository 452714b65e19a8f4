"""Scenes of bars, an edge, a slit, steps and an even field, whose MTF, SNR and mean are known exactly."""

from __future__ import annotations

import math
from typing import Any

from kerma.science.simulate.document import Box, Scene, Thing
from kerma.science.simulate.scenes.asked import Pattern
from kerma.science.simulate.scenes.bench import Bench, scene_of
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.placing import moved, turned

LINE_PAIRS = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
BARS = 5
FOIL_MM = 0.05
TUNGSTEN_MM = 1.0


def line_pairs(seed: int, **options: Any) -> Scene:
    """Return groups of bars of lead foil, from 0.5 line pairs a millimetre to what the pixels hold."""
    asked = Pattern(**{"tube_voltage_kv": 70.0, **options})
    dice = Dice(seed, "line-pairs")
    tilt = dice.between(-3.0, 3.0) if asked.tilt_deg is None else asked.tilt_deg
    field = asked.size_px * asked.pitch_mm
    things: list[Thing] = []
    tall, y = 0.16 * field, -0.36 * field
    x = -0.42 * field
    for frequency in LINE_PAIRS:
        bar = 0.5 / frequency
        wide = (2 * BARS - 1) * bar
        if frequency > 0.75 / asked.pitch_mm:
            break
        if x + wide > 0.44 * field:
            x, y = -0.42 * field, y + 1.35 * tall
        if x + wide > 0.44 * field or y + tall / 2.0 > 0.48 * field:
            continue
        for number in range(BARS):
            at = (round(x + (2 * number + 0.5) * bar, 5), round(y, 4), 0.0)
            box = Box((bar, round(tall, 4), FOIL_MM))
            name = f"{frequency:g}-{number + 1}"
            things.append(Thing(name, box, "lead", at, label=f"{frequency:g} lp/mm", group=f"{frequency:g} lp/mm",
                                measurements={"frequency_lp_mm": frequency, "width_mm": bar}))  # fmt: skip
        x += wide + max(1.5, 0.06 * field)
    bench = Bench(asked.size_px, asked.size_px, asked.pitch_mm, asked.snr, asked.blur_px, asked.tube_voltage_kv)
    return scene_of(
        "line-pairs", seed, bench, turned(things, (0.0, 0.0, tilt)), reference_mm={},
        description="Line pairs of lead foil, simulated",
    )  # fmt: skip


def edge(seed: int, **options: Any) -> Scene:
    """Return a sharp edge of tungsten over half the picture, slightly turned."""
    asked = Pattern(**options)
    dice = Dice(seed, "edge")
    drawn = dice.side() * dice.between(2.0, 5.0)
    tilt = drawn if asked.tilt_deg is None else asked.tilt_deg
    half = asked.size_px * asked.pitch_mm
    plate = Thing("edge", Box((2.0 * half, 4.0 * half, TUNGSTEN_MM)), "tungsten", (half, 0.0, 0.0))
    bench = Bench(
        asked.size_px, asked.size_px, asked.pitch_mm, asked.snr, asked.blur_px, asked.tube_voltage_kv, subpixels=4
    )
    at = (dice.between(-1.0, 1.0) * asked.pitch_mm, 0.0, 0.0)
    return scene_of(
        "edge", seed, bench, moved(turned([plate], (0.0, 0.0, tilt)), at), reference_mm={},
        description="Tungsten edge, simulated",
    )  # fmt: skip


def slit(seed: int, **options: Any) -> Scene:
    """Return a narrow slit between two jaws of tungsten, slightly turned."""
    asked = Pattern(**options)
    dice = Dice(seed, "slit")
    drawn = dice.side() * dice.between(2.0, 5.0)
    tilt = drawn if asked.tilt_deg is None else asked.tilt_deg
    wide = 2.0 * asked.size_px * asked.pitch_mm
    jaws = [
        Thing(
            f"jaw-{name}",
            Box((wide, 2.0 * wide, TUNGSTEN_MM)),
            "tungsten",
            (side * (wide + asked.width_mm) / 2.0, 0.0, 0.0),
        )
        for name, side in (("left", -1.0), ("right", 1.0))
    ]
    parts = min(8, max(4, math.ceil(3.0 * asked.pitch_mm / asked.width_mm)))
    bench = Bench(
        asked.size_px, asked.size_px, asked.pitch_mm, asked.snr, asked.blur_px, asked.tube_voltage_kv, subpixels=parts
    )
    return scene_of(
        "slit", seed, bench, turned(jaws, (0.0, 0.0, tilt)), reference_mm={}, description="Slit in tungsten, simulated"
    )


def wedge(seed: int, **options: Any) -> Scene:
    """Return a step wedge: each step of even thickness, the picture's SNR set behind the middle one."""
    asked = Pattern(**options)
    count = min(12, max(2, asked.steps))
    field = 8.0 * count
    things = tuple(
        Thing(
            f"step-{number + 1}",
            Box((field / count, 0.8 * field, round((number + 1) * asked.step_mm, 4))),
            asked.material,
            (round((number - (count - 1) / 2.0) * field / count, 4), 0.0, 0.0),
        )  # fmt: skip
        for number in range(count)
    )
    bench = Bench(
        asked.size_px, asked.size_px, round(1.06 * field / asked.size_px, 5), asked.snr, asked.blur_px,
        asked.tube_voltage_kv, count * asked.step_mm / 2.0 + 4.0,
        shows_open_beam=True,
    )  # fmt: skip
    middle = round((count + 1) // 2 * asked.step_mm, 4)
    return scene_of(
        "wedge", seed, bench, things, reference_mm={asked.material: middle}, description="Step wedge, simulated"
    )


def flat(seed: int, **options: Any) -> Scene:
    """Return an even plate, or the open beam where the thickness is 0."""
    asked = Pattern(**options)
    wide = asked.size_px * 0.1 * 3.0
    plate = (Thing("plate", Box((wide, wide, asked.thickness_mm)), asked.material),) if asked.thickness_mm > 0 else ()
    bench = Bench(
        asked.size_px, asked.size_px, 0.1, asked.snr, asked.blur_px, asked.tube_voltage_kv, asked.thickness_mm + 4.0,
        fixed_pattern_percent=asked.fixed_pattern_percent,
    )  # fmt: skip
    reference = {asked.material: asked.thickness_mm} if asked.thickness_mm > 0 else {}
    return scene_of("flat", seed, bench, plate, reference_mm=reference, description="Even plate, simulated")

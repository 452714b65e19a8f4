"""A weld on digitised film: eight bits, lead letters, grain, an uneven light box, scratches and dust."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from kerma.science.simulate.document import Box, Ellipsoid, Relief, Scene, Stroke, Thing
from kerma.science.simulate.scenes import weld_plate
from kerma.science.simulate.scenes.asked import Part
from kerma.science.simulate.scenes.dice import Dice

MARK_MM = 0.004
"""Scratches and dust are drawn as lead this thin: a trace on the film, not in the part."""


def build(seed: int, **options: Any) -> Scene:
    """Return the document of one weld on film; ``artefacts`` *none* leaves scratches, dust and unevenness out."""
    asked = Part(**options)
    scene = weld_plate.build(seed, **(options | {"look": "film"}))
    marks = _artefacts(Dice(seed, "film"), scene) if asked.artefacts == "random" else ()
    return dataclasses.replace(
        scene, name="film-weld", things=(*scene.things, *marks), description="Butt weld on digitised film, simulated"
    )


def _artefacts(dice: Dice, scene: Scene) -> tuple[Thing, ...]:
    """Return what handling leaves on a film, just before it: scratches, dust, fog that creeps in from the sides."""
    field = float(scene.technique["weld_length_mm"])
    low = scene.geometry.source_object_mm - scene.geometry.source_detector_mm + 0.6
    things = [_unevenness(dice, scene, field, low)]
    for number in range(dice.whole(0, 4)):
        x, y, way = (dice.between(-0.45, 0.45) * field for _ in range(3))
        angle, long = dice.between(0.0, math.pi), dice.by_ratio(0.04, 0.4) * field
        ends = [(x, y), (x + long * math.cos(angle) + 0.02 * way, y + long * math.sin(angle))]
        path = tuple((round(a, 3), round(b, 3), 0.0) for a, b in ends)
        radius = dice.by_ratio(0.004, 0.012)
        things.append(Thing(f"scratch-{number + 1}", Stroke(path, radius), "lead", (0.0, 0.0, low)))
    for number in range(dice.whole(0, 9)):
        at = (dice.between(-0.48, 0.48) * field, dice.between(-0.48, 0.48) * field, low)
        wide = dice.by_ratio(0.0015, 0.006) * field
        speck = Ellipsoid((wide, round(wide * dice.between(0.4, 1.0), 4), dice.by_ratio(0.5, 2.0) * MARK_MM))
        things.append(Thing(f"dust-{number + 1}", speck, "lead", at, (0.0, 0.0, dice.between(0.0, 180.0))))
    if dice.happens(0.4):
        at = (round(dice.side() * 0.42 * field, 3), round(dice.side() * 0.36 * field, 3), low)
        nail = Stroke(_arc(0.03 * field, dice.between(0.0, 2.0 * math.pi)), 0.02 * field / 10.0)
        things.append(Thing("crimp", nail, "aluminium", at))
    return tuple(things)


def _arc(radius_mm: float, start: float) -> tuple[tuple[float, float, float], ...]:
    """Return a crescent, as a fingernail leaves where film was bent."""
    angles = [start + 1.6 * step / 8.0 for step in range(9)]
    return tuple((round(radius_mm * math.cos(a), 4), round(radius_mm * math.sin(a), 4), 0.0) for a in angles)


def _unevenness(dice: Dice, scene: Scene, field_mm: float, low_mm: float) -> Thing:
    """Return a broad, faint slope of light over the film, as developing and the light box make it."""
    shape: Relief | Box = Relief(
        "rough", (1.5 * field_mm,) * 2, round(field_mm / 60.0, 3), 9,
        {"rms_mm": round(0.015 * dice.between(0.5, 1.6), 4), "feature_mm": round(0.7 * field_mm, 2)},
    )  # fmt: skip
    host = str(scene.technique["material"])
    return Thing("unevenness", shape, host, (0.0, 0.0, low_mm))

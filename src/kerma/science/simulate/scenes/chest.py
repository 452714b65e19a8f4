"""A chest seen from the back: an anatomical phantom of plain bodies, another for every seed, with true findings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.simulate.document import Point, Scene, Thing
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.scenes import chest_bones, chest_trunk, gauge_truth, lead, radiography
from kerma.science.simulate.scenes.chest_findings import FINDINGS, SINGLE, case_of
from kerma.science.simulate.scenes.chest_trunk import Trunk
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.medical_draws import chosen, exposed, is_inverse
from kerma.science.simulate.scenes.placing import moved, turned

POSITIONINGS = ("good", "rotated", "cut-off", "tilted")
GOOD_SHARE = 0.7
DEEPEST_MM, REACH_MM, GAP_MM = 114.0, 215.0, 22.0
LEAST_BODY_MM = 40.0
FINE = ("vessel", "grain", "mark")
"""Things that the automatic exposure does not see."""


def build(  # noqa: PLR0913  (each is an option of the scene)
    seed: int, *, size_px: int = 1024, findings: str = "random", exposure: str = "random",
    positioning: str = "random", grid: str = "yes", polarity: str = "random",
) -> Scene:  # fmt: skip
    """Return the document of one chest.

    Raises
    ------
    WrongUsage
        An unknown finding, or a picture too small or too large.
    """
    trunk = chest_trunk.drawn(Dice(seed, "trunk"))
    words = chosen(Dice(seed, "which"), findings, FINDINGS, SINGLE)
    turn, shift, placed = _positioned(Dice(seed, "place"), positioning)
    reach = REACH_MM * trunk.x * math.sin(math.radians(abs(turn[1])))
    below = round(DEEPEST_MM * trunk.z + trunk.fat_mm + reach + GAP_MM, 2)
    taken = radiography.examination("chest", grid=grid == "yes", below_mm=below)
    patient = moved(turned(anatomy(seed, trunk, words), turn), shift)
    factor_word, factor = exposed(Dice(seed, "exposure"), exposure)
    half = taken.field_mm / 2.0 * taken.geometry.source_object_mm / taken.geometry.source_detector_mm
    things = (*patient, *_frame(Dice(seed, "field"), half, taken.geometry.source_object_mm))
    scene = Scene(
        "chest", things, radiography.receptor(size_px, taken.field_mm), taken.source, taken.geometry, taken.scatter,
        seed=seed, industry="medical", description="Chest PA, simulated phantom",
        technique={
            **taken.words, "exposure": factor_word, "positioning": placed, "rotation_deg": turn[1],
            "body_part_thickness_mm": round(2.0 * (DEEPEST_MM * trunk.z + trunk.fat_mm), 1),
        },
        is_inverse=is_inverse(Dice(seed, "polarity"), polarity),
    )  # fmt: skip
    return radiography.automatically(scene, relevant, target_index=taken.target_index, factor=factor, fine=FINE)


def anatomy(seed: int, trunk: Trunk, words: list[str]) -> list[Thing]:
    """Return the patient with the findings named.

    What lies in a lung comes before heart and diaphragm: along a ray each takes the air that is left.
    """
    case = case_of(Dice(seed, "findings"), trunk, words)
    return [
        *chest_trunk.body(trunk), *chest_trunk.lungs(trunk), *case.things,
        *chest_trunk.vessels(trunk, Dice(seed, "vessels"), case.is_filled),
        *chest_trunk.heart(trunk, Dice(seed, "heart")),
        *chest_trunk.airways(trunk, Dice(seed, "airways")), *chest_bones.spine(trunk, Dice(seed, "spine")),
        *chest_bones.ribs(trunk, Dice(seed, "ribs"), case.breaks),
        *chest_bones.shoulders(trunk, Dice(seed, "shoulders")),
        *chest_trunk.grain(trunk, Dice(seed, "grain")),
    ]  # fmt: skip


def relevant(image: SimulatedImage) -> NDArray[np.bool_]:
    """Return the relevant region of the exposure index: the patient in the open field, without metal."""
    return radiography.behind(image, least_mm=LEAST_BODY_MM, materials=("soft tissue", "adipose tissue", "lung"))


def truth(scene: Scene, image: SimulatedImage) -> dict[str, Any]:
    """Return what was set, what cannot be seen, and the exposure index of the picture itself."""
    index = radiography.index_of(scene, image, relevant)
    return {**gauge_truth.part(scene, image), "exposure_index": round(index, 2)}


def _positioned(dice: Dice, given: str) -> tuple[Point, Point, str]:
    """Return turn and shift of the patient, and the word for how well he stands."""
    drawn = "good" if dice.happens(GOOD_SHARE) else dice.one_of(POSITIONINGS[1:])
    word = drawn if given == "random" else given
    turn = [0.0, dice.between(-2.0, 2.0), dice.between(-1.0, 1.0)]
    shift = [dice.between(-5.0, 5.0), dice.between(-6.0, 10.0), 0.0]
    if word == "rotated":
        turn[1] = round(dice.side() * dice.between(6.0, 14.0), 4)
    elif word == "tilted":
        turn[2] = round(dice.side() * dice.between(4.0, 9.0), 4)
    elif word == "cut-off":
        aside, down = dice.one_of(((70.0, 0.0), (-70.0, 0.0), (0.0, 62.0), (0.0, -75.0)))
        shift = [round(shift[0] + aside, 4), round(shift[1] + down, 4), 0.0]
    return (turn[0], turn[1], turn[2]), (shift[0], shift[1], shift[2]), word


def _frame(dice: Dice, half_mm: float, source_object_mm: float) -> list[Thing]:
    """Return the collimator, and the lead letter on the patient's right."""
    edges = [round(half_mm - dice.between(2.0, 12.0) if dice.happens(0.75) else half_mm + 20.0, 4) for _ in range(4)]
    things = radiography.collimator((-edges[0], edges[1], -edges[2], edges[3]), source_object_mm=source_object_mm)
    at = (round(-0.88 * half_mm, 3), round(-0.80 * half_mm, 3), -60.0)
    return [*things, *lead.letters("mark", "R", at_mm=at, height_mm=16.0)]

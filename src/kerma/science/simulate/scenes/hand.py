"""A hand on the detector: 27 bones in their flesh, another for every seed, with fractures and things in it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.simulate.document import Prism, Relief, Scene, Sheet, Stroke, Thing, Tube
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.scenes import gauge_truth, hand_bones, lead, radiography
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.hand_bones import Bone
from kerma.science.simulate.scenes.medical_draws import chosen, exposed, is_inverse
from kerma.science.simulate.scenes.placing import moved, turned

SKIN_STEP_MM = 0.4
BELOW_MM = 26.0
LEAST_BODY_MM = 4.0


@dataclass(frozen=True)
class Hand:
    """One hand before it is drawn: bones already mirrored and sized, side of the thumb, size, depth over width."""

    bones: tuple[Bone, ...]
    side: float
    size: float
    flatness: float
    """How deep the flesh is against its width."""

    def bone(self, name: str) -> Bone:
        """Return a bone by its name."""
        return next(bone for bone in self.bones if bone.name == name)


def build(
    seed: int, *, size_px: int = 1024, findings: str = "random", exposure: str = "random",
    laterality: str = "random", polarity: str = "random",
) -> Scene:  # fmt: skip
    """Return the document of one hand, back to the source.

    Raises
    ------
    WrongUsage
        An unknown finding, or a picture too small or too large.
    """
    drawn_side = Dice(seed, "side").one_of(("right", "left"))
    name = drawn_side if laterality == "random" else laterality
    hand = _drawn(Dice(seed, "hand"), 1.0 if name == "right" else -1.0)
    words = chosen(Dice(seed, "which"), findings, FINDINGS, SINGLE)
    taken = radiography.examination("hand", grid=False, below_mm=BELOW_MM)
    dice = Dice(seed, "place")
    turn, shift = (0.0, 0.0, dice.between(-9.0, 9.0)), (dice.between(-8.0, 8.0), 14.0 + dice.between(-6.0, 6.0), 0.0)
    body = moved(turned(anatomy(seed, hand, words), turn), shift)
    factor_word, factor = exposed(Dice(seed, "exposure"), exposure)
    half = taken.field_mm / 2.0 * taken.geometry.source_object_mm / taken.geometry.source_detector_mm
    edges = [round(half - dice.between(2.0, 22.0) if dice.happens(0.7) else half + 20.0, 4) for _ in range(2)]
    frame = radiography.collimator(
        (-edges[0], edges[1], -half + 3.0, half - 3.0), source_object_mm=taken.geometry.source_object_mm
    )
    at = (round((-0.82 if name == "right" else 0.74) * (half - 12.0), 3), round(0.86 * half, 3), 0.0)
    scene = Scene(
        "hand", (*body, *frame, *lead.letters("mark", name[0].upper(), at_mm=at, height_mm=10.0)),
        radiography.receptor(size_px, taken.field_mm), taken.source, taken.geometry, taken.scatter, seed=seed,
        industry="medical", description=f"Hand PA {name}, simulated phantom",
        technique={**taken.words, "exposure": factor_word, "laterality": name[0].upper()},
        is_inverse=is_inverse(Dice(seed, "polarity"), polarity),
    )  # fmt: skip
    return radiography.automatically(scene, relevant, target_index=taken.target_index, factor=factor, fine=("mark",))


def relevant(image: SimulatedImage) -> NDArray[np.bool_]:
    """Return the relevant region of the exposure index: the hand in the open field, without metal."""
    return radiography.behind(image, least_mm=LEAST_BODY_MM, materials=("soft tissue", "bone", "spongiosa"))


def truth(scene: Scene, image: SimulatedImage) -> dict[str, Any]:
    """Return what was set, what cannot be seen, and the exposure index of the picture itself."""
    index = radiography.index_of(scene, image, relevant)
    return {**gauge_truth.part(scene, image), "exposure_index": round(index, 2)}


def _drawn(dice: Dice, side: float) -> Hand:
    size = dice.between(0.86, 1.06)
    bones = [_sized(bone, side, size) for bone in hand_bones.laid_out(dice, dice.between(0.8, 1.5))]
    return Hand(tuple(bones), side, size, dice.between(0.78, 0.95))


def _sized(bone: Bone, side: float, size: float) -> Bone:
    points = tuple((round(side * size * x, 3), round(size * y, 3)) for x, y in bone.points)
    radii = tuple(round(size * radius, 3) for radius in bone.radii)
    return dataclasses.replace(bone, points=points, radii=radii)


def anatomy(seed: int, hand: Hand, words: list[str]) -> list[Thing]:
    """Return the hand with the findings named."""
    dice = Dice(seed, "findings")
    bones, found = list(hand.bones), []
    for number, word in enumerate(words):
        changed, more = FINDINGS[word](dice, hand, f"{word}-{number + 1}")
        bones = [changed if changed is not None and bone.name == changed.name else bone for bone in bones]
        found += more
    things = [_skin(hand)]
    for bone in bones:
        things += hand_bones.rod(bone, 0.0)
    return [*things, *hand_bones.wrist(Dice(seed, "wrist"), hand.side, hand.size), *found]


def _skin(hand: Hand) -> Thing:
    """Return the flesh: round every finger, over the palm and the wrist, in one skin."""
    rods: list[list[float]] = []
    thick = {"metacarpal": 10.5, "proximal": 9.0, "middle": 8.2, "distal": 7.4}
    for bone in hand.bones:
        finger, kind = bone.name.split("-")
        wide = thick[kind] * hand.size * (1.12 if finger == "thumb" else 0.86 if finger == "little" else 1.0)
        first, last = bone.points[0], bone.points[-1]
        slim = 0.95 if kind != "metacarpal" else 0.9
        rods.append([first[0], first[1], round(wide, 3), last[0], last[1], round(wide * slim, 3)])
    for x, y, radius, x1, y1, radius1 in (
        (-8.0, 26.0, 22.0, 10.0, 20.0, 22.0), (-6.0, 46.0, 22.0, 8.0, 46.0, 23.0), (-4.0, 56.0, 22.0, 0.0, 160.0, 25.0),
        (5.0, 56.0, 23.0, 3.0, 160.0, 26.0), (16.0, 22.0, 14.0, 30.0, 4.0, 10.0), (-14.0, 0.0, 14.0, 14.0, -8.0, 14.0),
    ):  # fmt: skip
        sized = [hand.side * x, y, radius, hand.side * x1, y1, radius1]
        rods.append([round(hand.size * value, 3) for value in sized])
    shape = Relief(
        "flesh", (280.0, 360.0), SKIN_STEP_MM, 0,
        {"rods_mm": tuple(tuple(rod) for rod in rods), "web_mm": 2.2, "flatness": round(hand.flatness, 4)},
    )  # fmt: skip
    return Thing("hand", shape, "soft tissue")


Found = tuple[Bone | None, list[Thing]]
Maker = Callable[[Dice, Hand, str], Found]


def fracture(dice: Dice, hand: Hand, name: str) -> Found:
    """Return a bone broken across its shaft, its outer part shifted and bent, and the gap."""
    bone = hand.bone(dice.one_of([each.name for each in hand.bones if not each.name.endswith("distal")]))
    share = dice.between(0.36, 0.64)
    shift, bend = round(dice.side() * dice.between(0.8, 2.2), 3), dice.side() * dice.between(2.0, 12.0)
    (x, y), way, radius = bone.at(share)
    along = math.cos(math.radians(way)), math.sin(math.radians(way))
    points: list[tuple[float, float]] = []
    radii: list[float] = []
    long = math.dist(bone.points[0], bone.points[-1])
    for place, point, wide in zip(hand_bones.HALF_SHAFT, bone.points, bone.radii, strict=True):
        if place > share:
            angle, reach = math.radians(way + bend), (place - share) * long
            point = (x - along[1] * shift + math.cos(angle) * reach, y + along[0] * shift + math.sin(angle) * reach)
        points.append((round(point[0], 3), round(point[1], 3)))
        radii.append(wide)
    opening = dice.between(0.5, 1.4)
    half = radius + 2.0 + abs(shift)
    slant = dice.between(-3.5, 3.5)
    line = (
        (round(-slant, 3), -half),
        (round(0.4 - 0.3 * slant, 3), -half / 3.0),
        (round(0.3 * slant - 0.4, 3), half / 3.0),
        (round(slant, 3), half),
    )
    sheet = Sheet(tuple((a, round(b, 3)) for a, b in line), opening, 4.0 * radius, is_tapered=False)
    at = (round(x - along[1] * shift / 2.0, 3), round(y + along[0] * shift / 2.0, 3), 0.0)
    known = {"gap_mm": opening, "displacement_mm": abs(shift), "angulation_deg": abs(round(bend, 4))}
    turn = (0.0, 0.0, round(way, 3))
    gap = [
        Thing(name, sheet, "blood", at, turn, bone.name, label="fracture", group=name, measurements=known),
        Thing(f"{name}-spongy", sheet, "blood", at, turn, f"{bone.name}-spongy", group=name),
    ]
    return dataclasses.replace(bone, points=tuple(points), radii=tuple(radii)), gap


def _place(dice: Dice, hand: Hand) -> tuple[float, float, float]:
    """Return a place in the flesh beside a finger's bone or in the palm."""
    bone = dice.one_of(hand.bones)
    (x, y), way, radius = bone.at(dice.between(0.25, 0.75))
    aside = dice.side() * dice.between(0.1, 1.25) * radius
    angle = math.radians(way)
    return round(x - math.sin(angle) * aside, 3), round(y + math.cos(angle) * aside, 3), 0.0


def glass(dice: Dice, hand: Hand, name: str) -> Found:
    """Return a splinter of window glass."""
    long, wide, thick = dice.between(3.0, 10.0), dice.between(1.5, 4.0), dice.between(1.0, 3.0)
    outline = (
        (-long / 2.0, -wide / 3.0),
        (long / 2.2, -wide / 2.0),
        (long / 2.0, wide / 4.0),
        (-long / 5.0, wide / 2.0),
    )
    shape = Prism(tuple((round(x, 4), round(y, 4)) for x, y in outline), thick)
    known = {"length_mm": long, "width_mm": wide, "depth_mm": thick}
    turn = (0.0, 0.0, dice.between(0.0, 180.0))
    return None, [
        Thing(name, shape, "window glass", _place(dice, hand), turn, "hand", label="glass", measurements=known)
    ]


def metal(dice: Dice, hand: Hand, name: str) -> Found:
    """Return a splinter of steel."""
    long, radius = dice.between(1.5, 8.0), dice.between(0.15, 0.6)
    shape = Stroke(((-long / 2.0, 0.0, 0.0), (long / 2.0, 0.0, 0.0)), (radius, round(radius / 2.0, 4)))
    known = {"length_mm": round(long + 1.5 * radius, 4), "diameter_mm": 2.0 * radius}
    turn = (0.0, 0.0, dice.between(0.0, 180.0))
    return None, [Thing(name, shape, "steel", _place(dice, hand), turn, "hand", label="metal", measurements=known)]


def ring(dice: Dice, hand: Hand, name: str) -> Found:
    """Return a gold ring on a finger that is not the thumb, seen from the side."""
    bone = hand.bone(f"{dice.one_of(('index', 'middle', 'ring', 'little'))}-proximal")
    (x, y), way, _ = bone.at(dice.between(0.35, 0.5))
    outer, wall, long = round(9.9 * hand.size, 3), dice.between(1.2, 2.0), dice.between(2.5, 5.0)
    known = {"diameter_mm": 2.0 * outer, "width_mm": long}
    turn = (90.0, 0.0, round(way + 90.0, 3))
    return None, [
        Thing(
            name,
            Tube(outer, wall, long),
            "gold",
            (round(x, 3), round(y, 3), 0.0),
            turn,
            label="ring",
            measurements=known,
        )
    ]


FINDINGS: Mapping[str, Maker] = {"fracture": fracture, "glass": glass, "metal": metal, "ring": ring}
SINGLE = frozenset(("fracture", "ring"))
"""What a hand has once at most."""

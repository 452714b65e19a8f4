"""A girth weld in pipe: one wall from within, both walls as an ellipse, or the profile at the tangent."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.simulate.document import Geometry, Scene, Thing, Tube
from kerma.science.simulate.scenes import gauges, lead
from kerma.science.simulate.scenes.asked import Part
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.exposing import Exposing, Wanted, check_size, exposing
from kerma.science.simulate.scenes.flaw_list import chosen, places_along, size_of
from kerma.science.simulate.scenes.placing import moved, on_pipe, turned
from kerma.science.simulate.scenes.ring import Bead, ring
from kerma.science.simulate.scenes.weld_flaws import FLAWS, Joint, Maker, WeldFlaw

TECHNIQUES = ("single-wall", "double-wall-elliptic", "tangential")
STEEPEST_DEG = 20.0


@dataclass(frozen=True)
class Pipe:
    """A pipe with its girth weld, seen by one technique."""

    technique: str
    radius_mm: float
    joint: Joint
    material: str
    cap_mm: float
    root_mm: float
    field_mm: float

    @property
    def length_mm(self) -> float:
        """How long a piece of pipe is in the beam: more than the picture shows."""
        return round(1.5 * self.field_mm + 10.0, 2)

    @property
    def middle_mm(self) -> float:
        """The radius of the middle of the wall."""
        return self.radius_mm - self.joint.thickness_mm / 2.0


def build(seed: int, **options: Any) -> Scene:
    """Return the document of one girth weld.

    Raises
    ------
    WrongUsage
        A wall that leaves no bore, an unknown flaw, a picture too small or too large.
    """
    asked = Part(**options)
    check_size(asked.size_px)
    pipe = drawn(Dice(seed, "pipe"), asked.technique, asked.thickness_mm, asked.diameter_mm)
    made = _flaws(Dice(seed, "flaws"), pipe, asked.flaws, asked.difficulty)
    things: list[Thing] = [
        Thing("pipe", Tube(pipe.radius_mm, pipe.joint.thickness_mm, pipe.length_mm), pipe.material,
              turn_deg=(90.0, 0.0, 0.0)),
        *_beads(Dice(seed, "bead"), pipe, made),
    ]  # fmt: skip
    for at, flaw in made:
        things += on_pipe(moved(flaw.things, (at, 0.0, 0.0)), pipe.middle_mm)
    marks = _marks(Dice(seed, "marks"), pipe)
    exposure = _exposure(Dice(seed, "exposure"), pipe, (asked.size_px, asked.source, asked.look))
    words = exposure.words | {
        "part": "weld", "exposure": pipe.technique, "thickness_mm": pipe.joint.thickness_mm,
        "diameter_mm": 2.0 * pipe.radius_mm, "weld_width_mm": pipe.joint.cap_width_mm,
    }  # fmt: skip
    return Scene(
        "weld-pipe", _stood(Dice(seed, "stand"), pipe, things, marks), seed=seed, technique=words,
        description="Girth weld in pipe, simulated", **exposure.as_fields(),
    )  # fmt: skip


def drawn(dice: Dice, technique: str, thickness_mm: float | None, diameter_mm: float | None) -> Pipe:
    """Draw a pipe that fits the technique."""
    way = dice.one_of(TECHNIQUES) if technique == "random" else technique
    radius = dice.by_ratio(90.0, 250.0) if way == "single-wall" else dice.by_ratio(16.0, 48.0)
    radius = diameter_mm / 2.0 if diameter_mm else radius
    share = dice.between(0.04, 0.09) if way == "single-wall" else dice.between(0.1, 0.19)
    thick = thickness_mm or round(max(2.5, share * radius), 1)
    if not 1.0 <= thick <= 0.6 * radius:
        raise WrongUsage(f"a wall of {thick:g} mm in a pipe of {2 * radius:g} mm: give 1 mm to 0.3 of the diameter")
    joint = Joint(
        thick, 1.0, dice.between(2.0, 3.5), dice.between(25.0, 33.0), "pipe", round(min(20.0, 0.4 * radius), 2)
    )
    wide = round(2.0 * joint.half_groove_mm(thick / 2.0) + dice.between(1.5, 3.0), 3)
    joint = dataclasses.replace(joint, cap_width_mm=wide)
    field = {
        "single-wall": max(40.0, 3.0 * wide),
        "double-wall-elliptic": 2.5 * radius,
        "tangential": max(7.0 * thick, 2.6 * wide),
    }
    cap = round(dice.between(0.09, 0.16) * wide, 3)
    return Pipe(way, radius, joint, "steel", cap, dice.between(0.3, 1.0), round(field[way], 2))


def _flaws(dice: Dice, pipe: Pipe, given: str, difficulty: str) -> list[tuple[float, WeldFlaw]]:
    """Return the flaws and where they lie along the arc, from where the source side is seen."""
    made = [
        FLAWS[word](Maker(dice, pipe.joint, f"{word}-{number + 1}", word, size_of(dice, difficulty)))
        for number, word in enumerate(chosen(dice, given, FLAWS, 5))
    ]
    arcs = {
        "single-wall": 0.85 * pipe.field_mm - 4.0,
        "double-wall-elliptic": 1.7 * pipe.middle_mm,
        "tangential": 0.5 * pipe.radius_mm,
    }
    places = places_along(dice, [flaw.length_mm for flaw in made], arcs[pipe.technique])
    laid = [(at, flaw) for at, flaw in zip(places, made, strict=True) if at is not None]
    if pipe.technique == "tangential":
        return [(round(at + math.pi / 2.0 * pipe.middle_mm, 4), flaw) for at, flaw in laid]
    if pipe.technique == "double-wall-elliptic":
        far = math.pi * pipe.middle_mm
        return [(round(at + (far if dice.happens(0.5) else 0.0), 4), flaw) for at, flaw in laid]
    return [(round(at + math.pi * pipe.middle_mm, 4), flaw) for at, flaw in laid]


def _beads(dice: Dice, pipe: Pipe, made: list[tuple[float, WeldFlaw]]) -> list[Thing]:
    """Return cap and root round the pipe, or as far round as the picture sees."""
    arc = (0.0, 360.0)
    if pipe.technique == "single-wall":
        half = min(170.0, math.degrees(0.9 * pipe.field_mm / pipe.radius_mm))
        arc = (180.0 - half, 180.0 + half)
    bare = []
    for at, flaw in made:
        if flaw.no_root:
            half = flaw.length_mm / 2.0
            edges = [math.degrees(end / pipe.middle_mm) for end in (at - half, at + half)]
            bare += [(edges[0], edges[1]), (edges[0] + 360.0, edges[1] + 360.0)]
    inner = pipe.radius_mm - pipe.joint.thickness_mm
    wide = round(1.1 * pipe.joint.root_width_mm, 3)
    return [
        ring("cap", dice, pipe.material, Bead(pipe.radius_mm, pipe.cap_mm, pipe.joint.cap_width_mm, arc)),
        ring("root", dice, pipe.material, Bead(inner, -pipe.root_mm, wide, arc, tuple(bare))),
    ]


def _marks(dice: Dice, pipe: Pipe) -> tuple[Thing, ...]:
    """Return lead beside the weld and wires across it, flat round the origin, as seen from the source."""
    if pipe.technique == "tangential":
        return ()
    tall = round(max(1.6, 0.05 * pipe.field_mm), 3)
    words = f"{dice.one_of('ABCDHKLMNPRST')}{dice.whole(1, 99)}-{dice.whole(1, 9)}"
    at = (round(-0.2 * pipe.field_mm, 3), round(-0.36 * pipe.field_mm, 3), 0.0)
    text = lead.letters("mark", words, at_mm=at, height_mm=tall)
    walls = 1.0 if pipe.technique == "single-wall" else 2.0
    first = gauges.wire_set_for(0.02 * pipe.joint.thickness_mm * walls)
    long = round(pipe.joint.cap_width_mm + dice.between(4.0, 8.0), 3)
    spacing = round(min(5.0, 0.045 * pipe.field_mm), 3)
    wires = gauges.wires("wire", gauges.wire_set(first), pipe.material, length_mm=long, spacing_mm=spacing)
    return (
        *text,
        *gauges.placed(wires, (dice.between(-0.15, 0.15) * pipe.field_mm, 0.0, 0.0), dice.between(-3.0, 3.0)),
    )


def _exposure(dice: Dice, pipe: Pipe, how: tuple[int, str, str]) -> Exposing:
    """Draw the exposure; a single wall is seen from the pipe's axis."""
    size_px, source, look = how
    thick = pipe.joint.thickness_mm
    seen = {
        "single-wall": thick,
        "double-wall-elliptic": 2.0 * thick,
        "tangential": 1.4 * math.sqrt(2.0 * pipe.radius_mm * thick),
    }
    below = pipe.radius_mm + pipe.cap_mm
    if pipe.technique == "double-wall-elliptic":
        below += pipe.length_mm / 2.0 * math.sin(math.radians(STEEPEST_DEG))
    wanted = Wanted(
        pipe.material, round(seen[pipe.technique], 3), pipe.field_mm, size_px, source, look, round(below, 3),
        2.0 * thick if pipe.technique == "tangential" else None, pipe.technique != "single-wall",
    )  # fmt: skip
    exposure = exposing(dice, wanted)
    if pipe.technique != "single-wall":
        return exposure
    object_mm = pipe.middle_mm
    detector_mm = round(object_mm + thick / 2.0 + pipe.cap_mm + dice.between(2.0, 8.0), 4)
    pitch = round(pipe.field_mm / size_px * detector_mm / object_mm, 5)
    spot = min(exposure.source.focal_spot_mm, 1.5)
    share = pitch / exposure.detector.pitch_mm
    detector = dataclasses.replace(
        exposure.detector, pitch_mm=pitch, blur_mm=round(exposure.detector.blur_mm * share, 5)
    )
    return dataclasses.replace(
        exposure, geometry=Geometry(source_detector_mm=detector_mm, source_object_mm=object_mm), detector=detector,
        source=dataclasses.replace(exposure.source, focal_spot_mm=spot),
    )  # fmt: skip


def _stood(dice: Dice, pipe: Pipe, things: list[Thing], marks: tuple[Thing, ...]) -> tuple[Thing, ...]:
    """Return the pipe as the technique has it: round the source, tilted until the weld opens, or to its edge."""
    tilt = dice.between(-1.5, 1.5)
    outside = round(pipe.joint.thickness_mm / 2.0 + pipe.cap_mm + 0.6, 4)
    if pipe.technique == "single-wall":
        laid = (*moved(things, (0.0, 0.0, pipe.middle_mm)), *moved(marks, (0.0, 0.0, -outside)))
        return turned(laid, (0.0, 0.0, tilt))
    if pipe.technique == "tangential":
        edge = pipe.radius_mm - dice.between(0.2, 0.35) * pipe.field_mm
        return turned(moved(things, (-round(edge, 3), 0.0, 0.0)), (0.0, 0.0, tilt))
    opened = pipe.joint.cap_width_mm + dice.between(1.0, 0.2 * pipe.radius_mm)
    slope = min(STEEPEST_DEG, math.degrees(math.atan(opened / (2.0 * pipe.middle_mm))))
    return turned(
        (*things, *moved(marks, (0.0, 0.0, pipe.middle_mm + outside))), (round(dice.side() * slope, 3), 0.0, tilt)
    )

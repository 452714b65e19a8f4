"""Image quality indicators as things: wires, step holes, plaques, duplex wires; diameters from tables."""

from __future__ import annotations

from collections.abc import Sequence

from kerma.science.simulate.document import Box, Cylinder, Point, Stroke, Thing
from kerma.science.simulate.scenes import lead
from kerma.science.simulate.scenes.placing import moved, turned
from kerma.standards import table

SETS = {"W1": 1, "W6": 6, "W10": 10, "W13": 13}
"""The sets of seven wires, by their first."""
IN_SET = 7
SYMBOLS = {"steel": "FE", "iron": "FE", "aluminium": "AL", "copper": "CU", "titanium": "TI"}
DUPLEX_BLOCK_MM = 4.0
DUPLEX_WIRE = "platinum"


def wire_diameters() -> dict[str, float]:
    """Return the wires W1 to W19 and their diameters in mm."""
    return {row["wire"]: float(row["diameter_mm"]) for row in table("iso_19232-1/wires")}


def hole_diameters() -> dict[str, float]:
    """Return the holes H1 to H18 and their diameters in mm; each is as deep as its step is thick."""
    return {row["hole"]: float(row["diameter_mm"]) for row in table("iso_19232-2/step_holes")}


def duplex_diameters() -> dict[str, float]:
    """Return the pairs D1 to D15 and their wire diameters in mm."""
    return {row["pair"]: float(row["diameter_mm"]) for row in table("iso_19232-5/duplex_wires")}


def wire_set(first: str) -> tuple[str, ...]:
    """Return the seven wires of a set."""
    return tuple(f"W{number}" for number in range(SETS[first], SETS[first] + IN_SET))


def wire_set_for(diameter_mm: float) -> str:
    """Return the set in whose middle a wire of about this diameter stands."""
    diameters = wire_diameters()
    return min(SETS, key=lambda first: abs(diameters[wire_set(first)[3]] - diameter_mm) / diameters[wire_set(first)[3]])


def wires(
    name: str,
    names: Sequence[str],
    material: str,
    *,
    length_mm: float,
    spacing_mm: float = 5.0,
    is_labelled: bool = False,
) -> tuple[Thing, ...]:
    """Return wires along y, side by side along x about the origin, the first on the left."""
    diameters = wire_diameters()
    half = length_mm / 2.0
    made = []
    for number, wire in enumerate(names):
        x = round((number - (len(names) - 1) / 2.0) * spacing_mm, 4)
        known = {"diameter_mm": diameters[wire], "length_mm": length_mm} if is_labelled else {}
        made.append(
            Thing(
                f"{name}-{wire}",
                Stroke(((x, -half, 0.0), (x, half, 0.0)), diameters[wire] / 2.0),
                material,
                label=wire if is_labelled else "",
                measurements=known,
            )  # fmt: skip
        )
    return tuple(made)


def wire_gauge(
    name: str, first: str, material: str, *, length_mm: float = 25.0, spacing_mm: float = 5.0, letter_mm: float = 4.0
) -> tuple[Thing, ...]:
    """Return a wire indicator with its lead letters below the wires, such as ``10 FE EN``."""
    text = f"{first[1:]} {SYMBOLS.get(material, 'FE')} EN"
    wide = lead.width_mm(text, letter_mm)
    words = lead.letters(
        f"{name}-letter", text, at_mm=(-wide / 2.0, length_mm / 2.0 + 1.8 * letter_mm, 0.0), height_mm=letter_mm
    )
    return (*wires(name, wire_set(first), material, length_mm=length_mm, spacing_mm=spacing_mm), *words)


def step_holes(
    name: str, names: Sequence[str], material: str, *, step_mm: float = 10.0, is_labelled: bool = False
) -> tuple[Thing, ...]:
    """Return a step-hole indicator along x: each step as thick as its hole is wide; thin steps have two holes.

    The steps stand on z = 0.
    """
    diameters = hole_diameters()
    made: list[Thing] = []
    for number, hole in enumerate(names):
        diameter = diameters[hole]
        x = round((number - (len(names) - 1) / 2.0) * step_mm, 4)
        step = f"{name}-step-{hole}"
        made.append(Thing(step, Box((step_mm, step_mm, diameter)), material, (x, 0.0, diameter / 2.0)))
        # Below 0.8 mm the standard drills two.
        places = (-0.22 * step_mm, 0.22 * step_mm) if diameter < TWO_HOLES_BELOW_MM else (0.0,)
        for at, y in enumerate(places):
            made.append(
                Thing(
                    f"{name}-{hole}-{at + 1}",
                    Cylinder(diameter / 2.0, diameter),
                    None,
                    (x, round(y, 4), diameter / 2.0),
                    inside=step,
                    label=hole if is_labelled else "",
                    group=f"{name}-{hole}" if is_labelled else "",
                    measurements={"diameter_mm": diameter, "depth_mm": diameter, "count": float(len(places))},
                )  # fmt: skip
            )
    return tuple(made)


TWO_HOLES_BELOW_MM = 0.8


def plaque(name: str, thickness_mm: float, material: str, *, is_labelled: bool = False) -> tuple[Thing, ...]:
    """Return a plaque with its holes 1T, 2T and 4T on z = 0 (ASTM E1025): no hole below its least diameter."""
    body = Thing(name, Box((38.0, 12.0, thickness_mm)), material, (0.0, 0.0, thickness_mm / 2.0))
    made = [body]
    for row, x in zip(table("astm_e1025/holes"), (-6.0, 10.0, -14.0), strict=True):
        diameter = max(float(row["plaques"]) * thickness_mm, float(row["least_diameter_mm"]))
        made.append(
            Thing(
                f"{name}-{row['hole']}",
                Cylinder(diameter / 2.0, thickness_mm),
                None,
                (x, 0.0, thickness_mm / 2.0),
                inside=name,
                label=row["hole"] if is_labelled else "",
                measurements={"diameter_mm": round(diameter, 4), "depth_mm": thickness_mm},
            )  # fmt: skip
        )
    return tuple(made)


def duplex_gauge(
    name: str,
    *,
    pairs: int = 13,
    length_mm: float = 15.0,
    gap_mm: float = 2.6,
    is_reversed: bool = False,
    is_labelled: bool = False,
) -> tuple[Thing, ...]:
    """Return a duplex wire gauge along x: pairs of wires along y, as far apart as they are wide, in clear plastic.

    ``gap_mm`` lies between the pairs; the first pair is the widest, at the left unless reversed.
    """
    chosen = list(duplex_diameters().items())[:pairs]
    whole = sum(3.0 * diameter for _, diameter in chosen) + gap_mm * (pairs - 1)
    block = Thing(f"{name}-block", Box((round(whole + 5.0, 4), length_mm + 6.0, DUPLEX_BLOCK_MM)), "pmma")
    made: list[Thing] = [block]
    x, half = -whole / 2.0, length_mm / 2.0
    for pair, diameter in chosen:
        sign = -1.0 if is_reversed else 1.0
        for side in (0, 1):
            at = round(sign * (x + (0.5 + 2.0 * side) * diameter), 5)
            rod = Stroke(((at, -half, 0.0), (at, half, 0.0)), diameter / 2.0)
            made.append(
                Thing(
                    f"{name}-{pair}-{side + 1}",
                    rod,
                    DUPLEX_WIRE,
                    inside=block.name,
                    label=pair if is_labelled else "",
                    group=f"{name}-{pair}" if is_labelled else "",
                    measurements={"diameter_mm": diameter, "spacing_mm": 2.0 * diameter},
                )  # fmt: skip
            )
        x += 3.0 * diameter + gap_mm
    return tuple(made)


def placed(things: Sequence[Thing], at_mm: Point, turn_deg: float = 0.0) -> tuple[Thing, ...]:
    """Return a gauge turned in its plane and laid down at a place."""
    return moved(turned(things, (0.0, 0.0, turn_deg)), at_mm)

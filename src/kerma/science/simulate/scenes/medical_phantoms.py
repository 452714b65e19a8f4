"""Test objects of medical radiography: steps, contrast-detail plate, edge, even field, and a breast of plastic."""

from __future__ import annotations

import math
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.physics.exposure_index import exposure_index
from kerma.science.simulate.document import (
    Box,
    Cylinder,
    Detector,
    Ellipsoid,
    Geometry,
    Scatter,
    Scene,
    Source,
    Stroke,
    Thing,
)
from kerma.science.simulate.scenes import radiography
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.placing import moved, turned

STEP_MATERIALS = {"pmma": 20.0, "aluminium": 2.0, "copper": 0.2}
"""Material to the rise of a step."""
DISTANCE_MM, GAP_MM, REACH_MM = 1500.0, 20.0, 40.0
DETAILS_MM = (0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.3, 8.0)
"""Diameters of the rows and depths of the columns of the contrast-detail plate."""
CELL_MM, PLATE_MM, CORNER_MM = 15.0, 10.0, 4.2
CENTRE_ONLY_ROWS = 12
"""From this row on a cell holds its hole in the middle only: two do not fit."""
BREAST_FILTERS = {"Mo": {"molybdenum": 0.03}, "Rh": {"rhodium": 0.025}, "W": {"rhodium": 0.05}}
BREAST_DISTANCE_MM, BREAST_FIELD_MM = 650.0, 120.0


def _scene(
    name: str, seed: int, things: tuple[Thing, ...], detector: Detector, source: Source, **more: Any
) -> Scene:  # fmt: skip
    """Return an unexposed scene on the bench; ``more`` are further fields of the document."""
    more.setdefault("geometry", Geometry("cone", DISTANCE_MM, DISTANCE_MM - GAP_MM, rays_per_pixel=3))
    words = {"body_part": "PHANTOM", "view": "", "part": name, **more.pop("technique", {})}
    return Scene(name, things, detector, source, seed=seed, industry="medical", technique=words, **more)


def _tube(voltage_kv: float) -> Source:
    return Source("tube", voltage_kv, filters_mm={"aluminium": 3.0})


def step(  # noqa: PLR0913  (each is an option of the scene)
    seed: int, *, size_px: int = 1024, tube_voltage_kv: float = 70.0, exposure_mas: float | None = None,
    noise: str = "yes", scatter_ratio: float = 0.0, material: str = "aluminium", steps: int = 8,
    step_mm: float | None = None,
) -> Scene:  # fmt: skip
    """Return a wedge of equal steps; beside it the beam is open.

    Raises
    ------
    WrongUsage
        Fewer than 2 or more than 12 steps.
    """
    if not 2 <= steps <= 12:
        raise WrongUsage(f"a wedge of {steps} steps: give 2 to 12")
    rise, wide, field = step_mm or STEP_MATERIALS[material], 20.0, 22.0 * steps
    things = tuple(
        Thing(
            f"step-{number + 1}", Box((wide, 0.5 * field, round(rise * (number + 1), 4))), material,
            (round((number - (steps - 1) / 2.0) * wide, 4), 0.0, round(rise * (number + 1) / 2.0, 4)),
        )
        for number in range(steps)
    )  # fmt: skip
    detector = radiography.receptor(size_px, field, noise=noise == "yes")
    scene = _scene(
        "phantom-step", seed, things, detector, _tube(tube_voltage_kv), scatter=Scatter(scatter_ratio, REACH_MM),
        description=f"Step wedge of {material}, simulated phantom", technique={"material": material},
    )  # fmt: skip
    return radiography.at_mas(scene, exposure_mas or 2.0)


def contrast_detail(  # noqa: PLR0913  (each is an option of the scene)
    seed: int, *, size_px: int = 1024, tube_voltage_kv: float = 70.0, exposure_mas: float | None = None,
    noise: str = "yes", scatter_ratio: float = 0.0, pmma_mm: float = 50.0,
) -> Scene:  # fmt: skip
    """Return a plate of 15 by 15 cells: a hole in the middle of each, and the same in a corner drawn by the seed."""
    dice = Dice(seed, "contrast-detail")
    count = len(DETAILS_MM)
    whole = CELL_MM * count
    plate = Box((whole + 10.0, whole + 10.0, PLATE_MM))
    things = [Thing("plate", plate, "pmma", (0.0, 0.0, PLATE_MM / 2.0))]
    if pmma_mm > 0:
        cover = Box((whole + 40.0, whole + 40.0, pmma_mm))
        things.append(Thing("cover", cover, "pmma", (0.0, 0.0, PLATE_MM + pmma_mm / 2.0)))
    for row in range(count):
        for column in range(count):
            x, y = ((place - (count - 1) / 2.0) * CELL_MM for place in (column, row))
            aside = (x + dice.side() * CORNER_MM, y + dice.side() * CORNER_MM)
            things.append(_hole(f"middle-{row + 1}-{column + 1}", row, column, (x, y)))
            if row < CENTRE_ONLY_ROWS:
                things.append(_hole(f"corner-{row + 1}-{column + 1}", row, column, aside))
    detector = radiography.receptor(size_px, whole + 12.0, noise=noise == "yes")
    scene = _scene(
        "phantom-contrast-detail", seed, tuple(things), detector, _tube(tube_voltage_kv),
        scatter=Scatter(scatter_ratio, REACH_MM), description="Contrast-detail plate, simulated phantom",
        technique={"material": "pmma", "thickness_mm": PLATE_MM + pmma_mm},
    )  # fmt: skip
    return radiography.at_mas(scene, exposure_mas or 1.0)


def _hole(name: str, row: int, column: int, place: tuple[float, float]) -> Thing:
    """Return a hole drilled from the tube's side of the plate."""
    diameter, depth = DETAILS_MM[row], DETAILS_MM[column]
    at = (round(place[0], 4), round(place[1], 4), round(PLATE_MM - depth / 2.0, 4))
    known = {"diameter_mm": diameter, "depth_mm": depth}
    return Thing(name, Cylinder(diameter / 2.0, depth), None, at, inside="plate", label="hole", measurements=known)


def edge(  # noqa: PLR0913  (each is an option of the scene)
    seed: int, *, size_px: int = 1024, exposure_mas: float | None = None, noise: str = "yes",
    material: str = "tungsten", tilt_deg: float | None = None, blur_mm: float | None = None,
) -> Scene:  # fmt: skip
    """Return an opaque edge over half the picture in the beam RQA5, slightly turned."""
    dice = Dice(seed, "edge")
    drawn, at = dice.side() * dice.between(2.0, 4.0), dice.between(-0.07, 0.07)
    field = 0.15 * size_px
    plate = Thing("edge", Box((2.0 * field, 4.0 * field, 1.0)), material, (field, 0.0, 0.0))
    tilted = moved(turned([plate], (0.0, 0.0, drawn if tilt_deg is None else tilt_deg)), (at, 0.0, 0.0))
    scene = _scene(
        "phantom-edge", seed, tilted, radiography.receptor(size_px, field, noise=noise == "yes", blur_mm=blur_mm),
        radiography.calibration_source(), description=f"Edge of {material} in RQA5, simulated phantom",
        geometry=Geometry("cone", DISTANCE_MM, DISTANCE_MM - 5.0, rays_per_pixel=4, subpixels=4),
        technique={"material": material},
    )  # fmt: skip
    return radiography.at_mas(scene, exposure_mas or 8.0)


def uniform(  # noqa: PLR0913  (each is an option of the scene)
    seed: int, *, size_px: int = 1024, exposure_mas: float | None = None, noise: str = "yes",
    plate: str = "RQA5", thickness_mm: float | None = None, tube_voltage_kv: float = 70.0,
) -> Scene:  # fmt: skip
    """Return an even field: RQA5, or behind a plate of PMMA or aluminium; its exposure index is known exactly."""
    field = 0.2 * size_px
    wide = 1.2 * field
    is_rqa = plate == "RQA5"
    source = radiography.calibration_source() if is_rqa else _tube(tube_voltage_kv)
    material = "pmma" if plate == "pmma" else "aluminium"
    thick = thickness_mm or (200.0 if plate == "pmma" else 21.0)
    things = [] if is_rqa else [Thing("plate", Box((wide, wide, thick)), material, (0.0, 0.0, thick / 2.0))]
    scene = _scene(
        "phantom-uniform", seed, tuple(things), radiography.receptor(size_px, field, noise=noise == "yes"), source,
        description=f"Even field, {plate}, simulated phantom", technique={"material": material},
    )  # fmt: skip
    exposed = radiography.at_mas(scene, exposure_mas or (8.0 if is_rqa or plate == "aluminium" else 20.0))
    layers = {} if is_rqa else {material: thick}
    return radiography.with_words(exposed, exposure_index=round(known_index(exposed, layers), 2))


def known_index(scene: Scene, layers_mm: dict[str, float]) -> float:
    """Return the exposure index behind layers from tube load and distance alone."""
    mas = float(scene.technique["exposure_mas"])
    channel = scene.detector.channels[0]
    kerma = mas * radiography.kerma_per_mas_ugy(scene.source, channel, scene.geometry.source_detector_mm)
    return exposure_index(kerma * radiography.share_of(scene.source, layers_mm))


def breast(  # noqa: PLR0913  (each is an option of the scene)
    seed: int, *, size_px: int = 1024, exposure_mas: float | None = None, noise: str = "yes", target: str = "Mo",
    tube_voltage_kv: float = 28.0, thickness_mm: float = 40.0,
) -> Scene:  # fmt: skip
    """Return a block of PMMA with fibres, groups of specks and masses, each finer than the one before it."""
    dice = Dice(seed, "breast")
    block = Thing("block", Box((136.0, 136.0, thickness_mm)), "pmma", (0.0, 0.0, round(thickness_mm / 2.0, 4)))
    things, z = [block], round(thickness_mm - 3.0, 4)
    for number, (fibre, speck, mass) in enumerate(zip(FIBRES_MM, SPECKS_MM, MASSES_MM, strict=True)):
        x = round((number - (len(FIBRES_MM) - 1) / 2.0) * 18.0, 4)
        rod = Stroke(((-5.0, 0.0, 0.0), (5.0, 0.0, 0.0)), fibre / 2.0)
        known = {"diameter_mm": fibre, "length_mm": 10.0}
        turn = (0.0, 0.0, dice.side() * 45.0)
        at = (x, -30.0, round(thickness_mm + 1.0, 4))
        name, label = f"fibre-{number + 1}", f"fibre {fibre:g} mm"
        things.append(Thing(name, rod, "nylon", at, turn, label=label, measurements=known))
        things += _specks(number + 1, speck, (x, 0.0, z))
        lens, known = Ellipsoid((4.5, 4.5, mass / 2.0)), {"diameter_mm": 9.0, "depth_mm": mass}
        name, label = f"mass-{number + 1}", f"mass {mass:g} mm"
        things.append(Thing(name, lens, "bakelite", (x, 30.0, z), label=label, measurements=known))
    source = Source("tube", tube_voltage_kv, target, filters_mm=BREAST_FILTERS[target], focal_spot_mm=0.3)
    detector = radiography.receptor(size_px, BREAST_FIELD_MM, noise=noise == "yes")
    scene = _scene(
        "phantom-breast", seed, tuple(things), detector, source,
        geometry=Geometry("cone", BREAST_DISTANCE_MM, round(BREAST_DISTANCE_MM - GAP_MM, 3), rays_per_pixel=4),
        description="Breast of plastic, simulated phantom", technique={
            "body_part": "BREAST", "view": "CC", "anode_material": target, "material": "pmma",
            "thickness_mm": thickness_mm,
        },
    )  # fmt: skip
    return radiography.at_mas(scene, exposure_mas or 40.0)


FIBRES_MM = (1.56, 1.12, 0.89, 0.75, 0.54)
SPECKS_MM = (0.54, 0.4, 0.32, 0.24, 0.16)
MASSES_MM = (2.0, 1.0, 0.75, 0.5, 0.25)


def _specks(number: int, size_mm: float, middle: tuple[float, float, float]) -> list[Thing]:
    """Return a group of six specks: five on a ring and one in its middle."""
    x, y, z = middle
    group, known = f"specks {size_mm:g} mm", {"diameter_mm": size_mm}
    things = []
    for place in range(6):
        angle, away = math.radians(72.0 * place), 4.0 if place < 5 else 0.0
        at = (round(x + away * math.sin(angle), 4), round(y - away * math.cos(angle), 4), z)
        ball = Ellipsoid((size_mm / 2.0,) * 3)
        name = f"speck-{number}-{place + 1}"
        things.append(Thing(name, ball, "alumina", at, inside="block", label=group, group=group, measurements=known))
    return things

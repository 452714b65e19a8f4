"""A pallet of cargo before a linear accelerator of two end points: planes low, high and z-effective, from the side."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.image import Spacing
from kerma.science.physics.cargo import MegavoltBeam, identify
from kerma.science.results import Box as Extent
from kerma.science.simulate.beam import beam_of
from kerma.science.simulate.document import Box, Channel, Cylinder, Detector, Geometry, Point, Scene, Source, Thing
from kerma.science.simulate.line_scanner import BLUR_SHARE, COLUMNS, OPEN_STORED, ROWS, Tunnel, with_z
from kerma.science.simulate.packing import Place, Room
from kerma.science.simulate.scene import Mask, SimulatedImage
from kerma.science.simulate.things import kind_of

END_POINTS_MEV = (6.0, 9.0)
SNR = (420.0, 500.0)
SOURCE_OBJECT_MM, SOURCE_DETECTOR_MM = 3000.0, 5000.0
FLOOR_MM: Point = (400.0, 600.0, 640.0)
"""Half of the room for goods: a pallet of 800 × 1200 mm, stacked to 1280 mm."""
BOARD_MM = 145.0
BLOCK_PX = 4
"""The number is told for blocks of this many pixels along each side: its noise is too high in a single one."""
NOT_CORRELATED = 2**32
"""Added to the seed of the second energy, so that its noise is its own."""
LEAST_ALPHA = 0.08
CARTONS = 46
GOODS = (
    ("paper", 0.55), ("cloth", 0.3), ("water", 0.62), ("sugar poured", 0.75), ("flour", 0.5), ("fruit", 0.45),
    ("polyethylene", 0.35), ("window glass", 0.6), ("aluminium", 0.5), ("circuit board", 0.4), ("steel", 1.1),
    ("washing powder", 0.6), ("rubber", 0.5), ("porcelain", 0.7),
)  # fmt: skip
"""What cartons hold, and its density in g/cm³ as it is packed."""
DRUMS = ("water", "olive oil", "paraffin", "table salt", "diesel")
SHIELD = "shielded-box"
THREATS = ("rifle-parts", "pistol", "ammunition", "block-charge", "pipe-charge", SHIELD)


def pallet(seed: int, *, threat: str = "random", size_px: int | None = None) -> SimulatedImage:
    """Return a loaded pallet in a megavolt scanner, upright: rows from the top down, columns along the belt.

    Parameters
    ----------
    seed : the same seed gives the same bytes
    threat : *none*, *random* (half of them), *any*, or one of :data:`THREATS`
    size_px : rows and columns; without it 512 × 640
    """
    from kerma.science.simulate.render import render

    random = np.random.default_rng([seed, 9])
    things, contents = _loaded(random, _threat(threat, random))
    views = [render(_scene(things, seed, number, size_px)) for number in (0, 1)]
    low, high = (view.image.pixels[0] for view in views)
    both = dataclasses.replace(
        views[1].image, pixels=np.stack([low, high]), plane_kind="energy", plane_labels=("low", "high")
    )
    expected = np.concatenate([view.expected for view in views if view.expected is not None])
    truth = {
        "beams": [view.truth["beams"][0] for view in views], "end_points_mev": list(END_POINTS_MEV), "snr": list(SNR),
        "contents": contents, "open_stored": [OPEN_STORED, OPEN_STORED], "seed": seed,
        "threats": len(views[1].findings),
    }  # fmt: skip
    codes = {name: kind_of(name).category for name in THREATS if name != SHIELD}
    findings = tuple(dataclasses.replace(each, code=codes.get(each.label, SHIELD)) for each in views[1].findings)
    told = {**views[1].truth, **truth}
    whole = dataclasses.replace(views[1], image=both, expected=expected, findings=findings, truth=told)
    return upright(with_z(whole, z_plane(low, high)))


def upright(view: SimulatedImage) -> SimulatedImage:
    """Return a picture with rows and columns exchanged: a scanner's rows are its lines, and a pallet stands upright."""
    findings = tuple(
        dataclasses.replace(each, box=Extent(each.box.column, each.box.row, each.box.width, each.box.height))
        for each in view.findings
    )
    spacing = Spacing(view.image.spacing.column_mm, view.image.spacing.row_mm, view.image.spacing.source)
    return dataclasses.replace(
        view, image=dataclasses.replace(view.image, pixels=_exchanged(view.image.pixels), spacing=spacing),
        findings=findings, labels=_exchanged(view.labels),
        thickness_mm={name: _exchanged(values) for name, values in view.thickness_mm.items()},
        masks=tuple(Mask(mask.column, mask.row, _exchanged(mask.pixels)) for mask in view.masks),
        expected=None if view.expected is None else _exchanged(view.expected),
        bad_pixels=None if view.bad_pixels is None else _exchanged(view.bad_pixels),
    )  # fmt: skip


def _exchanged(values: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(np.swapaxes(values, -1, -2))


def _scene(things: tuple[Thing, ...], seed: int, number: int, size_px: int | None) -> Scene:
    """Return the scene of one end point."""
    half = FLOOR_MM[0], FLOOR_MM[1] + 20.0, FLOOR_MM[2] + BOARD_MM
    tunnel = Tunnel(half, (90.0,), size_px or COLUMNS, size_px or ROWS, SOURCE_OBJECT_MM, SOURCE_DETECTOR_MM)
    pitch, step = tunnel.fan()
    channel = Channel(("low", "high")[number], {}, "cadmium tungstate", 30.0, SNR[number], OPEN_STORED)
    return Scene(
        "pallet", things,
        Detector(tunnel.rows, tunnel.columns, pitch, (channel,), blur_mm=round(BLUR_SHARE * pitch, 4)),
        Source("linac", end_point_mev=END_POINTS_MEV[number], focal_spot_mm=1.5),
        Geometry("fan", SOURCE_DETECTOR_MM, SOURCE_OBJECT_MM, step, angles_deg=(90.0,)),
        seed=seed + number * NOT_CORRELATED, industry="security", description="Pallet, 6 and 9 MV, simulated",
    )  # fmt: skip


def _threat(threat: str, random: np.random.Generator) -> str:
    if threat == "none" or (threat == "random" and bool(random.integers(0, 2))):
        return ""
    if threat in ("random", "any"):
        return THREATS[int(random.integers(0, len(THREATS)))]
    if threat not in THREATS:
        raise WrongUsage(f"a pallet hides none, random, any or one of {', '.join(THREATS)}; not '{threat}'")
    return threat


def _loaded(random: np.random.Generator, threat: str) -> tuple[tuple[Thing, ...], list[dict[str, Any]]]:
    """Return pallet, drums and cartons; one carton of light stuff hides the threat."""
    room = Room(FLOOR_MM)
    things, contents = _boards(), []
    hiding = int(random.integers(0, 14)) if threat else -1
    for number in range(CARTONS):
        is_hiding = number == hiding
        half = _carton_size(random) if not is_hiding else (195.0, 150.0, 120.0)
        is_drum = not is_hiding and number < 6 and random.random() < 0.35
        half = (145.0, 145.0, 220.0) if is_drum else half
        place = room.put(half, random, turns="square")
        if place is None:
            continue
        name = f"{'drum' if is_drum else 'carton'}-{number + 1}"
        fill: Callable[..., tuple[list[Thing], str]] = _drum if is_drum else _carton
        bodies, holds = fill(name, place, random) if not is_hiding else _hiding(name, place, threat, random)
        things += bodies
        contents.append({"name": name, "holds": holds, "at_mm": list(place.at_mm), "is_threat": is_hiding})
    return tuple(things), contents


def _carton_size(random: np.random.Generator) -> Point:
    x, y, z = (
        float(random.choice(edges)) for edges in ((95.0, 130.0, 195.0), (95.0, 145.0, 195.0), (70.0, 105.0, 150.0))
    )
    return x, y, z


def _boards() -> list[Thing]:
    """Return the pallet below the goods: deck boards, blocks, runners."""
    x, y, z = FLOOR_MM
    deck = [Thing(f"deck-{n}", Box((100, 2 * y, 22)), "wood", (-x + 70 + 132.0 * n, 0, -z - 12)) for n in range(6)]
    blocks = [
        Thing(f"block-{n}-{m}", Box((100, 140, 78)), "wood", (a, b, -z - 63))
        for n, a in enumerate((-x + 60, 0.0, x - 60)) for m, b in enumerate((-y + 80, 0.0, y - 80))
    ]  # fmt: skip
    runners = [
        Thing(f"runner-{n}", Box((100, 2 * y, 22)), "wood", (a, 0, -z - 114))
        for n, a in enumerate((-x + 60, 0.0, x - 60))
    ]
    nails = [
        Thing(f"nail-{n}-{m}", Cylinder(2, 70), "steel", (a, b, -z - 40))
        for n, a in enumerate((-x + 60, 0.0, x - 60)) for m, b in enumerate((-y + 80, 0.0, y - 80))
    ]  # fmt: skip
    return deck + blocks + runners + nails


def _carton(name: str, place: Place, random: np.random.Generator) -> tuple[list[Thing], str]:
    """Return a carton of packages: rows of blocks of one stuff with air between."""
    material, density = GOODS[int(random.integers(0, len(GOODS)))]
    x, y, z = place.half_mm
    parts: list[Thing] = [
        Thing(f"{name}/box", Box((2 * x, 2 * y, 2 * z)), "cardboard", place.at_mm, place.turn_deg, density_g_cm3=0.2),
        Thing(f"{name}/room", Box((2 * x - 8, 2 * y - 8, 2 * z - 8)), None, place.at_mm, place.turn_deg, f"{name}/box"),
    ]
    counts = [int(random.integers(1, most)) for most in (2, 4, 4)]
    rows, layers = counts[1], counts[2]
    size = (2 * x - 12, (2 * y - 12) / rows - 4, (2 * z - 12) / layers - 4)
    is_turned = round(place.turn_deg[2] / 90.0) % 2 == 1
    for row in range(rows):
        for layer in range(layers):
            across = (row - (rows - 1) / 2) * (2 * y - 12) / rows
            up = (layer - (layers - 1) / 2) * (2 * z - 12) / layers
            shift = (across, 0.0, up) if is_turned else (0.0, across, up)
            at = (place.at_mm[0] + shift[0], place.at_mm[1] + shift[1], place.at_mm[2] + shift[2])
            parts.append(
                Thing(f"{name}/pack-{row}-{layer}", Box(size), material, at, place.turn_deg, f"{name}/room", density)
            )
    return parts, material


def _drum(name: str, place: Place, random: np.random.Generator) -> tuple[list[Thing], str]:
    liquid = DRUMS[int(random.integers(0, len(DRUMS)))]
    radius, half = place.half_mm[0] - 3.0, place.half_mm[2]
    x, y, z = place.at_mm
    full = float(random.uniform(0.7, 0.95)) * (2 * half - 4)
    return [
        Thing(f"{name}/steel", Cylinder(radius, 2 * half - 1), "steel", (x, y, z)),
        Thing(f"{name}/room", Cylinder(radius - 1.2, 2 * half - 4), None, (x, y, z), inside=f"{name}/steel"),
        Thing(f"{name}/liquid", Cylinder(radius - 1.3, full), liquid, (x, y, z - (2 * half - 4 - full) / 2),
              inside=f"{name}/room"),
        *(Thing(f"{name}/hoop-{n}", Cylinder(radius + 2.5, 14), "steel", (x, y, z + up), density_g_cm3=1.6)
          for n, up in ((1, -half / 3), (2, half / 3))),
    ], liquid  # fmt: skip


def _hiding(name: str, place: Place, threat: str, random: np.random.Generator) -> tuple[list[Thing], str]:
    """Return a carton of foam with the threat in its middle."""
    x, y, z = place.half_mm
    foam = f"{name}/foam"
    parts = [Thing(foam, Box((2 * x, 2 * y, 2 * z)), "polystyrene foam", place.at_mm, place.turn_deg)]
    if threat == SHIELD:
        sizes = {
            "mass_g": 21300.0,
            "density_g_cm3": 11.35,
            "zeff": 82.0,
            "length_mm": 160.0,
            "width_mm": 130.0,
            "height_mm": 110.0,
        }
        parts += [
            Thing(f"{name}/shield", Box((160, 130, 110)), "lead", place.at_mm, place.turn_deg, foam,
                  label=SHIELD, group=name, measurements=sizes),
            Thing(f"{name}/hollow", Box((80, 50, 40)), None, place.at_mm, place.turn_deg, f"{name}/shield"),
        ]  # fmt: skip
        return parts, threat
    article = kind_of(threat).draw(random)
    placed = article.placed(f"{name}/{threat}", place.at_mm, place.turn_deg, is_labelled=True)
    return [*parts, *(dataclasses.replace(part, inside=part.inside or foam) for part in placed)], threat


def z_plane(low: NDArray[Any], high: NDArray[Any]) -> NDArray[np.uint16]:
    """Return the plane z-effective of two planes of stored values, told for blocks of pixels; 0 is undecidable."""
    rows, columns = (size - size % BLOCK_PX for size in low.shape)
    alpha = [_blocks(plane, rows, columns) for plane in (low, high)]
    beams = [
        beam_of(Source("linac", end_point_mev=each), Channel("", {}, "cadmium tungstate", 30.0))
        for each in END_POINTS_MEV
    ]
    models = [MegavoltBeam(beam.energies_kev, beam.signal_weights) for beam in beams]
    shown = np.zeros(alpha[0].shape)
    told = (alpha[1] > LEAST_ALPHA) & (alpha[1] < 6.0)
    found = identify(models[0], models[1], alpha[0][told], alpha[1][told], relative_uncertainty=0.004)
    shown[told] = np.nan_to_num(found.number)
    whole = np.zeros(low.shape, dtype=np.uint16)
    whole[:rows, :columns] = np.rint(100.0 * shown).astype(np.uint16).repeat(BLOCK_PX, axis=0).repeat(BLOCK_PX, axis=1)
    return whole


def _blocks(plane: NDArray[Any], rows: int, columns: int) -> NDArray[np.float64]:
    mean = plane[:rows, :columns].reshape(rows // BLOCK_PX, BLOCK_PX, columns // BLOCK_PX, BLOCK_PX).mean(axis=(1, 3))
    result: NDArray[np.float64] = -np.log(np.maximum(mean, 0.5) / OPEN_STORED)
    return result

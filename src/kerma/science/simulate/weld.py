"""A butt weld in steel plate: bead with ripple, lead letters, wire indicator, spatter, and flaws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kerma.science.simulate.document import Channel, Detector, Geometry, Scene, Source
from kerma.science.simulate.flaws import Field, Flaw, ellipsoid, stroke
from kerma.science.simulate.lettering import lead_arrow, lead_letters, wires
from kerma.science.simulate.part import Part
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.texture import smooth_field, smooth_line
from kerma.standards import table

PIXEL_MM = 0.1
SNR = 230.0
GEOMETRY = Geometry(source_detector_mm=850.0, source_object_mm=800.0)
PITCH_MM = 0.10625
"""Of the detector: :data:`PIXEL_MM` in the plane of the weld."""
SOURCE = Source(tube_voltage_kv=180.0, filters_mm={"aluminium": 3.0, "copper": 0.5}, focal_spot_mm=2.0)
BLUR_MM = 0.08
LEAD_MM = 0.35
WIRES = ("W10", "W11", "W12", "W13", "W14", "W15", "W16")
WIRE_ROWS = (300, 560)
WIRE_PITCH_PX = 50.0
WIRES_FROM_END_PX = 470
"""The first wire lies this far from the end of the plate."""


@dataclass(frozen=True)
class Plate:
    """The welded plate: its picture's size in pixels, thickness and bead in mm."""

    rows: int = 800
    columns: int = 1600
    thickness_mm: float = 10.0
    bead_width_mm: float = 17.0
    cap_mm: float = 1.9
    root_mm: float = 0.9
    center_row: float = 430.0


def weld(seed: int, *, flaws: str = "random", plate: Plate | None = None) -> SimulatedImage:
    """Return a simulated weld radiograph.

    Parameters
    ----------
    seed : the same seed gives the same bytes
    flaws : ``random``, ``few`` (small pores and a short slag line) or ``many`` (crack, slag, a large pore, tungsten)
    plate : size and thickness; the default is 160 × 80 mm of 10 mm steel
    """
    generator = np.random.default_rng(seed)
    given = plate or Plate()
    steel = _steel(given, generator)
    lead = _marks(steel, given, seed)
    center = _center_line(given, generator)
    made = FLAW_SETS[flaws](generator, given, center)
    truth = {"thickness_mm": given.thickness_mm, "snr": SNR, "wires": list(WIRES)}
    return Part({"iron": steel, "lead": lead}, made).picture(_exposure(given, seed), truth)


def _exposure(plate: Plate, seed: int) -> Scene:
    """Return how the plate is exposed: SNR and stored value hold behind its thickness."""
    detector = Detector(
        plate.rows, plate.columns, PITCH_MM, (Channel(snr=SNR, reference_stored=42000.0),),
        {"iron": plate.thickness_mm}, BLUR_MM,
    )  # fmt: skip
    return Scene(
        "weld", (), detector, SOURCE, GEOMETRY, seed=seed, description="Butt weld, simulated", is_inverse=True,
        technique={
            "thickness_mm": plate.thickness_mm, "material": "steel", "part": "weld",
            "weld_length_mm": plate.columns * PIXEL_MM, "weld_width_mm": plate.bead_width_mm,
            "wire_region": _wire_region(plate), "wires": f"{WIRES[0]}-{WIRES[-1]}",
        },
    )  # fmt: skip


def _center_line(plate: Plate, generator: np.random.Generator) -> Field:
    """Return the row of the weld's middle at every column, in pixels."""
    return plate.center_row + 3.0 * smooth_line(generator, plate.columns, 400.0)


def _steel(plate: Plate, generator: np.random.Generator) -> Field:
    """Return the thickness of plate, cap, root and spatter in mm."""
    rows: Field = np.arange(plate.rows, dtype=np.float64)[:, None]
    columns: Field = np.arange(plate.columns, dtype=np.float64)[None, :]
    steel = plate.thickness_mm + 0.012 * smooth_field(generator, (plate.rows, plate.columns), 6.0)
    steel += 0.05 * smooth_field(generator, (plate.rows, plate.columns), 300.0)
    wander = 2.5 * smooth_line(generator, plate.columns, 260.0)
    width = plate.bead_width_mm / PIXEL_MM / 2 + 3.0 * smooth_line(generator, plate.columns, 60.0)
    across = (rows - plate.center_row - wander) / width
    steel += plate.cap_mm * _crown(across) * (1.0 + _ripple(across, columns, generator))
    root_width = 0.42 * plate.bead_width_mm / PIXEL_MM / 2 + 2.2 * smooth_line(generator, plate.columns, 35.0)
    root = (rows - plate.center_row + 3.0 - wander) / root_width
    steel += plate.root_mm * _crown(root) * (1.0 + 0.12 * smooth_line(generator, plate.columns, 24.0))
    _add_spatter(steel, plate, generator)
    return steel


def _crown(across: Field) -> Field:
    """Return the height of a bead over its half width, 1 in the middle and 0 beyond the toes."""
    result: Field = np.sqrt(np.maximum(0.0, 1.0 - across**2)) ** 1.35
    return result


def _ripple(across: Field, columns: Field, generator: np.random.Generator) -> Field:
    """Return the crescents left by the moving pool, as a share of the bead's height."""
    length = columns.shape[1]
    drift = np.cumsum(1.0 + 0.16 * smooth_line(generator, length, 30.0))[None, :]
    pool = 26.0 * (1.0 - np.minimum(np.abs(across), 1.0) ** 2.2)
    phase = (drift - pool) / 15.0
    saw = phase - np.floor(phase)
    crescent = np.where(saw < 0.8, saw / 0.8, (1.0 - saw) / 0.2) - 0.5
    weak = 0.75 + 0.25 * smooth_line(generator, length, 50.0)[None, :]
    result: Field = 0.2 * crescent * weak
    return result


def _add_spatter(steel: Field, plate: Plate, generator: np.random.Generator) -> None:
    for _ in range(4):
        radius = float(generator.uniform(0.25, 0.7))
        side = float(generator.choice([-1.0, 1.0]))
        row = plate.center_row * PIXEL_MM + side * float(generator.uniform(11.0, 22.0))
        column = float(generator.uniform(4.0, plate.columns * PIXEL_MM - 4.0))
        radii = (radius, radius, 0.35 * radius)
        drop = ellipsoid("spatter", center_mm=(row, column), radii_mm=radii, pixel_mm=PIXEL_MM)
        steel[drop.slices] += drop.patch_mm


def _wire_region(plate: Plate) -> str:
    """Return row, column, height and width of a region that holds the wire indicator."""
    row, column = WIRE_ROWS[0] - 5, plate.columns - WIRES_FROM_END_PX - 20
    return f"{row},{column},{WIRE_ROWS[1] - WIRE_ROWS[0] + 10},{int(WIRE_PITCH_PX * (len(WIRES) - 1)) + 60}"


def _marks(steel: Field, plate: Plate, seed: int) -> Field:
    """Lay the wire indicator on the plate; return the lead of letters and arrows."""
    lead = np.zeros(steel.shape)
    names = {row["wire"]: float(row["diameter_mm"]) for row in table("iso_19232-1/wires")}
    first = plate.columns - WIRES_FROM_END_PX
    wires(steel, [names[name] for name in WIRES], rows_px=WIRE_ROWS, first_column_px=first, pitch_px=WIRE_PITCH_PX,
          pixel_mm=PIXEL_MM)
    lead_letters(lead, "10 FE EN", row_px=640, column_px=first + 62, height_px=34, thickness_mm=LEAD_MM)
    lead_letters(lead, f"K{1042 + seed % 900}", row_px=130, column_px=90, height_px=50, thickness_mm=LEAD_MM)
    lead_letters(lead, f"W{1 + seed % 9}", row_px=130, column_px=420, height_px=50, thickness_mm=LEAD_MM)
    for number in range(4):
        column = 110 + number * 450
        lead_arrow(lead, row_px=742, column_px=column, size_px=26, thickness_mm=LEAD_MM)
        lead_letters(lead, f"{45 * number}", row_px=784, column_px=column - 22, height_px=30, thickness_mm=LEAD_MM)
    return lead


def _few(generator: np.random.Generator, plate: Plate, center: Field) -> list[Flaw]:
    """Return flaws within the limits of the French arrêté for this thickness."""
    pores = [(0.34, -2.0, 23.0), (0.45, 1.5, 61.0), (0.28, 3.1, 64.5), (0.55, -1.0, 118.0)]
    found = [_pore(radius, off, along, center) for radius, off, along in pores]
    found.append(_slag(generator, start_mm=86.0, length_mm=2.2, off_mm=2.6, center=center))
    return found


def _many(generator: np.random.Generator, plate: Plate, center: Field) -> list[Flaw]:
    """Return flaws that no reader may accept: a crack, a long slag line, a large pore, a run of pores, tungsten."""
    run = [(0.42, 2.0, 12.0), (0.5, 2.2, 15.1), (0.36, 1.9, 17.6), (0.55, 2.4, 20.8), (0.45, 2.1, 24.0)]
    found = [_pore(radius, off, along, center) for radius, off, along in run]
    found.append(_pore(2.0, -1.4, 46.0, center))
    found.append(_slag(generator, start_mm=58.0, length_mm=11.0, off_mm=-3.6, center=center))
    found.append(_crack(generator, start_mm=82.0, length_mm=14.0, off_mm=0.6, center=center))
    found.append(_tungsten(0.42, -2.6, 105.0, center))
    return found


def _random(generator: np.random.Generator, plate: Plate, center: Field) -> list[Flaw]:
    """Return a draw of flaws: 3 to 9 of six kinds, at places of their own along the weld."""
    count = int(generator.integers(3, 10))
    lanes = generator.permutation(np.linspace(8.0, plate.columns * PIXEL_MM - 60.0, 10))[:count]
    return [_one(generator, float(along), center) for along in np.sort(lanes)]


def _one(generator: np.random.Generator, along: float, center: Field) -> Flaw:
    kind = int(generator.integers(0, 6))
    off = float(generator.uniform(-4.0, 4.0))
    if kind < 2:
        return _pore(float(generator.uniform(0.25, 1.8)), off, along, center)
    if kind == 2:
        return _tungsten(float(generator.uniform(0.2, 0.6)), off, along, center)
    length = float(generator.uniform(2.0, 8.0))
    if kind == 3:
        return _crack(generator, start_mm=along, length_mm=length, off_mm=off / 2, center=center)
    if kind == 4:
        return _lack_of_fusion(start_mm=along, length_mm=length, center=center)
    return _slag(generator, start_mm=along, length_mm=length, off_mm=off, center=center)


def _row_mm(center: Field, along_mm: float, off_mm: float) -> float:
    return float(center[round(along_mm / PIXEL_MM)]) * PIXEL_MM + off_mm


def _pore(radius_mm: float, off_mm: float, along_mm: float, center: Field) -> Flaw:
    place = (_row_mm(center, along_mm, off_mm), along_mm)
    return ellipsoid("porosity", center_mm=place, radii_mm=(radius_mm,) * 3, pixel_mm=PIXEL_MM)


def _tungsten(radius_mm: float, off_mm: float, along_mm: float, center: Field) -> Flaw:
    place = (_row_mm(center, along_mm, off_mm), along_mm)
    radii = (0.8 * radius_mm, radius_mm, 0.7 * radius_mm)
    return ellipsoid("tungsten", center_mm=place, radii_mm=radii, pixel_mm=PIXEL_MM, material="tungsten")


def _slag(generator: np.random.Generator, *, start_mm: float, length_mm: float, off_mm: float, center: Field) -> Flaw:
    along = np.arange(0.0, length_mm, 0.04)
    lobes = np.clip(0.75 + 0.25 * smooth_line(generator, along.size, 22.0), 0.35, 1.4)
    ends = np.minimum(1.0, np.minimum(along, along[::-1]) / 0.5 + 0.35)
    wander = 0.14 * smooth_line(generator, along.size, 60.0)
    row = np.array([_row_mm(center, start_mm + step, off_mm) for step in along]) + wander
    return stroke("slag", np.stack([row, start_mm + along], axis=1), width_mm=0.85 * lobes * ends, depth_mm=1.5,
                  pixel_mm=PIXEL_MM, material="slag")


def _crack(generator: np.random.Generator, *, start_mm: float, length_mm: float, off_mm: float, center: Field) -> Flaw:
    along = np.arange(0.0, length_mm, 0.03)
    jagged = 0.35 * smooth_line(generator, along.size, 90.0) + 0.16 * smooth_line(generator, along.size, 18.0)
    width = 0.24 * np.clip(1.0 + 0.3 * smooth_line(generator, along.size, 40.0), 0.5, 1.6)
    width *= np.sqrt(np.minimum(1.0, np.minimum(along, along[::-1]) / (0.3 * length_mm) + 0.12))
    row = np.array([_row_mm(center, start_mm + step, off_mm) for step in along]) + jagged
    return stroke("crack", np.stack([row, start_mm + along], axis=1), width_mm=width, depth_mm=2.6, pixel_mm=PIXEL_MM)


def _lack_of_fusion(*, start_mm: float, length_mm: float, center: Field) -> Flaw:
    along = np.arange(0.0, length_mm, 0.05)
    row = np.array([_row_mm(center, start_mm + step, -5.2) for step in along])
    width = np.full(along.size, 0.35)
    return stroke("lack-of-fusion", np.stack([row, start_mm + along], axis=1), width_mm=width, depth_mm=1.6,
                  pixel_mm=PIXEL_MM)


FLAW_SETS: dict[str, Callable[[np.random.Generator, Plate, Field], Sequence[Flaw]]] = {
    "random": _random,
    "few": _few,
    "many": _many,
}
"""The sets of flaws a weld can be made with, by name."""

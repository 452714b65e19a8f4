"""An aluminium casting, the cover of a pump: hub, ribs, flange and bosses, with gas pores, shrinkage and inclusions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerma.science.simulate.document import Channel, Detector, Geometry, Scene, Source
from kerma.science.simulate.flaws import Field, Flaw, ellipsoid
from kerma.science.simulate.lettering import lead_letters
from kerma.science.simulate.part import Part
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.solids import bar, disc, grid, joined, raised, ring, tube
from kerma.science.simulate.texture import smooth_field

SIZE = 1024
PIXEL_MM = 0.15
REFERENCE_MM = 14.0
SNR = 210.0
GEOMETRY = Geometry(source_detector_mm=1080.0, source_object_mm=960.0)
PITCH_MM = 0.16875
"""Of the detector: :data:`PIXEL_MM` in the middle of the casting."""
SOURCE = Source(tube_voltage_kv=95.0, filters_mm={"aluminium": 2.0, "copper": 0.1}, focal_spot_mm=1.5)
BLUR_MM = 0.12
BOSSES = 6
RIBS = 9


def casting(seed: int) -> SimulatedImage:
    """Return a simulated radiograph of an aluminium casting, 154 × 154 mm; the same seed gives the same bytes."""
    generator = np.random.default_rng(seed)
    aluminium = _cover(generator)
    letters = np.zeros_like(aluminium)
    lead_letters(letters, f"C{207 + seed % 700}", row_px=1000, column_px=30, height_px=34, thickness_mm=0.5)
    part = Part({"aluminium": aluminium, "lead": letters}, _flaws(generator))
    return part.picture(_exposure(seed), {"thickness_mm": REFERENCE_MM, "snr": SNR})


def _exposure(seed: int) -> Scene:
    """Return how the cover is exposed: SNR and stored value hold behind the reference thickness."""
    channel = Channel(snr=SNR, reference_stored=15500.0)
    detector = Detector(SIZE, SIZE, PITCH_MM, (channel,), {"aluminium": REFERENCE_MM}, BLUR_MM)
    return Scene(
        "casting", (), detector, SOURCE, GEOMETRY, seed=seed, is_inverse=True,
        description="Pump cover, aluminium casting, simulated",
        technique={"thickness_mm": REFERENCE_MM, "material": "aluminium", "part": "casting"},
    )  # fmt: skip


def _around(count: int, radius: float, turn: float = 0.0) -> list[tuple[float, float]]:
    angles = turn + 2 * np.pi * np.arange(count) / count
    return [(float(radius * np.sin(angle)), float(radius * np.cos(angle))) for angle in angles]


def _cover(generator: np.random.Generator) -> Field:
    """Return the thickness of the cover in mm."""
    row, column = grid(SIZE, SIZE, PIXEL_MM)
    middle = (0.0, 0.0)
    outline = disc(row, column, center=middle, radius=60.0)
    for place in _around(BOSSES, 61.0, 0.26):
        outline = joined(outline, disc(row, column, center=place, radius=9.5), 9.0)
    part = raised(outline, height=6.5, edge=1.2)
    for place in _around(BOSSES, 61.0, 0.26):
        part += raised(disc(row, column, center=place, radius=8.2), height=5.0, edge=1.6)
    part += raised(ring(row, column, center=middle, radius=50.0, width=6.0), height=12.0, edge=2.6)
    hub = disc(row, column, center=middle, radius=23.0)
    part += raised(hub, height=9.0, edge=4.0)
    part += raised(disc(row, column, center=middle, radius=17.5), height=9.0, edge=3.0)
    part += _ribs(row, column) + _port(row, column)
    part -= raised(ring(row, column, center=middle, radius=57.0, width=2.4), height=1.6, edge=0.6)
    part += 0.05 * smooth_field(generator, (SIZE, SIZE), 9.0) * (part > 0.4)
    part += 0.10 * smooth_field(generator, (SIZE, SIZE), 120.0) * (part > 0.4)
    for place in _around(BOSSES, 61.0, 0.26):
        part = _drilled(part, disc(row, column, center=place, radius=3.4))
    for place in _around(3, 34.0, 0.5):
        part -= raised(disc(row, column, center=place, radius=2.6), height=0.5, edge=0.3) * (part > 3.0)
    part = _drilled(part, disc(row, column, center=middle, radius=10.5))
    return np.maximum(part, 0.0)


def _ribs(row: Field, column: Field) -> Field:
    ribs = np.zeros(np.broadcast_shapes(row.shape, column.shape))
    away = np.hypot(row, column)
    for inner, outer in zip(_around(RIBS, 18.0, 0.1), _around(RIBS, 50.0, 0.1), strict=True):
        sloped = 10.0 - 0.14 * (away - 18.0)
        rib = bar(row, column, start=inner, end=outer, width=4.6)
        ribs = np.maximum(ribs, sloped * raised(rib, height=1.0, edge=1.8))
    return ribs


def _port(row: Field, column: Field) -> Field:
    """Return the side port: a short tube that leaves the ring."""
    outline = bar(row, column, start=(-31.0, 44.0), end=(-44.0, 62.0), width=19.0)
    collar = bar(row, column, start=(-42.0, 59.5), end=(-43.5, 61.5), width=25.0)
    return tube(outline, radius=9.5, wall=3.4) + 0.6 * tube(collar, radius=12.5, wall=3.0)


def _drilled(part: Field, hole: Field) -> Field:
    """Cut a hole with a soft rim of one pixel."""
    kept: Field = part * np.clip(hole / PIXEL_MM + 0.5, 0.0, 1.0)
    return kept


def _flaws(generator: np.random.Generator) -> Sequence[Flaw]:
    """Return gas pores at a rib, a shrinkage sponge in the hub, a cold pore in a boss and a dense inclusion."""
    centre = SIZE * PIXEL_MM / 2
    turn = 0.1 + (float(generator.integers(0, RIBS)) + 0.36) * 2 * np.pi / RIBS
    found: list[Flaw] = []
    for number in range(int(generator.integers(6, 10))):
        away = 36.0 + float(generator.normal(0.0, 3.0))
        angle = turn + 0.028 * number + float(generator.normal(0.0, 0.02))
        size = float(generator.uniform(0.3, 0.95))
        radii = (size, size * float(generator.uniform(0.85, 1.15)), size)
        place = (centre + away * np.sin(angle), centre + away * np.cos(angle))
        found.append(ellipsoid("gas", center_mm=place, radii_mm=radii, pixel_mm=PIXEL_MM))
    angle = turn + 2.4
    sponge_at = (centre + 17.0 * float(np.sin(angle)), centre + 17.0 * float(np.cos(angle)))
    found.append(_sponge(generator, center_mm=sponge_at, half_mm=(4.6, 6.4)))
    angle = turn + 4.1
    place = (centre + 33.0 * float(np.sin(angle)), centre + 33.0 * float(np.cos(angle)))
    found.append(ellipsoid("inclusion", center_mm=place, radii_mm=(0.7, 1.0, 0.4), pixel_mm=PIXEL_MM, material="iron"))
    angle = turn + 5.2
    place = (centre + 50.0 * float(np.sin(angle)), centre + 50.0 * float(np.cos(angle)))
    found.append(ellipsoid("gas", center_mm=place, radii_mm=(1.7, 1.6, 1.6), pixel_mm=PIXEL_MM))
    return found


def _sponge(generator: np.random.Generator, *, center_mm: tuple[float, float], half_mm: tuple[float, float]) -> Flaw:
    """Return shrinkage: a spongy network that fades towards its edge."""
    first = [round((center - half) / PIXEL_MM) for center, half in zip(center_mm, half_mm, strict=True)]
    shape = (2 * round(half_mm[0] / PIXEL_MM), 2 * round(half_mm[1] / PIXEL_MM))
    row, column = np.linspace(-1, 1, shape[0])[:, None], np.linspace(-1, 1, shape[1])[None, :]
    ragged = np.hypot(row, column) + 0.16 * smooth_field(generator, shape, 16.0)
    envelope = np.clip((0.95 - ragged) / 0.5, 0.0, 1.0)
    web = sum(
        strength * np.clip(1.0 - np.abs(smooth_field(generator, shape, size)) / 0.34, 0.0, 1.0)
        for size, strength in ((9.0, 1.5), (5.0, 0.8))
    )
    depth = np.asarray(web * envelope, dtype=np.float64)
    rows, columns = np.flatnonzero(depth.any(axis=1)), np.flatnonzero(depth.any(axis=0))
    sizes = sorted([float(np.ptp(rows) + 1) * PIXEL_MM, float(np.ptp(columns) + 1) * PIXEL_MM])
    area = float((depth > 0).sum()) * PIXEL_MM**2
    return Flaw("shrinkage", first[0], first[1], depth, {"length_mm": sizes[1], "width_mm": sizes[0], "area_mm2": area})

"""A small bag in a tomograph: cone-beam projections from all round, with the truth of what lies where."""

from __future__ import annotations

import dataclasses

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.simulate.containers import carton
from kerma.science.simulate.document import Channel, Detector, Geometry, Scene, Source
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.scenes.baggage import THREAT_KINDS_SMALL, Load, coded, packed_load

HALF_MM = (105.0, 80.0, 60.0)
SIZE_PX, ANGLES = 192, 120
SOURCE_OBJECT_MM, SOURCE_DETECTOR_MM = 600.0, 900.0
CHANNEL = Channel("", {}, "csi", 0.6, 250.0, 50000.0)
LEAST_ANGLES, MOST_ANGLES = 2, 1440


def bag_ct(
    seed: int, *, threat: str = "random", count: int = 1, angles: int = ANGLES, size_px: int | None = None
) -> SimulatedImage:
    """Return the projections of a small bag over a full turn, one plane an angle.

    Parameters
    ----------
    seed : the same seed gives the same bytes
    threat, count : as in :func:`kerma.science.simulate.scenes.baggage.loaded`; large threats find no room
    angles : how many, equally spaced over 360°
    size_px : rows and columns; without it 192
    """
    from kerma.science.simulate.render import projections

    if not LEAST_ANGLES <= angles <= MOST_ANGLES:
        raise WrongUsage(f"{angles} angles: a turn has {LEAST_ANGLES} to {MOST_ANGLES}")
    load = small_load(seed, threat, count)
    shown = projections(scene_of(load, seed, angles, size_px or SIZE_PX))
    truth = {**shown.truth, "tube_voltage_kv": 140.0, "contents": load.contents(), "half_mm": list(HALF_MM)}
    return coded(dataclasses.replace(shown, truth=truth))


def small_load(seed: int, threat: str, count: int) -> Load:
    """Return the packed small bag of a seed."""
    random = np.random.default_rng([seed, 5])
    return packed_load(carton(HALF_MM, random), random, threats=(threat, count, THREAT_KINDS_SMALL), clutter="low")


def scene_of(load: Load, seed: int, angles: int, size_px: int) -> Scene:
    """Return the scene document: a panel that sees the whole bag from every angle."""
    magnification = SOURCE_DETECTOR_MM / SOURCE_OBJECT_MM
    half = load.container.half_mm
    across = float(np.hypot(half[0], half[2]))
    widest = 1.06 * max(across, half[1]) * magnification * SOURCE_OBJECT_MM / (SOURCE_OBJECT_MM - across)
    pitch = round(2.0 * widest / size_px, 4)
    return Scene(
        "bag-ct", load.things(),
        Detector(size_px, size_px, pitch, (CHANNEL,), blur_mm=round(0.4 * pitch, 4)),
        Source(tube_voltage_kv=140.0, filters_mm={"aluminium": 2.0, "copper": 0.5}, focal_spot_mm=0.5),
        Geometry(
            "cone", SOURCE_DETECTOR_MM, SOURCE_OBJECT_MM,
            angles_deg=tuple(round(360.0 * number / angles, 6) for number in range(angles)), rays_per_pixel=1,
        ),
        seed=seed, industry="security", description="Small bag, tomography, simulated",
    )  # fmt: skip

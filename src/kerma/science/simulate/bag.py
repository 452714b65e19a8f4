"""A suitcase as a dual-energy scanner sees it: low energy, high energy, and the effective atomic number from both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerma.science.simulate import bag_things as things
from kerma.science.simulate.bag_box import COLUMNS, PIXEL_MM, ROWS, Bag
from kerma.science.simulate.document import Detector, Geometry, Scene
from kerma.science.simulate.flaws import Flaw
from kerma.science.simulate.line_scanner import (
    BLUR_SHARE,
    CHANNELS,
    SOURCE,
    SOURCE_DETECTOR_MM,
    SOURCE_OBJECT_MM,
    with_z,
    z_plane,
)
from kerma.science.simulate.part import Part
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.solids import Field, bar, disc, raised, rectangle


def bag(seed: int, *, threat: str = "random") -> SimulatedImage:
    """Return a simulated dual-energy scan of a suitcase, 630 × 490 mm, with planes low, high and z-effective.

    Parameters
    ----------
    seed : the same seed gives the same bytes
    threat : ``none``, ``knife and block`` (a knife, and a block no X-ray passes), or ``random``: either of the two
    """
    generator = np.random.default_rng(seed)
    packed = _packed(generator)
    has_threat = threat == "knife and block" or (threat == "random" and bool(generator.integers(0, 2)))
    part = Part(packed.maps, _threats(packed, generator) if has_threat else ())
    seen = part.picture(_exposure(seed), {"threat": has_threat})
    return with_z(seen, z_plane(*seen.image.pixels))


def _exposure(seed: int) -> Scene:
    """Return the line scanner; its stored values hold in the open beam."""
    pitch_mm = round(PIXEL_MM * SOURCE_DETECTOR_MM / SOURCE_OBJECT_MM, 4)
    detector = Detector(ROWS, COLUMNS, pitch_mm, CHANNELS, blur_mm=round(BLUR_SHARE * pitch_mm, 4))
    geometry = Geometry("fan", SOURCE_DETECTOR_MM, SOURCE_OBJECT_MM, PIXEL_MM)
    return Scene(
        "bag", (), detector, SOURCE, geometry, seed=seed, industry="security",
        description="Suitcase, dual energy, simulated",
    )  # fmt: skip


def _packed(generator: np.random.Generator) -> Bag:
    """Return a packed suitcase: the same kinds of things, each time a little elsewhere."""
    case = Bag()
    case.map_of("cotton")
    things.suitcase(case, generator)
    things.clothes(case, generator)

    def near(row: float, column: float) -> tuple[float, float]:
        return row + float(generator.uniform(-9.0, 9.0)), column + float(generator.uniform(-9.0, 9.0))

    def turn(degrees: float) -> float:
        return degrees + float(generator.uniform(-8.0, 8.0))

    things.laptop(case, near(-48.0, -82.0), turn(-1.0), generator)
    things.shoes(case, near(94.0, 118.0), turn(6.0))
    things.bottle(case, near(150.0, -150.0), turn(3.0))
    things.wash_bag(case, near(-118.0, 172.0), turn(10.0))
    things.charger(case, near(76.0, -40.0), turn(14.0), generator)
    things.keys(case, near(118.0, -222.0), turn(-40.0))
    things.phone(case, near(-18.0, 178.0), turn(-14.0))
    things.belt(case, near(-146.0, 70.0), turn(20.0))
    things.coins(case, near(64.0, -196.0), generator)
    return case


def _threats(packed: Bag, generator: np.random.Generator) -> Sequence[Flaw]:
    """Return a knife among the clothes and a block of lead beside it."""
    knife_at = float(generator.uniform(20.0, 40.0)), float(generator.uniform(-20.0, 20.0))
    turn = float(generator.uniform(-38.0, -20.0))
    block_at = float(generator.uniform(-100.0, -84.0)), float(generator.uniform(4.0, 22.0))
    return _knife(packed, knife_at, turn) + _block(packed, block_at, float(generator.uniform(5.0, 25.0)))


def _knife(packed: Bag, place: tuple[float, float], turn_deg: float) -> list[Flaw]:
    spot = packed.at(place, 130.0, turn_deg)
    spine = rectangle(spot.row, spot.column, center=(0.0, 42.0), size=(30.0, 126.0), corner=1.0)
    belly = spot.row - 15.0 + 0.0026 * np.maximum(0.0, spot.column - 30.0) ** 2
    blade = np.clip(-np.maximum(spine, belly) / 0.7, 0.0, 1.0) * np.clip((15.0 - spot.row) / 22.0, 0.08, 1.0) * 3.6
    inner = rectangle(spot.row, spot.column, center=(-2.0, -62.0), size=(17.0, 104.0), corner=5.0)
    tang = raised(inner, height=3.4, edge=0.8)
    for column in (-96.0, -66.0, -36.0):
        rivet = disc(spot.row, spot.column, center=(-2.0, column), radius=3.0)
        tang = np.maximum(tang, raised(rivet, height=8.0, edge=0.8))
    grip = bar(spot.row, spot.column, start=(-2.0, -104.0), end=(-2.0, -26.0), width=27.0)
    spot.add("pmma", raised(grip, height=15.0, edge=6.0))
    return [_threat("knife", spot.window, blade + tang, "iron", {"length_mm": 220.0, "width_mm": 30.0})]


def _block(packed: Bag, place: tuple[float, float], turn_deg: float) -> list[Flaw]:
    spot = packed.at(place, 70.0, turn_deg)
    shape = rectangle(spot.row, spot.column, center=(0.0, 0.0), size=(54.0, 86.0), corner=3.0)
    thick = raised(shape, height=24.0, edge=1.5)
    return [_threat("opaque-block", spot.window, thick, "lead", {"length_mm": 86.0, "width_mm": 54.0})]


def _threat(
    label: str, window: tuple[slice, slice], thickness_mm: Field, material: str, sizes: dict[str, float]
) -> Flaw:
    sizes = sizes | {"area_mm2": float((thickness_mm > 0).sum()) * PIXEL_MM**2}
    return Flaw(label, window[0].start, window[1].start, thickness_mm, sizes, material, displaces=False)

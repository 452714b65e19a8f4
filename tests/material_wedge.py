"""A wedge of known materials in the simulated scanner: every material at every high attenuation, exact truth."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.physics.spectral_channel import Channel
from kerma.science.simulate.beam import beam_of
from kerma.science.simulate.composition import Composition, Matter
from kerma.science.simulate.document import Detector, Geometry, Scene
from kerma.science.simulate.line_scanner import CHANNELS, SOURCE
from kerma.science.simulate.render import exposed

KINDS = {
    "organic": ("polyethylene", "pmma", "water", "sugar", "tnt", "c4"),
    "mixed": ("aluminium", "glass", "gypsum", "salt"),
    "metal": ("titanium", "steel", "copper", "brass"),
}
MATERIALS = tuple(name for names in KINDS.values() for name in names)
ATTENUATIONS = (0.06, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0)
"""High-energy attenuation of the steps of every material."""
SIDE_PX, GAP_PX, EDGE_PX = 24, 8, 4
PIXEL_MM = 1.0


def kind_of(material: str) -> str:
    return next(kind for kind, names in KINDS.items() if material in names)


def inner(material: int, step: int) -> tuple[slice, slice]:
    """Return the pixels of a field that lie clear of its edges."""
    return tuple(  # type: ignore[return-value]
        slice(GAP_PX + at * (SIDE_PX + GAP_PX) + EDGE_PX, GAP_PX + at * (SIDE_PX + GAP_PX) + SIDE_PX - EDGE_PX)
        for at in (material, step)
    )


def composition() -> Composition:
    beam = beam_of(SOURCE, CHANNELS[1])
    rows, columns = (GAP_PX + count * (SIDE_PX + GAP_PX) for count in (len(MATERIALS), len(ATTENUATIONS)))
    maps: dict[Matter, NDArray[np.float64]] = {}
    for number, material in enumerate(MATERIALS):
        thickness = Channel.of(beam, (material,)).thickness(np.array(ATTENUATIONS), 0)
        drawn = np.zeros((rows, columns))
        for step, mm in enumerate(thickness):
            top, left = (GAP_PX + at * (SIDE_PX + GAP_PX) for at in (number, step))
            drawn[top : top + SIDE_PX, left : left + SIDE_PX] = mm
        maps[material, None] = drawn
    return Composition(maps, {}, {})


@functools.cache
def wedge(seed: int = 1, snr: float = 1.0) -> Image:
    """Return the picture of the wedge; ``snr`` multiplies the signal-to-noise ratio of both channels."""
    drawn = composition()
    rows, columns = next(iter(drawn.thickness_mm.values())).shape
    channels = tuple(dataclasses.replace(each, snr=each.snr * snr) for each in CHANNELS)
    scene = Scene(
        "material-wedge", (), Detector(rows, columns, PIXEL_MM, channels, blur_mm=0.55 * PIXEL_MM), SOURCE,
        Geometry("cone", 1500.0, 1000.0), seed=seed, industry="security", description="wedge",
    )  # fmt: skip
    return exposed(scene, drawn, {}).image

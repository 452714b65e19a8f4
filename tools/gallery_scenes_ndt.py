"""Draw a picture of every NDT scene, docs/science/pictures/scene-<name>.jpg: parts with their truth, gauges alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

import numpy as np
from gallery_drawing import ORANGE, box, draw, shown
from PIL import Image as Picture

from kerma.science.simulate import ready_scene
from kerma.science.simulate.scene import SimulatedImage

SIDE, SMALL = 300, 200
FINE = {"composite", "flat"}
"""Pictures of fine detail that are drawn smaller, to stay within the bytes of a page."""
Chosen = tuple[int, dict[str, object]]
PARTS: dict[str, tuple[Chosen, ...]] = {
    "weld-plate": ((23, {}), (2, {}), (8, {})),
    "weld-pipe": (
        (2, {"technique": "single-wall"}), (4, {"technique": "double-wall-elliptic", "flaws": "crack,porosity"}),
        (2, {"technique": "tangential"}),
    ),
    "film-weld": ((21, {}), (22, {}), (23, {})),
    "casting-aluminium": ((1, {}), (5, {}), (6, {})),
    "casting-steel": ((1, {}), (2, {}), (3, {})),
    "composite": (
        (4, {"construction": "sandwich"}), (6, {"construction": "sandwich"}), (2, {"construction": "laminate"}),
    ),
    "corrosion": ((4, {"technique": "plate"}), (4, {"technique": "pipe"}), (4, {"technique": "tangential"})),
}  # fmt: skip
"""Seeds and options of the three pictures of a part."""
GAUGES: dict[str, dict[str, object]] = {
    "wire-iqi": {}, "hole-iqi": {}, "duplex": {"way": "upright"}, "line-pairs": {}, "edge": {"size_px": 256},
    "slit": {"size_px": 256}, "wedge": {}, "flat": {"snr": 60}, "flats-darks": {"size_px": 128},
}  # fmt: skip


def part(name: str) -> Picture.Image:
    """Return three pictures of a family, and below them the same with their findings."""
    built = [ready_scene(name).build(seed, **options)[0] for seed, options in PARTS[name]]
    side = SMALL if name in FINE else SIDE
    sheet = Picture.new("RGB", (side * len(built), 2 * side), (255, 255, 255))
    for number, simulated in enumerate(built):
        plain, marked = grey(simulated, side), grey(simulated, side)
        for finding in simulated.findings:
            at = finding.box
            words = f"{finding.label} {finding.measurements['detectability']:.0f}"
            place = (at.row, at.column, at.height, at.width)
            box(marked, place, side / simulated.image.columns, ORANGE, words)
        sheet.paste(plain, (number * side, 0))
        sheet.paste(marked, (number * side, side))
    return sheet


def gauge(name: str) -> Picture.Image:
    """Return the picture of a gauge; of several images they stand side by side."""
    built = ready_scene(name).build(1, **GAUGES[name])
    width = 2 * (SMALL if name in FINE else SIDE) // len(built)
    made = [grey(simulated, width) for simulated in built]
    sheet = Picture.new("RGB", (sum(one.width for one in made), made[0].height), (255, 255, 255))
    for number, one in enumerate(made):
        sheet.paste(one, (number * made[0].width, 0))
    return sheet


def grey(simulated: SimulatedImage, width: int) -> Picture.Image:
    """Return the first plane as a viewer shows it, inverted where the image says so."""
    pixels = simulated.image.pixels[0].astype(np.float64)
    return shown(-pixels if simulated.image.grey.is_inverse else pixels, width=width)


FIGURES: dict[str, Callable[[], Picture.Image]] = {
    **{f"scene-{name}.jpg": partial(part, name) for name in PARTS},
    **{f"scene-{name}.jpg": partial(gauge, name) for name in GAUGES},
}

if __name__ == "__main__":
    draw(FIGURES, sys.argv[1:])

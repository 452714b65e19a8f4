"""The figures of the medical scenes: chest and hand as a viewer shows them, and the test objects."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from gallery_drawing import ORANGE, beside, box, draw
from PIL import Image as Picture

from kerma.science.simulate import ready_scene
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.scenes import chest, hand

SIDE, OBJECT_SIDE, EVEN_SIDE = 470, 560, 256
PATIENTS: Mapping[str, tuple[int, dict[str, Any]]] = {
    "chest": (3, {"findings": "nodule,nodule,calcified-nodule,pneumothorax,rib-fracture,needle,pacemaker"}),
    "hand": (3, {"findings": "fracture,glass,metal,ring"}),
}
OBJECTS: Mapping[str, dict[str, Any]] = {
    "phantom-step": {}, "phantom-contrast-detail": {}, "phantom-edge": {"size_px": 512},
    "phantom-uniform": {"size_px": 256, "exposure_mas": 0.5}, "phantom-breast": {},
}  # fmt: skip
RELEVANT = {"chest": chest.relevant, "hand": hand.relevant}


def patient(name: str) -> Picture.Image:
    """Return a healthy patient, and one with marked findings; logarithmic, bone white, windowed to the body."""
    seed, options = PATIENTS[name]
    common = {"exposure": "normal", **({"positioning": "good"} if name == "chest" else {})}
    (healthy,) = ready_scene(name).build(seed + 1, findings="none", **common)
    (ill,) = ready_scene(name).build(seed, **options, **common)
    marked = logarithmic(ill, RELEVANT[name](ill), SIDE)
    for finding in ill.findings:
        at = finding.box
        box(marked, (at.row, at.column, at.height, at.width), SIDE / ill.image.columns, ORANGE, finding.label)
    return beside(logarithmic(healthy, RELEVANT[name](healthy), SIDE), marked)


def test_object(name: str) -> Picture.Image:
    """Return a test object, logarithmic, windowed to the whole picture."""
    (made,) = ready_scene(name).build(1, **OBJECTS[name])
    side = EVEN_SIDE if name == "phantom-uniform" else OBJECT_SIDE
    return logarithmic(made, np.ones(made.labels.shape, dtype=bool), side)


def logarithmic(made: SimulatedImage, body: np.ndarray, width: int) -> Picture.Image:
    """Return the picture as attenuation, white where little came through, windowed to a part of it."""
    attenuation = -np.log(np.maximum(made.image.pixels[0].astype(np.float64), 5.0))
    low, high = np.percentile(attenuation[body], (0.5, 99.5))
    low -= 0.2 * (high - low)
    grey = np.clip((attenuation - low) / (high - low), 0.0, 1.0)
    picture = Picture.fromarray((grey * 255).astype(np.uint8)).convert("RGB")
    return picture.resize((width, round(width * grey.shape[0] / grey.shape[1])), Picture.Resampling.BOX)


FIGURES: dict[str, Callable[[], Picture.Image]] = {
    **{f"scene-{name}.jpg": partial(patient, name) for name in PATIENTS},
    **{f"scene-{name}.jpg": partial(test_object, name) for name in OBJECTS},
}

if __name__ == "__main__":
    draw(FIGURES, sys.argv[1:])

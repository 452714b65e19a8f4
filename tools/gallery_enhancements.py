"""Draw the figure of each enhancement step: the standard image, and what the step makes of it.

python tools/gallery_enhancements.py [NAME ...]
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from gallery_drawing import INK, PAPER, SMALL, beside, draw
from PIL import Image as Picture
from PIL import ImageDraw

from kerma.science.imaging import enhance
from kerma.science.imaging.image import Image
from kerma.science.simulate import ready_scene

WIDTH_PX = 400
Part = tuple[slice, slice]
ALL: Part = (slice(None), slice(None))


@functools.cache
def scene(name: str, seed: int, plane: int = 0, **options: Any) -> Image:
    """Return one plane of a ready scene."""
    image = ready_scene(name).build(seed, **options)[0].image
    return replace(image, pixels=image.pixels[plane : plane + 1], plane_kind="frame", plane_labels=())


def faulty(image: Image) -> Image:
    """Return an image with dead and hot pixels."""
    random = np.random.default_rng(1)
    pixels = image.pixels.copy()
    count = pixels[0].size // 300
    rows, columns = random.integers(0, image.rows, count), random.integers(0, image.columns, count)
    pixels[0, rows, columns] = random.choice([0, np.iinfo(pixels.dtype).max], count)
    return replace(image, pixels=pixels)


def figure(name: str, image: Image, part: Part = ALL, **chosen: Any) -> Picture.Image:
    """Return the standard image beside the image with one step."""
    step = enhance.step_of(name)
    parameters = enhance.switched_on(step, enhance.statistics(image), chosen)
    chain = enhance.parse({"steps": [{"name": name, "version": step.version, "parameters": parameters}]})
    shown = (("standard image", enhance.STANDARD), (step.label, chain))
    return beside(*(_tile(enhance.run(image, 0, each)[part], words) for words, each in shown), gap=4)


def _tile(values: np.ndarray, words: str) -> Picture.Image:
    picture = Picture.fromarray(np.ascontiguousarray(values)).convert("RGB")
    size = WIDTH_PX, round(picture.height * WIDTH_PX / picture.width)
    tile = picture.resize(size, Picture.Resampling.LANCZOS)
    ImageDraw.Draw(tile).text((6, 3), words, fill=INK, font=SMALL, stroke_width=2, stroke_fill=PAPER)
    return tile


def _weld() -> Image:
    return scene("weld-plate", 5)


def _bag() -> Image:
    return scene("hold-bag", 3, 1, threat="any", clutter="high")


def _casting() -> Image:
    return scene("casting", 2)


WELD = (slice(100, 700), slice(0, 800))
NEAR = (slice(330, 560), slice(560, 960))
BAG = (slice(60, 460), slice(200, 620))
STEPS: dict[str, Callable[[], Picture.Image]] = {
    "gamma": lambda: figure("gamma", _casting(), gamma=0.5),
    "log": lambda: figure("log", scene("chest", 5)),
    "high_penetration": lambda: figure("high_penetration", _bag(), BAG),
    "low_penetration": lambda: figure("low_penetration", _bag(), BAG),
    "variable_absorption": lambda: figure("variable_absorption", scene("chest", 5)),
    "clahe": lambda: figure("clahe", _casting()),
    "super_enhance": lambda: figure("super_enhance", _weld(), WELD),
    "flatten": lambda: figure("flatten", _weld(), WELD),
    "unsharp": lambda: figure("unsharp", _casting(), NEAR),
    "band_pass": lambda: figure("band_pass", _weld(), WELD),
    "edge": lambda: figure("edge", _bag(), BAG),
    "emboss": lambda: figure("emboss", _casting()),
    "bilateral": lambda: figure("bilateral", _casting(), NEAR, sigma_px=2.0),
    "median": lambda: figure("median", faulty(_casting()), NEAR),
    "density_highlight": lambda: figure("density_highlight", _casting()),
}
FIGURES = {f"enhance-{name}.jpg": make for name, make in STEPS.items()}

if __name__ == "__main__":
    draw(FIGURES, sys.argv[1:])

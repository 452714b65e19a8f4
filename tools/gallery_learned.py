"""Figure of the learned detectors: what they mark on simulated film that was scanned badly, and on a casting."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from gallery_drawing import BLUE, RED, beside, box, shown
from PIL import Image as Picture

from kerma.science.detect import learned
from kerma.science.imaging.image import Image
from kerma.science.simulate import simulate

WIDTH = 460


def _badly_scanned(grey: np.ndarray) -> Image:
    """Return a film under uneven light, on a curve, in eight bits, that says nothing about how its values run."""
    values = grey / 255.0
    light = 0.3 * np.linspace(-1, 1, grey.shape[0])[:, None] - 0.25 * np.linspace(-1, 1, grey.shape[1])[None] ** 2
    stored = np.clip(0.8 * values**0.7 + light + 0.15, 0, 1)
    return Image(np.rint(255 * stored).astype(np.uint8)[None], 8)


def _marked(image: Image, name: str, truths: tuple) -> Picture.Image:
    picture = shown(image.pixels[0], width=WIDTH)
    scale = WIDTH / image.columns
    for truth in truths:
        place = truth.box.as_json()
        box(picture, (place[0] - 3, place[1] - 3, place[2] + 6, place[3] + 6), scale, BLUE)
    for mark in learned.find(image, learned.of(name)):
        box(picture, mark.box.as_json(), scale, RED, f"{mark.label} {mark.score:.2f}")
    return picture


def learned_detectors() -> Picture.Image:
    """A weld on film under uneven light, and an aluminium casting: truths blue, marks red."""
    film = simulate("film-weld", 9002, flaws="porosity,crack,slag,lack-of-fusion,tungsten", thickness_mm=10.0)
    cast = simulate("casting-aluminium", 9011, look="film")
    weld = _marked(_badly_scanned(film.image.pixels[0]), "weld", film.findings)
    return beside(weld, _marked(cast.image, "casting", cast.findings))


FIGURES: dict[str, Callable[[], Picture.Image]] = {"learned-detectors.jpg": learned_detectors}
"""The figures, by the name of their file."""


if __name__ == "__main__":
    from gallery_drawing import draw

    draw(FIGURES)

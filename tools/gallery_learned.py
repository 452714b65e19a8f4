"""Figures of the learned detectors: what they mark on badly scanned film, on a casting, and in both views of bags."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from gallery_drawing import BLUE, RED, below, beside, box, shown
from PIL import Image as Picture

from kerma.science.detect import learned
from kerma.science.detect.view_agreement import find_views
from kerma.science.imaging.image import Image
from kerma.science.simulate import simulate
from kerma.train.bag_examples import bag_examples
from kerma.train.bag_views import shown as shown_by_a_scanner
from kerma.train.tasks import task_of

WIDTH, VIEW_WIDTH = 460, 400
BAGS = {"colours": 9031, "energies": 9032, "grey": 9033}
"""How a bag is shown, and the first bag from this seed that holds a threat: none was chosen by its marks."""


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


def bag_detector() -> Picture.Image:
    """Both views of three bags, shown in colours, as raw energies and in grey: truths blue, marks of both views red."""
    labels, network = task_of("bag").labels, learned.of("bag")
    columns = []
    for how, seed in BAGS.items():
        views = bag_examples(labels, seed, bags=("cabin-bag",))
        while not any(flaw.label >= 0 for one in views for flaw in one.flaws):
            seed += 100
            views = bag_examples(labels, seed, bags=("cabin-bag",))
        random = np.random.default_rng(seed)
        images = [shown_by_a_scanner(one, random, how=how) for one in views]
        pictures = []
        for one, image, marks in zip(views, images, find_views(images, network), strict=True):
            first = image.pixels[0]
            grey = shown(first, width=VIEW_WIDTH) if first.ndim == 2 else Picture.fromarray(first)
            picture = grey.resize((VIEW_WIDTH, round(VIEW_WIDTH * image.rows / image.columns)))
            scale = VIEW_WIDTH / image.columns
            for flaw in one.flaws:
                top, left, bottom, right = flaw.box
                box(picture, (top - 3, left - 3, bottom - top + 6, right - left + 6), scale, BLUE, labels[flaw.label])
            for mark in marks:
                box(picture, mark.box.as_json(), scale, RED, f"{mark.label} {mark.score:.2f}")
            pictures.append(picture)
        columns.append(below(*pictures))
    return beside(*columns)


FIGURES: dict[str, Callable[[], Picture.Image]] = {
    "learned-detectors.jpg": learned_detectors, "bag-detector.jpg": bag_detector,
}  # fmt: skip
"""The figures, by the name of their file."""


if __name__ == "__main__":
    import sys

    from gallery_drawing import draw

    draw(FIGURES, sys.argv[1:])

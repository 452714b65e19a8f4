"""Draw a picture of each drawn scene, docs/science/pictures/simulate-<name>.jpg."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from gallery_drawing import draw, shown
from PIL import Image as Picture

from kerma.science.simulate import simulate


def weld() -> Picture.Image:
    """A weld with every flaw a reader must refuse, as a film on a light box shows it."""
    return shown(-simulate("weld", 3, flaws="many").image.pixels[0].astype(float), width=1200)


def casting() -> Picture.Image:
    """The pump cover."""
    return shown(-simulate("casting", 3).image.pixels[0].astype(float), width=700)


def step_wedge() -> Picture.Image:
    """The steps, by the logarithm of the signal."""
    return shown(-np.log(simulate("step-wedge", 1).image.pixels[0].astype(float)), width=700)


def bag_high() -> Picture.Image:
    """The high energy of a suitcase."""
    return shown(simulate("bag", 2).image.pixels[1].astype(float) ** 0.7, width=700)


def bag_z() -> Picture.Image:
    """Effective atomic number of the same suitcase: the lighter, the higher; black is undecidable."""
    return shown(simulate("bag", 2).image.pixels[2], width=700)


FIGURES: dict[str, Callable[[], Picture.Image]] = {
    "simulate-weld.jpg": weld,
    "simulate-casting.jpg": casting,
    "simulate-step-wedge.jpg": step_wedge,
    "simulate-bag-high.jpg": bag_high,
    "simulate-bag-z.jpg": bag_z,
}

if __name__ == "__main__":
    draw(FIGURES, sys.argv[1:])

"""Pictures of 2048 x 2500 pixels of parts, plates, readers and phantoms, for the timing of their measurements."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kerma.science.imaging.image import Image
from kerma.science.simulate import simulate

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
import inspection_pictures as pictures

ROWS, COLUMNS = SHAPE = (2048, 2500)
Case = tuple[tuple[Image, ...], dict[str, Any]]


def in_the_middle(grey: np.ndarray, around: float) -> np.ndarray:
    """Return a picture in the middle of an even one."""
    whole = np.full(SHAPE, around)
    row, column = (ROWS - grey.shape[0]) // 2, (COLUMNS - grey.shape[1]) // 2
    whole[row : row + grey.shape[0], column : column + grey.shape[1]] = grey
    return whole


def enlarged(grey: np.ndarray) -> np.ndarray:
    """Return a picture without noise enlarged to the full size."""
    return cv2.resize(grey, (COLUMNS, ROWS), interpolation=cv2.INTER_LINEAR)


def continued(grey: np.ndarray) -> np.ndarray:
    """Return a picture whose last row and column go on to the full size."""
    return np.pad(grey, ((0, ROWS - grey.shape[0]), (0, COLUMNS - grey.shape[1])), mode="edge")


def dimension() -> Case:
    """Return a disc whose diameter is measured from edge to edge."""
    grey = enlarged(pictures.disc(60.2, (200.3, 201.7), noise=0))
    row, left, right = 1025, 1259 - 376, 1259 + 376
    return (pictures.image(pictures.noisy(grey, 200)),), {"points": f"{row},{left};{row},{right}", "snap_px": 40}


def wall_thickness() -> Case:
    """Return a pipe of 100 mm with a wall of 6 mm, and the region of full height that holds the wall."""
    wall = continued(pictures.pipe_wall(50, 6, snr=0))
    options = {"outer_diameter_mm": 100.0, "region": (0, 0, ROWS, 400)}
    return (pictures.image(pictures.noisy(wall, 200)),), options


def corrosion_depth() -> Case:
    """Return a pit of 2 mm, with a step of known thickness in two corners."""
    grey = pictures.noisy(enlarged(pictures.pit(2.0, snr=0)), 150)
    steps = "0,0,250,230=8;0,2270,250,230=14"
    return (pictures.image(grey),), {"region": (410, 375, 1365, 1750), "steps": steps}


def collimation() -> Case:
    """Return a field tilted by three degrees, with a body in it."""
    return (pictures.image(pictures.field((1000, 1300), (1500, 1900), 3, shape=SHAPE)),), {}


def artefacts() -> Case:
    """Return an even picture with a bright row, dark columns and a spot."""
    grey = np.random.default_rng(0).normal(20_000, 100, SHAPE)
    grey[300] += 60
    grey[:, 400:402] -= 60
    cv2.circle(grey, (1500, 1000), 5, 19_000.0, -1)
    return (pictures.image(grey),), {}


def erasure() -> Case:
    """Return a plate exposed and erased to half a percent."""
    ground = np.random.default_rng(3).normal(500, 5, (2, *SHAPE))
    ground[:, 500:1500, 500:2000] += np.array([20_000, 100])[:, None, None]
    exposed, erased = (pictures.image(each) for each in ground)
    return (exposed, erased), {"region": (600, 600, 800, 1300), "background": (50, 50, 400, 2400)}


def jitter() -> Case:
    """Return an upright edge whose scan lines are shifted by a tenth of a pixel."""
    shifts = np.random.default_rng(1).normal(0, 0.1, ROWS)
    return (pictures.image(pictures.noisy(continued(pictures.edge_lines(shifts, snr=1e9)), 200)),), {}


def slippage() -> Case:
    """Return level lines with a slip of half a pixel."""
    shifts = np.where(np.arange(ROWS) > 1200, 0.5, 0.0)
    return (pictures.image(pictures.noisy(continued(pictures.ruled(shifts, noise=0)), 100)),), {}


def shading() -> Case:
    """Return a plate whose signal falls to the sides, with a band."""
    across = 1 - 0.25 * np.linspace(-1, 1, COLUMNS) ** 2
    grey = np.random.default_rng(2).normal(10_000, 100, SHAPE) * across
    grey[900:903] *= 0.99
    return (pictures.image(grey),), {}


def stability_set() -> Case:
    """Return the images of a stability test: phantom, open beam after it, frames as the beam goes off, and darks."""
    random = np.random.default_rng(1)
    phantom = in_the_middle(pictures.phantom(), pictures.OPEN_STORED)
    after = pictures.noisy(np.full(SHAPE, pictures.OPEN_STORED), 300)
    darks = random.normal(200, 5, (3, *SHAPE))
    frames = 20_000 * np.array([1.0, 1.0, 0.01, 0.001])[:, None, None] + random.normal(200, 20, (4, *SHAPE))
    return tuple(pictures.image(each, 0.05) for each in (phantom + 200, after + 200, frames, darks)), {}


def test_object() -> Case:
    """Return the simulated test object at both energies."""
    return (simulate("test-object-ctp", 1, size_px=ROWS).image,), {}


CASES: dict[str, Callable[[], Case]] = {
    case.__name__: case
    for case in (
        dimension, wall_thickness, corrosion_depth, collimation, artefacts, erasure, jitter, slippage, shading,
        stability_set, test_object,
    )
}  # fmt: skip
"""What each of these measurements is timed on: images and options."""

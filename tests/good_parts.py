"""A machined plate drawn exactly: good parts of it anywhere in the view, and parts with one thing changed."""

from __future__ import annotations

import functools

import numpy as np

from kerma.science.detect.part_reference import Reference, learn
from kerma.science.imaging.image import Image, Spacing
from kerma.science.measure.region import Region

ROWS, COLUMNS = 240, 280
PIXEL_MM = 0.2
MU_1_MM = 0.08
OPEN = 50_000.0
QUANTA = 40_000.0
"""Photons of the open beam per pixel: SNR 200."""
BOLTS = ((60.0, 70.0), (60.0, 210.0), (180.0, 70.0), (180.0, 210.0))
REGIONS = {
    f"bolt-{number}": Region(int(row) - 16, int(column) - 16, 33, 33) for number, (row, column) in enumerate(BOLTS, 1)
}


def soft(inside: np.ndarray, edge_px: float = 1.0) -> np.ndarray:
    """Return a signed distance in pixels as a step of 0 to 1."""
    return 1 / (1 + np.exp(-np.clip(inside / (0.4 * edge_px), -40, 40)))


def thickness_mm(row: np.ndarray, column: np.ndarray, *, without: tuple[int, ...] = ()) -> np.ndarray:
    """Return the plate: 10 mm, a hub of 8 mm more with a hole, a rib, and four bolts of 6 mm more."""
    plate = soft(np.minimum(np.minimum(row - 20, 220 - row), np.minimum(column - 20, 260 - column)))
    away = np.hypot(row - 120, column - 140)
    thick = 10 * plate + 8 * soft(40 - away) - 18 * soft(14 - away)
    thick += 5 * soft(4 - np.abs(row - 120 - 0.2 * (column - 140))) * soft(np.abs(column - 140) - 45) * plate
    for number, (at_row, at_column) in enumerate(BOLTS, start=1):
        if number not in without:
            thick += 6 * soft(9 - np.hypot(row - at_row, column - at_column))
    return thick


def part(
    seed: int,
    *,
    shift_px: tuple[float, float] = (0.0, 0.0),
    turn_deg: float = 0.0,
    extra: tuple[float, float, float, float] | None = None,
    without: tuple[int, ...] = (),
    quanta: float = QUANTA,
    blur_px: float = 0.0,
    bolt_share: float = 1.0,
) -> Image:
    """Return a radiograph of the plate; ``extra`` is row, column, radius in pixels and millimetres of more material.

    ``shift_px`` moves the part down and right, ``turn_deg`` turns it about the middle; everything, also what is extra,
    turns and moves with it.
    """
    row, column = np.mgrid[:ROWS, :COLUMNS].astype(float)
    turn = np.deg2rad(turn_deg)
    down, right = row - ROWS / 2 - shift_px[0], column - COLUMNS / 2 - shift_px[1]
    own_row = np.cos(turn) * down - np.sin(turn) * right + ROWS / 2
    own_column = np.sin(turn) * down + np.cos(turn) * right + COLUMNS / 2
    thick = thickness_mm(own_row, own_column, without=without)
    if bolt_share < 1:
        at = BOLTS[0]
        thick -= (1 - bolt_share) * 6 * soft(9 - np.hypot(own_row - at[0], own_column - at[1]))
    if extra is not None:
        at_row, at_column, radius, more_mm = extra
        thick += more_mm * soft(radius - np.hypot(own_row - at_row, own_column - at_column))
    passed = np.exp(-MU_1_MM * np.maximum(thick, 0))
    if blur_px:
        import cv2

        passed = cv2.GaussianBlur(passed, (0, 0), blur_px)
    counts = np.random.default_rng(seed).poisson(quanta * passed)
    stored = np.rint(counts * (OPEN / quanta)).astype(np.uint16)
    spacing = Spacing(PIXEL_MM, PIXEL_MM, "geometry")
    return Image(stored[None], bits=16, meaning="raw", rises_with_dose=True, spacing=spacing)


def good(count: int, *, first_seed: int = 1000) -> list[Image]:
    """Return good parts, each put down a little elsewhere."""
    made = []
    for number in range(count):
        random = np.random.default_rng(first_seed + number)
        shift = tuple(random.uniform(-3, 3, 2)) if number else (0.0, 0.0)
        made.append(part(first_seed + number, shift_px=shift, turn_deg=random.uniform(-1, 1) if number else 0.0))
    return made


@functools.cache
def reference() -> Reference:
    """Return what eight good parts teach, with the places of the bolts."""
    return learn(good(8), regions=REGIONS)

"""Steps that go by the surroundings of a pixel: they need a table of the whole picture, made from it when it is small.

A table says itself how coarse the picture was that it is made of, so that it serves every level of the image.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.clahe import points_of
from kerma.science.imaging.enhance import detail
from kerma.science.imaging.enhance.smoothing import block_px, sigma_of_blocks, taps
from kerma.science.imaging.enhance.step import Floats, Level, Parameters, Planes, Setting, Statistics, Step
from kerma.science.imaging.enhance.tone import HIGH, LOW

BINS = 256
CLAHE_HEAD, FLATTEN_HEAD = 5, 3
DARKEST = np.float32(1e-3)
"""A background is never taken as darker than this share of the level it is brought to."""
LEAST_WEIGHT = 1e-6
"""Pixels with data around a place, weighed, below which nothing is known of its background."""


def clahe(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Return low + (high - low) · the curves of the four tiles around a pixel, blended (:mod:`.clahe`)."""
    from kerma.science.imaging import clahe_kernel as kernel

    table = _of(level)
    down, across = int(table[0]), int(table[1])
    low, high = p["low"], p["high"]
    place = (planes[0] - np.float32(low)) * np.float32(BINS / (high - low))
    np.clip(place, 0, BINS, out=place)
    points = table[CLAHE_HEAD + down + across :].reshape(down, across, BINS + 1)
    values = (np.float32(low) + np.float32(high - low) * points).astype(np.float32)
    centres = table[CLAHE_HEAD : CLAHE_HEAD + down], table[CLAHE_HEAD + down : CLAHE_HEAD + down + across]
    step = level.scale / float(table[4])
    sides = tuple(_between(size, step, middles) for size, middles in zip(place.shape, centres, strict=True))
    found = np.empty_like(place)
    kernel.blended(place, (0, place.shape[0]), values, (sides[0], sides[1]), found)
    return found


def clahe_table(whole: Floats, p: Parameters, scale: float) -> Floats:
    """Return tiles down and across, rows, columns, scale, the middles of the tiles, and the points of each curve.

    Everything is as :mod:`kerma.science.imaging.clahe` defines it; pixels without data are not counted.
    """
    tiles = [min(int(p["tiles"]), side) for side in whole.shape]
    edges = [np.arange(parts + 1) * side // parts for parts, side in zip(tiles, whole.shape, strict=True)]
    place = (whole.astype(np.float64) - p["low"]) * BINS / (p["high"] - p["low"])
    known = np.isfinite(whole)
    bins = np.clip(np.where(known, place, 0), 0, BINS - 1).astype(np.int64)
    rows, columns = (np.repeat(np.arange(parts), np.diff(edge)) for parts, edge in zip(tiles, edges, strict=True))
    which = (rows[:, None] * tiles[1] + columns[None, :]) * BINS + bins
    counts = np.bincount(which[known], minlength=tiles[0] * tiles[1] * BINS).astype(np.float64)
    points = points_of(counts.reshape(*tiles, BINS), p["clip_limit"])
    middles = [(edge[:-1] + edge[1:] - 1) / 2 for edge in edges]
    head = [*tiles, *whole.shape, scale]
    return np.concatenate([np.asarray(head), *middles, points.ravel()]).astype(np.float32)


def flatten(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Return v · level / background, or v - background + level: slow changes of thickness go, faults stay."""
    table = _of(level)
    rows, columns = int(table[0]), int(table[1])
    step = level.scale / float(table[2])
    background = _stretched(table[FLATTEN_HEAD:].reshape(rows, columns), planes[0].shape, step)
    target = np.float32(p["level"])
    if p["mode"] == "subtract":
        return planes[0] - background + target
    found: Floats = planes[0] * (target / np.maximum(background, DARKEST * abs(target))).astype(np.float32)
    return found


def flatten_table(whole: Floats, p: Parameters, scale: float) -> Floats:
    """Return rows, columns, scale, and the mean of the surroundings: a Gaussian over the pixels with data.

    A wide Gaussian is made on blocks, as :mod:`.smoothing` does; the table then has a value for each block.
    """
    import cv2

    sigma_px = p["sigma_px"] / scale
    side = block_px(sigma_px)
    along = taps(sigma_of_blocks(sigma_px)).astype(np.float64)
    known = np.isfinite(whole)
    total, weight = (
        cv2.sepFilter2D(_summed(part, side), cv2.CV_64F, along, along, borderType=cv2.BORDER_CONSTANT)
        for part in (np.where(known, whole, 0), known)
    )
    mean = np.where(weight > LEAST_WEIGHT, total / np.maximum(weight, LEAST_WEIGHT), p["level"])
    return np.concatenate([[*mean.shape, scale * side], mean.ravel()]).astype(np.float32)


def _summed(plane: NDArray[Any], side: int) -> NDArray[np.float64]:
    """Return the sum of each block of pixels; those at the far ends may be smaller."""
    short = [(0, -size % side) for size in plane.shape]
    full = np.pad(plane.astype(np.float64), short)
    rows, columns = (size // side for size in full.shape)
    found: NDArray[np.float64] = full.reshape(rows, side, columns, side).sum(axis=(1, 3))
    return found


def super_enhance(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Return local contrast, then the multi-scale unsharp mask: the one key for a first look at everything."""
    return detail.unsharp((clahe(planes, p, level),), p, level)


def _of(level: Level) -> Floats:
    if level.table is None:
        raise ValueError("the step needs the table of the whole picture")
    return level.table


def _between(size: int, step: float, middles: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Return for each row or column of a level the tile before it and the share of the next."""
    here = (np.arange(size) + 0.5) * step - 0.5
    place = np.interp(here, middles, np.arange(middles.size))
    before = np.minimum(place.astype(np.int64), max(middles.size - 2, 0))
    return before, (place - before).astype(np.float32)


def _stretched(coarse: Floats, shape: tuple[int, ...], step: float) -> Floats:
    """Return a coarse picture at the pixels of a finer one, straight lines between its pixels' middles."""
    for axis in range(2):
        here = np.clip((np.arange(shape[axis]) + 0.5) * step - 0.5, 0, coarse.shape[axis] - 1)
        before = np.minimum(here.astype(np.intp), max(coarse.shape[axis] - 2, 0))
        after = np.minimum(before + 1, coarse.shape[axis] - 1)
        share = (here - before).astype(np.float32)
        share = share[:, None] if axis == 0 else share[None, :]
        first = coarse.take(before, axis)
        coarse = first + share * (coarse.take(after, axis) - first)
    return coarse


def _clahe_defaults(found: Statistics) -> dict[str, Any]:
    return {"tiles": 8, "clip_limit": 2.5, "low": found.low, "high": found.high}


def _flatten_defaults(found: Statistics) -> dict[str, Any]:
    return {"mode": "divide" if found.min >= 0 else "subtract", "sigma_px": 60.0, "level": found.quantile(0.5)}


def _super_defaults(found: Statistics) -> dict[str, Any]:
    gains = {"finest_px": 1.0, "fine_gain": 0.4, "small_gain": 0.8, "medium_gain": 0.6, "large_gain": 0.2}
    return {**_clahe_defaults(found), "clip_limit": 2.0, **gains}


_LOCAL = (
    Setting("tiles", "whole", "tiles down and across, each with its own curve", default=8, least=1, most=16, slider=1),
    Setting("clip_limit", "number", "how far contrast may be raised; 1 leaves it nearly as it is", default=2.5, least=1,
            most=10, slider=0.1), LOW, HIGH,
)  # fmt: skip

STEPS = (
    Step(
        "clahe", 1, "Local contrast (CLAHE)", "Evens contrast out, so that dark and bright parts show at once.", "area",
        _LOCAL, clahe, _clahe_defaults, clahe_table, rising=(("low", "high"),),
    ),
    Step(
        "super_enhance", 1, "Super enhance", "Local contrast and sharpening in one: for a first look.", "area",
        (*_LOCAL, *detail.gain_settings()), super_enhance, _super_defaults, clahe_table,
        rising=(("low", "high"),),
    ),
    Step(
        "flatten", 1, "Flatten background", "Takes slow changes of thickness away: one window fits all.", "area",
        (Setting("mode", "choice", "how the background goes", default="divide", choices=("divide", "subtract")),
         Setting("sigma_px", "number", "how wide the surroundings are", default=60.0, least=4, most=512, slider=4),
         Setting("level", "signed", "value the background is brought to")),
        flatten, _flatten_defaults, flatten_table,
    ),
)  # fmt: skip

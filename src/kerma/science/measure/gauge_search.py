"""Where in a whole picture a bundle of straight, nearly upright or level lines lies."""

from __future__ import annotations

import numpy as np

from kerma.science.measure.duplex_model import Array
from kerma.science.measure.region import Region

FINE_MM = 0.1
"""Pictures are averaged to pixels of about this size before they are looked at."""
BLOCK_MM = 2.0
COHERENCE = 0.3
"""How much of the gradients of a block must point one way: noise has about 0.1, lines nearly 1."""
LARGEST_TILT_DEG = 8.0
SMALLEST_MM = 6.0
"""A bundle is at least so long and so wide."""
MARGINS_MM = (8.0, 3.0)
"""Pairs finer than the picture shows lie beyond the lines that are seen."""
MOST = 3


def likely(grey: Array, spacing_mm: tuple[float, float]) -> list[Region]:
    """Return regions that hold bundles of lines, the strongest first, each with a wide and a small margin.

    Gradients are summed over blocks; a block counts where they point along the rows or columns of the picture, all the
    same way. Blocks that touch make a bundle.
    """
    from scipy.ndimage import binary_closing, find_objects, label

    step = [max(1, int(FINE_MM / one)) for one in spacing_mm]
    fine = _averaged(np.where(np.isfinite(grey), grey, np.nanmedian(grey)), step)
    block = [max(4, round(BLOCK_MM / one / each)) for one, each in zip(spacing_mm, step, strict=True)]
    if min(fine.shape[0] // block[0], fine.shape[1] // block[1]) < 2:
        return []
    down, right = np.diff(fine, axis=0)[:, :-1], np.diff(fine, axis=1)[:-1]
    both = _averaged(right * down, block)
    found = []
    across, along = _averaged(right**2, block), _averaged(down**2, block)
    for first, second, is_upright in ((across, along, True), (along, across, False)):
        coherence = (first - second) / np.maximum(first + second, 1e-300)
        angle = 0.5 * np.degrees(np.arctan2(2 * np.abs(both), np.maximum(first - second, 1e-300)))
        flags = binary_closing(np.pad((coherence > COHERENCE) & (angle < LARGEST_TILT_DEG), 2), np.ones((3, 3)))
        labels, _ = label(flags[2:-2, 2:-2])
        for number, where in enumerate(find_objects(labels), start=1):
            energy = float((first - second)[where][labels[where] == number].sum())
            found.append((energy, where, is_upright))
    size = [one * each for one, each in zip(block, step, strict=True)]
    regions = []
    for _, (rows, columns), is_upright in sorted(found, key=lambda one: -one[0])[:MOST]:
        box = [rows.start * size[0], rows.stop * size[0], columns.start * size[1], columns.stop * size[1]]
        if min((box[1] - box[0]) * spacing_mm[0], (box[3] - box[2]) * spacing_mm[1]) >= SMALLEST_MM:
            regions += [_widened(box, margin, is_upright, spacing_mm, grey.shape) for margin in MARGINS_MM]
    return regions


def _averaged(values: Array, step: list[int]) -> Array:
    rows, columns = values.shape[0] // step[0], values.shape[1] // step[1]
    cut = values[: rows * step[0], : columns * step[1]]
    result: Array = cut.reshape(rows, step[0], columns, step[1]).mean(axis=(1, 3))
    return result


def _widened(
    box: list[int], margin_mm: float, is_upright: bool, spacing_mm: tuple[float, float], shape: tuple[int, ...]
) -> Region:
    """Return a region with a margin across the lines, and a block's margin along them."""
    margins = (BLOCK_MM, margin_mm) if is_upright else (margin_mm, BLOCK_MM)
    rows, columns = (round(one / step) for one, step in zip(margins, spacing_mm, strict=True))
    top, left = max(0, box[0] - rows), max(0, box[2] - columns)
    return Region(top, left, min(shape[0], box[1] + rows) - top, min(shape[1], box[3] + columns) - left)

"""Traces of JPEG compression: in pixels that should never have been compressed, and twice where once is told.

JPEG cuts an image into blocks of 8 × 8 pixels and rounds each block's cosine transform to multiples of a step. The
block edges stay visible in the differences between neighbours; rounding twice with different steps leaves gaps or peaks
in the histograms of the coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kerma.science.forensics.trace import Trace, judged, not_checkable

GRID, DOUBLE = "jpeg-grid", "double-compression"
BLOCK = 8
MIN_SIDE = 128
AROUND = 17
"""Side of the window over which a break is usual or not."""
FREQUENCIES = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (0, 3), (3, 0))
"""The lowest frequencies (row, column): higher ones are mostly rounded to zero."""
REACH = 40
MIN_COEFFICIENTS = 400


def jpeg_grid(plane: NDArray[np.generic]) -> Trace:
    """Look for the block edges of an earlier JPEG compression in pixels, shape (row, column).

    Found in an image whose file tells of no lossy compression, it means that the pixels were compressed before they
    came into this file. A grid that does not begin at the first pixel means that the image was cropped since.
    """
    if min(plane.shape) < MIN_SIDE:
        return not_checkable(GRID, f"the image is smaller than {MIN_SIDE} pixels in one direction")
    values = np.nan_to_num(np.asarray(plane, dtype=np.float32), posinf=0, neginf=0)
    row_score, row_phase = _edge_phase(values.T)
    column_score, column_phase = _edge_phase(values)
    score = 0.5 * (row_score + column_score)
    origin = f", counted from row {row_phase}, column {column_phase}" if row_phase or column_phase else ""
    cropped = " The grid does not begin at the first pixel: it suggests a crop since." if origin else ""
    return judged(
        GRID,
        score,
        f"The pixels carry what looks like the 8 × 8 grid of JPEG compression{origin}.{cropped}",
        "No grid of JPEG compression was found in the pixels.",
    )


def _edge_phase(values: NDArray[np.float32]) -> tuple[float, int]:
    """Return how far the strongest of the eight phases stands out of the others, in standard errors, and which it is.

    A block edge breaks the course of a line: the step over it differs from the mean of the steps beside it. Each break
    counts by what is usual around it, clipped, so that no edge of the object counts for much.
    """
    import cv2

    steps = np.diff(values, axis=1)
    breaks = np.abs(steps[:, 1:-1] - 0.5 * (steps[:, :-2] + steps[:, 2:]))
    usual = cv2.blur(breaks, (AROUND, AROUND)) + 1e-3 * float(breaks.mean()) + 1e-9
    course = np.clip(breaks / usual, 0.0, 3.0).mean(axis=0)
    # the step between columns k and k + 1 is break k - 1; an edge of the grid lies before columns 0, 8, 16 …
    phases = (np.arange(len(course)) + 2) % BLOCK
    means = np.array([course[phases == phase].mean() for phase in range(BLOCK)])
    errors = np.array([course[phases == phase].std() / np.sqrt((phases == phase).sum()) for phase in range(BLOCK)])
    best = int(np.argmax(means))
    others = np.delete(means, best)
    return float((means[best] - np.median(others)) / (float(np.median(errors)) + 1e-9)), best


def double_compression(plane: NDArray[np.generic], steps: Sequence[int]) -> Trace:
    """Look for a compression before the one the file tells of.

    Parameters
    ----------
    plane : the decoded pixels of a JPEG image as they are stored, shape (row, column), 8 bit
    steps : the 64 steps of its quantisation table, row by row (not in zigzag order)
    """
    if len(steps) != BLOCK * BLOCK or min(steps) < 1:
        return not_checkable(DOUBLE, "the file holds no usable quantisation table")
    if min(plane.shape) < MIN_SIDE:
        return not_checkable(DOUBLE, f"the image is smaller than {MIN_SIDE} pixels in one direction")
    table = np.asarray(steps, dtype=np.float64).reshape(BLOCK, BLOCK)
    coefficients = _coefficients(plane)
    scores = []
    for row, column in FREQUENCIES:
        levels = np.round(coefficients[:, row, column] / table[row, column]).astype(int)
        score = _periodicity(levels)
        if score is not None:
            scores.append(score)
    if len(scores) < 3:
        return not_checkable(DOUBLE, "too little detail is left in the image to tell")
    scores.sort()
    return judged(
        DOUBLE,
        float(np.mean(scores[-3:])),
        "The coefficients suggest a second compression: the image was opened, changed or not, and saved as JPEG again.",
        "No second compression was found; one with the same steps, or finer ones before, leaves no trace.",
    )


def _coefficients(plane: NDArray[np.generic]) -> NDArray[np.float64]:
    from scipy.fft import dctn

    rows, columns = (length // BLOCK for length in plane.shape)
    cut = np.asarray(plane[: rows * BLOCK, : columns * BLOCK], dtype=np.float64) - 128.0
    blocks = cut.reshape(rows, BLOCK, columns, BLOCK).transpose(0, 2, 1, 3).reshape(-1, BLOCK, BLOCK)
    # blocks that touch black or white were clipped on decoding and are no longer multiples of the steps
    inside = (blocks.min(axis=(1, 2)) > -127.5) & (blocks.max(axis=(1, 2)) < 126.5)
    return np.asarray(dctn(blocks[inside], axes=(1, 2), norm="ortho"))


def _periodicity(levels: NDArray[np.int_]) -> float | None:
    """Return how much one period stands out in a histogram of levels that should fall smoothly to both sides.

    The histogram is divided by its own smooth course; its spectrum is then flat but for the count's noise, and a second
    rounding puts a line into it. Level 0 is left out: it holds what was rounded away.
    """
    counts = np.bincount(np.clip(np.abs(levels), 0, REACH + 8), minlength=REACH + 9).astype(float)[1 : REACH + 1]
    if counts.sum() < MIN_COEFFICIENTS:
        return None
    reach = int(np.searchsorted(np.cumsum(counts) / counts.sum(), 0.995)) + 1
    counts = counts[: max(reach, 8)]
    smooth = _smooth(counts)
    noise = np.sqrt(np.maximum(smooth, 1.0))
    standing = (counts - smooth) / noise
    frequencies = np.arange(0.1, 0.5001, 0.0125)
    phase = np.exp(-2j * np.pi * np.outer(frequencies, np.arange(len(standing))))
    return float(np.abs(phase @ standing).max() / np.sqrt(len(standing)))


def _smooth(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the smooth course of a falling histogram: a parabola through the logarithms near each level."""
    logs = np.log(counts + 0.5)
    weights = np.sqrt(counts + 0.5)
    places = np.arange(len(counts), dtype=float)
    smooth = np.empty(len(counts))
    for place in range(len(counts)):
        low, high = max(0, place - 6), min(len(counts), place + 7)
        fitted = np.polyfit(places[low:high] - place, logs[low:high], 2, w=weights[low:high])
        smooth[place] = np.exp(fitted[-1])
    return smooth

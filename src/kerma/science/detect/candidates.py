"""From responses in scale space to candidates: peaks, their outline in the response, and which of them are no flaws.

Long lines (bead toes, edges of parts, collimators) and steps of brightness respond too. A step answers with both signs
side by side and is dropped; what runs through the whole window is shape of the part, not a small flaw.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.detect.scale_space import Grey, Level

STEP_RATIO = 0.75
"""A peak is the side of a step when the opposite sign reaches this share of it within 3 standard deviations."""
OUTLINE_SHARE = 0.5
"""The outline of a peak is where the response exceeds this share of it."""
WINDOW_PX = 100
"""Outlines are followed to this distance from the peak, in pixels of the level; longer is shape, not flaw."""
MOST_PER_LEVEL = 400
FEWEST_OF_A_LINE = 6
ELONGATED = 3.0
"""Length over width from which a candidate is checked for being a piece of a longer line."""
RING_STRENGTH = 0.6
"""The ring of the other sign around a strong response stays below this share of it."""
CONTINUED_SHARE = 0.35
"""A line goes on when the response beyond both its ends keeps this share of that within."""
LINE_THRESHOLD = 1.4
"""Elongated candidates must reach so many times the threshold: the toes of a bead are faint long lines, and a line that
matters has many pixels and stands out clearly."""


@dataclass(frozen=True)
class Candidate:
    """One outlined peak, in pixels of the image; ``response`` is signed, in local standard deviations."""

    row: float
    column: float
    response: float
    sigma_px: float
    box: tuple[float, float, float, float]
    """First row, first column, height, width of the outline in the response."""

    @property
    def strength(self) -> float:
        """The response without its sign."""
        return abs(self.response)


def candidates(level: Level, threshold: float) -> list[Candidate]:
    """Return the candidates of one level, strongest first, each outline once."""
    rows, columns = _peaks(level.response, threshold)
    taken = np.zeros(level.response.shape, dtype=bool)
    found = []
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if taken[row, column] or _is_step(level, row, column):
            continue
        outlined = _outline(level.response, row, column)
        if outlined is None:
            continue
        (top, left), mask = outlined
        taken[top : top + mask.shape[0], left : left + mask.shape[1]] |= mask
        peak = float(level.response[row, column])
        line = _line(mask)
        if line and (abs(peak) < LINE_THRESHOLD * threshold or _goes_on(level, (top, left), mask, line, peak)):
            continue
        found.append(_candidate(level, (row, column), (top, left), mask))
    return found


def _peaks(response: Grey, threshold: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of local extremes beyond the threshold, strongest first, at most 400."""
    import cv2

    strength = np.abs(response)
    highest = cv2.dilate(strength, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((strength >= threshold) & (strength == highest))
    order = np.argsort(-strength[rows, columns], kind="stable")[:MOST_PER_LEVEL]
    return rows[order], columns[order]


def _is_step(level: Level, row: int, column: int) -> bool:
    reach = int(np.ceil(3 * level.sigma_px))
    near = level.response[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
    peak = float(level.response[row, column])
    opposite = -float(near.min()) if peak > 0 else float(near.max())
    return opposite > STEP_RATIO * abs(peak)


def _outline(response: Grey, row: int, column: int) -> tuple[tuple[int, int], NDArray[np.bool_]] | None:
    """Return first row and column of a window and the outline in it; None when it runs through the window."""
    import cv2

    top, left = max(0, row - WINDOW_PX), max(0, column - WINDOW_PX)
    window = response[top : row + WINDOW_PX + 1, left : column + WINDOW_PX + 1]
    peak = float(response[row, column])
    above = window * np.float32(np.sign(peak)) > OUTLINE_SHARE * abs(peak)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(above.astype(np.uint8), connectivity=8)
    label = labels[row - top, column - left]
    first_column, first_row, width, height, _ = boxes[label].tolist()
    runs_down = first_row == 0 and first_row + height == window.shape[0]
    runs_across = first_column == 0 and first_column + width == window.shape[1]
    if runs_down or runs_across or count == 1:
        return None
    part = labels[first_row : first_row + height, first_column : first_column + width] == label
    return (top + first_row, left + first_column), part


@dataclass(frozen=True)
class _Line:
    """Middle (row, column), direction and length of an elongated outline, in its window."""

    centre: NDArray[np.float64]
    direction: NDArray[np.float64]
    length: float


def _line(mask: NDArray[np.bool_]) -> _Line | None:
    """Return the line of an outline; None when it is not elongated."""
    at = np.argwhere(mask).astype(np.float64)
    if len(at) < FEWEST_OF_A_LINE:
        return None
    spread, axes = np.linalg.eigh(np.cov(at.T))
    # A strip of length L has the variance L^2 / 12 along its axis.
    length, width = np.sqrt(12 * np.maximum(spread[::-1], 1 / 12)).tolist()
    return _Line(at.mean(axis=0), axes[:, 1], length) if length >= ELONGATED * width else None


def _goes_on(level: Level, corner: tuple[int, int], mask: NDArray[np.bool_], line: _Line, peak: float) -> bool:
    """Whether the response goes on beyond both ends: then the outline is a piece of a longer line."""
    signed = level.response * np.float32(np.sign(peak))
    beyond = np.arange(0.5 * line.length + level.sigma_px, 1.5 * line.length)
    window = signed[corner[0] : corner[0] + mask.shape[0], corner[1] : corner[1] + mask.shape[1]]
    centre = np.add(corner, line.centre)
    ends = [_mean_along(signed, centre, side * line.direction, beyond) for side in (-1, 1)]
    return min(ends) > CONTINUED_SHARE * float(window[mask].mean())


def _mean_along(
    signed: Grey, centre: NDArray[np.float64], direction: NDArray[np.float64], distances: NDArray[np.float64]
) -> float:
    """Return the mean response at distances along a direction, taking the best of three pixels across."""
    across = np.array([-direction[1], direction[0]])
    points = centre + distances[:, None, None] * direction + np.arange(-2, 3)[None, :, None] * across
    index = np.rint(points).astype(np.intp)
    is_inside = ((index >= 0) & (index < np.array(signed.shape))).all(axis=(1, 2))
    if not is_inside.any():
        return float("inf")
    index = index[is_inside]
    return float(signed[index[..., 0], index[..., 1]].max(axis=1).mean())


def _candidate(level: Level, at: tuple[int, int], corner: tuple[int, int], mask: NDArray[np.bool_]) -> Candidate:
    scale = level.scale
    return Candidate(
        row=at[0] * scale,
        column=at[1] * scale,
        response=float(level.response[at]),
        sigma_px=level.sigma_px * scale,
        box=(corner[0] * scale, corner[1] * scale, mask.shape[0] * scale, mask.shape[1] * scale),
    )


def is_ring_of(weak: Candidate, strong: Candidate) -> bool:
    """Whether a candidate is the ring of the other sign, within 4 standard deviations, that a strong one has."""
    if (strong.response > 0) == (weak.response > 0) or weak.strength >= RING_STRENGTH * strong.strength:
        return False
    return _distance(weak, strong) < 4 * max(strong.sigma_px, weak.sigma_px)


def shows_same(weak: Candidate, strong: Candidate) -> bool:
    """Whether the centre of a candidate lies in the outline of one of its sign, or hardly beside its centre."""
    if (strong.response > 0) != (weak.response > 0):
        return False
    top, left, height, width = strong.box
    is_inside = top <= weak.row <= top + height and left <= weak.column <= left + width
    return is_inside or _distance(weak, strong) < 1.5 * max(strong.sigma_px, weak.sigma_px)


def _distance(one: Candidate, other: Candidate) -> float:
    return math.hypot(one.row - other.row, one.column - other.column)

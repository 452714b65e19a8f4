"""Where a test object lies in a picture: its round marks found, matched to the drawing, and the map between both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SHARES = (0.4, 0.55, 0.7, 0.85)
"""Thresholds tried, in shares of the strongest attenuation."""
MOST_MARKS = 24
SMALLEST_PX = 3
MATCH_SHARE = 0.02
"""A mark lies where the others say, to this share of the longest side."""
LARGEST_STRETCH = 1.6
"""Pixels of a line scanner need not be square."""


@dataclass(frozen=True)
class Placement:
    """How the drawing lies in the picture: (row, column) = matrix · (x, y) + offset."""

    matrix: Floats
    offset: Floats
    residual_px: float

    @property
    def is_flipped(self) -> bool:
        """Whether the object is seen from its back: x to the right and y down have the picture's sense unflipped."""
        return float(np.linalg.det(self.matrix[::-1])) < 0

    @property
    def turn_deg(self) -> float:
        """The direction of the drawing's x axis in the picture."""
        return float(np.degrees(np.arctan2(self.matrix[0, 0], self.matrix[1, 0])))

    @property
    def pixel_mm(self) -> tuple[float, float]:
        """Millimetres per pixel along the drawing's x and y."""
        lengths = np.hypot(*self.matrix)
        return 1 / float(lengths[0]), 1 / float(lengths[1])

    def window(self, shape: tuple[int, int], centre: tuple[float, float], half: tuple[float, float]) -> Any:
        """Return the slices that hold a rectangle of the drawing, and x, y of each pixel from its centre."""
        corners = np.array([(centre[0] + sx * half[0], centre[1] + sy * half[1]) for sx in (-1, 1) for sy in (-1, 1)])
        seen = corners @ self.matrix.T + self.offset
        low = np.clip(np.floor(seen.min(axis=0)).astype(int), 0, None)
        high = np.minimum(np.ceil(seen.max(axis=0)).astype(int) + 1, shape)
        rows, columns = slice(int(low[0]), int(max(high[0], low[0]))), slice(int(low[1]), int(max(high[1], low[1])))
        row, column = np.mgrid[rows, columns]
        back = np.linalg.inv(self.matrix)
        away = np.stack([row - self.offset[0], column - self.offset[1]])
        x, y = np.tensordot(back, away, 1)
        return (rows, columns), x - centre[0], y - centre[1]


def placed(attenuation: Floats, marks: Floats, mark_mm: float) -> Placement | None:
    """Return where an object lies whose marks 1, 2, 4 are corners, 3 the fourth and 5 between 1 and 2; None if nowhere.

    Parameters
    ----------
    attenuation : minus the logarithm of the signal over the open beam (row, column)
    marks : x, y of the marks in the drawing (mark, 2)
    mark_mm : diameter of a mark
    """
    top = float(np.percentile(attenuation, 99.9))
    for share in SHARES:
        blobs, sizes = _round_blobs(attenuation > share * top, attenuation)
        found = _matched(blobs, sizes, marks, mark_mm) if len(blobs) >= len(marks) else None
        if found is not None:
            return found
    return None


def _round_blobs(dark: NDArray[np.bool_], weight: Floats) -> tuple[Floats, Floats]:
    """Return centres (blob, row column) and mean diameters of the round areas, the most round first."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8), connectivity=4)
    found = []
    for number in range(1, count):
        left, top, width, height, pixels = (int(value) for value in stats[number])
        if min(width, height) < SMALLEST_PX or max(width, height) > LARGEST_STRETCH * min(width, height):
            continue
        # A disc fills pi / 4 of its box.
        roundness = abs(pixels / (width * height) - np.pi / 4)
        if roundness > 0.12:
            continue
        inside = labels[top : top + height, left : left + width] == number
        row, column = np.nonzero(inside)
        share = weight[top : top + height, left : left + width][inside]
        centre = top + np.average(row, weights=share), left + np.average(column, weights=share)
        found.append((roundness, *centre, (width * height) ** 0.5))
    found = sorted(found)[:MOST_MARKS]
    blobs = np.array([one[1:3] for one in found]).reshape(-1, 2)
    return blobs, np.array([one[3] for one in found])


def _matched(blobs: Floats, sizes: Floats, marks: Floats, mark_mm: float) -> Placement | None:
    number = np.arange(len(blobs))
    first, second, fourth = (each.ravel() for each in np.meshgrid(number, number, number, indexing="ij"))
    distinct = (first != second) & (first != fourth) & (second != fourth)
    first, second, fourth = first[distinct], second[distinct], fourth[distinct]
    across, down = blobs[second] - blobs[first], blobs[fourth] - blobs[first]
    # Corners of a right angle, sides in about the ratio of the drawing, marks of the right size.
    lengths = np.hypot(*across.T), np.hypot(*down.T)
    sides = float(np.hypot(*(marks[1] - marks[0]))), float(np.hypot(*(marks[3] - marks[0])))
    stretch = lengths[0] / sides[0] / np.maximum(lengths[1] / sides[1], 1e-9)
    cosine = np.abs((across * down).sum(axis=1)) / np.maximum(lengths[0] * lengths[1], 1e-9)
    scale = np.sqrt(lengths[0] / sides[0] * lengths[1] / sides[1])
    size = sizes[first] / (scale * mark_mm)
    likely = (stretch < LARGEST_STRETCH) & (stretch > 1 / LARGEST_STRETCH) & (cosine < 0.3) & (np.abs(size - 1) < 0.35)
    if not likely.any():
        return None
    first, second, fourth = first[likely], second[likely], fourth[likely]
    between = (marks[4] - marks[0])[0] / (marks[1] - marks[0])[0]
    expected = np.stack([
        blobs[second] + blobs[fourth] - blobs[first],
        blobs[first] + between * (blobs[second] - blobs[first]),
    ])  # fmt: skip
    away = np.hypot(*(expected[:, :, None, :] - blobs[None, None]).transpose(3, 0, 1, 2))
    nearest = away.argmin(axis=2)
    worst = away.min(axis=2).max(axis=0) / np.maximum(lengths[0], lengths[1])[likely]
    best = int(np.argmin(worst))
    if worst[best] > MATCH_SHARE:
        return None
    seen = blobs[[first[best], second[best], nearest[0, best], fourth[best], nearest[1, best]]]
    terms = np.column_stack([marks, np.ones(len(marks))])
    solved = np.linalg.lstsq(terms, seen, rcond=None)[0]
    residual = float(np.sqrt(((terms @ solved - seen) ** 2).sum(axis=1).mean()))
    return Placement(solved[:2].T.astype(np.float64), solved[2].astype(np.float64), residual)

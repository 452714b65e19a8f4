"""From the answers of a network to marks: peaks of its heat, their boxes, outlines of the mask, one mark per flaw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
Corners = tuple[float, float, float, float]
STRIDE = 4
"""Pixels of a tile per cell of an answer."""
LEAST_SCORE = 0.02
MOST_PER_TILE = 120
LARGEST_LOG = 5.5
MASK_SHARE = 0.5
"""A pixel belongs to a flaw where the mask is at least this."""
LEAST_OVERLAP = 0.35
"""Of two marks that share this much of their union the less certain one is dropped ..."""
COVERED_SHARE = 0.7
"""... and so is one of which a more certain one covers so much, or that covers a more certain one of its label so."""
CUT_PX = 3.0
CUT_FACTOR = 0.6
"""Marks that touch the inner edge of a tile count less: the next tile shows the flaw whole."""


@dataclass(frozen=True)
class Mark:
    """One mark in pixels of the image; ``box`` is first row and column, and those behind the last."""

    score: float
    label: int
    box: Corners
    polygon: tuple[tuple[float, float], ...] = ()
    """Outline as (row, column); empty where the mask shows none."""

    def within(self, limits: tuple[float, float]) -> Mark:
        """Return the mark cut to an image of so many rows and columns."""
        rows, columns = limits
        top, left, bottom, right = self.box
        box = (max(0.0, top), max(0.0, left), min(rows, bottom), min(columns, right))
        points = tuple((min(max(row, 0.0), rows), min(max(column, 0.0), columns)) for row, column in self.polygon)
        return replace(self, box=box, polygon=points)

    def size_px(self) -> tuple[float, float]:
        """Return length and width in pixels: of the smallest rectangle round the outline, else of the box."""
        if len(self.polygon) < 3:
            sides = (self.box[2] - self.box[0], self.box[3] - self.box[1])
        else:
            import cv2

            sides = cv2.minAreaRect(np.array(self.polygon, dtype=np.float32))[1]
        return float(max(sides)), float(min(sides))


@dataclass(frozen=True)
class Tile:
    """Where a tile lies: its first row and column in the shrunk image, rows and columns of both, and the shrinking."""

    corner: tuple[int, int]
    shape: tuple[int, ...]
    image_shape: tuple[int, ...]
    scale: float
    """Pixels of the shrunk image per pixel of the image."""


def marks(heat: Grey, box: Grey, mask: Grey, tile: Tile) -> list[Mark]:
    """Return the marks of one tile, most certain first.

    Parameters
    ----------
    heat : (label, row, column) shares of 1 at the stride
    box : (4, row, column) offset of the middle down and right from the middle of the cell, log height, log width
    mask : (row, column) share of any flaw
    tile : where it lies
    """
    found = []
    corner, scale = tile.corner, tile.scale
    for label, row, column in _peaks(heat):
        score = float(heat[label, row, column])
        down, across, log_high, log_wide = (float(value) for value in box[:, row, column])
        high, wide = (float(np.exp(min(max(size, -3.0), LARGEST_LOG))) for size in (log_high, log_wide))
        middle = (row + 0.5 + down, column + 0.5 + across)
        top, left = STRIDE * (middle[0] - high / 2), STRIDE * (middle[1] - wide / 2)
        bottom, right = STRIDE * (middle[0] + high / 2), STRIDE * (middle[1] + wide / 2)
        if _is_cut((top, left, bottom, right), tile):
            score *= CUT_FACTOR
        box_px = tuple(
            (value + start) / scale for value, start in zip((top, left, bottom, right), (*corner, *corner), strict=True)
        )
        points = _outline(mask, (top, left, bottom, right))
        polygon = tuple(((r + corner[0]) / scale, (c + corner[1]) / scale) for r, c in points)
        found.append(Mark(score, label, (box_px[0], box_px[1], box_px[2], box_px[3]), polygon))
    return found


def _peaks(heat: Grey) -> list[tuple[int, int, int]]:
    """Return label, row and column of the cells that are highest of all labels within one cell, highest first."""
    import cv2

    best = heat.max(axis=0)
    highest = cv2.dilate(best, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((best >= highest) & (best >= LEAST_SCORE))
    order = np.argsort(-best[rows, columns], kind="stable")[:MOST_PER_TILE]
    labels = heat[:, rows[order], columns[order]].argmax(axis=0)
    return list(zip(labels.tolist(), rows[order].tolist(), columns[order].tolist(), strict=True))


def _is_cut(box: Corners, tile: Tile) -> bool:
    """Whether a box touches an edge of its tile that is not an edge of the image."""
    for axis in (0, 1):
        last = tile.corner[axis] + tile.shape[axis]
        if box[axis] < CUT_PX and tile.corner[axis] > 0:
            return True
        if box[axis + 2] > tile.shape[axis] - CUT_PX and last < tile.image_shape[axis]:
            return True
    return False


def _outline(mask: Grey, box: Corners) -> list[tuple[float, float]]:
    """Return the outline of the mask within a box, in pixels of the tile; of a nest of flaws its convex hull."""
    import cv2

    top, left = (max(0, int(np.floor(value / STRIDE))) for value in box[:2])
    bottom, right = (int(np.ceil(value / STRIDE)) for value in box[2:])
    part = mask[top:bottom, left:right]
    if part.size == 0 or float(part.max()) < MASK_SHARE:
        return []
    # One more cell of zeros on every side, so that the outline closes at the edge of the box.
    padded = np.pad(part, 1)
    size = (padded.shape[1] * STRIDE, padded.shape[0] * STRIDE)
    inside = (cv2.resize(padded, size, interpolation=cv2.INTER_LINEAR) >= MASK_SHARE).astype(np.uint8)
    outlines, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    areas = [cv2.contourArea(each) for each in outlines]
    if not outlines or sum(areas) <= 0:
        return []
    largest = int(np.argmax(areas))
    whole = outlines[largest] if areas[largest] >= 0.7 * sum(areas) else cv2.convexHull(np.concatenate(outlines))
    points = cv2.approxPolyDP(whole, 0.8, closed=True)[:, 0].astype(float)
    if len(points) < 3:
        return []
    shift = np.array([(left - 1) * STRIDE + 0.5, (top - 1) * STRIDE + 0.5])
    return [(float(row), float(column)) for column, row in points + shift]


Overlap = NDArray[np.float64]
Repeats = Callable[[Overlap, Overlap, Overlap, NDArray[np.bool_]], NDArray[np.bool_]]
"""From shared areas, own areas, the area of the surer mark, and where the labels agree: which marks say the same."""


def merged(found: Sequence[Mark]) -> list[Mark]:
    """Return one mark per flaw of those of all tiles and scales, most certain first."""

    def repeats(shared: Overlap, area: Overlap, surer: Overlap, is_same: NDArray[np.bool_]) -> NDArray[np.bool_]:
        covered = (shared / area > COVERED_SHARE) | ((shared / surer > COVERED_SHARE) & is_same)
        return np.asarray(covered | (shared / (area + surer - shared) > LEAST_OVERLAP))

    return without_repeats(found, repeats)


def without_repeats(found: Sequence[Mark], repeats: Repeats) -> list[Mark]:
    """Return the marks that repeat no surer one, most certain first."""
    order = sorted(found, key=lambda mark: (-mark.score, mark.box, mark.label))
    if not order:
        return []
    boxes = np.array([mark.box for mark in order], dtype=np.float64)
    area = np.maximum(boxes[:, 2] - boxes[:, 0], 1e-6) * np.maximum(boxes[:, 3] - boxes[:, 1], 1e-6)
    labels = np.array([mark.label for mark in order])
    is_open = np.ones(len(order), dtype=bool)
    kept = []
    for number, mark in enumerate(order):
        if not is_open[number]:
            continue
        kept.append(mark)
        high = np.minimum(boxes[:, 2], mark.box[2]) - np.maximum(boxes[:, 0], mark.box[0])
        wide = np.minimum(boxes[:, 3], mark.box[3]) - np.maximum(boxes[:, 1], mark.box[1])
        shared = np.maximum(high, 0) * np.maximum(wide, 0)
        is_open &= ~repeats(shared, area, area[number], labels == mark.label)
    return kept

"""Connected areas of a picture: their sizes, outline, and the box in image pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Spacing
from kerma.science.results import Box

COMPACT = 3.0
"""Slenderness (length squared over area) below which an area has a diameter."""


@dataclass(frozen=True)
class Area:
    """One connected area: a mask in a window that starts at (``row``, ``column``)."""

    row: int
    column: int
    mask: NDArray[np.bool_]

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the window."""
        height, width = self.mask.shape
        return slice(self.row, self.row + height), slice(self.column, self.column + width)

    @property
    def area_px(self) -> int:
        """Pixels within the outline."""
        return int(np.count_nonzero(self.mask))

    @property
    def box(self) -> Box:
        """The window as a box."""
        height, width = self.mask.shape
        return Box(float(self.row), float(self.column), float(height), float(width))

    def polygon(self, simplified_px: float = 0.5) -> tuple[tuple[float, float], ...]:
        """Return the outline as (row, column) points, simplified by at most so many pixels."""
        import cv2

        contours, _ = cv2.findContours(self.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        points = cv2.approxPolyDP(max(contours, key=len), simplified_px, True)[:, 0, :]
        return tuple((float(self.row + row), float(self.column + column)) for column, row in points.tolist())

    def sides(self, row_step: float = 1.0, column_step: float = 1.0) -> tuple[float, float]:
        """Return length and width of the smallest turned rectangle, in units of the steps between pixels."""
        import cv2

        points = np.array(self.polygon(), dtype=np.float64)
        # Corners of the pixels, not their centres: one pixel alone is one step long and wide.
        corners = np.concatenate([points + (down, right) for down in (-0.5, 0.5) for right in (-0.5, 0.5)])
        _, found, _ = cv2.minAreaRect((corners * (row_step, column_step)).astype(np.float32))
        return float(max(found)), float(min(found))

    def sizes(self, spacing: Spacing) -> dict[str, float]:
        """Return lengths and areas in pixels, and in mm where there is a scale."""
        length_px, width_px = self.sides()
        found = {"length_px": length_px, "width_px": width_px, "area_px": float(self.area_px)}
        if spacing.row_mm is None or spacing.column_mm is None:
            return found
        length_mm, width_mm = self.sides(spacing.row_mm, spacing.column_mm)
        area_mm2 = self.area_px * spacing.row_mm * spacing.column_mm
        found |= {"length_mm": length_mm, "width_mm": width_mm, "area_mm2": area_mm2}
        if length_px * length_px < COMPACT * self.area_px:
            found["diameter_mm"] = float((4 * area_mm2 / np.pi) ** 0.5)
        return found


def areas(mask: NDArray[np.bool_], *, gap_px: int = 0) -> Iterator[Area]:
    """Yield the connected areas of a mask (row, column); areas no further apart than a gap are one."""
    import cv2

    whole = mask.astype(np.uint8)
    reach = gap_px // 2 + gap_px % 2
    joined = cv2.dilate(whole, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) if reach else whole
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    for label in range(1, count):
        column, row, width, height, _ = boxes[label].tolist()
        window = slice(row, row + height), slice(column, column + width)
        yield trimmed(row, column, (labels[window] == label) & mask[window])


def trimmed(row: int, column: int, mask: NDArray[np.bool_]) -> Area:
    """Return an area whose window is no larger than its mask, which is not empty."""
    down, across = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    inner = mask[down[0] : down[-1] + 1, across[0] : across[-1] + 1].copy()
    return Area(row + int(down[0]), column + int(across[0]), inner)

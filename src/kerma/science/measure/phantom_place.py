"""Where a rectangular plate lies in a picture with open beam about it, and the regions named on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.measure.region import Region

Floats = NDArray[np.float64]
MOST_CELLS = 300
LEAST_SHARE, MOST_SHARE = 0.08, 0.95
SMALLEST_PX = 96
LARGEST_TILT_DEG = 5.0
FILLED = 0.9


@dataclass(frozen=True)
class PhantomPlace:
    """A plate: its upper left corner (row, column), and the vectors along its width and its height, in pixels."""

    corner: Floats
    along: Floats
    down: Floats

    @property
    def tilt_deg(self) -> float:
        """How far the plate is turned."""
        return float(np.degrees(np.arctan2(self.along[0], self.along[1])))

    def region(self, row: Mapping[str, str]) -> Region:
        """Return the rectangle of pixels of a feature given in shares of the plate."""
        x, y, width, height = (float(row[key]) for key in ("x_share", "y_share", "width_share", "height_share"))
        centre = self.corner + x * self.along + y * self.down
        half = height / 2 * float(np.hypot(*self.down)), width / 2 * float(np.hypot(*self.along))
        first = [round(at - size) for at, size in zip(centre, half, strict=True)]
        return Region(max(0, first[0]), max(0, first[1]), max(1, round(2 * half[0])), max(1, round(2 * half[1])))

    def behind_and_beside(self, shape: tuple[int, ...]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return the pixels well behind the plate, and those well beside it."""
        row, column = (np.arange(length) - at for length, at in zip(shape, self.corner, strict=True))
        matrix = np.linalg.inv(np.column_stack([self.along, self.down]))
        x, y = (by_row * row[:, None] + (by_column * column - 0.5) for by_row, by_column in matrix)
        outside = np.maximum(np.abs(x, out=x), np.abs(y, out=y), out=x)
        return outside < 0.45, outside > 0.53


def phantom_in(grey: NDArray[Any]) -> PhantomPlace | str:
    """Return where the plate lies in offset-corrected values, or why there is none."""
    import cv2

    if min(grey.shape) < SMALLEST_PX:
        return f"the image is smaller than {SMALLEST_PX} pixels: no phantom fits"
    side = max(1, int(np.ceil(max(grey.shape) / MOST_CELLS)))
    rows, columns = (length // side for length in grey.shape)
    cells = cv2.resize(
        grey[: rows * side, : columns * side].astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA
    )
    cells = cv2.medianBlur(cells, 5)
    border = np.concatenate([cells[:3].ravel(), cells[-3:].ravel(), cells[:, :3].ravel(), cells[:, -3:].ravel()])
    open_beam = float(np.median(border))
    noise = 1.4826 * float(np.median(np.abs(border - open_beam)))
    dark = (cells < open_beam - max(0.05 * open_beam, 6 * noise)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark)
    if open_beam <= 0 or count < 2:
        return "no plate stands out of an open beam about it: there is no phantom"
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    points = np.argwhere(labels == largest)[:, ::-1].astype(np.int32)
    centre, size, angle = cv2.minAreaRect(cv2.convexHull(points))
    share = points.shape[0] / dark.size
    filled = points.shape[0] / max((size[0] + 1) * (size[1] + 1), 1.0)
    if not LEAST_SHARE < share < MOST_SHARE or filled < FILLED:
        return "what stands out of the open beam is no rectangular plate: there is no phantom"
    if abs(angle) > 45:
        size, angle = (size[1], size[0]), angle - float(np.copysign(90.0, angle))
    if abs(angle) > LARGEST_TILT_DEG:
        return f"the plate is turned by {angle:.1f} degrees: lay it straight, to within {LARGEST_TILT_DEG:g}"
    turn = np.radians(angle)
    width, height = ((length + 1) * side for length in size)
    along = width * np.array([np.sin(turn), np.cos(turn)])
    down = height * np.array([np.cos(turn), -np.sin(turn)])
    middle = np.array(centre[::-1]) * side + (side - 1) / 2
    return PhantomPlace(middle - along / 2 - down / 2, along, down)

"""Where a straight edge or slit lies in an image: coarsely by a Hough transform, then to a fraction of a pixel.

A line is ``row * sin + column * cos = offset``: ``normal_deg`` is the direction of its normal, from the columns' axis
towards the rows' axis. The normal of an edge points to the brighter side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_CELLS = 96
"""Cells across the coarse image."""
STEP_DEG = 1.0
SEGMENTS = 48
"""Pieces along the line, each with a position of its own."""
SECOND_SHARE = 0.35
"""A second line has at least this share of the strength of the first."""


@dataclass(frozen=True)
class Line:
    """A straight line; rows and columns are counted in pixels of the region."""

    normal_deg: float
    offset_px: float

    @property
    def normal(self) -> tuple[float, float]:
        """The unit normal (row, column)."""
        angle = np.deg2rad(self.normal_deg)
        return float(np.sin(angle)), float(np.cos(angle))

    @property
    def is_upright(self) -> bool:
        """Whether the line runs along columns rather than along rows."""
        return abs(self.normal[1]) >= abs(self.normal[0])

    @property
    def tilt_deg(self) -> float:
        """The angle to the nearest axis of pixels, 0 to 45."""
        return abs((self.normal_deg + 45.0) % 90.0 - 45.0)


@dataclass(frozen=True)
class Coarse:
    """What the Hough transform found: the line, how far it stands out, and whether there is another."""

    line: Line
    strength: float
    """The line over the scatter of all other lines, in standard deviations."""
    second_share: float
    """Strength of the strongest line elsewhere over that of the first."""


def find(grey: Floats, *, is_edge: bool) -> Coarse | None:
    """Return the strongest straight edge, or slit, of a region; None in a region that is too small or constant.

    The region is cut into cells, of which the median is taken, so that dust and bad pixels do not count. An edge is
    sought in the gradient of the cells, a slit in their difference to the median.
    """
    side = max(1, int(np.ceil(max(grey.shape) / MOST_CELLS)))
    rows, columns = (length // side for length in grey.shape)
    if min(rows, columns) < 5:
        return None
    cells = _cells(grey, side, rows, columns)
    if cells.max() == cells.min():
        return None
    vectors = np.stack([np.gradient(cells, axis=axis) for axis in (0, 1)]) if is_edge else _heights(cells)
    first = _strongest(vectors, is_edge=is_edge)
    if first is None:
        return None
    normal_deg, at, peak, scatter = first
    row, column = np.indices(cells.shape)
    angle = np.deg2rad(normal_deg)
    distance = row * np.sin(angle) + column * np.cos(angle) - at
    reach = 3.5 if is_edge else 4.5
    rest = _strongest(np.where(np.abs(distance) > reach, vectors, 0.0), is_edge=is_edge)
    share = rest[2] / peak if rest is not None and peak > 0 else 0.0
    middle = (side - 1) / 2
    offset = at * side + middle * (np.sin(angle) + np.cos(angle))
    return Coarse(Line(normal_deg, float(offset)), peak / max(scatter, 1e-300), share)


def _cells(grey: Floats, side: int, rows: int, columns: int) -> Floats:
    """Return the image reduced by medians of rows and then means, and smoothed by a 3 x 3 median."""
    import cv2

    whole = np.ascontiguousarray(grey[: rows * side, : columns * side])
    ground = float(np.median(whole[:: max(1, side // 2), :: max(1, side // 2)]))
    smooth = cv2.medianBlur((whole - ground).astype(np.float32), 3)
    reduced = smooth.reshape(rows, side, columns, side).mean(axis=(1, 3), dtype=np.float64)
    cleaned: Floats = cv2.medianBlur(reduced.astype(np.float32), 3).astype(np.float64)
    return cleaned


def _heights(cells: Floats) -> Floats:
    """Return the cells over their median, with the sign that makes the strongest positive, as one component."""
    height = cells - np.median(cells)
    sign = 1.0 if abs(height.max()) >= abs(height.min()) else -1.0
    return np.stack([sign * height])


def _strongest(vectors: Floats, *, is_edge: bool) -> tuple[float, float, float, float] | None:
    """Return (normal in degrees, offset in cells, strength, scatter of the others) of the strongest line."""
    row, column = np.ogrid[: vectors.shape[1], : vectors.shape[2]]
    flat = vectors.reshape(vectors.shape[0], -1)
    length = float(np.hypot(*vectors.shape[1:]))
    best: tuple[float, float, float] | None = None
    squares, count = 0.0, 0
    # The gradient has a direction, so an edge's normal may point anywhere; a slit's normal is the same turned round.
    for normal_deg in np.arange(-180.0 if is_edge else -90.0, 180.0 if is_edge else 90.0, STEP_DEG):
        angle = np.deg2rad(normal_deg)
        weight = flat[0] * np.sin(angle) + flat[1] * np.cos(angle) if is_edge else flat[0]
        place = (row * np.sin(angle) + column * np.cos(angle) + length).ravel()
        low = place.astype(np.intp)
        share = place - low
        sums = np.bincount(low, weight * (1 - share), int(2 * length) + 4)
        sums += np.bincount(low + 1, weight * share, int(2 * length) + 4)
        squares += float((sums**2).sum())
        count += sums.size
        peak = int(sums.argmax())
        if best is None or sums[peak] > best[2]:
            around = np.clip(sums[peak - 1 : peak + 2], 0, None)
            centre = float((around * [-1, 0, 1]).sum() / around.sum()) if around.sum() > 0 else 0.0
            best = (float(normal_deg), peak + centre - length, float(sums[peak]))
    if best is None or best[2] <= 0:
        return None
    return *best, float(np.sqrt(squares / max(count, 1)))


def along_and_across(line: Line, shape: tuple[int, ...], half_width_px: float) -> tuple[NDArray[Any], Floats, Floats]:
    """Return the pixels within a distance of a line: flat indices, distance along the normal, and place along it."""
    sine, cosine = line.normal
    is_upright = line.is_upright
    lines, length = (shape[0], shape[1]) if is_upright else (shape[1], shape[0])
    main, other = (cosine, sine) if is_upright else (sine, cosine)
    at = np.arange(lines)
    centre = np.rint((line.offset_px - at * other) / main).astype(np.intp)
    reach = int(np.ceil(half_width_px / abs(main))) + 1
    across = centre[:, None] + np.arange(-reach, reach + 1)[None, :]
    along = np.broadcast_to(at[:, None], across.shape)
    row, column = (along, across) if is_upright else (across, along)
    distance = row * sine + column * cosine - line.offset_px
    keep = (across >= 0) & (across < length) & (np.abs(distance) <= half_width_px)
    place = (column * -sine + row * cosine)[keep]
    return (row * shape[1] + column)[keep], distance[keep], place.astype(np.float64)


def refined(grey: Floats, line: Line, *, reach_px: float, is_edge: bool) -> Line:
    """Return the line through the positions found piece by piece along it, outlying pieces left out.

    Each piece of the line gives the place where its mean profile crosses half its step (edge), or the centroid of what
    stands out (slit); the straight line through them is fitted with Tukey's weights.
    """
    index, distance, place = along_and_across(line, grey.shape, reach_px)
    if index.size < 50:
        return line
    low, high = float(place.min()), float(place.max())
    pieces = int(np.clip((high - low) / 4, 3, SEGMENTS))
    piece = np.minimum(((place - low) / max(high - low, 1e-9) * pieces).astype(np.intp), pieces - 1)
    bins = int(2 * reach_px) + 1
    at = np.clip(np.rint(distance + reach_px).astype(np.intp), 0, bins - 1)
    sums = np.bincount(piece * bins + at, grey.ravel()[index], pieces * bins).reshape(pieces, bins)
    counts = np.bincount(piece * bins + at, minlength=pieces * bins).reshape(pieces, bins)
    middles = low + (np.arange(pieces) + 0.5) * (high - low) / pieces
    found = [
        (middle, _crossing(total / number, reach_px) if is_edge else _peak(total / number, reach_px))
        for middle, total, number in zip(middles, sums, counts, strict=True)
        if (number > 0).all()
    ]
    points = np.array([point for point in found if np.isfinite(point[1])])
    if len(points) < 3:
        return line
    slope, shift = _robust_line(points[:, 0], points[:, 1])
    # distance = shift + slope * place turns the normal by -atan(slope).
    turned = Line(line.normal_deg - float(np.rad2deg(np.arctan(slope))), 0.0)
    old_sine, old_cosine = line.normal
    anchor_row = (line.offset_px + shift) * old_sine
    anchor_column = (line.offset_px + shift) * old_cosine
    sine, cosine = turned.normal
    return Line(turned.normal_deg, anchor_row * sine + anchor_column * cosine)


def _crossing(profile: Floats, reach_px: float) -> float:
    third = max(2, profile.size // 4)
    low, high = float(np.median(profile[:third])), float(np.median(profile[-third:]))
    if high <= low:
        return float("nan")
    above = np.clip((profile - low) / (high - low), -0.5, 1.5)
    # The area under the step says where it lies, and averages the noise better than one crossing.
    inner = slice(third // 2, profile.size - third // 2)
    return float(inner.stop - 0.5 - above[inner].sum() - reach_px)


def _peak(profile: Floats, reach_px: float) -> float:
    height = profile - np.median(profile)
    height = height if abs(height.max()) >= abs(height.min()) else -height
    weight = np.clip(height - 0.3 * height.max(), 0, None)
    if weight.sum() <= 0:
        return float("nan")
    return float((weight * np.arange(profile.size)).sum() / weight.sum() - reach_px)


def _robust_line(across: Floats, up: Floats) -> tuple[float, float]:
    """Return slope and intercept: Theil and Sen's medians first, then least squares with Tukey's weights."""
    first, second = np.triu_indices(across.size, 1)
    slope = float(np.median((up[second] - up[first]) / (across[second] - across[first])))
    shift = float(np.median(up - slope * across))
    for _ in range(5):
        rest = up - slope * across - shift
        scale = max(1.4826 * float(np.median(np.abs(rest))), 0.02) * 4.7
        weight = np.clip(1 - (rest / scale) ** 2, 0, None) ** 2
        if (weight > 0).sum() < 3:
            break
        mean_across, mean_up = np.average(across, weights=weight), np.average(up, weights=weight)
        spread = (weight * (across - mean_across) ** 2).sum()
        if spread <= 0:
            break
        slope = float((weight * (across - mean_across) * (up - mean_up)).sum() / spread)
        shift = float(mean_up - slope * mean_across)
    return slope, shift

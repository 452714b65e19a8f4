"""The radiation field in a picture: its edges, size, tilt and centre, and how far the light field is from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data
from kerma.science.measure import straight_line
from kerma.science.measure.region import Region
from kerma.science.measure.scan_lines import limits
from kerma.science.measure.straight_line import Line
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
Floats = NDArray[np.float64]
MOST_CELLS = 400
"""Cells along the longer side of the coarse picture."""
SMALLEST_PX = 32
BEAM_SHARE = 0.2
"""A cell lies in the beam above this share of the way from outside to the open beam: shadows of the object included."""
LEAST_PIECE = 0.02
LEAST_DEPTH = 0.25
"""Outside, the signal lies below this share of that inside, or there is no edge of a field."""
LEAST_FILLED = 0.25
"""Of the field's rectangle at least this share is open beam."""
BORDER_CELLS = 2.5
REACH_PX = 24.0
MOST_TURN_DEG = 5.0
UPRIGHT_DEG = 0.1
PIECES = 16
MOST_BEYOND = 0.5
"""Just beyond an edge the signal is below this share of that just within it."""
SIDES = ("top", "right", "bottom", "left")


@dataclass(frozen=True)
class Side:
    """One side of the field: its line in pixels, and whether it lies in the image."""

    line: Line | None
    is_seen: bool


def measure(image: Image, *, plane: int = 0, light_field: Region | None = None) -> Measurement | NotMeasurable:
    """Return corners, size, centre and tilt of the radiation field, taken as a rectangle tilted by up to 45 degrees.

    A side is where half the step from outside to inside is reached. Sides that lie beyond the image are named and
    taken as the border of the image. With ``light_field`` (where the light field was, row,column,height,width) the
    deviation of each side is given, and in percent of the source-detector distance where that is known.
    """
    inputs: dict[str, Value] = {
        "plane": plane, "light_field": list(light_field.as_json()) if light_field else None,
    }  # fmt: skip
    if min(image.rows, image.columns) < SMALLEST_PX:
        return _refused(f"the image is smaller than {SMALLEST_PX} pixels", inputs)
    grey = image.pixels[plane].astype(np.float32)
    if image.rises_with_dose is False:
        grey = grey.max() - grey
    mask = has_data(image, plane)
    if mask is not None:
        # Padding lies outside the field, whatever value stands for it.
        grey = np.where(mask, grey, grey[mask].min() if mask.any() else 0.0)
    rough = _rough_field(grey)
    if isinstance(rough, str):
        return _refused(rough, inputs)
    outside = float(np.percentile(grey[::4, ::4], 0.5))
    ends = zip(rough, np.roll(rough, -1, axis=0), strict=True)
    sides = [_refined(grey, first, last, outside) for first, last in ends]
    if not any(side.is_seen for side in sides):
        return _refused("the field reaches beyond the image on all sides: no edge of it is seen", inputs)
    corners = _corners(sides)
    if corners is None:
        return _refused("the sides of the field do not make a rectangle", inputs)
    return _result(image, corners, sides, light_field, inputs)


def _refused(reason: str, inputs: dict[str, Value]) -> NotMeasurable:
    return NotMeasurable("collimation", VERSION, reason, inputs)


def _rough_field(grey: NDArray[Any]) -> Floats | str:
    """Return the four corners (row, column) of the field, the uppermost side first, clockwise."""
    import cv2

    side = max(1, int(np.ceil(max(grey.shape) / MOST_CELLS)))
    rows, columns = (length // side for length in grey.shape)
    cells = cv2.resize(grey[: rows * side, : columns * side], (columns, rows), interpolation=cv2.INTER_AREA)
    cells = cv2.medianBlur(cells, 5 if min(cells.shape) > 5 else 3)
    inside, outside = float(np.percentile(cells, 98)), float(np.percentile(cells, 0.5))
    if inside <= outside:
        return "the image is of one value"
    beam = (cells > outside + BEAM_SHARE * (inside - outside)).astype(np.uint8)
    count, labels, sizes, _ = cv2.connectedComponentsWithStats(beam)
    if count < 2:
        return "no field of radiation is seen"
    # An object may cut the beam into pieces: all but specks belong to the field.
    pieces = 1 + np.flatnonzero(sizes[1:, cv2.CC_STAT_AREA] > LEAST_PIECE * beam.sum())
    points = np.argwhere(np.isin(labels, pieces))[:, ::-1].astype(np.int32)
    hull = cv2.convexHull(points)
    filled = cv2.fillConvexPoly(np.zeros_like(beam), hull, 1)
    beside = cells[cv2.dilate(filled, np.ones((5, 5), np.uint8)) == 0]
    if beside.size and float(np.median(beside)) > LEAST_DEPTH * inside + (1 - LEAST_DEPTH) * min(outside, 0.0):
        return "beside the brightest part the image is not dark: there is no edge of a field"
    if beside.size == 0 and points.shape[0] < 0.5 * beam.size:
        return "no field of radiation is seen"
    box = cv2.boxPoints(cv2.minAreaRect(hull))[:, ::-1].astype(np.float64)
    if points.shape[0] < LEAST_FILLED * cv2.contourArea(hull):
        return "what is bright is no rectangle: no field of radiation is seen"
    return _clockwise(box) * side + (side - 1) / 2


def _clockwise(corners: Floats) -> Floats:
    """Order corners clockwise from the upper left, so that the first side is the top."""
    centre = corners.mean(axis=0)
    angle = np.arctan2(corners[:, 0] - centre[0], corners[:, 1] - centre[1])
    ordered = corners[np.argsort(angle)]
    middles = (ordered + np.roll(ordered, -1, axis=0)) / 2
    return np.roll(ordered, -int(np.argmin(middles[:, 0])), axis=0)


def _refined(grey: NDArray[Any], first: Floats, last: Floats, outside: float) -> Side:
    """Return a side through the half-height places found along it; not seen at the border, or where it is no edge."""
    along = last - first
    # Clockwise corners have the inside on their right, towards which an edge's normal points.
    normal_deg = float(np.rad2deg(np.arctan2(along[1], -along[0])))
    angle = np.deg2rad(normal_deg)
    offset = float(first[0] * np.sin(angle) + first[1] * np.cos(angle))
    line = Line(normal_deg, offset)
    cell = max(1.0, np.ceil(max(grey.shape) / MOST_CELLS))
    middle = (first + last) / 2
    nearest = min(middle[0], middle[1], grey.shape[0] - 1 - middle[0], grey.shape[1] - 1 - middle[1])
    if nearest < BORDER_CELLS * cell:
        return Side(line, False)
    reach = float(min(max(REACH_PX, 4 * cell), nearest))
    found = line
    for _ in range(2):
        found = straight_line.refined(grey, found, reach_px=reach, is_edge=True)
    if abs((found.normal_deg - normal_deg + 180) % 360 - 180) >= MOST_TURN_DEG:
        found = line
    if found.tilt_deg < UPRIGHT_DEG:
        found = _upright(grey, found, reach)
    index, distance, _ = straight_line.along_and_across(found, grey.shape, reach)
    values = grey.ravel()[index]
    within, beyond = values[distance > reach / 2], values[distance < -reach / 2]
    if not within.size or not beyond.size:
        return Side(line, False)
    is_sharp = float(beyond.mean()) - outside < MOST_BEYOND * (float(within.mean()) - outside)
    return Side(found, is_sharp)


def _upright(grey: NDArray[Any], line: Line, reach: float) -> Line:
    """Return the place of an edge along rows or columns by the area under its step, exact for any place in a pixel."""
    index, distance, along = straight_line.along_and_across(line, grey.shape, reach)
    label = np.rint(distance - distance.min()).astype(np.intp)
    width = int(label.max()) + 1
    piece = np.minimum((PIECES * (along - along.min()) / max(float(np.ptp(along)), 1.0)).astype(np.intp), PIECES - 1)
    count = np.bincount(piece * width + label, minlength=PIECES * width)
    total = np.bincount(piece * width + label, grey.ravel()[index].astype(np.float64), PIECES * width)
    profiles = (total / np.maximum(count, 1)).reshape(PIECES, width)
    quarter = max(2, width // 4)
    low, high = np.median(profiles[:, :quarter], axis=1), np.median(profiles[:, -quarter:], axis=1)
    # Pieces that the object hides say little; the middle one of the others counts.
    clear = high - low > 0.3 * float((high - low).max())
    if not clear.any() or float((high - low).max()) <= 0:
        return line
    shares = (profiles[clear] - low[clear, None]) / (high - low)[clear, None]
    away = float(distance.max()) + 0.5 - float(np.median(shares.sum(axis=1)))
    return Line(line.normal_deg, line.offset_px + away) if abs(away) < reach / 2 else line


def _corners(sides: list[Side]) -> Floats | None:
    """Return the four crossings of neighbouring sides, upper left first."""
    corners = []
    for number in range(4):
        pair = [sides[number - 1].line, sides[number].line]
        if pair[0] is None or pair[1] is None:
            return None
        normals = np.array([one.normal for one in pair if one])
        if abs(np.linalg.det(normals)) < 0.5:
            return None
        corners.append(np.linalg.solve(normals, [one.offset_px for one in pair if one]))
    return np.array(corners)


def _result(
    image: Image, corners: Floats, sides: list[Side], light: Region | None, inputs: dict[str, Value]
) -> Measurement:
    middles = (corners + np.roll(corners, -1, axis=0)) / 2
    centre = corners.mean(axis=0)
    across, down = middles[1] - middles[3], middles[2] - middles[0]
    after = np.roll(corners, -1, axis=0)
    area = abs(float((corners[:, 0] * after[:, 1] - after[:, 0] * corners[:, 1]).sum())) / 2
    shift = centre - np.array([(image.rows - 1) / 2, (image.columns - 1) / 2])
    values: dict[str, Value] = {
        "height_px": float(np.hypot(*down)), "width_px": float(np.hypot(*across)), "area_px2": area,
        "field_share": area / (image.rows * image.columns),
        "tilt_deg": _tilt_deg(sides),
        "centre_row_px": float(centre[0]), "centre_column_px": float(centre[1]),
        "offset_row_px": float(shift[0]), "offset_column_px": float(shift[1]),
        "corners_px": [[round(float(one), 3) for one in corner] for corner in corners],
        "sides_seen": [name for name, side in zip(SIDES, sides, strict=True) if side.is_seen],
    }  # fmt: skip
    row_mm, column_mm = image.spacing.row_mm, image.spacing.column_mm
    if row_mm is not None and column_mm is not None:
        scale = np.array([row_mm, column_mm])
        values |= {
            "height_mm": float(np.hypot(*(down * scale))), "width_mm": float(np.hypot(*(across * scale))),
            "area_mm2": area * row_mm * column_mm, "offset_mm": float(np.hypot(*(shift * scale))),
        }  # fmt: skip
        inputs = inputs | {"spacing_source": image.spacing.label}
    if light:
        values |= _light_deviation(image, middles, light)
    hidden = [name for name, side in zip(SIDES, sides, strict=True) if not side.is_seen]
    warnings = (f"beyond the image, taken at its border: {', '.join(hidden)}",) if hidden else ()
    return Measurement(
        "collimation", VERSION, values,
        method="largest bright area, its rectangle; each side through places of half the step along it",
        inputs=inputs, uncertainties={"height_px": 0.5, "width_px": 0.5},
        source=Citation.of(table("kerma_collimation/limits")), warnings=warnings,
    )  # fmt: skip


def _tilt_deg(sides: list[Side]) -> float:
    """Return how far the sides that are seen are turned, in the mean; normals point inwards, top side first."""
    turns = [
        (side.line.normal_deg - upright + 180) % 360 - 180
        for side, upright in zip(sides, (90.0, 180.0, 270.0, 0.0), strict=True)
        if side.is_seen and side.line is not None
    ]
    return float(np.mean(turns))


def _light_deviation(image: Image, middles: Floats, light: Region) -> dict[str, Value]:
    """Return how far each side of the radiation lies outside the light field, and the sums the limit speaks of."""
    outside = {
        "top": light.row - 0.5 - middles[0][0], "right": middles[1][1] - (light.column + light.width - 0.5),
        "bottom": middles[2][0] - (light.row + light.height - 0.5), "left": light.column - 0.5 - middles[3][1],
    }  # fmt: skip
    values: dict[str, Value] = {f"light_{side}_px": float(away) for side, away in outside.items()}
    scale = {"top": image.spacing.row_mm, "bottom": image.spacing.row_mm}
    scaled = {side: away * (scale.get(side, image.spacing.column_mm) or 0.0) for side, away in outside.items()}
    distance = image.technique.get("source_detector_mm")
    if not image.spacing.is_known or not isinstance(distance, int | float) or distance <= 0:
        return values
    limit = limits("kerma_collimation/limits")["light_field_percent"]
    pairs = (("top", "bottom"), ("left", "right"))
    sums = [100 * (abs(scaled[one]) + abs(scaled[other])) / distance for one, other in pairs]
    return values | {
        "light_rows_percent": float(sums[0]), "light_columns_percent": float(sums[1]), "light_limit_percent": limit,
        "light_passes": bool(max(sums) <= limit),
    }  # fmt: skip

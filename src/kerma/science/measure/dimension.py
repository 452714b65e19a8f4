"""Lengths, angles, circles and areas in a picture, with the source of the scale and the uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.image import Image
from kerma.science.measure import line_profile
from kerma.science.measure.edge_place import edge_near
from kerma.science.results import Measurement, NotMeasurable, Value

VERSION = "1"
Point = tuple[float, float]
Floats = NDArray[np.float64]
POINT_PX = 0.5
"""Standard uncertainty of a point set by hand, along the line."""
SPOKES = 90
FEWEST_SPOKES = 12
SHAPES = ("distance", "angle", "circle", "area")


@dataclass(frozen=True)
class Scale:
    """Millimetres per pixel, where they come from, and their relative standard uncertainty."""

    row_mm: float
    column_mm: float
    source: str
    error_share: float = 0.0


def measure(
    image: Image, *, plane: int = 0, shape: str = "distance", points: str | None = None, snap_px: float = 0.0,
    width_px: int = 1, **scaled_by: float | str | None,
) -> Measurement | NotMeasurable:  # fmt: skip
    """Return a length, angle, circle or area from points row,column;row,column… .

    *distance* takes two points, *angle* three with the corner in the middle, *area* three or more, *circle* its centre
    and a point on it. With ``snap_px`` the ends of a distance and the spokes of a circle go to the strongest edge
    within that many pixels. Scale: ``known_points`` with ``known_mm`` first; else the image's spacing, brought from
    the detector to the object by ``source_object_mm`` and ``source_detector_mm`` where both are known.
    """
    inputs: dict[str, Value] = {
        "plane": plane, "shape": shape, "points": points, "snap_px": snap_px, "width_px": width_px,
        **{name: value for name, value in scaled_by.items() if value is not None},
    }  # fmt: skip
    if points is None:
        return _refused("say where: points=row,column;row,column of two or more pixels", inputs)
    given = _points(points, image)
    needed = {"distance": 2, "angle": 3, "circle": 2, "area": 3}[shape]
    if len(given) < needed or (shape != "area" and len(given) != needed):
        more = " or more" if shape == "area" else ""
        return _refused(f"'{shape}' takes {needed} points{more}; {len(given)} were given", inputs)
    scale = scale_of(image, plane, scaled_by, snap_px)
    if isinstance(scale, str):
        return _refused(scale, inputs)
    inputs |= {"scale_source": scale.source if scale else "no scale"}
    if shape == "distance":
        found = _distance(image, given, scale, inputs)
    elif shape == "circle":
        found = _circle(image, given, scale, inputs)
    else:
        found = _angle(given, scale, inputs) if shape == "angle" else _area(given, scale, inputs)
    if scale is None and isinstance(found, Measurement):
        return replace(found, warnings=("no scale is known: lengths are in pixels only; give known_mm or spacing_mm",))
    return found


def _refused(reason: str, inputs: dict[str, Value]) -> NotMeasurable:
    return NotMeasurable("dimension", VERSION, reason, inputs)


def _points(text: str, image: Image) -> list[Point]:
    try:
        found = [(float(row), float(column)) for row, column in (pair.split(",") for pair in text.split(";") if pair)]
    except ValueError:
        raise WrongUsage(f"points are written row,column;row,column; '{text}' is not") from None
    for row, column in found:
        if not (0 <= row <= image.rows - 1 and 0 <= column <= image.columns - 1):
            raise WrongUsage(f"point {row:g},{column:g} lies outside the {image.rows} rows, {image.columns} columns")
    return found


def scale_of(image: Image, plane: int, given: dict[str, float | str | None], snap_px: float) -> Scale | str | None:
    """Return the scale of an image at its object, None when unknown, or why what was given makes none."""
    known_points, known_mm = given.get("known_points"), given.get("known_mm")
    if known_points is not None or known_mm is not None:
        if known_points is None or known_mm is None:
            return "a known length needs both known_points and known_mm"
        ends = _points(str(known_points), image)
        if len(ends) != 2:
            return "known_points are the two ends of the known length"
        measured = _ends(image, (ends[0], ends[1]), plane, snap_px, 1)
        if isinstance(measured, str):
            return f"known length: {measured}"
        step, error_px = measured
        row, column = image.spacing.row_mm or 1.0, image.spacing.column_mm or 1.0
        length = float(np.hypot(step[0] * row, step[1] * column))
        if length <= 0:
            return "the known length has no length in the image"
        factor = float(known_mm) / length
        share = error_px / float(np.hypot(*step))
        return Scale(row * factor, column * factor, "known length", share)
    return _own_scale(image, given)


def _own_scale(image: Image, given: dict[str, float | str | None]) -> Scale | None:
    row, column = image.spacing.row_mm, image.spacing.column_mm
    if row is None or column is None:
        return None
    distances = [given.get(key) or image.technique.get(key) for key in ("source_object_mm", "source_detector_mm")]
    if image.spacing.source == "detector" and all(isinstance(value, int | float) and value > 0 for value in distances):
        share = float(str(distances[0])) / float(str(distances[1]))
        return Scale(row * share, column * share, "from geometry (source-object over source-detector)")
    return Scale(row, column, image.spacing.label)


def _ends(
    image: Image, ends: tuple[Point, Point], plane: int, snap_px: float, width_px: int
) -> tuple[Floats, float] | str:
    """Return the step (row, column) from end to end, and the error of its length, in pixels."""
    step = np.subtract(ends[1], ends[0])
    length = float(np.hypot(*step))
    if length < 1:
        return "the two points are less than one pixel apart"
    if snap_px <= 0:
        return step, POINT_PX * 2**0.5
    unit = step / length
    # Far enough past the point that a fitted edge has both its sides.
    margin = snap_px + 12
    places, errors = [], []
    for sign, end in ((-1.0, ends[0]), (1.0, ends[1])):
        back = min(margin, length / 2)
        first, last = _clipped(image, np.array(end) - sign * back * unit, np.array(end) + sign * margin * unit)
        line = line_profile.measure(image, plane=plane, start=first, end=last, width_px=width_px)
        if isinstance(line, NotMeasurable):
            return line.reason
        grey = np.array(line.values["value_stored"], dtype=float)
        long = float(np.hypot(*np.subtract(last, first)))
        per_sample = long / max(grey.size - 1, 1)
        middle = float(np.hypot(*np.subtract(end, first)))
        edge = edge_near(grey, middle / per_sample, snap_px / per_sample)
        if edge is None:
            return f"no edge stands out within {snap_px:g} pixels of {end[0]:g},{end[1]:g}"
        places.append(sign * (edge.place * per_sample - middle))
        errors.append(edge.error * per_sample)
    return unit * (length + places[1] - places[0]), float(np.hypot(errors[0], errors[1]))


def _clipped(image: Image, first: Floats, last: Floats) -> tuple[Point, Point]:
    """Return a stretch of line cut off at the borders of the image."""
    step = last - first
    low, high = 0.0, 1.0
    for start, change, most in zip(first, step, (image.rows - 1, image.columns - 1), strict=True):
        if abs(change) > 1e-12:
            enter, leave = sorted(((0 - start) / change, (most - start) / change))
            low, high = max(low, enter), min(high, leave)
    high = max(high, low)
    ends = [np.clip(first + share * step, 0, (image.rows - 1, image.columns - 1)) for share in (low, high)]
    return (float(ends[0][0]), float(ends[0][1])), (float(ends[1][0]), float(ends[1][1]))


def _distance(
    image: Image, given: Sequence[Point], scale: Scale | None, inputs: dict[str, Value]
) -> Measurement | NotMeasurable:
    plane, snap, width = (inputs[key] for key in ("plane", "snap_px", "width_px"))
    found = _ends(image, (given[0], given[1]), int(str(plane)), float(str(snap)), int(str(width)))
    if isinstance(found, str):
        return _refused(found, inputs)
    step, error_px = found
    length_px = float(np.hypot(*step))
    values: dict[str, Value] = {"length_px": length_px}
    errors = {"length_px": error_px}
    if scale:
        length = float(np.hypot(step[0] * scale.row_mm, step[1] * scale.column_mm))
        values["length_mm"] = length
        errors["length_mm"] = length * float(np.hypot(error_px / length_px, scale.error_share))
    how = "between edges (half the step, Gaussian step fitted)" if float(str(snap)) > 0 else "between the points"
    return _result(values, f"distance {how}", inputs, errors)


def _result(values: dict[str, Value], method: str, inputs: dict[str, Value], errors: dict[str, float]) -> Measurement:
    return Measurement("dimension", VERSION, values, method=method, inputs=inputs, uncertainties=errors)


def _in_mm(given: Sequence[Point], scale: Scale | None) -> Floats:
    return np.array(given) * ((scale.row_mm, scale.column_mm) if scale else (1.0, 1.0))


def _angle(given: Sequence[Point], scale: Scale | None, inputs: dict[str, Value]) -> Measurement | NotMeasurable:
    first, corner, last = _in_mm(given, scale)
    arms = [first - corner, last - corner]
    lengths = [float(np.hypot(*arm)) for arm in arms]
    if min(lengths) == 0:
        return _refused("two of the points of the angle are the same", inputs)
    cross = float(arms[0][0] * arms[1][1] - arms[0][1] * arms[1][0])
    angle = float(np.degrees(np.arctan2(abs(cross), float(arms[0] @ arms[1]))))
    point = POINT_PX * (max(scale.row_mm, scale.column_mm) if scale else 1.0)
    error = float(np.degrees(point * np.sqrt(2 / lengths[0] ** 2 + 2 / lengths[1] ** 2)))
    return _result({"angle_deg": angle}, "angle between the arms at the middle point", inputs, {"angle_deg": error})


def _area(given: Sequence[Point], scale: Scale | None, inputs: dict[str, Value]) -> Measurement | NotMeasurable:
    corners = np.array(given)
    after, before = np.roll(corners, -1, axis=0), np.roll(corners, 1, axis=0)
    area = abs(float((corners[:, 0] * after[:, 1] - after[:, 0] * corners[:, 1]).sum())) / 2
    if area == 0:
        return _refused("the points enclose no area", inputs)
    # Each corner moves the area by half the chord of its neighbours.
    error = POINT_PX * float(np.sqrt((np.hypot(*(after - before).T) ** 2).sum())) / 2
    values: dict[str, Value] = {"area_px2": area}
    errors = {"area_px2": error}
    if scale:
        pixel = scale.row_mm * scale.column_mm
        values |= {
            "area_mm2": area * pixel,
            "perimeter_mm": float(np.hypot(*(_in_mm(given, scale) - np.roll(_in_mm(given, scale), 1, axis=0)).T).sum()),
        }
        errors["area_mm2"] = area * pixel * float(np.hypot(error / area, 2 * scale.error_share))
    return _result(values, "area of the polygon through the points", inputs, errors)


def _circle(
    image: Image, given: Sequence[Point], scale: Scale | None, inputs: dict[str, Value]
) -> Measurement | NotMeasurable:
    snap = float(str(inputs["snap_px"])) or 8.0
    centre, radius = np.array(given[0]), float(np.hypot(*np.subtract(given[1], given[0])))
    if radius < 3:
        return _refused("the circle is smaller than 3 pixels in radius", inputs)
    edges = []
    for angle in np.linspace(0, 2 * np.pi, SPOKES, endpoint=False):
        unit = np.array([np.sin(angle), np.cos(angle)])
        inner, outer = centre + max(0.0, radius - snap - 12) * unit, centre + (radius + snap + 12) * unit
        first, last = _clipped(image, inner, outer)
        line = line_profile.measure(image, plane=int(str(inputs["plane"])), start=first, end=last)
        if isinstance(line, NotMeasurable):
            continue
        grey = np.array(line.values["value_stored"], dtype=float)
        per_sample = float(np.hypot(*np.subtract(last, first))) / max(grey.size - 1, 1)
        away = float((np.array(first) - centre) @ unit)
        edge = edge_near(grey, (radius - away) / per_sample, snap / per_sample)
        if edge is not None:
            edges.append(centre + (away + edge.place * per_sample) * unit)
    if len(edges) < FEWEST_SPOKES:
        return _refused(f"an edge is seen on {len(edges)} of {SPOKES} spokes: there is no circle here", inputs)
    fitted, radius_unit, rest, count = _circle_fit(np.array(edges), scale)
    if rest > 0.1 * radius_unit:
        return _refused(f"the edges lie {100 * rest / radius_unit:.0f} % off a circle", inputs)
    error = rest * (2.0 / max(count - 3, 1)) ** 0.5
    unit_name = "mm" if scale else "px"
    pixel = np.array((scale.row_mm, scale.column_mm)) if scale else np.ones(2)
    values: dict[str, Value] = {
        f"diameter_{unit_name}": 2 * radius_unit,
        "centre_row_px": float(fitted[0] / pixel[0]),
        "centre_column_px": float(fitted[1] / pixel[1]),
        f"roundness_{unit_name}": rest,
        f"area_{unit_name}2": float(np.pi * radius_unit**2),
        "edges": count,
    }
    share = scale.error_share if scale else 0.0
    return _result(
        values, f"circle through edges on {SPOKES} spokes, least squares, outlying edges left out", inputs,
        {f"diameter_{unit_name}": 2 * float(np.hypot(error, radius_unit * share))},
    )  # fmt: skip


def _circle_fit(edges: Floats, scale: Scale | None) -> tuple[Floats, float, float, int]:
    """Return centre, radius, scatter and number of edges of the circle through edges, outliers left out."""
    places = edges * ((scale.row_mm, scale.column_mm) if scale else (1.0, 1.0))
    kept = np.ones(len(places), dtype=bool)
    centre, radius, rest = places.mean(axis=0), 0.0, np.zeros(len(places))
    for _ in range(6):
        terms = np.column_stack([2 * places[kept], np.ones(kept.sum())])
        first, second, constant = np.linalg.lstsq(terms, (places[kept] ** 2).sum(axis=1), rcond=None)[0]
        centre = np.array([first, second])
        radius = float(np.sqrt(max(constant + first**2 + second**2, 0.0)))
        rest = np.hypot(*(places - centre).T) - radius
        limit = 4 * max(1.4826 * float(np.median(np.abs(rest[kept]))), 1e-6 * radius)
        fresh = np.abs(rest) <= limit
        if (fresh == kept).all() or fresh.sum() < FEWEST_SPOKES:
            break
        kept = fresh
    return centre, radius, float(rest[kept].std()), int(kept.sum())


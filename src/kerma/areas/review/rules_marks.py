"""Marks on images, calibrations by a known length, and a draft: what makes a document of them: pure."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from kerma.errors import WrongUsage

Marked = dict[str, Any]
"""``marks``, ``calibrations``, ``spaces`` and ``draft`` of one person on one exam."""

NOTHING_MARKED: Marked = {"marks": [], "calibrations": [], "spaces": [], "draft": None}
DRAWN = ("marks", "calibrations", "spaces")
"""What is drawn; a document from before measurements in volumes has no ``spaces``."""
SHAPES: Mapping[str, tuple[int, int]] = {
    "point": (1, 1),
    "text": (1, 1),
    "length": (2, 2),
    "arrow": (2, 2),
    "profile": (2, 2),
    "rectangle": (2, 2),
    "ellipse": (2, 2),
    "angle": (3, 3),
    "polyline": (2, 500),
    "polygon": (3, 500),
    "brush": (0, 0),
}
"""Each shape of a mark, with the fewest and most points it has; rectangle and ellipse lie between two corners."""
SPACES: Mapping[str, int] = {"length": 2, "angle": 3}
"""What is measured in a volume and its points, in mm of the series' own space: of the patient where it says so."""
MOST_MM = 100_000.0
"""No point of a volume lies farther out."""
CALIBRATIONS = ("length", "thickness")
"""What is known of an image: a length between two points, or a thickness of the part between two corners."""
MAX_MARKS = 2000
MAX_CALIBRATIONS = 200
MAX_RUNS = 20_000
"""Most runs of a brushed area: row, first column, length."""
MAX_TEXT_LETTERS = 400
MAX_DEPTH = 8
SHORTEST_PX = 1.0
"""A known length on fewer pixels than this calibrates nothing."""
UNSHOWN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Unicode categories of what cannot be shown, or turns the letters around it; a thin space can."""
Planes = Mapping[str, tuple[int, int, int]]
"""By SHA-256 of an image: planes, rows, columns."""


def check(document: Marked, images: Planes, series: Iterable[str] = ()) -> None:
    """Check that every mark and calibration lies on an image of the exam and has the points of its shape.

    Parameters
    ----------
    series : UIDs of the exam's series, in whose space something may be measured

    Raises
    ------
    WrongUsage
        The message names the mark and what is wrong with it.
    """
    marks, calibrations, spaces = (document.get(part) or [] for part in DRAWN)
    if len(marks) + len(spaces) > MAX_MARKS or len(calibrations) > MAX_CALIBRATIONS:
        raise WrongUsage(f"an exam takes at most {MAX_MARKS} marks and {MAX_CALIBRATIONS} calibrations of one person")
    names = [one["id"] for one in (*marks, *calibrations, *spaces)]
    twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if twice is not None:
        raise WrongUsage(f"two marks have the id '{twice}'; each has one of its own")
    _check_plain(document, 0)
    for mark in marks:
        _check_mark(mark, _image_of(mark, images))
    for one in calibrations:
        _check_calibration(one, _image_of(one, images))
    known = set(series)
    for one in spaces:
        _check_space(one, known)


def _check_space(one: Mapping[str, Any], series: set[str]) -> None:
    if one["kind"] not in SPACES:
        raise WrongUsage(f"'{one['kind']}' is not measured in a volume; there are {', '.join(SPACES)}")
    if len(one["points"]) != SPACES[one["kind"]]:
        asked = SPACES[one["kind"]]
        raise WrongUsage(f"mark '{one['id']}' is a {one['kind']} in a volume: it has {asked} points")
    if one["series_uid"] not in series:
        raise WrongUsage(f"mark '{one['id']}' lies in no series of this exam ({one['series_uid'][:64]!r})")
    if any(abs(number) > MOST_MM for point in one["points"] for number in point):
        raise WrongUsage(f"mark '{one['id']}' lies farther out than {MOST_MM:g} mm")
    if any(math.dist(a, b) == 0 for a, b in pairwise(one["points"])):
        raise WrongUsage(f"mark '{one['id']}' has two points on one place; it measures nothing")


def measured_in_space(kind: str, points: Sequence[Sequence[float]]) -> dict[str, float]:
    """Return what points in mm measure: ``length_mm`` of two, ``angle_deg`` at the middle one of three."""
    if kind == "length":
        return {"length_mm": math.dist(*points)}
    one, other = ([a - b for a, b in zip(point, points[1], strict=True)] for point in (points[0], points[2]))
    cosine = sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))
    return {"angle_deg": math.degrees(math.acos(max(-1.0, min(1.0, cosine))))}


def stamped(document: Marked, before: Marked, at: str) -> Marked:
    """Return a document whose marks and calibrations say since when they are as they are.

    One that is as it was keeps its time; a new or changed one has the time ``at``.
    """
    return {**document, **{part: _stamped(document.get(part) or [], before.get(part) or [], at) for part in DRAWN}}


def for_others(document: Marked) -> Marked:
    """Return what others see of a person's document: not the draft, which nobody has recorded."""
    return {**document, "draft": None}


def _stamped(now: Iterable[dict[str, Any]], before: Iterable[dict[str, Any]], at: str) -> list[dict[str, Any]]:
    known = {one["id"]: one for one in before}
    return [{**one, "at": known[one["id"]]["at"] if _same(one, known.get(one["id"])) else at} for one in now]


def _same(one: Mapping[str, Any], other: Mapping[str, Any] | None) -> bool:
    return other is not None and {**one, "at": ""} == {**other, "at": ""}


def _image_of(one: Mapping[str, Any], images: Planes) -> tuple[int, int]:
    """Return rows and columns of the image something lies on."""
    found = images.get(one["image_sha256"])
    if found is None:
        raise WrongUsage(f"mark '{one['id']}' lies on no image of this exam ({one['image_sha256'][:16]!r})")
    planes, rows, columns = found
    if not 0 <= one["plane"] < max(1, planes):
        raise WrongUsage(f"mark '{one['id']}' lies on plane {one['plane']}; its image has {planes}, counted from 0")
    return rows, columns


def _check_mark(mark: Mapping[str, Any], size: tuple[int, int]) -> None:
    least, most = SHAPES.get(mark["shape"], (None, None))
    if least is None or most is None:
        raise WrongUsage(f"'{mark['shape']}' is no shape of a mark; there are {', '.join(SHAPES)}")
    if not least <= len(mark["points"]) <= most:
        asked = str(least) if least == most else f"{least} to {most}"
        raise WrongUsage(f"mark '{mark['id']}' is a {mark['shape']}: it has {asked} points, not {len(mark['points'])}")
    _check_points(mark, size)
    if bool(mark["runs"]) != (mark["shape"] == "brush"):
        raise WrongUsage(f"mark '{mark['id']}': a brushed area has runs of pixels, and nothing else has them")
    _check_runs(mark, size)


def _check_points(mark: Mapping[str, Any], size: tuple[int, int]) -> None:
    rows, columns = size
    for row, column in mark["points"]:
        if not (0 <= row <= rows and 0 <= column <= columns):
            raise WrongUsage(f"mark '{mark['id']}': {row:g},{column:g} lies outside the image of {rows} x {columns}")


def _check_runs(mark: Mapping[str, Any], size: tuple[int, int]) -> None:
    if len(mark["runs"]) > MAX_RUNS:
        raise WrongUsage(f"mark '{mark['id']}' has {len(mark['runs'])} runs of pixels; at most {MAX_RUNS}")
    last = (-1, 0)
    for row, column, length in mark["runs"]:
        if length < 1 or not 0 <= row < size[0] or column < 0 or column + length > size[1]:
            raise WrongUsage(f"mark '{mark['id']}': the run {row},{column},{length} leaves the image")
        if (row, column) < last:
            raise WrongUsage(f"mark '{mark['id']}': runs go down the rows and do not overlap")
        last = (row, column + length)


def _check_calibration(one: Mapping[str, Any], size: tuple[int, int]) -> None:
    if one["kind"] not in CALIBRATIONS:
        raise WrongUsage(f"calibration '{one['id']}' is by {' or '.join(CALIBRATIONS)}, not by {one['kind']!r}")
    if len(one["points"]) != 2:
        raise WrongUsage(f"calibration '{one['id']}' lies between two points, not {len(one['points'])}")
    _check_points(one, size)
    if math.dist(*one["points"]) < SHORTEST_PX:
        raise WrongUsage(f"calibration '{one['id']}' is shorter than {SHORTEST_PX:g} pixel; it tells nothing")
    if one["known_mm"] <= 0:
        raise WrongUsage(f"calibration '{one['id']}': what is known is above 0 mm, not {one['known_mm']:g}")


def _check_plain(value: Any, depth: int) -> None:
    """Check that everything is finite, can be shown and is not deep; what a draft says is checked when recorded."""
    if depth > MAX_DEPTH:
        raise WrongUsage(f"the document is nested more than {MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        for name, inside in value.items():
            _check_plain(name, depth + 1)
            _check_plain(inside, depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inside in value:
            _check_plain(inside, depth + 1)
    elif isinstance(value, str) and any(unicodedata.category(one) in UNSHOWN and one not in "\n\t" for one in value):
        raise WrongUsage("a text has a letter that cannot be shown; write it anew")
    elif isinstance(value, float) and not math.isfinite(value):
        raise WrongUsage("a number is none: not-a-number and infinity cannot be kept")

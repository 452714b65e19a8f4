"""What persons have drawn and measured, as items of a structured report, and read back (PS3.16, TID 1501 and 300).

Each value says by what its lengths are scaled and where on the image it was measured. What no template has a place for
(shape, words, reason, uncertainty) stands in items of our own scheme.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kerma.errors import Unreadable
from kerma.formats import sr_items as sr
from kerma.formats.report_object import SCHEME, Reference
from kerma.science.imaging.drawn import Point, axis_ends, strokes
from kerma.science.units import unit_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

TRACKED = "mark "
"""Begin of the tracking identifier of a mark."""
SHAPE = ("mark.shape", SCHEME, "Drawn as")
MEASUREMENT = ("mark.measure", SCHEME, "Measured by")
WORDS = ("mark.words", SCHEME, "Found")
UNCERTAINTY = ("mark.u", SCHEME, "Standard uncertainty, k = 1")
SERIES = ("mark.series", SCHEME, "Series of the volume")
POINTS = ("mark.points", SCHEME, "Points in the space of the series: x, y, z in mm")
COMMENT = ("121106", "DCM", "Comment")
SOURCE = ("121112", "DCM", "Source of Measurement")
TEXTS = {
    "text": ("mark.text", SCHEME, "Written beside it"),
    "scale": ("mark.scale", SCHEME, "Scale of its lengths"),
    "source": ("mark.source", SCHEME, "Measured according to"),
    "reason": ("mark.reason", SCHEME, "To know of it"),
    "at": ("mark.at", SCHEME, "Drawn at"),
}
LENGTH_ENDS = ("_mm", "_mm2", "_px", "_px2")
Numeric = Callable[[str, float, tuple[str, str] | None], "Dataset"]


def items(mark: Mapping[str, Any], reference: Reference | None, numeric: Numeric) -> Iterator[Dataset]:
    """Yield the items of one mark, without what tells whose it is.

    Parameters
    ----------
    mark : as it stands in the exam's document
    reference : its image; None for what was measured in a volume: this class of report has no place in space, so its
        points stand as text
    numeric : makes a number of a name that ends in its unit, a value, and how it was measured (code, meaning)
    """
    places = list(_placed(mark, reference)) if reference else []
    yield sr.code(sr.CONTAINS, SHAPE, (mark["shape"], SCHEME, str(mark["shape"])))
    if mark.get("measurement"):
        yield sr.text(sr.CONTAINS, MEASUREMENT, str(mark["measurement"]))
    numbers = [one for one in mark.get("values") or () if _is_finite(one.get("value"))]
    scale = str(mark.get("scale") or "")
    for one in numbers:
        is_length = scale and one["name"].endswith(LENGTH_ENDS)
        made = numeric(one["name"], one["value"], (scale, scale) if is_length else None)
        below = [*(made.get("ContentSequence") or ()), *_spread(one), *places]
        if below:
            made.ContentSequence = below
        yield made
    words = [f"{one['name']} {one['word']}" for one in mark.get("values") or () if one.get("word")]
    if words:
        yield sr.text(sr.CONTAINS, WORDS, "\n".join(words))
    for key, name in TEXTS.items():
        if mark.get(key):
            yield sr.text(sr.CONTAINS, name, str(mark[key]))
    if reference is None:
        yield sr.text(sr.CONTAINS, COMMENT, "Measured in the volume; its points are told as text, not drawn.")
        yield sr.text(sr.CONTAINS, SERIES, str(mark["series_uid"]))
        yield sr.text(sr.CONTAINS, POINTS, "\n".join(" ".join(map(repr, point)) for point in mark["points"]))
    elif not numbers:  # its place hangs on what it says
        said = sr.text(sr.CONTAINS, COMMENT, str(mark.get("text") or mark.get("reason") or "not measured"))
        said.ContentSequence = places
        yield said


def _placed(mark: Mapping[str, Any], reference: Reference) -> Iterator[Dataset]:
    source = sr.image("SELECTED FROM", ("260753009", "SCT", "Source"), reference, [int(mark.get("plane") or 0)])
    for kind, points in _places(mark):
        yield sr.place("INFERRED FROM", SOURCE, kind, points, source)


def _spread(value: Mapping[str, Any]) -> Iterator[Dataset]:
    if _is_finite(value.get("uncertainty")):
        unit = unit_of(value["name"])
        made = sr.number(UNCERTAINTY, float(value["uncertainty"]), (unit.ucum, "UCUM", unit.shown or "no units"))
        made.RelationshipType = "HAS PROPERTIES"
        yield made


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _places(mark: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Point]]]:
    """Yield kind and points of each graphic that the place of a mark takes; an arrow is its shaft, tip first."""
    if mark["shape"] == "ellipse":
        yield "ELLIPSE", axis_ends(*mark["points"])
    elif mark["shape"] == "arrow":
        yield "POLYLINE", mark["points"]
    else:
        for stroke in strokes(mark):
            closing = stroke.points[:1] if stroke.is_closed else ()
            yield "POINT" if len(stroke.points) == 1 else "POLYLINE", (*stroke.points, *closing)


def read(
    children: Sequence[sr.Item], by: Mapping[str, Any], name_of: Callable[[sr.Item], str]
) -> tuple[str, dict[str, Any]] | None:
    """Return image and mark of a measurement group whose values were measured at a place; None for another group.

    Of a brushed area ``outlines`` are its edges; marks of other makers are told by what their graphic is.

    Parameters
    ----------
    by : who observed what the group says
    name_of : names a number as we write it
    """
    holders = [one for one in children if one.kind in ("NUM", "TEXT")]
    graphics = [[below for below in one.children() if below.kind == "SCOORD"] for one in holders]
    placed = next((found for found in graphics if found), [])
    source = next((one for found in placed for one in found.children() if one.kind == "IMAGE"), None)
    texts = {one.name[:2]: one.text for one in children if one.kind == "TEXT"}
    if POINTS[:2] in texts:
        return "", _told(children, texts, by, name_of) | _in_space(texts)
    if source is None:
        return None
    image = source.data.first(0x00081199)
    told = _told(children, texts, by, name_of)
    place = {"plane": max((image.whole(0x00081160) or 1) - 1, 0)}
    return image.text(0x00081155), told | _drawn(told["shape"], placed) | place


def _told(
    children: Sequence[sr.Item],
    texts: Mapping[tuple[str, str], str],
    by: Mapping[str, Any],
    name_of: Callable[[sr.Item], str],
) -> dict[str, Any]:
    """Return what a mark tells, without its place."""
    values = [_value(one, name_of) for one in children if one.kind == "NUM"]
    return {
        "shape": next((one.code.value for one in children if one.name[:2] == SHAPE[:2]), ""),
        "by": dict(by),
        "measurement": texts.get(MEASUREMENT[:2], ""),
        "values": values + _words(texts.get(WORDS[:2], "")),
        **{key: texts.get(name[:2], "") for key, name in TEXTS.items()},
    }


def _in_space(texts: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    try:
        points = [[float(number) for number in line.split()] for line in texts[POINTS[:2]].split("\n")]
    except ValueError as error:
        raise Unreadable("the points of a measurement in a volume are no numbers: the report is damaged") from error
    return {"series_uid": texts.get(SERIES[:2], ""), "points": points}


def _drawn(shape: str, placed: Sequence[sr.Item]) -> dict[str, Any]:
    points = placed[0].points()
    kind = placed[0].data.code(0x00700023)
    is_closed = len(points) > 3 and points[0] == points[-1]
    if shape == "brush":
        return {"shape": shape, "points": [], "outlines": [[list(at) for at in one.points()[:-1]] for one in placed]}
    if not shape:
        closed = "polygon" if is_closed else "length" if len(points) == 2 else "polyline"
        shape = {"POINT": "point", "ELLIPSE": "ellipse"}.get(kind, closed)
    if shape in ("rectangle", "ellipse"):
        rows, columns = zip(*points, strict=True)
        points = [(min(rows), min(columns)), (max(rows), max(columns))]
    elif is_closed:
        points = points[:-1]
    return {"shape": shape, "points": [list(point) for point in points]}


def _value(one: sr.Item, name_of: Callable[[sr.Item], str]) -> dict[str, Any]:
    spread = next((below.number for below in one.children() if below.name[:2] == UNCERTAINTY[:2]), None)
    return {"name": name_of(one), "value": one.number, "uncertainty": spread, "word": ""}


def _words(text: str) -> list[dict[str, Any]]:
    lines = (line.partition(" ") for line in text.split("\n") if line)
    return [{"name": name, "value": None, "uncertainty": None, "word": word} for name, _, word in lines]

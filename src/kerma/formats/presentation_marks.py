"""What persons have drawn on the images, as graphics of a presentation state in their own layer (PS3.3, C.10.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kerma.formats.report_object import Reference, image_item
from kerma.formats.sr_items import clean_text
from kerma.science.imaging.drawn import Point, axis_ends, label, strokes

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

LAYER = "MARKS"
DESCRIPTION = "Drawn and measured by persons"
TEXT_MAX = 1024


def layer(order: int) -> Dataset:
    """Return the item of the layer that holds what persons have drawn."""
    from pydicom.dataset import Dataset

    made = Dataset()
    made.GraphicLayer, made.GraphicLayerOrder, made.GraphicLayerDescription = LAYER, order, DESCRIPTION
    return made


def graphics(image: Mapping[str, Any], reference: Reference) -> Iterator[Dataset]:
    """Yield an annotation for each mark and each known length or thickness on an image of the exam's document."""
    for mark in image.get("marks") or ():
        yield _annotation(mark, words_of_mark(mark), reference)
    for one in image.get("calibrations") or ():
        shape = "length" if one["kind"] == "length" else "rectangle"
        yield _annotation({**one, "shape": shape}, words_of_calibration(one), reference)


def words_of_mark(mark: Mapping[str, Any]) -> str:
    """Return value with unit, what was written beside it, where its scale comes from, and who drew it."""
    told = label(mark)
    written = str(mark.get("text") or "")
    named = str(mark.get("measurement") or "").replace("_", " ")
    parts = (f"{named} {told}".strip(), "" if written == told else written, mark.get("scale"), mark["by"]["name"])
    return ", ".join(str(part) for part in parts if part)


def words_of_calibration(one: Mapping[str, Any]) -> str:
    """Return what is known there, and by whom."""
    return f"known {one['kind']} {one['known_mm']:g} mm, {one['by']['name']}"


def _annotation(mark: Mapping[str, Any], words: str, reference: Reference) -> Dataset:
    from pydicom.dataset import Dataset

    made, told = Dataset(), Dataset()
    made.ReferencedImageSequence = [image_item(reference, [int(mark.get("plane") or 0)])]
    made.GraphicLayer = LAYER
    drawn = list(_shapes(mark))
    anchor = _anchor(mark)
    told.AnchorPointAnnotationUnits, told.AnchorPoint = "PIXEL", [anchor[1], anchor[0]]
    told.AnchorPointVisibility = "N" if drawn else "Y"
    told.UnformattedTextValue = clean_text(words)[:TEXT_MAX] or "-"
    made.TextObjectSequence = [told]
    if drawn:
        made.GraphicObjectSequence = drawn
    return made


def _anchor(mark: Mapping[str, Any]) -> Point:
    """Return where the words stand: of an arrow its tail, else the last point, of a brushed area its last pixel."""
    if mark.get("points"):
        row, column = mark["points"][-1]
        return float(row), float(column)
    row, column, length = mark["runs"][-1]
    return row + 1.0, float(column + length)


def _shapes(mark: Mapping[str, Any]) -> Iterator[Dataset]:
    if mark["shape"] == "text":
        return
    if mark["shape"] == "ellipse":
        yield _graphic("ELLIPSE", axis_ends(*mark["points"]))
        return
    for stroke in strokes(mark):
        closing = stroke.points[:1] if stroke.is_closed else ()
        yield _graphic("POINT" if len(stroke.points) == 1 else "POLYLINE", (*stroke.points, *closing))


def _graphic(kind: str, points: Sequence[Point]) -> Dataset:
    from pydicom.dataset import Dataset

    drawn = Dataset()
    drawn.GraphicAnnotationUnits, drawn.GraphicDimensions = "PIXEL", 2
    # PS3.3, C.10.5.1.2: column first
    drawn.GraphicData = [float(value) for row, column in points for value in (column, row)]
    drawn.NumberOfGraphicPoints, drawn.GraphicType = len(points), kind
    if kind != "POINT":
        drawn.GraphicFilled = "N"
    return drawn

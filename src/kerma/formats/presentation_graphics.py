"""The drawings of a presentation state: lines, circles, points and texts, with their layer's order and grey
(PS3.3, C.10.5 graphic annotation, C.10.7 graphic layer).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from kerma.formats.dicom_data import DataSet

Units = Literal["PIXEL", "DISPLAY"]
Target = Mapping[str, tuple[int, ...]]
"""UIDs of images, with the planes (from 0) of each; no planes: all of them; no images: all of the state."""
Pair = tuple[float, float]
"""(row, column) of the image, or (down, across) from 0 to 1 of the part shown, as the units say."""
SHAPES = {"POINT": 1, "POLYLINE": 2, "INTERPOLATED": 2, "CIRCLE": 2, "ELLIPSE": 4}
"""Shapes, and the points that each has at least."""
EXACT = ("POINT", "CIRCLE", "ELLIPSE")
"""Shapes that have no more points."""
GRAPHICS_MAX = 2000
POINTS_MAX = 100_000
TEXT_MAX = 1024


@dataclass(frozen=True)
class Graphic:
    """One drawing or text: ``kind`` is a shape in small letters, or "text".

    The points of a shape: a circle has its centre and one on it, an ellipse the ends of its axes. Of a text, two are
    the corners of its box; ``anchor`` is the place it speaks of.
    """

    on: Target
    kind: str
    units: Units
    points: tuple[Pair, ...]
    is_filled: bool = False
    text: str = ""
    justified: Literal["LEFT", "CENTER", "RIGHT"] = "LEFT"
    anchor: Pair | None = None
    anchor_units: Units = "PIXEL"
    is_anchor_shown: bool = False
    layer: str = ""
    order: int = 0
    grey: float | None = None
    """Of the layer, 0 to 1."""
    lab: tuple[float, float, float] | None = None
    """The layer's colour where it tells one: CIE L*, a*, b* under D50."""


def targets_of(items: Sequence[DataSet]) -> Target:
    """Return the images of a reference sequence with the planes of each."""
    found = {}
    for item in items:
        uid = item.text(0x00081155)
        if uid:
            found[uid] = tuple(int(frame) - 1 for frame in item.numbers(0x00081160) if frame >= 1)
    return found


def graphics_of(whole: DataSet) -> tuple[tuple[Graphic, ...], list[str]]:
    """Return what is drawn, the lowest layer first, and in words what is not."""
    layers = {item.text(0x00700002): item for item in whole.items(0x00700060)}
    lost: dict[str, int] = {}
    found: list[Graphic] = []
    points = 0
    for item in whole.items(0x00700001):
        for graphic in _of_annotation(item, layers, lost):
            points += len(graphic.points)
            if len(found) >= GRAPHICS_MAX or points > POINTS_MAX:
                lost["one drawing too many"] = lost.get("one drawing too many", 0) + 1
            else:
                found.append(graphic)
    notes = [f"not drawn: {what}" + (f" ({count} times)" if count > 1 else "") for what, count in lost.items()]
    return tuple(sorted(found, key=lambda one: one.order)), notes


def _of_annotation(item: DataSet, layers: Mapping[str, DataSet], lost: dict[str, int]) -> Iterator[Graphic]:
    on = targets_of(item.items(0x00081140))
    layer = item.text(0x00700002)
    look = _look(layers.get(layer))
    shapes = [_shape(one) for one in item.items(0x00700009)]
    texts = [_text(one) for one in item.items(0x00700008)]
    for made, reason in (*shapes, *texts):
        if made is None:
            lost[reason] = lost.get(reason, 0) + 1
        else:
            yield replace(made, on=on, layer=layer, **look)


def _look(layer: DataSet | None) -> dict[str, Any]:
    """Return order, grey and colour of a layer."""
    if layer is None:
        return {}
    grey = layer.number(0x00700066, b"US")
    lab = layer.numbers(0x00700401, b"US")
    return {
        "order": layer.whole(0x00700062) or 0,
        "grey": None if grey is None else min(max(grey / 0xFFFF, 0.0), 1.0),
        # PS3.3, C.10.7.1.1: 16 bits; a* and b* from -128 to 127
        "lab": (lab[0] / 655.35, lab[1] / 257 - 128, lab[2] / 257 - 128) if len(lab) == 3 else None,
    }


def _units(item: DataSet, tag: int) -> Units | None:
    units = item.code(tag)
    return units if units in ("PIXEL", "DISPLAY") else None  # type: ignore[return-value]


def _shape(item: DataSet) -> tuple[Graphic | None, str]:
    kind, units = item.code(0x00700023), _units(item, 0x00700005)
    if kind not in SHAPES:
        return None, f"a shape of the unknown kind '{kind[:20]}'"
    if units is None:
        return None, f"a {kind.lower()} in unknown units"
    numbers = item.numbers(0x00700022, b"FL")
    if len(numbers) != len(item.value(0x00700022)) // 4:
        return None, f"a {kind.lower()} with places that are no numbers"
    points = _pairs(numbers)
    if len(points) < SHAPES[kind]:
        return None, f"a {kind.lower()} of {len(points)} points"
    if kind in EXACT:
        points = points[: SHAPES[kind]]
    return Graphic({}, kind.lower(), units, points, is_filled=item.code(0x00700024) == "Y"), ""


def _text(item: DataSet) -> tuple[Graphic | None, str]:
    corners = _pairs(item.numbers(0x00700010, b"FL")) + _pairs(item.numbers(0x00700011, b"FL"))
    anchors = _pairs(item.numbers(0x00700014, b"FL"))
    box_units, anchor_units = _units(item, 0x00700003), _units(item, 0x00700004)
    text = item.text(0x00700006)[:TEXT_MAX]
    points = corners if len(corners) == 2 and box_units else ()
    anchor = anchors[0] if anchors and anchor_units else None
    if not text:
        return None, "a text without words"
    if not points and anchor is None:
        return None, f"the text '{text[:40]}', which has no place"
    justified = item.code(0x00700012)
    return Graphic(
        {},
        "text",
        box_units or "PIXEL",
        points,
        text=text,
        justified=justified if justified in ("CENTER", "RIGHT") else "LEFT",  # type: ignore[arg-type]
        anchor=anchor,
        anchor_units=anchor_units or "PIXEL",
        is_anchor_shown=item.code(0x00700015) == "Y",
    ), ""


def _pairs(numbers: Sequence[float]) -> tuple[Pair, ...]:
    """Return (row, column) pairs of numbers that have the column first."""
    return tuple(zip(numbers[1::2], numbers[0::2], strict=False))

"""A picture of an image for paper and screen: numbered finding boxes, drawings, a scale bar, and a strip of facts.

Nothing covers a finding: boxes are drawn around it with a gap, and number plates are put where they touch neither
a finding nor each other.
"""

from __future__ import annotations

import functools
import importlib.resources
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.drawn import Stroke
from kerma.science.imaging.image import Spacing
from kerma.science.results import Box

if TYPE_CHECKING:
    from PIL import ImageDraw

LONG_SIDE_PX = 2000
"""Long side of a picture: 300 dots per inch at 170 mm, the text width of an A4 page."""
SMALLEST_SIDE_PX = 1200
"""Long side of the picture of a small image, so that its numbers and scale stay sharp on paper."""

FULL_WIDTH_MM = 170.0
"""Text width of an A4 page."""

OUTLINE_FROM = 60
"""Thousandths of the picture's long side from which on a finding is shown by its outline instead of a box."""

INK = (16, 20, 26)
PAPER = (255, 255, 255)
MARK = (255, 176, 0)
"""Amber: at least 8:1 against the dark halo around it, and still light in a grey print."""
BY_PERSON = (96, 214, 255)
"""Light blue, of what a person has drawn: as light as amber, and told from it by everybody who sees blue and yellow."""
WORDS_MAX = 6
"""Most findings of a picture, and most drawings, with words beside their numbers."""

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom in picture pixels."""


@dataclass(frozen=True)
class Mark:
    """One finding on the picture: its number in the report, its place in image pixels, a word where there is room."""

    number: int
    box: Box
    label: str = ""
    polygon: tuple[tuple[float, float], ...] = ()
    """Corners as (row, column) in image pixels; drawn instead of the box of a large finding."""


@dataclass(frozen=True)
class Drawn:
    """What a person has drawn on the picture: its lines in image pixels, its number and the words beside it."""

    number: str
    strokes: tuple[Stroke, ...]
    label: str = ""

    @property
    def box(self) -> Box:
        """The room that it takes."""
        points = [point for stroke in self.strokes for point in stroke.points]
        rows, columns = [row for row, _ in points], [column for _, column in points]
        return Box(min(rows), min(columns), max(rows) - min(rows), max(columns) - min(columns))


@dataclass(frozen=True)
class ScaleBar:
    """The scale bar of a picture: its length in mm, in picture pixels, and the words beside it."""

    length_mm: float | None
    length_px: float
    text: str


def annotate(
    shown: NDArray[np.uint8],
    marks: Sequence[Mark | Drawn] = (),
    *,
    spacing: Spacing,
    strip: Sequence[str] = (),
    printed_mm: float = FULL_WIDTH_MM,
    say: Callable[[str], str] = str,
) -> NDArray[np.uint8]:
    """Draw marks, scale bar and fact strip on a picture of one plane.

    Parameters
    ----------
    shown : 8-bit picture of the plane after the grey-scale chain, (row, column) or (row, column, 3)
    marks : the findings of this plane, and what persons have drawn on it
    spacing : pixel spacing; unequal spacing is drawn in true proportion, unknown spacing says "no scale"
    strip : lines printed below the picture; empty for a picture without strip
    printed_mm : length of the picture's long side on paper, which decides how large letters and lines are drawn
    say : puts the words of the scale bar into the language of the page

    Returns
    -------
    array of shape (row, column, 3), 8 bit
    """
    from PIL import Image, ImageDraw

    long_side_px = min(LONG_SIDE_PX, max(SMALLEST_SIDE_PX, 3 * max(shown.shape[:2])))
    enlarged, row_factor, column_factor = _enlarge(shown, spacing, long_side_px)
    canvas = Image.fromarray(enlarged).convert("RGB")
    draw = ImageDraw.Draw(canvas)
    unit = max(enlarged.shape[:2]) / 1000.0 * FULL_WIDTH_MM / printed_mm
    bar = scale_bar(spacing, enlarged.shape[1], column_factor)
    bar = replace(bar, text=say(bar.text))
    frames = [_frame(mark, (row_factor, column_factor), unit) for mark in marks]
    taken = [_draw_scale(draw, bar, frames, unit)]
    _draw_marks(draw, marks, (row_factor, column_factor), taken, unit)
    picture = np.asarray(canvas)
    return np.vstack([picture, _strip(strip, picture.shape[1], unit)]) if strip else picture


def scale_bar(spacing: Spacing, width_px: int, column_factor: float) -> ScaleBar:
    """Choose a round length (1, 2 or 5 times a power of ten mm) of about a fifth of the picture's width."""
    if spacing.column_mm is None or not spacing.is_known:
        return ScaleBar(None, 0.0, spacing.label)
    px_per_mm = column_factor / spacing.column_mm
    wanted_mm = width_px / px_per_mm / 4.0
    power = 10.0 ** math.floor(math.log10(wanted_mm))
    length_mm = max(step * power for step in (1.0, 2.0, 5.0) if step * power <= wanted_mm)
    return ScaleBar(length_mm, length_mm * px_per_mm, f"{length_mm:g} mm · {spacing.label}")


def png(picture: NDArray[np.uint8], facts: dict[str, str] | None = None) -> bytes:
    """Encode a picture as PNG; ``facts`` become text chunks."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for key, value in (facts or {}).items():
        info.add_itxt(key, value)
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG", pnginfo=info, compress_level=4)
    return out.getvalue()


def jpeg(picture: NDArray[np.uint8], quality: int = 92) -> bytes:
    """Encode a picture as JPEG without colour subsampling, for the page of a report."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=quality, subsampling=0, optimize=False)
    return out.getvalue()


def _enlarge(shown: NDArray[np.uint8], spacing: Spacing, long_side_px: int) -> tuple[NDArray[np.uint8], float, float]:
    import cv2

    rows, columns = shown.shape[:2]
    row_mm, column_mm = (spacing.row_mm, spacing.column_mm) if spacing.is_known else (1.0, 1.0)
    assert row_mm is not None and column_mm is not None  # is_known says so
    aspect = row_mm / column_mm
    factor = long_side_px / max(rows * aspect, columns)
    height, width = max(1, round(rows * aspect * factor)), max(1, round(columns * factor))
    method = cv2.INTER_AREA if height < rows or width < columns else cv2.INTER_CUBIC
    resized: NDArray[Any] = cv2.resize(np.ascontiguousarray(shown), (width, height), interpolation=method)
    return np.ascontiguousarray(resized, dtype=np.uint8), height / rows, width / columns


@functools.cache
def _font(size_px: int, *, is_bold: bool = False) -> Any:
    from PIL import ImageFont

    name = "Inter-SemiBold.otf" if is_bold else "Inter-Regular.otf"
    data = importlib.resources.files("kerma").joinpath("fonts", name).read_bytes()
    return ImageFont.truetype(io.BytesIO(data), size_px)


def _draw_scale(draw: ImageDraw.ImageDraw, bar: ScaleBar, frames: Sequence[Rectangle], unit: float) -> Rectangle:
    """Draw the scale bar on a dark plate, in the corner where it covers no finding, and return the room it takes."""
    font = _font(round(15 * unit))
    gap, thick = 9 * unit, max(2.0, 2.5 * unit)
    text_width = draw.textlength(bar.text, font=font)
    width = max(bar.length_px, text_width) + 2 * gap
    height = 15 * unit + 2 * gap + (14 * unit if bar.length_px else 2 * unit)
    plate = _corner(draw, (width, height), frames, unit)
    draw.rectangle(plate, fill=INK)
    if bar.length_px:
        middle = plate[0] + width / 2
        left, stop, level = middle - bar.length_px / 2, middle + bar.length_px / 2, plate[3] - gap - thick
        draw.rectangle((left, level - thick / 2, stop, level + thick / 2), fill=PAPER)
        for place in (left, middle, stop):
            tick = 7 * unit if place != middle else 4 * unit
            draw.rectangle((place - thick / 2, level - tick, place + thick / 2, level + thick / 2), fill=PAPER)
    draw.text((plate[0] + (width - text_width) / 2, plate[1] + gap * 0.7), bar.text, font=font, fill=PAPER)
    return plate


def _corner(
    draw: ImageDraw.ImageDraw, size: tuple[float, float], frames: Sequence[Rectangle], unit: float
) -> Rectangle:
    columns, rows = _size(draw)
    near, right, bottom = 10 * unit, columns - 10 * unit - size[0], rows - 10 * unit - size[1]
    corners = [(right, bottom), (near, bottom), (right, near), (near, near)]
    plates = [(column, row, column + size[0], row + size[1]) for column, row in corners]
    return min(plates, key=lambda plate: sum(_overlap(plate, frame) for frame in frames))


def _size(draw: ImageDraw.ImageDraw) -> tuple[int, int]:
    columns, rows = draw.im.size if draw.im is not None else (0, 0)
    return columns, rows


def _draw_marks(
    draw: ImageDraw.ImageDraw,
    marks: Sequence[Mark | Drawn],
    factors: tuple[float, float],
    taken: list[Rectangle],
    unit: float,
) -> None:
    frames = [_frame(mark, factors, unit) for mark in marks]
    with_words = [kind for kind in (Mark, Drawn) if sum(isinstance(one, kind) for one in marks) <= WORDS_MAX]
    for mark, frame in zip(marks, frames, strict=True):
        if isinstance(mark, Drawn):
            _lines(draw, mark, factors, unit)
        else:
            _outline(draw, mark, frame, factors, unit)
    size = _size(draw)
    for mark, frame in zip(marks, frames, strict=True):
        text = f"{mark.number}  {mark.label}" if type(mark) in with_words and mark.label else str(mark.number)
        font = _font(round(17 * unit), is_bold=True)
        width = draw.textlength(text, font=font) + 12 * unit
        plate = _place((width, 25 * unit), frame, [*frames, *taken], size, unit)
        taken.append(plate)
        _draw_plate(draw, (plate, frame), text, unit, BY_PERSON if isinstance(mark, Drawn) else MARK)


def _frame(mark: Mark | Drawn, factors: tuple[float, float], unit: float) -> Rectangle:
    """Return the mark's rectangle in picture pixels, with a gap so that its line lies beside the finding."""
    row_factor, column_factor = factors
    gap = 4 * unit
    left, top = mark.box.column * column_factor, mark.box.row * row_factor
    right, bottom = left + mark.box.width * column_factor, top + mark.box.height * row_factor
    widen = max(0.0, 14 * unit - (right - left)) / 2 + gap
    heighten = max(0.0, 14 * unit - (bottom - top)) / 2 + gap
    return (left - widen, top - heighten, right + widen, bottom + heighten)


def _outline(
    draw: ImageDraw.ImageDraw, mark: Mark, frame: Rectangle, factors: tuple[float, float], unit: float
) -> None:
    thin, halo = max(2, round(2.2 * unit)), max(4, round(5 * unit))
    # the outline of a small finding would cover it; of a large one it shows more than a box
    if len(mark.polygon) > 2 and min(frame[2] - frame[0], frame[3] - frame[1]) > OUTLINE_FROM * unit:
        path = [(column * factors[1], row * factors[0]) for row, column in (*mark.polygon, mark.polygon[0])]
        draw.line(path, fill=INK, width=halo, joint="curve")
        draw.line(path, fill=MARK, width=thin, joint="curve")
        return
    side = (halo - thin) / 2
    draw.rectangle((frame[0] - side, frame[1] - side, frame[2] + side, frame[3] + side), outline=INK, width=halo)
    draw.rectangle(frame, outline=MARK, width=thin)


def _lines(draw: ImageDraw.ImageDraw, mark: Drawn, factors: tuple[float, float], unit: float) -> None:
    """Draw what a person has drawn; a place without a line is a small cross that leaves its middle free."""
    thin, halo = max(2, round(2.2 * unit)), max(4, round(5 * unit))
    paths: list[list[tuple[float, float]]] = []
    for stroke in mark.strokes:
        points = [(column * factors[1], row * factors[0]) for row, column in stroke.points]
        if len(points) == 1:
            across, down = points[0]
            for side in (-1, 1):
                paths += [
                    [(across + side * 3 * unit, down), (across + side * 9 * unit, down)],
                    [(across, down + side * 3 * unit), (across, down + side * 9 * unit)],
                ]
        else:
            paths.append([*points, *(points[:1] if stroke.is_closed else ())])
    for width, colour in ((halo, INK), (thin, BY_PERSON)):
        for path in paths:
            draw.line(path, fill=colour, width=width, joint="curve")


def _place(
    size: tuple[float, float],
    frame: Rectangle,
    taken: Sequence[Rectangle],
    picture: tuple[int, int],
    unit: float,
) -> Rectangle:
    """Return the free place nearest to the frame; where nothing is free, the one that covers least."""
    width, height = size
    left, top, right, bottom = frame
    middle_row, middle_column = (top + bottom - height) / 2, (left + right - width) / 2
    best, best_cost = (left, top - height, left + width, top), math.inf
    for step in range(8):
        away = (4 + 22 * step) * unit
        above, below, before, after = top - height - away, bottom + away, left - width - away, right + away
        for column, row in (
            (left, above), (right - width, above), (left, below), (right - width, below),
            (after, top), (after, middle_row), (before, top), (before, middle_row),
            (middle_column, above), (middle_column, below),
            (after, above), (before, above), (after, below), (before, below),
            # within a frame as high or wide as the picture, round which there is no place
            (max(left, 0.0) + away, max(top, 0.0) + away),
        ):  # fmt: skip
            plate = (column, row, column + width, row + height)
            outside = _area(plate) - _overlap(plate, (0.0, 0.0, float(picture[0]), float(picture[1])))
            cost = 50 * outside + sum(_overlap(plate, other) for other in taken) + 0.001 * away
            if cost < best_cost:
                best, best_cost = plate, cost
        if best_cost < 1:
            break
    return best


def _draw_plate(
    draw: ImageDraw.ImageDraw,
    plate_and_frame: tuple[Rectangle, Rectangle],
    text: str,
    unit: float,
    colour: tuple[int, int, int],
) -> None:
    plate, frame = plate_and_frame
    start, stop = _facing(frame, plate)
    if math.dist(start, stop) > 8 * unit:
        draw.line((start, stop), fill=INK, width=max(4, round(4 * unit)))
        draw.line((start, stop), fill=colour, width=max(2, round(1.6 * unit)))
    draw.rectangle(plate, fill=INK, outline=colour, width=max(2, round(1.6 * unit)))
    middle = ((plate[0] + plate[2]) / 2, (plate[1] + plate[3]) / 2)
    draw.text(middle, text, font=_font(round(17 * unit), is_bold=True), fill=PAPER, anchor="mm")


def _facing(one: Rectangle, other: Rectangle) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the two points at which the rectangles are nearest to each other."""
    start, stop = [], []
    for low, high in ((0, 2), (1, 3)):
        inner, outer = max(one[low], other[low]), min(one[high], other[high])
        overlaps = inner <= outer
        start.append((inner + outer) / 2 if overlaps else (one[high] if one[high] < other[low] else one[low]))
        stop.append((inner + outer) / 2 if overlaps else (other[low] if one[high] < other[low] else other[high]))
    return (start[0], start[1]), (stop[0], stop[1])


def _area(one: Rectangle) -> float:
    return max(0.0, one[2] - one[0]) * max(0.0, one[3] - one[1])


def _overlap(one: Rectangle, other: Rectangle) -> float:
    return _area((max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])))


def _strip(lines: Sequence[str], width: int, unit: float) -> NDArray[np.uint8]:
    """Return the dark band of facts below the picture; a line too long for the picture is cut with an ellipsis."""
    from PIL import Image, ImageDraw

    step = round(22 * unit)
    band = Image.new("RGB", (width, step * len(lines) + round(16 * unit)), INK)
    draw = ImageDraw.Draw(band)
    for number, line in enumerate(lines):
        font = _font(round(15 * unit), is_bold=number == 0)
        draw.text(
            (12 * unit, 8 * unit + number * step), _cut(draw, line, font, width - 24 * unit), font=font, fill=PAPER
        )
    return np.asarray(band)


def _cut(draw: ImageDraw.ImageDraw, line: str, font: Any, width: float) -> str:
    if draw.textlength(line, font=font) <= width:
        return line
    while line and draw.textlength(line + "…", font=font) > width:
        line = line[:-1]
    return line + "…"

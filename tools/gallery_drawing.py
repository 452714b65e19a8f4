"""Drawing for the figures of docs/science: pictures with marks on them, and plain plots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "science" / "pictures"
MOST_BYTES = 60_000
INK, GRID, PAPER = (30, 34, 40), (226, 229, 233), (255, 255, 255)
BLUE, RED, GREEN, GREY = (30, 98, 176), (200, 42, 42), (20, 130, 76), (120, 126, 134)
ORANGE = (232, 140, 0)
FONT, SMALL = ImageFont.load_default(15), ImageFont.load_default(13)
Colour = tuple[int, int, int]
Points = Sequence[tuple[float, float]]


def shown(grey: NDArray[Any], *, width: int) -> Picture.Image:
    """Return grey values (row, column) as a picture of that width, windowed to all but the outer half percent."""
    values = grey.astype(float)
    low, high = np.percentile(values, (0.5, 99.5))
    eight = np.clip((values - low) / max(high - low, 1e-9) * 255, 0, 255).astype(np.uint8)
    picture = Picture.fromarray(eight).convert("RGB")
    return picture.resize((width, round(width * grey.shape[0] / grey.shape[1])), Picture.Resampling.BOX)


def box(picture: Picture.Image, place: Sequence[float], scale: float, colour: Colour, text: str = "") -> None:
    """Draw a box given as row, column, height, width of the image, with a word above it."""
    row, column, height, width = (value * scale for value in place)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((column - 2, row - 2, column + width + 1, row + height + 1), outline=colour, width=2)
    if text:
        pen.text((column - 2, row - 4), text, fill=colour, font=SMALL, anchor="lb", stroke_width=2, stroke_fill=PAPER)


@dataclass
class Plot:
    """A plot of width x height pixels with axes, for lines, dots, bars and words."""

    width: int
    height: int
    across: tuple[float, float]
    up: tuple[float, float]
    label_across: str
    label_up: str

    def __post_init__(self) -> None:
        self.picture = Picture.new("RGB", (self.width, self.height), PAPER)
        self.pen = ImageDraw.Draw(self.picture)
        self.left, self.top, self.right, self.bottom = 66, 34, self.width - 28, self.height - 46
        self._axes()

    def at(self, across: float, up: float) -> tuple[float, float]:
        """Return the pixel of a point."""
        share = (across - self.across[0]) / (self.across[1] - self.across[0])
        rise = (up - self.up[0]) / (self.up[1] - self.up[0])
        return self.left + share * (self.right - self.left), self.bottom - rise * (self.bottom - self.top)

    def _axes(self) -> None:
        for value in _ticks(*self.across):
            place = self.at(value, self.up[0])[0]
            self.pen.line((place, self.top, place, self.bottom), fill=GRID)
            self.pen.text((place, self.bottom + 5), f"{value:g}", fill=INK, font=SMALL, anchor="ma")
        for value in _ticks(*self.up):
            place = self.at(self.across[0], value)[1]
            self.pen.line((self.left, place, self.right, place), fill=GRID)
            self.pen.text((self.left - 6, place), f"{value:g}", fill=INK, font=SMALL, anchor="rm")
        self.pen.line((self.left, self.top, self.left, self.bottom, self.right, self.bottom), fill=INK)
        middle = (self.left + self.right) / 2
        self.pen.text((middle, self.height - 4), self.label_across, fill=INK, font=FONT, anchor="mb")
        self.pen.text((6, 4), self.label_up, fill=INK, font=FONT, anchor="la")

    def line(self, points: Points, colour: Colour = BLUE, width: int = 2) -> None:
        """Draw a line through points."""
        self.pen.line([self.at(*point) for point in points], fill=colour, width=width, joint="curve")

    def dots(self, points: Points, colour: Colour = BLUE) -> None:
        """Draw a dot at each point."""
        for point in points:
            across, up = self.at(*point)
            self.pen.ellipse((across - 4, up - 4, across + 4, up + 4), fill=colour)

    def bars(self, edges: Sequence[float], counts: Sequence[float], colour: Colour = GREY) -> None:
        """Draw a histogram."""
        for first, last, count in zip(edges, edges[1:], counts, strict=False):
            top_left, bottom_right = self.at(first, count), self.at(last, self.up[0])
            if bottom_right[1] > top_left[1]:
                self.pen.rectangle((*top_left, max(top_left[0], bottom_right[0] - 1), bottom_right[1]), fill=colour)

    def mark(self, across: float, text: str, colour: Colour = RED, *, drop: int = 0, to_left: bool = False) -> None:
        """Draw an upright line with a word beside its top, ``drop`` lines of text lower."""
        place = self.at(across, self.up[0])[0]
        self.pen.line((place, self.top, place, self.bottom), fill=colour, width=2)
        at = place - 5 if to_left else place + 5
        self._word((at, self.top + 2 + 17 * drop), text, colour, "ra" if to_left else "la")

    def word(self, across: float, up: float, text: str, colour: Colour = INK, anchor: str = "la") -> None:
        """Write a word at a point."""
        self._word(self.at(across, up), text, colour, anchor)

    def _word(self, at: tuple[float, float], text: str, colour: Colour, anchor: str) -> None:
        self.pen.text(at, text, fill=colour, font=SMALL, anchor=anchor, stroke_width=3, stroke_fill=PAPER)


def _ticks(low: float, high: float) -> list[float]:
    """Return about five round numbers between two."""
    raw = (high - low) / 5
    power = 10 ** np.floor(np.log10(raw))
    step = min((factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw), default=raw)
    return [float(value) for value in np.arange(np.ceil(low / step) * step, high + step / 1e6, step).round(10)]


def saved_colours(picture: Picture.Image, greys: int) -> Picture.Image:
    """Return the picture in that many greys and the marking colours, pure and mixed with white."""
    levels = [(round(level),) * 3 for level in np.linspace(0, 255, greys)]
    pure = (BLUE, RED, GREEN, ORANGE)
    mixed = [tuple(round(255 - share * (255 - part)) for part in one) for one in pure for share in (1, 0.6, 0.3)]
    palette = Picture.new("P", (1, 1))
    palette.putpalette([part for colour in [*levels, *mixed] for part in colour])
    return picture.quantize(palette=palette, dither=Picture.Dither.NONE)


def beside(*pictures: Picture.Image, gap: int = 14) -> Picture.Image:
    """Lay pictures side by side, their tops level."""
    width = sum(picture.width for picture in pictures) + gap * (len(pictures) - 1)
    whole = Picture.new("RGB", (width, max(picture.height for picture in pictures)), PAPER)
    left = 0
    for picture in pictures:
        whole.paste(picture, (left, 0))
        left += picture.width + gap
    return whole


def below(*pictures: Picture.Image, gap: int = 10) -> Picture.Image:
    """Lay pictures one above the other."""
    height = sum(picture.height for picture in pictures) + gap * (len(pictures) - 1)
    whole = Picture.new("RGB", (max(picture.width for picture in pictures), height), PAPER)
    top = 0
    for picture in pictures:
        whole.paste(picture, (0, top))
        top += picture.height + gap
    return whole


def draw(figures: Mapping[str, Callable[[], Picture.Image]], names: Sequence[str] = ()) -> None:
    """Draw the figures named, or all, into docs/science/pictures; a name that ends in ``.jpg`` becomes one."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names or figures:
        picture = figures[name]()
        path = FOLDER / (name if name.endswith(".jpg") else f"{name}.png")
        how = _saved(picture, path)
        print(f"{path.name}: {picture.width} x {picture.height}, {path.stat().st_size} bytes, {how}")


def _saved(picture: Picture.Image, path: Path) -> str:
    """Save a picture as well as the limit of bytes allows, and say how."""
    if path.suffix == ".jpg":
        for quality in (90, 80, 70, 60, 50):
            picture.convert("RGB").save(path, quality=quality, optimize=True)
            if path.stat().st_size <= MOST_BYTES:
                break
        return f"quality {quality}"
    for greys in (96, 48, 32, 24, 16):
        saved_colours(picture, greys).save(path, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            break
    return f"{greys} greys"

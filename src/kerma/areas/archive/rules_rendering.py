"""How a picture is asked for: window, viewport, quality; checked before anything is decoded (PS3.18, 8.3.5)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from kerma.errors import WrongUsage
from kerma.science.imaging.image import Window

FUNCTIONS = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
QUALITY = 90
THUMBNAIL_PX = 256
SIDE_MAX = 16_384
"""Longest side of a picture; larger ones are no use to a screen and a burden to the server."""
GROWN_PIXELS_MAX = 1 << 25
"""Most pixels of a picture that is larger than the part of the image it shows."""
_NOT_USED = ("annotation", "iccprofile", "charset")
"""Parameters that are understood and change nothing here: said in a warning (PS3.18, 8.3.5.1)."""


@dataclass(frozen=True)
class Viewport:
    """The box a picture must fit in, and the part of the image shown: first column and row, width and height."""

    columns: int
    rows: int
    left: float = 0.0
    top: float = 0.0
    width: float | None = None
    height: float | None = None
    """None: as far as the image goes. A negative width or height mirrors the picture."""
    is_relative: bool = False
    """Whether the part is given in shares of the image, 0 to 1 (WADO-URI), instead of pixels."""
    may_grow: bool = True


@dataclass(frozen=True)
class Look:
    """How one frame is to be shown."""

    window: Window | None = None
    viewport: Viewport | None = None
    quality: int = QUALITY


def look_of(parameters: Mapping[str, str]) -> tuple[Look, str]:
    """Return how a picture is asked for, and a warning about what was not heeded (empty when all was).

    Raises
    ------
    WrongUsage
        A parameter makes no sense; the message says what it must be.
    """
    window = _window(parameters["window"]) if parameters.get("window") else None
    viewport = _viewport(parameters["viewport"]) if parameters.get("viewport") else None
    ignored = [name for name in _NOT_USED if name in parameters]
    warning = f"The following parameters were not supported: {', '.join(ignored)}" if ignored else ""
    return Look(window, viewport, quality_of(parameters.get("quality", ""))), warning


def quality_of(written: str) -> int:
    """Return the quality of a JPEG, 1 to 100."""
    if not written:
        return QUALITY
    if not written.isascii() or not written.isdecimal() or not 1 <= int(written[:4]) <= 100:
        raise WrongUsage(f"quality must be a whole number from 1 to 100, not '{written[:20]}'")
    return int(written)


def window_of(center: float, width: float, function: str = "linear") -> Window:
    """Return a window that was asked for, in units after the Modality LUT.

    Raises
    ------
    WrongUsage
        The function is unknown, or the width too small for it (PS3.3, C.11.2.1.2.1).
    """
    name = FUNCTIONS.get(function.lower())
    if name is None:
        raise WrongUsage(f"the window function must be one of {', '.join(FUNCTIONS)}, not '{function[:20]}'")
    if not (width >= 1 or (width > 0 and name != "LINEAR")):
        raise WrongUsage(f"a {function} window {width:g} wide shows nothing: its width must be 1 or more")
    return Window(center, width, name, "asked for")  # type: ignore[arg-type]


def number_of(written: str, name: str) -> float:
    """Return a finite number."""
    try:
        number = float(written)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or len(written) > 32:
        raise WrongUsage(f"{name} must be a number, not '{written[:32]}'")
    return number


def _window(written: str) -> Window:
    parts = [part.strip() for part in written.split(",")]
    if len(parts) not in (2, 3):
        raise WrongUsage("window is written center,width,function with a function of linear, linear-exact or sigmoid")
    return window_of(number_of(parts[0], "the center"), number_of(parts[1], "the width"), *parts[2:])


def _viewport(written: str) -> Viewport:
    parts = [part.strip() for part in written.split(",")]
    if len(parts) not in (2, 6):
        raise WrongUsage("viewport is written columns,rows or columns,rows,left,top,width,height")
    columns, rows = (side_of(part) for part in parts[:2])
    left, top, width, height = (
        number_of(part, "the part shown") if part else None for part in [*parts[2:], *[""] * 4][:4]
    )
    if 0 in (width, height):
        raise WrongUsage("the part of the image to be shown has no extent")
    return Viewport(columns, rows, left or 0.0, top or 0.0, width, height)


def side_of(written: str) -> int:
    """Return one side of a picture in pixels."""
    if not written.isascii() or not written.isdecimal() or not 1 <= int(written[:9]) <= SIDE_MAX:
        raise WrongUsage(
            f"the side of a picture must be a whole number from 1 to {SIDE_MAX} pixels, not '{written[:20]}'"
        )
    return int(written)


@dataclass(frozen=True)
class Shown:
    """The part of an image that is shown, in whole pixels, how large the picture gets, and how it is mirrored."""

    top: int
    bottom: int
    left: int
    right: int
    rows: int
    columns: int
    is_mirrored: bool = False
    is_upside_down: bool = False


def shown(rows: int, columns: int, viewport: Viewport | None) -> Shown:
    """Return what of an image is shown in a viewport: as large as fits, never out of proportion.

    Raises
    ------
    WrongUsage
        The part asked for lies outside the image.
    """
    if viewport is None:
        return Shown(0, rows, 0, columns, rows, columns)
    by_row, by_column = (rows, columns) if viewport.is_relative else (1, 1)
    top, left = viewport.top * by_row, viewport.left * by_column
    height = abs(viewport.height) * by_row if viewport.height is not None else rows - top
    width = abs(viewport.width) * by_column if viewport.width is not None else columns - left
    first_row, first_column = max(0, math.floor(top)), max(0, math.floor(left))
    last_row, last_column = min(rows, math.ceil(top + height)), min(columns, math.ceil(left + width))
    if first_row >= last_row or first_column >= last_column:
        raise WrongUsage(f"the part asked for lies outside the image of {columns} x {rows} pixels")
    tall, wide = last_row - first_row, last_column - first_column
    scale = min(viewport.rows / tall, viewport.columns / wide)
    scale = scale if viewport.may_grow else min(scale, 1.0)
    if tall * wide < tall * wide * scale * scale > GROWN_PIXELS_MAX:
        raise WrongUsage(
            f"a picture is enlarged to at most {GROWN_PIXELS_MAX >> 20} million pixels: ask for a smaller one"
        )
    return Shown(
        first_row,
        last_row,
        first_column,
        last_column,
        max(1, round(tall * scale)),
        max(1, round(wide * scale)),
        viewport.width is not None and viewport.width < 0,
        viewport.height is not None and viewport.height < 0,
    )

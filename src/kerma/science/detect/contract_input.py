"""From an image to what a brought network is fed: displayed grey, attenuation or stored values, resized, laid out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.detect.contracts import Input
from kerma.science.detect.learned_input import image_channels
from kerma.science.imaging.greyscale import display, modality_values
from kerma.science.imaging.image import GreyScale, Image
from kerma.science.imaging.values import has_data

Floats = NDArray[np.float32]
DISPLAY_BITS = 16
LINEAR_MEANINGS = ("raw", "for-processing")
WHITE_QUANTILE = 0.9995
DARKEST_SHARE = 1e-4
"""Of the open beam: less than this is not told apart from nothing."""


@dataclass(frozen=True)
class View:
    """What the network is fed at once, and where it lies: rows and columns of the image from those of the view."""

    values: NDArray[Any]
    """(1, channel, row, column) or (1, row, column, channel)"""
    shape: tuple[int, int]
    """Rows and columns of the view."""
    scale: tuple[float, float]
    """Pixels of the view per pixel of the image, down and across."""
    start: tuple[float, float]
    """Row and column of the image at the corner of the view; negative where there is padding."""
    region: tuple[float, float, float, float]
    """First row and column, and those behind the last, of the part of the image that is in the view."""

    def place(self, row: float, column: float) -> tuple[float, float]:
        """Return row and column of the image of a place in the view."""
        return self.start[0] + row / self.scale[0], self.start[1] + column / self.scale[1]


def views(image: Image, wanted: Input, plane: int = 0) -> Iterator[View]:
    """Yield what a network is fed of one plane of an image: one view, or tiles that cover it.

    Raises
    ------
    WrongUsage
        Attenuation is asked for and the values of the image are not proportional to dose.
    """
    stack = fed(image, wanted, plane)
    for top, left, rows, columns, shape in _parts(stack.shape[1:], wanted):
        yield _view(stack[:, top : top + rows, left : left + columns], (top, left), shape, wanted)


def fed(image: Image, wanted: Input, plane: int = 0) -> Floats:
    """Return the values (channel, row, column) of a plane, before any resizing and normalisation; 0 without data."""
    if wanted.is_bands:
        return image_channels(image, plane=plane)
    values = _VALUES[wanted.values](image, plane)
    if _is_opposite(image, wanted.dense_is):
        values = (255.0 if wanted.values == "byte" else 1.0) - values
    known = has_data(image, plane)
    if known is not None:
        values = np.where(known, values, np.float32(0))
    return np.repeat(values[None], wanted.channels, axis=0)


def _unit(image: Image, plane: int) -> Floats:
    """Return displayed grey, 0 to 1; of unprocessed values without a window, which are linear in dose, the logarithm's.

    Nobody looks at those as they are: the open beam would be all there is to see.
    """
    if _is_linear(image) and not image.grey.windows and not image.grey.voi_luts:
        grey = GreyScale(is_inverse=image.grey.is_inverse)
        image, plane = replace(image, pixels=-_log(image, plane)[None], grey=grey, padding_value=None), 0
    shown: Floats = display(image, plane, bits=DISPLAY_BITS).astype(np.float32) / np.float32(2**DISPLAY_BITS - 1)
    return shown


def _is_linear(image: Image) -> bool:
    return image.meaning in LINEAR_MEANINGS and image.rises_with_dose is True


def _byte(image: Image, plane: int) -> Floats:
    return _unit(image, plane) * np.float32(255)


def _raw(image: Image, plane: int) -> Floats:
    return modality_values(image.grey, image.pixels[plane]).astype(np.float32)


def _log(image: Image, plane: int) -> Floats:
    """Return minus the logarithm of the share of the brightest: attenuation, where the beam is seen open somewhere."""
    values = _raw(image, plane)
    if image.meaning == "log":
        return values
    if not _is_linear(image):
        raise WrongUsage(
            "the model takes attenuation, and the file does not say that its values are proportional to dose "
            "(raw or for processing): give the unprocessed image"
        )
    white = float(np.quantile(values, WHITE_QUANTILE))
    if white <= 0:
        raise WrongUsage("the model takes attenuation, and the image has no value above 0")
    attenuation: Floats = -np.log(np.clip(values / np.float32(white), DARKEST_SHARE, None))
    return attenuation


_VALUES = {"unit": _unit, "byte": _byte, "raw": _raw, "log": _log}


def _is_opposite(image: Image, dense_is: str) -> bool:
    """Return whether what is dense is shown the other way; an image that does not say is taken as it is shown."""
    if dense_is == "as-shown" or image.rises_with_dose is None:
        return False
    shown_dense_bright = image.rises_with_dose == image.grey.is_inverse
    return shown_dense_bright != (dense_is == "bright")


def _parts(shape: tuple[int, ...], wanted: Input) -> Iterator[tuple[int, int, int, int, tuple[int, int]]]:
    """Yield first row, first column, rows and columns of the parts of the image, and the shape each is given."""
    rows, columns = shape
    if wanted.rows is None or wanted.columns is None:
        shrink = min(1.0, wanted.longest_px / max(rows, columns))
        yield 0, 0, rows, columns, (_up(rows * shrink, wanted.multiple_of), _up(columns * shrink, wanted.multiple_of))
        return
    fixed = (wanted.rows, wanted.columns)
    if wanted.resize == "centre":
        side = min(rows, columns)
        yield (rows - side) // 2, (columns - side) // 2, side, side, fixed
    elif wanted.resize == "tiles":
        for top in _starts(rows, wanted.rows, wanted.overlap_px):
            for left in _starts(columns, wanted.columns, wanted.overlap_px):
                yield top, left, min(wanted.rows, rows), min(wanted.columns, columns), fixed
    else:
        yield 0, 0, rows, columns, fixed


def _up(length: float, multiple_of: int) -> int:
    return max(1, -(-round(length) // multiple_of)) * multiple_of


def _starts(length: int, tile: int, overlap: int) -> list[int]:
    """Return where tiles begin: evenly spread, sharing at least the overlap."""
    if length <= tile:
        return [0]
    count = -(-(length - overlap) // (tile - overlap))
    return [round(number * (length - tile) / (count - 1)) for number in range(count)]


def _view(part: Floats, corner: tuple[int, int], shape: tuple[int, int], wanted: Input) -> View:
    """Return a part of the image in the shape of the network, normalised; what is not filled is padding."""
    rows, columns = part.shape[1:]
    down, across = shape[0] / rows, shape[1] / columns
    if wanted.resize in ("fit", "tiles"):
        limit = 1.0 if wanted.resize == "tiles" or wanted.rows is None else np.inf
        down = across = min(down, across, limit)
    size = (max(1, round(rows * down)), max(1, round(columns * across)))
    # Tiles and networks of any size begin at the corner; a picture that is fitted lies in the middle.
    is_middle = wanted.resize == "fit" and wanted.rows is not None
    lead = tuple((have - fill) // 2 if is_middle else 0 for have, fill in zip(shape, size, strict=True))
    filled = np.full((len(part), *shape), wanted.pad, dtype=np.float32)
    for channel, values in enumerate(part):
        filled[channel, lead[0] : lead[0] + size[0], lead[1] : lead[1] + size[1]] = _resized(values, size)
    mean, sd = (np.array(each, dtype=np.float32)[:, None, None] for each in (wanted.mean, wanted.sd))
    filled = (filled - mean) / sd
    laid = filled[None] if wanted.layout == "NCHW" else filled.transpose(1, 2, 0)[None]
    scale = (size[0] / rows, size[1] / columns)
    start = (corner[0] - lead[0] / scale[0], corner[1] - lead[1] / scale[1])
    region = (float(corner[0]), float(corner[1]), float(corner[0] + rows), float(corner[1] + columns))
    return View(np.ascontiguousarray(laid), shape, scale, start, region)


def _resized(values: Floats, size: tuple[int, int]) -> Floats:
    import cv2

    if values.shape == size:
        return values
    is_smaller = size[0] * size[1] < values.size
    how = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
    resized: Floats = cv2.resize(np.ascontiguousarray(values), (size[1], size[0]), interpolation=how)
    return resized

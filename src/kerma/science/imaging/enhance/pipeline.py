"""A chain run on an image: modality values, the steps in their order, then window, negative and colours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.enhance import coarse, colours
from kerma.science.imaging.enhance.chain import Chain, ChainStep
from kerma.science.imaging.enhance.energies import energies_of
from kerma.science.imaging.enhance.step import Floats, Level, Planes, Statistics
from kerma.science.imaging.greyscale import default_window, display, modality_values, presented
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data

Picture = NDArray[np.uint8]
Steps = tuple[ChainStep, ...]
LOW_SHARE, HIGH_SHARE = 0.005, 0.995
_SAMPLE_PIXELS = 1 << 20


def run(image: Image, plane: int, chain: Chain) -> Picture:
    """Return a plane as it is shown with a chain: 8 bit, shape (row, column), or (row, column, 3) in colour.

    Without steps this is exactly :func:`kerma.science.imaging.greyscale.display`.

    Raises
    ------
    WrongUsage
        The image is in colour, or has not the two energies a step needs.
    """
    if image.is_colour:
        if chain.steps or chain.colours != "grey":
            raise WrongUsage("the image is in colour and so only for showing: no enhancement works on it")
        shown = display(image, plane)
    elif chain.steps:
        found = stepped(image, plane, chain.steps)
        if found.ndim == 3:
            shown = np.rint(np.clip(found, 0, 1) * 255).astype(np.uint8)
        else:
            shown = presented(found.astype(np.float64), image.grey, chain.window, default_window(image, plane))
    else:
        shown = display(image, plane, chain.window)
    return colours.coloured(negative(shown) if chain.negative else shown, chain.colours)


def negative(shown: Picture) -> Picture:
    """Return a picture with light and dark turned over. Hues stay: they mean materials, and orange must not be blue."""
    if shown.ndim == 2:
        return 255 - shown
    turn = 255 - shown.max(axis=-1).astype(np.int16) - shown.min(axis=-1)
    turned: Picture = (shown + turn[..., None]).astype(np.uint8)
    return turned


def stepped(image: Image, plane: int, steps: Steps) -> Floats:
    """Return the values of a plane after steps, float32, before any window."""
    numbers = _planes_needed(image, plane, steps)
    values = tuple(_values(image, number) for number in numbers)
    return through(values, steps, 1, tables(image, numbers, steps))


def through(planes: Planes, steps: Steps, scale: float, made: list[Floats | None]) -> Floats:
    """Return planes of a level after steps, with the table made for each step."""
    for one, table in zip(steps, made, strict=True):
        planes = _after(planes, one, Level(scale, table))
    return planes[0]


def tables(image: Image, planes: tuple[int, ...], steps: Steps) -> list[Floats | None]:
    """Return the table of each step, None where it needs none: made from the coarsest level after the steps before."""
    made: list[Floats | None] = [None] * len(steps)
    last = max((index for index, one in enumerate(steps) if one.step.table), default=-1)
    if last < 0:
        return made
    levels = [coarse.coarsest(image, plane) for plane in planes]
    scale, known = levels[0].scale, levels[0].known
    small: Planes = tuple(level.values for level in levels)
    for index, one in enumerate(steps[: last + 1]):
        if one.step.table:
            whole = small[0] if known is None else np.where(known, small[0], np.float32(np.nan))
            made[index] = one.step.table(whole, one.parameters, scale)
        small = _after(small, one, Level(scale, made[index]))
    return made


def statistics(image: Image, plane: int = 0) -> Statistics:
    """Return what is known of the modality values of a plane, from the coarsest level, pixels without data left out."""
    level = coarse.coarsest(image, plane)
    values = np.sort((level.values if level.known is None else level.values[level.known]).ravel())
    if values.size == 0:
        values = np.zeros(1, np.float32)

    def quantile(share: float) -> float:
        return float(np.quantile(values, share))

    low, high = quantile(LOW_SHARE), quantile(HIGH_SHARE)
    if high <= low:
        low, high = float(values[0]), float(values[-1])
    high = high if high > low else low + 1.0
    return Statistics(
        low, high, float(values[0]), float(values[-1]), quantile, image.grey.is_inverse, energies_of(image)
    )


def _after(planes: Planes, one: ChainStep, level: Level) -> Planes:
    if one.step.planes == "energies":
        return (one.step.run(planes, one.parameters, level),)
    return tuple(one.step.run((plane,), one.parameters, level) for plane in planes)


def _values(image: Image, plane: int) -> Floats:
    """Return modality values; a pixel that is not a number takes the least of the others, so that none spreads."""
    stored: NDArray[Any] = image.pixels[plane]
    if stored.dtype.kind == "f":
        known = has_data(image, plane)
        if known is not None:
            stored = np.where(np.isfinite(stored), stored, stored[known].min() if known.any() else 0)
    return modality_values(image.grey, stored).astype(np.float32)


def _planes_needed(image: Image, plane: int, steps: Steps) -> tuple[int, ...]:
    named = next((one.step.name for one in steps if one.step.planes == "energies"), None)
    if named is None:
        return (plane,)
    labels = [label.lower() for label in image.plane_labels]
    if image.plane_kind != "energy" or "low" not in labels or "high" not in labels:
        raise WrongUsage(f"'{named}' needs the low and the high energy of one image; this image has not both")
    return (labels.index("low"), labels.index("high"))

"""Lines of a scanned plate: one row per scan line, whichever way the plate went through the reader."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.measure.profiles import grey_of
from kerma.science.measure.region import Region

Floats = NDArray[np.float64]
TRANSPORTS = ("down", "across")
FEWEST_LINES = 16


def scan_lines(image: Image, plane: int, region: Region | None, transport: str) -> Floats | str:
    """Return grey values (scan line, pixel along it), or why there are none.

    ``transport`` is how the plate moved through the reader: *down* the rows of the image, so that each row is one scan
    line of the laser, or *across* its columns.
    """
    grey = grey_of(image, plane, region)
    if isinstance(grey, str):
        return grey
    if not np.isfinite(grey).all():
        return "the region holds padding or pixels that are not a number"
    lines = grey if transport == "down" else grey.T
    if min(lines.shape) < FEWEST_LINES:
        return f"{lines.shape[0]} lines of {lines.shape[1]} pixels: at least {FEWEST_LINES} either way are needed"
    return "the region is of one value" if np.ptp(lines) == 0 else lines


def limits(name: str) -> dict[str, float]:
    """Return the numbers of a table of quantities and values."""
    from kerma.standards import table

    return {row["quantity"]: float(row["value"]) for row in table(name)}

"""The whole of a picture made small: what a step that needs the whole image is told of it.

It is the coarsest level of the pyramid (:mod:`kerma.science.imaging.pyramid`). The browser has that picture first,
before any detail; both sides make their tables from it, so both make the same.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.enhance.step import Floats
from kerma.science.imaging.greyscale import modality_values
from kerma.science.imaging.image import Image
from kerma.science.imaging.pyramid import pyramid, to_wire, wire_scale


class Coarse(NamedTuple):
    """The coarsest level of a plane."""

    values: Floats
    """Modality values, those of padding as they are."""
    known: NDArray[np.bool_] | None
    """Which pixels carry data; None: all."""
    scale: int
    """Pixels of the full picture per pixel of this one, each way."""


def coarsest(image: Image, plane: int) -> Coarse:
    """Return the coarsest level of a plane."""
    wire = wire_scale(image)
    levels = pyramid(to_wire(image, image.pixels[plane], wire), wire.padding)
    small = levels[-1]
    known = small != wire.padding if wire.padding is not None else None
    if wire.keeps_lut:
        values = modality_values(image.grey, small.astype(np.float64) + wire.offset)
    else:
        values = small * wire.slope + wire.intercept
    return Coarse(values.astype(np.float32), known, 1 << (len(levels) - 1))

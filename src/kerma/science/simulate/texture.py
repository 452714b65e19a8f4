"""Smooth random fields and lines: rough plates, folded cloth, wandering weld edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float64]


def smooth_field(generator: np.random.Generator, shape: tuple[int, int], size_px: float, stretch: float = 1.0) -> Field:
    """Return a random field of mean 0 and standard deviation 1 whose features are about ``size_px`` wide.

    ``stretch`` above 1 draws the features out along the columns.
    """
    from scipy.ndimage import gaussian_filter, zoom

    coarse = max(1.0, size_px / 4.0)
    rows, columns = (int(np.ceil(length / coarse)) + 8 for length in shape)
    noise = generator.standard_normal((rows, columns))
    field = gaussian_filter(noise, (size_px / coarse / 2.0, stretch * size_px / coarse / 2.0), mode="wrap")
    if coarse > 1.0:
        field = zoom(field, coarse, order=1)
    field = field[: shape[0], : shape[1]]
    result: Field = (field - field.mean()) / field.std()
    return result


def smooth_line(generator: np.random.Generator, length: int, size_px: float) -> Field:
    """Return a wandering line of mean 0 and standard deviation 1."""
    from scipy.ndimage import gaussian_filter1d

    line = gaussian_filter1d(generator.standard_normal(length), size_px / 2.0, mode="wrap")
    result: Field = (line - line.mean()) / line.std()
    return result

"""What the filters take: one grey plane (row, column) of whole or real numbers, every one of them known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage

KINDS = "uint8, uint16, int16, float32 or float64"


def checked(values: NDArray[Any], job: str) -> NDArray[Any]:
    """Return a plane as a contiguous array if a filter can work on it.

    Raises
    ------
    WrongUsage
        The array is not of two dimensions, is empty, of another type, or holds values that are not numbers.
    """
    if values.ndim != 2 or values.size == 0:
        raise WrongUsage(f"{job} works on one plane of rows and columns; this array has the shape {values.shape}")
    if values.dtype.name not in KINDS:
        raise WrongUsage(f"{job} works on {KINDS}; this array is {values.dtype}: convert it first")
    if values.dtype.kind == "f":
        unknown = values.size - int(np.count_nonzero(np.isfinite(values)))
        if unknown:
            raise WrongUsage(
                f"{job} needs a number in every pixel; {unknown} are not finite: fill them first "
                "(imaging.flat_field.filled)"
            )
    return np.ascontiguousarray(values)

"""What an image looks like in four numbers, to tell whether images of now are like those of before."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_PIXELS = 1 << 20
"""Larger planes are thinned by rows: the numbers are medians and quantiles."""


def features(plane: NDArray[Any]) -> dict[str, float]:
    """Return brightness, contrast, noise and fineness of one plane (row, column), all free of the unit of its values.

    ``brightness`` is the median over the range from the 0.1 % to the 99.9 % quantile, ``contrast`` the share of that
    range between the 5 % and 95 % quantiles, ``noise`` the robust standard deviation of a pixel from its neighbour over
    it, ``fineness`` that of neighbours over that of pixels four apart: 1 for white noise, low for a blurred image. An
    even plane has 0 everywhere.
    """
    step = max(1, plane.size // MOST_PIXELS)
    thinned = plane[::step].astype(np.float64)
    low, dark, middle, light, high = np.quantile(thinned, [0.001, 0.05, 0.5, 0.95, 0.999]).tolist()
    span = high - low
    if span <= 0:
        return {"brightness": 0.0, "contrast": 0.0, "noise": 0.0, "fineness": 0.0}
    near, far = (_robust_sd(thinned, lag) for lag in (1, 4))
    return {
        "brightness": (middle - low) / span,
        "contrast": (light - dark) / span,
        "noise": near / 2**0.5 / span,
        "fineness": near / far if far > 0 else 0.0,
    }


def _robust_sd(plane: NDArray[np.float64], lag: int) -> float:
    if plane.shape[1] <= lag:
        return 0.0
    return float(np.median(np.abs(plane[:, lag:] - plane[:, :-lag])) / 0.6745)

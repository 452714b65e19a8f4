"""How sharp the sharpest edges of a picture are, without any test object in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
REACH_PX = 16
"""A step is looked for within this distance on both sides of its steepest place."""
SHARPEST_SHARE = 0.25
STRONGEST_SHARE = 0.002
STRONGEST_PX = 1500
"""The steepest pixels are looked at: this share of the picture, of a small one this many."""
MOST_EDGES = 4000
FEWEST_EDGES = 60
STEP_NOISES = 12.0
"""A step must be so many times the noise, or its width says nothing."""
GAUSSIAN = float((2 * np.pi) ** 0.5)


def edge_width_px(values: Grey) -> float | None:
    """Return the standard deviation of the blur of the sharpest edges, in pixels; None without clear edges.

    At a Gaussian step of height h the steepest slope is h / (sigma sqrt(2 pi)); the quarter of the edges that are
    sharpest is looked at, because slopes of the part are no blur. ``values`` of shape (row, column); logarithms or any
    other scale in which steps are to be compared.
    """
    import cv2

    if min(values.shape) < 2 * REACH_PX + 3:
        return None
    grey = np.nan_to_num(values, nan=float(np.nanmedian(values)) if np.isfinite(values).any() else 0.0)
    grey = grey.astype(np.float32)
    noise = float(np.median(np.abs(np.diff(grey[::2, ::2], axis=1)))) / (0.6745 * 2**0.5)
    # two pixels apart: half of it is the mean slope, which a step of sigma 1 hardly rounds
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    steep = cv2.magnitude(across, down)
    inner = slice(REACH_PX, -REACH_PX)
    share = min(0.2, max(STRONGEST_SHARE, STRONGEST_PX / grey.size))
    strongest = float(np.quantile(steep[inner, inner][::2, ::2], 1 - share))
    rows, columns = np.nonzero(steep[inner, inner] >= max(strongest, 1e-12))
    if rows.size < FEWEST_EDGES:
        return None
    step = max(1, rows.size // MOST_EDGES)
    rows, columns = rows[::step] + REACH_PX, columns[::step] + REACH_PX
    slope = steep[rows, columns]
    direction = np.stack([down[rows, columns], across[rows, columns]]) / slope
    along = np.arange(-REACH_PX, REACH_PX + 1)
    at = np.rint(np.stack([rows, columns])[..., None] + direction[..., None] * along).astype(np.intp)
    profile = np.sort(grey[at[0], at[1]], axis=1)
    height = profile[:, -4:].mean(axis=1) - profile[:, :4].mean(axis=1)
    widths = (height / (slope * GAUSSIAN))[height > STEP_NOISES * noise]
    if widths.size < FEWEST_EDGES:
        return None
    # Sobel's own blur: a step of no width at all shows a slope of half its height.
    seen = float(np.quantile(widths, SHARPEST_SHARE / 2))
    return float(max(seen**2 - (2 / GAUSSIAN) ** 2, 0.0) ** 0.5)

"""Steps that take noise away and leave edges standing."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerma.science.bands import over_rows
from kerma.science.imaging.enhance.step import Floats, Level, Parameters, Planes, Setting, Statistics, Step
from kerma.science.imaging.median import median as exact_median

REACH_MOST_PX = 8
"""The window of a bilateral filter is never wider than 17 pixels."""


def bilateral(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Return the mean of the window around a pixel, near places and near values counting most (both Gaussian).

    The window is square and ends at two standard deviations, at most eight pixels; beyond the border the nearest
    pixel goes on. Tomasi and Manduchi (1998).
    """
    sigma_px = p["sigma_px"] / level.scale
    reach = bilateral_reach(sigma_px)
    if reach == 0:
        return planes[0]
    from kerma.science.imaging.enhance.noise_kernel import bilateral_rows

    padded = np.pad(planes[0], reach, mode="edge")
    found = np.empty_like(planes[0])
    scale_px, scale_value = (np.float32(-0.5 / sigma**2) for sigma in (sigma_px, p["sigma_value"]))
    over_rows(found.shape[0], lambda band: bilateral_rows(padded, band, reach, (scale_px, scale_value), found))
    return found


def bilateral_reach(sigma_px: float) -> int:
    """Return how far the window reaches from its middle pixel."""
    return min(int(2 * sigma_px + 0.5), REACH_MOST_PX)


def median(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Return the middle value of the window around a pixel: single bad pixels vanish, edges stay."""
    reach = int(int(p["window_px"]) // 2 / level.scale)
    found: Floats = exact_median(planes[0], window_px=2 * reach + 1)
    return found


def _bilateral_defaults(found: Statistics) -> dict[str, Any]:
    return {"sigma_px": 1.5, "sigma_value": 0.04 * (found.high - found.low)}


STEPS = (
    Step(
        "bilateral", 1, "Noise reduction (bilateral)", "Smooths noise and keeps edges.", "area",
        (Setting("sigma_px", "number", "how wide it smooths", default=1.5, least=0.5, most=4, slider=0.25),
         Setting("sigma_value", "number", "difference of values that counts as an edge", least=1e-6)),
        bilateral, _bilateral_defaults,
    ),
    Step(
        "median", 1, "Noise reduction (median)", "Removes single bad pixels and speckle, keeps edges.", "area",
        (Setting("window_px", "choice", "side of the window in pixels", default="3", choices=("3", "5")),),
        median, lambda found: {"window_px": "3"},
    ),
)  # fmt: skip

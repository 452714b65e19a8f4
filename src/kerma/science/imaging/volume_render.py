"""A volume seen from outside along parallel rays: the reference for the browser's rendering. Not for measuring."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.volume import Field, VolumeGeometry
from kerma.science.imaging.volume_planes import PlaneRaster, values_at


def highest(volume: NDArray[Any], geometry: VolumeGeometry, view: PlaneRaster, *, step_mm: float) -> Field:
    """Return the highest value on each ray (row, column), NaN where it meets no data.

    ``view`` is a plane whose pixels the rays pass at right angles, both ways; ``step_mm`` the way between two looks.
    """
    best = np.full((view.rows, view.columns), np.nan)
    for _, values in _along(volume, geometry, view, step_mm):
        best = np.fmax(best, values)
    return best


def first_hit(
    volume: NDArray[Any], geometry: VolumeGeometry, view: PlaneRaster, *, threshold: float, step_mm: float
) -> Field:
    """Return how far behind the plane of ``view`` each ray first reaches a value, in mm; NaN where it never does.

    Between two looks the value is linear; a ray that enters above the threshold is hit where it enters.
    """
    found = np.full((view.rows, view.columns), np.nan)
    before = found.copy()
    for depth_mm, values in _along(volume, geometry, view, step_mm):
        is_new = np.isnan(found) & (values >= threshold)
        comes_from_below = is_new & (before < threshold)
        back = np.divide(values - threshold, values - before, out=np.zeros_like(values), where=comes_from_below)
        found = np.where(is_new, depth_mm - back * step_mm, found)
        before = values
    return found


def composited(
    volume: NDArray[Any], geometry: VolumeGeometry, view: PlaneRaster, *, look: NDArray[Any], step_mm: float
) -> Field:
    """Return the colour of each ray (row, column, 3), 0 to 1, seen through what lies before it.

    Parameters
    ----------
    look : rows of value, red, green, blue (0 to 1), density in 1/mm, values growing; linear between rows, the density
        is 0 below the first

    Notes
    -----
    Front to back; a step of density d hides 1 - exp(-d step) of what lies behind (Max 1995). Without shading.
    """
    if look.ndim != 2 or look.shape[1] != 5 or np.any(np.diff(look[:, 0]) <= 0):
        raise WrongUsage("a look is rows of value, red, green, blue and density, its values growing")
    seen = np.zeros((view.rows, view.columns, 3))
    left = np.ones((view.rows, view.columns, 1))
    for _, values in _along(volume, geometry, view, step_mm):
        known = np.nan_to_num(values, nan=-np.inf)
        colour = np.stack([np.interp(known, look[:, 0], look[:, channel]) for channel in (1, 2, 3)], axis=-1)
        density = np.interp(known, look[:, 0], look[:, 4], left=0.0)
        passed = np.exp(-density * step_mm)[..., None]
        seen += left * (1.0 - passed) * colour
        left *= passed
    return seen


def _along(
    volume: NDArray[Any], geometry: VolumeGeometry, view: PlaneRaster, step_mm: float
) -> Iterator[tuple[float, Field]]:
    """Yield the depth of each step from front to back, and the values there."""
    if step_mm <= 0:
        raise WrongUsage("a step along a ray is longer than 0 mm")
    depths = (geometry.corners() - np.array(view.center_mm)) @ view.toward
    margin = float(geometry.spacings_mm.max())
    steps = np.arange(depths.min() - margin, depths.max() + margin, step_mm)
    points = view.points()
    for depth in steps:
        yield float(depth), values_at(volume, geometry, points + depth * view.toward)

"""What is done to projections before they are smeared back: ramp filter, axis of rotation, stripes that make rings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage

Floats = NDArray[np.float32]
CHUNK = 64
"""Projections filtered at one time."""
WINDOWS: Mapping[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "ramp": np.ones_like,
    "shepp-logan": lambda share: np.sinc(share / 2),
    "cosine": lambda share: np.cos(np.pi * share / 2),
    "hamming": lambda share: 0.54 + 0.46 * np.cos(np.pi * share),
    "hann": lambda share: 0.5 + 0.5 * np.cos(np.pi * share),
}
"""Weights of a frequency given as a share of the highest one."""
OPPOSITE_DEG = 0.25
"""Projections this near to 180° apart see the object mirrored."""


def filtered(views: Floats, *, step_mm: float, window: str = "ramp") -> Floats:
    """Return projections (angle, row, column) filtered along columns, in 1/mm per line integral.

    The ramp is the transform of its band-limited kernel (Kak and Slaney, 1988, chapter 3): its value at frequency 0 is
    small but not 0, so that the mean of a slice is right. Columns are padded with the value at their end to twice
    their number, which keeps an object that reaches the border from a bright rim.

    Raises
    ------
    WrongUsage
        No such window.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    if window not in WINDOWS:
        raise WrongUsage(f"there is no window '{window}'; there are {', '.join(WINDOWS)}")
    columns = views.shape[2]
    length = next_fast_len(2 * columns, real=True)
    length += length % 2
    response = _ramp(length, step_mm)
    response *= WINDOWS[window](np.arange(response.size) / (response.size - 1))
    response = response.astype(np.float32)
    found = np.empty_like(views)
    for start in range(0, views.shape[0], CHUNK):
        part = views[start : start + CHUNK]
        found[start : start + CHUNK] = irfft(rfft(_padded(part, length), axis=2) * response, length, axis=2)[
            ..., :columns
        ]
    return found


def _ramp(length: int, step_mm: float) -> NDArray[np.float64]:
    place = np.minimum(np.arange(length), length - np.arange(length))
    kernel = np.zeros(length)
    odd = place % 2 == 1
    kernel[odd] = -1.0 / (np.pi * place[odd] * step_mm) ** 2
    kernel[0] = 0.25 / step_mm**2
    return np.asarray(np.fft.rfft(kernel).real * step_mm)


def _padded(views: Floats, length: int) -> Floats:
    """Return views that go on from their last column to their first one, which is the neighbour of the end."""
    missing = length - views.shape[2]
    after = (missing + 1) // 2
    parts = [views, np.repeat(views[..., -1:], after, axis=2), np.repeat(views[..., :1], missing - after, axis=2)]
    return np.concatenate(parts, axis=2)


def axis_column(projections: NDArray[Any], *, angles_deg: NDArray[Any]) -> float:
    """Return the column of the axis of rotation of parallel-beam line integrals (angle, row, column).

    Projections half a turn apart are mirror images about the axis: where there are any, the shift that fits them best
    is found to a fraction of a pixel; this also holds for an object that is wider than the detector. Otherwise the
    centre of mass of each projection is fitted by an offset, which is the axis, and a sine: then the whole object must
    be seen.

    Raises
    ------
    WrongUsage
        Fewer than three projections that are half a turn apart or spread over a turn, or no object.
    """
    angles = np.asarray(angles_deg, np.float64)
    views = np.asarray(projections, np.float64)
    if views.ndim != 3 or angles.shape != views.shape[:1] or not np.isfinite(views).all():
        raise WrongUsage(f"projections are (angle, row, column) with one angle each; these are {views.shape}")
    pairs = _opposite(angles)
    if pairs:
        return float(np.median([_mirror_axis(views[one], views[other]) for one, other in pairs]))
    return _centroid_axis(views.sum(axis=1), np.deg2rad(angles))


def _opposite(angles_deg: NDArray[np.float64]) -> list[tuple[int, int]]:
    apart = np.abs(np.mod(angles_deg[:, None] - angles_deg[None, :], 360.0) - 180.0)
    return [(int(one), int(apart[one].argmin())) for one in np.flatnonzero(apart.min(axis=1) <= OPPOSITE_DEG)]


def _mirror_axis(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the column about which one projection is the mirror image of the other.

    The mean squared difference over the columns both cover is least there; a parabola through it and its neighbours
    gives the fraction.
    """
    columns = one.shape[1]
    mirrored = other[:, ::-1]
    half = columns // 2
    shifts = np.arange(-half, half + 1)
    cost = np.array([_difference(one, mirrored, int(shift)) for shift in shifts])
    best = int(cost.argmin())
    fraction = 0.0
    if 0 < best < shifts.size - 1:
        before, at, after = (float(each) for each in cost[best - 1 : best + 2])
        curve = before - 2 * at + after
        fraction = 0.5 * (before - after) / curve if curve > 0 else 0.0
    return float(columns - 1 + int(shifts[best]) + fraction) / 2


def _difference(one: NDArray[np.float64], mirrored: NDArray[np.float64], shift: int) -> float:
    size = one.shape[1] - abs(shift)
    first = one[:, max(0, shift) :][:, :size]
    second = mirrored[:, max(0, -shift) :][:, :size]
    spread = first.var() + second.var()
    return float(np.mean((first - second) ** 2) / spread) if spread > 0 else np.inf


def _centroid_axis(mass: NDArray[np.float64], radians: NDArray[np.float64]) -> float:
    total = mass.sum(axis=1)
    if mass.shape[0] < 3 or not (total > 0).all():
        raise WrongUsage("the axis of rotation is found from three projections or more in which an object is seen")
    centroid = mass @ np.arange(mass.shape[1]) / total
    design = np.stack([np.ones_like(radians), np.cos(radians), np.sin(radians)], axis=1)
    fitted, _, rank, _ = np.linalg.lstsq(design, centroid, rcond=None)
    if rank < 3:
        raise WrongUsage("these angles do not tell the axis of rotation: spread them over half a turn or more")
    return float(fitted[0])


def without_stripes(projections: NDArray[Any], *, window_px: int = 9) -> Floats:
    """Return line integrals (angle, row, column) without the stripes of single columns, which make rings in a slice.

    What the mean over all angles of a column has beyond the median of its neighbours is taken out of every angle. A
    feature as narrow as a stripe and as steady, a wire on the axis, is taken out with it.

    Raises
    ------
    WrongUsage
        The window is even or below 3, or the array is none of projections.
    """
    from scipy.ndimage import median_filter

    views = np.asarray(projections, np.float32)
    if views.ndim != 3 or views.size == 0:
        raise WrongUsage(f"projections are (angle, row, column); these are {views.shape}")
    if window_px < 3 or window_px % 2 == 0:
        raise WrongUsage(f"the window across stripes is odd and at least 3 columns, not {window_px}")
    mean = views.mean(axis=0)
    return np.asarray(views - (mean - median_filter(mean, size=(1, window_px), mode="nearest")), np.float32)

"""Thickness of soft parts over a plane: flesh round many bones as one skin, and the net of spongy bone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float64]


def flesh(
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, rods_mm: Sequence[Sequence[float]] = (), web_mm: float = 3.0, flatness: float = 0.85,
) -> Field:  # fmt: skip
    """Return the thickness of flesh round rods, each (x, y, radius) of both ends, as one skin without seams.

    Where rods meet the skin is rounded by ``web_mm``; ``flatness`` is depth over width.
    """
    from kerma.science.simulate.reliefs import samples

    y, x = samples(size_mm, step_mm)
    total = np.zeros((y.size, x.size))
    for x0, y0, r0, x1, y1, r1 in rods_mm:
        reach = max(r0, r1) + 6.0 * web_mm
        rows = np.flatnonzero((y[:, 0] > min(y0, y1) - reach) & (y[:, 0] < max(y0, y1) + reach))
        columns = np.flatnonzero((x[0] > min(x0, x1) - reach) & (x[0] < max(x0, x1) + reach))
        if not (rows.size and columns.size):
            continue
        down, across = y[rows], x[:, columns]
        dx, dy = x1 - x0, y1 - y0
        along = np.clip(((across - x0) * dx + (down - y0) * dy) / max(dx * dx + dy * dy, 1e-9), 0.0, 1.0)
        away = np.sqrt((across - x0 - along * dx) ** 2 + (down - y0 - along * dy) ** 2)
        inside = r0 + along * (r1 - r0) - away
        total[np.ix_(rows, columns)] += np.exp(np.clip(inside / web_mm, -30.0, 30.0))
    # A smooth maximum of how far inside each rod a point lies, then the half chord of a round body of that depth.
    depth = web_mm * np.log(np.maximum(total, 1e-12))
    widest = max((max(rod[2], rod[5]) for rod in rods_mm), default=1.0)
    safe = np.clip(depth, 0.0, widest)
    result: Field = (
        2.0 * flatness * np.sqrt(safe * (2.0 * widest - safe)) * np.sqrt(np.clip(safe / widest, 0.0, 1.0)) ** 0.25
    )
    return result

"""Heights of welds over a plane: cap of one or more passes with the crescents of the pool, root run, toe groove."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kerma.science.simulate.texture import smooth_line

Field = NDArray[np.float64]
CROWN = 0.75
"""A toe meets the plate at an angle, not upright: the crown is this power of a parabola."""


def _axes(size_mm: tuple[float, float], step_mm: float) -> tuple[Field, Field]:
    from kerma.science.simulate.reliefs import samples

    return samples(size_mm, step_mm)


def weld_cap(  # noqa: PLR0913  (each is a parameter of the document)
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, height_mm: float = 2.0, ripple_mm: float = 0.15, ripple_pitch_mm: float = 1.5, wander_mm: float = 0.3,
    passes: int = 1, missing_mm: Sequence[float] = (),
) -> Field:  # fmt: skip
    """Return the cap of a weld along x: ``passes`` beads side by side, each with its crescents.

    ``missing_mm`` holds pairs of x between which nothing was laid down.
    """
    y, x = _axes(size_mm, step_mm)
    room = size_mm[1] - 2.0 * wander_mm
    width = room / (1.0 + 0.62 * (passes - 1))
    heights = np.zeros((y.size, x.size))
    for number in range(int(passes)):
        at = (number - (passes - 1) / 2.0) * 0.62 * width
        middle = at + 0.5 * wander_mm * smooth_line(generator, x.size, 12.0 / step_mm)[None, :]
        half = width / 2.0 * (1.0 + 0.03 * smooth_line(generator, x.size, 3.0 / step_mm)[None, :])
        across = (y - middle) / half
        crown = np.maximum(0.0, 1.0 - across**2) ** CROWN
        level = 1.0 + 0.06 * smooth_line(generator, x.size, 9.0 / step_mm)[None, :]
        ripple = _crescents(across, x, step_mm, generator, pitch_mm=ripple_pitch_mm, pool_mm=0.3 * width)
        soft = np.minimum(1.0, 3.0 * crown)
        heights = np.maximum(heights, height_mm * level * crown + ripple_mm * soft * ripple)
    return np.maximum(heights, 0.0) * _laid(x, missing_mm)


def weld_root(
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, height_mm: float = 0.8, wander_mm: float = 0.4, missing_mm: Sequence[float] = (),
) -> Field:  # fmt: skip
    """Return the penetration of a root run: narrow, uneven, with drops; ``missing_mm`` as for the cap."""
    y, x = _axes(size_mm, step_mm)
    middle = 0.5 * wander_mm * smooth_line(generator, x.size, 10.0 / step_mm)[None, :]
    half = (size_mm[1] / 2.0 - wander_mm) * (1.0 + 0.12 * smooth_line(generator, x.size, 4.0 / step_mm)[None, :])
    crown = np.maximum(0.0, 1.0 - ((y - middle) / np.maximum(half, 4.0 * step_mm)) ** 2) ** CROWN
    level = np.clip(1.0 + 0.22 * smooth_line(generator, x.size, 5.0 / step_mm), 0.2, 1.8)[None, :]
    fine = 1.0 + 0.08 * smooth_line(generator, x.size, 1.2 / step_mm)[None, :]
    return height_mm * crown * level * fine * _laid(x, missing_mm)


def groove(
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, depth_mm: float = 0.5, wander_mm: float = 0.15, unevenness: float = 0.3,
) -> Field:  # fmt: skip
    """Return the depth of a groove along x that runs out at both ends: undercut; give it as a void inside a plate."""
    y, x = _axes(size_mm, step_mm)
    middle = 0.5 * wander_mm * smooth_line(generator, x.size, 3.0 / step_mm)[None, :]
    half = max(size_mm[1] / 2.0 - wander_mm, size_mm[1] / 4.0)
    across = np.maximum(0.0, 1.0 - ((y - middle) / half) ** 2)
    ends = np.maximum(0.0, 1.0 - (2.0 * x / size_mm[0]) ** 4)
    level = np.clip(1.0 + unevenness * smooth_line(generator, x.size, 2.0 / step_mm), 0.3, 1.0 + unevenness)[None, :]
    return depth_mm / (1.0 + unevenness) * level * across * ends


def _crescents(
    across: Field, x: Field, step_mm: float, generator: np.random.Generator, *, pitch_mm: float, pool_mm: float
) -> Field:
    """Return the crescents left by the moving pool: steep on one side, from -0.5 to 0.5."""
    drift = np.cumsum(1.0 + 0.3 * smooth_line(generator, x.size, 2.0 * pitch_mm / step_mm))[None, :] * step_mm
    phase = (drift - pool_mm * (1.0 - np.minimum(np.abs(across), 1.0) ** 2.2)) / pitch_mm
    saw = phase - np.floor(phase)
    weak = np.clip(0.75 + 0.3 * smooth_line(generator, x.size, 5.0 / step_mm), 0.2, 1.5)[None, :]
    return weak * (np.where(saw < 0.75, saw / 0.75, (1.0 - saw) / 0.25) - 0.5)


def _laid(x: Field, missing_mm: Sequence[float]) -> Field:
    """Return 1 where metal was laid down and 0 between the pairs of ``missing_mm``, with short slopes."""
    laid = np.ones_like(x)
    for first, last in zip(missing_mm[::2], missing_mm[1::2], strict=True):
        laid = np.minimum(laid, np.clip(np.maximum(first - x, x - last) / 0.8, 0.0, 1.0))
    return laid

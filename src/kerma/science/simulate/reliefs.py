"""Heights over a plane: weld bead, rough skin, pits, cloth. One function per kind, and how rays run through them.

A generator takes the size (x, y) in mm, the sampling step in mm, a random generator and its own parameters, and
returns heights in mm of shape (y, x). Negative heights take material away. Heights are rounded to a nanometre, so that
the last bits of a library's cosine decide nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import NotFound, WrongUsage
from kerma.science.bands import over_rows
from kerma.science.simulate.body_reliefs import flesh
from kerma.science.simulate.document import Relief
from kerma.science.simulate.material_reliefs import corroded, filaments, honeycomb, sponge, weave
from kerma.science.simulate.shapes import Patch, pixel_at
from kerma.science.simulate.texture import smooth_field, smooth_line
from kerma.science.simulate.view import Rays, window_of
from kerma.science.simulate.weld_reliefs import groove, weld_cap, weld_root

Field = NDArray[np.float64]
MOST_SAMPLES = 25_000_000
NANOMETRES = 1e6


def samples(size_mm: tuple[float, float], step_mm: float) -> tuple[Field, Field]:
    """Return y as a column and x as a row of the samples of a relief, in mm from its middle."""
    counts = (max(1, round(edge / step_mm)) for edge in size_mm)
    x, y = (np.asarray((np.arange(count) - (count - 1) / 2.0) * step_mm, dtype=np.float64) for count in counts)
    return y[:, None], x[None, :]


def flat(
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator, *, height_mm: float = 1.0
) -> Field:
    """Return one height everywhere."""
    y, x = samples(size_mm, step_mm)
    return np.full((y.size, x.size), height_mm)


def rough(
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, rms_mm: float = 0.05, feature_mm: float = 2.0, stretch: float = 1.0,
) -> Field:  # fmt: skip
    """Return a rough skin of mean 0; its features are ``feature_mm`` wide, ``stretch`` times as long along x."""
    y, x = samples(size_mm, step_mm)
    return rms_mm * smooth_field(generator, (y.size, x.size), feature_mm / step_mm, stretch)


def grain(
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, rms_mm: float = 0.02, feature_mm: float = 0.4,
) -> Field:  # fmt: skip
    """Return the mottle of a coarse grain: fine, of mean 0."""
    return rough(size_mm, step_mm, generator, rms_mm=rms_mm, feature_mm=feature_mm)


def orange_peel(
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, rms_mm: float = 0.04, feature_mm: float = 3.0,
) -> Field:  # fmt: skip
    """Return the dimpled skin of a cast or painted surface: round dents on two scales, of mean 0."""
    large = rough(size_mm, step_mm, generator, rms_mm=1.0, feature_mm=feature_mm)
    small = rough(size_mm, step_mm, generator, rms_mm=0.35, feature_mm=feature_mm / 4.0)
    field = small - np.abs(large)
    result: Field = rms_mm * (field - field.mean()) / max(float(field.std()), 1e-12)
    return result


def bead(  # noqa: PLR0913  (each is a parameter of the document)
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, height_mm: float = 2.0, ripple_mm: float = 0.08, ripple_pitch_mm: float = 1.6, wander_mm: float = 0.3,
) -> Field:  # fmt: skip
    """Return the cap of a weld along x: a crown that wanders, with the ripple of a moving pool."""
    y, x = samples(size_mm, step_mm)
    middle = wander_mm * smooth_line(generator, x.size, 20.0 * ripple_pitch_mm / step_mm)[None, :]
    usual = max(size_mm[1] / 2.0 - 2.0 * wander_mm, size_mm[1] / 4.0)
    half = usual * (1.0 + 0.04 * smooth_line(generator, x.size, 8.0 / step_mm)[None, :])
    across = (y - middle) / half
    crown = np.sqrt(np.maximum(0.0, 1.0 - across**2))
    place = x + 0.6 * half * across**2 + 0.25 * ripple_pitch_mm * smooth_line(generator, x.size, 4.0 / step_mm)[None, :]
    ripple = np.cos(2.0 * np.pi * place / ripple_pitch_mm)
    level = 1.0 + 0.05 * smooth_line(generator, x.size, 15.0 / step_mm)[None, :]
    return crown * np.maximum(0.0, height_mm * crown * level + ripple_mm * ripple)


def root(
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, height_mm: float = 1.0, wander_mm: float = 0.4,
) -> Field:  # fmt: skip
    """Return the penetration of a root run along x: lower, narrower and less even than a cap."""
    return bead(
        size_mm, step_mm, generator, height_mm=height_mm, ripple_mm=0.04 * height_mm, ripple_pitch_mm=3.0,
        wander_mm=wander_mm,
    )  # fmt: skip


def pits(  # noqa: PLR0913  (each is a parameter of the document)
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, count: int = 20, depth_mm: float = 1.0, radius_mm: float = 2.0, spread: float = 0.5,
) -> Field:  # fmt: skip
    """Return how deep corrosion has gone: round pits, the deepest ``depth_mm``; give it as a void inside a wall."""
    y, x = samples(size_mm, step_mm)
    depth = np.zeros((y.size, x.size))
    for number in range(int(count)):
        size = 1.0 if number == 0 else 1.0 - spread * float(generator.random())
        wide = radius_mm * size
        at_x, at_y = (float(generator.uniform(-0.5, 0.5)) * max(0.0, edge - 2.0 * wide) for edge in size_mm)
        rows, columns = np.flatnonzero(np.abs(y[:, 0] - at_y) < wide), np.flatnonzero(np.abs(x[0] - at_x) < wide)
        if rows.size and columns.size:
            away = ((y[rows] - at_y) ** 2 + (x[:, columns] - at_x) ** 2) / wide**2
            here = np.ix_(rows, columns)
            depth[here] = np.maximum(depth[here], depth_mm * size * np.maximum(0.0, 1.0 - away))
    return depth


def cloth(
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, thickness_mm: float = 6.0, fold_mm: float = 25.0, unevenness: float = 0.35,
) -> Field:  # fmt: skip
    """Return folded cloth: layers that swell and crease, thinning towards the border."""
    y, x = samples(size_mm, step_mm)
    shape = y.size, x.size
    folds = smooth_field(generator, shape, fold_mm / step_mm, 2.5)
    creases = np.abs(smooth_field(generator, shape, 0.5 * fold_mm / step_mm, 4.0))
    border = np.minimum(size_mm[1] / 2.0 - np.abs(y), size_mm[0] / 2.0 - np.abs(x)) / max(0.1 * min(size_mm), step_mm)
    thick = thickness_mm * (1.0 + unevenness * (folds - 0.5 * creases))
    return np.maximum(0.0, thick) * np.clip(border, 0.0, 1.0)


RELIEFS: dict[str, Callable[..., Field]] = {
    "bead": bead, "root": root, "rough": rough, "pits": pits, "flat": flat, "cloth": cloth, "grain": grain,
    "orange-peel": orange_peel, "weld-cap": weld_cap, "weld-root": weld_root, "groove": groove,
    "flesh": flesh,
    "sponge": sponge, "filaments": filaments, "honeycomb": honeycomb, "weave": weave, "corroded": corroded,
}  # fmt: skip
"""Every kind of relief: a function of size_mm (x, y), step_mm, generator and keyword parameters."""


def height_map(relief: Relief, seed: int) -> Field:
    """Return the heights of a relief in mm, shape (y, x), to the nanometre.

    Raises
    ------
    NotFound
        No such kind; the message lists them.
    WrongUsage
        A parameter the kind does not take, or a size that is none or is too finely sampled.
    """
    make = RELIEFS.get(relief.kind)
    if make is None:
        raise NotFound(f"there is no relief '{relief.kind}'; there are {', '.join(sorted(RELIEFS))}")
    if not (min(relief.size_mm) > 0 and relief.step_mm > 0 and np.isfinite([*relief.size_mm, relief.step_mm]).all()):
        raise WrongUsage(f"a relief of {relief.size_mm[0]:g} × {relief.size_mm[1]:g} mm has no area")
    if relief.size_mm[0] / relief.step_mm * (relief.size_mm[1] / relief.step_mm) > MOST_SAMPLES:
        raise WrongUsage(f"a relief has at most {MOST_SAMPLES:,} samples; make step_mm larger")
    heights = make(relief.size_mm, relief.step_mm, _generator(relief, seed), **_checked(make, relief.parameters))
    result: Field = np.rint(np.asarray(heights, dtype=np.float64) * NANOMETRES) / NANOMETRES
    if result.ndim != 2 or not np.isfinite(result).all():
        raise WrongUsage(f"the relief '{relief.kind}' with these parameters is no map of finite heights")
    return result


def _generator(relief: Relief, seed: int) -> np.random.Generator:
    return np.random.default_rng((seed + relief.seed) % 2**64)


def _checked(make: Callable[..., Field], parameters: Mapping[str, Any]) -> dict[str, Any]:
    known = list(inspect.signature(make).parameters)[3:]
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise WrongUsage(f"this relief has no parameter '{unknown[0]}'; it has {', '.join(known)}")
    return dict(parameters)


def relief_patch(relief: Relief, rays: Rays, *, seed: int, rays_per_pixel: int) -> Patch | None:
    """Return the chords of rays through a relief; ``rays`` are in its own frame."""
    from kerma.science.simulate.chord_kernels import heights

    values = height_map(relief, seed)
    half_y, half_x = (count * relief.step_mm / 2.0 for count in values.shape)
    low, high = (-half_x, -half_y, 0.0), (half_x, half_y, 0.0)
    window = window_of(rays, low, high)
    if window is None:
        return None
    rows, columns = window[0].stop - window[0].start, window[1].stop - window[1].start
    frame = rays.starting_at(window[0].start, window[1].start, (rows, columns)).frame
    chord_mm = np.zeros((rows, columns))
    grid = np.array([-half_x + relief.step_mm / 2.0, -half_y + relief.step_mm / 2.0, relief.step_mm])
    count = min(max(rays_per_pixel, int(np.ceil(pixel_at(rays, low, high) / relief.step_mm))), 8)
    over_rows(rows, lambda band: heights(values, grid, frame, count, chord_mm, band))
    return Patch(window, chord_mm) if chord_mm.any() else None

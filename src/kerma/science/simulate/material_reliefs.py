"""Heights of what a material is made of, or spoilt by: shrinkage sponge and filaments, honeycomb, woven cloth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.science.simulate.texture import smooth_field

Field = NDArray[np.float64]


def _axes(size_mm: tuple[float, float], step_mm: float) -> tuple[Field, Field]:
    from kerma.science.simulate.reliefs import samples

    return samples(size_mm, step_mm)


def _fading(y: Field, x: Field, size_mm: tuple[float, float]) -> Field:
    """Return 1 in the middle and 0 from the inscribed ellipse on."""
    away = (2.0 * x / size_mm[0]) ** 2 + (2.0 * y / size_mm[1]) ** 2
    return np.clip(1.3 * (1.0 - away), 0.0, 1.0)


def sponge(
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, depth_mm: float = 1.5, feature_mm: float = 1.0, fill: float = 0.5,
) -> Field:  # fmt: skip
    """Return the depth of spongy shrinkage: a cloud of ragged holes that thins towards its border; give it as a void.

    ``fill`` is the share of the middle that is open, ``depth_mm`` the deepest.
    """
    y, x = _axes(size_mm, step_mm)
    large = smooth_field(generator, (y.size, x.size), 3.0 * feature_mm / step_mm)
    small = smooth_field(generator, (y.size, x.size), feature_mm / step_mm)
    field = 0.55 * large + small
    fading = _fading(y, x, size_mm)
    threshold = float(np.quantile(field, 1.0 - fill)) + 1.2 * (1.0 - fading)
    depth = np.maximum(0.0, field - threshold) * fading
    return depth_mm * depth / max(float(depth.max()), 1e-9)


def filaments(
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, depth_mm: float = 1.0, mesh_mm: float = 5.0, width_mm: float = 0.5,
) -> Field:  # fmt: skip
    """Return the depth of filamentary shrinkage: a net of branching threads round the grains; give it as a void."""
    y, x = _axes(size_mm, step_mm)
    shape = y.size, x.size
    net = np.zeros(shape)
    for share in (1.0, 0.6):
        field = smooth_field(generator, shape, share * mesh_mm / step_mm)
        down, across = np.gradient(field, step_mm)
        steep = np.sqrt(down**2 + across**2)
        away = np.abs(field) / np.maximum(steep, 0.15)
        net = np.maximum(net, share * np.maximum(0.0, 1.0 - (2.0 * away / (share * width_mm)) ** 2))
    strength = np.clip(1.0 + 0.5 * smooth_field(generator, shape, 1.2 * mesh_mm / step_mm), 0.0, 1.8)
    return depth_mm / 1.8 * net * strength * _fading(y, x, size_mm)


def honeycomb(
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, cell_mm: float = 6.4, wall_mm: float = 0.1, height_mm: float = 12.0,
) -> Field:  # fmt: skip
    """Return the walls of a honeycomb of hexagons ``cell_mm`` wide; one has its middle at the origin."""
    y, x = _axes(size_mm, step_mm)
    edge = hexagon_edge_distance(x, y, cell_mm)
    # A wall thinner than a sample keeps its mean height: half of it belongs to each cell.
    share = (
        np.clip((wall_mm / 2.0 - edge) / step_mm + 0.5, 0.0, 1.0)
        if wall_mm > step_mm
        else np.where(edge < step_mm / 2.0, wall_mm / step_mm, 0.0)
    )
    return height_mm * share


def hexagon_edge_distance(x: Field, y: Field, cell_mm: float) -> Field:
    """Return how far points lie from the wall of their cell; cells stand in columns along y."""
    root = float(np.sqrt(3.0))
    wide, tall = root * cell_mm, cell_mm
    first = x - wide * np.rint(x / wide), y - tall * np.rint(y / tall)
    second = (
        x - wide / 2.0 - wide * np.rint((x - wide / 2.0) / wide),
        y - tall / 2.0 - tall * np.rint((y - tall / 2.0) / tall),
    )
    distances = []
    for across, down in (first, second):
        away = np.maximum(np.abs(down), 0.5 * np.abs(down) + root / 2.0 * np.abs(across))
        distances.append(cell_mm / 2.0 - away)
    result: Field = np.abs(np.maximum(distances[0], distances[1]))
    return result


def weave(
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, rms_mm: float = 0.02, tow_mm: float = 2.0, unevenness: float = 0.4,
) -> Field:  # fmt: skip
    """Return the thickness of woven cloth in a laminate, of mean 0: tows along x and y that cross, never quite even."""
    y, x = _axes(size_mm, step_mm)
    bend = 0.15 * tow_mm * smooth_field(generator, (y.size, x.size), 15.0 / step_mm)
    along, across = np.cos(np.pi * (x + bend) / tow_mm), np.cos(np.pi * (y + bend) / tow_mm)
    uneven = 1.0 + unevenness * smooth_field(generator, (y.size, x.size), 4.0 / step_mm)
    field = along * across * uneven
    result: Field = rms_mm * (field - field.mean()) / max(float(field.std()), 1e-12)
    return result


def corroded(
    size_mm: tuple[float, float], step_mm: float, generator: np.random.Generator,
    *, depth_mm: float = 2.0, raggedness: float = 0.35,
) -> Field:  # fmt: skip
    """Return the depth of one corroded place: a ragged dish, ``depth_mm`` at its deepest; give it as a void."""
    y, x = _axes(size_mm, step_mm)
    shape, wide = (y.size, x.size), min(size_mm)
    bend = raggedness * smooth_field(generator, shape, 0.5 * wide / step_mm)
    away = (2.0 * x / size_mm[0]) ** 2 + (2.0 * y / size_mm[1]) ** 2
    dish = np.maximum(0.0, 1.0 - away * (1.25 + bend))
    floor = 1.0 + 0.6 * raggedness * smooth_field(generator, shape, 0.22 * wide / step_mm)
    depth = np.where(away < 1.0, dish**0.8 * np.maximum(0.2, floor), 0.0)
    return depth_mm * depth / max(float(depth.max()), 1e-9)

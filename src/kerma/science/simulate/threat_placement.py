"""Where in a bag a threat can lie: inside the outline, not through dense things, where there is depth left for it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.physics.materials import density_of
from kerma.science.physics.spectral_channel import Channel
from kerma.science.simulate.threat_projection import Scan, Scanner, ThreatMap, bag_thickness, placed
from kerma.standards import table

Field = NDArray[np.float64]
Mask = NDArray[np.bool_]
TABLE = "kerma_security/placement"
SMOOTHED_PX = 3
TRIES = 6


@functools.cache
def setting(name: str) -> float:
    """Return one of Kerma's settings of placement."""
    return next(float(row["value"]) for row in table(TABLE) if row["quantity"] == name)


@dataclass(frozen=True)
class Ground:
    """What is known of a bag: where it is, where dense things lie, how much attenuates, how much depth is used.

    ``inside`` is the bag less its border; ``used_mm`` the depth its contents are taken to fill.
    """

    inside: Mask
    dense: Mask
    a_high: Field
    used_mm: Field


@dataclass(frozen=True)
class Fit:
    """How a threat fits where it is: the shares of its outline outside the bag, on dense things, too dark, too deep."""

    outside: float
    dense: float
    opaque: float
    no_depth: float

    @property
    def is_plausible(self) -> bool:
        """Whether a threat may lie there."""
        return (
            self.outside == 0.0 and self.dense <= setting("most_dense_share")
            and self.opaque <= setting("most_opaque_share") and self.no_depth <= setting("most_deep_share")
        )  # fmt: skip


def ground_of(scan: Scan, scanner: Scanner) -> Ground:
    """Return what the picture of a bag says of the room in it.

    Raises
    ------
    WrongUsage
        There is no bag in the picture.
    """
    from scipy import ndimage

    coarse = bag_thickness(_every_other(scan), scanner)
    shape = scan.low.shape
    thickness = coarse.repeat(2, axis=0).repeat(2, axis=1)[: shape[0], : shape[1]]
    a_high = ndimage.uniform_filter(scan.attenuations()[1], SMOOTHED_PX)
    body = ndimage.binary_fill_holes(ndimage.binary_closing(a_high > setting("outline_attenuation"), iterations=2))
    pieces, count = ndimage.label(body)
    if count == 0:
        raise WrongUsage("no bag in the picture: nothing weakens the beam")
    largest = pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
    border = max(1, round(setting("border_mm") / scanner.pixel_mm))
    inside = ndimage.binary_erosion(np.pad(largest, 1), iterations=border)[1:-1, 1:-1]
    iron = np.where(np.isfinite(thickness[..., 1]), thickness[..., 1], np.inf)
    light, heavy = (density_of(name) for name in scanner.calibration.basis)
    organic = np.maximum(np.nan_to_num(thickness[..., 0]), 0.0) * light / setting("packing_density_g_cm3")
    used = organic + np.maximum(np.nan_to_num(thickness[..., 1]), 0.0) * heavy / density_of("aluminium")
    return Ground(inside, iron > setting("dense_iron_mm"), a_high, used)


def _every_other(scan: Scan) -> Scan:
    """Return every other pixel of a smoothed picture: room needs no finer map."""
    from scipy.ndimage import median_filter

    low, high = (median_filter(each, SMOOTHED_PX)[::2, ::2] for each in (scan.low, scan.high))
    return Scan(low, high)


def fit_of(ground: Ground, threat: ThreatMap, a_threat: Field, *, depth_mm: float = np.inf) -> Fit:
    """Return how a threat on the bag's grid fits.

    Parameters
    ----------
    a_threat : high-energy attenuation of the threat alone
    depth_mm : how deep the bag is along the rays; a threat needs what its contents leave
    """
    where = threat.outline
    count = max(1, int(where.sum()))
    total = np.sum(list(threat.thickness_mm.values()), axis=0)
    share = {
        "outside": ~ground.inside, "dense": ground.dense,
        "opaque": ground.a_high + a_threat > setting("most_attenuation"),
        "no_depth": ground.used_mm + total > depth_mm,
    }  # fmt: skip
    return Fit(**{name: float((mask & where).sum()) / count for name, mask in share.items()})


def places(
    ground: Ground, threat: ThreatMap, a_threat: Field, *, depth_mm: float = np.inf, rows: slice = slice(None)
) -> NDArray[np.int64]:
    """Return every (row, column) the middle of a threat may stand at, shape (place, 2).

    ``threat`` and ``a_threat`` are in a map of their own, smaller than the picture, its middle the threat's; ``rows``
    are the only rows to look at.
    """
    from scipy.signal import fftconvolve

    where = threat.outline
    kernel = where[::-1, ::-1].astype(np.float64)
    count = kernel.sum()
    mean_depth = float(np.sum(list(threat.thickness_mm.values()), axis=0)[where].mean())
    mean_attenuation = float(a_threat[where].mean())
    limits = (
        (~ground.inside, 0.0), (ground.dense, setting("most_dense_share")),
        (ground.a_high + mean_attenuation > setting("most_attenuation"), setting("most_opaque_share")),
        (ground.used_mm + mean_depth > depth_mm, setting("most_deep_share")),
    )  # fmt: skip
    allowed = np.ones(ground.inside.shape, dtype=bool)
    for mask, most in limits:
        padded = np.pad(mask.astype(np.float64), [(size // 2, size - 1 - size // 2) for size in kernel.shape],
                        constant_values=1.0 if mask is limits[0][0] else 0.0)  # fmt: skip
        allowed &= fftconvolve(padded, kernel, mode="valid") <= most * count + 0.5
    only = np.zeros_like(allowed)
    only[rows] = True
    return np.argwhere(allowed & only)


def found_place(
    scan: Scan, threat: ThreatMap, scanner: Scanner, *, random: np.random.Generator, depth_mm: float = np.inf,
    turns: int = 12,
) -> tuple[ThreatMap, Fit, tuple[int, int], float]:  # fmt: skip
    """Return the threat somewhere it can lie, how it fits, the row and column of its middle, and its turn in degrees.

    Raises
    ------
    WrongUsage
        No place among ``turns`` random turns: the bag is too small or too full.
    """
    ground = ground_of(scan, scanner)
    for _ in range(turns):
        turn = round(float(random.uniform(0.0, 360.0)), 1)
        own = cut(placed(threat, _whole(threat, scanner), scanner, at=_middle(threat, scanner), turn_deg=turn))
        alone = attenuation_alone(own, scanner)
        free = places(ground, own, alone, depth_mm=depth_mm)
        if not len(free):
            continue
        for pick in random.integers(0, len(free), size=TRIES):
            row, column = int(free[pick][0]), int(free[pick][1])
            there = on_grid(own, scan.low.shape, (row, column))
            fit = fit_of(ground, there, attenuation_alone(there, scanner), depth_mm=depth_mm)
            if fit.is_plausible:
                return there, fit, (row, column), turn
    raise WrongUsage("the threat finds no room in this bag: it is too large or the bag too full; take another")


def attenuation_alone(threat: ThreatMap, scanner: Scanner) -> Field:
    """Return the high-energy attenuation of a threat by itself."""
    where = threat.outline
    rays = np.stack([values[where] for values in threat.thickness_mm.values()], axis=-1)
    result = np.zeros(where.shape)
    if where.any():
        result[where] = Channel.of(scanner.beams[1], list(threat.thickness_mm)).attenuation(rays)
    return result


def on_grid(threat: ThreatMap, shape: tuple[int, int], middle: tuple[int, int]) -> ThreatMap:
    """Return a threat's own map laid into an empty picture, its middle at a row and column; it must lie inside."""
    height, width = threat.outline.shape
    row, column = middle[0] - height // 2, middle[1] - width // 2
    maps = {}
    for name, values in threat.thickness_mm.items():
        whole = np.zeros(shape)
        top, left = max(0, -row), max(0, -column)
        bottom, right = min(height, shape[0] - row), min(width, shape[1] - column)
        whole[row + top : row + bottom, column + left : column + right] = values[top:bottom, left:right]
        maps[name] = whole
    return ThreatMap(maps, threat.pixel_mm, threat.blur_px)


def _whole(threat: ThreatMap, scanner: Scanner) -> tuple[int, int]:
    """Return the size of a map that holds the threat at any turn."""
    diagonal = float(np.hypot(*threat.outline.shape)) * threat.pixel_mm / scanner.pixel_mm
    return (int(diagonal) + 4,) * 2


def _middle(threat: ThreatMap, scanner: Scanner) -> tuple[float, float]:
    size = _whole(threat, scanner)
    return (size[0] - 1) / 2.0, (size[1] - 1) / 2.0


def cut(threat: ThreatMap) -> ThreatMap:
    """Return the threat's map cut to its outline, with an odd number of rows and columns."""
    rows, columns = (np.flatnonzero(threat.outline.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        raise WrongUsage("the threat's map is empty")
    window = tuple(slice(int(line[0]), int(line[-1]) + 1) for line in (rows, columns))
    maps = {
        name: np.pad(values[window], [(0, 1 - size % 2) for size in values[window].shape])
        for name, values in threat.thickness_mm.items()
    }
    return ThreatMap(maps, threat.pixel_mm, threat.blur_px)

"""How well values of pixels cover flawed regions: per-region overlap (PRO), and the area under its curve (AUPRO).

A detector of anomalies gives every pixel a value. At a threshold, the overlap of a region is the share of its pixels
that reach it; PRO is its mean over all regions, so that a small flaw weighs as much as a large one. AUPRO is the area
under PRO over the share of sound pixels that reach the threshold too, up to a limit of that share, over the limit
(Bergmann et al. 2021, section 4.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.observer import bootstrap
from kerma.science.observer.cases import Floats

LIMIT = 0.3
"""The share of sound pixels up to which the area is taken."""
LEVELS = 65_536
LARGEST_LOGIT = 12.0
"""Values are told apart in equal steps of their log odds, 0.0004 each; beyond this they are equal."""
THRESHOLDS = 600
"""So many thresholds the intervals are drawn at; the figures themselves take every one."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Overlap:
    """The values of one image: at each level that occurs, ascending, what lies there."""

    group: str
    levels: NDArray[np.uint16]
    sound: Floats
    """Sound pixels."""
    flawed: Floats
    """Pixels of regions."""
    covered: Floats
    """Sum over the regions of the share of their pixels."""
    regions: int


@dataclass(frozen=True)
class RegionFigures:
    """AUPRO and the area under the ROC curve of pixels, with their intervals; None where there is nothing to find."""

    regions: int
    limit: float
    aupro: float | None
    pixel_auc: float | None
    aupro_interval: tuple[float, float] | None
    pixel_auc_interval: tuple[float, float] | None


def overlap(values: NDArray[np.float32], flawed: Mask, group: str, *, left_out: Mask | None = None) -> Overlap:
    """Return what the values of one image say of its regions.

    Parameters
    ----------
    values : (row, column), 0 to 1, higher where something is amiss
    flawed : (row, column), True in every flaw; pixels that touch, by a corner too, are one region
    group : what belongs together, for intervals
    left_out : (row, column), True where nothing is known: neither sound nor flawed

    Raises
    ------
    WrongUsage
        Shapes that differ, or values that are no shares of 1.
    """
    import cv2

    if values.ndim != 2 or values.shape != flawed.shape or (left_out is not None and left_out.shape != flawed.shape):
        raise WrongUsage(f"values {values.shape} and regions {flawed.shape} must be two pictures of one size")
    if not (np.isfinite(values).all() and values.min(initial=0.0) >= 0 and values.max(initial=0.0) <= 1):
        raise WrongUsage("values of pixels must be shares from 0 to 1 to be compared with regions")
    known = np.ones(values.shape, dtype=bool) if left_out is None else ~left_out
    count, numbers = cv2.connectedComponents((flawed & known).astype(np.uint8), connectivity=8)
    at = _levels(values[known])
    of = numbers[known]
    sizes = np.bincount(of, minlength=count).astype(np.float64)
    levels, place = np.unique(at, return_inverse=True)
    is_sound = of == 0
    share = np.where(is_sound, 0.0, 1.0 / np.maximum(sizes[of], 1.0))

    def summed(weights: Floats) -> Floats:
        return np.bincount(place, weights, levels.size).astype(np.float64)

    sound, in_region = is_sound.astype(np.float64), (~is_sound).astype(np.float64)
    return Overlap(group, levels, summed(sound), summed(in_region), summed(share), count - 1)


def _levels(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return the level of values from 0 to 1: equal steps of their log odds."""
    share = values.astype(np.float64)
    with np.errstate(divide="ignore"):
        logit = np.clip(np.log(share) - np.log1p(-share), -LARGEST_LOGIT, LARGEST_LOGIT)
    levels: NDArray[np.uint16] = np.rint((logit + LARGEST_LOGIT) / (2 * LARGEST_LOGIT) * (LEVELS - 1)).astype(np.uint16)
    return levels


def region_figures(
    overlaps: Sequence[Overlap], *, limit: float = LIMIT, resamples: int = bootstrap.RESAMPLES, seed: int = 1
) -> RegionFigures:
    """Return AUPRO up to a share of sound pixels, and the area under the ROC curve of pixels, with 95 % intervals.

    Intervals are from drawing whole groups of images again and again.

    Raises
    ------
    WrongUsage
        The limit is no share above 0 and up to 1.
    """
    if not 0 < limit <= 1:
        raise WrongUsage(f"AUPRO is taken up to a share of sound pixels above 0 and up to 1, not {limit:g}")
    regions = sum(one.regions for one in overlaps)
    levels = np.unique(np.concatenate([one.levels for one in overlaps])) if overlaps else np.zeros(0, np.uint16)
    curve = _curves(overlaps, levels).sum(axis=0)
    aupro, auc = _areas(curve, regions, limit)
    if aupro is None:
        return RegionFigures(regions, limit, aupro, auc, None, None)
    few = levels[np.unique(np.linspace(0, levels.size - 1, THRESHOLDS).astype(int))] if _is_long(levels) else levels
    each, counts = _curves(overlaps, _spread(curve, levels, few)), np.array([one.regions for one in overlaps])
    found = []
    for weights in bootstrap.group_weights([one.group for one in overlaps], resamples, seed):
        found.append(_areas(np.tensordot(weights, each, axes=1), float(weights @ counts), limit))
    drawn = np.array([[np.nan if value is None else value for value in pair] for pair in found])
    holding = len({one.group for one in overlaps if one.regions})
    return RegionFigures(
        regions, limit, aupro, auc, bootstrap.share_interval(drawn[:, 0], holding),
        bootstrap.share_interval(drawn[:, 1], holding),
    )  # fmt: skip


def _is_long(levels: NDArray[np.uint16]) -> bool:
    return levels.size > THRESHOLDS


def _spread(curve: Floats, levels: NDArray[np.uint16], few: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return few of many levels, ascending: half evenly spaced, half where the share of sound pixels changes evenly."""
    if not _is_long(levels):
        return levels
    reached = curve[0] / max(curve[0, -1], 1.0)
    steps = np.searchsorted(reached, np.linspace(0.0, 1.0, THRESHOLDS))
    # The curve runs from the highest level down.
    even = levels[::-1][np.minimum(steps, levels.size - 1)]
    return np.unique(np.concatenate([few, even, levels[:1]]))


def _curves(overlaps: Sequence[Overlap], levels: NDArray[np.uint16]) -> Floats:
    """Return, of every image, sound and flawed pixels and summed shares from each level on, the highest level first."""
    curves = np.zeros((len(overlaps), 3, levels.size))
    for number, one in enumerate(overlaps):
        # A level that is not among those asked for counts at the next lower one.
        place = np.maximum(np.searchsorted(levels, one.levels, side="right") - 1, 0)
        for row, sums in enumerate((one.sound, one.flawed, one.covered)):
            curves[number, row] = np.cumsum(np.bincount(place, sums, levels.size)[::-1])
    return curves


def _areas(curve: Floats, regions: float, limit: float) -> tuple[float | None, float | None]:
    """Return AUPRO and the area under the ROC curve of pixels; None without regions or without sound pixels."""
    sound, flawed, covered = (np.concatenate([[0.0], row]) for row in curve)
    if regions <= 0 or sound[-1] <= 0 or flawed[-1] <= 0:
        return None, None
    false, hit, share = sound / sound[-1], flawed / flawed[-1], covered / regions
    within = false <= limit
    cut = np.append(false[within], limit)
    heights = np.append(share[within], np.interp(limit, false, share))
    return float(np.trapezoid(heights, cut) / limit), float(np.trapezoid(hit, false))

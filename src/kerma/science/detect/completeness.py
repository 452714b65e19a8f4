"""Completeness: whether every named feature of a good part (a bolt, a clip, a core) is there.

In its place, what the picture shows beside the background is compared with what good parts show there: the share of
that contrast, by least squares, is 1 for a feature that is there and 0 for one that is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.detect.area import Area
from kerma.science.detect.laying import limit
from kerma.science.detect.part_reference import VERSION as REFERENCE_VERSION
from kerma.science.detect.part_reference import Reference
from kerma.science.detect.subtraction import Difference, difference, placed
from kerma.science.imaging.image import Image
from kerma.science.measure.region import Region
from kerma.science.results import By, Finding

VERSION = f"1.{REFERENCE_VERSION}"
PRESENT, MISSING, UNCLEAR, UNTOLD = "present", "missing", "unclear", "cannot-be-told"
FRAME_PX = 2
SMALLEST_PX = 8


@dataclass(frozen=True)
class Feature:
    """One named feature: its state, the share of the expected contrast that is seen, and that share's uncertainty."""

    name: str
    region: Region
    state: str
    share: float
    uncertainty: float
    reason: str
    contrast: float = 0.0
    """What it adds to the values of good parts beside its background, the mean over its place; negative where it takes
    radiation."""


def detect(image: Image, *, reference: Reference, plane: int = 0) -> tuple[Finding, ...]:
    """Return a finding for every named feature that is missing, unclear, or cannot be told; none for those present.

    The label is the state (``missing``, ``unclear``, ``cannot-be-told``), the code the feature's name. ``share`` is
    that of the expected contrast; ``score`` = 1 - share, within 0 and 1.

    Raises
    ------
    WrongUsage
        The reference names no features, or the image cannot be compared with it.
    """
    seen, found = _seen(image, reference, plane)
    return tuple(
        finding(image, plane, one, found) for one in sorted(seen, key=lambda one: one.share) if one.state != PRESENT
    )


def features(image: Image, reference: Reference, *, plane: int = 0) -> tuple[Feature, ...]:
    """Return the state of every named feature, also of those that are there."""
    return _seen(image, reference, plane)[0]


def _seen(image: Image, reference: Reference, plane: int) -> tuple[tuple[Feature, ...], Difference]:
    if not reference.regions:
        raise WrongUsage("the reference names no features, so none can be missed: teach it with named places")
    found = difference(image, reference, plane)
    return in_difference(reference, found), found


def in_difference(reference: Reference, found: Difference) -> tuple[Feature, ...]:
    """Return the state of every named feature of a picture that was laid on the reference already."""
    return tuple(_features(reference, found))


def _features(reference: Reference, found: Difference) -> Iterator[Feature]:
    for name, region in reference.regions.items():
        expected = reference.middle[region.slices].astype(np.float64)
        seen = found.picture[region.slices].astype(np.float64)
        spread = reference.spreads[0][region.slices].astype(np.float64) * max(1.0, found.rise)
        yield _feature(name, region, (expected, seen, spread))


def _feature(name: str, region: Region, values: tuple[NDArray[np.float64], ...]) -> Feature:
    expected, seen, spread = values
    if min(region.height, region.width) < SMALLEST_PX:
        return Feature(name, region, UNTOLD, 0.0, float("inf"), f"its place is smaller than {SMALLEST_PX} pixels")
    if not (np.isfinite(expected) & np.isfinite(seen)).all():
        return Feature(name, region, UNTOLD, 0.0, float("inf"), "its place is not wholly in the view")
    shape = _beside_frame(expected)
    power = float((shape**2).sum())
    if not power > 0:
        return Feature(name, region, UNTOLD, 0.0, float("inf"), "good parts show nothing in its place")
    share = float((shape * _beside_frame(seen)).sum()) / power
    uncertainty = float(np.sqrt((shape**2 * spread**2).sum())) / power
    state, reason = _state(share, uncertainty)
    return Feature(name, region, state, share, uncertainty, reason, float(shape.mean()))


def _state(share: float, uncertainty: float) -> tuple[str, str]:
    words = f"{100 * share:.0f} % of the expected contrast is seen"
    if uncertainty > limit("most_uncertainty"):
        return UNTOLD, f"its contrast is too faint: the share would be uncertain by {100 * uncertainty:.0f} %"
    if share < limit("missing_below"):
        return MISSING, words
    return (PRESENT if share >= limit("present_from") else UNCLEAR), words


def _beside_frame(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values less the plane through the frame of their window: what stands out of its background."""
    row, column = np.indices(values.shape, dtype=np.float64)
    is_frame = np.ones(values.shape, dtype=bool)
    is_frame[FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX] = False
    terms = np.stack([np.ones_like(row), row / values.shape[0], column / values.shape[1]], axis=-1)
    fitted = np.linalg.lstsq(terms[is_frame], values[is_frame], rcond=None)[0]
    beside: NDArray[np.float64] = values - terms @ fitted
    return beside


def finding(image: Image, plane: int, one: Feature, found: Difference) -> Finding:
    """Return a named feature that is not there as a finding."""
    whole = Area(one.region.row, one.region.column, np.ones((one.region.height, one.region.width), dtype=bool))
    at = placed(whole, found, image)
    measured = {"share": one.share, "share_uncertainty": one.uncertainty}
    return Finding(
        id=f"completeness-{plane}-{one.name}",
        code=one.name,
        label=one.state,
        box=at.box,
        by=By("algorithm", "completeness", VERSION),
        score=float(np.clip(1 - one.share, 0.0, 1.0)),
        plane=plane,
        polygon=at.polygon,
        measurements={key: value for key, value in (at.sizes | measured).items() if np.isfinite(value)},
    )



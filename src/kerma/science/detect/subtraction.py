"""A picture minus the reference of good parts, over how far good parts scatter, and the areas that stand out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.detect.area import Area, areas, trimmed
from kerma.science.detect.laying import Grey, comparable, laid_on, lay, limit, must_lie_well
from kerma.science.detect.part_reference import Reference, halved, must_match, scatter
from kerma.science.imaging.image import Image
from kerma.science.imaging.registration import Alignment
from kerma.science.results import Box

GROWN_SHARE = 0.6
"""An area runs on to this share of the threshold around what exceeds it."""
EDGE_SHARE = 0.5
"""The outline is where the smoothed difference falls to this share of its peak."""
GAP_PX = 2


@dataclass(frozen=True)
class Difference:
    """A picture laid on a reference, in the reference's pixels.

    ``values`` of shape (row, column) is the picture minus the middle, 0 where not compared; of a signal a difference of
    logarithms. ``levels`` are the same in standard deviations of the good parts, or of the picture's own noise where
    that is more. ``matrix`` maps (column, row) to the picture; ``rise`` is how far single pixels scatter, beside what
    stands out, over how far those of good parts do.
    """

    values: Grey
    levels: tuple[Grey, ...]
    picture: Grey
    matrix: NDArray[np.float64]
    agreement: float
    is_logarithmic: bool
    rise: float


@dataclass(frozen=True)
class Deviation:
    """One area that differs, in the reference's pixels: signed peak in standard deviations, mean difference."""

    area: Area
    z_score: float
    difference: float


def difference(image: Image, reference: Reference, plane: int) -> Difference:
    """Lay an image on a reference and subtract.

    Raises
    ------
    WrongUsage
        Another size, scale, kind, part, view or place, or far more noise; nothing is then compared.
    """
    must_match(reference, image, plane)
    picture = comparable(image, plane)
    found = subtracted(picture, reference, lay(reference.middle, picture))
    if found.rise > limit("most_rise"):
        raise WrongUsage(
            f"the picture scatters {found.rise:.1f} times as far as the good parts, at most {limit('most_rise'):g} are "
            "compared: what good parts would show stays hidden; shoot again"
        )
    return found


def subtracted(picture: Grey, reference: Reference, found: Alignment) -> Difference:
    """Return a picture minus a reference, once it is known how it lies on it.

    Raises
    ------
    WrongUsage
        They do not agree, the part lies too far off, or too much of it is not in the view.
    """
    must_lie_well(found, reference.middle.shape)
    own = laid_on(reference.middle, picture, found)
    known = reference.known & np.isfinite(own)
    is_part = reference.is_part
    cover = 100.0 * float(known[is_part].mean()) if is_part.any() else 0.0
    if cover < limit("least_cover_percent"):
        raise WrongUsage(
            f"only {cover:.0f} % of the part is in the view, {limit('least_cover_percent'):g} % are needed: put it "
            "down as the good ones were"
        )
    values = np.where(known, own - reference.middle, np.float32(0))
    levels = tuple(_levels(values, reference))
    rises = [scatter(level) / max(usual, 1e-6) for level, usual in zip(levels, reference.scatters, strict=True)]
    # never more sensitive than the good parts allow, however quiet the picture
    quiet = tuple(level / np.float32(max(1.0, rise)) for level, rise in zip(levels, rises, strict=True))
    return Difference(values, quiet, own, found.matrix, found.agreement, reference.is_logarithmic, rises[0])


def _levels(values: Grey, reference: Reference) -> Iterator[Grey]:
    """Yield the difference over the spread of the good parts, level by level."""
    level = values
    for spread in reference.spreads:
        yield level / spread
        level = halved(level)


def least_z(found: Difference) -> float:
    """Return the standard deviations at which normal noise gives the agreed number of false alarms in all levels."""
    from scipy.special import ndtri

    tests = sum(level.size for level in found.levels)
    return float(-ndtri(limit("false_alarms") / (2 * tests)))


def strongest_z(found: Difference, shape: tuple[int, int]) -> Grey:
    """Return how far each pixel of the picture (row, column) differs, in standard deviations, on its strongest scale.

    It is 0 where nothing was compared.
    """
    import cv2

    rows, columns = found.values.shape
    whole = np.zeros((rows, columns), dtype=np.float32)
    for number, level in enumerate(found.levels):
        # a pixel of a level lies where it does in the picture itself, on every 2nd, 4th … row and column
        back = np.array([[0.5**number, 0, 0], [0, 0.5**number, 0]])
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        own = cv2.warpAffine(np.abs(level), back, (columns, rows), flags=how, borderMode=cv2.BORDER_REPLICATE)
        np.maximum(whole, own, out=whole)
    # the matrix leads from the reference to the picture, which is the way that is drawn
    return np.asarray(cv2.warpAffine(whole, found.matrix, (shape[1], shape[0]), flags=cv2.INTER_LINEAR))


def deviations(found: Difference, least: float) -> list[Deviation]:
    """Return the areas that stand out, strongest first; ``least`` in standard deviations."""
    seen = [one for sign in (1, -1) for one in _of_sign(found, sign, least)]
    return sorted(seen, key=lambda one: -abs(one.z_score))


def _of_sign(found: Difference, sign: int, least: float) -> Iterator[Deviation]:
    """Yield the areas of one sign: what touches on any level is one, outlined on the level that shows it best."""
    import cv2

    shape = found.values.shape
    union = np.zeros(shape, dtype=bool)
    peaks: list[tuple[float, int, int, int]] = []
    for number, level in enumerate(found.levels):
        signed = level * np.float32(sign)
        if float(signed.max()) < least:
            continue
        grown, own = _grown(signed, least)
        peaks += [(z, number, row << number, column << number) for z, row, column in own]
        if number:
            grown = cv2.resize(grown, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)
        union |= grown > 0
    for area in areas(union, gap_px=GAP_PX):
        rows, columns = area.slices
        inside = [one for one in peaks if rows.start <= one[2] < rows.stop and columns.start <= one[3] < columns.stop]
        if inside:
            z, number, row, column = max(inside)
            outlined = _outlined(found.values, area, sign, (number, row, column))
            yield Deviation(outlined, sign * z, float(found.values[outlined.slices][outlined.mask].mean()))


def _grown(signed: Grey, least: float) -> tuple[NDArray[np.uint8], list[tuple[float, int, int]]]:
    """Return the areas that somewhere exceed the threshold, and the peak of each: value, row, column."""
    import cv2

    low = (signed > GROWN_SHARE * least).astype(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(low, connectivity=8)
    over = np.unique(labels[signed > least])
    kept = np.zeros(count, dtype=np.uint8)
    kept[over] = 1
    kept[0] = 0
    peaks = []
    for label in over[over > 0].tolist():
        column, row, width, height, _ = boxes[label].tolist()
        window = slice(row, row + height), slice(column, column + width)
        inside = np.where(labels[window] == label, signed[window], np.float32(0))
        down, across = np.unravel_index(int(inside.argmax()), inside.shape)
        peaks.append((float(inside.max()), row + int(down), column + int(across)))
    return kept[labels], peaks


def _outlined(values: Grey, area: Area, sign: int, peak: tuple[int, int, int]) -> Area:
    """Return the outline in the difference itself, smoothed as the level of the peak is."""
    import cv2

    number, row, column = peak
    margin = 2 << number
    top, left = max(0, area.row - margin), max(0, area.column - margin)
    window = slice(top, area.slices[0].stop + margin), slice(left, area.slices[1].stop + margin)
    smooth = cv2.GaussianBlur(values[window] * np.float32(sign), (0, 0), 0.6 * (1 << number))
    reach = 1 << number
    down, across = row - top, column - left
    near = (
        slice(max(0, down - reach), down + 2 * reach),
        slice(max(0, across - reach), across + 2 * reach),
    )
    at = np.unravel_index(int(smooth[near].argmax()), smooth[near].shape)
    top_value = float(smooth[near][at])
    if top_value <= 0:
        return area
    above = (smooth > EDGE_SHARE * top_value).astype(np.uint8)
    _, labels = cv2.connectedComponents(above, connectivity=8)
    label = labels[near[0].start + int(at[0]), near[1].start + int(at[1])]
    return trimmed(top, left, labels == label)


@dataclass(frozen=True)
class Placed:
    """An area in the pixels of the picture: its box, its outline, and its sizes."""

    box: Box
    polygon: tuple[tuple[float, float], ...]
    sizes: dict[str, float]


def placed(area: Area, found: Difference, image: Image) -> Placed:
    """Return an area of the reference where it lies in the picture, and its sizes at the picture's scale."""
    outline = np.array(area.polygon(), dtype=np.float64)
    points = outline[:, ::-1] @ found.matrix[:, :2].T + found.matrix[:, 2]
    most = np.array([image.columns - 1, image.rows - 1])
    points = np.clip(points, 0, most)
    first, last = np.floor(points.min(axis=0)), np.minimum(np.ceil(points.max(axis=0)), most)
    box = Box(float(first[1]), float(first[0]), float(last[1] - first[1] + 1), float(last[0] - first[0] + 1))
    return Placed(box, tuple((float(row), float(column)) for column, row in points), area.sizes(image.spacing))

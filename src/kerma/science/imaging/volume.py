"""From the slices of a scan to a volume in space: their order, the shear of a tilted gantry, uneven spacing, gaps.

A volume is a pile of parallel slices. Each has its own place along the common normal and its own offset in the common
plane, so that a tilted gantry (slices pushed sideways), uneven spacing and a table that moved are simply told by the
positions, never assumed. Lengths are in mm in the space of the positions (medical: the patient's, PS3.3 C.7.6.2.1.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kerma.errors import WrongUsage

Field = NDArray[np.float64]
Direction = tuple[float, float, float]

SLICES_MIN = 3
"""Fewer parallel slices are pictures beside each other, not a volume."""
_ANGLE_TOLERANCE = 1e-3
"""Directions of one pile may differ by this much (about 0.06 degrees): files round their cosines."""
_SAME_PLACE_MM = 1e-3
_EVEN_SHARE = 0.01
_GAP_FACTOR = 1.5
_TILT_SHOWN_DEG = 0.05
_TILT_AGREES_DEG = 0.5


@dataclass(frozen=True)
class SlicePlane:
    """Where one slice lies: the centre of its first pixel, its two directions, its size (PS3.3 C.7.6.2.1.1).

    ``along_row`` is the direction in which the column index grows, ``along_column`` that in which the row index does.
    """

    position_mm: Direction
    along_row: Direction
    along_column: Direction
    row_mm: float
    column_mm: float
    rows: int
    columns: int
    thickness_mm: float | None = None


@dataclass(frozen=True, eq=False)
class VolumeGeometry:
    """A pile of parallel slices in their order along the normal.

    ``order`` are the numbers of the slices given; ``distances_mm`` their places along the normal, strictly growing from
    0; ``offsets_mm`` (slice, 2) how far each is pushed along the column direction and along the row direction.
    """

    order: tuple[int, ...]
    origin_mm: Field
    along_row: Field
    along_column: Field
    row_mm: float
    column_mm: float
    rows: int
    columns: int
    distances_mm: Field
    offsets_mm: Field

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        return len(self.order), self.rows, self.columns

    @property
    def normal(self) -> Field:
        """Direction in which the slices follow each other, at right angles to them."""
        return np.cross(self.along_row, self.along_column)

    @property
    def spacings_mm(self) -> Field:
        """Distance of each slice to the next, along the normal."""
        return np.diff(self.distances_mm)

    @property
    def is_even(self) -> bool:
        """Whether all slices are equally far apart, within a hundredth."""
        spacings = self.spacings_mm
        return bool(np.ptp(spacings) <= _EVEN_SHARE * np.median(spacings))

    @property
    def tilt_deg(self) -> float:
        """Angle between the way from the first slice to the last and their normal: the tilt of the gantry."""
        sideways = float(np.hypot(*(self.offsets_mm[-1] - self.offsets_mm[0])))
        return float(np.degrees(np.arctan2(sideways, self.distances_mm[-1])))

    def affine(self) -> Field | None:
        """Return the 4 x 4 matrix from (slice, row, column) to mm; None where no single one is right for all slices.

        The first column is the way from slice to slice and holds the shear of a tilted gantry.
        """
        steps = np.arange(len(self.order))[:, None] * (self._origins()[-1] - self._origins()[0]) / (len(self.order) - 1)
        if np.abs(self._origins() - self._origins()[0] - steps).max() > _EVEN_SHARE * float(self.spacings_mm.min()):
            return None
        matrix = np.eye(4)
        matrix[:3, 0] = steps[1]
        matrix[:3, 1] = self.along_column * self.row_mm
        matrix[:3, 2] = self.along_row * self.column_mm
        matrix[:3, 3] = self.origin_mm
        return matrix

    def to_space(self, voxels: ArrayLike) -> Field:
        """Return where places (slice, row, column) lie, in mm; between slices along the straight way between them."""
        voxels = np.asarray(voxels, dtype=np.float64)
        numbers = np.arange(len(self.order))
        origins = np.stack([np.interp(voxels[..., 0], numbers, axis) for axis in self._origins().T], axis=-1)
        down, across = voxels[..., 1, None] * self.row_mm, voxels[..., 2, None] * self.column_mm
        return np.asarray(origins + down * self.along_column + across * self.along_row)

    def in_frame(self, points_mm: ArrayLike) -> Field:
        """Return points of space as (distance along the normal, along the columns, along the rows), in mm."""
        relative = np.asarray(points_mm, dtype=np.float64) - self.origin_mm
        return relative @ np.stack([self.normal, self.along_column, self.along_row], axis=-1)

    def corners(self) -> Field:
        """Return the eight outermost pixel centres of the first and last slice, in mm."""
        last, bottom, right = (size - 1 for size in self.shape)
        return self.to_space([[s, r, c] for s in (0, last) for r in (0, bottom) for c in (0, right)])

    def _origins(self) -> Field:
        return np.asarray(
            self.origin_mm
            + self.distances_mm[:, None] * self.normal
            + self.offsets_mm[:, :1] * self.along_column
            + self.offsets_mm[:, 1:] * self.along_row
        )


@dataclass(frozen=True)
class Pile:
    """What became of the slices of a series: their volume, or why there is none; and what the analyst must know."""

    geometry: VolumeGeometry | None
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def piles(planes: Sequence[SlicePlane], tilt_deg: float | None = None) -> tuple[Pile, ...]:
    """Return the volumes that the slices of a series make, the largest first; one pile without a volume if none.

    Slices of another direction, size or spacing make a pile of their own (a scan in two tilts); what is too few for
    one (a scout view) is left out and told.

    Parameters
    ----------
    planes : in any order
    tilt_deg : tilt of the gantry that the header states; it is compared with the positions, which are followed

    Raises
    ------
    WrongUsage
        A spacing or direction is not a finite number, or a spacing is not above 0.
    """
    _check(planes)
    groups = _alike(planes)
    large = [group for group in groups if len(group) >= SLICES_MIN]
    if not large:
        return (Pile(None, (_why_none(planes, groups),)),)
    left_out = len(planes) - sum(map(len, large))
    found = [_piled(planes, group, tilt_deg) for group in large]
    if len(large) > 1:
        word = f"the series has {len(large)} piles of slices with different directions or sizes; this is one of them"
        found = [Pile(one.geometry, one.reasons, (word, *one.warnings)) for one in found]
    if left_out:
        word = f"{_images(left_out)} of another direction, size or spacing left out"
        found[0] = Pile(found[0].geometry, found[0].reasons, (word, *found[0].warnings))
    return tuple(found)


def _check(planes: Sequence[SlicePlane]) -> None:
    for plane in planes:
        numbers = (*plane.position_mm, *plane.along_row, *plane.along_column, plane.row_mm, plane.column_mm)
        if not np.isfinite(numbers).all() or min(plane.row_mm, plane.column_mm) <= 0:
            raise WrongUsage("a slice needs a finite position and directions, and spacings above 0 mm")


def _alike(planes: Sequence[SlicePlane]) -> list[list[int]]:
    """Return the numbers of the slices that may lie in one pile, the largest group first."""
    groups: list[tuple[SlicePlane, list[int]]] = []
    for number, plane in enumerate(planes):
        for first, members in groups:
            if _is_alike(first, plane):
                members.append(number)
                break
        else:
            groups.append((plane, [number]))
    return sorted((members for _, members in groups), key=len, reverse=True)


def _is_alike(one: SlicePlane, other: SlicePlane) -> bool:
    if (one.rows, one.columns) != (other.rows, other.columns):
        return False
    turned = np.subtract((*one.along_row, *one.along_column), (*other.along_row, *other.along_column))
    scaled = np.subtract((one.row_mm, one.column_mm), (other.row_mm, other.column_mm))
    # a scale that is off by a pixel over the whole side would move what is measured
    drift_px = np.abs(scaled) * (one.rows, one.columns) / (one.row_mm, one.column_mm)
    return bool(np.abs(turned).max() <= _ANGLE_TOLERANCE and drift_px.max() < 0.5)


def _why_none(planes: Sequence[SlicePlane], groups: list[list[int]]) -> str:
    if len(planes) < SLICES_MIN:
        return f"a volume needs at least {SLICES_MIN} slices; the series has {len(planes)} with a place in space"
    return f"no {SLICES_MIN} of the {len(planes)} slices share direction, size and spacing ({len(groups)} kinds)"


def _piled(planes: Sequence[SlicePlane], group: list[int], tilt_deg: float | None) -> Pile:
    first = planes[group[0]]
    along_row, along_column = np.array(first.along_row), np.array(first.along_column)
    lengths = np.linalg.norm(along_row), np.linalg.norm(along_column)
    if min(lengths) < 0.5 or abs(along_row @ along_column) > _ANGLE_TOLERANCE * lengths[0] * lengths[1]:
        return Pile(None, ("rows and columns of the slices are not at right angles",))
    along_row = along_row / lengths[0]
    along_column = along_column - (along_column @ along_row) * along_row
    along_column = along_column / np.linalg.norm(along_column)
    normal = np.cross(along_row, along_column)
    places = np.array([planes[number].position_mm for number in group])
    sequence = np.argsort(places @ normal, kind="stable")
    distances = (places @ normal)[sequence]
    is_new = np.concatenate([[True], np.diff(distances) > _SAME_PLACE_MM])
    kept = sequence[is_new]
    if len(kept) < SLICES_MIN:
        few = f"the {len(group)} slices lie at only {len(kept)} places: they follow each other in time, not in space"
        return Pile(None, (few,))
    relative = places[kept] - places[kept[0]]
    geometry = VolumeGeometry(
        order=tuple(group[number] for number in kept),
        origin_mm=places[kept[0]],
        along_row=along_row,
        along_column=along_column,
        row_mm=first.row_mm,
        column_mm=first.column_mm,
        rows=first.rows,
        columns=first.columns,
        distances_mm=relative @ normal,
        offsets_mm=np.stack([relative @ along_column, relative @ along_row], axis=-1),
    )
    return Pile(geometry, (), tuple(_warnings(geometry, planes, len(group) - len(kept), tilt_deg)))


def _warnings(
    geometry: VolumeGeometry, planes: Sequence[SlicePlane], doubled: int, tilt_deg: float | None
) -> list[str]:
    spacings, found = geometry.spacings_mm, []
    if doubled:
        found.append(f"{_images(doubled)} at a place that another already shows (phases, energies or copies) left out")
    if not geometry.is_even:
        span = f"{spacings.min():.3g} to {spacings.max():.3g} mm"
        found.append(f"uneven spacing: {span} between slices, each shown in its place")
    found += [
        f"a gap of {spacings[number]:.3g} mm between slices {number + 1} and {number + 2}: slices may be missing, and "
        "what is shown there is interpolated"
        for number in _gaps(spacings)
    ]
    if geometry.tilt_deg > _TILT_SHOWN_DEG:
        found.append(f"tilted gantry: slices are pushed sideways by {geometry.tilt_deg:.1f}°, followed in every plane")
    if tilt_deg is not None and abs(abs(tilt_deg) - geometry.tilt_deg) > _TILT_AGREES_DEG:
        found.append(
            f"the header states a tilt of {abs(tilt_deg):.1f}°, the positions show {geometry.tilt_deg:.1f}°: the "
            "positions are followed; compare a known length before you trust one across slices"
        )
    thickness = planes[geometry.order[0]].thickness_mm
    if thickness and float(np.median(spacings)) > _GAP_FACTOR * thickness:
        found.append(
            f"slices of {thickness:.3g} mm lie {np.median(spacings):.3g} mm apart: most of the volume was not imaged "
            "and is interpolated"
        )
    return found


def _gaps(spacings: Field) -> list[int]:
    """Return after which slices the way to the next is longer than both ways beside it allow."""
    padded = np.concatenate([[0.0], spacings, [0.0]])
    beside = np.maximum(padded[:-2], padded[2:])
    return [int(number) for number in np.flatnonzero((spacings > _GAP_FACTOR * beside) & (beside > 0))]


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"

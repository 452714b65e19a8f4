"""Where the planes of a DICOM, DICONDE or DICOS image lie in space (PS3.3 C.7.6.2, C.7.6.16.2.3, C.7.6.16.2.20)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kerma.formats.dicom_data import DataSet
from kerma.formats.dicom_file import open_file
from kerma.formats.dicom_header import PixelLayout, pixel_layout
from kerma.science.imaging.volume import Direction, SlicePlane

_SHARED, _PER_FRAME = 0x52009229, 0x52009230
# sequence and element of a position and of an orientation: the patient's, then the volume's (PS3.3 C.8.15.3.9, .10)
_POSITIONS = ((0x00209113, 0x00200032), (0x0020930E, 0x00209301))
_ORIENTATIONS = ((0x00209116, 0x00200037), (0x0020930F, 0x00209302))
_MEASURES = 0x00289110
_TRANSFORMATION = 0x00289145


@dataclass(frozen=True)
class Places:
    """Where each plane of an image lies (None: the file does not say), and what else says how they belong together."""

    planes: tuple[SlicePlane | None, ...]
    tilt_deg: float | None = None
    frame_of_reference: str = ""
    is_scaled_alike: bool = True
    """Whether one slope and intercept holds for all frames."""
    warnings: tuple[str, ...] = ()


def places_of(data: bytes | memoryview) -> Places:
    """Return where the planes of a file lie; no pixel is decoded.

    Raises
    ------
    Unreadable, Hostile, TooLarge
        The file is no DICOM image.
    """
    file = open_file(data)
    layout = pixel_layout(file)
    if layout is None:
        return Places(())
    header = file.data_set
    shared = header.first(_SHARED)
    frames = header.items(_PER_FRAME)[: layout.planes]
    groups = [*frames, *[DataSet(header.data, {})] * (layout.planes - len(frames))]
    found = [_plane(layout, (group, shared, header)) for group in groups]
    warnings: tuple[str, ...] = ()
    if layout.planes > 1 and found[0] is not None and len({plane and plane.position_mm for plane in found}) == 1:
        found, warnings = _counted(found, header)
    return Places(
        planes=tuple(found),
        tilt_deg=header.number(0x00181120),
        frame_of_reference=header.text(0x00200052),
        is_scaled_alike=len({_scale(group) for group in frames}) <= 1,
        warnings=warnings,
    )


def _plane(layout: PixelLayout, where: tuple[DataSet, DataSet, DataSet]) -> SlicePlane | None:
    position, orientation = _numbers(where, _POSITIONS, 3), _numbers(where, _ORIENTATIONS, 6)
    spacing = _numbers(where, ((_MEASURES, 0x00280030),), 2)
    if position is None or orientation is None or spacing is None or min(spacing) <= 0:
        return None
    thickness = _numbers(where, ((_MEASURES, 0x00180050),), 1)
    return SlicePlane(
        position_mm=_direction(position),
        along_row=_direction(orientation[:3]),
        along_column=_direction(orientation[3:]),
        row_mm=spacing[0],
        column_mm=spacing[1],
        rows=layout.rows,
        columns=layout.columns,
        thickness_mm=thickness[0] if thickness and thickness[0] > 0 else None,
    )


def _counted(found: list[SlicePlane | None], header: DataSet) -> tuple[list[SlicePlane | None], tuple[str, ...]]:
    """Return the planes of an image that gives one position for all, one behind the other by the stated spacing."""
    shared = header.first(_SHARED, _MEASURES)
    between_mm = _finite(header.number(0x00180088)) or _finite(shared.number(0x00180088))
    first = found[0]
    if not between_mm or first is None:
        return found, ()
    normal = np.cross(first.along_row, first.along_column)
    planes: list[SlicePlane | None] = []
    for number in range(len(found)):
        position = _direction(tuple(np.add(first.position_mm, number * between_mm * normal)))
        rest = {name: value for name, value in vars(first).items() if name != "position_mm"}
        planes.append(SlicePlane(position_mm=position, **rest))
    word = f"only the first plane has a position; the others are taken {between_mm:.4g} mm apart, as the header says"
    return planes, (word,)


def _numbers(
    where: tuple[DataSet, DataSet, DataSet], elements: tuple[tuple[int, int], ...], count: int
) -> tuple[float, ...] | None:
    """Return an element of the frame's own groups, of the shared ones, or of the header itself."""
    frame, shared, header = where
    for sequence, tag in elements:
        for holder in (frame.first(sequence), shared.first(sequence), header):
            numbers = holder.numbers(tag)
            if len(numbers) == count and all(map(math.isfinite, numbers)):
                return numbers
    return None


def _scale(frame: DataSet) -> tuple[float | None, float | None]:
    transformation = frame.first(_TRANSFORMATION)
    return transformation.number(0x00281053), transformation.number(0x00281052)


def _direction(numbers: tuple[float, ...]) -> Direction:
    return float(numbers[0]), float(numbers[1]), float(numbers[2])


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) and number != 0 else None

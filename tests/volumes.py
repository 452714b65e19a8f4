"""Bodies of exact shape, sampled into the slices of a scanner: tilted, unevenly spaced, moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from films import film
from kerma.science.imaging.volume import SlicePlane, VolumeGeometry, piles

GE = Path(__file__).parents[2] / "shared" / "data" / "ct_ge"
Body = Callable[[np.ndarray], np.ndarray]


def slices(
    places_mm: Sequence[float],
    *,
    tilt_deg: float = 0.0,
    rows: int = 96,
    columns: int = 80,
    row_mm: float = 1.0,
    column_mm: float = 1.25,
) -> list[SlicePlane]:
    """Slices whose first pixels lie above each other along z, as of a table that moves through a tilted gantry."""
    angle = np.radians(tilt_deg)
    along_column = (0.0, float(np.cos(angle)), float(-np.sin(angle)))
    middle = (columns - 1) / 2 * column_mm, (rows - 1) / 2 * row_mm
    return [
        SlicePlane(
            (-middle[0], -middle[1] * along_column[1], place - middle[1] * along_column[2]),
            (1.0, 0.0, 0.0),
            along_column,
            row_mm,
            column_mm,
            rows,
            columns,
        )
        for place in places_mm
    ]


def geometry_of(planes: Sequence[SlicePlane]) -> VolumeGeometry:
    (pile,) = piles(planes)
    assert pile.geometry is not None, pile.reasons
    return pile.geometry


def sampled(geometry: VolumeGeometry, body: Body) -> np.ndarray:
    """The body's value at the place of every voxel, which follows from the positions alone."""
    numbers, rows, columns = (np.arange(size) for size in geometry.shape)
    voxels = np.stack(np.meshgrid(numbers, rows, columns, indexing="ij"), axis=-1)
    return body(geometry.to_space(voxels))


def linear(points: np.ndarray) -> np.ndarray:
    return 40.0 + points @ np.array([1.5, -0.75, 2.0])


def ellipsoid(center: Sequence[float], radii: Sequence[float], soft_mm: float = 1.5) -> Body:
    """1000 inside and 0 outside, its surface ``soft_mm`` wide, so that 500 lies where the true surface is."""

    def body(points: np.ndarray) -> np.ndarray:
        scaled = (points - np.array(center)) / np.array(radii)
        distance = (np.linalg.norm(scaled, axis=-1) - 1.0) * min(radii)
        return 1000.0 * np.clip(0.5 - distance / soft_mm, 0.0, 1.0)

    return body


UNEVEN = np.concatenate([np.arange(-40, 1, 2.0), [0.5], np.arange(4, 43, 3.5)])
"""Two spacings and a narrow step between them, as on the head scan of a GE HiSpeed."""


def ct_files(planes: Sequence[SlicePlane], stored: np.ndarray, *, exam: int = 1, **attributes: Any) -> list[bytes]:
    """One DICOM CT object for each slice: 16 bits signed, value = stored - 1000 HU."""
    return [
        film(
            exam=exam,
            image=number + 1,
            **_ct(plane, pixels[None], attributes),
            ImagePositionPatient=_decimals(plane.position_mm),
            ImageOrientationPatient=_decimals((*plane.along_row, *plane.along_column)),
            PixelSpacing=_decimals((plane.row_mm, plane.column_mm)),
        )
        for number, (plane, pixels) in enumerate(zip(planes, stored, strict=True))
    ]


def ct_frames(planes: Sequence[SlicePlane], stored: np.ndarray, *, exam: int = 1, **attributes: Any) -> bytes:
    """One Enhanced CT object with a frame for each slice, its places in functional groups."""
    first = planes[0]
    measures, orientation, transformation = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = _decimals((first.row_mm, first.column_mm))
    orientation.ImageOrientationPatient = _decimals((*first.along_row, *first.along_column))
    transformation.RescaleIntercept, transformation.RescaleSlope, transformation.RescaleType = -1000, 1, "HU"
    shared = Dataset()
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    shared.PixelValueTransformationSequence = [transformation]
    frames = []
    for plane in planes:
        place, frame = Dataset(), Dataset()
        place.ImagePositionPatient = _decimals(plane.position_mm)
        frame.PlanePositionSequence = [place]
        frames.append(frame)
    about = _ct(first, stored, attributes)
    for keyword in ("RescaleIntercept", "RescaleSlope", "RescaleType"):
        about.pop(keyword)
    return film(
        exam=exam,
        **about | {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2.1"},
        NumberOfFrames=len(planes),
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=frames,
    )


def _ct(plane: SlicePlane, pixels: np.ndarray, attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
        "Modality": "CT",
        "BodyPartExamined": "HEAD",
        "SeriesDescription": "Phantom",
        "Rows": plane.rows,
        "Columns": plane.columns,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "RescaleIntercept": -1000,
        "RescaleSlope": 1,
        "RescaleType": "HU",
        "WindowCenter": 0,
        "WindowWidth": 2000,
        "PixelData": np.ascontiguousarray(np.rint(pixels), "<i2").tobytes(),
    } | attributes


def _decimals(numbers: Sequence[float]) -> list[str]:
    """Decimal strings of at most 16 letters, as a scanner writes them."""
    return [f"{number:.9f}"[:16] for number in numbers]

"""Where the planes of a file lie: slice by slice, frame by frame, counted, contradictory."""

from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest

from films import encoded, film
from kerma.formats.dicom_places import places_of
from radiographs import real
from volumes import ct_files, ct_frames, geometry_of, slices

PLANES = slices([0.0, 2.0, 4.5, 6.0], tilt_deg=12.0, rows=6, columns=5)
STORED = np.arange(4 * 6 * 5).reshape(4, 6, 5)


def test_a_slice_says_where_it_lies() -> None:
    files = ct_files(PLANES, STORED, GantryDetectorTilt="12", SliceThickness="1.5")
    for plane, data in zip(PLANES, files, strict=True):
        places = places_of(data)
        (found,) = places.planes
        assert found is not None
        assert found.position_mm == pytest.approx(plane.position_mm, abs=1e-8)
        assert found.along_column == pytest.approx(plane.along_column, abs=1e-8)
        assert (found.row_mm, found.column_mm, found.rows, found.columns) == (1.0, 1.25, 6, 5)
        assert found.thickness_mm == 1.5
        assert places.tilt_deg == 12.0


def test_frames_say_the_same_as_slices() -> None:
    frames = places_of(ct_frames(PLANES, STORED)).planes
    apart = [places_of(data).planes[0] for data in ct_files(PLANES, STORED)]
    assert list(frames) == apart
    assert geometry_of([plane for plane in frames if plane]).tilt_deg == pytest.approx(12.0, abs=1e-5)


def test_frames_of_one_position_are_counted_by_the_stated_spacing_and_that_is_told() -> None:
    one = ct_frames([PLANES[0]] * 4, STORED, SpacingBetweenSlices="2.5")
    places = places_of(one)
    geometry = geometry_of([plane for plane in places.planes if plane])
    assert geometry.spacings_mm == pytest.approx([2.5, 2.5, 2.5])
    assert "2.5 mm apart, as the header says" in places.warnings[0]


def test_without_a_stated_spacing_nothing_is_made_up() -> None:
    places = places_of(ct_frames([PLANES[0]] * 4, STORED))
    assert len({plane.position_mm for plane in places.planes if plane}) == 1
    assert places.warnings == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"ImagePositionPatient": ["0", "0"]},
        {"PixelSpacing": ["0", "1"]},
        {"ImageOrientationPatient": None},
    ],
)
def test_a_place_that_is_none_is_not_believed(wrong: dict) -> None:
    known = {
        "ImagePositionPatient": ["0", "0", "0"],
        "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"],
        "PixelSpacing": ["1", "1"],
    }
    assert places_of(film(**known)).planes[0] is not None
    assert places_of(film(**{name: value for name, value in (known | wrong).items() if value})).planes == (None,)


def test_a_projection_has_no_place() -> None:
    assert places_of(film()).planes == (None,)


def test_frames_of_different_scale_are_noticed() -> None:
    data = ct_frames(PLANES, STORED)
    assert places_of(data).is_scaled_alike
    dataset = pydicom.dcmread(io.BytesIO(data))
    for number, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        item = pydicom.Dataset()
        item.RescaleIntercept, item.RescaleSlope, item.RescaleType = -1000, 1 + number, "HU"
        frame.PixelValueTransformationSequence = [item]
    assert not places_of(encoded(dataset)).is_scaled_alike


def test_a_dicos_scan_is_a_volume() -> None:
    folder = real("dicos_pydicos")
    places = places_of((folder / "SimpleCT" / "SimpleCT0000.dcs").read_bytes())
    geometry = geometry_of([plane for plane in places.planes if plane])
    assert geometry.shape == (40, 20, 10)
    assert geometry.is_even

"""Planes of a tilted, unevenly spaced volume: exact truth first, then an independent implementation on a real head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from kerma.formats.dicom_places import places_of
from kerma.science.imaging.volume import VolumeGeometry, piles
from kerma.science.imaging.volume_planes import PlaneRaster, resample, slab_samples, values_at
from kerma.science.imaging.volume_render import composited, first_hit, highest
from volumes import GE, UNEVEN, ellipsoid, geometry_of, linear, sampled, slices

AXIAL = PlaneRaster((0, 0, 1), (1, 0, 0), (0, 1, 0), 0.8, 60, 60)
SAGITTAL = PlaneRaster((2, 0, 0), (0, 1, 0), (0, 0, -1), 0.8, 60, 60)
OBLIQUE = PlaneRaster((1, 2, 3), (0.8, 0.6, 0), (0, 0, -1), 0.7, 50, 50)
PLANES = [AXIAL, SAGITTAL, OBLIQUE]
CENTER, RADII = (3.0, -2.0, 1.0), (18.0, 14.0, 22.0)


@pytest.fixture(scope="module", params=[0.0, 18.5])
def geometry(request: pytest.FixtureRequest) -> VolumeGeometry:
    return geometry_of(slices(UNEVEN, tilt_deg=request.param))


def naive(geometry: VolumeGeometry) -> VolumeGeometry:
    """The same slices as a viewer sees them that counts slices evenly and straight."""
    mean_mm = geometry.distances_mm[-1] / (len(geometry.order) - 1)
    distances = np.arange(len(geometry.order)) * mean_mm
    return replace(geometry, distances_mm=distances, offsets_mm=np.zeros_like(geometry.offsets_mm))


@pytest.mark.parametrize("plane", PLANES)
def test_what_grows_evenly_in_space_is_exact_in_every_plane(geometry: VolumeGeometry, plane: PlaneRaster) -> None:
    found = resample(sampled(geometry, linear), geometry, plane)
    inside = np.isfinite(found)
    assert inside.mean() > 0.9
    beyond_edges = np.abs(found - linear(plane.points()))[inside]
    assert np.quantile(beyond_edges, 0.9) < 1e-9
    assert beyond_edges.max() < 5  # the outermost half voxel goes on with the nearest value


def test_a_straight_counted_stack_is_wrong_by_whole_millimetres() -> None:
    geometry = geometry_of(slices(UNEVEN, tilt_deg=18.5))
    volume = sampled(geometry, linear)
    right, wrong = resample(volume, geometry, SAGITTAL), resample(volume, naive(geometry), SAGITTAL)
    off_mm = np.nanmax(np.abs(wrong - right)) / 2.0  # linear() rises by 2 for each mm along z
    assert off_mm > 5


def test_extent_and_volume_of_an_ellipsoid(geometry: VolumeGeometry) -> None:
    volume = sampled(geometry, ellipsoid(CENTER, RADII))
    step = 0.6
    axes = [center + np.arange(-radius - 5, radius + 5, step) for center, radius in zip(CENTER, RADII, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    inside = values_at(volume, geometry, points) >= 500
    expected_mm3 = 4 / 3 * np.pi * np.prod(RADII)
    assert inside.sum() * step**3 == pytest.approx(expected_mm3, rel=0.01)
    for axis, (center, radius) in enumerate(zip(CENTER, RADII, strict=True)):
        along = np.flatnonzero(inside.any(axis=tuple(other for other in range(3) if other != axis)))
        assert axes[axis][along[0]] == pytest.approx(center - radius, abs=0.8)
        assert axes[axis][along[-1]] == pytest.approx(center + radius, abs=0.8)
    if geometry.tilt_deg:
        off = values_at(volume, naive(geometry), points) >= 500
        assert abs(off.sum() / inside.sum() - 1) > 0.03
        assert abs(np.argwhere(off).mean(axis=0) - np.argwhere(inside).mean(axis=0)).max() * step > 5


def test_the_edge_across_slices_lies_where_it_is(geometry: VolumeGeometry) -> None:
    """A plate at right angles to z: its thickness, measured across slices of two spacings, is the plate's."""
    plate = sampled(geometry, lambda points: 1000.0 * np.clip(0.5 - (np.abs(points[..., 2]) - 20.0) / 6.0, 0, 1))
    heights = np.arange(-35, 35, 0.05)
    line = values_at(plate, geometry, np.stack([heights * 0, heights * 0, heights], axis=-1))
    crossings = heights[1:][np.diff(line >= 500)]
    assert crossings[1] - crossings[0] == pytest.approx(40.0, abs=0.25)


@pytest.mark.parametrize(("mode", "reduce"), [("mean", np.nanmean), ("highest", np.nanmax), ("lowest", np.nanmin)])
def test_a_slab_is_what_its_planes_are(geometry: VolumeGeometry, mode: str, reduce: object) -> None:
    volume = sampled(geometry, ellipsoid(CENTER, RADII, soft_mm=6))
    slab = resample(volume, geometry, OBLIQUE, thickness_mm=9.0, mode=mode, samples=19)
    middle = np.array(OBLIQUE.center_mm)
    planes = [
        resample(volume, geometry, replace(OBLIQUE, center_mm=tuple(middle + by * OBLIQUE.toward)))
        for by in np.linspace(-4.5, 4.5, 19)
    ]
    assert slab == pytest.approx(reduce(planes, axis=0), abs=1e-9)


def test_slabs_are_ordered_and_skip_no_voxel(geometry: VolumeGeometry) -> None:
    volume = sampled(geometry, ellipsoid(CENTER, RADII))
    lowest, mean, highest_ = (
        resample(volume, geometry, AXIAL, thickness_mm=12, mode=mode) for mode in ("lowest", "mean", "highest")
    )
    assert np.all(lowest <= mean + 1e-9)
    assert np.all(mean <= highest_ + 1e-9)
    finest = min(geometry.row_mm, geometry.column_mm, geometry.spacings_mm.min())
    assert 12 / (slab_samples(geometry, 12.0) - 1) <= finest / 2
    assert slab_samples(geometry, 0.0) == 1


def test_voxels_without_data_take_no_part(geometry: VolumeGeometry) -> None:
    volume = sampled(geometry, lambda points: np.full(points.shape[:-1], 70.0))
    volume[:, :, :30] = np.nan
    found = resample(volume, geometry, AXIAL)
    assert np.nanmin(found) == pytest.approx(70.0)
    assert np.nanmax(found) == pytest.approx(70.0)
    assert np.isnan(found).any()


def test_beyond_the_volume_there_is_nothing(geometry: VolumeGeometry) -> None:
    volume = sampled(geometry, linear)
    far = np.array([[0, 0, 400.0], [0, 0, -400.0], [400.0, 0, 0], [0, -400.0, 0]])
    assert np.isnan(values_at(volume, geometry, far)).all()
    assert values_at(volume, geometry, np.empty((0, 3))).shape == (0,)


@pytest.fixture(scope="module")
def head() -> tuple[np.ndarray, VolumeGeometry, list]:
    """The head of `ct_ge`: read with pydicom, placed by Kerma."""
    pydicom = pytest.importorskip("pydicom")
    files = sorted(GE.glob("*.dcm"))
    if not files:
        pytest.skip("the head scan ../shared/data/ct_ge is not here")
    datasets = [pydicom.dcmread(file) for file in files]
    places = [places_of(file.read_bytes()) for file in files]
    (pile,) = piles([one.planes[0] for one in places], places[0].tilt_deg)
    assert pile.geometry is not None
    volume = np.stack([datasets[number].pixel_array for number in pile.geometry.order]).astype(float)
    return volume, pile.geometry, [datasets[number] for number in pile.geometry.order]


def test_the_real_head_is_tilted_as_its_header_says(head: tuple) -> None:
    _, geometry, datasets = head
    assert geometry.tilt_deg == pytest.approx(float(datasets[0].GantryDetectorTilt), abs=0.01)
    thickness = np.array([float(one.SliceThickness) for one in datasets])
    assert geometry.spacings_mm[:13] == pytest.approx(thickness[:13], abs=0.01)
    assert geometry.spacings_mm[14:] == pytest.approx(thickness[14:-1], abs=0.01)
    assert geometry.spacings_mm[13] == pytest.approx(1.08, abs=0.01)


def test_a_sagittal_plane_of_the_real_head_as_by_scipy(head: tuple) -> None:
    """Independent: scipy's interpolation of each slice, placed by the header's own numbers and nothing of ours."""
    volume, geometry, datasets = head
    plane = PlaneRaster((10.0, 0.0, 45.0), (0, 1, 0), (0, 0, -1), 1.0, 150, 180)
    found = resample(volume, geometry, plane)
    points = plane.points()
    normal = np.cross(*np.array(datasets[0].ImageOrientationPatient, dtype=float).reshape(2, 3))
    heights = np.array([np.dot(normal, np.array(one.ImagePositionPatient, dtype=float)) for one in datasets])
    expected = np.full(points.shape[:2], np.nan)
    at = points @ normal
    read = [_by_scipy(volume[number], one, points) for number, one in enumerate(datasets)]
    for lower in range(len(datasets) - 1):
        share = (at - heights[lower]) / (heights[lower + 1] - heights[lower])
        between = (share >= 0) & (share < 1)
        expected[between] = ((1 - share) * read[lower] + share * read[lower + 1])[between]
    both = np.isfinite(expected) & np.isfinite(found)
    assert both.mean() > 0.5
    assert found[both] == pytest.approx(expected[both], abs=0.02)  # HU; the header's cosines have seven digits
    straight = resample(volume, naive(geometry), plane)
    assert np.nanmean(np.abs(straight - found)) > 50  # HU, where a viewer forgets the tilt


def _by_scipy(pixels: np.ndarray, dataset: object, points: np.ndarray) -> np.ndarray:
    relative = points - np.array(dataset.ImagePositionPatient, dtype=float)
    along_row, along_column = np.array(dataset.ImageOrientationPatient, dtype=float).reshape(2, 3)
    rows = relative @ along_column / float(dataset.PixelSpacing[0])
    columns = relative @ along_row / float(dataset.PixelSpacing[1])
    return ndimage.map_coordinates(pixels, [rows, columns], order=1, mode="constant", cval=np.nan)


def test_rays_meet_an_ellipsoid_where_it_is(geometry: VolumeGeometry) -> None:
    volume = sampled(geometry, ellipsoid(CENTER, RADII, soft_mm=3))
    view = PlaneRaster((*CENTER[:1], 0.0, CENTER[2]), (1, 0, 0), (0, 0, -1), 3.0, 9, 9)
    depth_mm = first_hit(volume, geometry, view, threshold=500, step_mm=0.5)
    points = view.points()
    inside = 1 - ((points[..., 0] - CENTER[0]) / RADII[0]) ** 2 - ((points[..., 2] - CENTER[2]) / RADII[2]) ** 2
    expected = CENTER[1] - RADII[1] * np.sqrt(np.clip(inside, 0, None))
    clear = inside > 0.1  # a grazing ray leaves within the soft rim
    assert depth_mm[clear] == pytest.approx(expected[clear], abs=0.5)
    top = highest(volume, geometry, view, step_mm=0.5)
    assert top[inside > 0.3] == pytest.approx(1000.0, abs=1.0)
    missed = replace(view, center_mm=(CENTER[0], 0.0, CENTER[2] + 60), rows=2, columns=2)
    assert np.isnan(first_hit(volume, geometry, missed, threshold=500, step_mm=1)).all()


def test_what_is_seen_through_a_block_follows_the_law_of_attenuation() -> None:
    geometry = geometry_of(slices(UNEVEN, tilt_deg=18.5))
    volume = sampled(geometry, lambda points: np.where(np.abs(points[..., 2]) < 200, 100.0, 0.0))
    view = PlaneRaster((0, 0, 0), (1, 0, 0), (0, 1, 0), 5.0, 3, 3)
    look = np.array([[50.0, 0, 0, 0, 0.0], [60.0, 1, 0.5, 0, 0.02], [200.0, 1, 0.5, 0, 0.02]])
    seen = composited(volume, geometry, view, look=look, step_mm=0.25)
    own = geometry.distances_mm[-1] + (geometry.spacings_mm[0] + geometry.spacings_mm[-1]) / 2
    through_mm = own / np.cos(np.radians(18.5))
    assert seen[1, 1] == pytest.approx((1 - np.exp(-0.02 * through_mm)) * np.array([1, 0.5, 0]), rel=0.02)

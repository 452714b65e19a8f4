"""Reconstruction: analytic discs and balls, scikit-image, simulated scans, and projections of others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import radiographs
from kerma.errors import WrongUsage
from kerma.science.imaging.flat_field import prepared
from kerma.science.imaging.image import Image
from kerma.science.imaging.projection_filter import axis_column, without_stripes
from kerma.science.imaging.tomography import ConeBeam, cone_volume, line_integrals, parallel_slices, shares

MU = 0.02


def disc(angles_deg: np.ndarray, *, columns: int = 129, axis: float = 63.3, radius: float = 35.0) -> np.ndarray:
    """Return the exact line integrals (angle, 1, column) of a disc at x = 12, z = -7 pixels."""
    radians = np.deg2rad(angles_deg)[:, None]
    middle = axis + 12 * np.cos(radians) + 7 * np.sin(radians)
    chord = np.sqrt(np.maximum(radius**2 - (np.arange(columns) - middle) ** 2, 0))
    return (2 * MU * chord)[:, None]


def distance(size: int, x: float, z: float) -> np.ndarray:
    """Return how far each pixel of a slice is from a point, in pixels."""
    place = np.arange(size) - (size - 1) / 2
    return np.hypot(place[None, :] - x, -place[:, None] - z)


@pytest.mark.parametrize(
    "angles", [np.arange(180.0), np.arange(0, 360, 1.0), np.linspace(0, 180, 181), -np.arange(180.0)]
)
def test_a_disc_has_its_attenuation_and_its_place(angles: np.ndarray) -> None:
    found = parallel_slices(disc(angles), angles_deg=angles, pixel_mm=1.0, axis_column=63.3)[0]
    away = distance(129, 12, -7)
    assert found[away < 30].mean() == pytest.approx(MU, rel=5e-4)
    assert found[away < 30].std() < 1e-3 * MU
    assert abs(found[(away > 40) & (distance(129, 0, 0) < 60)].mean()) < 2e-3 * MU


def test_attenuation_is_per_mm_and_linear() -> None:
    angles = np.arange(0, 180, 2.0)
    one = parallel_slices(disc(angles), angles_deg=angles, pixel_mm=1.0)
    finer = parallel_slices(disc(angles) / 4, angles_deg=angles, pixel_mm=0.25)
    assert np.allclose(one, finer, atol=1e-6)
    both = parallel_slices(disc(angles) + disc(angles, radius=10), angles_deg=angles, pixel_mm=1.0)
    assert np.allclose(both, one + parallel_slices(disc(angles, radius=10), angles_deg=angles, pixel_mm=1.0), atol=1e-6)


def test_angles_in_any_order_give_the_same_slice() -> None:
    angles = np.arange(0, 180, 1.5)
    order = np.random.default_rng(1).permutation(angles.size)
    one = parallel_slices(disc(angles), angles_deg=angles, pixel_mm=1.0)
    other = parallel_slices(disc(angles)[order], angles_deg=angles[order], pixel_mm=1.0)
    assert np.allclose(one, other, atol=1e-6)


def test_unequal_steps_are_weighed_by_what_they_stand_for() -> None:
    assert shares(np.array([0.0, 90.0]), 180.0).tolist() == [90.0, 90.0]
    assert shares(np.array([0.0, 0.0, 90.0]), 180.0).tolist() == [45.0, 45.0, 90.0]
    angles = np.concatenate([np.arange(0, 90, 1.0), np.arange(90, 180, 2.0)])
    assert shares(angles, 180.0).sum() == pytest.approx(180)
    found = parallel_slices(disc(angles), angles_deg=angles, pixel_mm=1.0, axis_column=63.3)[0]
    assert found[distance(129, 12, -7) < 30].mean() == pytest.approx(MU, rel=2e-3)


@pytest.mark.parametrize("window", ["ramp", "shepp-logan", "cosine", "hamming", "hann"])
def test_windows_keep_the_mean_and_calm_the_noise(window: str) -> None:
    angles = np.arange(0, 180, 1.0)
    noisy = disc(angles) + np.random.default_rng(1).normal(0, 0.02, disc(angles).shape)
    found = parallel_slices(noisy, angles_deg=angles, pixel_mm=1.0, axis_column=63.3, window=window)[0]
    plain = parallel_slices(noisy, angles_deg=angles, pixel_mm=1.0, axis_column=63.3)[0]
    inside = distance(129, 12, -7) < 28
    assert found[inside].mean() == pytest.approx(MU, rel=5e-3)
    assert found[inside].std() <= plain[inside].std() * (1 if window == "ramp" else 0.95)


def test_it_agrees_with_scikit_image_on_the_phantom_of_shepp_and_logan() -> None:
    from skimage.data import shepp_logan_phantom
    from skimage.transform import iradon, radon, resize

    phantom = resize(shepp_logan_phantom(), (161, 161))
    angles = np.linspace(0, 180, 240, endpoint=False)
    sinogram = radon(phantom, angles)
    theirs = iradon(sinogram, angles, filter_name="ramp")
    ours = parallel_slices(sinogram.T[:, None], angles_deg=-angles, pixel_mm=1.0)[0]
    seen = distance(161, 0, 0) < 75
    errors = [float(np.sqrt(np.mean((each - phantom)[seen] ** 2))) for each in (ours, theirs)]
    assert errors[0] < 1.05 * errors[1]
    assert np.sqrt(np.mean((ours - theirs)[seen] ** 2)) < 0.2 * errors[1]


def scan(angles_deg: np.ndarray, *, offset_mm: tuple[float, float] = (0.0, 0.0), size: int = 72) -> np.ndarray:
    """Return the simulator's view of an aluminium ball of 15 mm at (9, 4, -6) mm, 80 keV, noise-free."""
    from kerma.science.simulate.document import Channel, Detector, Ellipsoid, Geometry, Scene, Source, Thing
    from kerma.science.simulate.render import noise_free

    ball = Thing("ball", Ellipsoid((15.0, 15.0, 15.0)), "aluminum", at_mm=(9.0, 4.0, -6.0))
    geometry = Geometry(
        source_object_mm=300.0, source_detector_mm=450.0, offset_mm=offset_mm, angles_deg=tuple(angles_deg.tolist())
    )
    source = Source(kind="monochromatic", energy_kev=80.0)
    scene = Scene("ball", (ball,), Detector(size, size, 1.2, channels=(Channel(snr=0.0),)), source, geometry)
    return np.stack([noise_free(scene, view=view)[0] for view in range(angles_deg.size)])


def away_from_ball(shape: int, voxel_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the distance of each voxel from the ball's centre and from the axis, in mm."""
    place = (np.arange(shape) - (shape - 1) / 2) * voxel_mm
    y, z, x = np.meshgrid(place, -place, place, indexing="ij")
    return np.sqrt((x - 9) ** 2 + (y - 4) ** 2 + (z + 6) ** 2), np.hypot(x, z)


@pytest.mark.parametrize("offset_mm", [(0.0, 0.0), (3.0, -2.4)])
def test_a_simulated_cone_beam_scan_gives_attenuation_and_place_of_a_ball(offset_mm: tuple[float, float]) -> None:
    from kerma.science.physics.attenuation import linear_attenuation

    angles = np.arange(0, 360, 3.0)
    middle = (72 - 1) / 2
    beam = ConeBeam(300.0, 450.0, 1.2, middle + offset_mm[0] / 1.2, middle + offset_mm[1] / 1.2)
    found = cone_volume(
        line_integrals(scan(angles, offset_mm=offset_mm)),
        angles_deg=angles,
        beam=beam,
        voxel_mm=1.0,
        shape=(60, 60, 60),
    )
    away, from_axis = away_from_ball(60, 1.0)
    true_per_mm = float(linear_attenuation("aluminum", 80.0))
    assert found[away < 12].mean() == pytest.approx(true_per_mm, rel=5e-3)
    assert abs(found[(away > 19) & (from_axis < 24)].mean()) < 0.01 * true_per_mm
    place = (np.arange(60) - 29.5) * 1.0
    mass = np.where(away < 19, found, 0)
    centre = [float((mass.sum(axis=others) * place).sum() / mass.sum()) for others in ((1, 2), (0, 2), (0, 1))]
    assert centre == pytest.approx([4.0, 6.0, 9.0], abs=0.1)


def test_a_simulated_scan_of_stored_values_is_reconstructed() -> None:
    from kerma.science.simulate.document import Channel, Cylinder, Detector, Geometry, Scene, Source, Thing
    from kerma.science.simulate.render import projections

    angles = tuple(np.arange(0, 360, 6.0).tolist())
    rod = Thing("rod", Cylinder(12.0, 100.0), "pmma", turn_deg=(90.0, 0.0, 0.0))
    hole = Thing("hole", Cylinder(3.0, 100.0), None, (5.0, 0.0, 0.0), (90.0, 0.0, 0.0), inside="rod")
    scene = Scene(
        "rod", (rod, hole), Detector(8, 96, 0.5, channels=(Channel(snr=400.0),)),
        Source(tube_voltage_kv=100.0, filters_mm={"copper": 1.0}), Geometry("cone", 900.0, 700.0, angles_deg=angles),
    )  # fmt: skip
    stored = projections(scene).image.pixels.astype(np.float32)
    open_beam = float(stored[:, :, :6].mean())
    found = cone_volume(
        line_integrals(stored, open_beam=open_beam), angles_deg=np.array(angles), beam=ConeBeam(700.0, 900.0, 0.5),
        voxel_mm=0.4, shape=(3, 80, 80),
    )[1]  # fmt: skip
    solid = (distance(80, 0, 0) < 27) & (distance(80, 12.5, 0) > 10)
    within = distance(80, 12.5, 0) < 5
    # PMMA of 1.19 g/cm³ at some 65 keV; a wide tolerance for the mean energy and hardening.
    assert found[solid].mean() == pytest.approx(0.0230, rel=0.06)
    assert abs(found[within].mean()) < 0.06 * found[solid].mean()


def test_the_tetrahedron_of_another_simulator_stands_where_its_mesh_does() -> None:
    folder = radiographs.real("ct_projections_tetra_sim") / "examples" / "processing" / "tetrahedron"

    def read(name: str, count: int) -> np.ndarray:
        return np.fromfile(folder / "projections" / name, "<u2").reshape(count, 150, 150).astype(np.float32)

    dark = read("tetra_dark.raw", 1)[0]
    flat = np.mean([read(f"tetra_flat_000{i}.raw", 1)[0] for i in range(3)], axis=0)
    views = line_integrals((read("tetra_projections.raw", 21) - dark) / (flat - dark))
    # Its stage turns the object, seen from the source: the rig turns back. First and last view are one direction.
    found = cone_volume(
        views, angles_deg=-np.linspace(0, 360, 21), beam=ConeBeam(300.0, 400.0, 1.3), voxel_mm=0.975, shape=(110,) * 3
    )
    mask = inside_mesh((folder / "tetra.stl").read_bytes(), 110, 0.975)
    from scipy.ndimage import binary_erosion

    true_per_mm = 0.1875  # iron at 130 keV
    assert found[binary_erosion(mask, iterations=2)].mean() == pytest.approx(true_per_mm, rel=0.03)
    over = found > true_per_mm / 2
    assert 2 * np.count_nonzero(over & mask) / (np.count_nonzero(over) + np.count_nonzero(mask)) > 0.8


def inside_mesh(stl: bytes, size: int, voxel_mm: float) -> np.ndarray:
    """Return the voxels above an odd number of faces; the scene centres the mesh's box."""
    count = int.from_bytes(stl[80:84], "little")
    kind = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("more", "<u2")])
    corners = np.frombuffer(stl[84 : 84 + 50 * count], kind)["corners"].astype(np.float64)
    box = (corners.reshape(-1, 3).min(axis=0) + corners.reshape(-1, 3).max(axis=0)) / 2
    corners += np.array([9.428083, 0.0, 8.888888]) - box
    place = (np.arange(size) - (size - 1) / 2) * voxel_mm
    # Mirrored: its detector is seen from the source, ours from behind. A hair aside, so that no edge is met.
    row, column = np.meshgrid(place + 1e-5, -place + 2e-5, indexing="ij")
    mask = np.zeros((size, size, size), bool)
    for a, b, c in corners:
        area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        if abs(area) < 1e-9:
            continue
        second = ((row - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (column - a[1])) / area
        third = ((b[0] - a[0]) * (column - a[1]) - (row - a[0]) * (b[1] - a[1])) / area
        hit = (second >= 0) & (third >= 0) & (second + third <= 1)
        height = a[2] + second * (b[2] - a[2]) + third * (c[2] - a[2])
        mask ^= hit[None] & (height[None] < -place[:, None, None])
    return mask


def test_the_real_tooth_is_sharp_about_the_axis_that_is_found() -> None:
    h5py = pytest.importorskip("h5py", reason="h5py reads the real projections")
    path = radiographs.real("ct_projections_tooth") / "source" / "tomopy" / "data" / "tooth.h5"
    with h5py.File(path) as file:
        part = file["exchange"]
        data, flats, darks = (
            Image(part[name][:], bits=16, meaning="raw", rises_with_dose=True)
            for name in ("data", "data_white", "data_dark")
        )
        angles = part["theta"][:]
    clean = prepared(flats, darks).corrected(data).pixels
    views = line_integrals(clean / np.median(clean[:, :, :20], axis=(1, 2), keepdims=True))
    axis = axis_column(views, angles_deg=angles)
    # The axis that tomopy's own documentation of this data set gives.
    assert axis == pytest.approx(296, abs=1)
    spilt = {}
    for off in (-3.0, 0.0, 3.0):
        slices = parallel_slices(views[:, :1], angles_deg=angles, pixel_mm=1.0, axis_column=axis + off, size=400)
        spilt[off] = float(np.abs(slices[0]).mean())
        assert np.isfinite(slices).all()
        if off == 0.0:
            rest = without_stripes(views[:, :1])
            calm = parallel_slices(rest, angles_deg=angles, pixel_mm=1.0, axis_column=axis, size=400)[0]
            empty = (distance(400, 0, 0) > 160) & (distance(400, 0, 0) < 195)
            assert calm[empty].std() < slices[0][empty].std()
            # Enamel and dentine against the air beside them.
            assert np.percentile(slices[0], 99) > 5 * slices[0][empty].std()
    # Attenuation is not negative: the mean of its absolute value is least about the right axis (Donath, 2006).
    assert spilt[0.0] < min(spilt[-3.0], spilt[3.0])


def test_the_axis_is_found_to_a_part_of_a_pixel() -> None:
    half = np.arange(0, 180, 1.0)
    assert axis_column(disc(half, axis=60.7), angles_deg=half) == pytest.approx(60.7, abs=0.01)
    whole = np.arange(0, 360, 2.0)
    random = np.random.default_rng(1)
    for axis in (60.7, 63.0, 70.25):
        noisy = disc(whole, axis=axis) + random.normal(0, 0.01, (180, 1, 129))
        assert axis_column(noisy, angles_deg=whole) == pytest.approx(axis, abs=0.1)


def test_opposite_views_find_the_axis_of_what_is_wider_than_the_detector() -> None:
    whole = np.arange(0, 360, 2.0)
    cut = (disc(whole, radius=45.0) + disc(whole, radius=20.0))[:, :, 30:105]
    assert axis_column(cut, angles_deg=whole) == pytest.approx(33.3, abs=0.1)


def test_stripes_are_taken_out_and_the_rest_is_left() -> None:
    clean = disc(np.arange(0, 180, 1.0))
    stripes = np.where(np.arange(129) % 17 == 5, 0.03, 0.0)
    even = np.full_like(clean, 1.5)
    assert np.allclose(without_stripes(even + stripes), even, atol=1e-6)
    # On the slope of an object a stripe no steeper than the slope moves the median itself: only a part is taken out.
    assert np.abs(without_stripes(clean + stripes) - clean).mean() < 0.8 * stripes.mean()
    assert np.abs(without_stripes(clean) - clean).max() < 0.005
    with pytest.raises(WrongUsage, match="odd"):
        without_stripes(clean, window_px=4)


def test_line_integrals_of_intensities() -> None:
    found = line_integrals(np.array([1000.0, 500.0, 0.0, -3.0]), open_beam=1000.0)
    assert found == pytest.approx([0, np.log(2), np.log(2), np.log(2)])
    for values, open_beam in (([1.0, np.nan], 1.0), ([0.0, -1.0], 1.0), ([1.0], 0.0), ([1.0], float("nan"))):
        with pytest.raises(WrongUsage):
            line_integrals(np.array(values), open_beam=open_beam)


BEAM = ConeBeam(100.0, 150.0, 1.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"angles_deg": np.arange(9.0)}, "one angle each"), ({"angles_deg": np.arange(10.0)}, "gap"),
        ({"angles_deg": np.zeros(10)}, "gap"), ({"angles_deg": np.full(10, np.nan)}, "number everywhere"),
        ({"beam": ConeBeam(150.0, 100.0, 1.0)}, "before the detector"), ({"voxel_mm": 0.0}, "above 0"),
        ({"shape": (4, 400, 400)}, "where the source stands"), ({"shape": (0, 4, 4)}, "at least 1"),
        ({"shape": (2000, 2000, 2000)}, "at most"), ({"window": "boxcar"}, "no window"),
    ],
)  # fmt: skip
def test_scans_that_cannot_be_reconstructed_are_refused(options: dict[str, Any], words: str) -> None:
    good: dict[str, Any] = {"angles_deg": np.arange(0, 360, 36.0), "beam": BEAM, "voxel_mm": 1.0, "shape": (4, 4, 4)}
    with pytest.raises(WrongUsage, match=words):
        cone_volume(np.ones((10, 5, 5)), **{**good, **options})


def test_projections_that_are_none_are_refused() -> None:
    for views in (np.ones((4, 5)), np.ones((4, 0, 5)), np.full((4, 2, 5), np.nan)):
        with pytest.raises(WrongUsage):
            parallel_slices(views, angles_deg=np.arange(0, 180, 45.0), pixel_mm=1.0)
    with pytest.raises(WrongUsage, match="pixel"):
        parallel_slices(np.ones((4, 2, 5)), angles_deg=np.arange(0, 180, 45.0), pixel_mm=0.0)
    with pytest.raises(WrongUsage, match="object"):
        axis_column(np.zeros((4, 2, 5)), angles_deg=np.arange(0, 180, 45.0))
    with pytest.raises(WrongUsage):
        axis_column(np.ones((2, 2, 5)), angles_deg=np.array([0.0, 10.0]))


def test_a_detector_of_one_column_or_one_row_is_no_trap() -> None:
    angles = np.arange(0, 360, 30.0)
    assert np.isfinite(parallel_slices(np.ones((12, 1, 1)), angles_deg=angles, pixel_mm=1.0)).all()
    for shape in ((12, 1, 1), (12, 1, 9), (12, 9, 1)):
        found = cone_volume(np.ones(shape), angles_deg=angles, beam=BEAM, voxel_mm=1.0, shape=(3, 3, 3))
        assert found.shape == (3, 3, 3) and np.isfinite(found).all()

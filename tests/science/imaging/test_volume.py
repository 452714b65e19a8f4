from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.imaging.volume import piles
from volumes import UNEVEN, geometry_of, slices

EVEN = np.arange(-20, 21, 2.0)


@pytest.fixture(params=[0.0, 18.5, -25.0])
def tilt_deg(request: pytest.FixtureRequest) -> float:
    return float(request.param)


def test_order_follows_the_positions_whatever_the_order_of_arrival(tilt_deg: float) -> None:
    planes = slices(UNEVEN, tilt_deg=tilt_deg)
    shuffled = np.random.default_rng(1).permutation(len(planes))
    geometry = geometry_of([planes[number] for number in shuffled])
    assert [shuffled[number] for number in geometry.order] == list(range(len(planes)))
    assert np.all(geometry.spacings_mm > 0)


def test_tilt_and_distances_come_from_the_positions(tilt_deg: float) -> None:
    geometry = geometry_of(slices(UNEVEN, tilt_deg=tilt_deg))
    assert geometry.tilt_deg == pytest.approx(abs(tilt_deg), abs=1e-9)
    assert geometry.spacings_mm == pytest.approx(np.diff(UNEVEN) * np.cos(np.radians(tilt_deg)))
    assert not geometry.is_even
    assert geometry.affine() is None


def test_affine_holds_the_shear_and_agrees_with_the_slices(tilt_deg: float) -> None:
    planes = slices(EVEN, tilt_deg=tilt_deg)
    geometry = geometry_of(planes)
    affine = geometry.affine()
    assert affine is not None
    voxels = np.random.default_rng(2).uniform(0, 20, (50, 3))
    expected = voxels @ affine[:3, :3].T + affine[:3, 3]
    assert geometry.to_space(voxels) == pytest.approx(expected, abs=1e-9)
    assert affine[:3, 0] == pytest.approx([0, 0, 2], abs=1e-9)
    # its volume is that of a voxel: area of a pixel times the distance along the normal, sheared or not
    assert abs(np.linalg.det(affine[:3, :3])) == pytest.approx(1.0 * 1.25 * 2 * np.cos(np.radians(tilt_deg)))


def test_space_and_own_frame_are_inverse(tilt_deg: float) -> None:
    geometry = geometry_of(slices(UNEVEN, tilt_deg=tilt_deg))
    numbers = np.arange(len(UNEVEN))
    own = geometry.in_frame(geometry.to_space(np.stack([numbers, numbers * 0 + 7.0, numbers * 0 + 3.0], axis=-1)))
    assert own[:, 0] == pytest.approx(geometry.distances_mm, abs=1e-9)
    assert own[:, 1] - geometry.offsets_mm[:, 0] == pytest.approx(7.0 * geometry.row_mm)
    assert own[:, 2] - geometry.offsets_mm[:, 1] == pytest.approx(3.0 * geometry.column_mm)


def test_uneven_spacing_is_told_but_is_no_gap() -> None:
    (pile,) = piles(slices(UNEVEN))
    assert any("uneven spacing: 0.5 to 3.5 mm" in word for word in pile.warnings)
    assert not any("gap" in word for word in pile.warnings)


def test_a_missing_slice_is_told_where_it_is() -> None:
    planes = slices(EVEN)
    del planes[7]
    (pile,) = piles(planes)
    assert any("a gap of 4 mm between slices 7 and 8" in word for word in pile.warnings)


def test_doubles_are_left_out_and_counted() -> None:
    planes = slices(EVEN)
    (pile,) = piles([*planes, *planes[:5]])
    assert pile.geometry is not None
    assert pile.geometry.order == tuple(range(len(EVEN)))
    assert any(word.startswith("5 images at a place that another already shows") for word in pile.warnings)


def test_a_scout_view_is_left_out() -> None:
    scout = replace(slices([0.0])[0], along_row=(0.0, 1.0, 0.0), along_column=(0.0, 0.0, -1.0), rows=300, columns=200)
    (pile,) = piles([scout, *slices(EVEN)])
    assert pile.geometry is not None
    assert 0 not in pile.geometry.order
    assert "1 image of another direction" in pile.warnings[0]


def test_two_tilts_make_two_piles() -> None:
    found = piles([*slices(EVEN, tilt_deg=0), *slices(EVEN[:9] + 60, tilt_deg=20)])
    assert [len(pile.geometry.order) for pile in found if pile.geometry] == [21, 9]
    assert all("2 piles" in pile.warnings[0] for pile in found)


@pytest.mark.parametrize(
    ("planes", "reason"),
    [
        (slices(EVEN)[:2], "at least 3 slices; the series has 2"),
        ([replace(one, rows=one.rows + number) for number, one in enumerate(slices(EVEN))], "no 3 of the 21 slices"),
        (slices([5.0] * 9), "follow each other in time"),
        ([replace(one, along_column=(0.5, 0.8, 0.0)) for one in slices(EVEN)], "not at right angles"),
    ],
)
def test_it_is_said_why_there_is_no_volume(planes: list, reason: str) -> None:
    (pile,) = piles(planes)
    assert pile.geometry is None
    assert reason in pile.reasons[0]


def test_a_header_that_contradicts_the_positions_is_told() -> None:
    (agrees,) = piles(slices(EVEN, tilt_deg=18.5), tilt_deg=-18.5)
    (differs,) = piles(slices(EVEN, tilt_deg=0), tilt_deg=18.5)
    assert not any("header states" in word for word in agrees.warnings)
    assert any("the header states a tilt of 18.5°, the positions show 0.0°" in word for word in differs.warnings)


def test_thin_slices_far_apart_are_told() -> None:
    (pile,) = piles([replace(one, thickness_mm=1.0) for one in slices(np.arange(0, 100, 10.0))])
    assert any("most of the volume was not imaged" in word for word in pile.warnings)


@pytest.mark.parametrize("wrong", [{"row_mm": 0.0}, {"column_mm": float("nan")}, {"position_mm": (0, float("inf"), 0)}])
def test_numbers_that_are_none_are_refused(wrong: dict) -> None:
    with pytest.raises(WrongUsage, match="finite position"):
        piles([replace(one, **wrong) for one in slices(EVEN)])

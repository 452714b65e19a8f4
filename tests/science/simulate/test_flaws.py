"""Flaws have the volume, size and place they claim."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.science.simulate.beam import tube
from kerma.science.simulate.exposure import Detector
from kerma.science.simulate.flaws import ellipsoid, stroke
from kerma.science.simulate.lettering import lead_letters, wires
from kerma.science.simulate.scene import Part, picture

PIXEL_MM = 0.1


@settings(max_examples=40, deadline=None)
@given(st.floats(0.15, 3.0), st.floats(5.0, 20.0), st.floats(5.0, 20.0))
def test_a_pore_displaces_the_volume_of_a_sphere(radius: float, row_mm: float, column_mm: float) -> None:
    pore = ellipsoid("porosity", center_mm=(row_mm, column_mm), radii_mm=(radius,) * 3, pixel_mm=PIXEL_MM)
    volume = pore.patch_mm.sum() * PIXEL_MM**2
    assert volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.03)
    weights = pore.patch_mm / pore.patch_mm.sum()
    rows = pore.row + np.arange(pore.patch_mm.shape[0]) + 0.5
    assert float((weights.sum(axis=1) * rows).sum()) * PIXEL_MM == pytest.approx(row_mm, abs=0.03)


def test_a_pore_thinner_than_a_pixel_keeps_its_volume() -> None:
    pore = ellipsoid("porosity", center_mm=(1.03, 1.07), radii_mm=(0.04,) * 3, pixel_mm=PIXEL_MM)
    assert pore.patch_mm.sum() * PIXEL_MM**2 == pytest.approx(4 / 3 * np.pi * 0.04**3, rel=0.25)


@pytest.mark.parametrize("diameter_mm", [0.05, 0.1, 0.25, 0.8])
def test_a_wire_keeps_its_cross_section(diameter_mm: float) -> None:
    field = np.zeros((30, 100))
    wires(field, [diameter_mm], rows_px=(5, 25), first_column_px=50.37, pitch_px=10, pixel_mm=PIXEL_MM)
    area = field[10].sum() * PIXEL_MM
    assert area == pytest.approx(np.pi * (diameter_mm / 2) ** 2, rel=0.12)
    assert (field[:5] == 0).all()


def test_a_stroke_is_as_long_as_it_says() -> None:
    path = np.stack([np.full(200, 5.0), np.linspace(5.0, 15.0, 200)], axis=1)
    line = stroke("crack", path, width_mm=np.full(200, 0.3), depth_mm=2.0, pixel_mm=PIXEL_MM)
    columns = np.flatnonzero(line.patch_mm.any(axis=0))
    assert (np.ptp(columns) + 1) * PIXEL_MM == pytest.approx(line.measurements["length_mm"], abs=0.15)
    assert line.patch_mm.max() <= 2.0


def test_letters_stay_in_their_line_and_unknown_ones_are_gaps() -> None:
    field = np.zeros((60, 200))
    lead_letters(field, "K7", row_px=50, column_px=10, height_px=30, thickness_mm=0.5)
    rows = np.flatnonzero(field.any(axis=1))
    assert 15 <= rows[0] < rows[-1] <= 55
    assert field.max() == pytest.approx(0.5)
    empty = np.zeros((60, 200))
    lead_letters(empty, "?!", row_px=50, column_px=10, height_px=30, thickness_mm=0.5)
    assert not empty.any()


def test_a_flaw_deeper_than_the_part_leaves_a_hole_and_no_more() -> None:
    pore = ellipsoid("porosity", center_mm=(3.0, 3.0), radii_mm=(1.0, 1.0, 9.0), pixel_mm=PIXEL_MM)
    maps = Part({"iron": np.full((60, 60), 2.0)}, [pore]).with_flaws()
    assert maps["iron"].min() == 0.0


def test_an_inclusion_takes_the_place_of_the_part() -> None:
    grain = ellipsoid("tungsten", center_mm=(3.0, 3.0), radii_mm=(0.5,) * 3, pixel_mm=PIXEL_MM, material="tungsten")
    maps = Part({"iron": np.full((60, 60), 5.0)}, [grain]).with_flaws()
    np.testing.assert_allclose(maps["iron"] + maps["tungsten"], 5.0)


def test_a_flaw_outside_the_picture_is_an_error() -> None:
    pore = ellipsoid("porosity", center_mm=(5.9, 3.0), radii_mm=(1.0,) * 3, pixel_mm=PIXEL_MM)
    with pytest.raises(ValueError, match="leaves the picture"):
        Part({"iron": np.full((60, 60), 5.0)}, [pore]).with_flaws()


def test_detectability_grows_with_snr_and_is_not_changed_by_blur() -> None:
    pore = ellipsoid("porosity", center_mm=(3.0, 3.0), radii_mm=(0.4,) * 3, pixel_mm=PIXEL_MM)
    part = Part({"iron": np.full((60, 60), 10.0)}, [pore])
    beam = tube(160.0, filters_mm={"copper": 1.0})

    def seen(snr: float, blur_px: float) -> dict[str, float]:
        detector = Detector(snr, blur_px=blur_px)
        _, (found,), _ = picture(part, beam, detector, reference_mm={"iron": 10.0}, generator=np.random.default_rng(1))
        return dict(found.measurements)

    assert seen(200, 0)["detectability"] == pytest.approx(2 * seen(100, 0)["detectability"], rel=1e-6)
    assert seen(200, 0)["cnr"] == pytest.approx(2 * seen(100, 0)["cnr"], rel=1e-6)
    blurred = seen(100 / 1.0, 1.0)
    assert blurred["detectability"] < seen(100, 0)["detectability"]

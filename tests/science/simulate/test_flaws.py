"""Flaws have the volume, size and place they claim."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.science.simulate.document import Box, Channel, Detector, Geometry, Scene, Source, Thing
from kerma.science.simulate.flaws import ellipsoid, stroke
from kerma.science.simulate.lettering import lead_letters, wires
from kerma.science.simulate.part import Part
from kerma.science.simulate.render import render

PIXEL_MM = 0.1
FAR = Geometry(source_detector_mm=50_000.0, source_object_mm=49_990.0)


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
    maps = Part({"iron": np.full((60, 60), 2.0)}, [pore]).composition().thickness_mm
    assert maps["iron", None].min() == 0.0


def test_an_inclusion_takes_the_place_of_the_part() -> None:
    grain = ellipsoid("tungsten", center_mm=(3.0, 3.0), radii_mm=(0.5,) * 3, pixel_mm=PIXEL_MM, material="tungsten")
    maps = Part({"iron": np.full((60, 60), 5.0)}, [grain]).composition().thickness_mm
    np.testing.assert_allclose(maps["iron", None] + maps["tungsten", None], 5.0, rtol=1e-12)


def test_a_flaw_outside_the_picture_is_an_error() -> None:
    pore = ellipsoid("porosity", center_mm=(5.9, 3.0), radii_mm=(1.0,) * 3, pixel_mm=PIXEL_MM)
    with pytest.raises(ValueError, match="leaves the picture"):
        Part({"iron": np.full((60, 60), 5.0)}, [pore]).composition()


def exposure(snr: float, blur_px: float = 0.0) -> Scene:
    """A plate of 10 mm iron, at 160 kV behind 1 mm of copper."""
    detector = Detector(60, 60, PIXEL_MM, (Channel(snr=snr),), {"iron": 10.0}, blur_px * PIXEL_MM)
    return Scene("plate", (), detector, Source(tube_voltage_kv=160.0, filters_mm={"copper": 1.0}))


def test_detectability_grows_with_snr_and_is_not_changed_by_blur() -> None:
    pore = ellipsoid("porosity", center_mm=(3.0, 3.0), radii_mm=(0.4,) * 3, pixel_mm=PIXEL_MM)
    part = Part({"iron": np.full((60, 60), 10.0)}, [pore])

    def seen(snr: float, blur_px: float) -> dict[str, float]:
        (found,) = part.picture(exposure(snr, blur_px), {}).findings
        return dict(found.measurements)

    assert seen(200, 0)["detectability"] == pytest.approx(2 * seen(100, 0)["detectability"], rel=1e-5)
    assert seen(200, 0)["cnr"] == pytest.approx(2 * seen(100, 0)["cnr"], rel=1e-5)
    blurred = seen(100 / 1.0, 1.0)
    assert blurred["detectability"] < seen(100, 0)["detectability"]


def test_a_drawn_plate_and_a_cast_one_are_the_same_picture() -> None:
    """One plate as a map and as a box far from the source: the same engine exposes both."""
    drawn = Part({"iron": np.full((60, 60), 10.0)}).picture(replace(exposure(150.0), geometry=FAR), {"part": "plate"})
    cast = render(replace(exposure(150.0), geometry=FAR, things=(Thing("plate", Box((900.0, 900.0, 10.0)), "iron"),)))
    # Noise follows the mean, so the means are compared; rays at the corners are 4e-9 longer.
    np.testing.assert_allclose(drawn.expected, cast.expected, rtol=1e-7)
    assert drawn.image.pixels.std() == pytest.approx(cast.image.pixels.std(), rel=0.05)
    assert drawn.truth == {**cast.truth, "at_edge_of_picture": [], "part": "plate"}


def test_two_flaws_that_touch_are_told_each_with_the_other_in_place() -> None:
    """A pore behind a grain of tungsten stays a pore: its contrast is that of the steel it takes away."""
    pore = ellipsoid("porosity", center_mm=(3.0, 3.0), radii_mm=(0.8,) * 3, pixel_mm=PIXEL_MM)
    grain = ellipsoid("tungsten", center_mm=(3.0, 3.5), radii_mm=(0.3,) * 3, pixel_mm=PIXEL_MM, material="tungsten")
    both = Part({"iron": np.full((60, 60), 10.0)}, [pore, grain]).picture(exposure(150.0), {})
    assert [finding.label for finding in both.findings] == ["porosity", "tungsten"]
    assert [mask.pixels.sum() for mask in both.masks] == [(flaw.patch_mm > 0).sum() for flaw in (pore, grain)]
    assert both.labels.max() == 2

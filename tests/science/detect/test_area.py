"""Connected areas: sizes of known shapes, gaps that join, and nothing lost."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.science.detect.area import areas
from kerma.science.imaging.image import Spacing


def test_a_rectangle_has_its_sides_and_its_area_in_mm() -> None:
    mask = np.zeros((40, 60), bool)
    mask[10:16, 20:50] = True
    (area,) = areas(mask)
    assert area.box.as_json() == [10, 20, 6, 30]
    sizes = area.sizes(Spacing(0.5, 0.25, "geometry"))
    assert sizes["length_px"] == pytest.approx(30) and sizes["width_px"] == pytest.approx(6)
    assert sizes["length_mm"] == pytest.approx(7.5) and sizes["width_mm"] == pytest.approx(3.0)
    assert sizes["area_mm2"] == pytest.approx(6 * 30 * 0.125)
    assert "diameter_mm" not in sizes
    assert not [key for key in area.sizes(Spacing()) if "mm" in key]


def test_a_disc_has_its_diameter() -> None:
    row, column = np.mgrid[:80, :80]
    (area,) = areas(np.hypot(row - 40, column - 40) <= 15)
    assert area.sizes(Spacing(0.1, 0.1, "geometry"))["diameter_mm"] == pytest.approx(3.0, rel=0.02)


def test_one_pixel_is_one_pixel_long_and_wide() -> None:
    mask = np.zeros((5, 5), bool)
    mask[2, 3] = True
    (area,) = areas(mask)
    assert area.sides() == pytest.approx((1.0, 1.0))
    assert area.polygon() == ((2.0, 3.0),)


@pytest.mark.parametrize(("gap", "count"), [(0, 3), (2, 2), (8, 1)])
def test_areas_within_the_gap_are_one_and_no_pixel_is_lost_or_added(gap: int, count: int) -> None:
    mask = np.zeros((30, 60), bool)
    mask[5:10, 5:15] = mask[5:10, 17:20] = mask[5:10, 27:40] = True
    found = list(areas(mask, gap_px=gap))
    assert len(found) == count
    again = np.zeros_like(mask)
    for one in found:
        again[one.slices] |= one.mask
    assert (again == mask).all()

"""Wire values and levels: every value comes back, means are kept, and padding is never mixed with data."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from kerma.science.imaging import pyramid
from kerma.science.imaging.greyscale import modality_values
from kerma.science.imaging.image import GreyScale, Image, Lut
from kerma.science.imaging.pyramid import Place, halved, levels, places, tile, to_wire, wire_scale

SIDES = st.tuples(st.integers(1, 9), st.integers(1, 9))
NARROW = ("u1", "i1", "u2", "i2")


def image(plane: NDArray[Any], padding: float | None = None, **grey: Any) -> Image:
    return Image(pixels=plane[None], bits=16, grey=GreyScale(**grey), padding_value=padding)


def back(wire: NDArray[Any], scale: pyramid.WireScale, of: Image) -> NDArray[np.float64]:
    """Return modality values as a viewer computes them."""
    if scale.keeps_lut:
        assert of.grey.modality_lut is not None
        return modality_values(of.grey, wire.astype(np.int64) + scale.offset)
    return wire.astype(np.float64) * scale.slope + scale.intercept


@given(st.data(), st.sampled_from(NARROW), st.sampled_from([(1.0, 0.0), (1.0, -1024.0), (0.25, -7.0), (-2.0, 100.0)]))
def test_small_integers_come_back_exactly(data: st.DataObject, kind: str, rescale: tuple[float, float]) -> None:
    plane = data.draw(arrays.arrays(kind, SIDES))
    given_image = image(plane, slope=rescale[0], intercept=rescale[1])
    scale = wire_scale(given_image)
    wire = to_wire(given_image, plane, scale)
    assert scale.is_exact
    assert wire.dtype == np.uint16
    np.testing.assert_array_equal(wire.astype(np.int64) + scale.offset, plane)
    np.testing.assert_array_equal(back(wire, scale, given_image), modality_values(given_image.grey, plane))


@given(arrays.arrays("i2", SIDES), st.floats(1e-6, 1e6), st.floats(-1e6, 1e6))
def test_any_rescale_comes_back_to_the_last_digits(plane: NDArray[Any], slope: float, intercept: float) -> None:
    given_image = image(plane, slope=slope, intercept=intercept)
    scale = wire_scale(given_image)
    found = back(to_wire(given_image, plane, scale), scale, given_image)
    size = 65_536 * slope + abs(intercept)
    np.testing.assert_allclose(found, modality_values(given_image.grey, plane), rtol=0, atol=4e-16 * size)


@pytest.mark.parametrize("kind", NARROW)
def test_a_modality_table_stays_with_the_stored_values(kind: str) -> None:
    limits = np.iinfo(kind)
    table = Lut(np.arange(500, 700, dtype=np.uint16)[::-1], first=max(limits.min, -50), bits=16)
    plane = np.array([[limits.min, 0, limits.max]], kind)
    given_image = image(plane, modality_lut=table)
    scale = wire_scale(given_image)
    assert scale.keeps_lut
    found = back(to_wire(given_image, plane, scale), scale, given_image)
    np.testing.assert_array_equal(found, modality_values(given_image.grey, plane))


@given(st.data(), st.sampled_from(["i4", "u4", "i8", "u8"]))
def test_wide_integers_of_a_narrow_range_stay_exact(data: st.DataObject, kind: str) -> None:
    limits = np.iinfo(kind)
    low = data.draw(st.integers(int(limits.min), int(limits.max) - 65_534))
    moved = data.draw(arrays.arrays("u2", SIDES, elements=st.integers(0, 65_534)))
    plane = (moved.astype(object) + low).astype(kind)
    given_image = image(plane)
    scale = wire_scale(given_image)
    wire = to_wire(given_image, plane, scale)
    assert scale.is_exact
    assert scale.padding is None
    assert [int(value) + scale.offset for value in wire.ravel()] == [int(value) for value in plane.ravel()]


@given(st.data(), st.sampled_from(["i4", "u4", "f4", "f8"]), st.sampled_from([(1.0, 0.0), (-0.5, 3.0)]))
def test_wider_values_are_off_by_half_a_step_at_most(
    data: st.DataObject, kind: str, rescale: tuple[float, float]
) -> None:
    elements = st.floats(-1e9, 1e9, width=32) if kind[0] == "f" else st.integers(0, 2**31 - 1)
    plane = data.draw(arrays.arrays(kind, SIDES, elements=elements))
    given_image = image(plane, slope=rescale[0], intercept=rescale[1])
    scale = wire_scale(given_image)
    wire = to_wire(given_image, plane, scale)
    expected = modality_values(given_image.grey, plane)
    largest = max(1.0, float(np.abs(expected).max()))
    step = 0.0 if scale.is_exact else scale.slope
    assert step <= float(np.ptp(expected)) / 65_534 * (1 + 1e-9) or np.ptp(expected) == 0
    np.testing.assert_allclose(back(wire, scale, given_image), expected, rtol=0, atol=step * 0.5001 + 1e-12 * largest)
    assert wire.min() >= 1


def test_pixels_that_are_no_number_carry_no_data() -> None:
    plane = np.array([[np.nan, 1.0, np.inf], [2.0, -np.inf, -999.0]], np.float32)
    given_image = image(plane, padding=-999.0)
    scale = wire_scale(given_image)
    wire = to_wire(given_image, plane, scale)
    assert scale.padding == 0
    np.testing.assert_array_equal(wire == 0, [[True, False, True], [False, True, True]])
    np.testing.assert_allclose(back(wire, scale, given_image)[wire != 0], [1.0, 2.0], atol=scale.slope)


def test_padding_of_wide_integers_takes_no_room() -> None:
    plane = np.array([[-(2**31), 0, 4000]], np.int32)
    given_image = image(plane, padding=-(2**31))
    scale = wire_scale(given_image)
    assert (scale.is_exact, scale.padding) == (True, 0)
    wire = to_wire(given_image, plane, scale)
    np.testing.assert_array_equal(wire.astype(np.int64) + scale.offset, [[-1, 0, 4000]])


@pytest.mark.parametrize(
    ("kind", "padding", "expected"),
    [("u2", 0.0, 0), ("u2", 65_535.0, 65_535), ("i2", -2000.0, 30_768), ("u2", -1.0, None), ("u2", 0.5, None)],
)
def test_padding_has_its_wire_value(kind: str, padding: float, expected: int | None) -> None:
    assert wire_scale(image(np.zeros((2, 2), kind), padding=padding)).padding == expected


@pytest.mark.parametrize("value", [0.0, -3.5, 1e300, 5e-324])
def test_a_flat_image_keeps_its_value(value: float) -> None:
    plane = np.full((3, 3), value)
    scale = wire_scale(image(plane))
    np.testing.assert_allclose(back(to_wire(image(plane), plane, scale), scale, image(plane)), plane, rtol=1e-12)


@pytest.mark.parametrize("plane", [np.full((2, 2), np.nan), np.full((2, 2), 7, np.int32)])
def test_an_image_without_data_is_all_padding(plane: NDArray[Any]) -> None:
    given_image = image(plane, padding=7.0)
    scale = wire_scale(given_image)
    assert scale.padding == 0
    assert (to_wire(given_image, plane, scale) == 0).all()


def test_colour_stays_as_it_is() -> None:
    plane = np.arange(5 * 3 * 3, dtype=np.uint8).reshape(5, 3, 3)
    given_image = Image(pixels=plane[None], bits=8)
    np.testing.assert_array_equal(to_wire(given_image, plane, wire_scale(given_image)), plane)
    for channel in range(3):
        np.testing.assert_array_equal(halved(plane)[..., channel], halved(plane[..., channel]))


def by_the_book(wire: NDArray[Any], padding: int | None) -> list[list[int]]:
    """Return the means of 2 x 2 pixels with fractions, one by one."""
    rows, columns = wire.shape
    found = []
    for row in range(0, rows, 2):
        line = []
        for column in range(0, columns, 2):
            data = [int(value) for value in wire[row : row + 2, column : column + 2].ravel() if value != padding]
            mean = int(Fraction(sum(data), len(data)) + Fraction(1, 2)) if data else padding
            if data and mean == padding:
                mean += 1 if padding < 65_535 else -1
            line.append(mean)
        found.append(line)
    return found


@given(st.data(), st.sampled_from([None, 0, 3, 65_535]))
def test_a_level_is_the_rounded_mean_of_the_data(data: st.DataObject, padding: int | None) -> None:
    elements = st.one_of(st.integers(0, 6), st.integers(65_530, 65_535))
    wire = data.draw(arrays.arrays("u2", SIDES, elements=elements))
    small = halved(wire, padding)
    assert small.dtype == wire.dtype
    assert small.tolist() == by_the_book(wire, padding)


@given(
    arrays.arrays("u2", st.tuples(st.integers(1, 8), st.integers(1, 8)).map(lambda sides: (2 * sides[0], 2 * sides[1])))
)
def test_the_mean_of_the_image_is_kept(wire: NDArray[Any]) -> None:
    assert abs(float(halved(wire).mean()) - float(wire.mean())) <= 0.5


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_levels_halve_to_an_overview_of_one_tile(rows: int, columns: int) -> None:
    found = levels(rows, columns)
    assert (found[0].rows, found[0].columns) == (rows, columns)
    for larger, smaller in zip(found, found[1:], strict=False):
        assert (smaller.rows, smaller.columns) == (-(-larger.rows // 2), -(-larger.columns // 2))
        assert max(larger.rows, larger.columns) > pyramid.OVERVIEW_PX
    assert max(found[-1].rows, found[-1].columns) <= pyramid.OVERVIEW_PX
    assert (found[-1].tile_rows, found[-1].tile_columns) == (1, 1)
    assert next(iter(places(rows, columns))) == Place(len(found) - 1, 0, 0)


@pytest.mark.parametrize("sides", [(1, 1), (1, 1025), (2048, 1024), (1025, 2049), (3, 5000)])
def test_the_tiles_of_a_level_are_the_level(sides: tuple[int, int]) -> None:
    wire = (np.arange(sides[0] * sides[1]) % 65_521).astype(np.uint16).reshape(sides)
    stack = pyramid.pyramid(wire, None)
    assert [one.shape for one in stack] == [(level.rows, level.columns) for level in levels(*sides)]
    together = [np.zeros_like(one) for one in stack]
    for place in places(*sides):
        top, left = place.row * pyramid.TILE_PX, place.column * pyramid.TILE_PX
        part = tile(stack[place.level], place)
        assert part.flags.c_contiguous
        assert 0 < max(part.shape) <= pyramid.TILE_PX
        together[place.level][top : top + part.shape[0], left : left + part.shape[1]] = part
    for made, level in zip(together, stack, strict=True):
        np.testing.assert_array_equal(made, level)


@given(arrays.arrays("u2", st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.integers(0, 2)))
def test_padding_never_mixes_with_data_at_any_level(wire: NDArray[Any]) -> None:
    level, is_data = wire, wire != 0
    while max(level.shape) > 1:
        level = halved(level, 0)
        rows, columns = (2 * side for side in level.shape)
        grown = np.zeros((rows, columns), np.bool_)
        grown[: is_data.shape[0], : is_data.shape[1]] = is_data
        is_data = grown.reshape(rows // 2, 2, columns // 2, 2).any(axis=(1, 3))
        np.testing.assert_array_equal(level != 0, is_data)
        assert level.max() <= 2

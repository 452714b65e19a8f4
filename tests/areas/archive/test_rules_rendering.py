"""Viewports: a picture always fits, keeps its proportions, and shows only what there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.areas.archive.rules_rendering import Viewport, look_of, shown, window_of
from kerma.errors import WrongUsage

sides = st.integers(1, 5000)
shares = st.floats(0, 1)


@given(sides, sides, sides, sides)
def test_a_picture_fits_its_viewport_and_fills_a_side(rows: int, columns: int, box_rows: int, box_columns: int) -> None:
    size = shown(rows, columns, Viewport(box_columns, box_rows))
    assert (size.top, size.bottom, size.left, size.right) == (0, rows, 0, columns)
    assert size.rows <= box_rows
    assert size.columns <= box_columns
    assert size.rows == box_rows or size.columns == box_columns
    scale = min(box_rows / rows, box_columns / columns)
    assert abs(size.rows - max(1, rows * scale)) <= 0.5
    assert abs(size.columns - max(1, columns * scale)) <= 0.5


@given(sides, sides, st.floats(-9000, 9000), st.floats(-9000, 9000), st.floats(-9000, 9000), st.floats(-9000, 9000))
def test_a_part_lies_inside_the_image_or_is_refused(
    rows: int, columns: int, left: float, top: float, width: float, height: float
) -> None:
    viewport = Viewport(100, 100, left, top, width or 1.0, height or 1.0)
    try:
        size = shown(rows, columns, viewport)
    except WrongUsage:
        return
    assert 0 <= size.top < size.bottom <= rows
    assert 0 <= size.left < size.right <= columns
    assert 1 <= size.rows <= 100
    assert 1 <= size.columns <= 100
    assert (size.is_mirrored, size.is_upside_down) == (viewport.width < 0, viewport.height < 0)


def test_a_picture_is_not_blown_up_beyond_measure() -> None:
    with pytest.raises(WrongUsage, match="enlarged"):
        shown(10, 10, Viewport(16_000, 16_000))
    assert shown(16_000, 16_000, Viewport(16_000, 16_000)).rows == 16_000


@given(sides, sides)
def test_a_small_image_is_not_blown_up_where_that_is_not_wanted(rows: int, columns: int) -> None:
    size = shown(rows, columns, Viewport(256, 256, may_grow=False))
    assert size.rows <= rows
    assert size.columns <= columns


@given(st.dictionaries(st.sampled_from(["window", "viewport", "quality"]), st.text(max_size=40)))
def test_whatever_is_written_is_understood_or_refused(parameters: dict[str, str]) -> None:
    try:
        look, _ = look_of(parameters)
    except WrongUsage as error:
        assert str(error)
    else:
        assert 1 <= look.quality <= 100


@pytest.mark.parametrize(("width", "function"), [(0.5, "linear"), (0.0, "sigmoid"), (-1.0, "linear-exact")])
def test_a_window_too_narrow_for_its_function_is_refused(width: float, function: str) -> None:
    with pytest.raises(WrongUsage, match="shows nothing"):
        window_of(0.0, width, function)

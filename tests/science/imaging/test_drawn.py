"""Lines and words of marks: an outline holds exactly the pixels of its runs, and a value says its unit."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from kerma.science.imaging.drawn import axis_ends, label, strokes, worded

SIZE = 7


def runs_of(pixels: np.ndarray) -> list[list[int]]:
    found = []
    for row, line in enumerate(pixels):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], line.astype(int), [0]))))
        found += [[row, int(start), int(end - start)] for start, end in edges.reshape(-1, 2)]
    return found


@given(some.lists(some.booleans(), min_size=SIZE * SIZE, max_size=SIZE * SIZE))
def test_the_loops_of_a_brushed_area_hold_its_pixels_and_no_others(bits: list[bool]) -> None:
    pixels = np.array(bits).reshape(SIZE, SIZE)
    loops = [one.points for one in strokes({"shape": "brush", "runs": runs_of(pixels)})]
    for row in range(SIZE):
        for column in range(SIZE):
            crossed = sum(
                (one[0] > row + 0.5) != (other[0] > row + 0.5) and one[1] > column + 0.5
                for loop in loops
                for one, other in zip(loop, (*loop[1:], loop[0]), strict=True)
            )
            assert bool(crossed % 2) == pixels[row, column]
    area = sum(
        one[1] * other[0] - other[1] * one[0]
        for loop in loops
        for one, other in zip(loop, (*loop[1:], loop[0]), strict=True)
    )
    assert area / 2 == pixels.sum()


def test_an_ellipse_lies_between_its_corners_and_has_its_area() -> None:
    mark = {"shape": "ellipse", "points": [[90, 20], [30, 120]]}
    [stroke] = strokes(mark)
    rows, columns = zip(*stroke.points, strict=True)
    assert (min(rows), max(rows), min(columns), max(columns)) == pytest.approx((30, 90, 20, 120))
    assert all(((row - 60) / 30) ** 2 + ((column - 70) / 50) ** 2 == pytest.approx(1) for row, column in stroke.points)
    assert axis_ends((90, 20), (30, 120)) == ((60, 20), (60, 120), (30, 70), (90, 70))


def test_an_arrow_points_at_its_first_point() -> None:
    shaft, *barbs = strokes({"shape": "arrow", "points": [[10, 10], [10, 110]]})
    assert shaft.points == ((10, 110), (10, 10)) and len(barbs) == 2
    for barb in barbs:
        assert barb.points[0] == (10, 10) and barb.points[1][1] > 10
        assert math.dist(*barb.points) == pytest.approx(12)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"name": "length_mm", "value": 12.345678, "uncertainty": 0.21}, ("12.35 ± 0.21", "mm")),
        ({"name": "length_mm", "value": 0.0123456, "uncertainty": None}, ("0.01235", "mm")),
        ({"name": "length_px", "value": 70.0, "uncertainty": None}, ("70", "px")),
        ({"name": "angle_deg", "value": 89.96, "uncertainty": None}, ("90.0", "°")),
        ({"name": "area_mm2", "value": 0.0, "uncertainty": None}, ("0", "mm²")),
        ({"name": "mean_stored", "value": 1234.5678, "uncertainty": None}, ("1235", "")),
        ({"name": "wire", "value": None, "uncertainty": None, "word": "W12"}, ("W12", "")),
    ],
)
def test_a_value_is_written_with_its_unit(value: dict, written: tuple[str, str]) -> None:
    assert worded(value) == written


def test_what_has_no_value_says_so_and_never_a_number() -> None:
    bare = {"shape": "length", "points": [[1, 1], [2, 2]], "values": [], "measurement": "dimension"}
    assert label(bare) == "not measured"
    assert label(bare | {"shape": "text", "text": "here"}) == "here"

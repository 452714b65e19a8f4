"""From outline or box to pixels and back: exact for boxes and for what the detectors outline."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.science.imaging.finding_mask import Mask, box_of, mask_of, outline_of

ROWS, COLUMNS = 40, 60


@given(st.integers(0, 30), st.integers(0, 50), st.integers(1, 9), st.integers(1, 9))
def test_a_box_at_pixel_edges_is_exactly_its_pixels(row: int, column: int, height: int, width: int) -> None:
    mask = mask_of((row, column, height, width), (), ROWS, COLUMNS)
    whole = mask.within(ROWS, COLUMNS)
    assert whole[row : row + height, column : column + width].all() and whole.sum() == height * width
    assert box_of(mask) == (row, column, height, width)
    assert outline_of(mask) == ()


@given(st.tuples(*[st.floats(-1e5, 1e5)] * 4), st.lists(st.tuples(*[st.floats(-1e9, 1e9)] * 2), max_size=5))
def test_any_box_and_outline_give_at_least_one_pixel_inside_the_image(box: tuple, polygon: list) -> None:
    whole = mask_of(box, polygon, ROWS, COLUMNS).within(ROWS, COLUMNS)
    assert whole.any()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_the_outline_of_a_blob_fills_to_the_same_pixels(seed: int, strokes: int) -> None:
    """Blobs without holes, of any shape; ``cv2.drawContours`` fills them independently."""
    random = np.random.default_rng(seed)
    drawn = np.zeros((ROWS, COLUMNS), np.uint8)
    points = random.integers(0, [COLUMNS, ROWS], (strokes + 1, 2)).tolist()
    for start, end in zip(points, points[1:], strict=False):
        cv2.line(drawn, start, end, 1, int(random.integers(1, 6)))
    contours, _ = cv2.findContours(drawn, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(drawn, contours, -1, 1, cv2.FILLED)
    mask = Mask(0, 0, drawn.astype(bool))
    again = mask_of(box_of(mask), outline_of(mask), ROWS, COLUMNS).within(ROWS, COLUMNS)
    assert (again == mask.pixels).all()


def test_an_outline_keeps_within_its_box() -> None:
    square = [(10.0, 10.0), (10.0, 20.0), (20.0, 20.0), (20.0, 10.0)]
    assert mask_of((10, 10, 10, 10), square, ROWS, COLUMNS).within(ROWS, COLUMNS).sum() == 100
    assert mask_of((10, 10, 11, 11), square, ROWS, COLUMNS).within(ROWS, COLUMNS).sum() == 121


def test_the_larger_of_two_parts_is_outlined() -> None:
    pixels = np.zeros((20, 20), bool)
    pixels[2:4, 2:4] = pixels[8:16, 8:17] = True
    outline = outline_of(Mask(100, 200, pixels))
    assert {(row, column) for row, column in outline} == {(108, 208), (108, 216), (115, 208), (115, 216)}
    assert box_of(Mask(100, 200, pixels)) == (102, 202, 14, 15)

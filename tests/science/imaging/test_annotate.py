import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image as Picture

from kerma.science.imaging import annotate as drawing
from kerma.science.imaging.annotate import Mark, annotate, jpeg, png, scale_bar
from kerma.science.imaging.image import Spacing
from kerma.science.results import Box

AMBER = np.array(drawing.MARK)


def grey(rows: int = 200, columns: int = 300, value: int = 128) -> np.ndarray:
    return np.full((rows, columns), value, np.uint8)


def amber(picture: np.ndarray) -> np.ndarray:
    return (np.abs(picture.astype(int) - AMBER) < 12).all(axis=2)


@pytest.mark.parametrize("value", [0, 90, 176, 255])
def test_a_mark_is_seen_on_any_background(value: int) -> None:
    mark = Mark(1, Box(80, 100, 20, 30), "porosity")
    assert amber(annotate(grey(value=value), [mark], spacing=Spacing())).sum() > 500


def test_nothing_is_drawn_over_a_finding() -> None:
    shown = grey(value=200)
    box = Box(80, 100, 20, 30)
    picture = annotate(shown, [Mark(1, box, "crack"), Mark(2, Box(110, 120, 10, 10), "porosity")], spacing=Spacing())
    factor = picture.shape[1] / shown.shape[1]
    inside = picture[int(81 * factor) : int(99 * factor), int(101 * factor) : int(129 * factor)]
    assert (inside == 200).all()


@pytest.mark.parametrize("box", [Box(0, 0, 200, 300), Box(0, 50, 200, 200), Box(40, 0, 100, 300)])
def test_the_words_of_a_mark_as_large_as_the_picture_stand_whole_within_it(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    plates = []
    draw_plate = drawing._draw_plate
    monkeypatch.setattr(drawing, "_draw_plate", lambda *given: plates.append(given[1][0]) or draw_plate(*given))
    picture = annotate(grey(), [Mark(1, box, "a long label")], spacing=Spacing())
    (left, top, right, bottom) = plates[0]
    assert 0 <= left < right <= picture.shape[1] and 0 <= top < bottom <= picture.shape[0]


@settings(max_examples=30, deadline=None)
@given(
    some.lists(
        some.tuples(some.floats(0, 190), some.floats(0, 290), some.floats(1, 60), some.floats(1, 60)), max_size=9
    )
)
def test_any_number_of_marks_anywhere_gives_a_picture(places: list[tuple[float, float, float, float]]) -> None:
    marks = [Mark(number, Box(*place)) for number, place in enumerate(places, start=1)]
    picture = annotate(grey(40, 60), marks, spacing=Spacing(0.2, 0.2, "calibrated"))
    assert picture.dtype == np.uint8 and picture.shape[2] == 3


@given(some.floats(1e-4, 1e3), some.integers(200, 4000), some.floats(0.1, 20))
def test_the_scale_bar_is_a_round_length_that_fits(spacing_mm: float, width_px: int, factor: float) -> None:
    bar = scale_bar(Spacing(spacing_mm, spacing_mm, "detector"), width_px, factor)
    assert bar.length_mm is not None and 0 < bar.length_px <= width_px / 4 * 1.0001
    assert bar.length_px == pytest.approx(bar.length_mm / spacing_mm * factor)
    assert f"{bar.length_mm:e}"[0] in "125" and bar.text.endswith("at detector")


def test_without_scale_it_says_so_and_draws_no_bar() -> None:
    assert scale_bar(Spacing(), 500, 1.0) == drawing.ScaleBar(None, 0.0, "no scale")


def test_the_words_of_the_scale_bar_are_put_into_another_language() -> None:
    heard: list[str] = []
    annotate(grey(100, 200), spacing=Spacing(0.1, 0.1, "detector"), say=lambda text: heard.append(text) or text)
    assert heard == [scale_bar(Spacing(0.1, 0.1, "detector"), 1200, 6.0).text]


def test_unequal_spacing_is_drawn_in_true_proportion() -> None:
    picture = annotate(grey(100, 200), spacing=Spacing(0.4, 0.1, "calibrated"))
    assert picture.shape[0] / picture.shape[1] == pytest.approx(2.0, rel=0.01)


def test_the_strip_stands_below_the_picture_and_long_lines_are_cut() -> None:
    bare = annotate(grey(), spacing=Spacing())
    whole = annotate(grey(), spacing=Spacing(), strip=["subject", "x" * 5000])
    assert whole.shape[0] > bare.shape[0] and (whole[: bare.shape[0]] == bare).all()


def test_letters_grow_when_the_picture_is_printed_small() -> None:
    large, small = (
        amber(annotate(grey(), [Mark(1, Box(90, 100, 9, 9))], spacing=Spacing(), printed_mm=size)).sum()
        for size in (170.0, 82.0)
    )
    assert small > 1.5 * large


def test_a_colour_picture_keeps_its_colours() -> None:
    shown = np.zeros((50, 60, 3), np.uint8)
    shown[..., 2] = 200
    assert tuple(annotate(shown, spacing=Spacing())[5, 5]) == (0, 0, 200)


def test_the_encoded_pictures_are_what_was_drawn() -> None:
    picture = annotate(grey(), [Mark(1, Box(80, 100, 20, 30))], spacing=Spacing())
    opened = Picture.open(io.BytesIO(png(picture, {"Source": "a" * 64})))
    assert (np.asarray(opened) == picture).all() and opened.text["Source"] == "a" * 64
    lossy = np.asarray(Picture.open(io.BytesIO(jpeg(picture)))).astype(int)
    assert np.abs(lossy - picture).mean() < 2

"""The picture of why: the heat under a mark is the mark's score, at the mark's place, and nothing where none is."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Picture

import onnx_files
from kerma.errors import NotFound, WrongUsage
from kerma.science.detect import explaining, learned
from kerma.science.imaging.image import Image
from kerma.science.results import Box, Finding
from kerma.science.simulate import simulate


@pytest.fixture(scope="module")
def film() -> Image:
    return simulate("film-weld", 9001, size_px=512, flaws="porosity,crack", thickness_mm=10.0).image


@pytest.fixture(scope="module")
def found(film: Image) -> tuple[Finding, ...]:
    return learned.find(film, learned.of("weld"))


def inside(heat: np.ndarray, box: Box) -> np.ndarray:
    return heat[int(box.row) : int(box.row + box.height) + 1, int(box.column) : int(box.column + box.width) + 1]


def test_the_heat_in_the_box_of_a_mark_is_its_score(film: Image, found: tuple[Finding, ...]) -> None:
    assert found
    for one in found:
        made = explaining.explain(film, learned.of("weld"), one)
        assert made.heat.shape == (film.rows, film.columns)
        assert inside(made.heat, one.box).max() == pytest.approx(one.score, abs=1e-6)
        assert made.heat.min() >= 0 and made.heat.max() <= 1


def test_a_negative_is_explained_as_the_film_is(film: Image, found: tuple[Finding, ...]) -> None:
    unknown = replace(film, rises_with_dose=None)
    (surest, *_) = learned.find(unknown, learned.of("weld"))
    made = explaining.explain(unknown, learned.of("weld"), surest)
    assert inside(made.heat, surest.box).max() == pytest.approx(surest.score, abs=1e-6)


def test_where_nothing_was_marked_nothing_is_explained(film: Image, found: tuple[Finding, ...]) -> None:
    elsewhere = replace(found[0], box=Box(20, 400, 9, 9))
    with pytest.raises(NotFound, match="does not mark"):
        explaining.explain(film, learned.of("weld"), elsewhere)
    with pytest.raises(NotFound, match="does not look for"):
        explaining.explain(film, learned.of("weld"), replace(found[0], label="knife"))
    with pytest.raises(WrongUsage, match="no heat"):
        explaining.explain(film, learned.load(*onnx_files.mean_classifier()), found[0])


def test_the_picture_is_clear_without_heat_and_says_what_it_is(film: Image, found: tuple[Finding, ...]) -> None:
    shown = np.full((film.rows, film.columns), 90, dtype=np.uint8)
    cold = explaining.Explanation(np.zeros(shown.shape, dtype=np.float32), 1.0, "crack")
    assert (explaining.overlaid(shown, cold) == 90).all()
    heat = cold.heat.copy()
    heat[5, 7] = 1.0
    hot = explaining.overlaid(shown, replace(cold, heat=heat))
    assert [tuple(place) for place in np.argwhere((hot != 90).any(axis=-1))] == [(5, 7)]
    made = Picture.open(io.BytesIO(explaining.picture(film, learned.of("weld"), found[0])))
    assert made.info["Model"].startswith("weld 1.0.0")
    assert made.size[0] == 1200

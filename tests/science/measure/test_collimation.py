from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import inspection_pictures as pictures
from kerma.science.measure import run
from kerma.science.results import Measurement, NotMeasurable


@pytest.mark.parametrize("tilt", [0.0, 3.0, -7.0, 20.0])
@pytest.mark.parametrize("has_object", [False, True])
def test_the_field_is_found_to_a_fifth_of_a_pixel(tilt: float, has_object: bool) -> None:
    given = pictures.image(pictures.field((240.3, 330.6), (250, 360), tilt, has_object=has_object))
    result = run("collimation", given)
    assert isinstance(result, Measurement), result
    assert result.values["height_px"] == pytest.approx(250, abs=0.4)
    assert result.values["width_px"] == pytest.approx(360, abs=0.4)
    assert result.values["tilt_deg"] == pytest.approx(tilt, abs=0.1)
    assert result.values["centre_row_px"] == pytest.approx(240.3, abs=0.3)
    assert result.values["centre_column_px"] == pytest.approx(330.6, abs=0.3)
    assert result.values["area_mm2"] == pytest.approx(250 * 360 * 0.01, rel=0.003)


def test_sides_beyond_the_image_are_named() -> None:
    result = run("collimation", pictures.image(pictures.field((240, 320), (600, 360), 0)))
    assert result.values["sides_seen"] == ["right", "left"]
    assert "top" in result.warnings[0] and "bottom" in result.warnings[0]
    assert result.values["width_px"] == pytest.approx(360, abs=0.4)


def test_polarity_does_not_matter_where_it_is_known() -> None:
    grey = pictures.field((240, 330), (250, 360), 2)
    fallen = dataclasses.replace(pictures.image(21000 - grey), rises_with_dose=False)
    one, other = run("collimation", pictures.image(grey)), run("collimation", fallen)
    assert one.values["width_px"] == pytest.approx(other.values["width_px"], abs=0.1)


def test_the_light_field_is_held_against_the_distance() -> None:
    given = pictures.image(pictures.field((249.5, 319.5), (250, 360), 0), 0.5, technique={"source_detector_mm": 1000})
    # The light field is 10 pixels narrower on the left and wider at the bottom.
    result = run("collimation", given, light_field="125,150,260,350")
    assert result.values["light_left_px"] == pytest.approx(10, abs=0.4)
    assert result.values["light_bottom_px"] == pytest.approx(-10, abs=0.4)
    assert result.values["light_columns_percent"] == pytest.approx(0.5, abs=0.05)
    assert result.values["light_passes"]
    assert "light_passes" not in run("collimation", pictures.image(given.pixels[0], None), light_field="1,1,9,9").values


NOISE = np.random.default_rng(0).normal(20000, 150, (300, 400))


@pytest.mark.parametrize(
    "grey",
    [NOISE, pictures.field((240, 320), (900, 900), 0), np.tile(np.linspace(100, 30000, 400), (300, 1)), NOISE[:20],
     pictures.disc(60, (200, 200))],
)  # fmt: skip
def test_an_image_without_an_edge_of_the_field_is_refused(grey: np.ndarray) -> None:
    assert isinstance(run("collimation", pictures.image(grey)), NotMeasurable)

from __future__ import annotations

import numpy as np
import pytest

import inspection_pictures as pictures
from kerma.errors import WrongUsage
from kerma.science.measure import run
from kerma.science.results import Measurement, NotMeasurable

DISC = pictures.image(pictures.disc(60.2, (200.3, 201.7)))


def test_a_distance_between_points_is_the_distance() -> None:
    result = run("dimension", DISC, points="10,20;40,60")
    assert result.values["length_px"] == pytest.approx(50)
    assert result.values["length_mm"] == pytest.approx(5.0)
    assert result.inputs["scale_source"] == "calibrated"


@pytest.mark.parametrize("angle", [0, 17, 45, 71, 90])
def test_edges_are_found_to_a_twentieth_of_a_pixel_in_any_direction(angle: float) -> None:
    turn = np.radians(angle)
    unit = np.array([np.sin(turn), np.cos(turn)])
    ends = [np.array([200.3, 201.7]) + sign * (60.2 + 4 * sign) * unit for sign in (-1, 1)]
    points = ";".join(f"{row:.3f},{column:.3f}" for row, column in ends)
    result = run("dimension", DISC, points=points, snap_px=10, width_px=3)
    # Three lines across a curved edge shorten a chord by 0.01 px; the rest is noise of SNR 45 to 100.
    assert result.values["length_px"] == pytest.approx(120.4, abs=0.15)
    assert 0 < result.uncertainties["length_px"] < 0.15


def test_the_uncertainty_holds_what_it_says() -> None:
    errors, told = [], []
    for seed in range(30):
        given = pictures.image(pictures.disc(60.2, (200.3, 201.7), seed=seed))
        result = run("dimension", given, points="200.3,138;200.3,264", snap_px=10)
        errors.append(result.values["length_px"] - 120.4)
        told.append(result.uncertainties["length_px"])
    assert np.std(errors) == pytest.approx(np.mean(told), rel=0.5)
    assert abs(np.mean(errors)) < 0.05


@pytest.mark.parametrize("known", [12.04, 50.0])
def test_a_known_length_scales_the_picture(known: float) -> None:
    result = run(
        "dimension", DISC, points="50,50;50,150", known_points="200.3,138;200.3,264", known_mm=known, snap_px=0
    )
    assert result.inputs["scale_source"] == "known length"
    assert result.values["length_mm"] == pytest.approx(100 * known / 126)
    assert result.uncertainties["length_mm"] > 0


def test_distances_bring_detector_spacing_to_the_object() -> None:
    at_detector = pictures.image(pictures.disc(60, (200, 200)), 0.1, "detector")
    plain = run("dimension", at_detector, points="10,20;40,60")
    assert plain.inputs["scale_source"] == "at detector"
    scaled = run("dimension", at_detector, points="10,20;40,60", source_object_mm=500, source_detector_mm=1000)
    assert scaled.values["length_mm"] == pytest.approx(plain.values["length_mm"] / 2)
    assert "geometry" in scaled.inputs["scale_source"]


def test_without_a_scale_there_are_pixels_and_a_warning() -> None:
    result = run("dimension", pictures.image(pictures.disc(60, (200, 200)), None), points="10,20;40,60")
    assert "length_mm" not in result.values and "no scale" in result.warnings[0]


@pytest.mark.parametrize("radius", [20.4, 60.2, 110.7])
def test_a_circle_through_edges(radius: float) -> None:
    given = pictures.image(pictures.disc(radius, (200.3, 201.7)))
    result = run("dimension", given, shape="circle", points=f"202,200;202,{200 + radius - 3}", snap_px=10)
    # Blur of 1.2 px moves the half-height place of a small disc inwards by about sigma squared over 2 radii.
    assert result.values["diameter_mm"] == pytest.approx(0.2 * radius, abs=0.012)
    assert result.values["centre_row_px"] == pytest.approx(200.3, abs=0.1)
    assert result.values["centre_column_px"] == pytest.approx(201.7, abs=0.1)


def test_angle_and_area() -> None:
    angle = run("dimension", DISC, shape="angle", points="10,60;10,10;60,60")
    assert angle.values["angle_deg"] == pytest.approx(45)
    area = run("dimension", DISC, shape="area", points="10,10;10,60;60,60;60,10")
    assert area.values["area_mm2"] == pytest.approx(25.0)
    assert area.values["perimeter_mm"] == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [({}, "points="), ({"points": "1,1"}, "takes 2"), ({"points": "1,1;1,1"}, "less than one pixel"),
     ({"points": "20,20;20,60", "snap_px": 5}, "no edge stands out"), ({"points": "1,1;9,9", "known_mm": 5}, "both"),
     ({"points": "30,30;30,60", "shape": "circle", "snap_px": 5}, "no circle"),
     ({"points": "1,1;2,2;3,3", "shape": "area"}, "no area")],
)  # fmt: skip
def test_what_cannot_be_measured_says_why(options: dict[str, object], words: str) -> None:
    result = run("dimension", DISC, **options)
    assert isinstance(result, NotMeasurable) and words in result.reason


@pytest.mark.parametrize("points", ["1,2,3;4,5", "a,b;c,d", "-1,0;5,5", "0,0;0,400"])
def test_points_that_are_none_are_refused(points: str) -> None:
    with pytest.raises(WrongUsage):
        run("dimension", DISC, points=points)


def test_it_is_a_measurement() -> None:
    assert isinstance(run("dimension", DISC, points="10,20;40,60"), Measurement)

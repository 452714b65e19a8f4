from __future__ import annotations

import numpy as np
import pytest

import inspection_pictures as pictures
from kerma.science.measure import run
from kerma.science.measure.tangential_model import chord_mm, ray_distance_mm
from kerma.science.results import Measurement, NotMeasurable


def test_chords_are_those_of_circles() -> None:
    assert chord_mm(np.array([0.0, 4.0, 5.0, 6.0]), 5.0, 4.0) == pytest.approx([2.0, 6.0, 0.0, 0.0])
    assert ray_distance_mm(np.array([30.0]), 40.0) == pytest.approx(24.0)


@pytest.mark.parametrize(
    ("radius", "wall", "more"),
    [
        (50, 6, {}), (50, 6, {"tilt_deg": 3}), (50, 3, {"source_axis_mm": 600, "snr": 100, "blur_px": 2}),
        (84, 12, {"attenuation_1_mm": 0.04}), (30, 8, {"source_axis_mm": 500, "snr": 60, "tilt_deg": -2}),
        (50, 6, {"attenuation_1_mm": 0.08, "source_axis_mm": 300}), (57, 2.5, {"snr": 400, "blur_px": 0.6}),
        (50, 6, {"hardening": 0.1}),
    ],
)  # fmt: skip
def test_walls_are_read_to_one_percent(radius: float, wall: float, more: dict[str, float]) -> None:
    given = pictures.image(pictures.pipe_wall(radius, wall, **more))
    distances = {}
    if "source_axis_mm" in more:
        distances = {"source_object_mm": more["source_axis_mm"], "source_detector_mm": 1.2 * more["source_axis_mm"]}
    result = run("wall_thickness", given, outer_diameter_mm=2 * radius, **distances)
    assert isinstance(result, Measurement), result
    assert result.values["wall_mean_mm"] == pytest.approx(wall, rel=0.01)
    assert 0 < result.uncertainties["wall_min_mm"] < 0.05 * wall


def test_without_the_geometry_a_near_source_reads_the_wall_wrong_and_with_it_right() -> None:
    given = pictures.image(pictures.pipe_wall(50, 8, source_axis_mm=150))
    plain = run("wall_thickness", given, outer_diameter_mm=100).values["wall_mean_mm"]
    true = run("wall_thickness", given, outer_diameter_mm=100, source_object_mm=150, source_detector_mm=200)
    assert abs(plain / 8 - 1) > 0.05
    assert true.values["wall_mean_mm"] == pytest.approx(8, rel=0.01)


def test_the_uncertainty_holds_what_it_says() -> None:
    errors, told = [], []
    for seed in range(8):
        given = pictures.image(pictures.pipe_wall(50, 6, snr=40, seed=seed))
        result = run("wall_thickness", given, outer_diameter_mm=100)
        errors += [wall - 6 for wall in result.values["walls_mm"]]
        told.append(result.uncertainties["wall_min_mm"])
    assert np.std(errors) == pytest.approx(np.mean(told), rel=0.4)
    assert abs(np.mean(errors)) < 0.01


def test_a_thinned_stretch_is_the_least_wall() -> None:
    walls = np.where(np.abs(np.arange(160) - 100) < 20, 4.5, 6.0)
    result = run("wall_thickness", pictures.image(pictures.pipe_wall(50, walls)), outer_diameter_mm=100)
    assert result.values["wall_min_mm"] == pytest.approx(4.5, abs=0.1)
    assert result.values["wall_max_mm"] == pytest.approx(6.0, abs=0.1)


def test_direction_and_side_do_not_matter() -> None:
    grey = pictures.pipe_wall(50, 6)
    walls = [
        run("wall_thickness", pictures.image(each), outer_diameter_mm=100).values["wall_mean_mm"]
        for each in (grey, grey[:, ::-1], grey.T, grey[::-1].T[::-1])
    ]
    assert np.ptp(walls) < 0.01


def test_spacing_at_the_detector_needs_the_distances_and_gives_the_same() -> None:
    given = pictures.image(pictures.pipe_wall(50, 6, source_axis_mm=600), 0.12, "detector")
    assert "source_object_mm" in run("wall_thickness", given, outer_diameter_mm=100).reason
    result = run("wall_thickness", given, outer_diameter_mm=100, source_object_mm=600, source_detector_mm=720)
    assert result.values["wall_mean_mm"] == pytest.approx(6, rel=0.01)


NOISE = pictures.noisy(np.full((160, 400), 20000.0), 100)


@pytest.mark.parametrize(
    ("grey", "spacing", "options", "words"),
    [
        (NOISE, 0.1, {}, "outer_diameter_mm"), (NOISE, None, {"outer_diameter_mm": 100}, "spacing"),
        (NOISE, 0.1, {"outer_diameter_mm": 100}, "no outer edge"),
        (pictures.pipe_wall(50, 6)[:, :70], 0.1, {"outer_diameter_mm": 100}, "inner edge"),
        (pictures.pipe_wall(50, 6)[:, 60:], 0.1, {"outer_diameter_mm": 100}, ""),
        (np.tile(np.linspace(40000, 9000, 400), (160, 1)), 0.1, {"outer_diameter_mm": 100}, ""),
        (pictures.pipe_wall(50, 6)[:10, :10], 0.1, {"outer_diameter_mm": 100}, "too small"),
    ],
)  # fmt: skip
def test_what_is_no_wall_is_refused(grey: np.ndarray, spacing: float | None, options: dict, words: str) -> None:
    result = run("wall_thickness", pictures.image(grey, spacing), **options)
    assert isinstance(result, NotMeasurable) and words in result.reason

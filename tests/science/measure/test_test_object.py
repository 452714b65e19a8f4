from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest

import inspection_pictures as pictures
from kerma.science.measure import run
from kerma.science.results import Measurement, NotMeasurable
from kerma.science.simulate import simulate
from kerma.science.simulate.scene import SimulatedImage
from kerma.standards import table


@functools.cache
def _made(seed: int = 1, **options: object) -> SimulatedImage:
    return simulate("test-object-ctp", seed, **options)


def _score(image: object) -> Measurement:
    result = run("test_object", image)
    assert isinstance(result, Measurement), result
    return result


@pytest.mark.parametrize("turn", [-7.0, 30.0, 180.0])
@pytest.mark.parametrize("face", ["up", "down"])
def test_the_object_is_found_as_it_lies(turn: float, face: str) -> None:
    made = _made(2, size_px=420, turn_deg=turn, face=face)
    values = _score(made.image).values
    assert values["is_flipped"] == (face == "down")
    assert values["registration_px"] < 0.2
    # Upside down, the drawing's x axis points the other way.
    seen = values["turn_deg"] - (180 if face == "down" else 0)
    assert (seen - turn + 180) % 360 - 180 == pytest.approx(0, abs=0.3)
    assert values["pixel_x_mm"] == pytest.approx(made.truth["pixel_mm"], rel=0.01)


def test_pixels_need_not_be_square() -> None:
    image = _made(2, size_px=600).image
    two_of_three = image.pixels.reshape(2, -1, 3, 600)[:, :, :2].reshape(2, -1, 600)
    values = _score(dataclasses.replace(image, pixels=two_of_three)).values
    assert values["pixel_y_mm"] / values["pixel_x_mm"] == pytest.approx(1.5, rel=0.1)


def test_flipped_pictures_give_the_same_scores() -> None:
    image = _made(1).image
    first = _score(image)
    for way in (np.s_[:, ::-1], np.s_[:, :, ::-1], np.s_[:, ::-1, ::-1]):
        other = _score(dataclasses.replace(image, pixels=image.pixels[way]))
        for test in ("wire_display_mm", "simple_penetration_mm", "spatial_resolution_mm"):
            assert other.values[test] == first.values[test]


def test_more_noise_never_scores_better() -> None:
    scores = [_score(_made(1, snr=snr, size_px=600).image).values for snr in (300, 60, 15)]
    wires = [each["wire_display_mm"] or 9 for each in scores]
    steps = [each["simple_penetration_mm"] or 0 for each in scores]
    metals = [each["thin_metal_mm"] or 9 for each in scores]
    apart = [each["material_discrimination_sigmas"] for each in scores]
    assert wires == sorted(wires) and wires[0] < wires[-1]
    assert steps == sorted(steps, reverse=True) and steps[0] > steps[-1]
    assert metals == sorted(metals) and metals[0] < metals[-1]
    assert apart == sorted(apart, reverse=True)


def test_wire_detectability_is_that_of_the_ideal_observer() -> None:
    """Weak wires: depth over noise of a filter of the wire's own shape, as the simulator's truth has it."""
    read, ideal = [], []
    for seed in (1,):
        made = _made(seed, snr=100, turn_deg=0.0, face="up", size_px=900)
        features = {row["feature"]: row for row in _score(made.image).values["features"]}
        for finding in made.findings:
            if finding.label not in ("W-0.10", "W-0.06"):
                continue
            read.append(features[finding.label]["statistic"])
            ideal.append(finding.measurements["detectability"])
    # The place is searched for, which lifts weak ones by about one; strong ones read lower, as the fit's rest counts.
    assert np.mean(read) == pytest.approx(np.mean(ideal), rel=0.45)


def test_finer_pixels_resolve_finer_gratings() -> None:
    coarse, fine = (_score(_made(1, size_px=size).image).values["spatial_resolution_mm"] for size in (450, 1000))
    assert fine < (coarse or 9)


def test_ratios_rise_with_the_atomic_number() -> None:
    rows = _score(_made(1).image).values["features"]
    ratio = {row["feature"]: row["ratio"] for row in rows if "ratio" in row}
    assert ratio["organic-sugar"] < ratio["inorganic-glass"] < ratio["inorganic-salt"] < ratio["metal-steel"]


def test_one_energy_scores_all_but_materials() -> None:
    image = _made(1).image
    result = _score(dataclasses.replace(image, pixels=image.pixels[1:], plane_kind="frame", plane_labels=()))
    assert "material_discrimination_sigmas" not in result.values
    assert "two" in result.warnings[0] or "low and high" in result.warnings[0]
    assert result.values["wire_display_mm"] is not None


def test_every_test_has_a_limit_and_a_verdict() -> None:
    values = _score(_made(1).image).values
    limits = list(table("kerma_test_objects/limits"))
    assert values["passes"] == all(values[f"{row['test']}_passes"] for row in limits)
    tests = {row["test"] for row in table("kerma_test_objects/ctp")} - {"object"}
    assert tests == {row["test"] for row in limits}


@pytest.mark.parametrize("what", ["noise", "constant", "small", "disc", "cut", "weld"])
def test_a_picture_without_the_object_is_refused(what: str) -> None:
    cut = _made(1).image
    given = {
        "noise": lambda: pictures.image(pictures.noisy(np.full((400, 500), 20000.0), 50)),
        "constant": lambda: pictures.image(np.full((400, 500), 20000.0)),
        "small": lambda: pictures.image(np.full((40, 50), 20000.0)),
        "disc": lambda: pictures.image(pictures.disc(30, (200, 200))),
        "cut": lambda: dataclasses.replace(cut, pixels=cut.pixels[:, :700]),
        "weld": lambda: simulate("weld", 1).image,
    }[what]()
    assert isinstance(run("test_object", given), NotMeasurable)

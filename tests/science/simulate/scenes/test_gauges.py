"""Gauges and patterns: their truth against independent measurements and against laws."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.measure import bad_pixels, run
from kerma.science.results import Measurement
from kerma.science.simulate import ready_scene
from kerma.science.simulate.document import ORIGIN, Box, Channel, Detector, Geometry, Scene, Source, Thing
from kerma.science.simulate.render import render
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.scene_json import read_scene, write_scene
from kerma.science.simulate.scenes import exact, gauges
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.placing import angles_of, on_pipe, turned
from kerma.science.simulate.scenes.ring import Bead, ring
from kerma.science.simulate.view import turn_of

NAMES = ["wire-iqi", "hole-iqi", "duplex", "line-pairs", "edge", "slit", "wedge", "flat"]


@functools.cache
def built(name: str, seed: int = 1, **options: object) -> SimulatedImage:
    return ready_scene(name).build(seed, **options)[0]


def measured(name: str, simulated: SimulatedImage, **options: object) -> dict[str, object]:
    result = run(name, simulated.image, **options)
    assert isinstance(result, Measurement), result
    return dict(result.values)


@pytest.mark.parametrize("name", NAMES)
def test_documents_come_back_from_json_and_repeat(name: str) -> None:
    scene = ready_scene(name).document(2)
    assert read_scene(write_scene(scene)) == scene == ready_scene(name).document(2)


@pytest.mark.parametrize(("blur_px", "snr"), [(0.9, 0.0), (1.6, 80.0), (2.2, 150.0)])
def test_duplex_truth_agrees_with_the_reader(blur_px: float, snr: float) -> None:
    """The reader fits and interpolates between pairs; 3 % is its bias and spread together."""
    simulated = built("duplex", 3, blur_px=blur_px, snr=snr)
    values = measured("duplex", simulated, region=tuple(simulated.truth["region"]))
    assert values["isrb_um"] == pytest.approx(simulated.truth["isrb_um"], rel=0.03)
    assert values["first_pair_below_20_percent"] == simulated.truth["first_pair_below_20_percent"]


def test_duplex_dips_are_those_of_a_box_where_wires_are_flat() -> None:
    """Without blur the pixel is left: a pair far wider than it is fully resolved, and dips only fall."""
    scene = ready_scene("duplex").document(1, blur_px=0.0)
    dips = [
        exact.dip_percent(scene, diameter, wire="platinum", layers_mm={"pmma": 4.0})
        for diameter in gauges.duplex_diameters().values()
    ]
    assert dips[0] == pytest.approx(100.0, abs=0.01)
    assert all(a >= b - 1e-6 for a, b in zip(dips, dips[1:], strict=False))


def test_more_blur_is_a_larger_srb() -> None:
    options = {"pitch_mm": 0.1, "size_px": 500}
    found = [built("duplex", 1, blur_px=blur, **options).truth["isrb_um"] for blur in (0.8, 1.2, 2.0)]
    assert found == sorted(found) and found[0] < found[-1] / 2


@pytest.mark.parametrize("blur_px", [0.6, 1.2])
def test_edge_mtf_agrees_with_the_measurement(blur_px: float) -> None:
    simulated = built("edge", 3, blur_px=blur_px)
    values = measured("mtf", simulated)
    for name in ("mtf50_lp_mm", "mtf10_lp_mm"):
        assert values[name] == pytest.approx(simulated.truth[name], rel=0.01)


def test_slit_mtf_agrees_once_its_own_width_is_taken_out() -> None:
    simulated = built("slit", 3, size_px=256, blur_px=1.2)
    scene = ready_scene("slit").document(3, size_px=256, blur_px=1.2)
    frequency = float(measured("mtf", simulated, line="slit")["mtf50_lp_mm"])  # type: ignore[arg-type]
    assert exact.mtf(scene, frequency) * np.sinc(frequency * simulated.truth["slit_mm"]) == pytest.approx(0.5, abs=0.01)


def test_mtf_without_blur_is_that_of_the_pixel() -> None:
    scene = ready_scene("edge").document(1, blur_px=0.0)
    pixel = exact.pixel_mm(scene)
    assert exact.mtf(scene, 0.5 / pixel) == pytest.approx(2.0 / math.pi)
    assert exact.frequency_at(scene, 0.5) * pixel == pytest.approx(0.6033, abs=1e-3)


@pytest.mark.parametrize(
    "options", [{"snr": 150.0}, {"snr": 200.0, "fixed_pattern_percent": 0.3}], ids=["quanta", "pattern"]
)
def test_flat_has_its_snr_and_mean(options: dict[str, float]) -> None:
    simulated = built("flat", 4, **options)
    pixels = simulated.image.pixels[0].astype(float)
    assert pixels.mean() / pixels.std() == pytest.approx(simulated.truth["expected_snr"], rel=0.01)
    assert pixels.mean() == pytest.approx(simulated.truth["mean_stored"], rel=0.001)


def test_steps_of_the_wedge_have_their_mean_and_snr() -> None:
    """SNR of a blurred region of 8000 pixels is uncertain by about 1.5 %."""
    simulated = built("wedge", 2)
    for step in simulated.truth["steps"]:
        row, column, height, width = step["region"]
        part = simulated.image.pixels[0, row : row + height, column : column + width].astype(float)
        assert part.mean() == pytest.approx(step["mean_stored"], rel=0.003)
        assert part.mean() / part.std() == pytest.approx(step["snr"], rel=0.06)


def test_thinner_wires_are_fainter_and_lie_where_the_truth_says() -> None:
    simulated = built("wire-iqi", 1)
    wires = simulated.truth["wires"]
    seen = [wire["detectability_10_mm"] for wire in wires]
    assert seen == sorted(seen, reverse=True)
    expected = simulated.expected
    assert expected is not None
    for wire in wires[:4]:
        row = round((wire["start"][0] + wire["end"][0]) / 2)
        column = (wire["start"][1] + wire["end"][1]) / 2
        profile = expected[0, row, round(column) - 8 : round(column) + 9]
        assert abs(int(profile.argmin()) - 8) <= 1


def test_noise_hides_the_thinner_wires() -> None:
    seen = [built("wire-iqi", 1, snr=snr, size_px=256).truth["thinnest_visible"] for snr in (400.0, 60.0, 25.0)]
    numbers = [int(wire[1:]) for wire in seen]
    assert numbers == sorted(numbers, reverse=True) and numbers[0] > numbers[-1]


def test_holes_are_lighter_than_their_steps() -> None:
    simulated = built("hole-iqi", 1)
    assert simulated.expected is not None
    for hole in simulated.truth["holes"]:
        row, column = (round(value) for value in hole["centre"])
        beside = round(hole["radius_px"] * 2.0 + 3)
        assert simulated.expected[0, row, column] > simulated.expected[0, row, column - beside]


def test_the_detector_test_finds_what_was_planted() -> None:
    flats, darks = ready_scene("flats-darks").build(1)
    result = bad_pixels.measure(flats.image, darks.image)
    assert isinstance(result, Measurement)
    planted = flats.truth["bad_pixels"]
    assert {name: result.values[name] for name in planted} == planted
    for name in ("clusters", "relevant_clusters", "lines"):
        assert result.values[name] == flats.truth[name]


def test_lag_stays_in_the_first_dark_frame() -> None:
    _, darks = ready_scene("flats-darks").build(2, lag_percent=2.0)
    means = darks.image.pixels.reshape(darks.image.planes, -1).mean(axis=1) - darks.truth["offset_stored"]
    assert means[0] / darks.truth["flat_stored"] == pytest.approx(0.02, rel=0.03)
    assert means[0] > means[1] > means[2]


@pytest.mark.parametrize("turn", [(10.0, 20.0, 30.0), (90.0, 0.0, -45.0), (0.0, 90.0, 0.0), (-170.0, 5.0, 100.0)])
def test_angles_give_back_their_rotation(turn: tuple[float, float, float]) -> None:
    given, back = np.array(turn_of(turn)), np.array(turn_of(angles_of(turn_of(turn))))
    assert np.abs(given - back).max() < 1e-6


def test_turning_together_keeps_what_lies_where() -> None:
    thing = Thing("box", Box((1.0, 2.0, 3.0)), "iron", (5.0, 0.0, 0.0))
    there = turned(turned([thing], (0.0, 0.0, 30.0)), (0.0, 0.0, -30.0))[0]
    assert there.at_mm == pytest.approx(thing.at_mm, abs=1e-4)
    assert there.turn_deg == pytest.approx(ORIGIN, abs=1e-4)
    laid = on_pipe([dataclasses.replace(thing, at_mm=(math.pi / 2 * 20.0, 1.0, 0.5))], 20.0)[0]
    assert laid.at_mm == pytest.approx((20.5, 1.0, 0.0), abs=1e-3)


def test_a_ring_adds_its_volume() -> None:
    """Section times the way of its middle: a parabola to the power 0.75 has 0.719 of its box; 8 % rough."""
    bead = ring("cap", Dice(1, "ring"), "iron", Bead(20.0, 1.5, 8.0))
    geometry = Geometry(source_detector_mm=10_000.0, source_object_mm=9_900.0)
    detector = Detector(200, 500, 0.1, (Channel(snr=0.0),))
    scene = Scene("ring", (bead,), detector, Source("monochromatic", energy_kev=200.0), geometry)
    volume = float(render(scene).thickness_mm["iron"].sum()) * (0.1 * 0.99) ** 2
    assert volume == pytest.approx(0.719 * 1.5 * 8.0 * 2.0 * math.pi * 20.6, rel=0.08)


@pytest.mark.parametrize(("options", "words"), [
    ({"pairs": 3}, "5 to 15"), ({"size_px": 300}, "size_px of at least"), ({"size_px": 5}, "size_px"),
])  # fmt: skip
def test_a_duplex_that_cannot_be_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(WrongUsage, match=words):
        ready_scene("duplex").build(1, **options)

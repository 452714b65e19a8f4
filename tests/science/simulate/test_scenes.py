"""Every drawn scene repeats, is labelled truly, and shows what it says."""

from __future__ import annotations

import functools
import json

import numpy as np
import pytest

from kerma.errors import NotFound
from kerma.science.judge import Conditions, judge
from kerma.science.simulate import simulate
from kerma.science.simulate.scene import SimulatedImage
from kerma.standards import table

made = functools.cache(simulate)
NAMES = ["weld", "casting", "bag", "step-wedge"]


@functools.cache
def weld(flaws: str) -> SimulatedImage:
    return simulate("weld", 7, flaws=flaws)


def bag(threat: str) -> SimulatedImage:
    """Of the random bags 8 is clear and 9 holds a knife and a block."""
    return made("bag", 9 if threat == "knife and block" else 8)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bytes(name: str) -> None:
    again = simulate(name, 8)
    assert again.image.pixels.tobytes() == made(name, 8).image.pixels.tobytes()
    assert again.as_json() == made(name, 8).as_json()


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_gives_another_picture(name: str) -> None:
    assert made(name, 8).image.pixels.tobytes() != made(name, 9).image.pixels.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_16_bit_in_range_and_scaled(name: str) -> None:
    image = made(name, 8).image
    assert image.pixels.dtype == np.uint16
    assert image.rises_with_dose is True
    assert image.spacing.is_known
    assert np.mean(image.pixels[0] == 65535) < 0.01
    assert image.pixels[0].std() > 1000


@pytest.mark.parametrize("name", ["weld", "casting", "bag"])
def test_boxes_contain_their_flaws_and_masks_lie_in_their_boxes(name: str) -> None:
    simulated = made(name, 8) if name != "bag" else bag("knife and block")
    assert simulated.findings
    for number, finding in enumerate(simulated.findings, start=1):
        rows, columns = np.nonzero(simulated.labels == number)
        box = finding.box
        assert rows.size > 0
        assert box.row <= rows.min()
        assert rows.max() < box.row + box.height
        assert box.column <= columns.min()
        assert columns.max() < box.column + box.width
        assert finding.measurements["detectability"] > 0


def test_masks_mark_exactly_where_the_flaws_change_the_picture() -> None:
    few, many = weld("few"), weld("many")
    assert len(set(np.unique(few.labels)) - {0}) == len(few.findings)
    assert many.labels.max() == len(many.findings)


@pytest.mark.parametrize("name", NAMES)
def test_truth_is_json_with_what_was_set(name: str) -> None:
    truth = json.loads(json.dumps(made(name, 8).as_json(), allow_nan=False))
    assert {"scene", "seed", "tube_voltage_kv", "pixel_mm", "findings"} <= set(truth)


@pytest.mark.parametrize("seed", [8, 9])
def test_labels_are_words_of_iso_6520_1(seed: int) -> None:
    known = {row["label"]: row["number"] for row in table("iso_6520-1/imperfections")}
    for finding in (*made("weld", seed).findings, *made("casting", seed).findings):
        assert finding.code == known[finding.label]


@pytest.mark.parametrize(("flaws", "outcomes"), [("few", {"pass"}), ("many", {"pass", "fail"})])
def test_one_weld_is_acceptable_and_one_is_not(flaws: str, outcomes: set[str]) -> None:
    simulated = weld(flaws)
    given = Conditions(thickness_mm=simulated.truth["thickness_mm"], spacing=simulated.image.spacing, part="weld")
    verdicts = judge(simulated.findings, "fr_arrete_1978/acceptance", given)
    assert {verdict.outcome for verdict in verdicts} == outcomes


def test_the_weld_has_the_snr_it_says() -> None:
    simulated = weld("few")
    plate = simulated.image.pixels[0, 200:240, 560:960].astype(float)
    residual = np.diff(plate, axis=0)[:, ::4] / np.sqrt(2.0)
    assert plate.mean() / residual.std() > simulated.truth["snr"] * 0.8


def test_the_thinner_wire_is_fainter() -> None:
    pixels = weld("few").image.pixels[0].astype(float)
    first = 1600 - 470
    depths = []
    for number in range(4):
        column = first + 50 * number
        profile = pixels[305:335, column - 12 : column + 13].mean(axis=0)
        depths.append(np.median(profile) - profile[10:15].min())
    assert depths == sorted(depths, reverse=True)
    assert depths[-1] > 0


def test_steps_have_the_signal_and_noise_they_say() -> None:
    simulated = made("step_wedge", 3)
    for step in simulated.truth["steps"]:
        row, column, height, width = step["region"]
        part = simulated.image.pixels[0, row : row + height, column : column + width].astype(float)
        assert part.mean() == pytest.approx(step["mean_stored"], rel=0.002)
        assert part.mean() / part.std() == pytest.approx(step["snr"], rel=0.03)


def test_only_the_suspect_bag_hides_something_opaque() -> None:
    clear, suspect = (bag(threat).image.pixels[1] / 58000.0 for threat in ("none", "knife and block"))
    assert np.count_nonzero(clear < 0.03) < 400
    assert np.count_nonzero(suspect < 0.03) > 5000
    assert [finding.label for finding in bag("knife and block").findings] == ["knife", "opaque-block"]
    assert bag("none").findings == ()


def test_an_unknown_scene_lists_the_known() -> None:
    with pytest.raises(NotFound, match="weld, casting, bag, step-wedge"):
        simulate("no such scene", 1)

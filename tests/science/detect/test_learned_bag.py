"""The bag detector that ships: raw energies, colours and grey alike, whatever the gain and the size of a pixel."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from kerma.errors import Unreadable, WrongUsage
from kerma.science.detect import learned
from kerma.science.detect.bag_channels import reading_of
from kerma.science.detect.explaining import explain
from kerma.science.detect.learned_bag import BagNetwork
from kerma.science.imaging.enhance.material_colours import BLACK_AT, pseudo_colour
from kerma.science.imaging.image import Image
from kerma.science.results import Finding
from kerma.science.simulate.line_scanner import OPEN_STORED, Z_SCALE
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.scenes.baggage import cabin_bag


@pytest.fixture(scope="module")
def network() -> learned.Network:
    return learned.of("bag")


@pytest.fixture(scope="module")
def bag() -> SimulatedImage:
    return cabin_bag(3, size_px=320)[0]


def colours(picture: SimulatedImage) -> Image:
    low, high, number = picture.image.pixels
    thick = np.minimum(-np.log(np.maximum(high, 1) / OPEN_STORED), BLACK_AT)
    return Image(pseudo_colour(thick, number / Z_SCALE)[None], 8, "for-presentation")


def overlap(found: Finding, truth: Finding) -> float:
    one, other = found.box, truth.box
    high = min(one.row + one.height, other.row + other.height) - max(one.row, other.row)
    wide = min(one.column + one.width, other.column + other.width) - max(one.column, other.column)
    shared = max(0.0, high) * max(0.0, wide)
    return shared / (one.height * one.width + other.height * other.width - shared)


def test_a_pistol_is_marked_in_raw_energies_in_colours_and_in_grey(network, bag) -> None:
    grey = Image(colours(bag).pixels.mean(axis=-1).astype(np.uint8), 8, "for-presentation")
    (truth,) = bag.findings
    for image in (bag.image, colours(bag), grey):
        best = max(learned.find(image, network), key=lambda found: overlap(found, truth))
        assert overlap(best, truth) >= 0.3 and best.code == "firearm"
        assert best.by.model_sha256 == network.card["sha256"]


def test_gain_and_size_change_little(network, bag) -> None:
    image, (truth,) = bag.image, bag.findings
    fainter = replace(image, pixels=(image.pixels[:2] // 3), plane_labels=("low", "high"))
    one, other = learned.find(image, network)[0], learned.find(fainter, network)[0]
    assert one.label == other.label and one.score == pytest.approx(other.score, abs=0.05)
    size = (640, 640)
    doubled = np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in image.pixels])
    best = learned.find(replace(image, pixels=doubled), network)[0]
    half = replace(best, box=replace(best.box, **{name: value / 2 for name, value in vars(best.box).items()}))
    assert overlap(half, truth) >= 0.3


def test_the_heat_a_mark_was_picked_from_is_shown_on_colours_too(network, bag) -> None:
    image = colours(bag)
    one = learned.find(image, network)[0]
    made = explain(image, network, one)
    assert made.heat.shape == (image.rows, image.columns)
    box = one.box
    inside = made.heat[int(box.row) : int(box.row + box.height) + 1, int(box.column) : int(box.column + box.width) + 1]
    assert inside.max() == pytest.approx(one.score, abs=1e-6)


def test_an_empty_belt_shows_nothing_and_a_plane_that_is_not_there_is_refused(network) -> None:
    assert isinstance(network, BagNetwork)
    assert learned.find(Image(np.full((1, 64, 64), 50000, np.uint16), 16, "raw", rises_with_dose=True), network) == ()
    with pytest.raises(WrongUsage, match="plane 3 does not exist"):
        learned.find(Image(np.zeros((1, 64, 64, 3), np.uint8), 8), network, plane=3)


def test_a_bag_is_looked_at_as_large_as_the_card_says(network, bag) -> None:
    """The first cards did not say; what is no size of a bag is refused."""
    path = learned.shipped()["bag"]
    weights = path.with_suffix(".onnx").read_bytes()
    card = json.loads(path.read_text(encoding="utf-8"))
    sizes = {}
    for extent in (card["input"]["extent_px"], 96, None):
        taken = {key: value for key, value in card["input"].items() if key != "extent_px"}
        told = taken if extent is None else taken | {"extent_px": extent}
        one = learned.load(weights, card | {"input": told})
        assert isinstance(one, BagNetwork)
        sizes[extent] = next(iter(one.answers_at(reading_of(bag.image), 1.0)))[3].scale
    assert sizes[96] < sizes[None] < sizes[288.0]
    for wrong in (0, 63, 1025, True, "288"):
        with pytest.raises(Unreadable, match="a size of bags"):
            learned.load(weights, card | {"input": card["input"] | {"extent_px": wrong}})


def test_the_page_shows_the_figures_of_the_card_and_the_card_says_first_that_it_is_weak() -> None:
    page = (Path(__file__).parents[3] / "docs" / "science" / "bag-detector.md").read_text(encoding="utf-8")
    card = json.loads(learned.shipped()["bag"].read_text(encoding="utf-8"))
    for part in ("test", "shifted"):
        found = card["metrics"][part]
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `bag` {part} |")]
        for figure in ("map50", "map30", "ap_centre_any_label"):
            low, high = found[figure]["interval"]
            assert f"{found[figure]['value']:.2f} ({low:.2f} to {high:.2f})" in row
        assert f"{found['images']}, {found['flaws']}" in row
        for gained in found["two_views"]:
            assert f"{gained['gain']:+.2f} ({gained['interval'][0]:+.2f} to {gained['interval'][1]:+.2f})" in page
    assert card["metrics"]["test"]["map50"]["value"] >= 0.8 or card["limits"][0].startswith("weak: mAP50")

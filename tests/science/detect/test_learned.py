"""Learned detectors that ship: weights and card belong together, and marks lie where flaws are, however scanned."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from kerma.errors import Altered, NotFound, Unreadable, WrongUsage
from kerma.science.detect import learned
from kerma.science.imaging.image import Image, Spacing
from kerma.science.results import Finding
from kerma.science.simulate import simulate
from kerma.science.simulate.scene import SimulatedImage

SEEDS = (9001, 9002, 9003, 9004)
PLAINLY_SEEN = 40.0
"""Detectability from which a flaw is plain to the eye."""


@pytest.fixture(scope="module")
def weld() -> learned.Network:
    return learned.of("weld")


@pytest.fixture(scope="module")
def films() -> list[SimulatedImage]:
    asked = "porosity,crack,slag,tungsten,lack-of-penetration"
    return [simulate("film-weld", seed, size_px=512, flaws=asked, thickness_mm=10.0) for seed in SEEDS]


def found_share(films: list[SimulatedImage], marked: list[tuple[Finding, ...]]) -> float:
    """The share of plainly seen flaws in whose box, two pixels wider, the middle of a mark lies."""
    hits = []
    for film, marks in zip(films, marked, strict=True):
        for truth in film.findings:
            if truth.measurements["detectability"] < PLAINLY_SEEN:
                continue
            box = truth.box
            hits.append(
                any(
                    -2 <= mark.box.row + mark.box.height / 2 - box.row <= box.height + 2
                    and -2 <= mark.box.column + mark.box.width / 2 - box.column <= box.width + 2
                    for mark in marks
                )
            )
    assert len(hits) >= 12
    return float(np.mean(hits))


def same_place(one: Finding, other: Finding) -> bool:
    """Whether the boxes of two marks share most of what they cover."""
    a, b = one.box, other.box
    high = min(a.row + a.height, b.row + b.height) - max(a.row, b.row)
    wide = min(a.column + a.width, b.column + b.width) - max(a.column, b.column)
    shared = max(high, 0) * max(wide, 0)
    return shared > 0.5 * (a.height * a.width + b.height * b.width - shared)


@pytest.mark.parametrize("name", learned.shipped())
def test_weights_and_card_belong_together_and_say_what_they_are(name: str) -> None:
    card = json.loads(learned.shipped()[name].read_text(encoding="utf-8"))
    content = learned.shipped()[name].with_suffix(".onnx").read_bytes()
    assert card["sha256"] == hashlib.sha256(content).hexdigest()
    assert card["name"] == name
    assert ("simulated" in card["trained"]["on"]) == (card["kind"] == "detector")
    assert {"version", "kind", "labels", "input", "thresholds", "metrics", "intended_use", "limits"} <= set(card)
    assert 0 < card["thresholds"]["score"] < 1
    with pytest.raises(Altered, match="SHA-256"):
        learned.load(content[:-1] + b"x", card)


def test_a_card_or_network_that_makes_no_sense_is_refused_in_words() -> None:
    weights = {name: path.with_suffix(".onnx").read_bytes() for name, path in learned.shipped().items()}
    card = json.loads(learned.shipped()["weld"].read_text(encoding="utf-8"))
    cut = weights["weld"][:5000]
    other = {"channels": 4, "bands_px": [[1.0, 2.0]]}
    cases = (
        ("says no thresholds", weights["weld"], {key: card[key] for key in card if key != "thresholds"}),
        ("lists no labels", weights["weld"], card | {"labels": []}),
        ("gives no score", weights["weld"], card | {"thresholds": {"score": "high"}}),
        ("other input channels", weights["weld"], card | {"input": other}),
        ("no network that can be run", cut, card | {"sha256": hashlib.sha256(cut).hexdigest()}),
        ("heat per label", weights["casting"], card | {"sha256": hashlib.sha256(weights["casting"]).hexdigest()}),
    )
    for words, content, told in cases:
        with pytest.raises(Unreadable, match=words):
            learned.load(content, told)


def test_a_model_that_does_not_ship_is_named_with_those_that_do() -> None:
    with pytest.raises(NotFound, match="weld"):
        learned.of("nothing-of-that-name")


def test_plain_flaws_of_a_scanned_film_are_found(weld: learned.Network, films: list[SimulatedImage]) -> None:
    marked = [learned.find(film.image, weld) for film in films]
    assert found_share(films, marked) >= 0.85
    for marks in marked:
        assert [mark.score for mark in marks] == sorted((mark.score or 0 for mark in marks), reverse=True)
        assert all(mark.label in weld.labels and mark.by.model_sha256 == weld.card["sha256"] for mark in marks)


def test_uneven_light_a_gamma_curve_and_an_inversion_hide_little(
    weld: learned.Network, films: list[SimulatedImage]
) -> None:
    marked = []
    for film in films:
        grey = film.image.pixels[0] / 255.0
        light = 0.25 * np.linspace(-1, 1, grey.shape[0])[:, None] + 0.2 * np.linspace(1, -1, grey.shape[1])[None] ** 2
        curved = np.clip(0.85 * grey**0.7 + light + 0.05, 0, 1)
        stored = np.rint(255 * (1 - curved)).astype(np.uint8)
        marked.append(learned.find(Image(stored[None], 8, rises_with_dose=True), weld))
    assert found_share(films, marked) >= 0.75


def test_the_same_image_gives_the_same_marks(weld: learned.Network, films: list[SimulatedImage]) -> None:
    one, other = (learned.find(films[0].image, learned.of("weld")) for _ in range(2))
    assert [mark.as_json() for mark in one] == [mark.as_json() for mark in other]


def test_a_higher_threshold_keeps_the_strongest(weld: learned.Network, films: list[SimulatedImage]) -> None:
    many = learned.find(films[0].image, weld, threshold=0.05)
    few = learned.find(films[0].image, weld, threshold=0.5)
    assert many[: len(few)] == few
    assert len(many) > len(few) > 0


def test_marks_of_a_mirrored_film_are_mirrored(weld: learned.Network, films: list[SimulatedImage]) -> None:
    image = films[1].image
    columns = image.columns
    strong = [mark for mark in learned.find(image, weld) if (mark.score or 0) > 0.7]
    mirrored = learned.find(dataclasses.replace(image, pixels=image.pixels[:, :, ::-1]), weld, threshold=0.1)
    back = [
        dataclasses.replace(
            mark, box=dataclasses.replace(mark.box, column=columns - mark.box.column - mark.box.width)
        )
        for mark in mirrored
    ]  # fmt: skip
    assert strong
    assert all(any(same_place(mark, other) for other in back) for mark in strong)


def test_a_large_film_is_looked_at_tile_by_tile(weld: learned.Network, films: list[SimulatedImage]) -> None:
    image = films[2].image
    alone = [mark for mark in learned.find(image, weld) if (mark.score or 0) > 0.6]
    mirrored = np.concatenate([image.pixels[:, :, ::-1], image.pixels, image.pixels[:, :, ::-1]], axis=2)
    beside = [
        dataclasses.replace(mark, box=dataclasses.replace(mark.box, column=mark.box.column - image.columns))
        for mark in learned.find(dataclasses.replace(image, pixels=mirrored), weld, threshold=0.05)
    ]
    assert alone
    assert sum(any(same_place(mark, other) for other in beside) for mark in alone) >= len(alone) - 1


def test_sizes_come_in_mm_where_the_spacing_is_known(weld: learned.Network, films: list[SimulatedImage]) -> None:
    image = dataclasses.replace(films[0].image, spacing=Spacing(0.1, 0.1, "calibrated"))
    mark = learned.find(image, weld)[0]
    assert mark.measurements["length_mm"] == pytest.approx(0.1 * mark.measurements["length_px"])
    blind = learned.find(dataclasses.replace(image, spacing=Spacing()), weld)[0]
    assert "length_mm" not in blind.measurements


def test_noise_without_anything_in_it_is_hardly_marked(weld: learned.Network) -> None:
    rng = np.random.default_rng(4)
    marks = [
        learned.find(Image(rng.normal(120, 6, (1, 512, 512)).astype(np.uint8), 8, rises_with_dose=False), weld)
        for _ in range(3)
    ]
    assert sum(len(each) for each in marks) <= 2


def test_what_cannot_be_looked_at_is_refused(weld: learned.Network) -> None:
    with pytest.raises(WrongUsage, match="colour"):
        learned.find(Image(np.zeros((1, 8, 8, 3), np.uint8), 8), weld)
    with pytest.raises(WrongUsage, match="plane 1"):
        learned.find(Image(np.zeros((1, 8, 8), np.uint8), 8), weld, plane=1)
    assert learned.find(Image(np.zeros((1, 8, 8), np.uint8), 8), weld) == ()


@pytest.mark.parametrize("name", ["weld", "casting"])
def test_the_page_shows_the_figures_of_the_card(name: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "science" / "learned-detectors.md").read_text(encoding="utf-8")
    metrics = json.loads(learned.shipped()[name].read_text(encoding="utf-8"))["metrics"]
    for part in ("test", "shifted"):
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` {part} |") and "(" in line]
        for figure in ("map50", "map30", "ap_centre_any_label"):
            low, high = metrics[part][figure]["interval"]
            assert f"{metrics[part][figure]['value']:.2f} ({low:.2f} to {high:.2f})" in row
        assert f"{metrics[part]['images']}, {metrics[part]['flaws']}" in row

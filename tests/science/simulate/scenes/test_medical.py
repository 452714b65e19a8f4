"""Chest and hand: another for every seed, the same for the same, everything in its place and truly told."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.measure import run
from kerma.science.results import Measurement
from kerma.science.simulate import ready_scene, rendered
from kerma.science.simulate.document import Stroke
from kerma.science.simulate.render import noise_free
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.scene_json import read_scene, write_scene
from kerma.science.simulate.scenes import chest, hand
from kerma.science.simulate.scenes.chest_findings import FINDINGS as IN_CHEST
from kerma.science.simulate.scenes.chest_findings import case_of
from kerma.science.simulate.scenes.chest_trunk import Trunk, is_in_lung, vessels
from kerma.science.simulate.scenes.dice import Dice
from kerma.science.simulate.scenes.hand import FINDINGS as IN_HAND
from kerma.science.simulate.scenes.medical import ROWS
from kerma.standards import table

SMALL = 192


def measured(name: str, image: SimulatedImage, **options: Any) -> Measurement:
    found = run(name, image.image, **options)
    assert isinstance(found, Measurement), found
    return found


@functools.cache
def made(name: str, seed: int, **options: Any) -> SimulatedImage:
    (image,) = ready_scene(name).build(seed, **{"size_px": SMALL, **options})
    return image


def share(image: SimulatedImage, row: float, column: float, *, size: int = 5) -> float:
    """Mean expected value round a place, given as shares of the picture."""
    assert image.expected is not None
    rows, columns = image.expected.shape[1:]
    y, x = round(row * rows), round(column * columns)
    return float(image.expected[0, y - size : y + size, x - size : x + size].mean())


@pytest.mark.parametrize("name", ["chest", "hand"])
def test_the_same_seed_gives_the_same_bytes_also_through_json(name: str) -> None:
    scene = ready_scene(name).document(11, size_px=64)
    again = read_scene(write_scene(scene))
    assert again == scene
    (one,), (other,) = rendered(scene), rendered(again)
    assert one.image.pixels.tobytes() == other.image.pixels.tobytes()
    assert made(name, 12, size_px=64).image.pixels.tobytes() != one.image.pixels.tobytes()


def test_labels_of_findings_stand_in_the_table() -> None:
    rows = {(row["label"], row["scene"]) for row in table("kerma_findings/medical")}
    assert {(label, "chest") for label in IN_CHEST} | {(label, "hand") for label in IN_HAND} <= rows


TOGETHER = (
    ("nodule", "pneumothorax", "coin"), ("calcified-nodule", "needle", "tracheal-tube"),
    ("catheter", "pacemaker", "rib-fracture"),
)  # fmt: skip


def test_the_groups_hold_every_finding() -> None:
    assert {label for group in TOGETHER for label in group} == set(IN_CHEST)


@pytest.mark.parametrize(
    ("name", "labels"), [*(("chest", labels) for labels in TOGETHER), ("hand", tuple(IN_HAND))], ids=str
)
def test_every_finding_is_in_the_picture_and_in_the_truth(name: str, labels: tuple[str, ...]) -> None:
    options = {"positioning": "good"} if name == "chest" else {}
    image = made(name, 21, findings=",".join(labels), exposure="normal", **options)
    assert sorted(finding.label for finding in image.findings) == sorted(labels)
    for finding, mask in zip(image.findings, image.masks, strict=True):
        assert finding.box.row >= 0 and finding.box.row + finding.box.height <= SMALL
        assert finding.measurements["detectability"] > 5 and finding.measurements["cnr"] > 0
        assert mask.pixels.shape == (finding.box.height, finding.box.width)
        assert any(key.endswith("_mm") for key in finding.measurements)


@pytest.mark.parametrize("seed", range(30, 31))
def test_families_hold_for_any_seed(seed: int) -> None:
    """Builders refuse nothing that they draw themselves, whatever lies in each other's way."""
    for name in ("chest", "hand"):
        image = made(name, seed, size_px=96)
        asked = ready_scene(name).document(seed, size_px=96)
        names = {thing.group or thing.name for thing in asked.things if thing.label}
        assert len(image.findings) >= len(names) - 1  # one may fall outside a cut-off field
        assert image.image.pixels.std() > 100


def test_a_chest_has_everything_in_its_place() -> None:
    image = made("chest", 3, findings="none", positioning="good", exposure="normal", grid="yes")
    lung_right, lung_left = share(image, 0.45, 0.3), share(image, 0.35, 0.7)
    heart, belly, middle = share(image, 0.64, 0.62), share(image, 0.9, 0.3), share(image, 0.75, 0.5)
    open_beam = share(image, 0.06, 0.12, size=3)
    assert open_beam > 3 * lung_right
    assert (
        lung_right > 2.5 * heart and lung_left > 2.5 * heart
    )  # the heart is on the patient's left, the picture's right
    assert heart > middle and heart > 1.2 * belly
    assert share(image, 0.64, 0.62) < 0.5 * share(image, 0.64, 0.36)


def test_under_and_over_exposure_are_told_by_the_index() -> None:
    indices = []
    for word in ("under", "normal", "over"):
        image = made("chest", 5, size_px=96, exposure=word, findings="none", positioning="good")
        found = measured("exposure_index", image)
        assert found.values["exposure_index"] == pytest.approx(image.truth["exposure_index"], rel=0.05)
        indices.append(found.values["deviation_index"])
    assert indices[0] < -3 < -1 < indices[1] < 1 < 3 < indices[2]


def test_body_part_view_and_technique_reach_the_image() -> None:
    image = made("chest", 5, exposure="normal", findings="none", positioning="good").image
    assert (image.body_part, image.view, image.modality) == ("CHEST", "PA", "DX")
    told = image.technique
    assert told["tube_voltage_kv"] == 125 and told["source_detector_mm"] == 1800 and told["grid"] == "focused grid"
    assert float(told["exposure_mas"]) > 0
    assert made("hand", 5).image.body_part == "HAND"


@pytest.mark.parametrize(("word", "is_inverse"), [("monochrome1", True), ("monochrome2", False)])
def test_polarity(word: str, is_inverse: bool) -> None:
    scene = ready_scene("hand").document(1, size_px=96, polarity=word)
    assert scene.is_inverse is is_inverse


def test_bad_positioning_shows() -> None:
    good = ready_scene("chest").document(8, size_px=96, positioning="good")
    rotated = ready_scene("chest").document(8, size_px=96, positioning="rotated")
    assert abs(float(good.technique["rotation_deg"])) <= 2 < 6 <= abs(float(rotated.technique["rotation_deg"]))
    assert chest.build(8, size_px=96, positioning="cut-off").technique["positioning"] == "cut-off"


def test_the_collimated_border_is_dark() -> None:
    image = made("hand", 4, findings="none", exposure="normal")
    assert image.expected is not None
    assert image.expected[0, 0].mean() < 0.05 * np.median(image.expected[0])


def test_scatter_fills_the_mediastinum_and_a_grid_takes_it_out() -> None:
    ratios = {}
    for grid in ("no", "yes"):
        scene = chest.build(3, size_px=128, findings="none", positioning="good", exposure="normal", grid=grid)
        bare = dataclasses.replace(scene, scatter=dataclasses.replace(scene.scatter, ratio=0.0))
        whole, primary = noise_free(scene)[0], noise_free(bare)[0]
        ratios[grid] = (whole - primary) / primary
    middle, lung = (slice(88, 100), slice(60, 68)), (slice(50, 60), slice(34, 42))
    assert 2.0 < ratios["no"][middle].mean() < 6.0  # ICRP and textbooks: 2 to 5 behind the mediastinum
    assert 0.3 < ratios["no"][lung].mean() < 1.6
    assert ratios["yes"][middle].mean() < 0.3 * ratios["no"][middle].mean()


def test_pneumothorax_has_no_vessels_beyond_the_pleura() -> None:
    trunk = Trunk()
    case = case_of(Dice(4, "findings"), trunk, ["pneumothorax"])
    drawn = vessels(trunk, Dice(4, "vessels"), case.is_filled)
    assert len(drawn) > 100
    beyond = 0
    for vessel in drawn:
        assert isinstance(vessel.shape, Stroke)
        for point in vessel.shape.points_mm[1:]:
            # Points are rounded to a micrometre after they were found to be within, so a few stand on the border.
            side = -1.0 if "right" in vessel.name else 1.0
            assert is_in_lung(side, point)
            beyond += not case.is_filled(side, point)
    assert beyond <= 2


def test_the_hand_has_twenty_seven_bones() -> None:
    scene = hand.build(6, size_px=96, findings="none")
    inner = ("-spongy", "-marrow")
    bones = [t.name for t in scene.things if t.material == "bone" and not t.name.endswith(inner)]
    assert len(bones) == 27 + 2  # and the ends of radius and ulna


def test_what_makes_no_sense_is_refused() -> None:
    for options in ({"findings": "dragon"}, {"findings": "pneumothorax,pneumothorax"}, {"size_px": 8}):
        with pytest.raises(WrongUsage):
            chest.build(1, **options)  # type: ignore[arg-type]
    with pytest.raises(WrongUsage):
        ready_scene("hand").build(1, colour="red")


def test_every_row_names_a_builder_that_works() -> None:
    for row in ROWS:
        assert ready_scene(row.name).industry == "medical"
        assert ready_scene(row.name).document(2, size_px=96).industry == "medical"

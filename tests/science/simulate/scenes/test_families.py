"""Every family of NDT scenes, over seeds: valid documents that repeat, and a truth that holds."""

from __future__ import annotations

import dataclasses
import functools
import json

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.simulate import ready_scene
from kerma.science.simulate.document import Scene
from kerma.science.simulate.render import render
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.scene_json import read_scene, write_scene
from kerma.science.simulate.scenes import casting_flaws, composite, corrosion, weld_flaws
from kerma.science.simulate.scenes.gauge_truth import limit
from kerma.standards import table

FLAWS = {
    "weld-plate": set(weld_flaws.FLAWS),
    "weld-pipe": set(weld_flaws.FLAWS),
    "film-weld": set(weld_flaws.FLAWS),
    "casting-aluminium": {"gas", "shrinkage", "inclusion", "crack", "core-shift"},
    "casting-steel": {"gas", "shrinkage", "inclusion", "crack", "core-shift"},
    "composite": set(composite.FLAWS),
    "corrosion": set(corrosion.LABELS.values()),
}
NAMES = list(FLAWS)
SEEDS = range(4)
MANY = 50


@functools.cache
def document(name: str, seed: int, size: int = 96) -> Scene:
    return ready_scene(name).document(seed, size_px=size)


@functools.cache
def picture(name: str, seed: int) -> SimulatedImage:
    return ready_scene(name).build(seed, size_px=96)[0]


def sweep() -> list[tuple[str, int]]:
    return [(name, seed) for name in NAMES for seed in SEEDS]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_document_and_bytes(name: str) -> None:
    assert ready_scene(name).document(3, size_px=96) == document(name, 3)
    assert render(document(name, 3)).image.pixels.tobytes() == picture(name, 3).image.pixels.tobytes()
    assert document(name, 3) != document(name, 4)


@pytest.mark.parametrize(("name", "seed"), sweep())
def test_documents_come_back_from_json(name: str, seed: int) -> None:
    assert read_scene(write_scene(document(name, seed))) == document(name, seed)


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_flaw_appears_over_seeds(name: str) -> None:
    found = {thing.label for seed in range(MANY) for thing in document(name, seed).things if thing.label}
    assert found == FLAWS[name]


@pytest.mark.parametrize("name", ["weld-plate", "weld-pipe", "film-weld"])
def test_labels_of_welds_have_numbers_of_the_standard(name: str) -> None:
    codes = {row["label"]: row["number"] for row in table("iso_6520-1/imperfections")}
    assert FLAWS[name] <= set(codes)
    assert all(finding.code == codes[finding.label] for seed in SEEDS for finding in picture(name, seed).findings)


@pytest.mark.parametrize(("name", "seed"), sweep())
def test_truth_lies_in_the_picture(name: str, seed: int) -> None:
    simulated, scene = picture(name, seed), document(name, seed)
    groups = {thing.group or thing.name for thing in scene.things if thing.label}
    assert len(simulated.findings) == len(groups), "a flaw outside the picture"
    missing = set(simulated.truth["outside_picture"])
    assert not missing & {thing.name for thing in scene.things if thing.label}
    for finding, mask in zip(simulated.findings, simulated.masks, strict=True):
        box = finding.box
        assert (box.row, box.column, box.height, box.width) == (mask.row, mask.column, *mask.pixels.shape)
        assert box.row >= 0 and box.column >= 0
        assert box.row + box.height <= 96 and box.column + box.width <= 96
        assert mask.pixels[0].any() and mask.pixels[-1].any() and mask.pixels[:, 0].any() and mask.pixels[:, -1].any()


@pytest.mark.parametrize(("name", "seed"), sweep())
def test_nothing_has_a_negative_thickness_and_every_number_is_finite(name: str, seed: int) -> None:
    simulated = picture(name, seed)
    assert all(values.min() >= 0.0 and np.isfinite(values).all() for values in simulated.thickness_mm.values())
    json.dumps(simulated.as_json(), allow_nan=False)
    assert simulated.image.pixels.std() > 0


@pytest.mark.parametrize(("name", "seed"), sweep())
def test_what_nobody_can_see_is_said(name: str, seed: int) -> None:
    simulated = picture(name, seed)
    faint = [one.id for one in simulated.findings if one.measurements["detectability"] < limit("detectability")]
    assert simulated.truth["invisible"] == faint


def test_flaws_of_a_weld_do_not_lie_on_each_other() -> None:
    for seed in range(12):
        simulated = picture("weld-plate", seed)
        stack = np.zeros((96, 96), dtype=int)
        for mask in simulated.masks:
            stack += mask.over((96, 96))
        # Neighbours may share a pixel at this size; more would be an overlap.
        assert (stack > 1).sum() <= 2 * len(simulated.masks), seed


@pytest.mark.parametrize("kind", ["porosity", "cluster-porosity", "linear-porosity"])
def test_pores_take_their_volume_of_metal(kind: str) -> None:
    """Over the sum of the ellipsoids: perspective of the pore's height, and edges of pixels, stay within 4 %."""
    options = {"size_px": 512, "flaws": kind, "thickness_mm": 12.0, "material": "steel", "difficulty": "easy"}
    scene = ready_scene("weld-plate").document(5, **options)
    pores = [thing for thing in scene.things if thing.label]
    sound = dataclasses.replace(scene, things=tuple(thing for thing in scene.things if not thing.label))
    taken = render(sound).thickness_mm["steel"] - render(scene).thickness_mm["steel"]
    pixel_mm = render(scene).truth["pixel_mm"]
    volume = sum(4.0 / 3.0 * np.pi * np.prod(pore.shape.radii_mm) for pore in pores)
    assert float(taken.sum()) * pixel_mm**2 == pytest.approx(float(volume), rel=0.04)


def test_sizes_of_pores_agree_with_their_masks() -> None:
    simulated = ready_scene("weld-plate").build(5, size_px=512, flaws="porosity,porosity", difficulty="easy")[0]
    for finding in simulated.findings:
        across = max(finding.box.height, finding.box.width) * simulated.truth["pixel_mm"]
        assert across == pytest.approx(finding.measurements["length_mm"], abs=2.5 * simulated.truth["pixel_mm"])


def test_dense_flaws_are_lighter_and_voids_darker_on_film() -> None:
    """Tungsten takes radiation away, a pore lets more through: signal under the mask against the sound picture."""
    for kind, sign in (("tungsten", -1.0), ("lack-of-penetration", 1.0), ("slag", 1.0), ("undercut", 1.0)):
        scene = ready_scene("weld-plate").document(2, size_px=256, flaws=kind, difficulty="easy", thickness_mm=12.0)
        sound = dataclasses.replace(scene, things=tuple(thing for thing in scene.things if not thing.label))
        with_it, without = render(scene), render(sound)
        assert with_it.expected is not None and without.expected is not None
        change = (with_it.expected - without.expected)[0][with_it.labels == 1].mean()
        assert np.sign(change) == sign, kind


def test_difficulty_orders_how_well_flaws_are_seen() -> None:
    def seen(difficulty: str) -> float:
        built = [
            ready_scene("weld-plate").build(seed, size_px=128, flaws="porosity,crack,slag", difficulty=difficulty)[0]
            for seed in range(5)
        ]
        return float(np.median([one.measurements["detectability"] for image in built for one in image.findings]))

    assert seen("easy") > seen("medium") > seen("hard")


def test_corrosion_depth_is_what_the_thickness_map_lacks() -> None:
    options = {"size_px": 384, "technique": "plate", "flaws": "pit,wall-loss", "difficulty": "medium"}
    scene = ready_scene("corrosion").document(4, **options)
    sound = dataclasses.replace(scene, things=tuple(thing for thing in scene.things if not thing.label))
    simulated = render(scene)
    lack = render(sound).thickness_mm["steel"] - simulated.thickness_mm["steel"]
    for finding, mask in zip(simulated.findings, simulated.masks, strict=True):
        deepest = lack[mask.over(lack.shape)].max()
        assert deepest == pytest.approx(finding.measurements["depth_mm"], rel=0.12)
        assert finding.measurements["remaining_mm"] > 0


def test_a_larger_picture_shows_the_same_part_finer() -> None:
    small, large = document("weld-plate", 6), document("weld-plate", 6, 192)
    fields = [scene.detector.columns * scene.detector.pitch_mm for scene in (small, large)]
    assert fields[0] == pytest.approx(fields[1], rel=1e-3)
    assert small.things == large.things


@pytest.mark.parametrize(("name", "options", "words"), [
    ("weld-plate", {"flaws": "rust"}, "no flaw 'rust'"), ("weld-plate", {"thickness_mm": 0.5}, "2 to 60"),
    ("weld-plate", {"size_px": 3}, "64 to"), ("casting-steel", {"thickness_mm": 100.0}, "2 to 60"),
    ("weld-pipe", {"diameter_mm": 20.0, "thickness_mm": 9.0}, "diameter"),
    ("weld-plate", {"material": "aluminium", "source": "Ir-192"}, "xray"),
    ("composite", {"construction": "laminate", "flaws": "honeycomb-water"}, "no flaw"),
])  # fmt: skip
def test_what_cannot_be_is_refused_with_a_reason(name: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(WrongUsage, match=words):
        ready_scene(name).build(1, **options)


def test_no_flaws_gives_a_sound_part() -> None:
    for name in NAMES:
        assert ready_scene(name).build(2, size_px=96, flaws="none")[0].findings == ()


def test_flaws_asked_for_are_made() -> None:
    made = ready_scene("casting-steel").build(1, size_px=128, flaws="crack,core_shift")[0]
    assert {finding.label for finding in made.findings} == {"crack", casting_flaws.CORE_SHIFT}


@pytest.mark.parametrize("technique", ["single-wall", "double-wall-elliptic", "tangential"])
def test_pipes_have_their_walls_in_the_beam(technique: str) -> None:
    options = {"size_px": 128, "technique": technique, "flaws": "none", "thickness_mm": 5.0, "diameter_mm": 60.0}
    if technique == "single-wall":
        options["diameter_mm"] = 300.0
    simulated = ready_scene("weld-pipe").build(3, **options)[0]
    steel = simulated.thickness_mm["steel"]
    edge = steel[4:10, 60:68] if technique != "tangential" else steel[4:10, 2:6]
    walls = 1.0 if technique == "single-wall" else 2.0
    assert edge.mean() >= 0.97 * walls * 5.0


def test_film_is_eight_bit_and_dark_where_there_was_most_radiation() -> None:
    scene = document("film-weld", 1)
    image = picture("film-weld", 1)
    assert image.image.pixels.dtype == np.uint8 and image.image.rises_with_dose is False
    assert scene.film is not None and image.expected is not None
    grey, dose = image.image.pixels[0].astype(float).ravel(), image.expected[0].ravel()
    assert np.corrcoef(grey, dose)[0, 1] < -0.8

"""What is found on energies that came apart is what is found on the same energies in one image."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kerma.industries import INDUSTRIES
from kerma.science.analysis import SiteRules, Source, analyse, exam_document
from kerma.science.detect import detect, learned
from kerma.science.detect.declared import Declared
from kerma.science.detect.looking import LearnedModel, Look, look
from kerma.science.imaging.energy_pairs import View, views_of
from kerma.science.imaging.image import Image
from kerma.science.view_analysis import at_home, by_image
from split_energies import split, whole

PLAN = INDUSTRIES["security"].plan
SITE = SiteRules(picture_gate="off", number_windows="all")
LABELS = [(), ("low", "high")]


@pytest.fixture(scope="module")
def bag_model() -> LearnedModel:
    weights = learned.shipped()["bag"].with_suffix(".onnx")
    return LearnedModel(learned.of("bag").card, weights.read_bytes())


def _document(images: list[Image], views: tuple[View, ...], plan: Any, looks: list[Look]) -> dict[str, Any]:
    done = analyse([view.image for view in views], plan, site=SITE, looks=looks)
    sources = [Source(f"{at}.dcs", f"{at:064x}") for at in range(len(images))]
    return exam_document(images, sources, by_image(done, views))


@pytest.mark.parametrize("kept", LABELS)
@pytest.mark.parametrize("seed", [3, 5])
def test_window_and_bag_model_mark_the_same_as_on_one_object(
    seed: int, kept: tuple[str, ...], bag_model: LearnedModel
) -> None:
    one, views = whole(seed, kept=kept), views_of(split(whole(seed, kept=kept)))
    assert len(views) == len(one) == 2
    for image, view in zip(one, views, strict=True):
        assert detect("z_window", view.image) == detect("z_window", image)
    seen, expected = look([view.image for view in views], bag_model), look(one, bag_model)
    assert [each.findings for each in seen.images] == [each.findings for each in expected.images]
    assert sum(len(each.findings) for each in seen.images) > 0


def test_an_exam_of_objects_apart_is_proposed_as_one_of_whole_objects(bag_model: LearnedModel) -> None:
    plan = replace(PLAN, declared=Declared(("textiles", "electronics"), 300.0))
    one, apart = list(whole()), split(whole())
    views, unsplit = views_of(apart), views_of(one)
    looks = [look(one, bag_model)]
    whole_exam, exam = _document(one, unsplit, plan, looks), _document(apart, views, plan, looks)
    for key in ("decision_proposed", "decision_reason"):
        assert exam[key] == whole_exam[key]
    assert [len(image["findings"]) for image in exam["images"][::3]] == [0, 0], "the low energies"
    found = [finding for image in exam["images"] for finding in image["findings"]]
    expected = [finding for image in whole_exam["images"] for finding in image["findings"]]
    assert [one | {"plane": 0} for one in expected] == found
    assert [image["findings"] != [] for image in exam["images"]] == [False, True, False] * 2
    for at, image in enumerate(exam["images"]):
        first = at - at % 3
        assert image["paired"] == [f"{part:064x}" for part in range(first, first + 3)]
        assert image["planes"] == 1 and {one["inputs"].get("plane", 0) for one in image["measurements"]} == {0}
        assert any("were analysed together" in note for note in image["warnings"])
        assert ("declared" in image) == (at % 3 == 1)
    split_values = [one["values"] for image in exam["images"] for one in image["measurements"]]
    whole_values = [one["values"] for image in whole_exam["images"] for one in image["measurements"]]
    assert sorted(map(str, split_values)) == sorted(map(str, whole_values))


def test_a_lone_energy_is_searched_as_ever_with_a_note_and_the_windows_say_they_did_not_run() -> None:
    images = split(whole(size_px=128, kept=("low",)))[:1]
    exam = _document(images, views_of(images), PLAN, [])
    (image,) = exam["images"]
    assert "paired" not in image
    assert any("no image of its high energy is in this exam" in note for note in image["warnings"])
    assert any("z_window was not run" in note for note in exam["analysis"]["unsearched"])


def test_marks_of_a_model_are_kept_with_the_image_where_findings_lie(bag_model: LearnedModel) -> None:
    views = views_of(split(whole()))
    seen = look([view.image for view in views], bag_model)
    kept = at_home(seen, views)
    assert {one.plane for each in seen.images for one in each.findings} == {1}
    assert {one.plane for each in kept.images for one in each.findings} == {0}
    single = look(whole(), bag_model)
    assert at_home(single, views_of(whole())) == single

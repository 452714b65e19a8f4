"""For which images a model is made: those that name its part and view, else those of its set-up."""

from __future__ import annotations

from dataclasses import replace

import pytest

import good_parts
from kerma.errors import WrongUsage
from kerma.industries import INDUSTRIES
from kerma.science.analysis import analyse
from kerma.science.detect import looking, reference_model
from kerma.science.detect.looking import LearnedModel, look
from kerma.science.detect.purpose import demand_not_another, not_for
from kerma.science.imaging.image import Image, Spacing

SECURITY = INDUSTRIES["security"].plan
PART = good_parts.part(3)


def shows(part: str = "", view: str = "", *, key: str = "part_number", image: Image = PART) -> Image:
    return replace(image, technique={key: part} if part else {}, view=view)


def model(**asked: str) -> LearnedModel:
    digests = [f"{number:064x}" for number in range(6)]
    content = reference_model.teach(good_parts.good(6), digests, reference_model.Asked("cover", **asked))
    return LearnedModel(reference_model.load(content).card, content)


NAMED = {"kind": "reference", "for": {"part": "COVER-7", "view": "front"}}


@pytest.mark.parametrize(
    ("image", "here"),
    [
        (shows("COVER-7", "front"), ""),
        (shows("cover-7 ", "FRONT", key="part_name"), ""),
        (shows("COVER-7", "front", key="part"), ""),
        (shows("COVER-8", "front"), "here part COVER-8, view front"),
        (shows("COVER-7", "side"), "here part COVER-7, view side"),
        (shows("", "front"), "here no part named, view front"),
        (shows(), "here no part named, no view named"),
    ],
)
def test_a_card_that_names_part_and_view_is_for_images_that_say_the_same(image: Image, here: str) -> None:
    told = not_for(image, NAMED)
    assert told == (f"made for part COVER-7, view front; {here}" if here else "")


def test_a_name_of_several_parts_is_read_without_the_carets_of_dicom() -> None:
    assert not not_for(shows("Pump^Cover", key="part_name"), {"kind": "anomaly", "for": {"part": "pump cover"}})


def test_a_reference_that_names_none_is_for_its_set_up() -> None:
    card = model().card
    assert not not_for(shows("anything", "at all"), card)
    narrow = replace(PART, pixels=PART.pixels[:, :, :200])
    assert "made for 240 x 280 pixels; here 240 x 200" in not_for(narrow, card)
    assert "pixels of [0.2, 0.2] mm" in not_for(replace(PART, spacing=Spacing(0.1, 0.1, "detector")), card)
    assert "another kind of values" in not_for(replace(PART, meaning="for-presentation"), card)
    assert "cross-section" in not_for(replace(PART, modality="CT"), card)


def test_a_network_that_names_no_part_is_for_every_image() -> None:
    assert not not_for(PART, {"kind": "boxes", "name": "weld"})


def test_a_person_may_ask_about_an_image_that_says_nothing_but_not_of_another_part() -> None:
    demand_not_another(shows(), NAMED)
    with pytest.raises(WrongUsage, match=r"shows part COVER-8; .* made for part COVER-7, view front"):
        demand_not_another(shows("COVER-8"), NAMED | {"name": "cover"})


def test_an_image_it_is_not_for_is_noted_and_nothing_is_left_unsearched() -> None:
    cover = model(part="COVER-7")
    image = shows("LID-2")
    alone, done = analyse([image], SECURITY), analyse([image], SECURITY, looks=[look([image], cover)])
    assert done.images[0].notes[-1] == "not for this image: cover 1.0.0 (made for part COVER-7; here part LID-2)"
    assert done.images[0].unsearched == alone.images[0].unsearched
    assert done.decision_proposed == alone.decision_proposed
    assert "models" not in done.inputs


def test_many_that_are_not_for_an_image_are_one_short_note() -> None:
    cover = model(part="COVER-7")
    done = analyse([PART], SECURITY, looks=[look([PART], cover)] * 5)
    (told,) = [note for note in done.images[0].notes if note.startswith("not for this image")]
    assert told.count("COVER-7") == 3 and told.endswith("and 2 more")


def test_the_right_part_that_cannot_be_laid_is_unsearched_with_the_reason() -> None:
    cover = model(part="COVER-7")
    turned = shows("COVER-7", image=good_parts.part(3, turn_deg=90.0))
    other = shows("COVER-8")
    seen = look([turned, other], cover)
    assert [(bool(one.passed_over), bool(one.not_for)) for one in seen.images] == [(True, False), (False, True)]
    done = analyse([turned, other], SECURITY, looks=[seen])
    (told,) = [what for what in done.inputs["unsearched"] if "cover" in what]
    assert told.startswith("cover 1.0.0 was not run: ") and "reference" in told
    assert done.decision_proposed != "clear"
    assert "cover 1.0.0" in done.inputs["models"]


def test_a_reference_that_cannot_be_read_fails_for_its_own_images_alone() -> None:
    cover = replace(model(part="COVER-7"), content=b"PK")
    seen = look([shows("COVER-7"), shows("COVER-8")], cover)
    assert "no reference" in seen.images[0].passed_over
    assert seen.images[1].not_for and not seen.images[1].passed_over


def test_what_is_for_no_image_is_not_even_made_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: LearnedModel) -> None:
        raise AssertionError("nothing is to be looked at")

    cover = model(part="COVER-7")
    monkeypatch.setattr(looking, "ready", never)
    assert look([PART], cover).is_for_none

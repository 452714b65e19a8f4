"""A reference as a model: one finding for each thing, its own name and version on it, and what is no reference."""

from __future__ import annotations

import functools
import hashlib
import json
import zipfile
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest

import good_parts
from kerma.errors import Altered, Unreadable, WrongUsage
from kerma.science.detect import explaining, learned, reference_model, taught
from kerma.science.detect.reference_model import Asked, PartModel
from kerma.science.imaging.image import Image
from kerma.science.results import Box, Finding

GOOD = good_parts.good(8)
DIGESTS = [hashlib.sha256(bytes([number])).hexdigest() for number in range(8)]


@functools.cache
def content(**asked: object) -> bytes:
    named = {"name": "plate", "part": "COVER-7", "view": "front"} | asked
    return reference_model.teach(GOOD, DIGESTS, Asked(**named, regions=good_parts.REGIONS))


@pytest.fixture(scope="module")
def plate() -> PartModel:
    return reference_model.load(content())


def marks(plate: PartModel, image: Image, **asked: object) -> list[tuple[str, str]]:
    return [(one.label, one.code) for one in plate.look(image, **asked).findings]


def middle(one: Finding) -> tuple[float, float]:
    return one.box.row + one.box.height / 2, one.box.column + one.box.width / 2


def test_the_card_says_what_it_is_for_and_made_from(plate: PartModel) -> None:
    card = plate.card
    assert (card["kind"], card["for"]) == ("reference", {"part": "COVER-7", "view": "front"})
    assert card["detectors"] == ["golden_part", "foreign_object", "completeness"]
    assert card["trained"]["images"] == 8 and card["trained"]["images_sha256"] == sorted(DIGESTS)
    assert {"foreign-object", "missing", "extra-material"} <= set(card["labels"])
    assert card["sha256"] == hashlib.sha256(content()).hexdigest()
    without = reference_model.load(reference_model.teach(GOOD, DIGESTS, Asked("bare"))).card
    assert without["detectors"] == ["golden_part", "foreign_object"] and "missing" not in without["labels"]
    assert without["for"] == {}


def test_a_good_part_is_clear_and_its_score_below_the_limit(plate: PartModel) -> None:
    seen = plate.look(good_parts.part(3, shift_px=(2.0, -3.0), turn_deg=1.0))
    assert seen.findings == ()
    assert 0 < seen.score < 0.5


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"without": (2,)}, [("missing", "bolt-2")]),
        ({"extra": (150.0, 100.0, 6.0, 2.0)}, [("foreign-object", "foreign-object")]),
        ({"extra": (150.0, 100.0, 6.0, -2.0)}, [("missing-material", "missing-material")]),
        ({"bolt_share": 0.6}, [("unclear", "bolt-1")]),
        (
            {"without": (1,), "extra": (150.0, 100.0, 6.0, 2.0)},
            [("foreign-object", "foreign-object"), ("missing", "bolt-1")],
        ),
    ],
)
def test_each_thing_is_one_finding(plate: PartModel, changed: dict, told: list) -> None:
    assert marks(plate, good_parts.part(3, shift_px=(1.5, -2.0), **changed)) == told


def test_something_else_in_the_place_of_a_missing_feature_is_told_beside_it(plate: PartModel) -> None:
    row, column = good_parts.BOLTS[2]
    found = marks(plate, good_parts.part(3, without=(3,), extra=(row - 8, column - 8, 4.5, 9.0)))
    assert ("foreign-object", "foreign-object") in found
    assert any(code == "bolt-3" for _, code in found)


def test_findings_carry_name_version_and_digest_and_lie_where_the_thing_is(plate: PartModel) -> None:
    seen = plate.look(good_parts.part(3, extra=(150.0, 100.0, 6.0, 2.0)))
    (one,) = seen.findings
    assert (one.by.kind, one.by.name, one.by.version) == ("algorithm", "plate", "1.0.0")
    assert one.by.model_sha256 == plate.card["sha256"]
    assert middle(one) == pytest.approx((150.0, 100.0), abs=2)
    assert seen.score == one.score > 0.9


def test_a_higher_threshold_marks_less_and_a_lower_one_not_more(plate: PartModel) -> None:
    bad = good_parts.part(3, without=(1,), extra=(150.0, 100.0, 6.0, 2.0))
    assert len(marks(plate, bad)) == 2
    assert marks(plate, bad, threshold=0.9) == [("foreign-object", "foreign-object")]
    good = good_parts.part(4)
    assert marks(plate, good, threshold=0.01) == []


def test_where_the_sense_of_values_is_unknown_a_difference_is_only_a_difference(plate: PartModel) -> None:
    image = replace(good_parts.part(3, extra=(150.0, 100.0, 6.0, 2.0)), rises_with_dose=None)
    assert marks(plate, image) == [("difference", "difference")]


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (good_parts.part(3, turn_deg=90.0), "against the reference|does not show the part"),
        (replace(good_parts.part(3), pixels=good_parts.part(3).pixels[:, :200]), "200 x 280 pixels"),
        (good_parts.part(3, quanta=400.0), "scatters"),
    ],
)
def test_what_cannot_be_compared_is_refused(plate: PartModel, image: Image, why: str) -> None:
    with pytest.raises(WrongUsage, match=why):
        plate.look(image)


def test_the_picture_of_why_is_strongest_at_the_thing_and_clear_elsewhere(plate: PartModel) -> None:
    image = good_parts.part(3, shift_px=(3.0, -2.0), turn_deg=1.0, extra=(150.0, 100.0, 6.0, 2.0))
    (one,) = plate.look(image).findings
    made = explaining.explain(image, plate, one)
    assert made.heat.shape == (image.rows, image.columns) and made.heat.max() == pytest.approx(1.0)
    peak = np.unravel_index(int(made.heat.argmax()), made.heat.shape)
    assert peak == pytest.approx(middle(one), abs=6)
    assert np.median(made.heat) == 0
    assert "in units of their scatter" in made.words[0]
    assert explaining.picture(image, plate, one).startswith(b"\x89PNG")
    with pytest.raises(learned.NotFound, match="does not mark"):
        explaining.explain(image, plate, replace(one, box=Box(20.0, 20.0, 12.0, 12.0)))


def changed(**document: object) -> bytes:
    """Return the file with another document."""
    kept = BytesIO()
    with zipfile.ZipFile(BytesIO(content())) as old, zipfile.ZipFile(kept, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "document.npy":
                told = json.loads(np.load(BytesIO(data)).tobytes()) | document
                file = BytesIO()
                np.save(file, np.frombuffer(json.dumps(told).encode(), np.uint8))
                data = file.getvalue()
            new.writestr(entry.filename, data)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK", "no reference"),
        (content()[:-500], "no reference"),
        (content()[:900] + bytes(200) + content()[1100:], "no reference"),
        (changed(card={}), "has no card"),
        (changed(card={"name": "plate", "version": "1.0.0"}), "lacks"),
        (changed(scatters=[1.0]), "no reference"),
        (changed(regions={"bolt": [500, 0, 9, 9]}), "does not lie in the view"),
        (changed(card=[1]), "its card is none"),
    ],
)
def test_damaged_or_foreign_bytes_are_refused(content: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        reference_model.load(content)


def test_a_card_of_other_bytes_or_other_pictures_is_refused(plate: PartModel) -> None:
    with pytest.raises(Altered, match="get the pair again"):
        reference_model.load(content(), {**plate.card, "sha256": "0" * 64})
    with pytest.raises(Unreadable, match="other pictures"):
        reference_model.load(content(), {**plate.card, "input": {**plate.card["input"], "rows": 241}})
    with pytest.raises(Unreadable, match="part and view"):
        reference_model.load(content(), {**plate.card, "for": {"customer": "x"}})


def test_it_is_loaded_and_tried_as_any_model(plate: PartModel) -> None:
    assert isinstance(taught.load(content()), PartModel)
    assert isinstance(learned.load(content(), plate.card), PartModel)
    seen = taught.tried(content(), plate.card)
    assert (seen["kind"], seen["good_parts"], seen["rows"], len(seen["named_features"])) == ("reference", 8, 240, 4)
    assert seen["cpu_ms_per_picture"] > 0
    with pytest.raises(Unreadable, match="kerma teach"):
        taught.load(b"PK nothing")


def test_teaching_refuses_copies_too_few_and_another_part() -> None:
    with pytest.raises(WrongUsage, match="given twice"):
        reference_model.teach(GOOD, [*DIGESTS[:7], DIGESTS[0]], Asked("plate"))
    with pytest.raises(WrongUsage, match="4 good parts are too few"):
        reference_model.teach(GOOD[:4], DIGESTS[:4], Asked("plate"))
    other = replace(GOOD[2], technique={"part_number": "COVER-8"})
    with pytest.raises(WrongUsage, match=r"good part 3 of 8: .* shows part COVER-8; 'plate' is made for part COVER-7"):
        reference_model.teach([*GOOD[:2], other, *GOOD[3:]], DIGESTS, Asked("plate", part="COVER-7"))
    with pytest.raises(WrongUsage, match="at most 128 letters"):
        reference_model.teach(GOOD, DIGESTS, Asked("plate", part="x" * 129))

"""What readers say to the marks of models becomes a set to train on, and never holds what is locked for tests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import looking_models
import readings
from kerma import formats
from kerma.areas.flagging import feedback_export, queries_feedback
from kerma.areas.flagging.actions_feedback import lock_images
from kerma.areas.flagging.evaluation_truth import read_truth
from kerma.areas.flagging.model import feedback
from kerma.areas.review import jobs as review
from kerma.areas.review import queries_judge, rules_feedback
from kerma.areas.review.actions_judge import Given, judge_exam
from kerma.areas.review.rules_findings import Added, Changes
from kerma.errors import WrongUsage
from kerma.formats.findings_found import ImagePlace
from kerma.formats.guard import GuardedReader
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from looking_models import TESTER, add_model, arrive, rows_of, set_threshold
from readings import Room

BOX = (10.0, 10.0, 8.0, 8.0)


def mark(label: str, box: tuple[float, ...], finding_id: str = "") -> dict[str, Any]:
    return {"id": finding_id, "label": label, "box": list(box), "plane": 0, "by": {"name": "weld", "version": "1.0.0"}}


def by(person: str) -> dict[str, str]:
    return {"by": person, "by_name": person, "at": ""}


def run(*marks: dict[str, Any], mode: str = "active") -> dict[str, Any]:
    labels = ["crack", "porosity"]
    return {"model_id": 1, "image_sha256": "ab", "mode": mode, "labels": labels, "findings": list(marks)}


def said(runs: list[dict[str, Any]], laid: dict[str, Any], first: set[str] | None = None) -> list[tuple[Any, ...]]:
    marks = [one for each in runs if each["mode"] == "active" for one in each["findings"]]
    analysed = {"images": [{"sha256": "ab", "findings": marks}]}
    found = rules_feedback.answers(runs, analysed, laid, first or set())
    return [
        (one["answer"], one["finding"]["label"], one["reason"], one["reader"], one["reader_first"]) for one in found
    ]


def laid(*people: dict[str, Any], accepted: Any = None, dismissed: Any = None) -> dict[str, Any]:
    entries = [{"image_sha256": "ab", "finding": one, "by": "person:7", "at": ""} for one in people]
    return {"findings": entries, "accepted": accepted or {}, "dismissed": dismissed or {}}


def test_accepted_dismissed_and_missed_are_told_apart() -> None:
    runs = [run(mark("crack", BOX, "1"), mark("porosity", (40, 40, 5, 5), "2"), mark("crack", (70, 70, 5, 5), "3"))]
    missed, other = mark("porosity", (90, 9, 4, 4), "4"), mark("wire", (60, 9, 4, 4), "5")
    no = by("person:8") | {"reason": "a scratch"}
    told = said(runs, laid(missed, other, accepted={"1": by("person:7")}, dismissed={"2": no}), {"person:8"})
    assert told == [
        ("accepted", "crack", "", "person:7", False),
        ("dismissed", "porosity", "a scratch", "person:8", True),
        ("missed", "porosity", "", "person:7", False),
    ]


def test_a_flaw_that_a_detector_marked_too_is_answered_for_both_and_missed_once() -> None:
    theirs, ours = mark("crack", BOX, "1"), mark("elongated-cavity", (11, 11, 8, 8), "1") | {"by": {"name": "filter"}}
    analysed = {"images": [{"sha256": "ab", "findings": [ours | {"also": [theirs]}]}]}
    silent = run() | {"model_id": 2, "labels": ["crack", "elongated-cavity"]}

    def answered(what: dict[str, Any]) -> list[tuple[int, str, str]]:
        found = rules_feedback.answers([run(theirs), silent], analysed, what, set())
        return [(one["model_id"], one["answer"], one["finding"]["id"]) for one in found]

    assert answered(laid(accepted={"1": by("person:7")})) == [(1, "accepted", "1"), (2, "missed", "1")]
    no = by("person:8") | {"reason": "a scratch"}
    assert answered(laid(dismissed={"1": no})) == [(1, "dismissed", "1")]


def test_a_mark_that_was_renamed_is_accepted_with_the_readers_word() -> None:
    renamed = mark("crack", BOX, "9")
    why = by("person:7") | {"reason": "replaced by finding 9: sharp ends"}
    told = said([run(mark("porosity", BOX, "1"))], laid(renamed, dismissed={"1": why}))
    assert told == [("accepted", "crack", "replaced by finding 9: sharp ends", "person:7", False)]


def test_what_a_model_on_trial_marked_is_answered_by_what_the_reader_found_alone() -> None:
    runs = [run(mark("crack", BOX), mark("crack", (70, 70, 5, 5)), mode="shadow")]
    told = said(runs, laid(mark("crack", (11, 11, 8, 8), "1"), mark("crack", (30, 30, 5, 5), "2")))
    assert told == [("accepted", "crack", "", "person:7", True), ("missed", "crack", "", "person:7", True)]


@pytest.mark.parametrize(
    ("other", "same"),
    [((10, 10, 8, 8), True), ((13, 13, 2, 2), True), ((14, 10, 8, 8), True), ((17, 17, 8, 8), False)],
)
def test_the_same_place(other: tuple[float, ...], same: bool) -> None:
    assert rules_feedback.is_same_place(mark("a", BOX), mark("b", other)) is same
    assert rules_feedback.is_same_place(mark("b", other), mark("a", BOX)) is same


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    made = readings.room(kernel, ("one", "Reader One", "analyst"))
    set_threshold(made.kernel, add_model(made.kernel), "", 0.01)
    stored = arrive(made.kernel, spacing_mm=0.1, subject_name="Secret^Name")
    made.exam_pk, made.sha256 = stored.exam_pk, stored.sha256
    review.analyse_exam(made.kernel, exam_pk=stored.exam_pk)
    yield made
    sight.RULES[:] = kept


def decide(room: Room) -> list[dict[str, Any]]:
    """Accept the surest mark of the model, dismiss the next, add a crack it did not mark, decide; return its marks."""
    with room.kernel.database.read() as connection:
        known = queries_judge.known(connection, room.exam_pk, sight.WHOLE)
    assert known is not None
    marks = [one for one in known.analysed["images"][0]["findings"] if one["by"]["name"] == "weld"]
    changes = Changes(
        added=(Added(room.sha256, "crack", (200.0, 3.0, 6.0, 9.0)),),
        accepted=[marks[0]["id"]],
        dismissed={marks[1]["id"]: "a scratch on the film"},
    )
    judge_exam(room.kernel, room.actors["one"], exam_pk=room.exam_pk, given=Given(changes=changes))
    room.decide("one", reason="seen")
    return marks


def test_a_decided_exam_becomes_a_set_to_train_on_without_names(room: Room, tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="no reader has said"):
        feedback_export.export(room.kernel, TESTER, out=tmp_path / "early")
    marks = decide(room)
    rows = rows_of(room.kernel, feedback)
    assert [(row["answer"], row["reader_first"]) for row in rows] == [
        ("accepted", False), ("dismissed", False), ("missed", False),
    ]  # fmt: skip
    assert {row["reader"] for row in rows} == {room.actors["one"].key}
    room.decide("one", reason="once more")
    assert len(rows_of(room.kernel, feedback)) == 3
    done = feedback_export.export(room.kernel, TESTER, out=tmp_path / "set")
    assert (done.images, done.answers, done.refused) == (1, 3, [])
    document = json.loads((tmp_path / "set" / "annotations.json").read_text())
    assert sorted(one["answer"] for one in document["annotations"]) == ["accepted", "missed"]
    assert document["images"][0]["dismissed"][0]["reason"] == "a scratch on the film"
    (image,) = (tmp_path / "set" / "images").glob("*.tif")
    everything = b"".join(path.read_bytes() for path in (tmp_path / "set").rglob("*.*"))
    assert b"Secret" not in everything and b"W-1" not in everything
    read = formats.read(image.read_bytes(), image.name, sidecar=Path(f"{image}.json").read_bytes())
    shown = looking_models.weld_pixels().copy()
    shown[0, 0] = 1
    assert (read.pixels[0] == shown).all()
    assert read.rises_with_dose is False
    place = ImagePlace(1, "", "", image.name, read.rows, read.columns)
    truth = read_truth(tmp_path / "set" / "annotations.json", "coco", [place])
    boxes = {one.label: one.box.as_json() for one in truth.findings[1] if one.box.row != marks[0]["box"][0]}
    assert (len(truth.findings[1]), boxes) == (2, {"crack": [200.0, 3.0, 6.0, 9.0]})


def test_what_is_locked_for_tests_is_refused_as_it_is_and_as_a_changed_copy(room: Room, tmp_path: Path) -> None:
    decide(room)
    pixels = looking_models.weld_pixels()
    brighter = cv2.resize(pixels, (384, 384)).astype(float) * 0.7 + 900
    copies = tmp_path / "copies"
    copies.mkdir()
    (copies / "other.png").write_bytes(
        looking_models.png(np.random.default_rng(1).integers(0, 60_000, (90, 90), dtype=np.uint16))
    )
    with GuardedReader() as reader:
        found, refused = feedback_export.locked_of(reader, list(copies.iterdir()))
        assert (lock_images(room.kernel, TESTER, image_set="blind", images=found), refused) == (1, [])
        assert feedback_export.export(room.kernel, TESTER, out=tmp_path / "free").images == 1
        (copies / "copy.png").write_bytes(looking_models.png(brighter.astype(np.uint16)))
        found, _ = feedback_export.locked_of(reader, list(copies.iterdir()))
        assert lock_images(room.kernel, TESTER, image_set="blind", images=found) == 1
    done = feedback_export.export(room.kernel, TESTER, out=tmp_path / "none")
    assert (done.images, "alike" in done.refused[0]["reason"]) == (0, True)
    with room.kernel.database.read() as connection:
        same = queries_feedback.image_rows(connection, room.sha256)
        assert queries_feedback.sets(connection)[0]["images"] == 2
    assert same is not None
    locked = replace(found[0], sha256=hashlib.sha256(room.kernel.blobs.get(room.sha256)).hexdigest())
    lock_images(room.kernel, TESTER, image_set="same", images=[locked])
    done = feedback_export.export(room.kernel, TESTER, out=tmp_path / "same")
    assert done.refused == [{"sha256": room.sha256, "reason": "it is in a locked test set"}]

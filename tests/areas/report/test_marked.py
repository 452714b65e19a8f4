"""Marks of persons leave with the exam: in its report, its objects and its lists; what is signed states them."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa
from tests.areas.report import rich
from tests.areas.report.decided import decided, versions
from tests.areas.report.samples import exam_document
from tests.areas.report.test_objects import arrived
from tests.formats.marked import CALIBRATION, KNOWN, MARKS

from kerma.areas.report import content_marked, marked, objects, pictures, prepare, sign
from kerma.areas.report.document import build
from kerma.areas.report.jobs import build_report
from kerma.areas.report.language import ENGLISH, LANGUAGES, language
from kerma.areas.report.rules_changes import changes
from kerma.areas.review.actions_marks import keep_marks
from kerma.errors import Conflict
from kerma.formats import marks_csv, presentation_state_read, structured_report_read
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.jobs_model import job_request
from kerma.science.imaging.annotate import BY_PERSON


def length(sha256: str, name: str = "m1", value: float = 4.25) -> dict:
    return {
        "id": name, "shape": "length", "image_sha256": sha256, "plane": 0, "points": [[1.0, 1.0], [1.0, 3.5]],
        "measurement": "", "options": {}, "runs": [], "text": "root gap", "scale": KNOWN, "source": "", "reason": "",
        "values": [{"name": "length_mm", "value": value, "uncertainty": None, "word": ""}], "at": "",
    }  # fmt: skip


def draw(kernel: Kernel, actor: Actor, exam_pk: int, *drawn: str, **given: object) -> dict:
    on = prepare.basis(kernel, exam_pk)
    sha256 = on.document["images"][0]["sha256"]
    document = {"marks": [length(sha256, name) for name in drawn], "calibrations": [], "draft": None}
    return keep_marks(kernel, actor, exam_pk=exam_pk, document=document, **given)


def waiting(kernel: Kernel) -> list[str]:
    with kernel.database.read() as connection:
        query = sa.select(job_request.c.key).where(job_request.c.state == "waiting")
        return [row.key for row in connection.execute(query)]


def text_of(pdf: bytes) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    said = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return said.stdout.decode().replace("\u2009", " ")


def test_a_draft_is_laid_out_anew_when_marks_change_and_only_then(listening: Kernel, actor: Actor) -> None:
    exam_pk = decided(listening, actor)
    kept = draw(listening, actor, exam_pk, "m1")
    assert f"{exam_pk}:marks" in waiting(listening)
    build_report(listening, exam_pk=exam_pk)
    newest, before = versions(listening, exam_pk)[:2]
    assert newest["marks_sha256"] and not before["marks_sha256"]
    told = text_of(listening.blobs.get(newest["pdf_sha256"]))
    assert "Measurements and marks by persons" in told and "4.250 mm" in told and "root gap" in told
    draft = {"marks": kept["document"]["marks"], "calibrations": [], "draft": {"reason": "not yet"}}
    count = len(versions(listening, exam_pk))
    keep_marks(listening, actor, exam_pk=exam_pk, document=draft, supersedes=kept["version"])
    build_report(listening, exam_pk=exam_pk)
    assert len(versions(listening, exam_pk)) == count, "the draft of a judgement is in no report"


def test_what_was_drawn_since_the_last_draft_is_not_signed_unread(listening: Kernel, actor: Actor) -> None:
    exam_pk = decided(listening, actor)
    draw(listening, actor, exam_pk, "m1")
    with pytest.raises(Conflict, match="drew on the images"):
        sign.sign(listening, actor, exam_pk=exam_pk)
    build_report(listening, exam_pk=exam_pk)
    sign.sign(listening, actor, exam_pk=exam_pk)
    signed = versions(listening, exam_pk)[0]
    assert signed["state"] == "signed"
    assert signed["stated"]["document"]["images"][0]["marks"][0]["text"] == "root gap"
    assert "root gap" in text_of(listening.blobs.get(signed["pdf_sha256"]))


def test_an_amendment_tells_that_marks_changed() -> None:
    before = {"document": exam_document(), "language": "en"}
    document = exam_document()
    document["images"][0]["marks"] = [MARKS[0]]
    assert changes(before, {"document": document, "language": "en"}) == ["measurements and marks by persons"]
    assert changes(before, before) == []


def test_objects_and_lists_of_an_exam_hold_its_marks(listening: Kernel, actor: Actor) -> None:
    exam_pk = arrived(listening, actor)
    draw(listening, actor, exam_pk, "m1", "m2")
    data = {
        name: objects.write(listening, exam_pk, name).files[0][1] for name in ("sr", "gsps", "json", "measurements")
    }
    [found] = structured_report_read.read(data["sr"]).marks.values()
    assert [(one["id"], one["values"][0]["value"], one["scale"]) for one in found] == [
        ("m1", 4.25, KNOWN), ("m2", 4.25, KNOWN),
    ]  # fmt: skip
    texts = [one.text for one in presentation_state_read.read(data["gsps"]).graphics if one.layer == "MARKS"]
    assert sum("4.250 mm, root gap" in text and KNOWN in text for text in texts) == 2
    assert [one["id"] for one in json.loads(data["json"])["exams"][0]["images"][0]["marks"]] == ["m1", "m2"]
    lines = marks_csv.read(data["measurements"])
    assert [(one["name"], one["value"], one["unit"], one["scale"]) for one in lines] == [
        ("length_mm", 4.25, "mm", KNOWN)
    ] * 2
    assert {one["by_key"] for one in lines} == {actor.key}


def test_the_digest_tells_marks_apart_and_nothing_else(listening: Kernel, actor: Actor) -> None:
    exam_pk = decided(listening, actor)

    def digest() -> str:
        with listening.database.read() as connection:
            return marked.digest(connection, exam_pk)

    assert digest() == ""
    first = draw(listening, actor, exam_pk, "m1")
    one = digest()
    second = draw(listening, actor, exam_pk, "m1", "m2", supersedes=first["version"])
    assert one and digest() != one
    draw(listening, actor, exam_pk, supersedes=second["version"])
    assert digest() == ""


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_table_is_in_the_language_of_the_report(code: str) -> None:
    document = exam_document()
    document["images"][0].update(marks=MARKS, calibrations=[CALIBRATION])
    say = language(code)
    table = content_marked.marked(document, say)
    assert table and [row["number"] for row in table["rows"]] == [f"M{number}" for number in range(1, 13)]
    first = table["rows"][0]
    assert first["values"][0][1].replace("\u2009", " ") == say.number("12.35 ± 0.21") + " mm"
    assert first["scale"] == say("scale_known", length="20") and first["by"] == "Ada Lovelace"
    if code != "en":
        words = {value[0] for row in table["rows"] for value in row["values"]}
        english = {value[0] for row in content_marked.marked(document, ENGLISH)["rows"] for value in row["values"]}
        assert words.isdisjoint(english - {"SNR", "Angle"})


def test_a_picture_draws_what_stands_on_its_plane() -> None:
    document = exam_document()
    document["images"][0]["marks"] = [MARKS[0], MARKS[1] | {"plane": 3}]
    assert [[one.number for one in drawing.drawn] for drawing in pictures.drawings(document)] == [["M1"]]
    shown = rich.image(200, 300, "DX", 1, "ndt")
    (drawing,) = pictures.drawings(document)
    with_marks = pictures.for_screen(replace(drawing, marks=()), shown, document)
    without = pictures.for_screen(replace(drawing, marks=(), drawn=()), shown, document)
    is_blue = (with_marks == np.array(BY_PERSON)).all(axis=2)
    assert is_blue.sum() > 500 and not (without == np.array(BY_PERSON)).all(axis=2).any()


def test_a_report_without_marks_says_nothing_of_them() -> None:
    assert content_marked.marked(exam_document(), ENGLISH) is None
    assert "by persons" not in text_of(build(rich.sample("exam")))

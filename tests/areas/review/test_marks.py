"""Marks on images: each person's own, each time a version, nothing lost between two windows, nothing odd kept."""

import json
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

import exams
from kerma.areas.archive.model import ExamArrived
from kerma.areas.archive.model_keeping import ExamDeleted
from kerma.areas.archive.queries import images_of_exam
from kerma.areas.review import actions_deletion, queries_marks
from kerma.areas.review.actions_marks import keep_marks
from kerma.areas.review.evidence import parts
from kerma.areas.review.model_marks import marks
from kerma.areas.review.routes_marks import router
from kerma.areas.review.rules_marks import MAX_MARKS, check, measured_in_space, stamped
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Action, Actor, Kernel
from kerma.kernel.ledger_tables import ledger_record
from kerma.kernel.sight import WHOLE

SHA = "a" * 64
IMAGES = {SHA: (2, 100, 200)}
CHILD = Path(__file__).with_name("marks_child.py")


def mark(name: str = "m1", shape: str = "length", points: object = ((1, 1), (3, 3)), **more: object) -> dict:
    return {
        "id": name, "shape": shape, "image_sha256": SHA, "plane": 0, "points": [list(one) for one in points],
        "measurement": "", "options": {}, "runs": [], "text": "", "values": [], "scale": "", "source": "",
        "reason": "", "at": "",
    } | more  # fmt: skip


def known(**more: object) -> dict:
    place = {"id": "k1", "image_sha256": SHA, "plane": 0, "points": [[0, 0], [0, 4]]}
    return place | {"text": "", "kind": "length", "at": "", "known_mm": 2.0} | more


def document(*drawn: dict, calibrations: tuple[dict, ...] = (), draft: object = None) -> dict:
    return {"marks": list(drawn), "calibrations": list(calibrations), "draft": draft}


@pytest.fixture
def exam_pk(kernel: Kernel, actor: Actor) -> int:
    listening = Kernel(**{**kernel.__dict__, "subscriptions": {ExamArrived: (on_exam_arrived,)}})
    return exams.arrive(listening, actor, industry="ndt", subject_id="W-1", sha256s=(SHA,))


def rows(kernel: Kernel, table: sa.Table) -> list[dict]:
    with kernel.database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings()]


def seen_by(kernel: Kernel, exam_pk: int, actor: Actor) -> list[dict]:
    with kernel.database.read() as connection:
        return queries_marks.marks_of(connection, exam_pk, actor)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (mark(points=((1, 1),)), "points"),
        (mark(points=((1, 1), (101, 3))), "outside"),
        (mark(points=((1, 1), (float("nan"), 3))), "number"),
        (mark(shape="spiral"), "no shape"),
        (mark(plane=2), "plane"),
        (mark(image_sha256="b" * 64), "no image"),
        (mark(shape="brush", points=()), "runs"),
        (mark(runs=[[0, 0, 5]]), "runs"),
        (mark(shape="brush", points=(), runs=[[5, 190, 11]]), "leaves"),
        (mark(shape="brush", points=(), runs=[[5, 10, 10], [5, 15, 10]]), "overlap"),
        (mark(text="bell\x07"), "letter"),
        (mark(options={"wires": "\ud800"}), "letter"),
        (mark(text="turned \u202e around"), "letter"),
        (mark(values=[{"name": "length_mm", "value": float("inf"), "uncertainty": None}]), "number"),
    ],
)
def test_what_makes_no_sense_is_told(wrong: dict, word: str) -> None:
    with pytest.raises(WrongUsage, match=word):
        check(document(wrong), IMAGES)


def in_space(kind: str = "length", points: object = ((0, 0, 0), (3, 4, 12)), **more: object) -> dict:
    return {
        "id": "s1", "kind": kind, "series_uid": "1.2.3", "points": [list(one) for one in points], "right": [1, 0, 0],
        "down": [0, 1, 0], "text": "", "at": "",
    } | more  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (in_space("area"), "not measured in a volume"),
        (in_space("angle"), "3 points"),
        (in_space(series_uid="9.9"), "no series"),
        (in_space(points=((0, 0, 0), (0, 0, 1e9))), "farther"),
        (in_space(points=((1, 1, 1), (1, 1, 1))), "one place"),
        (in_space(points=((0, 0, 0), (0, 0, float("nan")))), "number"),
        (in_space(id="m1"), "of its own"),
    ],
)
def test_what_makes_no_sense_in_a_volume_is_told(wrong: dict, word: str) -> None:
    with pytest.raises(WrongUsage, match=word):
        check(document(mark()) | {"spaces": [wrong]}, IMAGES, ["1.2.3"])


def test_a_measurement_in_a_volume_is_reckoned_from_its_points() -> None:
    check(document() | {"spaces": [in_space()]}, IMAGES, ["1.2.3"])
    assert measured_in_space("length", [[0, 0, 0], [3, 4, 12]]) == {"length_mm": 13.0}
    assert measured_in_space("angle", [[2, 0, 0], [0, 0, 0], [0, 0, 5]])["angle_deg"] == pytest.approx(90)
    assert measured_in_space("angle", [[2, 0, 0], [0, 0, 0], [4, 0, 0]])["angle_deg"] == 0
    assert measured_in_space("angle", [[2, 0, 0], [0, 0, 0], [-4, 0, 0]])["angle_deg"] == pytest.approx(180)


def test_a_measurement_in_a_volume_is_kept_over_http_with_its_time(browser, kernel: Kernel, exam_pk: int) -> None:
    with kernel.database.read() as connection:
        series_uid = images_of_exam(connection, exam_pk, WHOLE)[0]["series_uid"]
    page = browser(router)
    page.sign_in("lead")
    place = f"/api/v1/exams/{exam_pk}/marks"
    kept = page.http.put(place, json={"supersedes": None, "spaces": [in_space(series_uid=series_uid)]})
    assert kept.status_code == 200, kept.text
    [own] = page.http.get(place).json()["people"]
    assert own["spaces"] == [in_space(series_uid=series_uid, at=own["at"])]
    assert page.http.put(place, json={"supersedes": 1, "spaces": [in_space()]}).status_code == 400


def test_calibrations_ids_and_drafts_are_checked() -> None:
    for one, word in (
        (document(mark(), mark()), "id"),
        (document(calibrations=(known(known_mm=0.0),)), "above 0"),
        (document(calibrations=(known(kind="weight"),)), "length or thickness"),
        (document(calibrations=(known(points=[[0, 0], [0, 0.5]]),)), "shorter"),
        (document(*(mark(str(number)) for number in range(MAX_MARKS + 1))), "at most"),
        (document(draft={"a": [[[[[[[[[1]]]]]]]]]}), "deep"),
        (document(draft={"added": [{"note": "\x00"}]}), "letter"),
    ):
        with pytest.raises(WrongUsage, match=word):
            check(one, IMAGES)
    spaced = mark("m2", scale="calibrated by known length 20\u2009mm", text="première ligne\nzweite")
    check(document(mark(), spaced, calibrations=(known(),), draft={"open": True, "added": []}), IMAGES)


def test_a_mark_says_since_when_it_is_as_it_is() -> None:
    first = stamped(document(mark("a"), mark("b")), document(), "10:00")
    moved = mark("b", points=((1, 1), (9, 9)))
    second = stamped(document(mark("a"), moved, mark("c")), first, "11:00")
    assert {one["id"]: one["at"] for one in second["marks"]} == {"a": "10:00", "b": "11:00", "c": "11:00"}


def test_each_version_is_kept_and_the_ledger_holds_no_words(kernel: Kernel, actor: Actor, exam_pk: int) -> None:
    first = keep_marks(kernel, actor, exam_pk=exam_pk, document=document(mark(text="Ms Smith")))
    second = keep_marks(kernel, actor, exam_pk=exam_pk, document=document(), supersedes=1)
    assert (first["version"], second["version"]) == (1, 2)
    kept = rows(kernel, marks)
    assert [len(row["document"]["marks"]) for row in kept] == [1, 0]
    with kernel.database.read() as connection:
        told = [str(text) for text in connection.scalars(sa.select(ledger_record.c.body))]
    assert sum("review.mark" in text for text in told) == 2
    assert not any("Smith" in text for text in told)
    with pytest.raises(Conflict, match="another window"):
        keep_marks(kernel, actor, exam_pk=exam_pk, document=document(mark("late")), supersedes=1)
    assert keep_marks(kernel, actor, exam_pk=exam_pk, document=document(), supersedes=1)["version"] == 2  # sent again


def test_two_windows_at_once_lose_nothing(kernel: Kernel, actor: Actor, exam_pk: int) -> None:
    ready, outcomes = threading.Barrier(4), []

    def save(number: int) -> None:
        ready.wait()
        try:
            keep_marks(kernel, actor, exam_pk=exam_pk, document=document(mark(f"m{number}")))
            outcomes.append("kept")
        except Conflict:
            outcomes.append("told")

    threads = [threading.Thread(target=save, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["kept", "told", "told", "told"]
    assert [row["version"] for row in rows(kernel, marks)] == [1]


def test_others_see_marks_with_their_author_but_no_draft(kernel: Kernel, exam_pk: int) -> None:
    anna, bert = exams.person(1), exams.person(2)
    keep_marks(kernel, anna, exam_pk=exam_pk, document=document(mark(), draft={"open": True}))
    keep_marks(kernel, bert, exam_pk=exam_pk, document=document(calibrations=(known(),)))
    own, other = seen_by(kernel, exam_pk, anna)
    assert (own["by"], own["is_mine"], own["document"]["draft"]) == (anna.key, True, {"open": True})
    assert (other["by"], other["is_mine"], other["document"]["calibrations"][0]["known_mm"]) == (bert.key, False, 2.0)
    assert seen_by(kernel, exam_pk, bert)[1]["document"]["draft"] is None


def test_who_may_not_and_what_is_not_there(kernel: Kernel, actor: Actor, stranger: Actor, exam_pk: int) -> None:
    with pytest.raises(NotAllowed):
        keep_marks(kernel, stranger, exam_pk=exam_pk, document=document())
    with pytest.raises(NotFound):
        keep_marks(kernel, actor, exam_pk=4711, document=document())
    software = Actor("service", "analysis", "Analysis", frozenset({"*"}))
    with pytest.raises(WrongUsage, match="person"):
        keep_marks(kernel, software, exam_pk=exam_pk, document=document())
    assert rows(kernel, marks) == []


def test_marks_are_evidence_and_go_with_the_exam(kernel: Kernel, actor: Actor, exam_pk: int) -> None:
    keep_marks(kernel, actor, exam_pk=exam_pk, document=document(mark()))
    keep_marks(kernel, actor, exam_pk=exam_pk, document=document(), supersedes=1)
    found = next(one for one in parts(kernel, exam_pk) if one.path == "data/findings/marks.json")
    assert [one["version"] for one in json.loads(found.data)] == [1, 2]

    def gone(act: object, *, exam_pk: int) -> None:
        """Tell the review that an exam is deleted."""
        actions_deletion.on_exam_deleted(act, ExamDeleted(exam_pk, "", ()))

    Action("test.gone", gone)(kernel, actor, exam_pk=exam_pk)
    assert rows(kernel, marks) == []


def test_over_http_hostile_documents_are_refused_whole(browser, kernel: Kernel, exam_pk: int) -> None:
    page = browser(router)
    page.sign_in("analyst")
    address = f"/api/v1/exams/{exam_pk}/marks"
    assert page.http.get(address).json() == {"exam_pk": exam_pk, "people": []}
    kept = page.http.put(address, json={"marks": [mark(at="1999")]}).json()
    assert (kept["version"], kept["is_mine"], kept["marks"][0]["at"]) == (1, True, kept["at"])
    good = json.dumps(mark("m2"))
    for body, statuses in (
        ('{"marks": [' + good.replace("[1, 1]", "[1, NaN]") + "]}", (422,)),
        ('{"marks": [' + good.replace("[1, 1]", '["\\u0000", 1]') + "]}", (422,)),
        ('{"marks": [' + good.replace('"text": ""', '"text": "\\ud800"') + "]}", (400, 422)),
        ('{"marks": [' + good.replace('"m2"', '"m2\\u0000"') + "]}", (422,)),
        ('{"marks": [' + good.replace('"plane": 0', '"plane": 1e99') + "]}", (422,)),
        ('{"draft": {"a": ' + "[" * 400 + "]" * 400 + "}}", (400, 422)),
        ('{"draft": {"a": ' + "[" * 200_000 + "]" * 200_000 + "}}", (400, 422)),
        ('{"unknown": 1}', (422,)),
        ('{"supersedes": 99999999999999999999}', (422,)),
        ('{"marks": 5', (422,)),
    ):
        answer = page.http.put(address, content=body.encode(), headers={"Content-Type": "application/json"})
        assert answer.status_code in statuses, (answer.status_code, body[:80])
    assert page.http.put(address, json={"marks": [], "supersedes": None}).status_code == 409
    assert page.http.put("/api/v1/exams/4711/marks", json={}).status_code == 404
    assert [row["version"] for row in rows(kernel, marks)] == [1]


def test_killed_at_any_moment_every_acknowledged_version_is_there(kernel: Kernel, actor: Actor, exam_pk: int) -> None:
    settings = kernel.settings
    environment = os.environ | {"KERMA_HOME": str(settings.home), "KERMA_DATABASE_URL": settings.database_url}
    process = subprocess.Popen(
        [sys.executable, str(CHILD), str(exam_pk), SHA], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(5)]
    threading.Timer(random.Random(7).random() * 0.05, process.kill).start()
    acknowledged += [int(line) for line in process.stdout if line.endswith("\n")]
    process.wait()
    process.stdout.close()
    kept = rows(kernel, marks)
    assert [row["version"] for row in kept] == list(range(1, len(kept) + 1))
    assert acknowledged[-1] <= len(kept) <= acknowledged[-1] + 1
    assert all(len(row["document"]["marks"]) == row["version"] for row in kept)

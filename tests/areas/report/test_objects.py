"""Objects of a stored exam: given out over HTTP, kept in the archive, and findings taken in; the ledger knows all."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator

import pydicom
import pytest
from tests.areas.report.decided import decide, records
from tests.areas.report.samples import tiff_bytes, weld
from tests.formats.dciodvfy import errors_of

from kerma.areas.archive import queries
from kerma.areas.archive.actions import ingest
from kerma.areas.archive.model import Arrival
from kerma.areas.archive.routes import router as archive
from kerma.areas.archive.routes_qido import router as qido
from kerma.areas.archive.routes_wado import router as wado
from kerma.areas.report import actions_objects, evidence, objects
from kerma.areas.report.jobs import build_report
from kerma.areas.report.routes_objects import router as report
from kerma.areas.review.jobs import analyse_exam
from kerma.areas.review.routes_judge import router as judging
from kerma.errors import NotAllowed
from kerma.formats import dicom_new, diconde_read, dicos_tdr_read, findings_files, structured_report_read
from kerma.formats.dicom_write import Identity
from kerma.formats.findings_found import Hints, ImagePlace
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.sight import WHOLE

IDENTITY = Identity("2.25.991", "W-99", "Naht^Süd", exam_date="20260301", exam_time="101500")
FORM = {"ndt": "diconde", "security": "dicos"}


def arrived(kernel: Kernel, actor: Actor, industry: str = "ndt") -> int:
    """A real image in the archive, analysed by the real detectors."""
    (data,) = dicom_new.write(weld(seed=3), FORM[industry], IDENTITY)
    stored = ingest(kernel, actor, source=Arrival(data, "weld.dcm", industry))
    assert stored.exam_pk
    analyse_exam(kernel, exam_pk=stored.exam_pk)
    return stored.exam_pk


@pytest.fixture
def page(browser, listening: Kernel, actor: Actor) -> Iterator:
    opened = browser(report, judging, archive, qido, wado)
    opened.exam_pk = arrived(listening, actor)
    opened.address = f"/api/v1/exams/{opened.exam_pk}"
    opened.sign_in("lead")
    return opened


def known(page) -> dict:
    return page.http.get(f"{page.address}/judgement").json()["document"]


def findings(page) -> list[dict]:
    return known(page)["images"][0]["findings"]


def add(page, *boxes: list[float], label: str = "porosity") -> None:
    sha256 = known(page)["images"][0]["sha256"]
    added = [{"image_sha256": sha256, "label": label, "box": box, "measurements": {"length_mm": 2.5}} for box in boxes]
    supersedes = page.http.get(f"{page.address}/judgement").json()["judgement_id"]
    answer = page.http.post(f"{page.address}/findings", json={"added": added, "supersedes": supersedes})
    assert answer.status_code == 201, answer.text


def test_what_there_is_depends_on_the_industry(page) -> None:
    listed = {one["name"]: one for one in page.http.get(f"{page.address}/objects").json()}
    assert list(listed) == ["sr", "gsps", "kos", "seg", "pdf", "diconde", "json", "csv", "measurements", "coco"]
    assert listed["sr"]["can_be_kept"] and not listed["diconde"]["can_be_kept"] and not listed["csv"]["can_be_kept"]
    assert {one.name for one in objects.offers("security")} >= {"tdr-machine", "tdr-operator", "tdr-aggregate"}
    assert page.http.get("/api/v1/exams/4711/objects").status_code == 404


def test_every_object_says_the_findings_of_the_exam(page, kernel: Kernel, tmp_path) -> None:
    add(page, [10.0, 12.0, 9.5, 20.25])
    # when a person recorded a finding is not theirs to say: it stands in Kerma's own record
    expected = [{name: value for name, value in one.items() if name != "at"} for one in findings(page)]
    data = {name: page.http.get(f"{page.address}/objects/{name}") for name in ("sr", "seg", "diconde", "csv", "json")}
    assert {name: answer.status_code for name, answer in data.items()} == dict.fromkeys(data, 200)
    (read,) = structured_report_read.read(data["sr"].content).findings.values()
    assert read == expected
    assert list(diconde_read.read(data["diconde"].content).findings) == expected
    places = ImagePlace.of(known(page))
    for name in ("csv", "json"):
        found = findings_files.read(data[name].content, places, Hints()).found
        stated = [{key: value for key, value in one.finding.items() if key != "at"} for one in found]
        assert stated == [{"plane": 0, **one} for one in expected]
    for name in ("sr", "seg", "diconde"):
        (tmp_path / f"{name}.dcm").write_bytes(data[name].content)
        assert errors_of(tmp_path / f"{name}.dcm") == []


def test_the_ledger_knows_what_left_before_it_left(page, kernel: Kernel) -> None:
    add(page, [10.0, 12.0, 9.5, 20.25])
    answer = page.http.get(f"{page.address}/objects/sr")
    (record,) = records(kernel, "report.export_objects")
    assert record["details"]["sha256s"] == [hashlib.sha256(answer.content).hexdigest()]
    assert (record["details"]["object"], record["details"]["purpose"]) == ("sr", "export")
    assert page.http.get(f"{page.address}/objects/sr").content == answer.content, "the same exam, the same bytes"


def test_who_may_not_export_gets_nothing(page, kernel: Kernel) -> None:
    page.sign_in("auditor", login="auditor")
    assert page.http.get(f"{page.address}/objects").status_code == 200
    assert page.http.get(f"{page.address}/objects/sr").status_code == 403
    assert page.http.post(f"{page.address}/objects/sr/keep").status_code == 403
    assert [one["outcome"] for one in records(kernel, "report.export_objects")] == ["refused"] * 2


def test_what_the_exam_does_not_have_is_told(page) -> None:
    assert "no person" in objects._why_nothing("tdr-operator")
    for name, status in (("tdr-machine", 404), ("spreadsheet", 404), ("pdf", 404)):
        answer = page.http.get(f"{page.address}/objects/{name}")
        assert answer.status_code == status and answer.json()["detail"]


def test_an_object_is_kept_once_and_found_beside_the_images(page, kernel: Kernel) -> None:
    add(page, [10.0, 12.0, 9.5, 20.25])
    before = known(page)
    (kept,) = page.http.post(f"{page.address}/objects/sr/keep").json()
    (again,) = page.http.post(f"{page.address}/objects/sr/keep").json()
    assert (kept["outcome"], again["outcome"]) == ("stored", "duplicate")
    with kernel.database.read() as connection:
        rows = queries.images_of_exam(connection, page.exam_pk, WHOLE)
    assert [(row["kind"], row["uid"] == kept["image_uid"]) for row in rows] == [("image", False), ("object", True)]
    assert known(page) == before, "an object changes nothing of what is known"
    (found,) = page.http.get("/dicom-web/studies/2.25.991/instances?Modality=SR").json()
    assert found["00080018"]["Value"] == [kept["image_uid"]]
    address = f"/dicom-web/studies/2.25.991/series/{found['0020000E']['Value'][0]}/instances/{kept['image_uid']}"
    answer = page.http.get(address, headers={"Accept": 'multipart/related; type="application/dicom"'})
    assert answer.status_code == 200 and b"DICM" in answer.content
    for name in ("diconde", "csv"):
        assert page.http.post(f"{page.address}/objects/{name}/keep").status_code == 400


def test_findings_come_in_as_those_of_the_person_who_brings_them(page, kernel: Kernel) -> None:
    before = len(findings(page))
    lines = "label,row,column,height,width,length_mm,score\nporosity,30,40,6,7,1.5,0.9\ncrack,50,60,4,30,7.5,\n"
    answer = page.http.post(f"{page.address}/findings/import", files={"files": ("list.csv", lines.encode())})
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["recorded"], told["already_there"]) == (2, 0) and any("scores" in one for one in told["lost"])
    mine = findings(page)[before:]
    assert [(one["label"], one["by"]["kind"], one["box"]) for one in mine] == [
        ("porosity", "person", [30.0, 40.0, 6.0, 7.0]), ("crack", "person", [50.0, 60.0, 4.0, 30.0]),
    ]  # fmt: skip
    assert mine[0]["measurements"] == [{"name": "length_mm", "value": 1.5}]
    assert "list.csv" in mine[0]["note"]
    assert records(kernel, "review.judge")[-1]["details"]["judgement_id"] == told["judgement_id"]
    again = page.http.post(f"{page.address}/findings/import", files={"files": ("list.csv", lines.encode())}).json()
    assert (again["recorded"], again["already_there"], again["judgement_id"]) == (0, 2, None)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "label,row,column,height,width\nporosty,1,2,3,4\n", "line 2: 'porosty' is no label.*porosity"),
        ("a.csv", "label,row,column,height,width\ncrack,1,2,3,-4\n", "line 2.*negative"),
        ("a.csv", "label,row,column,height,width\ncrack,1,2,3,nan\n", "line 2.*no finite number"),
        ("a.json", '{"findings": [}', "line 1, column 15"),
        ("a.txt", "0 0.5 0.5 0.1 0.1\n", "line 1, column 1: class 0 has no word"),
    ],
)
def test_a_file_that_makes_no_sense_says_where_and_records_nothing(page, name: str, content: str, said: str) -> None:
    answer = page.http.post(f"{page.address}/findings/import", files={"files": (name, content.encode())})
    assert answer.status_code == 415 and re.search(said, answer.json()["detail"]), answer.json()
    assert page.http.get(f"{page.address}/judgement").json()["judgements"] == []


def test_what_was_exported_comes_back_in_every_form(page) -> None:
    add(page, [10.0, 12.0, 9.5, 20.25], [70.0, 12.0, 9.0, 21.5])
    for name in ("json", "csv", "coco", "sr", "diconde"):
        data = page.http.get(f"{page.address}/objects/{name}").content
        told = page.http.post(f"{page.address}/findings/import", files={"files": (f"f.{name}", data)}).json()
        assert (told.get("recorded"), told.get("already_there")) == (0, len(findings(page))), (name, told)


def test_a_token_brings_no_findings(page, kernel: Kernel) -> None:
    machine = Actor("token", "1", "Machine", frozenset({"*"}))
    with pytest.raises(NotAllowed, match="only a person"):
        actions_objects.take_in(
            kernel, machine, exam_pk=page.exam_pk, data=b"label,row,column,height,width\ncrack,1,2,3,4\n",
            hints=Hints("a.csv"),
        )  # fmt: skip


def test_several_files_come_as_one_archive() -> None:
    offer = objects.offer_named("ndt", "seg")
    written = objects.Written(offer, (("a.seg.dcm", b"1"), ("a-2.seg.dcm", b"2")), 1, None)
    name, data, media = written.packed()
    assert (name, media) == ("seg.zip", "application/zip")
    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["a.seg.dcm", "a-2.seg.dcm"]


def test_a_bag_is_given_out_as_threat_reports(listening: Kernel, actor: Actor) -> None:
    exam_pk = arrived(listening, actor, "security")
    machine = dicos_tdr_read.read(objects.write(listening, exam_pk, "tdr-aggregate").files[0][1])
    assert (machine.kind, machine.subject_id) == ("aggregate", "W-99")
    decide(listening, actor, exam_pk, code="suspect")
    operator = dicos_tdr_read.read(objects.write(listening, exam_pk, "tdr-operator").files[0][1])
    assert (operator.kind, operator.alarm_decision) == ("operator", "ALARM")
    assert operator.operator == actor.name or operator.operator == actor.key


def test_the_evidence_holds_the_objects(page, kernel: Kernel) -> None:
    add(page, [10.0, 12.0, 9.5, 20.25])
    build_report(kernel, exam_pk=page.exam_pk)
    parts = {one.path: one for one in evidence.parts(kernel, page.exam_pk) if one.kind == "object"}
    assert {path.rsplit("/", 1)[1].split(".", 1)[1] for path in parts} >= {"sr.dcm", "seg.dcm", "csv", "json"}
    data = next(one.data for path, one in parts.items() if path.endswith(".sr.dcm"))
    assert pydicom.dcmread(io.BytesIO(data)).Modality == "SR"
    text = next(one.data for path, one in parts.items() if path.endswith(".csv")).decode("utf-8-sig")
    listed = next(one.data for path, one in parts.items() if path.endswith(".json") and "coco" not in path)
    said = json.loads(listed)["exams"][0]["images"][0]["findings"]
    assert [row["id"] for row in csv.DictReader(io.StringIO(text))] == [one["id"] for one in said] != []


def test_an_exam_of_plain_pictures_has_objects_too(listening: Kernel, actor: Actor, tmp_path) -> None:
    """TIFF has no identifiers: those that stand for them are valid, and the DICONDE copy is a Secondary Capture."""
    described = json.dumps({"industry": "ndt", "subject": "W-1", "spacing_mm": [0.1, 0.1]}).encode()
    arrival = Arrival(tiff_bytes(weld(seed=3)), "weld.tif", "ndt", described)
    exam_pk = ingest(listening, actor, source=arrival).exam_pk
    assert exam_pk
    analyse_exam(listening, exam_pk=exam_pk)
    made = {name: objects.write(listening, exam_pk, name) for name in ("sr", "gsps", "kos", "seg", "diconde", "csv")}
    assert len(made) == 6
    for name in ("sr", "gsps", "kos", "seg", "diconde"):
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(made[name].files[0][1])
        assert errors_of(path) == []
        assert pydicom.dcmread(path).PatientID == "W-1"

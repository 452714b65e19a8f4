"""Every kind of object of every sample exam: without one error for dciodvfy, always the same bytes, quick."""

import gc
import io
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from tests.formats.dciodvfy import errors_of
from tests.formats.exam_documents import DOCUMENTS, PDF, SIGNED, capture, image

from kerma.errors import WrongUsage
from kerma.formats import report_objects
from kerma.formats.key_objects import Selection
from kerma.formats.report_objects import OBJECTS
from peers.conftest import program


@pytest.mark.parametrize("exam", DOCUMENTS)
@pytest.mark.parametrize("kind", OBJECTS)
def test_an_object_has_no_error_and_belongs_to_its_exam(kind: str, exam: str, tmp_path: Path) -> None:
    material = DOCUMENTS[exam]()
    files = report_objects.write(kind, material)
    assert files == report_objects.write(kind, material)
    for number, data in enumerate(files):
        path = tmp_path / f"{number}{OBJECTS[kind].suffix}"
        path.write_bytes(data)
        # dciodvfy knows no DICOS; what it knows of the attributes it checks all the same
        assert errors_of(path) == (["Error - Information Object Not found"] if kind.startswith("tdr-") else [])
        stored = pydicom.dcmread(path)
        assert stored.SOPClassUID == OBJECTS[kind].sop_class_uid
        assert (stored.StudyInstanceUID, stored.PatientID) == ("2.25.4711", "W-17")
        assert str(stored.PatientName) == "Naht^Größe"


def test_what_an_exam_does_not_have_is_not_written() -> None:
    nothing = DOCUMENTS["nothing found"]()
    made = {kind: len(report_objects.write(kind, nothing)) for kind in OBJECTS}
    assert made == {
        "structured-report": 1, "presentation-state": 1, "key-objects": 0, "segmentation": 0, "pdf": 1,
        "tdr-machine": 1, "tdr-operator": 0, "tdr-aggregate": 1, "diconde": 0,
    }  # fmt: skip


def test_an_unknown_kind_is_told_which_there_are() -> None:
    with pytest.raises(WrongUsage, match="structured-report, presentation-state"):
        report_objects.write("spread-sheet", DOCUMENTS["ndt"]())


def test_identifiers_differ_between_objects_and_exams_but_not_between_runs() -> None:
    uids = [
        pydicom.dcmread(io.BytesIO(data)).SOPInstanceUID
        for kind in OBJECTS
        for data in report_objects.write(kind, DOCUMENTS["several planes"]())
    ]
    assert len(set(uids)) == len(uids) > 5


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("structured-report", {"signed": SIGNED}),
        ("pdf", {"pdf": PDF + b"\n"}),
        ("key-objects", {"selection": Selection("for-teaching")}),
    ],
)
def test_what_differs_in_anything_is_another_object(kind: str, change: dict) -> None:
    material = DOCUMENTS["several planes"]()
    one, other = (report_objects.write(kind, of)[0] for of in (material, replace(material, **change)))
    uids = [pydicom.dcmread(io.BytesIO(data)).SOPInstanceUID for data in (one, other)]
    assert uids[0] != uids[1]


def test_objects_and_images_agree_about_whose_they_are(tmp_path: Path) -> None:
    """``dcentvfy`` of dicom3tools compares every attribute of subject, exam and series between the files."""
    material = DOCUMENTS["several planes"]()
    files = [capture(image(planes=5)).data, capture(image(number=2)).data]
    files += [data for kind in OBJECTS for data in report_objects.write(kind, material)]
    for number, data in enumerate(files):
        (tmp_path / f"{number}.dcm").write_bytes(data)
    said = subprocess.run(
        [program("dcentvfy"), *map(str, tmp_path.iterdir())], capture_output=True, text=True, check=False
    ).stderr
    assert [line for line in said.splitlines() if line.startswith("Error")] == []


@pytest.mark.parametrize("kind", OBJECTS)
def test_sixty_findings_are_written_in_seconds_of_one_core(kind: str) -> None:
    material = DOCUMENTS["sixty findings, signed"]()
    report_objects.write(kind, material)
    gc.collect()
    start = time.process_time()
    report_objects.write(kind, material)
    assert time.process_time() - start < 5

"""Structured reports of real exams of the three industries, checked by dciodvfy and read back."""

import io
from datetime import UTC, datetime
from pathlib import Path

import highdicom
import pydicom
import pytest
from tests.formats.dciodvfy import errors_of
from tests.formats.samples import REAL

from kerma import formats
from kerma.formats import dicom_write, structured_report
from kerma.formats.dicom_write import Identity
from kerma.industries import INDUSTRIES
from kerma.science.analysis import Source, analyse, exam_document

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MULTI_FRAME = "dicom_ct_transfer_syntaxes/testImages/encapsulated/multi-frame/IM00001.implicit_little_endian.dcm"
REAL_FILES = {
    "medical CR": ("medical", "dicom_cr_mg_fodicom/Tests/FO-DICOM.Tests/Test Data/CR-MONO1-10-chest"),
    "medical DX": ("medical", "dicom_dx_highdicom/data/test_files/dx_image.dcm"),
    "medical CT": ("medical", "ct_ge/15.dcm"),
    "medical PNG": ("medical", "cxr_hannover/006f3a8a.png"),
    "ndt portal image": ("ndt", "dicom_rtimage/pynetdicom/tests/dicom_files/RTImageStorage.dcm"),
    "ndt CR": ("ndt", "dicom_cr_mg_fodicom/Tests/FO-DICOM.Tests/Test Data/CR-ModalitySequenceLUT.dcm"),
    "ndt multi-frame": ("ndt", MULTI_FRAME),
    "security DICOS DX": ("security", "dicos_pydicos/DXFiles/SimpleProcessingDX.dcs"),
    "security DICOS DX shown": ("security", "dicos_pydicos/DXFiles/SimplePresentationDX.dcs"),
    "security DICOS colour": ("security", "dicos_pydicos/DXFiles/SimpleColorPaletteDX.dcs"),
    "security DICOS CT": ("security", "dicos_pydicos/SimpleCT/SimpleCT0000.dcs"),
}  # fmt: skip


def written(document: dict, *references: structured_report.Reference) -> bytes:
    return structured_report.write(document, references, Identity("2.25.4711", "W-1"), made_at=AT)


def texts_of(stored: pydicom.Dataset) -> str:
    return "\n".join(str(element.value) for element in stored.iterall() if element.keyword == "TextValue")


def finding(**given: object) -> dict:
    return {
        "id": "1.1", "code": "2011", "label": "porosity", "box": [1.5, 2.0, 3.0, 4.0], "plane": 0,
        "by": {"kind": "algorithm", "name": "small_flaws", "version": "1", "model_sha256": "b" * 64},
        "measurements": [{"name": "length_mm", "value": 0.1 + 0.2}, {"name": "cnr", "value": None}],
    } | given  # fmt: skip


def document(*findings: dict, **given: object) -> dict:
    return {
        "decision_proposed": "reject", "decision_reason": "seen", "verdicts": [], "exam_uid": "2.25.4711",
        "images": [{"findings": list(findings), "measurements": [], "image_uid": "2.25.1"}],
    } | given  # fmt: skip


ONE = structured_report.Reference(dicom_write.SECONDARY_CAPTURE, "2.25.1", "2.25.2")


@pytest.mark.parametrize("name", REAL_FILES)
def test_a_real_exam_gives_a_report_without_one_error(name: str, tmp_path: Path) -> None:
    industry, file = REAL_FILES[name]
    if not (REAL / file).exists():
        pytest.skip(f"the real files of ../shared/data are not here: {file}")
    data = (REAL / file).read_bytes()
    image, header = formats.read(data, file), formats.scan(data, file)
    analysis = analyse([image], INDUSTRIES[industry].plan, thickness_mm=12.0)
    told = exam_document([image], [Source(file, "0" * 64)], analysis)
    identity = Identity.of(header)
    reference = structured_report.reference_of(image, 1, identity.exam_uid, dicom_write.capture_class(image))
    path = tmp_path / "report.dcm"
    path.write_bytes(structured_report.write(told, [reference], identity, made_at=AT))
    assert errors_of(path) == []
    report = highdicom.sr.srread(path)
    findings = report.content.get_planar_roi_measurement_groups()
    assert len(findings) == len(told["images"][0]["findings"])
    assert report.PatientID == dicom_write.plain(header.subject_id) and report.Modality == "SR"


def test_a_finding_keeps_its_place_code_and_numbers() -> None:
    data = written(document(finding()), ONE)
    [group] = highdicom.sr.srread(io.BytesIO(data)).content.get_planar_roi_measurement_groups()
    assert group.roi.value.tolist() == [[2, 1.5], [6, 1.5], [6, 4.5], [2, 4.5], [2, 1.5]]
    assert (group.finding_type.value, group.finding_type.meaning) == ("2011", "porosity")
    [length] = group.get_measurements()
    assert length.value == pytest.approx(0.3) and length.unit.value == "mm" and length.name.meaning == "Length"


def test_verdicts_decision_and_unsigned_state_are_text() -> None:
    verdict = {
        "rule": "single pore",
        "outcome": "fail",
        "standard": "S",
        "edition": "E",
        "clause": "C",
        "reason": "why",
    }
    stored = pydicom.dcmread(io.BytesIO(written(document(verdicts=[verdict]), ONE)))
    text = texts_of(stored)
    assert "Proposed by software, not signed: reject. seen" in text and "single pore: fail (S, E, C). why" in text
    assert (stored.VerificationFlag, stored.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")


def test_the_plane_of_a_finding_is_its_frame() -> None:
    many = structured_report.Reference(dicom_write.MULTI_FRAME_WORD, "2.25.1", "2.25.2", planes=5)
    stored = pydicom.dcmread(io.BytesIO(written(document(finding(plane=3)), many)))
    frames = [element.value for element in stored.iterall() if element.keyword == "ReferencedFrameNumber"]
    assert frames == [4]


def test_an_identifier_that_is_none_is_replaced_and_named(tmp_path: Path) -> None:
    wrong = "0398963263.42290.24345"
    reference = structured_report.Reference(dicom_write.SECONDARY_CAPTURE, dicom_write.valid_uid(wrong), "2.25.2")
    told = document(finding())
    told["images"][0]["image_uid"] = wrong
    path = tmp_path / "report.dcm"
    path.write_bytes(written(told, reference))
    assert errors_of(path) == []
    assert f"{wrong}, is no DICOM UID; {dicom_write.valid_uid(wrong)} stands for it" in texts_of(pydicom.dcmread(path))


def test_the_same_exam_at_the_same_time_is_the_same_object() -> None:
    assert written(document(finding()), ONE) == written(document(finding()), ONE)
    later = structured_report.write(document(finding()), [ONE], Identity("2.25.4711"), made_at=AT.replace(hour=13))
    uids = {pydicom.dcmread(io.BytesIO(data)).SOPInstanceUID for data in (written(document(finding()), ONE), later)}
    assert len(uids) == 2


def test_a_finding_on_a_dicos_image_refers_to_its_own_class(tmp_path: Path) -> None:
    dicos = structured_report.Reference("1.2.840.10008.5.1.4.1.1.501.2.2", "2.25.1", "2.25.2")
    path = tmp_path / "report.dcm"
    path.write_bytes(written(document(finding()), dicos))
    assert errors_of(path) == []
    classes = {one.value for one in pydicom.dcmread(path).iterall() if one.keyword == "ReferencedSOPClassUID"}
    assert classes == {dicos.sop_class_uid}


@pytest.mark.parametrize("name", ["A\\B\x07C\nD", "山田^太郎", "x" * 500, ""])
def test_any_text_gives_a_report(name: str, tmp_path: Path) -> None:
    told = document(finding(label=name or "x", code=name), decision_reason=name, verdicts=[])
    identity = Identity("2.25.4711", name, name, exam_description=name, accession=name)
    path = tmp_path / "report.dcm"
    path.write_bytes(structured_report.write(told, [ONE], identity, made_at=AT))
    assert errors_of(path) == []

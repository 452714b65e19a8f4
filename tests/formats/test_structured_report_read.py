"""Structured reports read back: what was written, exactly; what others wrote, as far as they say it."""

import io
from dataclasses import replace

import highdicom
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.exam_documents import ALGORITHM, AT, DOCUMENTS, PERSON, finding, image, material

from kerma.errors import KermaError, Unreadable
from kerma.formats import structured_report
from kerma.formats.dicom_write import Identity, plain
from kerma.formats.structured_report_read import Report, read


def told(exam: str) -> tuple[dict, Report]:
    made = DOCUMENTS[exam]()
    data = structured_report.write(*made.common, made_at=AT, signed=made.signed)
    return made.document, read(data)


@pytest.mark.parametrize("exam", DOCUMENTS)
def test_every_finding_reads_back_equal(exam: str) -> None:
    document, report = told(exam)
    written = {one["image_uid"]: one["findings"] for one in document["images"] if one["findings"]}
    assert report.findings == written
    assert (report.exam_uid, report.subject_id, report.decision) == ("2.25.4711", "W-17", "reject")


def test_the_signer_stands_in_the_report_and_an_unsigned_one_names_nobody() -> None:
    assert told("sixty findings, signed")[1].verified_by == "Müller^Änne"
    assert told("sixty findings, signed")[1].conclusions[0].startswith("Signed by Müller^Änne at 2026-03-02T13:30")
    assert told("ndt")[1].verified_by == ""
    made = DOCUMENTS["ndt"]()
    document = made.document | {"judgement": {"by_name": "Weber"}}
    judged = read(structured_report.write(document, made.references, made.identity, made_at=AT))
    assert judged.conclusions[0].startswith("Proposed by Weber, not signed: reject")


def test_verdicts_and_image_quality_stand_as_text_with_clause_and_as_code() -> None:
    _, report = told("ndt")
    assert report.conclusions[1] == ("single pore, largest dimension: fail (Standard, 2020, 6.2). 3.9 mm is above 3 mm")
    assert report.conclusions[2].startswith("Image quality, SNR: pass")
    assert report.conclusions[3] == "weapon, finding 1, 2: search the bag (Table, 1, 2)"
    made = DOCUMENTS["ndt"]()
    stored = pydicom.dcmread(io.BytesIO(structured_report.write(*made.common, made_at=AT)))
    coded = {
        item.ConceptNameCodeSequence[0].CodeMeaning: item.ConceptCodeSequence[0].CodeValue
        for item in stored.ContentSequence[-1].ContentSequence
        if item.ValueType == "CODE"
    }
    assert coded == {"Decision": "reject", "single pore, largest dimension": "fail", "Image quality, SNR": "pass"}


def test_a_finding_keeps_its_tracking_identifier_in_later_versions() -> None:
    first = material([image()], [[finding(1), finding(2)]])
    later = material([image()], [[finding(2, label="gas"), finding(3)]])
    uids = [
        read(structured_report.write(*made.common, made_at=AT.replace(hour=hour))).tracking_uids
        for hour, made in enumerate((first, later))
    ]
    assert uids[0]["2"] == uids[1]["2"] and len({*uids[0].values(), *uids[1].values()}) == 3
    other = structured_report.write(first.document, first.references, Identity("2.25.9"), made_at=AT)
    assert read(other).tracking_uids["2"] != uids[0]["2"]


def test_a_measurement_says_how_it_was_derived_and_by_which_method() -> None:
    made = DOCUMENTS["ndt"]()
    stored = pydicom.dcmread(io.BytesIO(structured_report.write(*made.common, made_at=AT)))
    how = _derivations(stored)
    assert how["mean"] == ["Mean"] and how["std"] == ["Standard Deviation", "blocks"] and how["Length"] == []


def _derivations(dataset: pydicom.Dataset) -> dict[str, list[str]]:
    found = {}
    for item in dataset.get("ContentSequence", ()):
        if item.ValueType == "NUM":
            modifiers = [one.ConceptCodeSequence[0].CodeMeaning for one in item.get("ContentSequence", ())]
            found[item.ConceptNameCodeSequence[0].CodeMeaning] = modifiers
        found |= _derivations(item)
    return found


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\\"), max_size=80).map(
    lambda text: plain(text, 200)
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=64)
PIXELS = st.integers(0, 40_000).map(lambda number: number / 4)
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(_[a-z0-9]{1,9}){0,3}", fullmatch=True)


@st.composite
def findings(draw: st.DrawFn) -> dict:
    by = draw(st.sampled_from([ALGORITHM, PERSON, {"kind": "algorithm", "name": "ä b", "version": ""}]))
    names = draw(st.lists(NAMES, max_size=4, unique=True))
    one = {
        "id": draw(st.from_regex(r"[A-Za-z0-9.]{1,12}", fullmatch=True)),
        "code": draw(TEXTS), "label": draw(TEXTS), "plane": draw(st.integers(0, 4)), "by": dict(by),
        "box": draw(st.lists(PIXELS, min_size=4, max_size=4)),
        "measurements": [{"name": name, "value": draw(st.none() | NUMBERS)} for name in names],
    }  # fmt: skip
    if draw(st.booleans()):
        one["polygon"] = [list(point) for point in draw(st.lists(st.tuples(PIXELS, PIXELS), min_size=3, max_size=6))]
    if draw(st.booleans()):
        one["score"] = draw(st.floats(0, 1))
    if draw(st.booleans()):
        one["dismissed"] = {key: draw(TEXTS) for key in ("reason", *draw(st.sets(st.sampled_from(["by", "at"]))))}
    if draw(st.booleans()):
        one["note"] = draw(TEXTS.filter(lambda text: text not in ("", "-")))
    return one


@settings(max_examples=40, deadline=None)
@given(st.lists(findings(), max_size=4, unique_by=lambda one: one["id"]))
def test_any_findings_read_back_equal(listed: list[dict]) -> None:
    made = material([image(planes=5)], [listed])
    report = read(structured_report.write(*made.common, made_at=AT))
    assert report.findings == ({"2.25.481": listed} if listed else {})


def test_a_report_that_highdicom_wrote_is_read() -> None:
    """Another maker's circle, ellipse and outline, with its own names of measurements."""
    from highdicom.sr import (
        CodedConcept,
        ComprehensiveSR,
        DeviceObserverIdentifyingAttributes,
        FindingSite,
        ImageRegion,
        Measurement,
        MeasurementReport,
        ObservationContext,
        ObserverContext,
        PersonObserverIdentifyingAttributes,
        PlanarROIMeasurementsAndQualitativeEvaluations,
        SourceImageForRegion,
        TrackingIdentifier,
    )  # fmt: skip
    from pydicom.sr.codedict import codes

    source = pydicom.Dataset()
    source.SOPClassUID, source.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "2.25.1"
    source.StudyInstanceUID, source.SeriesInstanceUID = "2.25.3", "2.25.2"
    for name in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate", "StudyTime"):
        setattr(source, name, "")
    source.AccessionNumber = source.ReferringPhysicianName = ""
    where = SourceImageForRegion("1.2.840.10008.5.1.4.1.1.7", "2.25.1")
    shapes = [("CIRCLE", [[10, 20], [13, 24]]), ("POLYLINE", [[1, 2], [5, 2], [3, 9], [1, 2]])]
    groups = [
        PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=TrackingIdentifier(uid=f"2.25.{number}", identifier=f"lesion {number}"),
            referenced_region=ImageRegion(kind, np.array(points, float), where),
            finding_type=codes.SCT.Nodule,
            finding_sites=[FindingSite(codes.SCT.Lung)],
            measurements=[Measurement(CodedConcept("1", "99X", "Longest way"), 12.5, codes.UCUM.Millimeter)],
        )
        for number, (kind, points) in enumerate(shapes, start=70)
    ]
    person = ObserverContext(codes.DCM.Person, PersonObserverIdentifyingAttributes("Ray^X"))
    device = ObserverContext(codes.DCM.Device, DeviceObserverIdentifyingAttributes(uid="2.25.9"))
    content = MeasurementReport(ObservationContext(person, device), codes.cid100.ImagingProcedure, groups)
    report = ComprehensiveSR([source], content[0], "2.25.5", 1, "2.25.6", 1, "X", is_complete=True, is_final=True)
    out = io.BytesIO()
    report.save_as(out, enforce_file_format=True)
    circle, outline = read(out.getvalue()).findings["2.25.1"]
    assert (circle["label"], circle["box"], circle["id"]) == ("Nodule", [15.0, 5.0, 10.0, 10.0], "lesion 70")
    assert circle["measurements"] == [{"name": "longest_way_mm", "value": 12.5}]
    assert circle["by"] == {"kind": "person", "name": "Ray^X", "version": ""}
    assert outline["polygon"] == [[2, 1], [2, 5], [9, 3]] and outline["box"] == [2, 1, 7, 4]


def test_highdicom_reads_ours() -> None:
    made = DOCUMENTS["medical, person, dismissed, signed"]()
    report = highdicom.sr.srread(io.BytesIO(structured_report.write(*made.common, made_at=AT, signed=made.signed)))
    first, second = report.content.get_planar_roi_measurement_groups()
    assert (first.finding_type.meaning, second.finding_type.meaning) == ("nodule", "porosity")
    assert first.tracking_identifier == "finding 1" and report.VerificationFlag == "VERIFIED"


def test_a_damaged_or_another_object_is_refused_in_words() -> None:
    made = DOCUMENTS["ndt"]()
    data = structured_report.write(*made.common, made_at=AT)
    for end in range(0, len(data) - 1, 97):
        with pytest.raises(KermaError):
            read(data[:end])
    with pytest.raises(Unreadable, match="no structured report"):
        read(data.replace(b"1.2.840.10008.5.1.4.1.1.88.33\0", b"1.2.840.10008.5.1.4.1.1.2\0\0\0\0\0"))


def test_any_byte_may_be_wrong() -> None:
    made = material([image()], [[finding(polygon=[[1, 2], [3, 4], [5, 1]])]])
    data = structured_report.write(*made.common, made_at=AT)
    chosen = np.random.default_rng(1)
    for _ in range(400):
        damaged = bytearray(data)
        for at in chosen.integers(132, len(data), 3):
            damaged[at] = chosen.integers(256)
        try:
            report = read(bytes(damaged))
        except KermaError:
            continue
        assert isinstance(report, Report)


def test_a_finding_of_a_dicos_image_refers_to_its_class() -> None:
    made = DOCUMENTS["dicos"]()
    references = [replace(one, planes=1) for one in made.references]
    data = structured_report.write(made.document, references, made.identity, made_at=AT)
    assert b"1.2.840.10008.5.1.4.1.1.501.2.2" in data

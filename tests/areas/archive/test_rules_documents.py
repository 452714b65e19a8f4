"""Documents of a query: DICOM JSON by another reader, tags in order, addresses and counters put in safely."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.datadict import dictionary_VR, keyword_for_tag

from kerma.areas.archive import rules_documents as documents

STUDY = {
    "uid": "1.2.3", "exam_date": "2026-03-01", "exam_time": "10:15:30.5", "accession": "", "modalities": "CR,DX",
    "referring_name": "Curie^Marie", "description": "Thorax", "name": "Yamada^Tarou=山田^太郎", "subject_id": "P1",
    "issuer": "", "birth_date": "", "sex": "O", "exam_id": "S1", "series_count": 2, "image_count": 3,
    "sop_classes": "1.2.840.10008.5.1.4.1.1.1", "timezone": "+0100",
}  # fmt: skip
SERIES = {
    "uid": "1.2.3.1", "modality": "DX", "number": 4, "description": "", "body_part": "CHEST", "image_count": 7,
    "performed_date": "2026-03-01", "scheduled_id": "SPS1", "requested_id": "", "timezone": "",
}  # fmt: skip
IMAGE = {
    "uid": "1.2.3.1.1", "series_uid": "1.2.3.1", "exam_uid": "1.2.3", "sop_class_uid": "1.2.840.10008.5.1.4.1.1.1",
    "transfer_syntax_uid": "1.2.840.10008.1.2.1", "number": None, "rows": 3, "columns": 4, "bits_allocated": 16,
    "planes": 1, "timezone": "",
}  # fmt: skip


def test_the_study_document_is_dicom_json() -> None:
    written = documents.study_document(STUDY)
    data = Dataset.from_json(written)
    assert (data.StudyInstanceUID, data.StudyDate, data.StudyTime) == ("1.2.3", "20260301", "101530.5")
    assert list(data.ModalitiesInStudy) == ["CR", "DX"]
    assert (data.NumberOfStudyRelatedSeries, data.NumberOfStudyRelatedInstances) == (2, 3)
    assert data.PatientName.ideographic == "山田^太郎"
    assert json.loads(written)["00080050"] == {"vr": "SH"}
    assert (data.InstanceAvailability, data.TimezoneOffsetFromUTC) == ("ONLINE", "+0100")
    assert data.RetrieveURL == "/dicom-web/studies/1.2.3"


def test_the_series_document_has_the_order_that_asked_for_it() -> None:
    data = Dataset.from_json(documents.series_document(SERIES, "1.2.3"))
    assert (data.SeriesNumber, data.NumberOfSeriesRelatedInstances, data.Modality) == (4, 7, "DX")
    assert data.RequestAttributesSequence[0].ScheduledProcedureStepID == "SPS1"
    assert "RequestedProcedureID" not in data.RequestAttributesSequence[0]
    assert data.RetrieveURL == "/dicom-web/studies/1.2.3/series/1.2.3.1"


def test_the_image_document_tells_what_a_viewer_needs() -> None:
    data = Dataset.from_json(documents.image_document(IMAGE))
    assert (data.SOPInstanceUID, data.Rows, data.Columns, data.BitsAllocated) == ("1.2.3.1.1", 3, 4, 16)
    assert data.InstanceNumber is None
    assert data.RetrieveURL.endswith("/series/1.2.3.1/instances/1.2.3.1.1")


@pytest.mark.parametrize(
    "written",
    [documents.study_document(STUDY), documents.series_document(SERIES, "1.2.3"), documents.image_document(IMAGE)],
)
def test_attributes_are_in_the_order_of_their_tags(written: str) -> None:
    assert list(json.loads(written)) == sorted(json.loads(written))  # PS3.18, F.2.2


def test_the_table_agrees_with_the_data_dictionary() -> None:
    for attribute in documents.attributes():
        tags = [int(tag, 16) for tag in attribute.path.split(".")]
        assert attribute.keyword == ".".join(keyword_for_tag(tag) for tag in tags)
        assert attribute.vr == dictionary_VR(tags[-1])


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
def test_no_text_of_a_file_becomes_an_address_or_a_counter(text: str) -> None:
    hostile = f'{text}"vr":"UR","Value":["/dicom-web/"00201208":{{"vr":"IS","Value":[3]}}'
    written = documents.study_document(STUDY | {"description": hostile})
    answered = documents.counted(documents.addressed(written, "https://host"), "00201208", 3, 4)
    found = json.loads(answered)
    assert found["00081030"]["Value"] == [hostile]
    assert found["00081190"]["Value"] == ["https://host/dicom-web/studies/1.2.3"]
    assert found["00201208"]["Value"] == [4]


def test_bulk_data_get_the_address_too() -> None:
    written = '{"7FE00010":{"vr":"OW","BulkDataURI":"/dicom-web/studies/1/bulkdata/7FE00010"}}'
    found = json.loads(documents.addressed(written, "https://host"))
    assert found["7FE00010"]["BulkDataURI"] == "https://host/dicom-web/studies/1/bulkdata/7FE00010"

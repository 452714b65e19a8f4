"""DICONDE: the copy with indications reads back to equal findings, the original stays, planted faults are listed."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from tests.formats import samples
from tests.formats.dciodvfy import errors_of
from tests.formats.exam_documents import (
    AT,
    DISMISSAL,
    PERSON,
    POLYGON,
    SIGNED,
    capture,
    finding,
    image,
    material,
    verdict,
)

from kerma import formats
from kerma.errors import Hostile, Unreadable
from kerma.formats import dicom_new, diconde_check, diconde_findings, diconde_read
from kerma.formats.diconde_findings import disposition_of, type_of
from kerma.science.imaging.image import GreyScale

DECIDED = {"decision": "reject", "by": "person:7", "by_name": "Müller^Änne", "at": "2026-03-02T11:00:00Z"}
FINDINGS = [
    finding(1),
    finding(2, polygon=POLYGON, score=0.875, code="100", label="crack"),
    finding(3, by=PERSON, dismissed=DISMISSAL, note="Näheres"),
    finding(4, code="401", label="lack-of-fusion", box=[1.1, 2.2, 3.3, 4.4]),
]


def document(**given: object) -> dict:
    made = dict(material([image()], [FINDINGS]).document)
    made["verdicts"] = [verdict(finding_ids=["2", "4"]), verdict(outcome="pass", finding_ids=["1"])]
    made["technique"] = {"thickness_mm": 12.0, "iqi_material": "FE"}
    made["judgement"] = {"quality_entries": {"wire": 14, "duplex": 9}, "conditions": {"welder": "W7"}}
    return made | given


def original(form: str = "diconde") -> bytes:
    whole = image(grey=GreyScale())
    if form == "capture":
        return capture(whole).data
    return dicom_new.write(whole, form, material([whole], [[]]).identity)[0]


def copy(form: str = "diconde", **given: object) -> bytes:
    options = {"made_at": AT, "decided": DECIDED, "signed": SIGNED} | given
    (data,) = diconde_findings.write([original(form)], options.pop("document", document()), **options)
    return data


@pytest.mark.parametrize("form", ["diconde", "dicom", "capture"])
def test_a_copy_reads_back_to_equal_findings_and_has_no_error(form: str, tmp_path: Path) -> None:
    data = copy(form)
    inspection = diconde_read.read(data)
    assert sorted(inspection.findings, key=lambda one: one["id"]) == FINDINGS
    assert inspection.dispositions == {"1": "ACCEPT", "2": "REJECT", "3": "ACCEPT", "4": "REJECT"}
    assert inspection.types == {"1": "POROSITY", "2": "CRACK", "3": "POROSITY", "4": "LACK_OF_FUSION"}
    assert (inspection.approval, inspection.reviewed_by) == ("REJECTED", "Müller^Änne")
    assert (inspection.secondary_approval, inspection.secondary_by) == ("REJECTED", SIGNED.name)
    assert inspection.gauges == (("WIRE", "W14"), ("DUPLEX WIRE", "D9"))
    assert inspection.component["thickness_mm"] == "12" and inspection.component["welder"] == "W7"
    path = tmp_path / "copy.dcm"
    path.write_bytes(data)
    assert errors_of(path) == []
    assert copy(form) == data


@pytest.mark.parametrize("form", ["diconde", "dicom", "capture"])
def test_the_pixels_are_those_of_the_original_which_it_names(form: str) -> None:
    before, after = original(form), copy(form)
    assert np.array_equal(formats.read(after).pixels, formats.read(before).pixels)
    was, now = pydicom.dcmread(io.BytesIO(before)), pydicom.dcmread(io.BytesIO(after))
    assert now.SOPInstanceUID != was.SOPInstanceUID and now.SeriesInstanceUID != was.SeriesInstanceUID
    assert now.SourceImageSequence[0].ReferencedSOPInstanceUID == was.SOPInstanceUID
    assert now.StudyInstanceUID == was.StudyInstanceUID and now.SOPClassUID == was.SOPClassUID
    assert now.file_meta.MediaStorageSOPInstanceUID == now.SOPInstanceUID
    if now.get("ImageType"):
        assert now.ImageType[0] == "DERIVED"


def test_a_compressed_image_is_copied_without_being_decoded() -> None:
    path = samples.real("dicom_cr_mg_fodicom")
    compressed = next(
        one for one in sorted(path.rglob("*.dcm"))
        if pydicom.dcmread(one, stop_before_pixels=True, force=True).file_meta.TransferSyntaxUID.is_compressed
    )  # fmt: skip
    before = pydicom.dcmread(compressed)
    made = document(images=[{"findings": FINDINGS, "rows": before.Rows, "columns": before.Columns}])
    (data,) = diconde_findings.write([compressed.read_bytes()], made, made_at=AT)
    after = pydicom.dcmread(io.BytesIO(data))
    assert after.PixelData == before.PixelData
    assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID


def test_what_another_program_changed_counts() -> None:
    dataset = pydicom.dcmread(io.BytesIO(copy()))
    item = dataset.EvaluatorSequence[0].IndicationSequence[0]
    item.IndicationROISequence[0].GraphicData = [1.0, 2.0, 9.0, 2.0, 9.0, 8.0, 1.0, 8.0, 1.0, 2.0]
    out = io.BytesIO()
    dataset.save_as(out)
    changed = diconde_read.read(out.getvalue()).findings[0]
    assert changed["box"] == [2.0, 1.0, 6.0, 8.0] and "polygon" not in changed
    assert {one["name"]: one["value"] for one in changed["measurements"]}["length_mm"] == 0.1 + 0.2


def test_nothing_is_accepted_from_silence() -> None:
    one = finding(1)
    assert disposition_of(one, {}) == "HOLD"
    assert disposition_of(one, {"verdicts": [verdict(outcome="pass")]}) == "ACCEPT"
    assert disposition_of(one, {"verdicts": [verdict(outcome="pass"), verdict(outcome="not-judged")]}) == "HOLD"
    assert disposition_of(one, {"verdicts": [verdict(outcome="advisory", finding_ids=["1"])]}) == "HOLD"
    assert disposition_of(one, {"verdicts": [verdict(finding_ids=["1"])]}) == "REJECT"
    inspection = diconde_read.read(copy(decided=None, signed=None))
    assert (inspection.approval, inspection.reviewed_by) == ("NODISPOSITION", "")


def test_a_label_without_a_number_is_its_own_type() -> None:
    assert type_of({"code": "", "label": "cold-shut"}) == "COLD_SHUT"
    assert type_of({"code": "2024", "label": "crater-pipe"}) == "VOID"
    assert type_of({"code": "", "label": ""}) == "OTHER"


def test_no_image_no_copy() -> None:
    with pytest.raises(Unreadable, match="no pixels"):
        from tests.formats.exam_documents import DOCUMENTS

        from kerma.formats import report_objects

        diconde_findings.write(
            [report_objects.write("structured-report", DOCUMENTS["ndt"]())[0]], document(), made_at=AT
        )
    with pytest.raises(Unreadable):
        diconde_findings.write([b"nothing of the kind"], document(), made_at=AT)


def _pn_uid(dataset: Dataset) -> None:
    """As pydiconde writes it: the UID with the representation of a name."""
    del dataset.StudyInstanceUID
    dataset.add_new(0x0020000D, "PN", "2.25.4711")


def _set(**values: object) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        for keyword, value in values.items():
            setattr(dataset, keyword, value)

    return change


def _indication(**values: object) -> Callable[[Dataset], None]:
    return lambda dataset: _set(**values)(dataset.EvaluatorSequence[0].IndicationSequence[0])


def _number_as_label(dataset: Dataset) -> None:
    """As pydiconde writes it: the label where the number belongs."""
    item = dataset.EvaluatorSequence[0].IndicationSequence[0]
    del item.IndicationNumber
    item.add_new(0x00142014, "SH", "porosity")


def _series_swapped(dataset: Dataset) -> None:
    """As pydiconde writes it: the number of the series where its UID belongs."""
    dataset.SeriesInstanceUID = "12"


def _outside(dataset: Dataset) -> None:
    dataset.EvaluatorSequence[0].IndicationSequence[0].IndicationROISequence[0].GraphicData = [1.0, 2.0, 900.0, 2.0]


def _twice(dataset: Dataset) -> None:
    dataset.EvaluatorSequence[1].EvaluatorNumber = 1


FAULTS: dict[str, tuple[Callable[[Dataset], None], str, str]] = {
    "uid as a name": (_pn_uid, "(0020,000D)", "representation PN"),
    "series number as uid": (_series_swapped, "(0020,000E)", "no UID"),
    "label as number": (_number_as_label, "(0014,2014)", "representation SH"),
    "CONVAVE": (_set(CurvatureType="CONVAVE"), "(0014,0052)", "CONCAVE"),
    "shape": (_set(ComponentShape="ROUND"), "(0014,0050)", "CYLH"),
    "no number": (_set(PatientID=""), "(0010,0020)", "needs a value"),
    "a patient's sex": (_set(PatientSex="F"), "(0010,0040)", "none of O"),
    "no thickness": (_set(MaterialThickness="0"), "(0014,0030)", "above 0"),
    "disposition": (_indication(IndicationDisposition="MAYBE"), "(0014,201C)", "ACCEPT, REJECT, HOLD"),
    "approval": (_set(ApprovalStatus="FINE"), "(300E,0002)", "NODISPOSITION"),
    "nobody reviewed": (_set(ReviewerName=""), "(300E,0008)", "reviewer"),
    "outside": (_outside, "(0014,201E)", "outside the image"),
    "same number": (_twice, "(0014,2004)", "twice"),
    "sizes of the IQI": (_set(ImageQualityIndicatorSize="W14"), "(0014,40A2)", "1 values for 2"),
    "expiry": (_set(ExpiryDate="20261340"), "(0014,1020)", "no date"),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_planted_fault_is_listed_with_its_tag(name: str) -> None:
    plant, tag, said = FAULTS[name]
    assert [one for one in diconde_check.check(copy()) if one.severity == "error"] == []
    dataset = pydicom.dcmread(io.BytesIO(copy()))
    plant(dataset)
    out = io.BytesIO()
    pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
    try:
        dataset.save_as(out)
    finally:
        pydicom.config.settings.writing_validation_mode = pydicom.config.RAISE
    errors = [one for one in diconde_check.check(out.getvalue()) if one.severity == "error"]
    assert any(one.tag == tag and said in one.said for one in errors), errors
    assert all(one.name for one in errors)


def test_hostile_files_are_refused_or_read_never_worse() -> None:
    whole = copy()
    random = np.random.default_rng(7)
    for _ in range(120):
        data = bytearray(whole)
        for at in random.integers(132, 6000, 10):
            data[at] = int(random.integers(0, 256))
        for reader in (diconde_read.read, diconde_check.check):
            try:
                reader(bytes(data))
            except (Unreadable, Hostile) as error:
                assert str(error)

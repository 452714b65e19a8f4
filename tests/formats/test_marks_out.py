"""Marks of persons in DICOM objects: drawn in a layer of their own, measured with unit and scale, and read back."""

import io

import highdicom
import pydicom
import pytest
from tests.formats.exam_documents import DOCUMENTS
from tests.formats.marked import KNOWN, MARKS, SPACES, mark

from kerma.formats import presentation_state, presentation_state_read, report_objects, structured_report_read
from kerma.formats.dicom_write import uid
from kerma.formats.presentation_marks import LAYER

BACK = ("id", "shape", "points", "plane", "measurement", "values", "text", "scale", "source", "reason", "at")


def written(kind: str) -> bytes:
    [data] = report_objects.write(kind, DOCUMENTS["marked by persons"]())
    return data


def test_a_structured_report_gives_every_mark_back() -> None:
    report = structured_report_read.read(written("structured-report"))
    in_space = report.marks.pop("")
    assert [(one["id"], one["points"], one["series_uid"], one["values"]) for one in in_space] == [
        (one["id"], one["points"], one["series_uid"], one["values"]) for one in SPACES
    ]
    [found] = report.marks.values()
    assert [{key: one[key] for key in BACK} for one in found] == [{key: one[key] for key in BACK} for one in MARKS]
    assert [one["by"]["name"] for one in found] == [one["by"]["name"] for one in MARKS]
    brushed = next(one for one in found if one["shape"] == "brush")
    assert len(brushed["outlines"]) == 2, "the outline, and that of the hole"
    assert [len(one) for one in report.findings.values()] == [1], "a mark is no finding"


def test_others_read_values_units_scale_and_tracking() -> None:
    content = highdicom.sr.srread(io.BytesIO(written("structured-report"))).content
    groups = {one.tracking_identifier: one for one in content.get_image_measurement_groups()}
    [length] = groups["mark a"].get_measurements()
    assert (length.name.value, length.name.scheme_designator) == ("410668003", "SCT")
    assert (length.value, length.unit.value) == (pytest.approx(12.345678), "mm")
    assert length.method.meaning == KNOWN
    [angle] = groups["mark b"].get_measurements()
    assert (angle.name.meaning, angle.value, angle.unit.value) == ("Angle", 90.0, "deg")
    assert groups["mark a"].tracking_uid == uid("2.25.4711", "mark", "person:7", "a")
    assert len(content.get_planar_roi_measurement_groups()) == 1


def test_a_length_in_another_unit_is_never_called_mm() -> None:
    stored = pydicom.dcmread(io.BytesIO(written("structured-report")))
    for item in stored.iterall():
        if item.keyword == "MeasurementUnitsCodeSequence" and item.value[0].CodeValue == "mm":
            item.value[0].CodeValue = "cm"
    out = io.BytesIO()
    stored.save_as(out)
    found = next(iter(structured_report_read.read(out.getvalue()).marks.values()))
    assert found[0]["values"][0]["name"] == "length_cm"


def test_a_presentation_state_draws_every_mark_in_a_layer_of_its_own() -> None:
    data = written("presentation-state")
    state = presentation_state_read.read(data)
    drawn = [one for one in state.graphics if one.layer == LAYER]
    texts = [one.text for one in drawn if one.kind == "text"]
    assert texts[0] == f"12.35 ± 0.21 mm, {KNOWN}, Ada Lovelace"
    assert texts[1:4] == ["90.0°, 山田 太郎", "55.50 mm², at detector, Ada Lovelace", "crack ü?, Ada Lovelace"]
    assert texts[-1] == "known length 20 mm, Ada Lovelace" and len(texts) == len(MARKS) + 1
    kinds = [one.kind for one in drawn if one.kind != "text"]
    assert set(kinds) == {"polyline", "ellipse", "point"}
    [ellipse] = [one for one in drawn if one.kind == "ellipse"]
    assert ellipse.points == ((60.0, 150.0), (60.0, 220.0), (30.0, 185.0), (90.0, 185.0)), "the longer axis first"
    assert state.notes == ()
    stored = pydicom.dcmread(io.BytesIO(data))
    assert [(one.GraphicLayer, one.GraphicLayerOrder) for one in stored.GraphicLayerSequence] == [
        ("FINDINGS", 1), (LAYER, 2),
    ]  # fmt: skip
    assert len(presentation_state.read(data)[0].marks) == 1, "what is read as findings are findings"


def test_marks_without_findings_have_a_layer_all_the_same() -> None:
    made = DOCUMENTS["nothing found"]()
    made.document["images"][0]["marks"] = [mark("m", "text", [[3, 4]], text="here")]
    [data] = report_objects.write("presentation-state", made)
    assert [one.text for one in presentation_state_read.read(data).graphics] == ["here, Ada Lovelace"]


def test_a_mark_stands_on_its_frame() -> None:
    made = DOCUMENTS["several planes"]()
    made.document["images"][0]["marks"] = [mark("m", "length", [[3, 4], [8, 9]], ("length_px", 7.1), plane=2)]
    [state] = report_objects.write("presentation-state", made)
    [report] = report_objects.write("structured-report", made)
    placed = [one for one in presentation_state_read.read(state).graphics if one.layer == LAYER]
    assert {planes for one in placed for planes in one.on.values()} == {(2,)}
    [found] = structured_report_read.read(report).marks.values()
    assert found[0]["plane"] == 2

"""Segmentations: masks equal, read by highdicom too; hostile ones refused in words."""

import io

import highdicom
import numpy as np
import pydicom
import pytest
from tests.formats.exam_documents import AT, DOCUMENTS, PERSON, POLYGON, capture, finding, image, material

from kerma.errors import KermaError, TooLarge, Unreadable
from kerma.formats import segmentation
from kerma.formats.report_object import tracking_uid
from kerma.science.imaging.finding_mask import mask_of


def written(findings: list[dict], rows: int = 40, columns: int = 60, planes: int = 1) -> bytes:
    made = material([image(rows, columns, planes)], [findings])
    [data] = segmentation.write(*made.common, made_at=AT)
    return data


@pytest.mark.parametrize(("rows", "columns"), [(40, 60), (33, 47), (1, 1), (7, 300)])
def test_every_finding_is_a_segment_with_its_pixels(rows: int, columns: int) -> None:
    findings = [finding(), finding(2, polygon=POLYGON), finding(3, box=[0, 0, rows, columns], by=PERSON)]
    segments = segmentation.read(written(findings, rows, columns))
    assert len(segments) == 3
    for one, segment in zip(findings, segments, strict=True):
        expected = mask_of(one["box"], one.get("polygon", ()), rows, columns).within(rows, columns)
        assert (segment.mask.within(rows, columns) == expected).all()
        assert (segment.image_uid, segment.rows, segment.columns) == ("2.25.481", rows, columns)
        told = segment.finding
        assert (told["id"], told["code"], told["label"], told["by"]) == (one["id"], "2011", "porosity", one["by"])


def test_a_box_reads_back_as_the_same_box_and_an_outline_as_its_contour() -> None:
    box, outlined = segmentation.read(written([finding(), finding(2, polygon=POLYGON, box=[5, 6, 9, 15])]))
    assert box.finding["box"] == finding()["box"] and "polygon" not in box.finding
    again = mask_of(outlined.finding["box"], outlined.finding["polygon"], 40, 60).within(40, 60)
    assert (again == outlined.mask.within(40, 60)).all()


def test_a_segment_has_the_tracking_identifier_of_its_finding_and_its_plane() -> None:
    made = DOCUMENTS["several planes"]()
    first, second = (segmentation.read(data) for data in segmentation.write(*made.common, made_at=AT))
    assert [segment.plane for segment in first] == [3, 0] and [segment.plane for segment in second] == [0]
    assert first[0].tracking_uid == tracking_uid(made.identity, made.document["images"][0]["findings"][0])
    assert second[0].image_uid == "2.25.482" and second[0].finding["by"] == PERSON


def test_dismissed_findings_are_no_segments() -> None:
    made = DOCUMENTS["medical, person, dismissed, signed"]()
    [data] = segmentation.write(*made.common, made_at=AT)
    assert [segment.finding["id"] for segment in segmentation.read(data)] == ["1"]


def test_highdicom_reads_the_same_pixels() -> None:
    findings = [finding(), finding(2, polygon=POLYGON)]
    stored = highdicom.seg.segread(io.BytesIO(written(findings, 33, 47)))
    for number, one in enumerate(findings):
        assert (stored.pixel_array[number] == mask_of(one["box"], one.get("polygon", ()), 33, 47).within(33, 47)).all()
    described = stored.get_segment_description(1)
    assert described.algorithm_type.value == "AUTOMATIC" and described.segmented_property_type.meaning == "porosity"


def test_a_segmentation_of_a_real_object_lies_on_its_pixel_grid() -> None:
    file = capture(image())
    source = pydicom.dcmread(io.BytesIO(file.data))
    stored = pydicom.dcmread(io.BytesIO(written([finding()])))
    assert (stored.Rows, stored.Columns) == (source.Rows, source.Columns)
    assert stored.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID == (
        source.SOPInstanceUID
    )


def changed(**attributes: object) -> bytes:
    stored = pydicom.dcmread(io.BytesIO(written([finding(), finding(2)])))
    for name, value in attributes.items():
        setattr(stored, name, value)
    out = io.BytesIO()
    stored.save_as(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"Rows": 65535, "Columns": 65535}, TooLarge, "more than"),
        ({"Rows": 4000}, Unreadable, "bytes are there"),
        ({"NumberOfFrames": 60_000}, TooLarge, "more than"),
        ({"NumberOfFrames": 3}, Unreadable, "bytes are there"),
        ({"NumberOfFrames": 1}, Unreadable, "describes 2"),
        ({"NumberOfFrames": -1}, Unreadable, "bytes are there"),
        ({"SegmentationType": "FRACTIONAL"}, Unreadable, "fractional"),
        ({"SegmentSequence": []}, Unreadable, "does not describe"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, Unreadable, "no segmentation"),
    ],
)
def test_a_lying_object_is_refused_in_words(change: dict, error: type[KermaError], says: str) -> None:
    with pytest.raises(error, match=f"(?i){says}"):
        segmentation.read(changed(**change))


def test_a_segmentation_cut_short_or_with_wrong_bytes_never_crashes() -> None:
    data = written([finding()])
    for end in range(0, len(data) - 1, 61):
        with pytest.raises(KermaError):
            segmentation.read(data[:end])
    chosen = np.random.default_rng(2)
    for _ in range(300):
        damaged = bytearray(data)
        for at in chosen.integers(132, len(data), 3):
            damaged[at] = chosen.integers(256)
        try:
            assert isinstance(segmentation.read(bytes(damaged)), list)
        except KermaError:
            continue

"""Exam documents of the three industries as the report writers get them, with the images they are about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from kerma.formats import dicom_write, presentation_state
from kerma.formats.dicom_write import Identity, secondary_capture
from kerma.formats.key_objects import Selection
from kerma.formats.report_object import Signed, reference_of
from kerma.formats.report_objects import Material
from kerma.science.imaging.image import GreyScale, Image, Lut, Spacing, Window

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SIGNED = Signed("Müller^Änne", "Prüfstelle Süd", datetime(2026, 3, 2, 13, 30, tzinfo=UTC))
ALGORITHM = {"kind": "algorithm", "name": "small_flaws", "version": "1.2", "model_sha256": "b" * 64}
PERSON = {"kind": "person", "name": "山田^太郎", "version": ""}
DISMISSAL = {"reason": "a rib crossing", "by": "person:7", "by_name": "山田 太郎", "at": "2026-03-02T11:58:00Z"}
MEASUREMENT = {"name": "snr", "version": "1", "method": "blocks", "values": {"snr": 131.5, "std_stored": 2}}
PDF = b"%PDF-1.7\n% a report\n%%EOF\n"


def image(rows: int = 40, columns: int = 60, planes: int = 1, number: int = 1, **given: Any) -> Image:
    """Return a 12-bit ramp with an object of its own identifiers."""
    values = (np.arange(planes * rows * columns) * 7 % 4096).astype(np.uint16).reshape(planes, rows, columns)
    grey = GreyScale(windows=(Window(2000.0, 3000.0),))
    one = Image(
        values, 12, grey=grey, spacing=Spacing(0.2, 0.2, "calibrated"), format="TIFF", subject_id="W-17",
        exam_uid="2.25.4711", series_uid="2.25.4712", image_uid=f"2.25.48{number}",
    )  # fmt: skip
    one = replace(one, **given)
    return replace(one, sop_class_uid=one.sop_class_uid or dicom_write.capture_class(one))


def finding(number: int = 1, **given: Any) -> dict[str, Any]:
    return {
        "id": str(number), "code": "2011", "label": "porosity", "box": [4.0 + number % 20, 6.0, 5.0, 8.0], "plane": 0,
        "by": dict(ALGORITHM),
        "measurements": [{"name": "length_mm", "value": 0.1 + 0.2}, {"name": "cnr", "value": None},
                         {"name": "mean_stored", "value": 1234.5}],
    } | given  # fmt: skip


def verdict(**given: Any) -> dict[str, Any]:
    return {
        "rule": "single pore, largest dimension", "outcome": "fail", "standard": "Standard", "edition": "2020",
        "clause": "6.2", "reason": "3.9 mm is above 3 mm", "limit": 3.0, "measured": 3.9,
    } | given  # fmt: skip


def material(images: list[Image], findings: list[list[dict]], **given: Any) -> Material:
    document = {
        "subject": images[0].subject_id, "exam_uid": images[0].exam_uid, "decision_proposed": "reject",
        "decision_reason": "seen", "verdicts": [verdict()], "quality": [verdict(rule="SNR", outcome="pass")],
        "dispositions": [
            {"category": "weapon", "finding_ids": ["1", "2"], "next_step": "search the bag",
             "source": {"standard": "Table", "edition": "1", "clause": "2"}, "rule": None}
        ],
        "images": [
            {"image_uid": one.image_uid, "rows": one.rows, "columns": one.columns, "planes": one.planes,
             "findings": of_one,
             "measurements": [dict(MEASUREMENT)]}
            for one, of_one in zip(images, findings, strict=True)
        ],
    }  # fmt: skip
    references = [
        replace(
            reference_of(one, number, one.exam_uid, dicom_write.SECONDARY_CAPTURE),
            shown=None if one.is_colour else presentation_state.shown_of(one),
        )
        for number, one in enumerate(images, start=1)
    ]
    identity = Identity(images[0].exam_uid, images[0].subject_id, "Naht^Größe", exam_description="Nähte")
    return Material(document, references, identity, AT, **{"pdf": PDF} | given)


POLYGON = [[5.0, 6.0], [9.25, 20.1], [14.0, 7.5]]


def _ndt() -> Material:
    return material([image()], [[finding(), finding(2, polygon=POLYGON, score=0.875)]])


def _nothing() -> Material:
    return material([image()], [[]])


def _sixty() -> Material:
    return material([image(300, 500)], [[finding(number) for number in range(1, 61)]], signed=SIGNED)


def _planes() -> Material:
    images = [image(planes=5), image(number=2)]
    return material(images, [[finding(1, plane=3), finding(2, plane=0)], [finding(3, by=PERSON)]])


def _no_scale() -> Material:
    one = image(33, 47, spacing=Spacing(), grey=GreyScale(is_inverse=True, slope=0.5, intercept=-100.0))
    unit = [{"name": "length_px", "value": 5}]
    return material([one], [[finding(code="", label="gun", measurements=unit)]])


def _medical() -> Material:
    one = image(modality="DX", sop_class_uid=dicom_write.DX_FOR_PRESENTATION)
    told = [
        finding(code="99-nodule", label="nodule", by=PERSON, polygon=POLYGON),
        finding(2, dismissed=DISMISSAL, note="Näheres", replaces="1"),
    ]
    return material([one], [told], signed=SIGNED)


def _dicos() -> Material:
    one = image(sop_class_uid="1.2.840.10008.5.1.4.1.1.501.2.2", format="DICOS")
    return material([one], [[finding(code="", label="Messer mit langem Griff " * 4 + "ende")]])


def _ct() -> Material:
    grey = GreyScale(1.0, -1024.0, "HU", windows=(Window(40.0, 400.0, "LINEAR", "soft tissue"),))
    one = image(modality="CT", sop_class_uid="1.2.840.10008.5.1.4.1.1.2", grey=grey)
    return material([one], [[finding(code="", label="nodule", score=0.5)]])


def _cr() -> Material:
    lut = Lut((np.arange(4096) * 16).astype(np.uint16), 0, 12)
    one = image(modality="CR", sop_class_uid="1.2.840.10008.5.1.4.1.1.1", grey=GreyScale(modality_lut=lut))
    return material([one], [[finding(), finding(2, by=PERSON, polygon=POLYGON)]])


def _colour() -> Material:
    return material([image(), image(number=2, pixels=np.zeros((1, 40, 60, 3), np.uint8), bits=8)], [[], [finding()]])


def _rejected() -> Material:
    return material([image()], [[]], selection=Selection("rejected", "motion", "zittrig"))


def _marked() -> Material:
    from tests.formats.marked import CALIBRATION, MARKS, SPACES

    made = material([image(200, 300)], [[finding()]])
    made.document["spaces"] = SPACES  # type: ignore[index]
    made.document["images"][0].update(marks=MARKS, calibrations=[CALIBRATION])
    return made


DOCUMENTS: dict[str, Callable[[], Material]] = {
    "ndt": _ndt,
    "nothing found": _nothing,
    "sixty findings, signed": _sixty,
    "several planes": _planes,
    "security, no scale": _no_scale,
    "medical, person, dismissed, signed": _medical,
    "dicos": _dicos,
    "medical CT": _ct,
    "CR with a modality LUT": _cr,
    "colour": _colour,
    "rejected": _rejected,
    "marked by persons": _marked,
}


@dataclass(frozen=True)
class File:
    """An image as the DICOM object that the others refer to."""

    image: Image
    data: bytes


def capture(one: Image) -> File:
    identity = Identity(one.exam_uid, one.subject_id, "Naht^Größe", exam_description="Nähte")
    return File(one, secondary_capture(one, identity, number=1, made_at=AT))

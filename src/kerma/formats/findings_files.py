"""Every kind of file that findings are given out as, and every kind they are taken in from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kerma.errors import Unreadable, WrongUsage
from kerma.formats import coco_findings, findings_boxes, findings_csv, findings_json, marks_csv
from kerma.formats.findings_check import checked
from kerma.formats.findings_found import FINDINGS_MAX, Found, Hints, ImagePlace, Imported, placed

Reader = Callable[[bytes, Sequence[ImagePlace], Hints], Imported]


@dataclass(frozen=True)
class Export:
    """One kind of file that is no DICOM object."""

    suffix: str
    help: str
    media_type: str
    write: Callable[[Mapping[str, Any]], bytes]


EXPORTS: Mapping[str, Export] = {
    "json": Export(
        ".json",
        "every finding, and every measurement by a person, with all they have, in the form of result.json",
        "application/json",
        findings_json.write,
    ),
    "csv": Export(
        ".csv", "one line per finding, one column per measurement, for spreadsheets", "text/csv", findings_csv.write
    ),
    "measurements": Export(
        ".measurements.csv",
        "what persons measured, drew and calibrated, one line per value, for spreadsheets",
        "text/csv",
        marks_csv.write,
    ),
    "coco": Export(
        ".coco.json",
        "findings that stand, for training detectors (COCO); no marks of persons",
        "application/json",
        coco_findings.write,
    ),
}


def _by_image(found: Mapping[str, Sequence[dict[str, Any]]], images: Sequence[ImagePlace]) -> Imported:
    made: list[Found] = []
    for image_uid, findings in found.items():
        for finding in findings:
            if len(made) >= FINDINGS_MAX:
                raise Unreadable(f"the object has more than {FINDINGS_MAX} findings: refused")
            where = f"finding {finding['id']}"
            made.append(placed(images, image_uid, checked(finding, where), where))
    return Imported(tuple(made))


def _structured_report(data: bytes, images: Sequence[ImagePlace], _: Hints) -> Imported:
    from kerma.formats.structured_report_read import read

    report = read(data)
    lost = findings_json.marks_lost(sum(map(len, report.marks.values())))
    return replace(_by_image(report.findings, images), lost=lost)


def _segmentation(data: bytes, images: Sequence[ImagePlace], _: Hints) -> Imported:
    from kerma.formats.segmentation import read

    by_image: dict[str, list[dict[str, Any]]] = {}
    for segment in read(data):
        by_image.setdefault(segment.image_uid, []).append(segment.finding)
    return _by_image(by_image, images)


def _threat_report(data: bytes, images: Sequence[ImagePlace], _: Hints) -> Imported:
    from kerma.formats.dicos_tdr_read import read

    return _by_image(read(data).findings, images)


def _diconde(data: bytes, images: Sequence[ImagePlace], _: Hints) -> Imported:
    from kerma.formats.diconde_read import read

    inspection = read(data)
    known = {image.image_uid for image in images}
    named = inspection.source_uid if inspection.source_uid in known else inspection.image_uid
    return _by_image({named: list(inspection.findings)}, images)


IMPORTS: Mapping[str, Reader] = {
    "json": findings_json.read,
    "csv": findings_csv.read,
    "coco": coco_findings.read,
    "yolo": findings_boxes.read_yolo,
    "voc": findings_boxes.read_voc,
    "gdxray": findings_boxes.read_gdxray,
    "structured-report": _structured_report,
    "segmentation": _segmentation,
    "tdr": _threat_report,
    "diconde": _diconde,
}
_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.66.4": "segmentation",
    "1.2.840.10008.5.1.4.1.1.501.3": "tdr",
}


def kind_of(data: bytes, file_name: str) -> str:
    """Return which kind of file this is, by its content and only then by its name."""
    if data[128:132] == b"DICM":
        from kerma.formats.dicom_file import open_file

        sop_class = open_file(data).data_set.text(0x00080016)
        if sop_class.startswith("1.2.840.10008.5.1.4.1.1.88."):
            return "structured-report"
        return _CLASSES.get(sop_class, "diconde")
    begin = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if begin[:1] in (b"{", b"["):
        return "coco" if b'"annotations"' in data else "json"
    if begin[:1] == b"<":
        return "voc"
    if file_name.lower().endswith(".csv") or b"label" in begin.split(b"\n", 1)[0].lower():
        return "csv"
    return "gdxray" if "ground_truth" in file_name.lower() else "yolo"


def read(data: bytes, images: Sequence[ImagePlace], hints: Hints, kind: str = "") -> Imported:
    """Read findings from a file of any kind.

    Parameters
    ----------
    images : the exam's images
    hints : what the file does not say itself
    kind : a key of :data:`IMPORTS`; empty: by the content

    Raises
    ------
    Unreadable, Hostile
        The file is damaged or makes no sense; the message says where.
    WrongUsage
        An unknown kind.
    """
    kind = kind or kind_of(data, hints.file_name)
    if kind not in IMPORTS:
        raise WrongUsage(f"findings are not read from '{kind[:40]}'; there are {', '.join(IMPORTS)}")
    return IMPORTS[kind](data, images, hints)

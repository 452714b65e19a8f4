"""DICOM structured report of an exam: TID 1500 with measurements in UCUM, findings as regions, verdicts as text.

The content comes from the exam's document (one element of ``exams`` in ``result.json``), so report, result and
structured report always say the same; :func:`kerma.formats.structured_report_read.read` gives the findings back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kerma import __version__
from kerma.formats import sr_items as sr
from kerma.formats import sr_marks
from kerma.formats.dicom_write import Identity, is_uid, plain, uid, valid_uid
from kerma.formats.report_object import (
    SCHEME,
    Reference,
    Signed,
    code_of,
    evidence,
    finished,
    new_object,
    reference_of,
    scheme_items,
    tracking_uid,
)
from kerma.science.units import unit_of, words_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["Reference", "load", "reference_of", "write"]

COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
IMAGES_MEASURED_MAX = 64
"""Image-level measurements of a larger exam stand in result.json only; its findings are all here."""

STANDARD_NAMES = {
    "length_mm": ("410668003", "SCT", "Length"),
    "width_mm": ("103355008", "SCT", "Width"),
    "height_mm": ("121207", "DCM", "Height"),
    "diameter_mm": ("81827009", "SCT", "Diameter"),
    "area_mm2": ("42798000", "SCT", "Area"),
    "angle_deg": ("1483009", "SCT", "Angle"),
    "circumference_mm": ("131191004", "SCT", "Perimeter"),
}
DERIVATIONS = {
    "mean": ("373098007", "SCT", "Mean"),
    "median": ("373099004", "SCT", "Median"),
    "min": ("255605001", "SCT", "Minimum"),
    "max": ("56851009", "SCT", "Maximum"),
    "std": ("386136009", "SCT", "Standard Deviation"),
}
"""Words of a measurement's name that say how it was derived from many values (PS3.16, CID 7464)."""
TRACKING_ID = ("112039", "DCM", "Tracking Identifier")
TRACKING_UID = ("112040", "DCM", "Tracking Unique Identifier")
FINDING = ("121071", "DCM", "Finding")
REGION = ("111030", "DCM", "Image Region")
ALGORITHM_NAME = ("111001", "DCM", "Algorithm Name")
ALGORITHM_VERSION = ("111003", "DCM", "Algorithm Version")
ALGORITHM_PARAMETERS = ("111002", "DCM", "Algorithm Parameters")
OBSERVER_TYPE, PERSON = ("121005", "DCM", "Observer Type"), ("121006", "DCM", "Person")
PERSON_NAME = ("121008", "DCM", "Person Observer Name")
INTENT = ("111056", "DCM", "Rendering Intent")
NOT_SHOWN = ("111152", "DCM", "Not for Presentation")
CONCLUSION = ("121077", "DCM", "Conclusion")
IMAGE_MEASUREMENTS = ("images", SCHEME, "Measurements of whole images")
DECISION = ("decision", SCHEME, "Decision")
# A finding's own attributes; no measurement has a point in its name.
LABEL = ("finding.label", SCHEME, "Label")
BOX = ("finding.box", SCHEME, "Box: row, column, height, width in pixels")
SCORE = ("finding.score", SCHEME, "Score")
UNKNOWN = ("finding.unknown", SCHEME, "Not measured")
REMARKS = {
    "note": ("finding.note", SCHEME, "Note"),
    "replaces": ("finding.replaces", SCHEME, "Instead of finding"),
}
"""Texts of a finding that a person recorded."""
DISMISSED = ("finding.dropped", SCHEME, "Dismissed because")
DISMISSAL = {
    "reason": DISMISSED,
    "by": ("finding.dropkey", SCHEME, "Dismissed by, as in the ledger"),
    "by_name": ("finding.dropper", SCHEME, "Dismissed by"),
    "at": ("finding.droptime", SCHEME, "Dismissed at"),
}
"""Why, who and when."""
MODEL = "model SHA-256 "


def write(
    document: Mapping[str, Any],
    references: Sequence[Reference],
    identity: Identity,
    *,
    made_at: datetime,
    signed: Signed | None = None,
) -> bytes:
    """Write the structured report of one exam.

    Parameters
    ----------
    document : the exam's document; its images are in the order of ``references``
    references : the images as DICOM objects
    identity : the subject and exam, repeated in the report's header
    made_at : the time of the report
    signed : who signed the report behind it; without, it is preliminary and unverified
    """
    report = new_object(COMPREHENSIVE_SR, "SR", "report", identity, made_at)
    report.SeriesNumber = 9001
    report.SeriesDescription = "Findings and measurements" + ("" if signed else " proposed by software")
    report.CodingSchemeIdentificationSequence = scheme_items()
    report.ReferencedPerformedProcedureStepSequence = []
    report.PerformedProcedureCodeSequence = []
    report.CurrentRequestedProcedureEvidenceSequence = evidence(references, identity)
    report.CompletionFlag = "COMPLETE"
    _add_state(report, signed)
    report.update(_content(document, references, identity, signed))
    return finished(report)


def load() -> None:
    """Load the libraries that :func:`write` needs, for instance while waiting for a file."""
    import pydicom.filewriter

    assert pydicom.filewriter is not None


def _add_state(report: Dataset, signed: Signed | None) -> None:
    from pydicom.dataset import Dataset

    report.VerificationFlag = "VERIFIED" if signed else "UNVERIFIED"
    report.PreliminaryFlag = "FINAL" if signed else "PRELIMINARY"
    if signed is None:
        return
    observer = Dataset()
    observer.VerifyingOrganization = plain(signed.organisation) or "-"
    observer.VerificationDateTime = f"{signed.at:%Y%m%d%H%M%S%z}"
    observer.VerifyingObserverName = plain(signed.name) or "-"
    observer.VerifyingObserverIdentificationCodeSequence = []
    report.VerifyingObserverSequence = [observer]


def _content(
    document: Mapping[str, Any], references: Sequence[Reference], identity: Identity, signed: Signed | None
) -> Dataset:
    language = ("121049", "DCM", "Language of Content Item and Descendants")
    children = [
        sr.code(sr.MODIFIER, language, ("en-US", "RFC5646", "English (United States)")),
        *_device(),
        # CID 100 has no procedure for a part or a bag; an imaging procedure it is in any case
        sr.code(sr.MODIFIER, ("121058", "DCM", "Procedure reported"), ("363679005", "SCT", "Imaging procedure")),
    ]
    groups = [*_finding_groups(document, references, identity), *_mark_groups(document, references, identity)]
    if groups:
        children.append(sr.container(("126010", "DCM", "Imaging Measurements"), groups))
    # Apart from the findings: viewers draw what stands among these, and checkers ask every group for a region
    if images := list(_image_groups(document, references, identity)):
        children.append(sr.container(IMAGE_MEASUREMENTS, images))
    children.append(sr.container(("C0034375", "UMLS", "Qualitative Evaluations"), _conclusions(document, signed)))
    return sr.container(("126000", "DCM", "Imaging Measurement Report"), children, relation="", template="1500")


def _device() -> list[Dataset]:
    return [
        sr.code(sr.CONTEXT, OBSERVER_TYPE, ("121007", "DCM", "Device")),
        sr.uid_reference(sr.CONTEXT, ("121012", "DCM", "Device Observer UID"), uid("kerma device")),
        sr.text(sr.CONTEXT, ("121013", "DCM", "Device Observer Name"), "Kerma"),
        sr.text(sr.CONTEXT, ("121014", "DCM", "Device Observer Manufacturer"), "Kerma"),
        sr.text(sr.CONTEXT, ("121015", "DCM", "Device Observer Model Name"), f"Kerma {__version__}"),
    ]


def _tracking(name: str, identifier: str) -> list[Dataset]:
    return [sr.text(sr.CONTEXT, TRACKING_ID, name), sr.uid_reference(sr.CONTEXT, TRACKING_UID, identifier)]


def _group(template: str, children: Sequence[Dataset]) -> Dataset:
    return sr.container(("125007", "DCM", "Measurement Group"), children, template=template)


def _image_groups(
    document: Mapping[str, Any], references: Sequence[Reference], identity: Identity
) -> Iterator[Dataset]:
    for number, (image, reference) in enumerate(zip(document["images"], references, strict=True), start=1):
        if number > IMAGES_MEASURED_MAX:
            return
        yield _group(
            "1501",
            [
                *_tracking(f"image {number}", uid(identity.exam_uid, "image", str(number))),
                sr.image(sr.CONTAINS, ("121112", "DCM", "Source of Measurement"), reference),
                *_measurements(image.get("measurements", ())),
            ],
        )


def _measurements(measurements: Sequence[Mapping[str, Any]]) -> Iterator[Dataset]:
    """Yield a numeric item for each finite number; texts and lists stand in result.json only."""
    for measurement in measurements:
        named = f"{measurement.get('name', '')} {measurement.get('version', '')}".strip()
        for name, value in measurement.get("values", {}).items():
            if is_number(value):
                yield _numeric(name, value, (named, str(measurement.get("method") or named)) if named else None)


def is_number(value: Any) -> bool:
    """Return whether a value of a measurement is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _numeric(name: str, value: float, method: tuple[str, str] | None = None) -> Dataset:
    unit = unit_of(name)
    concept = STANDARD_NAMES.get(name) or (plain(name, 256), SCHEME, plain(words_of(name)) or plain(name))
    how = [
        sr.code(sr.MODIFIER, ("121401", "DCM", "Derivation"), DERIVATIONS[word])
        for word in dict.fromkeys(name.split("_"))
        if word in DERIVATIONS
    ][:1]
    if method:
        meaning = (plain(method[0], 256), SCHEME, plain(method[1]))
        how.append(sr.code(sr.MODIFIER, ("370129005", "SCT", "Measurement Method"), meaning))
    return sr.number(concept, value, (unit.ucum, "UCUM", unit.shown or "no units"), how)


def _finding_groups(
    document: Mapping[str, Any], references: Sequence[Reference], identity: Identity
) -> Iterator[Dataset]:
    for image, reference in zip(document["images"], references, strict=True):
        for finding in image.get("findings", ()):
            yield _group(
                "1410",
                [
                    *_tracking(f"finding {plain(str(finding['id']))}", tracking_uid(identity, finding)),
                    *_observer(finding["by"]),
                    sr.code(sr.CONTAINS, FINDING, code_of(finding)),
                    *_algorithm(finding["by"]),
                    _region(finding, reference),
                    *_numbers(finding),
                    *_own(finding),
                ],
            )


def _mark_groups(document: Mapping[str, Any], references: Sequence[Reference], identity: Identity) -> Iterator[Dataset]:
    """Yield what persons have drawn and measured, each with its place and the source of its scale."""
    for image, reference in zip(document["images"], references, strict=True):
        for mark in image.get("marks") or ():
            identifier = uid(identity.exam_uid, "mark", str(mark["by"].get("key") or ""), str(mark["id"]))
            tracking = _tracking(f"{sr_marks.TRACKED}{plain(str(mark['id']))}", identifier)
            context = [*tracking, *_observer(mark["by"])]
            yield _group("1501", [*context, *sr_marks.items(mark, reference, _numeric)])
    for one in document.get("spaces") or ():
        identifier = uid(identity.exam_uid, "mark", str(one["by"].get("key") or ""), str(one["id"]))
        context = [*_tracking(f"{sr_marks.TRACKED}{plain(str(one['id']))}", identifier), *_observer(one["by"])]
        yield _group("1501", [*context, *sr_marks.items(one, None, _numeric)])


def _observer(by: Mapping[str, Any]) -> list[Dataset]:
    """Return the person whose finding it is, instead of the device that the whole report names."""
    if by["kind"] != "person":
        return []
    return [sr.code(sr.CONTEXT, OBSERVER_TYPE, PERSON), sr.person(sr.CONTEXT, PERSON_NAME, str(by["name"]))]


def _algorithm(by: Mapping[str, Any]) -> list[Dataset]:
    if by["kind"] != "algorithm":
        return []
    items = [
        sr.text(sr.MODIFIER, ALGORITHM_NAME, str(by["name"])),
        sr.text(sr.MODIFIER, ALGORITHM_VERSION, str(by.get("version") or "unknown")),
    ]
    if by.get("model_sha256"):
        items.append(sr.text(sr.MODIFIER, ALGORITHM_PARAMETERS, f"{MODEL}{by['model_sha256']}"))
    return items


def _region(finding: Mapping[str, Any], reference: Reference) -> Dataset:
    row, column, height, width = finding["box"]
    corners = polygon_of(finding) or [
        (row, column), (row, column + width), (row + height, column + width), (row + height, column)
    ]  # fmt: skip
    source = sr.image("SELECTED FROM", ("260753009", "SCT", "Source"), reference, [int(finding.get("plane") or 0)])
    return sr.region(REGION, corners, source)


def polygon_of(finding: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Return the (row, column) points of a finding's outline; none when it has a box only."""
    points = [(float(row), float(column)) for row, column in finding.get("polygon") or ()]
    return points if len(points) > 2 else []


def _numbers(finding: Mapping[str, Any]) -> Iterator[Dataset]:
    for one in finding.get("measurements", ()):
        if is_number(one["value"]):
            yield _numeric(one["name"], one["value"])


def _own(finding: Mapping[str, Any]) -> Iterator[Dataset]:
    """Yield what no template has a place for: score, full label, box beside an outline, dismissal."""
    if is_number(finding.get("score")):
        yield sr.number(SCORE, finding["score"], ("1", "UCUM", "no units"))
    unknown = [
        f"{place} {one['name']}" for place, one in enumerate(finding.get("measurements", ())) if one["value"] is None
    ]
    if unknown:  # a number without a value is an error to template checkers and to readers
        yield sr.text(sr.CONTAINS, UNKNOWN, "\n".join(unknown))
    meaning = code_of(finding)[2]
    label = str(finding.get("label") or "")
    if label != meaning:
        yield sr.text(sr.CONTAINS, LABEL, label)
    if polygon_of(finding):
        yield sr.text(sr.CONTAINS, BOX, " ".join(repr(float(one)) for one in finding["box"]))
    for key, name in REMARKS.items():
        if finding.get(key):
            yield sr.text(sr.CONTAINS, name, str(finding[key]))
    if "dismissed" in finding:
        yield sr.code(sr.CONTAINS, INTENT, NOT_SHOWN)
        why = {"reason": "", **(finding["dismissed"] or {})}
        for key, name in DISMISSAL.items():
            if key in why:
                yield sr.text(sr.CONTAINS, name, str(why[key]))


def _conclusions(document: Mapping[str, Any], signed: Signed | None) -> list[Dataset]:
    """Return the decision and each verdict, for programs as codes and after them for people as texts."""
    decision = str(document.get("decision") or document.get("decision_proposed") or "none")
    judge = (document.get("judgement") or {}).get("by_name")
    who = f"Proposed by {judge or 'software'}, not signed"
    if signed:
        who = f"Signed by {signed.name} at {signed.at.isoformat()}"
    codes = [sr.code(sr.CONTAINS, DECISION, _own_code(decision))]
    texts = [sr.text(sr.CONTAINS, CONCLUSION, f"{who}: {decision}. {document.get('decision_reason') or ''}")]
    for key, what in (("verdicts", ""), ("quality", "Image quality, ")):
        for verdict in document.get(key) or ():
            cited = ", ".join(str(verdict[word]) for word in ("standard", "edition", "clause") if verdict.get(word))
            rule = f"{what}{verdict['rule']}"
            told = f"{rule}: {verdict['outcome']} ({cited}). {verdict.get('reason', '')}"
            texts.append(sr.text(sr.CONTAINS, CONCLUSION, told))
            name = (plain(f"verdict.{rule}", 256), SCHEME, plain(rule) or "rule")
            codes.append(sr.code(sr.CONTAINS, name, _own_code(str(verdict["outcome"]))))
    texts += [sr.text(sr.CONTAINS, CONCLUSION, told) for told in _dispositions(document)]
    comments = [sr.text(sr.CONTAINS, ("121106", "DCM", "Comment"), told) for told in _replaced(document)]
    return [*codes, *texts, *comments]


def _dispositions(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is to be done next about the findings of each category, and by which rule."""
    for one in document.get("dispositions") or ():
        source = one.get("rule") or one["source"]
        cited = ", ".join(str(source[word]) for word in ("standard", "edition", "clause") if source.get(word))
        yield f"{one['category']}, finding {', '.join(one['finding_ids'])}: {one['next_step']} ({cited})"


def _own_code(word: str) -> tuple[str, str, str]:
    return plain(word, 256) or "none", SCHEME, plain(word) or "none"


def _replaced(document: Mapping[str, Any]) -> Iterator[str]:
    """Say which identifiers of the files are no UIDs, and what stands for them in this report."""
    named = [("exam", document.get("exam_uid", ""))]
    named += [(f"image {n}", image.get("image_uid", "")) for n, image in enumerate(document["images"], start=1)]
    for what, text in named:
        if text and not is_uid(text):
            yield f"The identifier of the {what}, {text}, is no DICOM UID; {valid_uid(text)} stands for it here."

"""Findings and decision as DICONDE has them: a copy of the image with the indications, the approval and the IQI.

The modules of ASTM E2339 stand in the image object itself, whatever its class (a Standard Extended SOP Class, PS3.4,
B.4.1), so no report object of its own is needed: a reader who has the copy has everything. The original is not
altered; the copy has its own identifier, says that it is derived, and names the original as its source.
"""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kerma.errors import Unreadable
from kerma.formats import finding_inside
from kerma.formats.dicom_write import plain, uid
from kerma.formats.report_object import Signed, coded
from kerma.formats.sr_items import number as numeric
from kerma.formats.structured_report import is_number, polygon_of
from kerma.science.units import unit_of
from kerma.standards import table

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

ACCEPT, REJECT, HOLD = "ACCEPT", "REJECT", "HOLD"
DESCRIPTION_MAX = 1024
LABEL_MAX = 16
IQI_ENTRIES = {"wire": ("WIRE", "W{:g}"), "step_hole": ("STEP HOLE", "H{:g}"), "duplex": ("DUPLEX WIRE", "D{:g}")}
"""Readings of image quality indicators (``kerma_quality/quantities``): the type and how the size is printed."""
COMPONENT = {
    "procedure": "ComponentManufacturingProcedure",
    "component_manufacturer": "ComponentManufacturer",
    "thickness_mm": "MaterialThickness",
    "pipe_diameter_mm": "MaterialPipeDiameter",
    "grade": "MaterialGrade",
    "outer_diameter_mm": "OuterDiameter",
    "inner_diameter_mm": "InnerDiameter",
    "welder": "ComponentWelderIDs",
}
"""What is known of a component and the attribute that holds it; what the image says already stays as it is."""


def write(
    originals: Sequence[bytes],
    document: Mapping[str, Any],
    *,
    made_at: datetime,
    decided: Mapping[str, str] | None = None,
    signed: Signed | None = None,
) -> tuple[bytes, ...]:
    """Write a copy of every image with its indications, and what was decided about the whole.

    Parameters
    ----------
    originals : the images as DICOM files, in the order of the document's
    document : the exam's document
    decided : a person's decision (``decision``, ``by_name``, ``at`` in ISO 8601); None while only software has spoken
    signed : who signed the report behind it; the secondary reviewer

    Raises
    ------
    Unreadable
        An original is no DICOM image.
    """
    return tuple(
        _copy(original, document, number, made_at, (decided, signed)) for number, original in enumerate(originals)
    )


def _copy(
    original: bytes,
    document: Mapping[str, Any],
    number: int,
    made_at: datetime,
    who: tuple[Mapping[str, str] | None, Signed | None],
) -> bytes:
    dataset = _opened(original)
    image = document["images"][number]
    findings = image.get("findings", ())
    try:
        _add_source(dataset, made_at)
        dataset.EvaluatorSequence = list(_evaluators(document, findings, made_at))
        if not dataset.EvaluatorSequence:
            del dataset.EvaluatorSequence
        _add_approval(dataset, document, made_at, *who)
        _add_gauges(dataset, document)
        _add_component(dataset, document)
        return _finished(dataset)
    except (ValueError, KeyError, TypeError, AttributeError, NotImplementedError, struct.error, OverflowError) as error:
        raise Unreadable(f"image {number + 1} cannot be copied with its findings: {error}") from error


def _opened(original: bytes) -> Dataset:
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        dataset = pydicom.dcmread(io.BytesIO(original))
        is_image = "PixelData" in dataset or "FloatPixelData" in dataset
    except (InvalidDicomError, ValueError, KeyError, TypeError, AttributeError, EOFError, struct.error) as error:
        raise Unreadable(f"the image cannot be read as DICOM: {error}") from error
    if not is_image:
        raise Unreadable("only images are copied with their findings; this object has no pixels")
    return dataset


def _add_source(dataset: Dataset, made_at: datetime) -> None:
    """Say that this is derived, and from what (PS3.3, C.7.6.1 and C.12.4.1.3)."""
    from pydicom.dataset import Dataset

    at = made_at.astimezone(UTC)
    source = Dataset()
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    source.PurposeOfReferenceCodeSequence = [
        coded("121322", "DCM", "Source image for image processing operation"),
    ]
    dataset.SourceImageSequence = [source]
    if dataset.get("ImageType"):
        dataset.ImageType = ["DERIVED", *list(dataset.ImageType)[1:]]
    dataset.DerivationDescription = "Pixels as in the source; findings added as DICONDE indications"
    dataset.SeriesInstanceUID = uid(str(dataset.SeriesInstanceUID), "diconde findings series")
    dataset.SeriesNumber = 9006
    dataset.SeriesDescription = "Indications (DICONDE)"
    dataset.ContentDate, dataset.ContentTime = f"{at:%Y%m%d}", f"{at:%H%M%S}"
    dataset.InstanceCreationDate, dataset.InstanceCreationTime = dataset.ContentDate, dataset.ContentTime


def _evaluators(
    document: Mapping[str, Any], findings: Sequence[Mapping[str, Any]], made_at: datetime
) -> Iterator[Dataset]:
    """Yield one evaluator for everybody and everything that found something, each with its indications."""
    from pydicom.dataset import Dataset

    by_whom: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for finding in findings:
        by = finding["by"]
        by_whom.setdefault((str(by["name"]), str(by.get("version") or "")), []).append(finding)
    for number, ((name, version), found) in enumerate(by_whom.items(), start=1):
        evaluator = Dataset()
        evaluator.SpecificCharacterSet = "ISO_IR 192"
        evaluator.EvaluatorNumber, evaluator.EvaluationAttempt = number, 1
        evaluator.EvaluatorName = plain(f"{name} {version}".strip()) or "unknown"
        evaluator.IndicationSequence = [
            _indication(place, finding, disposition_of(finding, document)) for place, finding in enumerate(found, 1)
        ]
        yield evaluator


def _indication(number: int, finding: Mapping[str, Any], disposition: str) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.IndicationNumber = number
    item.IndicationLabel = plain(str(finding.get("label") or "finding"), LABEL_MAX)
    item.IndicationDescription = plain(" ".join(_described(finding)), DESCRIPTION_MAX)
    item.IndicationType = type_of(finding)
    item.IndicationDisposition = disposition
    item.IndicationROISequence = [_region(finding)]
    properties = [_property(one) for one in finding.get("measurements", ()) if is_number(one["value"])]
    if properties:
        item.IndicationPhysicalPropertySequence = properties
    finding_inside.put(item, finding)
    return item


def _described(finding: Mapping[str, Any]) -> Iterator[str]:
    yield f"Finding {finding['id']}: {finding.get('code') or ''} {finding.get('label') or ''}".strip()
    if finding.get("note"):
        yield str(finding["note"])
    if "dismissed" in finding:
        yield f"dismissed: {(finding['dismissed'] or {}).get('reason', '')}"


def corners_of(finding: Mapping[str, Any]) -> list[float]:
    """Return the closed outline as column and row of each point, from the corner of the first pixel (PS3.3, C.18.6)."""
    row, column, height, width = (float(one) for one in finding["box"])
    points = polygon_of(finding) or [
        (row, column), (row, column + width), (row + height, column + width), (row + height, column)
    ]  # fmt: skip
    return [value for down, across in [*points, points[0]] for value in (across, down)]


def _region(finding: Mapping[str, Any]) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.GraphicData = corners_of(finding)
    item.GraphicType = "POLYLINE"
    item.PixelOriginInterpretation = "FRAME"
    if finding.get("plane"):
        item.ReferencedFrameNumber = int(finding["plane"]) + 1
    return item


def _property(one: Mapping[str, Any]) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.PropertyLabel = plain(str(one["name"]), LABEL_MAX)
    unit = unit_of(one["name"])
    item.MeasuredValueSequence = numeric(
        ("property", "99KERMA", "Property"), one["value"], (unit.ucum, "UCUM", unit.shown or "no units")
    ).MeasuredValueSequence
    return item


def disposition_of(finding: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """Return what the rules say of one finding; what no rule has decided is on hold.

    A failed rule that names the finding rejects it. A finding that a person dismissed is accepted: it is none.
    """
    if "dismissed" in finding:
        return ACCEPT
    verdicts = [one for one in document.get("verdicts") or () if one.get("rule")]
    of_this = [one["outcome"] for one in verdicts if finding["id"] in (one.get("finding_ids") or ())]
    if "fail" in of_this:
        return REJECT
    outcomes = {one["outcome"] for one in verdicts}
    is_settled = bool(outcomes) and outcomes <= {"pass", "fail"}
    return ACCEPT if is_settled else HOLD


def type_of(finding: Mapping[str, Any]) -> str:
    """Return the type of an indication by its number in ISO 6520-1; for a label without one, the label in capitals."""
    code = str(finding.get("code") or "")
    rows = sorted(table("astm_e2339/indications"), key=lambda row: -len(row["number_begins"]))
    known = next((row["type"] for row in rows if code.isdigit() and code.startswith(row["number_begins"])), "")
    label = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in finding.get("label") or "")
    return str(known or label.upper()[:16] or "OTHER")


def _add_approval(
    dataset: Dataset,
    document: Mapping[str, Any],
    made_at: datetime,
    decided: Mapping[str, str] | None,
    signed: Signed | None,
) -> None:
    words = {row["decision"]: row["status"] for row in table("astm_e2339/approvals")}
    if decided:
        dataset.ApprovalStatus = words.get(decided["decision"], words["none"])
        at = datetime.fromisoformat(decided["at"]) if decided.get("at") else made_at
        dataset.ReviewDate, dataset.ReviewTime = _date_time(at)
        dataset.ReviewerName = _encodable(dataset, plain(decided.get("by_name") or decided.get("by", "")) or "unknown")
    else:
        dataset.ApprovalStatus = words["none"]
    if signed:
        dataset.SecondaryApprovalStatus = dataset.ApprovalStatus
        dataset.SecondaryReviewDate, dataset.SecondaryReviewTime = _date_time(signed.at)
        dataset.SecondaryReviewerName = _encodable(dataset, plain(signed.name))
    conditions = (document.get("judgement") or {}).get("conditions") or {}
    if conditions.get("repair"):
        dataset.RepairID = _encodable(dataset, plain(str(conditions["repair"]), DESCRIPTION_MAX))


def _date_time(at: datetime) -> tuple[str, str]:
    at = at.astimezone(UTC)
    return f"{at:%Y%m%d}", f"{at:%H%M%S}"


def _encodable(dataset: Dataset, text: str) -> str:
    """Return text; where the image's character set cannot hold it, the whole object goes over to UTF-8."""
    if not text.isascii() and dataset.get("SpecificCharacterSet") != "ISO_IR 192":
        dataset.decode()
        dataset.SpecificCharacterSet = "ISO_IR 192"
    return text


def _add_gauges(dataset: Dataset, document: Mapping[str, Any]) -> None:
    """Add the image quality indicators that a person has read, unless the image names its own."""
    entries = (document.get("judgement") or {}).get("quality_entries") or {}
    read = [(kind, size.format(float(entries[key]))) for key, (kind, size) in IQI_ENTRIES.items() if key in entries]
    if not read or dataset.get("ImageQualityIndicatorType"):
        return
    material = str((document.get("technique") or {}).get("iqi_material") or "")
    dataset.ImageQualityIndicatorType = [kind for kind, _ in read]
    dataset.ImageQualityIndicatorSize = [size for _, size in read]
    if material:
        dataset.ImageQualityIndicatorMaterial = [_encodable(dataset, plain(material))] * len(read)


def _add_component(dataset: Dataset, document: Mapping[str, Any]) -> None:
    known = {**(document.get("technique") or {}), **((document.get("judgement") or {}).get("conditions") or {})}
    for key, keyword in COMPONENT.items():
        value = known.get(key)
        if value in (None, "") or dataset.get(keyword):
            continue
        text = f"{value:.10g}" if is_number(value) else _encodable(dataset, plain(str(value)))
        setattr(dataset, keyword, text)


def _finished(dataset: Dataset) -> bytes:
    dataset.SOPInstanceUID = uid("object", hashlib.sha256(_written(dataset)).hexdigest())
    return _written(dataset)


def _written(dataset: Dataset) -> bytes:
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()

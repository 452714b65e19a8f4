"""DICOM structured report of an exam: TID 1500 with measurements in UCUM, findings as regions, verdicts as text.

The content comes from the exam's document (one element of ``exams`` in ``result.json``), so report, result and
structured report always say the same.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kerma import __version__
from kerma.formats.dicom_write import (
    MULTI_FRAME_WORD,
    SECONDARY_CAPTURE,
    Identity,
    add_identity,
    is_uid,
    plain,
    uid,
    valid_uid,
)
from kerma.science.units import unit_of, words_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SCHEME = "99KERMA"
"""Private coding scheme for names no public scheme has (PS3.16, 8.1)."""
SCHEME_ISO_6520 = "99ISO6520"
IMAGES_MEASURED_MAX = 64
"""Image-level measurements of a larger exam stand in result.json only; its findings are all here."""

_STANDARD_NAMES = {
    "length_mm": ("410668003", "SCT", "Length"),
    "width_mm": ("103355008", "SCT", "Width"),
    "height_mm": ("121207", "DCM", "Height"),
    "diameter_mm": ("81827009", "SCT", "Diameter"),
    "area_mm2": ("42798000", "SCT", "Area"),
}


@dataclass(frozen=True)
class Reference:
    """An image as a structured report refers to it."""

    sop_class_uid: str
    image_uid: str
    series_uid: str
    planes: int = 1


def write(
    document: Mapping[str, Any], references: Sequence[Reference], identity: Identity, *, made_at: datetime
) -> bytes:
    """Write the structured report of one exam.

    Parameters
    ----------
    document : the exam's document; its images are in the order of ``references``
    references : the images as DICOM objects
    identity : the subject and exam, repeated in the report's header
    made_at : the time of the report
    """
    with warnings.catch_warnings():
        # a component or a bag has no family and given name, which is all this warns of
        warnings.filterwarnings("ignore", message="The string .* is unlikely to represent the intended person name")
        report = _report(document, references, identity, made_at.astimezone(UTC))
    out = io.BytesIO()
    report.save_as(out, enforce_file_format=True)
    return out.getvalue()


def load() -> None:
    """Load the libraries and tables that :func:`write` needs (half a second), for instance while waiting for a file."""
    identity = Identity(exam_uid=uid("load"))
    image = _evidence(Reference(SECONDARY_CAPTURE, uid("load image"), uid("load series")), identity)
    _region({"box": (0, 0, 1, 1)}, image)


def _report(
    document: Mapping[str, Any], references: Sequence[Reference], identity: Identity, made_at: datetime
) -> Dataset:
    from highdicom.sr import ComprehensiveSR

    evidence = [_evidence(reference, identity) for reference in references]
    content = _content(document, evidence, identity)

    class ExamReport(ComprehensiveSR):
        def copy_patient_and_study_information(self, dataset: Dataset) -> None:
            # highdicom looks the image's class up in the DICOM standard, which does not hold the DICOS classes
            add_identity(self, identity)

    report = ExamReport(
        evidence=evidence,
        content=content[0],
        series_instance_uid=uid(identity.exam_uid, "report series"),
        series_number=9001,
        sop_instance_uid=uid(identity.exam_uid, "report", made_at.isoformat()),
        instance_number=1,
        manufacturer="Kerma",
        manufacturer_model_name="Kerma",
        software_versions=f"Kerma {__version__}",
        device_serial_number=__version__,
        is_complete=True,
        is_final=False,
        is_verified=False,
        coding_schemes=_schemes(),
        series_description="Findings and measurements proposed by software",
        content_date=made_at.date(),
        content_time=made_at.time(),
    )
    report.SpecificCharacterSet = "ISO_IR 192"
    report.InstanceCreationDate, report.InstanceCreationTime = report.ContentDate, report.ContentTime
    for equipment in report.ContributingEquipmentSequence:
        equipment.ContributionDateTime = f"{made_at:%Y%m%d%H%M%S}"  # ours, so that the same report is the same bytes
    return report


def _evidence(reference: Reference, identity: Identity) -> Dataset:
    """Return what the report needs to know of one image, as a dataset without pixels."""
    from pydicom.dataset import Dataset

    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 192"
    image.SOPClassUID = reference.sop_class_uid
    image.SOPInstanceUID = reference.image_uid
    image.SeriesInstanceUID = reference.series_uid
    add_identity(image, identity)
    if reference.planes > 1:
        image.NumberOfFrames = reference.planes
    return image


def _content(document: Mapping[str, Any], evidence: Sequence[Dataset], identity: Identity) -> Any:
    from highdicom.sr import MeasurementReport
    from pydicom.sr.codedict import codes

    groups = [*_image_groups(document, evidence, identity), *_finding_groups(document, evidence, identity)]
    report = MeasurementReport(
        observation_context=_observer(),
        # CID 100 has no procedure for a part or a bag; an imaging procedure it is in any case
        procedure_reported=codes.cid100.ImagingProcedure,
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    report[0].ContentSequence.append(_conclusions(document))
    return report


def _observer() -> Any:
    from highdicom.sr import DeviceObserverIdentifyingAttributes, ObservationContext, ObserverContext
    from pydicom.sr.codedict import codes

    device = DeviceObserverIdentifyingAttributes(
        uid=uid("kerma device"), name="Kerma", manufacturer_name="Kerma", model_name=f"Kerma {__version__}"
    )
    return ObservationContext(observer_device_context=ObserverContext(codes.DCM.Device, device))


def _schemes() -> list[Any]:
    from highdicom.coding_schemes import CodingSchemeIdentificationItem

    return [
        CodingSchemeIdentificationItem(SCHEME, name="Kerma measurement and finding names"),
        CodingSchemeIdentificationItem(SCHEME_ISO_6520, name="ISO 6520-1 imperfection numbers"),
    ]


def _image_groups(document: Mapping[str, Any], evidence: Sequence[Dataset], identity: Identity) -> Iterator[Any]:
    from highdicom.sr import (
        MeasurementsAndQualitativeEvaluations,
        SourceImageForMeasurementGroup,
        TrackingIdentifier,
    )

    for number, (image, dataset) in enumerate(zip(document["images"], evidence, strict=True), start=1):
        if number > IMAGES_MEASURED_MAX:
            return
        yield MeasurementsAndQualitativeEvaluations(
            tracking_identifier=TrackingIdentifier(uid(identity.exam_uid, "image", str(number)), f"image {number}"),
            measurements=list(_measurements(image.get("measurements", ()))) or None,
            source_images=[SourceImageForMeasurementGroup(dataset.SOPClassUID, dataset.SOPInstanceUID)],
        )


def _measurements(measurements: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
    """Return a numeric item for each finite number; texts and lists stand in result.json only."""
    for measurement in measurements:
        for name, value in measurement.get("values", {}).items():
            if _is_number(value):
                yield _numeric(name, value)


def _finding_groups(document: Mapping[str, Any], evidence: Sequence[Dataset], identity: Identity) -> Iterator[Any]:
    from highdicom.sr import PlanarROIMeasurementsAndQualitativeEvaluations, TrackingIdentifier

    number = 0
    for image, dataset in zip(document["images"], evidence, strict=True):
        for finding in image.get("findings", ()):
            number += 1
            yield PlanarROIMeasurementsAndQualitativeEvaluations(
                tracking_identifier=TrackingIdentifier(
                    uid(identity.exam_uid, "finding", str(number), finding["id"]), f"finding {number}"
                ),
                referenced_region=_region(finding, dataset),
                finding_type=_finding_code(finding),
                algorithm_id=_algorithm(finding),
                measurements=[_numeric(name, value) for name, value in _told(finding)] or None,
            )


def _told(finding: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield the finding's numbers, without sizes in pixels that stand there in mm as well."""
    values = {one["name"]: one["value"] for one in finding["measurements"] if _is_number(one["value"])}
    for name, value in values.items():
        size, _, unit = name.rpartition("_")
        if unit != "px" or not {f"{size}_mm", f"{size}_mm2"} & values.keys():
            yield name, value


def _region(finding: Mapping[str, Any], dataset: Dataset) -> Any:
    import numpy as np
    from highdicom.sr import GraphicTypeValues, ImageRegion, SourceImageForRegion

    row, column, height, width = finding["box"]
    corners = finding.get("polygon") or [
        (row, column), (row, column + width), (row + height, column + width), (row + height, column)
    ]  # fmt: skip
    # PS3.3, C.18.6.1.1: column first; closed when the first point is repeated
    points = np.array([(float(across), float(down)) for down, across in [*corners, corners[0]]])
    frames = [int(finding.get("plane", 0)) + 1] if "NumberOfFrames" in dataset else None
    # highdicom asks the DICOM standard whether the image has frames, and the standard does not hold the DICOS classes
    stand_in = SourceImageForRegion(MULTI_FRAME_WORD if frames else SECONDARY_CAPTURE, dataset.SOPInstanceUID, frames)
    region = ImageRegion(GraphicTypeValues.POLYLINE, points, stand_in)
    region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPClassUID = dataset.SOPClassUID
    return region


def _finding_code(finding: Mapping[str, Any]) -> Any:
    from highdicom.sr import CodedConcept

    code, label = str(finding.get("code") or finding["label"]), str(finding["label"])
    scheme = SCHEME_ISO_6520 if code.isdecimal() else SCHEME
    return CodedConcept(plain(code), scheme, plain(label) or plain(code))


def _algorithm(finding: Mapping[str, Any]) -> Any:
    from highdicom.sr import AlgorithmIdentification

    by = finding["by"]
    if by["kind"] != "algorithm":
        return None
    weights = by.get("model_sha256")
    return AlgorithmIdentification(
        name=plain(by["name"]),
        version=plain(by.get("version") or "unknown"),
        parameters=[f"model SHA-256 {weights}"] if weights else None,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _numeric(name: str, value: float) -> Any:
    from highdicom.sr import CodedConcept, Measurement

    unit = unit_of(name)
    concept = _STANDARD_NAMES.get(name)
    # PS3.5, 6.2: DS holds at most 16 characters, so ten digits with sign, point and exponent
    return Measurement(
        name=CodedConcept(*concept) if concept else CodedConcept(name[:64], SCHEME, plain(words_of(name))),
        value=float(f"{value:.10g}"),
        unit=CodedConcept(unit.ucum, "UCUM", unit.shown or "no units"),
    )


def _conclusions(document: Mapping[str, Any]) -> Any:
    """Return the qualitative evaluations of TID 1500: the proposed decision, then each verdict, as text."""
    from highdicom.sr import (
        CodedConcept,
        ContainerContentItem,
        ContentSequence,
        RelationshipTypeValues,
        TextContentItem,
    )

    container = ContainerContentItem(
        name=CodedConcept("C0034375", "UMLS", "Qualitative Evaluations"),
        relationship_type=RelationshipTypeValues.CONTAINS,
    )
    container.ContentSequence = ContentSequence(
        [
            TextContentItem(
                name=CodedConcept(*concept),
                value=text,
                relationship_type=RelationshipTypeValues.CONTAINS,
            )
            for concept, text in (*_statements(document), *_replaced(document))
        ]
    )
    return container


def _statements(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str, str], str]]:
    decision = document.get("decision_proposed") or "none"
    reason = document.get("decision_reason") or ""
    yield ("121077", "DCM", "Conclusion"), _text(f"Proposed by software, not signed: {decision}. {reason}")
    for verdict in document.get("verdicts", ()):
        cited = ", ".join(str(verdict[key]) for key in ("standard", "edition", "clause") if verdict.get(key))
        yield (
            ("121077", "DCM", "Conclusion"),
            _text(f"{verdict['rule']}: {verdict['outcome']} ({cited}). {verdict.get('reason', '')}"),
        )


def _replaced(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str, str], str]]:
    """Say which identifiers of the files are no UIDs, and what stands for them in this report."""
    named = [("exam", document.get("exam_uid", ""))]
    named += [(f"image {n}", image.get("image_uid", "")) for n, image in enumerate(document["images"], start=1)]
    for what, text in named:
        if text and not is_uid(text):
            yield (
                ("121106", "DCM", "Comment"),
                _text(f"The identifier of the {what}, {text}, is no DICOM UID; {valid_uid(text)} stands for it here."),
            )


def _text(text: str) -> str:
    """Return text fit for UT: line breaks allowed, other control characters not (PS3.5, 6.2)."""
    return "".join(" " if ord(letter) < 32 and letter not in "\r\n" else letter for letter in text).strip()


def reference_of(image: Any, number: int, exam_uid: str, fallback_class_uid: str) -> Reference:
    """Refer to an image by its own identifiers where it has them, otherwise by those ``dicom_write`` gives it."""
    return Reference(
        sop_class_uid=image.sop_class_uid or fallback_class_uid,
        image_uid=valid_uid(image.image_uid, otherwise=f"{exam_uid} image {number}"),
        series_uid=valid_uid(image.series_uid, otherwise=f"{exam_uid} series"),
        planes=image.planes,
    )

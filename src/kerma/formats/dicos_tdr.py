"""Threat detection reports of DICOS (NEMA IIC 1 v03): what the machine, the operator, the truth or all of them say.

Regions are in pixels of the image, in the order column, row, plane. Density is written in g/cm³, mass in grams, as
the arguments of Stratovan's interface are named; the standard's own text was not at hand (unverified).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from kerma import __version__
from kerma.errors import WrongUsage
from kerma.formats import dicos, finding_inside
from kerma.formats.dicom_write import Identity, file_bytes, plain, uid
from kerma.formats.report_object import SCHEME, Reference, coded, new_object
from kerma.formats.structured_report import polygon_of
from kerma.science.imaging.finding_mask import mask_of
from kerma.standards import table

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Findings = Sequence[tuple[Mapping[str, Any], Reference]]
ABORT_REASONS = (
    "OVERSIZE_BAG", "CLIPPED_BAG", "INCOMPLETE_SCAN", "FAILED_RECON", "TIMEOUT", "NOT_REVIEWED", "UNKNOWN_DATATYPE",
    "USER_INTERRUPT", "OUT_OF_BOUNDS",
)  # fmt: skip
ALARMS = {"suspect": "ALARM", "clear": "CLEAR"}
"""From a decision to the alarm decision; any other, such as a referral, leaves it UNKNOWN."""
OBJECTS_MAX = 65_535
"""An identifier of an object is a US."""
MASS, DENSITY, Z_EFFECTIVE = "mass_g", "density_g_cm3", "zeff"
MEASURED = {MASS: 0x40101017, DENSITY: 0x40101018, Z_EFFECTIVE: 0x40101019}
"""Measurements that have an attribute of their own; the others go along inside."""
OF_THINGS = {"laptop": "LAPTOP"}
"""Everyday things that DICOS has a category of their own for."""
HARMLESS = ("OTHER", *OF_THINGS.values())
NO_SCALE = 1.0
"""Image Scale Representation is about persons; the toolkit demands a number above 0 of every report."""


@dataclass(frozen=True)
class Alarm:
    """What was decided about the whole object of inspection, by whom, and when."""

    decision: str = ""
    """clear, suspect, refer; none or empty where nothing was decided."""
    by: str = ""
    name: str = ""
    """The operator's key and name; empty where no person decided."""
    at: datetime | None = None
    opened_at: datetime | None = None
    """When the person had the images before them."""
    abort_reason: str = ""
    """One of :data:`ABORT_REASONS` where the inspection was broken off."""

    @classmethod
    def of(cls, decided: Mapping[str, str]) -> Alarm:
        """Return the alarm of a person's decision (``decision``, ``by``, ``by_name``, ``at``, ``opened_at``)."""
        at, opened_at = (
            datetime.fromisoformat(decided[key]) if decided.get(key) else None for key in ("at", "opened_at")
        )
        name = decided.get("by_name") or decided.get("by", "")
        return cls(decided["decision"], decided.get("by", ""), name, at, opened_at)


def write(
    document: Mapping[str, Any],
    references: Sequence[Reference],
    identity: Identity,
    *,
    made_at: datetime,
    kind: str,
    alarm: Alarm | None = None,
) -> tuple[bytes, ...]:
    """Write the threat detection report of one kind; none where the one it is of has said nothing.

    Parameters
    ----------
    document, references, identity, made_at : as for the structured report
    kind : a key of :data:`KINDS`
    alarm : the decision; without, the one the document proposes, and for an operator nothing is written

    Raises
    ------
    WrongUsage
        An unknown kind or abort reason, or more objects than a report can number.
    """
    if kind not in KINDS:
        raise WrongUsage(f"there is no threat detection report '{kind}'; there are {', '.join(KINDS)}")
    of = KINDS[kind]
    every = [
        (finding, reference)
        for image, reference in zip(document["images"], references, strict=True)
        for finding in image.get("findings", ())
    ]
    taken = [(of.seen(finding), reference) for finding, reference in every if of.takes(finding)]
    if len(taken) > OBJECTS_MAX:
        raise WrongUsage(f"{len(taken)} objects are more than a threat detection report can number ({OBJECTS_MAX})")
    if alarm is None and kind != "operator":
        alarm = Alarm(str(document.get("decision_proposed") or ""), at=made_at)
    if alarm is None or (kind != "ground-truth" and not alarm.decision and not alarm.abort_reason):
        return ()
    if alarm.abort_reason and alarm.abort_reason not in ABORT_REASONS:
        raise WrongUsage(f"'{alarm.abort_reason[:40]}' is no reason to abort; there are {', '.join(ABORT_REASONS)}")
    return (_finished(_report(document, references, identity, made_at, (kind, of, taken, alarm))),)


def _report(
    document: Mapping[str, Any],
    references: Sequence[Reference],
    identity: Identity,
    made_at: datetime,
    what: tuple[str, Kind, Findings, Alarm],
) -> Dataset:
    kind, of, taken, alarm = what
    dicos.name_attributes()
    dataset = new_object(dicos.THREAT_REPORT, "TDR", f"threat report {kind}", identity, made_at)
    dataset.SeriesDescription = f"Threat detection report: {of.word.lower()}"
    _add_scan(dataset, document, references, identity)
    _add_machine(dataset, document)
    dataset.TDRType = of.word
    dataset.ThreatSequence = [
        _threat(number, finding, reference, made_at) for number, (finding, reference) in enumerate(taken, start=1)
    ]
    _add_alarm(dataset, taken, alarm, made_at)
    if kind == "operator":
        dataset.OperatorIdentificationSequence = [_operator(alarm)]
    if kind == "machine":
        dataset.ThreatDetectionAlgorithmAndVersion = _algorithms(taken)
    return dataset


def _add_scan(
    dataset: Dataset, document: Mapping[str, Any], references: Sequence[Reference], identity: Identity
) -> None:
    from pydicom.dataset import Dataset

    dataset.PatientID = dataset.PatientID or "unknown"
    dataset.IssuerOfPatientID, dataset.TypeOfPatientID, dataset.PatientSex = "Kerma", "TEXT", dataset.PatientSex or "U"
    dataset.OtherPatientIDsSequence = []
    dataset.StudyID = dataset.StudyID or "unknown"
    for what in ("Study", "Series"):
        if not dataset.get(f"{what}Date"):
            setattr(dataset, f"{what}Date", dataset.ContentDate)
        if not dataset.get(f"{what}Time"):
            setattr(dataset, f"{what}Time", dataset.ContentTime)
    dataset.FrameOfReferenceUID = uid(identity.exam_uid, "frame of reference of the image's pixels")
    dataset.PositionReferenceIndicator = ""
    dataset.DICOSVersion = dicos.VERSION
    dataset.OOIType = str(document.get("technique", {}).get("ooi_type") or "BAGGAGE")
    dataset.AcquisitionStatus, dataset.ScanType = "SUCCESSFUL", "OPERATIONAL"
    dataset.AlgorithmRoutingCodeSequence = []
    dataset.AdditionalScreeningPerformed = "NO"
    dataset.add_new(0x40101075, "FD", NO_SCALE)  # the registry says DS; the toolkit reads FD only
    scans = []
    for reference in references:
        scan = Dataset()
        scan.ReferencedSOPClassUID, scan.ReferencedSOPInstanceUID = reference.sop_class_uid, reference.image_uid
        scans.append(scan)
    dataset.ReferencedStudySequence = scans


def _add_machine(dataset: Dataset, document: Mapping[str, Any]) -> None:
    machine = document.get("machine") or {}
    for key, keyword, limit in (
        ("manufacturer", "Manufacturer", 64),
        ("model", "ManufacturerModelName", 64),
        ("serial_number", "DeviceSerialNumber", 64),
        ("station", "StationName", 16),
        ("institution", "InstitutionName", 64),
        ("institution_address", "InstitutionAddress", 1024),
    ):
        setattr(dataset, keyword, plain(str(machine.get(key) or ""), limit) or "unknown")
    dataset.InstitutionalDepartmentName = ""
    # nobody knows when; the attribute is required, and the time of the report says no more than that it is younger
    dataset.DateOfLastCalibration, dataset.TimeOfLastCalibration = dataset.ContentDate, dataset.ContentTime


def _add_alarm(dataset: Dataset, taken: Findings, alarm: Alarm, made_at: datetime) -> None:
    at = alarm.at or made_at
    dataset.AbortFlag = "ABORT" if alarm.abort_reason else "SUCCESS"
    if alarm.abort_reason:
        dataset.AbortReason = alarm.abort_reason
    alarms = sum(flag_of(finding) in ("THREAT", "HIGH_THREAT") for finding, _ in taken)
    decision = ALARMS.get(alarm.decision, "UNKNOWN")
    if not alarm.decision:
        decision = "ALARM" if alarms else "CLEAR"
    dataset.AlarmDecision = decision
    dataset.AlarmDecisionTime = _moment(at)
    dataset.NumberOfTotalObjects, dataset.NumberOfAlarmObjects = len(taken), alarms
    took_ms = (at - alarm.opened_at).total_seconds() * 1000 if alarm.opened_at else 0.0
    dataset.TotalProcessingTime = max(took_ms, 0.0)


def _operator(alarm: Alarm) -> Dataset:
    """Return who decided: the first code is the person, the second what kind of identifier that is (measured)."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.PersonIdentificationCodeSequence = [
        coded(plain(alarm.by, 16) or "unknown", SCHEME, plain(alarm.name) or "unknown"),
        coded("TEXT", SCHEME, "TEXT"),
    ]
    item.InstitutionName = "unknown"
    return item


def _algorithms(taken: Findings) -> list[str]:
    """Return manufacturer, version and, as parameters ``-name=value``, every algorithm that found something."""
    found: dict[str, None] = {}
    for finding, _ in taken:
        by = finding["by"]
        found[plain(f"-{by['name']}={by.get('version') or 'unknown'}")] = None
    return ["Kerma", f"Kerma {__version__}", *found]


def flag_of(finding: Mapping[str, Any]) -> str:
    """Return how an object is assessed: what a person dismissed, or what everybody carries, is no threat."""
    if "dismissed" in finding or category_of(finding) in HARMLESS:
        return "NO_THREAT"
    return "THREAT"


def category_of(finding: Mapping[str, Any]) -> str:
    """Return the DICOS category of a label; of one that no table knows, an anomaly."""
    words = {row["category"]: row["dicos"] for row in table("kerma_security/categories")}
    things = {row["name"]: row["category"] for row in table("kerma_security/things")}
    label = str(finding.get("label") or "")
    return OF_THINGS.get(label) or words.get(things.get(label, label)) or "ANOMALY"


def _threat(number: int, finding: Mapping[str, Any], reference: Reference, made_at: datetime) -> Dataset:
    from pydicom.dataset import Dataset

    threat, seen, assessed = Dataset(), Dataset(), Dataset()
    image = Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = reference.sop_class_uid, reference.image_uid
    seen.ReferencedInstanceSequence = [image]
    seen.ThreatROIVoxelSequence = [_region(region_of(finding))]
    measured = {one["name"]: one["value"] for one in finding.get("measurements", ()) if one["value"] is not None}
    for name, tag in MEASURED.items():
        if name in measured:
            seen.add_new(tag, "FL", float(measured[name]))
    if polygon := polygon_of(finding):
        plane = float(finding.get("plane") or 0)
        seen.BoundingPolygon = [value for row, column in polygon for value in (column, row, plane)]
    assessed.ThreatCategory = category_of(finding)
    if finding.get("label"):
        assessed.ThreatCategoryDescription = plain(str(finding["label"]), 1024)
    assessed.ATDAbilityAssessment = "NO_INTERFERENCE"
    assessed.ATDAssessmentFlag = flag_of(finding)
    score = finding.get("score")
    if score is not None and 0 <= score <= 1:
        assessed.ATDAssessmentProbability = float(score)
    threat.PotentialThreatObjectID = number
    threat.PTORepresentationSequence = [seen]
    threat.ATDAssessmentSequence = [assessed]
    for tag, representation in dicos.PROCESSED:  # required, and nobody measured them
        threat.add_new(tag, representation, _moment(made_at) if representation == "DT" else 0.0)
    finding_inside.put(threat, finding)
    return threat


@dataclass(frozen=True)
class Region:
    """Where an object is: base and extents in (column, row, plane), and its pixels packed from the lowest bit."""

    base: tuple[float, float, float]
    extents: tuple[float, float, float]
    bitmap: bytes = b""
    """Empty: the whole box."""


def region_of(finding: Mapping[str, Any]) -> Region:
    """Return the region of a finding: its box, or for one with an outline the pixels inside it."""
    row, column, height, width = (float(one) for one in finding["box"])
    plane = float(finding.get("plane") or 0)
    polygon = polygon_of(finding)
    if not polygon:
        return Region((column, row, plane), (width, height, 1.0))
    bottom, right = (max(1, int(np.ceil(start + length)) + 1) for start, length in ((row, height), (column, width)))
    mask = mask_of(finding["box"], polygon, bottom, right)
    high, wide = mask.pixels.shape
    bits = np.packbits(mask.pixels.ravel(), bitorder="little").tobytes()
    return Region((float(mask.column), float(mask.row), plane), (float(wide), float(high), 1.0), bits)


def _region(region: Region) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ThreatROIBase, item.ThreatROIExtents = list(region.base), list(region.extents)
    item.ThreatROIBitmap = region.bitmap + b"\0" * (len(region.bitmap) % 2) if region.bitmap else None
    return item


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S.%f+0000")


def _finished(dataset: Dataset) -> bytes:
    written = file_bytes(dataset, dicos_version=dicos.VERSION)
    dataset.SOPInstanceUID = uid("object", hashlib.sha256(written).hexdigest())
    return file_bytes(dataset, dicos_version=dicos.VERSION)


@dataclass(frozen=True)
class Kind:
    """One kind of report: its word in the file, and the findings it takes."""

    word: str
    takes: Callable[[Mapping[str, Any]], bool]
    seen: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    """A finding as this one sees it."""


def _undismissed(finding: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in finding.items() if key != "dismissed"}


KINDS: Mapping[str, Kind] = {
    "machine": Kind("MACHINE", lambda finding: finding["by"]["kind"] == "algorithm", _undismissed),
    "operator": Kind("OPERATOR", lambda finding: finding["by"]["kind"] == "person" or "dismissed" in finding),
    "ground-truth": Kind("GROUND TRUTH", lambda finding: "dismissed" not in finding),
    "aggregate": Kind("AGGREGATE", lambda finding: True),
}
"""The machine says what it found, whatever people made of it; the operator adds, and judges by dismissing."""

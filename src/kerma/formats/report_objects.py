"""Every DICOM object that an exam can be given out as, by name: what the doors offer and the tests sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kerma.errors import WrongUsage
from kerma.formats import (
    diconde_findings,
    dicos,
    dicos_tdr,
    encapsulated_pdf,
    key_objects,
    presentation_state,
    segmentation,
    structured_report,
)
from kerma.formats.dicom_write import Identity
from kerma.formats.key_objects import Selection
from kerma.formats.report_object import Reference, Signed


@dataclass(frozen=True)
class Material:
    """What objects are made of: the exam's document, its images, whose it is, when; what a person added to it."""

    document: Mapping[str, Any]
    references: Sequence[Reference]
    identity: Identity
    made_at: datetime
    pdf: bytes = b""
    """The report; empty where there is none."""
    signed: Signed | None = None
    selection: Selection | None = None
    decided: Mapping[str, str] | None = None
    """A person's decision: ``decision``, ``by`` (key), ``by_name``, ``at`` and where known ``opened_at`` (ISO 8601)."""
    originals: Sequence[bytes] = ()
    """The images as DICOM files, for what is written as a copy of them; empty where nobody gave them."""

    @property
    def common(self) -> tuple[Mapping[str, Any], Sequence[Reference], Identity]:
        """What every writer takes first."""
        return self.document, self.references, self.identity


@dataclass(frozen=True)
class ObjectKind:
    """One kind of object: the end of its files' names, what it is for, and its writer."""

    suffix: str
    help: str
    sop_class_uid: str
    """Empty: that of the image it is a copy of."""
    write: Callable[[Material], tuple[bytes, ...]]
    """Gives the files; none when the exam has nothing of this kind to say."""
    industries: tuple[str, ...] = ()
    """For whose exams it is; empty: for all."""


def _structured_report(of: Material) -> tuple[bytes, ...]:
    return (structured_report.write(*of.common, made_at=of.made_at, signed=of.signed),)


def _presentation_state(of: Material) -> tuple[bytes, ...]:
    return presentation_state.write(*of.common, made_at=of.made_at)


def _key_objects(of: Material) -> tuple[bytes, ...]:
    return key_objects.write(*of.common, made_at=of.made_at, selection=of.selection)


def _segmentation(of: Material) -> tuple[bytes, ...]:
    return segmentation.write(*of.common, made_at=of.made_at)


def _encapsulated_pdf(of: Material) -> tuple[bytes, ...]:
    if not of.pdf:
        return ()
    return (encapsulated_pdf.write(*of.common, made_at=of.made_at, pdf=of.pdf, signed=of.signed),)


def _threat_report(kind: str) -> Callable[[Material], tuple[bytes, ...]]:
    def write(of: Material) -> tuple[bytes, ...]:
        alarm = dicos_tdr.Alarm.of(of.decided) if of.decided and kind != "machine" else None
        return dicos_tdr.write(*of.common, made_at=of.made_at, kind=kind, alarm=alarm)

    return write


def _indications(of: Material) -> tuple[bytes, ...]:
    if not of.originals:
        return ()
    return diconde_findings.write(of.originals, of.document, made_at=of.made_at, decided=of.decided, signed=of.signed)


OBJECTS: Mapping[str, ObjectKind] = {
    "structured-report": ObjectKind(
        ".sr.dcm",
        "findings and marks of persons with place and measurements, verdicts, decision (SR, TID 1500)",
        structured_report.COMPREHENSIVE_SR,
        _structured_report,
    ),
    "presentation-state": ObjectKind(
        ".pr.dcm",
        "what the reader saw: window, polarity, part, turn, findings and marks of persons drawn (GSPS)",
        presentation_state.GREYSCALE_STATE,
        _presentation_state,
    ),
    "key-objects": ObjectKind(
        ".ko.dcm", "which images matter, or were rejected, and why (KOS)", key_objects.KEY_OBJECTS, _key_objects
    ),
    "segmentation": ObjectKind(
        ".seg.dcm",
        "findings as binary segments on the image's pixels (SEG); no marks of persons",
        segmentation.SEGMENTATION,
        _segmentation,
    ),
    "pdf": ObjectKind(
        ".pdf.dcm",
        "the report's PDF, byte by byte, inside a DICOM object",
        encapsulated_pdf.ENCAPSULATED_PDF,
        _encapsulated_pdf,
    ),
    "tdr-machine": ObjectKind(
        ".machine.dcs",
        "what the algorithms found, and the alarm they propose (DICOS TDR)",
        dicos.THREAT_REPORT,
        _threat_report("machine"),
        ("security",),
    ),
    "tdr-operator": ObjectKind(
        ".operator.dcs",
        "what the screener found, dismissed and decided (DICOS TDR); no marks",
        dicos.THREAT_REPORT,
        _threat_report("operator"),
        ("security",),
    ),
    "tdr-aggregate": ObjectKind(
        ".aggregate.dcs",
        "machine and screener together (DICOS TDR); no marks",
        dicos.THREAT_REPORT,
        _threat_report("aggregate"),
        ("security",),
    ),
    "diconde": ObjectKind(
        ".nde.dcm",
        "the image with indications, dispositions, approval and image quality indicators (DICONDE); no marks",
        "",
        _indications,
        ("ndt",),
    ),
}
"""From the name of a kind to how it is written."""


def write(kind: str, material: Material) -> tuple[bytes, ...]:
    """Write the objects of one kind; none when the exam has nothing of this kind to say.

    Raises
    ------
    WrongUsage
        An unknown kind.
    """
    if kind not in OBJECTS:
        raise WrongUsage(f"there is no object '{kind}'; there are {', '.join(OBJECTS)}")
    return OBJECTS[kind].write(material)

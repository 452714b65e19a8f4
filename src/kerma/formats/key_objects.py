"""Key object selections: which images matter and why, or which were rejected and why (PS3.16, TID 2010)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kerma.errors import WrongUsage
from kerma.formats import sr_items as sr
from kerma.formats.dicom_write import Identity, plain, uid
from kerma.formats.report_object import Reference, evidence, finished, new_object, opened, scheme_items, standing
from kerma.formats.sr_items import Item

KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
CLASSES = {KEY_OBJECTS: "key object selection"}
TITLES = {
    "of-interest": ("113000", "DCM", "Of Interest"),
    "rejected": ("113001", "DCM", "Rejected for Quality Reasons"),
    "for-referring-provider": ("113002", "DCM", "For Referring Provider"),
    "for-surgery": ("113003", "DCM", "For Surgery"),
    "for-teaching": ("113004", "DCM", "For Teaching"),
    "for-conference": ("113005", "DCM", "For Conference"),
    "for-therapy": ("113006", "DCM", "For Therapy"),
    "for-patient": ("113007", "DCM", "For Patient"),
    "for-peer-review": ("113008", "DCM", "For Peer Review"),
    "for-research": ("113009", "DCM", "For Research"),
    "quality-issue": ("113010", "DCM", "Quality Issue"),
    "best-in-set": ("113013", "DCM", "Best In Set"),
    "for-report-attachment": ("113020", "DCM", "For Report Attachment"),
    "for-litigation": ("113021", "DCM", "For Litigation"),
}
"""Why images were chosen (PS3.16, CID 7010)."""
REASONS = {
    "artefact": ("111207", "DCM", "Image artifact(s)"),
    "grid": ("111208", "DCM", "Grid artifact(s)"),
    "positioning": ("111209", "DCM", "Positioning"),
    "motion": ("111210", "DCM", "Motion blur"),
    "under-exposed": ("111211", "DCM", "Under exposed"),
    "over-exposed": ("111212", "DCM", "Over exposed"),
    "no-image": ("111213", "DCM", "No image"),
    "detector-artefact": ("111214", "DCM", "Detector artifact(s)"),
    "other-artefact": ("111215", "DCM", "Artifact(s) other than grid or detector artifact"),
    "mechanical": ("111216", "DCM", "Mechanical failure"),
    "electrical": ("111217", "DCM", "Electrical failure"),
    "software": ("111218", "DCM", "Software failure"),
    "processing": ("111219", "DCM", "Inappropriate image processing"),
    "other": ("111220", "DCM", "Other failure"),
    "unknown": ("111221", "DCM", "Unknown failure"),
    "double-exposure": ("113026", "DCM", "Double exposure"),
}
"""Why images were rejected (PS3.16, CID 7011)."""
MODIFIER = ("113011", "DCM", "Document Title Modifier")
DESCRIPTION = ("113012", "DCM", "Key Object Description")


@dataclass(frozen=True)
class Selection:
    """Why images are chosen: a key of :data:`TITLES`, for rejected ones a key of :data:`REASONS`, and a remark."""

    title: str = "of-interest"
    reason: str = ""
    remark: str = ""
    image_uids: tuple[str, ...] = ()
    """The images; empty when writing: those with findings that stand, or for rejection all."""
    planes: tuple[tuple[int, ...], ...] = ()
    """As read: the planes chosen of each image; empty for all."""


def write(
    document: Mapping[str, Any],
    references: Sequence[Reference],
    identity: Identity,
    *,
    made_at: datetime,
    selection: Selection | None = None,
) -> tuple[bytes, ...]:
    """Write a key object selection; none when no image is chosen.

    Parameters
    ----------
    document, references, identity, made_at : as for the structured report
    selection : which images and why; without, the images with findings are of interest

    Raises
    ------
    WrongUsage
        An unknown title or reason, a rejection without a reason, or an image that is not of this exam.
    """
    selection = selection or Selection()
    title = _known(TITLES, selection.title, "title")
    chosen = _chosen(document, references, selection)
    if not chosen:
        return ()
    root = new_object(KEY_OBJECTS, "KO", "keys", identity, made_at)
    root.SeriesNumber = 9003
    root.SeriesDescription = plain(f"Key images: {title[2]}")
    root.CodingSchemeIdentificationSequence = scheme_items()[:1]
    root.ReferencedPerformedProcedureStepSequence = []
    root.CurrentRequestedProcedureEvidenceSequence = evidence([reference for reference, _ in chosen], identity)
    children = []
    if selection.title in ("rejected", "quality-issue"):
        reason = _known(REASONS, selection.reason, "reason")
        children.append(sr.code(sr.MODIFIER, MODIFIER, reason))
    children += [
        sr.code(sr.CONTEXT, ("121005", "DCM", "Observer Type"), ("121007", "DCM", "Device")),
        sr.uid_reference(sr.CONTEXT, ("121012", "DCM", "Device Observer UID"), uid("kerma device")),
    ]
    if selection.remark:
        children.append(sr.text(sr.CONTAINS, DESCRIPTION, selection.remark))
    # PS3.16, TID 2010: the images stand without a concept name
    children += [sr.image(sr.CONTAINS, None, reference, planes) for reference, planes in chosen]
    root.update(sr.container(title, children, relation="", template="2010"))
    return (finished(root),)


def _known(table: Mapping[str, tuple[str, str, str]], key: str, what: str) -> tuple[str, str, str]:
    if key not in table:
        raise WrongUsage(f"key images need a {what}, one of {', '.join(table)}; '{key}' is none")
    return table[key]


def _chosen(
    document: Mapping[str, Any], references: Sequence[Reference], selection: Selection
) -> list[tuple[Reference, list[int]]]:
    if strange := set(selection.image_uids) - {reference.image_uid for reference in references}:
        raise WrongUsage(f"the exam has no image {min(strange)}")
    chosen = []
    for image, reference in zip(document["images"], references, strict=True):
        planes = sorted({int(finding.get("plane") or 0) for finding in standing(image)})
        by_default = selection.title == "rejected" or bool(planes)
        if reference.image_uid in selection.image_uids or (not selection.image_uids and by_default):
            chosen.append((reference, [] if selection.title == "rejected" else planes))
    return chosen


def read(data: bytes | memoryview) -> Selection:
    """Read a key object selection.

    Raises
    ------
    Unreadable, Hostile
        Damaged, or another object; one sentence says what.
    """
    root = Item(opened(data, CLASSES))
    items = list(root.children())
    images = [one.data.first(0x00081199) for one in items if one.kind in ("IMAGE", "COMPOSITE", "WAVEFORM")]
    modifier = next((one.code for one in items if one.name.value == MODIFIER[0]), None)
    return Selection(
        title=_key(TITLES, root.name),
        reason=_key(REASONS, modifier) if modifier else "",
        remark=next((one.text for one in items if one.name.value == DESCRIPTION[0]), ""),
        image_uids=tuple(image.text(0x00081155) for image in images),
        planes=tuple(tuple(int(frame) - 1 for frame in image.numbers(0x00081160)) for image in images),
    )


def _key(table: Mapping[str, tuple[str, str, str]], code: sr.Code) -> str:
    """Return our key of a code, or its meaning where we have none."""
    return next((key for key, known in table.items() if known[:2] == code[:2]), code.meaning)

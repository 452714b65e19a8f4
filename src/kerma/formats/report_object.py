"""What every DICOM object that goes with a report shares: what it refers to, who signed, header, references.

The same exam at the same time gives the same bytes; an object is named by its content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kerma import __version__
from kerma.errors import Unreadable
from kerma.formats.dicom_data import DataSet
from kerma.formats.dicom_file import open_file
from kerma.formats.dicom_write import Identity, add_identity, file_bytes, plain, uid, valid_uid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from kerma.formats.presentation_state import Shown

SCHEME = "99KERMA"
"""Private coding scheme for names no public scheme has (PS3.16, 8.1)."""
SCHEME_LABEL = "99KERMALABEL"
"""Private coding scheme of findings that have a label and no code."""
SCHEME_ISO_6520 = "99ISO6520"
SCHEMES = {
    SCHEME: "Kerma measurement and finding names",
    SCHEME_LABEL: "Kerma labels of findings that have no code",
    SCHEME_ISO_6520: "ISO 6520-1 imperfection numbers",
}


@dataclass(frozen=True)
class Reference:
    """An image as an object refers to it; ``shown`` is how the reader saw it, where that is known."""

    sop_class_uid: str
    image_uid: str
    series_uid: str
    planes: int = 1
    shown: Shown | None = None


@dataclass(frozen=True)
class Signed:
    """Who signed the report that stands behind an object, for whom, and when."""

    name: str
    organisation: str
    at: datetime


def reference_of(image: Any, number: int, exam_uid: str, fallback_class_uid: str) -> Reference:
    """Refer to an image by its own identifiers where it has them, otherwise by those ``dicom_write`` gives it."""
    return Reference(
        sop_class_uid=image.sop_class_uid or fallback_class_uid,
        image_uid=valid_uid(image.image_uid, otherwise=f"{exam_uid} image {number}"),
        series_uid=valid_uid(image.series_uid, otherwise=f"{exam_uid} series"),
        planes=image.planes,
    )


def tracking_uid(identity: Identity, finding: Mapping[str, Any]) -> str:
    """Return the identifier of a finding that stays the same in every version and every kind of object."""
    return uid(identity.exam_uid, "finding", str(finding["id"]))


def standing(image: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the findings of an image of the exam's document without those that a person dismissed."""
    return [finding for finding in image.get("findings", ()) if "dismissed" not in finding]


def new_object(sop_class_uid: str, modality: str, what: str, identity: Identity, made_at: datetime) -> Dataset:
    """Return a new object of an exam: identity, equipment, series and times, without content.

    Parameters
    ----------
    what : names its series among those of the exam, such as "report"; end it with :func:`finished`
    """
    from pydicom.dataset import Dataset

    at = made_at.astimezone(UTC)
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = sop_class_uid
    dataset.SOPInstanceUID = uid(identity.exam_uid, what)
    add_identity(dataset, identity)
    dataset.Modality = modality
    dataset.SeriesInstanceUID = uid(identity.exam_uid, f"{what} series")
    dataset.InstanceNumber = 1
    dataset.Manufacturer = dataset.ManufacturerModelName = "Kerma"
    dataset.SoftwareVersions = f"Kerma {__version__}"
    dataset.DeviceSerialNumber = __version__
    dataset.ContentDate, dataset.ContentTime = f"{at:%Y%m%d}", f"{at:%H%M%S}"
    dataset.InstanceCreationDate, dataset.InstanceCreationTime = dataset.ContentDate, dataset.ContentTime
    return dataset


def finished(dataset: Dataset) -> bytes:
    """Return the object as a file, named by its content: whatever differs in it is another object."""
    dataset.SOPInstanceUID = uid("object", hashlib.sha256(file_bytes(dataset)).hexdigest())
    return file_bytes(dataset)


def coded(value: str, scheme: str, meaning: str) -> Dataset:
    """Return an item of a code sequence; a value of more than 16 characters is a long one (PS3.3, 8.8)."""
    from pydicom.dataset import Dataset

    item = Dataset()
    setattr(item, "CodeValue" if len(value) <= 16 else "LongCodeValue", value)
    item.CodingSchemeDesignator, item.CodeMeaning = scheme, meaning
    return item


def code_of(finding: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return a finding as a code: value, scheme, meaning."""
    code, label = plain(str(finding.get("code") or ""), 256), plain(str(finding.get("label") or ""))
    if not code:
        return label or "finding", SCHEME_LABEL, label or "finding"
    return code, SCHEME_ISO_6520 if code.isascii() and code.isdigit() else SCHEME, label or plain(code)


def scheme_items() -> list[Dataset]:
    """Return the items that say what the private coding schemes are (PS3.3, C.12.1)."""
    from pydicom.dataset import Dataset

    items = []
    for designator, name in SCHEMES.items():
        item = Dataset()
        item.CodingSchemeDesignator, item.CodingSchemeName = designator, name
        items.append(item)
    return items


def image_item(reference: Reference, planes: Iterable[int] = ()) -> Dataset:
    """Return the item that refers to an image; ``planes`` (from 0) become frames where the image has several."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = reference.sop_class_uid, reference.image_uid
    frames = sorted({plane + 1 for plane in planes}) if reference.planes > 1 else []
    if frames:
        item.ReferencedFrameNumber = frames if len(frames) > 1 else frames[0]
    return item


def series_items(references: Sequence[Reference], *, sequence: str = "ReferencedSOPSequence") -> list[Dataset]:
    """Return one item per series with the images in it."""
    from pydicom.dataset import Dataset

    by_series: dict[str, dict[str, Dataset]] = {}
    for reference in references:
        by_series.setdefault(reference.series_uid, {})[reference.image_uid] = image_item(reference)
    items = []
    for series_uid, images in by_series.items():
        item = Dataset()
        item.SeriesInstanceUID = series_uid
        setattr(item, sequence, list(images.values()))
        items.append(item)
    return items


def evidence(references: Sequence[Reference], identity: Identity) -> list[Dataset]:
    """Return study, series and images as structured reports list what they were made of (PS3.3, C.17.2.1)."""
    from pydicom.dataset import Dataset

    study = Dataset()
    study.StudyInstanceUID = valid_uid(identity.exam_uid, otherwise="exam")
    study.ReferencedSeriesSequence = series_items(references)
    return [study]


def opened(data: bytes | memoryview, classes: Mapping[str, str]) -> DataSet:
    """Open a file that must be an object of one of these SOP classes.

    Raises
    ------
    Unreadable, Hostile
        Damaged, or another object; the message says what was expected.
    """
    file = open_file(data)
    found = file.data_set.text(0x00080016)
    if found not in classes:
        wanted = " or ".join(dict.fromkeys(classes.values()))
        raise Unreadable(f"this is no {wanted} (its SOP class is '{found[:64]}')")
    return file.data_set

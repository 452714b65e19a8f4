"""Findings as binary segments, one per finding, on the pixel grid of their image (PS3.3, A.51).

One object per image with findings. Bits, not bytes: a frame of 3000 by 3000 pixels takes 1.1 MB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import TooLarge, Unreadable
from kerma.formats.dicom_data import DataSet
from kerma.formats.dicom_write import Identity, plain, uid
from kerma.formats.header import PLANE_PIXELS_MAX
from kerma.formats.report_object import (
    SCHEME_LABEL,
    Reference,
    code_of,
    coded,
    finished,
    image_item,
    new_object,
    opened,
    series_items,
    standing,
    tracking_uid,
)
from kerma.formats.sr_items import code_at
from kerma.formats.structured_report import polygon_of
from kerma.science.imaging.finding_mask import Mask, box_of, mask_of, outline_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
CLASSES = {SEGMENTATION: "segmentation"}
SEGMENTS_MAX = 10_000
PIXEL_DATA = 0x7FE00010
# Neutral: a region of a picture. What it is of says the type; a part or a bag has no anatomy.
CATEGORY = ("309825002", "SCT", "Spatial and Relational Concept")


@dataclass(frozen=True)
class Segment:
    """One segment as read: the image and plane it is on, the finding it stands for, and its pixels."""

    image_uid: str
    plane: int
    rows: int
    columns: int
    """Size of the image's pixel grid."""
    tracking_uid: str
    finding: dict[str, Any]
    """As in an exam's document: id, code, label, box, plane, by, and polygon by the contour of the pixels."""
    mask: Mask


def write(
    document: Mapping[str, Any], references: Sequence[Reference], identity: Identity, *, made_at: datetime
) -> tuple[bytes, ...]:
    """Write one segmentation for every image with findings that stand.

    Parameters
    ----------
    document : the exam's document; its images, in the order of ``references``, tell their rows and columns
    references, identity, made_at : as for the structured report
    """
    made = []
    for number, (image, reference) in enumerate(zip(document["images"], references, strict=True), start=1):
        if findings := standing(image):
            made.append(_write_one(image, findings, (reference, number), identity, made_at))
    return tuple(made)


def _write_one(
    image: Mapping[str, Any],
    findings: Sequence[Mapping[str, Any]],
    where: tuple[Reference, int],
    identity: Identity,
    made_at: datetime,
) -> bytes:
    reference, number = where
    rows, columns = int(image["rows"]), int(image["columns"])
    made = new_object(SEGMENTATION, "SEG", "segmentation", identity, made_at)
    made.SeriesNumber, made.InstanceNumber = 9005, number
    made.SeriesDescription = "Findings as segments"
    made.ImageType = ["DERIVED", "PRIMARY"]
    made.PatientOrientation = ""
    made.ContentLabel, made.ContentDescription, made.ContentCreatorName = "FINDINGS", "Findings of an exam", ""
    made.LossyImageCompression, made.BurnedInAnnotation = "00", "NO"
    made.SegmentationType = "BINARY"
    made.SegmentSequence = [_segment(place, one, identity) for place, one in enumerate(findings, start=1)]
    made.ReferencedSeriesSequence = series_items([reference], sequence="ReferencedInstanceSequence")
    _add_frames(made, findings, reference, f"{identity.exam_uid} {number}")
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.NumberOfFrames, made.Rows, made.Columns = len(findings), rows, columns
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 1, 1, 0, 0
    packed = _packed(findings, rows, columns)
    made.add_new(PIXEL_DATA, "OB", packed + b"\0" * (len(packed) % 2))
    return finished(made)


def _packed(findings: Sequence[Mapping[str, Any]], rows: int, columns: int) -> bytes:
    """Return the frames as bits from the least significant on, across rows and frames (PS3.5, 8.1.1)."""
    size = rows * columns
    if size % 8 == 0:
        frames = (np.packbits(_mask(one, rows, columns), bitorder="little") for one in findings)
        return b"".join(frame.tobytes() for frame in frames)
    bits = np.concatenate([_mask(one, rows, columns).ravel() for one in findings])
    return np.packbits(bits, bitorder="little").tobytes()


def _mask(finding: Mapping[str, Any], rows: int, columns: int) -> NDArray[np.bool_]:
    return mask_of(finding["box"], polygon_of(finding), rows, columns).within(rows, columns)


def _segment(place: int, finding: Mapping[str, Any], identity: Identity) -> Dataset:
    from pydicom.dataset import Dataset

    by = finding["by"]
    segment = Dataset()
    segment.SegmentNumber = place
    segment.SegmentLabel = plain(str(finding.get("label") or "")) or "finding"
    segment.SegmentDescription = plain(f"by {by['name']}")
    segment.SegmentAlgorithmType = "AUTOMATIC" if by["kind"] == "algorithm" else "MANUAL"
    if by["kind"] == "algorithm":
        segment.SegmentAlgorithmName = plain(str(by["name"])) or "unknown"
        segment.SegmentationAlgorithmIdentificationSequence = [_algorithm(by)]
    segment.SegmentedPropertyCategoryCodeSequence = [coded(*CATEGORY)]
    segment.SegmentedPropertyTypeCodeSequence = [coded(*code_of(finding))]
    segment.TrackingID = plain(f"finding {finding['id']}")
    segment.TrackingUID = tracking_uid(identity, finding)
    return segment


def _algorithm(by: Mapping[str, Any]) -> Dataset:
    from pydicom.dataset import Dataset

    weights = by.get("model_sha256")
    family = ("123110", "DCM", "Artificial Intelligence") if weights else ("123101", "DCM", "Neighborhood Analysis")
    item = Dataset()
    item.AlgorithmFamilyCodeSequence = [coded(*family)]
    item.AlgorithmName = plain(str(by["name"])) or "unknown"
    item.AlgorithmVersion = plain(str(by.get("version") or "")) or "unknown"
    if weights:
        item.AlgorithmParameters = f"model SHA-256 {weights}"
    return item


def _add_frames(made: Dataset, findings: Sequence[Mapping[str, Any]], reference: Reference, name: str) -> None:
    """Add the functional groups: one frame per finding, each derived from its plane of the image."""
    from pydicom.dataset import Dataset

    organisation = Dataset()
    organisation.DimensionOrganizationUID = uid(name, "dimensions")
    index = Dataset()
    index.DimensionOrganizationUID = organisation.DimensionOrganizationUID
    index.DimensionIndexPointer, index.FunctionalGroupPointer = 0x0062000B, 0x0062000A
    index.DimensionDescriptionLabel = "Segment"
    made.DimensionOrganizationSequence, made.DimensionIndexSequence = [organisation], [index]
    shared = Dataset()
    made.SharedFunctionalGroupsSequence = [shared]
    made.PerFrameFunctionalGroupsSequence = [
        _frame(place, int(finding.get("plane") or 0), reference) for place, finding in enumerate(findings, start=1)
    ]


def _frame(place: int, plane: int, reference: Reference) -> Dataset:
    from pydicom.dataset import Dataset

    content, which, derived, frame = Dataset(), Dataset(), Dataset(), Dataset()
    content.DimensionIndexValues = [place]
    which.ReferencedSegmentNumber = place
    source = image_item(reference, [plane])
    source.PurposeOfReferenceCodeSequence = [coded("121322", "DCM", "Source image for image processing operation")]
    derived.SourceImageSequence = [source]
    derived.DerivationCodeSequence = [coded("113076", "DCM", "Segmentation")]
    frame.FrameContentSequence = [content]
    frame.SegmentIdentificationSequence = [which]
    frame.DerivationImageSequence = [derived]
    return frame


def read(data: bytes | memoryview) -> list[Segment]:
    """Read a binary segmentation: one Segment per frame that has pixels.

    Raises
    ------
    Unreadable, Hostile, TooLarge
        Damaged, another object, fractional or compressed; one sentence says what.
    """
    whole = opened(data, CLASSES)
    rows, columns, frames = _size(whole)
    described = {item.whole(0x00620004, b"US"): item for item in whole.items(0x00620002)}
    groups = whole.items(0x52009230)
    shared = whole.first(0x52009229)
    if len(groups) != frames:
        raise Unreadable(f"the segmentation has {frames} frames but describes {len(groups)}: the file is damaged")
    segments = []
    for place, group in enumerate(groups):
        number = _either(group, shared, 0x0062000A).whole(0x0062000B, b"US")
        segment = described.get(number)
        if segment is None:
            raise Unreadable(f"frame {place + 1} is of segment {number}, which the segmentation does not describe")
        mask = _unpacked(whole, place, rows, columns)
        if mask is not None:
            source = _either(group, shared, 0x00089124).first(0x00082112)
            segments.append(_read_segment(segment, source, mask, (rows, columns)))
    return segments


def _either(group: DataSet, shared: DataSet, tag: int) -> DataSet:
    return group.first(tag) if tag in group else shared.first(tag)


def _size(whole: DataSet) -> tuple[int, int, int]:
    rows, columns = (whole.whole(tag, b"US") or 0 for tag in (0x00280010, 0x00280011))
    frames = whole.whole(0x00280008) or 0
    kind, bits = whole.code(0x00620001), whole.whole(0x00280100, b"US")
    if kind != "BINARY" or bits != 1:
        raise Unreadable(f"only binary segmentations are read; this one is {kind or 'of unknown kind'}")
    element = whole.elements.get(PIXEL_DATA)
    if element is None or element[3] is not None:
        raise Unreadable("the segmentation's pixels are missing or compressed: store it uncompressed")
    if rows * columns > PLANE_PIXELS_MAX or frames > SEGMENTS_MAX:
        raise TooLarge(f"{frames} frames of {rows} by {columns} pixels are more than a segmentation may have")
    if min(rows, columns, frames) < 1 or -(-rows * columns * frames // 8) > element[2]:
        raise Unreadable(
            f"{frames} frames of {rows} by {columns} pixels are promised but only {element[2]} bytes are there"
        )
    return rows, columns, frames


def _unpacked(whole: DataSet, place: int, rows: int, columns: int) -> Mask | None:
    """Return the pixels of one frame, cut to what they cover; None when there are none."""
    start = whole.elements[PIXEL_DATA][1]
    size = rows * columns
    first, end = place * size // 8, -(-(place + 1) * size // 8)
    packed = np.frombuffer(whole.data, np.uint8, end - first, start + first)
    if not packed.any():
        return None
    skip = place * size - first * 8
    bits = np.unpackbits(packed, count=skip + size, bitorder="little")[skip:].reshape(rows, columns).view(np.bool_)
    down, across = np.flatnonzero(bits.any(axis=1)), np.flatnonzero(bits.any(axis=0))
    if not down.size:
        return None
    pixels = bits[down[0] : down[-1] + 1, across[0] : across[-1] + 1].copy()
    return Mask(int(down[0]), int(across[0]), pixels)


def _read_segment(segment: DataSet, source: DataSet, mask: Mask, size: tuple[int, int]) -> Segment:
    plane = max((source.whole(0x00081160) or 1) - 1, 0)
    code = code_at(segment, 0x0062000F)
    finding: dict[str, Any] = {
        "id": (segment.text(0x00620020) or str(segment.whole(0x00620004, b"US"))).removeprefix("finding "),
        "code": "" if code.scheme == SCHEME_LABEL else code.value,
        "label": segment.text(0x00620005),
        "box": list(box_of(mask)),
        "plane": plane,
        "by": _read_by(segment),
        "measurements": [],
    }
    if outline := outline_of(mask):
        finding["polygon"] = [list(point) for point in outline]
    return Segment(source.text(0x00081155), plane, *size, segment.text(0x00620021), finding, mask)


def _read_by(segment: DataSet) -> dict[str, Any]:
    if segment.code(0x00620008) == "MANUAL":
        return {"kind": "person", "name": segment.text(0x00620006).removeprefix("by "), "version": ""}
    algorithm = segment.first(0x00620007)
    version = algorithm.text(0x00660031)
    by = {
        "kind": "algorithm",
        "name": segment.text(0x00620009),
        "version": "" if version == "unknown" else version,
    }
    parameters = algorithm.text(0x00660032)
    weights = parameters.removeprefix("model SHA-256 ")
    return by | ({"model_sha256": weights} if weights != parameters else {})

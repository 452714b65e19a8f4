"""From a scanned DICOM data set to its Header, with the checks that need no pixel (identifiers, group 0028, sizes)."""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass

from kerma.errors import Hostile, Unreadable
from kerma.formats import dicos
from kerma.formats.dicom_data import DataSet
from kerma.formats.dicom_file import DicomFile
from kerma.formats.dicom_scan import PIXEL_DATA, name_of
from kerma.formats.header import Format, Header, check_size, uid_of
from kerma.standards import table

FLOAT_PIXEL_DATA = 0x7FE00008
DOUBLE_PIXEL_DATA = 0x7FE00009
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_FRAMES = re.compile(r"[+-]?\d{1,12}")
_UID_TAGS = (0x00080016, 0x00080018, 0x0020000D, 0x0020000E)
# PS3.6: the value representations of the elements that size a decoder's buffers; anything else is an attack or damage.
_PIXEL_VRS = {
    0x00280002: (b"US",),
    0x00280004: (b"CS",),
    0x00280006: (b"US",),
    0x00280008: (b"IS", b"US"),
    0x00280010: (b"US",),
    0x00280011: (b"US",),
    0x00280100: (b"US",),
    0x00280101: (b"US",),
    0x00280102: (b"US",),
    0x00280103: (b"US",),
}


@dataclass(frozen=True)
class PixelLayout:
    """How the pixels lie in the file (PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    samples: int
    planes: int
    bits_allocated: int
    bits_stored: int
    is_signed: bool
    photometric: str
    is_planar: bool
    element: int

    @property
    def plane_bytes(self) -> float:
        """Bytes of one uncompressed plane."""
        # PS3.3 C.7.6.3.1.2: YBR_FULL_422 keeps half of the chrominance.
        samples = 2 if self.photometric == "YBR_FULL_422" else self.samples
        return self.rows * self.columns * samples * self.bits_allocated / 8


def header_of(file: DicomFile, digest_of: bytes | memoryview) -> Header:
    """Return the Header; ``digest_of`` are the file's bytes, for identifiers the file lacks.

    Raises
    ------
    Unreadable, Hostile, TooLarge
        An identifier that is none, pixel attributes of a wrong kind, or sizes that cannot be true.
    """
    data = file.data_set
    sop_class = data.text(0x00080016) or file.meta.text(0x00020002)
    for tag in _UID_TAGS:
        check_uid(data.text(tag), tag)
    image_uid = data.text(0x00080018) or _uid_elsewhere(file, digest_of)
    layout = pixel_layout(file)
    kind = _format(data, file.meta, sop_class)
    series_uid = data.text(0x0020000E) or _derived(file, "Series Instance UID", image_uid)
    return Header(
        format=kind,
        kind="image" if layout else "object",
        image_uid=image_uid,
        series_uid=series_uid,
        exam_uid=data.text(0x0020000D) or _derived(file, "Study Instance UID", series_uid),
        sop_class_uid=sop_class,
        sop_class_name=sop_class_names().get(sop_class, ""),
        transfer_syntax_uid=file.syntax.uid,
        subject_id=data.text(0x00100020),
        subject_issuer=data.text(0x00100021),
        subject_name=data.text(0x00100010, is_name=True),
        birth_date=data.date(0x00100030),
        sex=data.code(0x00100040),
        accession=data.text(0x00080050),
        exam_date=data.date(0x00080020),
        exam_time=data.time(0x00080030),
        exam_id=data.text(0x00200010),
        exam_description=data.text(0x00081030),
        referring_name=data.text(0x00080090, is_name=True),
        modality=data.code(0x00080060),
        series_number=data.whole(0x00200011),
        series_description=data.text(0x0008103E),
        body_part=data.text(0x00180015),
        image_number=data.whole(0x00200013),
        rows=layout.rows if layout else 0,
        columns=layout.columns if layout else 0,
        planes=layout.planes if layout else 0,
        bits=layout.bits_stored if layout else 0,
        manufacturer=data.text(0x00080070),
        model=data.text(0x00081090),
        serial_number=data.text(0x00181000),
        station=data.text(0x00081010),
        institution=data.text(0x00080080),
        acquired_at=acquired_at(data),
        bits_allocated=layout.bits_allocated if layout else 0,
        **_series_facts(data),
        industry_hint={"DICOS": "security", "DICONDE": "ndt"}.get(kind, "medical"),  # type: ignore[arg-type]
        warnings=tuple(dict.fromkeys(file.warnings)),
    )


def _uid_elsewhere(file: DicomFile, digest_of: bytes | memoryview) -> str:
    """Return the UID of an object whose data set has none."""
    uid = file.meta.text(0x00020003)
    check_uid(uid, 0x00020003)
    if uid:
        file.warnings.append("the file has no SOP Instance UID but in its meta information; that one was taken")
        return uid
    file.warnings.append("the file has no SOP Instance UID; one was derived from its bytes")
    return uid_of(digest_of)


def _series_facts(data: DataSet) -> dict[str, str]:
    """Return what a series is searched by beside its identifiers."""
    order = data.first(0x00400275)  # Request Attributes Sequence: its first item is the order that asked for the series
    return {
        "timezone": data.text(0x00080201),
        "series_date": data.date(0x00080021),
        "series_time": data.time(0x00080031),
        "protocol": data.text(0x00181030),
        "laterality": data.code(0x00200060),
        "performed_date": data.date(0x00400244),
        "performed_time": data.time(0x00400245),
        "performed_id": data.text(0x00400253),
        "requested_id": order.text(0x00401001),
        "scheduled_id": order.text(0x00400009),
    }


@functools.cache
def sop_class_names() -> dict[str, str]:
    """Return the names of the storage SOP classes by UID."""
    return {row["uid"]: row["name"] for row in table("dicom_ps3.6/sop_classes")}


def check_uid(uid: str, tag: int) -> None:
    """Refuse an identifier outside the grammar of PS3.5, 9.1: it would end in paths, queries and pages.

    Leading zeros in a component are tolerated, because security scanners write them.
    """
    if uid and (len(uid) > 64 or not _UID.fullmatch(uid)):
        raise Hostile(f"identifier {name_of(tag)} '{uid[:70]}' is not 1 to 64 digits and dots: refused")


def pixel_layout(file: DicomFile) -> PixelLayout | None:
    """Return how the pixels lie, or None for an object without pixels."""
    data = file.data_set
    element = next((tag for tag in (PIXEL_DATA, FLOAT_PIXEL_DATA, DOUBLE_PIXEL_DATA) if tag in data), 0)
    if not element:
        if all(tag in data for tag in (0x00280010, 0x00280011, 0x00280100)):
            raise Unreadable("the file describes an image but has no pixel data: it is cut short; fetch it again")
        return None
    for tag, allowed in _PIXEL_VRS.items():
        found = data.elements.get(tag)
        if found and file.syntax.is_explicit and found[0] not in allowed:
            raise Hostile(
                f"element {name_of(tag)} has value representation {found[0].decode('ascii')}, which the standard does "
                f"not allow there ({allowed[0].decode('ascii')} expected): refused"
            )
    bits_allocated = _one(data, 0x00280100)
    layout = PixelLayout(
        rows=_one(data, 0x00280010),
        columns=_one(data, 0x00280011),
        samples=_one(data, 0x00280002, 1),
        planes=_planes(data),
        bits_allocated=bits_allocated,
        bits_stored=_one(data, 0x00280101, bits_allocated),
        is_signed=_one(data, 0x00280103, 0) == 1,
        photometric=data.code(0x00280004) or "MONOCHROME2",
        is_planar=_one(data, 0x00280006, 0) == 1,
        element=element,
    )
    _check(file, layout)
    return layout


def acquired_at(data: DataSet) -> str:
    """Return when the image was acquired, ISO 8601, from the most exact attribute there is."""
    for moment in (0x0008002A,):
        if text := data.moment(moment):
            return text
    # Acquisition, content, series, study: PS3.3 C.7.6.1, C.7.3.1, C.7.2.1.
    for date_tag, time_tag in (
        (0x00080022, 0x00080032),
        (0x00080023, 0x00080033),
        (0x00080021, 0x00080031),
        (0x00080020, 0x00080030),
    ):
        if date := data.date(date_tag):
            time = data.time(time_tag)
            return f"{date}T{time}" if time else date
    return ""


def _check(file: DicomFile, layout: PixelLayout) -> None:
    if layout.samples not in (1, 3, 4) or layout.bits_allocated not in (1, 8, 16, 32, 64):
        raise Unreadable(
            f"{layout.samples} samples of {layout.bits_allocated} bits a pixel is no arrangement Kerma reads"
        )
    if not 1 <= layout.bits_stored <= layout.bits_allocated:
        raise Unreadable(f"{layout.bits_stored} bits stored of {layout.bits_allocated} allocated cannot be")
    found = file.data_set.elements[layout.element]
    fragments = found[3]
    is_compressed = fragments is not None
    if file.syntax.codec and not is_compressed:
        raise Unreadable(f"the pixel data is not encapsulated although the transfer syntax is {file.syntax.name}")
    check_size(
        rows=layout.rows,
        columns=layout.columns,
        planes=layout.planes,
        bytes_per_pixel=layout.plane_bytes / max(layout.rows * layout.columns, 1),
        stored_bytes=found[2],
        is_compressed=is_compressed,
    )
    if not is_compressed and found[2] > layout.plane_bytes * layout.planes + 1:
        file.warnings.append(f"the pixel data is longer ({found[2]} bytes) than its header says; the rest was left out")


def _one(data: DataSet, tag: int, default: int | None = None) -> int:
    element = data.elements.get(tag)
    if element is None or element[2] == 0:
        if default is None:
            raise Unreadable(f"element {name_of(tag)} is missing, without which the pixels cannot be read")
        return default
    if element[2] != 2:
        raise Unreadable(f"element {name_of(tag)} has {element[2]} bytes where one number of 2 bytes is expected")
    return data.words(tag)[0]


def _planes(data: DataSet) -> int:
    element = data.elements.get(0x00280008)
    if element is None or element[2] == 0:
        return 1
    if element[0] == b"US":  # DICOS CT writes the number of frames so.
        return _one(data, 0x00280008)
    text = data.text(0x00280008)
    if not _FRAMES.fullmatch(text) or int(text) < 1:
        raise Unreadable(f"the number of frames '{text[:20]}' is not a whole number from 1")
    return int(text)


def _format(data: DataSet, meta: DataSet, sop_class: str) -> Format:
    if dicos.is_dicos(meta, sop_class):
        return "DICOS"
    # ASTM E2339: DICONDE renames DICOM's words and adds group 0014.
    has_component = any(tag >> 16 == 0x0014 for tag in data.elements)
    is_diconde = has_component or sop_class.startswith("1.2.840.10008.5.1.4.1.1.601.")
    return "DICONDE" if is_diconde else "DICOM"


def _derived(file: DicomFile, what: str, seed: str) -> str:
    file.warnings.append(f"the file has no {what}; one was derived")
    return uid_of(hashlib.sha256(f"{what}:{seed}".encode()).digest())

"""DICOM, DICONDE and DICOS files to Header and Image."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.formats import dicos
from kerma.formats.dicom_data import DataSet
from kerma.formats.dicom_file import DicomFile, open_file
from kerma.formats.dicom_grey import grey_of
from kerma.formats.dicom_header import PixelLayout, header_of, pixel_layout
from kerma.formats.dicom_pixels import pixels_of
from kerma.formats.dicom_scale import spacing_of
from kerma.formats.dicom_technique import acquisition_of, machine_of, technique_of, view_of
from kerma.formats.header import Header, check_numbers
from kerma.science.imaging.image import Image, Meaning

# Modalities whose pictures follow the radiographic convention: the denser, the brighter (film is its model).
_RADIOGRAPHIC = frozenset(["CR", "DX", "MG", "IO", "PX", "RG"])
_INTENTS: dict[str, Meaning] = {"FOR PRESENTATION": "for-presentation", "FOR PROCESSING": "for-processing"}


def scan(data: bytes | memoryview) -> Header:
    """Return the Header of a DICOM file without decoding a pixel."""
    return header_of(open_file(data), data)


def read(data: bytes | memoryview) -> Image:
    """Return the Image of a DICOM file.

    Raises
    ------
    Unreadable
        An object without pixels (a report, a plan), or damaged pixels; the message says which.
    """
    file = open_file(data)
    header = header_of(file, data)
    layout = pixel_layout(file)
    if layout is None:
        raise Unreadable(_without_pixels(header))
    pixels = pixels_of(file, layout)
    check_numbers(pixels)
    return image_of(file, header, layout, pixels)


def _without_pixels(header: Header) -> str:
    if header.sop_class_uid == dicos.THREAT_REPORT:
        return "this is a threat detection report without pixels: read the image it refers to"
    name = header.sop_class_name or header.sop_class_uid or "DICOM object"
    return f"this is a {name}, an object without pixels: nothing to look at or measure"


def image_of(file: DicomFile, header: Header, layout: PixelLayout, pixels: NDArray[Any]) -> Image:
    """Return the Image of a file with these stored values."""
    data = file.data_set
    is_colour = pixels.ndim == 4
    image_type = tuple(word.upper() for word in data.texts(0x00080008))
    channel = dicos.energy(image_type) if header.format == "DICOS" else ""
    padding = data.words(0x00280120, is_signed=layout.is_signed)
    return Image(
        pixels=pixels,
        bits=8 if is_colour else layout.bits_stored,
        meaning=_meaning(data, header, image_type),
        grey=grey_of(data, layout.photometric, is_signed=layout.is_signed),
        spacing=spacing_of(data, header.modality),
        rises_with_dose=_rises_with_dose(data, header, layout),
        padding_value=float(padding[0]) if padding and not is_colour else None,
        plane_kind="energy" if channel and layout.planes == 1 else "frame",
        plane_labels=(channel,) if channel and layout.planes == 1 else (),
        format=header.format,
        modality=header.modality,
        subject_id=header.subject_id,
        subject_name=header.subject_name,
        exam_uid=header.exam_uid,
        series_uid=header.series_uid,
        image_uid=header.image_uid,
        sop_class_uid=header.sop_class_uid,
        description=header.series_description or header.exam_description,
        body_part=header.body_part,
        view=view_of(data),
        acquired_at=header.acquired_at,
        acquisition=acquisition_of(data),
        machine=machine_of(data),
        technique=technique_of(data, is_component=header.format == "DICONDE")
        | ({"energy": channel} if channel else {}),
        warnings=tuple(dict.fromkeys(file.warnings)),
    )


def _meaning(data: DataSet, header: Header, image_type: tuple[str, ...]) -> Meaning:
    if header.format == "DICOS" and (by_type := dicos.meaning(image_type)):
        return by_type
    if header.modality == "CT" and header.format != "DICOS":
        return "ct-number"
    intent = _INTENTS.get(data.code(0x00080068), "unknown")
    # PS3.3 C.8.11.3.1.2: LOG means the values are proportional to the logarithm of the intensity.
    is_log = data.code(0x00281040) == "LOG"
    return "log" if is_log and intent != "for-presentation" else intent


def _rises_with_dose(data: DataSet, header: Header, layout: PixelLayout) -> bool | None:
    if header.modality == "CT":
        return False
    # PS3.3 C.8.11.3.1.2: sign 1 means that lower pixel values go with less X-ray intensity.
    sign = data.words(0x00281041, is_signed=True)
    if sign and sign[0] in (1, -1, 65535):
        return sign[0] == 1
    if header.modality in _RADIOGRAPHIC and layout.photometric.startswith("MONOCHROME"):
        data.warnings.append("polarity was taken from the radiographic convention: denser is brighter")
        return layout.photometric == "MONOCHROME1"
    return None

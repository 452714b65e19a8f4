"""Image to DICOM: Secondary Capture for any image, Digital X-Ray for a detector's image; 16-bit, dciodvfy clean.

Pixels are written as they are when they fit 16 bits. Floating-point and wider integer pixels are quantised to 16
bits with the rescale that leads back to the numbers, and the object says that it is derived.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kerma import __version__
from kerma.errors import WrongUsage
from kerma.formats import dicos
from kerma.formats.header import Header, uid_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from kerma.science.imaging.image import Image, Window

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
MULTI_FRAME_BYTE = "1.2.840.10008.5.1.4.1.1.7.2"
MULTI_FRAME_WORD = "1.2.840.10008.5.1.4.1.1.7.3"
MULTI_FRAME_COLOUR = "1.2.840.10008.5.1.4.1.1.7.4"
DX_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1"
DX_FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.1.1"


@dataclass(frozen=True)
class Identity:
    """Whom and what an object belongs to: the subject and exam attributes every DICOM object of an exam repeats.

    Dates are DICOM text (YYYYMMDD), times too (HHMMSS[.ffffff]); empty where unknown.
    """

    exam_uid: str
    subject_id: str = ""
    subject_name: str = ""
    birth_date: str = ""
    sex: str = ""
    exam_id: str = ""
    exam_date: str = ""
    exam_time: str = ""
    exam_description: str = ""
    accession: str = ""
    referring_name: str = ""

    @classmethod
    def of(cls, header: Header) -> Identity:
        """Take the identity from the header of one of the exam's images."""
        return cls(
            exam_uid=header.exam_uid,
            subject_id=header.subject_id,
            subject_name=header.subject_name,
            birth_date=_real(header.birth_date.replace("-", ""), "%Y%m%d"),
            sex=header.sex,
            exam_id=header.exam_id,
            exam_date=_real(header.exam_date.replace("-", ""), "%Y%m%d"),
            exam_time=_real_time(header.exam_time.replace(":", "")),
            exam_description=header.exam_description,
            accession=header.accession,
            referring_name=header.referring_name,
        )


def _real(written: str, form: str) -> str:
    """Return a date or time as written when it exists, else nothing: files hold 00000000 where nobody knew."""
    try:
        datetime.strptime(written, form)
    except ValueError:
        return ""
    return written


def _real_time(written: str) -> str:
    whole, _, fraction = written.partition(".")
    form = {2: "%H", 4: "%H%M", 6: "%H%M%S"}.get(len(whole), "")
    return written if form and _real(whole, form) and (not fraction or fraction.isdigit()) else ""


class Words(NamedTuple):
    """Pixels that fit 16 bits, and the rescale from them to the meaning of the numbers."""

    pixels: NDArray[Any]
    slope: float
    intercept: float
    is_quantised: bool


def uid(*parts: str) -> str:
    """Return the identifier 2.25.<number> that these parts always give."""
    return uid_of("\0".join(parts).encode())


def is_uid(text: str) -> bool:
    """Return whether the text is a UID: root 0, 1 or 2, no leading zeros, at most 64 characters (PS3.5, 9.1)."""
    return len(text) <= 64 and re.fullmatch(r"[012](\.(0|[1-9]\d*))+", text) is not None


def valid_uid(text: str, *, otherwise: str = "") -> str:
    """Return the UID itself when it is one; for a text that is none, always the same UID in its place.

    Parameters
    ----------
    text : what a file gives as its identifier
    otherwise : what stands for an empty text
    """
    return text if is_uid(text) else uid("in place of", text or otherwise)


def secondary_capture(image: Image, identity: Identity, *, number: int, made_at: datetime) -> bytes:
    """Write any image as Secondary Capture; more than one plane as its multi-frame form.

    The object keeps ``image.image_uid``, so that a structured report may refer to it: it is the DICOM form of a TIFF,
    PNG or raw image, never a second copy of a DICOM file.
    """
    words = as_words(image)
    dataset = _object(capture_class(image), image, identity, number, made_at)
    dataset.Modality = "OT"
    dataset.ConversionType = "WSD"
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.BurnedInAnnotation = "NO"
    dataset.Laterality = ""
    _add_spacing(dataset, image)
    if not image.is_colour:
        _add_rescale(dataset, image, words)
        dataset.PresentationLUTShape = "INVERSE" if image.grey.is_inverse else "IDENTITY"
    if image.planes > 1:
        dataset.FrameIncrementPointer = 0x00181063  # Frame Time: the planes have no other common order
        dataset.FrameTime = "1"
    add_pixels(dataset, image, words)
    return file_bytes(dataset)


def digital_x_ray(
    image: Image, identity: Identity, *, number: int, made_at: datetime, orientation: tuple[str, str]
) -> bytes:
    """Write one plane of a projection image as Digital X-Ray; see :func:`digital_x_ray_data`."""
    return file_bytes(digital_x_ray_data(image, identity, number=number, made_at=made_at, orientation=orientation))


def digital_x_ray_data(
    image: Image, identity: Identity, *, number: int, made_at: datetime, orientation: tuple[str, str]
) -> Dataset:
    """Return one plane of a projection image as the data set of a Digital X-Ray object.

    Parameters
    ----------
    image, identity, number, made_at : the image, whose it is, its instance number and the time of writing
    orientation : where its rows and its columns point, such as ("L", "F"): the object must say it, so the caller
        must know it; it is never guessed (PS3.3, C.7.6.1.1.1)

    Raises
    ------
    WrongUsage
        The image is colour, has more than one plane, or the detector's own pixel spacing is unknown.
    """
    if image.is_colour or image.planes != 1:
        raise WrongUsage(
            f"a Digital X-Ray object holds one grey plane; this image has {image.planes} planes"
            f"{' in colour' if image.is_colour else ''}: write it as Secondary Capture"
        )
    if image.spacing.source != "detector" or not image.spacing.is_known:
        raise WrongUsage(
            f"a Digital X-Ray object must state the detector's pixel spacing; this image has '{image.spacing.label}': "
            "write it as Secondary Capture"
        )
    words = as_words(image)
    is_shown = image.meaning == "for-presentation"
    dataset = _object(DX_FOR_PRESENTATION if is_shown else DX_FOR_PROCESSING, image, identity, number, made_at)
    dataset.Modality = "DX"
    dataset.PresentationIntentType = "FOR PRESENTATION" if is_shown else "FOR PROCESSING"
    dataset.ImageType = ["ORIGINAL" if not words.is_quantised else "DERIVED", "PRIMARY", ""]
    dataset.PatientOrientation = list(orientation)
    _add_detector(dataset, image)
    _add_rescale(dataset, image, words)
    dataset.PresentationLUTShape = "INVERSE" if image.grey.is_inverse else "IDENTITY"
    add_pixels(dataset, image, words)
    return dataset


def as_words(image: Image) -> Words:
    """Return the pixels in at most 16 bits: unchanged when they fit, otherwise quantised over their range.

    Raises
    ------
    WrongUsage
        The image has a Modality LUT, which a rescale cannot express: its own DICOM file is the one to pass on.
    """
    if image.grey.modality_lut is not None:
        raise WrongUsage("this image has a Modality LUT, which would be lost: pass on its original DICOM file")
    pixels, slope, intercept = image.pixels, image.grey.slope, image.grey.intercept
    if pixels.dtype.kind in "iu" and pixels.dtype.itemsize <= 2:
        return Words(pixels, slope, intercept, False)
    if pixels.dtype.kind == "b":
        return Words(pixels.astype(np.uint8), slope, intercept, False)
    finite = pixels[np.isfinite(pixels)] if pixels.dtype.kind == "f" else pixels
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if pixels.dtype.kind in "iu" and low >= 0 and high <= 0xFFFF:
        return Words(pixels.astype(np.uint16), slope, intercept, False)
    step = (high - low) / 0xFFFF or 1.0
    quantised = np.nan_to_num((pixels.astype(np.float64) - low) / step, nan=0.0, posinf=0xFFFF, neginf=0.0)
    return Words(np.rint(quantised).clip(0, 0xFFFF).astype(np.uint16), slope * step, intercept + slope * low, True)


def plain(text: str, limit: int = 64) -> str:
    """Return text that every DICOM string may hold: no control character, no backslash, not too long (PS3.5, 6.2)."""
    return (
        "".join(" " if ord(letter) < 32 or ord(letter) == 127 else letter for letter in text)
        .replace("\\", "/")[:limit]
        .strip()
    )


def add_identity(dataset: Dataset, identity: Identity) -> None:
    """Add the patient and study attributes (PS3.3, C.7.1.1 and C.7.2.1); unknown ones are present and empty."""
    dataset.PatientName = plain(identity.subject_name)
    dataset.PatientID = plain(identity.subject_id)
    dataset.PatientBirthDate = identity.birth_date if re.fullmatch(r"\d{8}", identity.birth_date) else ""
    dataset.PatientSex = identity.sex if identity.sex in ("M", "F", "O") else ""
    dataset.StudyInstanceUID = valid_uid(identity.exam_uid, otherwise="exam")
    dataset.StudyID = plain(identity.exam_id, 16)
    dataset.StudyDate = identity.exam_date if re.fullmatch(r"\d{8}", identity.exam_date) else ""
    dataset.StudyTime = identity.exam_time if re.fullmatch(r"\d{2,6}(\.\d{1,6})?", identity.exam_time) else ""
    dataset.AccessionNumber = plain(identity.accession, 16)
    dataset.ReferringPhysicianName = plain(identity.referring_name)
    if identity.exam_description:
        dataset.StudyDescription = plain(identity.exam_description)


def capture_class(image: Image) -> str:
    """Return the SOP class that :func:`secondary_capture` gives the image."""
    if image.planes == 1:
        return SECONDARY_CAPTURE
    if image.is_colour:
        return MULTI_FRAME_COLOUR
    return MULTI_FRAME_BYTE if image.pixels.dtype.itemsize == 1 else MULTI_FRAME_WORD


def _object(sop_class_uid: str, image: Image, identity: Identity, number: int, made_at: datetime) -> Dataset:
    from pydicom.dataset import Dataset

    made_at = made_at.astimezone(UTC)
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = sop_class_uid
    dataset.SOPInstanceUID = valid_uid(image.image_uid, otherwise=f"{identity.exam_uid} image {number}")
    dataset.SeriesInstanceUID = valid_uid(image.series_uid, otherwise=f"{identity.exam_uid} series")
    add_identity(dataset, identity)
    dataset.SeriesNumber = 1
    dataset.InstanceNumber = number
    dataset.Manufacturer = plain(image.machine.get("manufacturer", "")) or "Kerma"
    for key, keyword in (("model", "ManufacturerModelName"), ("serial_number", "DeviceSerialNumber")):
        if image.machine.get(key):
            setattr(dataset, keyword, plain(image.machine[key]))
    dataset.SoftwareVersions = f"Kerma {__version__}"
    dataset.ContentDate, dataset.ContentTime = made_at.strftime("%Y%m%d"), made_at.strftime("%H%M%S")
    dataset.InstanceCreationDate, dataset.InstanceCreationTime = dataset.ContentDate, dataset.ContentTime
    dataset.PatientOrientation = ""
    dataset.LossyImageCompression = "00"
    if image.description:
        dataset.ImageComments = plain(image.description)
    return dataset


def _add_spacing(dataset: Dataset, image: Image) -> None:
    # PS3.3, 10.7.1.2: Pixel Spacing says what it was calibrated against; the detector's own spacing has another name
    if not image.spacing.is_known:
        return
    spacing = [f"{image.spacing.row_mm:.10g}", f"{image.spacing.column_mm:.10g}"]
    if image.spacing.source == "detector":
        dataset.ImagerPixelSpacing = spacing
        return
    dataset.PixelSpacing = spacing
    is_fiducial = image.spacing.source == "calibrated"
    dataset.PixelSpacingCalibrationType = "FIDUCIAL" if is_fiducial else "GEOMETRY"
    dataset.PixelSpacingCalibrationDescription = "As given with the image"


def _add_rescale(dataset: Dataset, image: Image, words: Words) -> None:
    dataset.RescaleIntercept = f"{words.intercept:.10g}"
    dataset.RescaleSlope = f"{words.slope:.10g}"
    dataset.RescaleType = plain(image.grey.unit, 16) or "US"
    if words.is_quantised:
        dataset.DerivationDescription = "Quantised to 16 bits; the rescale leads back to the numbers"
    if window := _window_of(dataset, image):
        dataset.WindowCenter, dataset.WindowWidth = f"{window.center:.10g}", f"{window.width:.10g}"
        dataset.VOILUTFunction = window.function


def _window_of(dataset: Dataset, image: Image) -> Window | None:
    """Return the image's window; for one that is to be shown and has none, a window over its values."""
    from kerma.science.imaging.greyscale import default_window

    if image.grey.windows:
        return image.grey.windows[0]
    # PS3.3, C.8.11.3.1.5: an image for presentation must say how it is shown
    return default_window(image) if dataset.get("PresentationIntentType") == "FOR PRESENTATION" else None


def _add_detector(dataset: Dataset, image: Image) -> None:
    """Add what the Digital X-Ray object must say about detector, position and anatomy (PS3.3, A.26)."""
    from pydicom.sequence import Sequence

    dataset.ImagerPixelSpacing = [f"{image.spacing.row_mm:.10g}", f"{image.spacing.column_mm:.10g}"]
    dataset.DetectorType = ""
    dataset.PositionerType = "NONE"
    side = image.technique.get("laterality")
    dataset.ImageLaterality = side if side in ("R", "L", "B") else "U"
    dataset.BurnedInAnnotation = "NO"
    dataset.PixelIntensityRelationship = "LOG" if image.meaning == "log" else "LIN"
    dataset.PixelIntensityRelationshipSign = -1 if image.rises_with_dose is False else 1
    dataset.AcquisitionContextSequence = Sequence()
    # CID 4031 has no region for a part or a bag; "Entire body" is the least that is not wrong for a patient
    dataset.AnatomicRegionSequence = Sequence([_code("38266002", "Entire body")])
    if image.body_part:
        dataset.BodyPartExamined = plain(image.body_part, 16)
    if image.view:
        dataset.ViewPosition = plain(image.view, 16)
    load = image.technique.get("exposure_mas")
    if isinstance(load, int | float) and load > 0:
        dataset.ExposureInuAs = round(load * 1000)
    voltage = image.technique.get("tube_voltage_kv")
    if isinstance(voltage, int | float):
        dataset.KVP = f"{voltage:.10g}"


def _code(value: str, meaning: str) -> Dataset:
    from pydicom.dataset import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "SCT", meaning
    return code


def add_pixels(dataset: Dataset, image: Image, words: Words) -> None:
    """Add the stored values and how they lie (PS3.3, C.7.6.3)."""
    pixels = words.pixels
    if image.is_colour:
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"
        dataset.PlanarConfiguration = 0
    else:
        dataset.SamplesPerPixel = 1
        dataset.PhotometricInterpretation = "MONOCHROME1" if image.grey.is_inverse else "MONOCHROME2"
    bits = pixels.dtype.itemsize * 8
    dataset.Rows, dataset.Columns = image.rows, image.columns
    if image.planes > 1:
        dataset.NumberOfFrames = image.planes
    stored = bits if words.is_quantised or not 0 < image.bits <= bits else image.bits
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, stored, stored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    raw = np.ascontiguousarray(pixels).astype(pixels.dtype.newbyteorder("<")).tobytes()
    dataset.add_new(0x7FE00010, "OB" if bits == 8 else "OW", raw + b"\0" * (len(raw) % 2))


def file_bytes(dataset: Dataset, *, dicos_version: str = "") -> bytes:
    """Return a data set as a DICOM file, Explicit VR Little Endian; DICOS has its version in the meta information."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.filewriter import dcmwrite
    from pydicom.uid import ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = uid("kerma implementation")
    meta.ImplementationVersionName = f"KERMA_{__version__}"[:16]
    if dicos_version:
        meta.add_new(dicos.VERSION_TAG, "CS", dicos_version)
    dataset.file_meta = meta
    out = io.BytesIO()
    dcmwrite(out, dataset, enforce_file_format=True)
    return out.getvalue()

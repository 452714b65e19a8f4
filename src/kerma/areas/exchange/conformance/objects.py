"""The suite's own test objects: small, synthetic, marked, under UIDs that nobody else has."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MARK = "KERMA-CONFORM"
"""Begins every patient's id and name that the suite stores."""
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
HTJ2K = "1.2.840.10008.1.2.4.201"
RLE = "1.2.840.10008.1.2.5"
DX = "1.2.840.10008.5.1.4.1.1.1.1"
GREY_WORDS = "1.2.840.10008.5.1.4.1.1.7.3"
ROWS, COLUMNS = 24, 32


def new_uid() -> str:
    """Return a UID of the root 2.25, which anybody may use without asking (PS3.5, B.2)."""
    return f"2.25.{uuid.uuid4().int}"


@dataclass(frozen=True)
class Instance:
    """One test object as the suite sends it."""

    dataset: Dataset
    """With its file meta information."""
    samples: Any = None
    """Of a compressed object, what it decodes to."""

    @property
    def uid(self) -> str:
        """Its SOP Instance UID."""
        return str(self.dataset.SOPInstanceUID)

    @property
    def series_uid(self) -> str:
        """The series it belongs to."""
        return str(self.dataset.SeriesInstanceUID)

    @property
    def study_uid(self) -> str:
        """The study it belongs to."""
        return str(self.dataset.StudyInstanceUID)

    @property
    def sop_class_uid(self) -> str:
        """What kind of object it is."""
        return str(self.dataset.SOPClassUID)

    @property
    def path(self) -> str:
        """Its place among the DICOMweb resources."""
        return f"/studies/{self.study_uid}/series/{self.series_uid}/instances/{self.uid}"

    @cached_property
    def data(self) -> bytes:
        """The object as a DICOM file."""
        return file_of(self.dataset)

    @property
    def pixels(self) -> bytes:
        """The pixel data as it stands in the object, without padding."""
        return bytes(self.dataset.PixelData)[: self.frame_bytes * self.frames]

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return int(self.dataset.get("NumberOfFrames", 1))

    @property
    def frame_bytes(self) -> int:
        """The size of one uncompressed frame."""
        return int(self.dataset.Rows) * int(self.dataset.Columns) * int(self.dataset.BitsAllocated) // 8

    def frame(self, number: int) -> bytes:
        """Return one uncompressed frame; the first is number 1."""
        return self.pixels[(number - 1) * self.frame_bytes : number * self.frame_bytes]


@dataclass
class TestSet:
    """Three patients with a study each; everything carries a tag of this run, so that runs never meet."""

    __test__ = False
    tag: str = field(default_factory=lambda: uuid.uuid4().hex[:8].upper())
    extra: list[str] = field(default_factory=list)
    """Study UIDs of what single checks stored besides."""
    is_stored: bool = False

    @cached_property
    def alpha(self) -> list[Instance]:
        """One study with two series: two radiographs, and one object of three frames."""
        study, first, second = new_uid(), new_uid(), new_uid()
        patient = self.patient("A", "ALPHA", StudyDate="20200110", StudyTime="101500", StudyInstanceUID=study)
        radiographs = [
            film(**patient | {"SeriesInstanceUID": first, "SeriesNumber": 1, "InstanceNumber": number})
            for number in (1, 2)
        ]
        return [*radiographs, frames(3, **patient | {"SeriesInstanceUID": second, "SeriesNumber": 2})]

    @cached_property
    def beta(self) -> list[Instance]:
        """A study whose patient's name is written in Kanji and Kana (ISO 2022 IR 87)."""
        name = f"{MARK}^B=山田^太郎=やまだ^たろう"
        patient = self.patient("B", "BETA", StudyDate="20200220", StudyTime="080000", PatientName=name)
        return [film(**patient, SpecificCharacterSet=["", "ISO 2022 IR 87"])]

    @cached_property
    def gamma(self) -> list[Instance]:
        """A study whose patient's name has an umlaut (ISO_IR 100)."""
        patient = self.patient("C", "GAMMA", StudyDate="20200330", StudyTime="235959")
        return [film(**patient | {"PatientName": f"{MARK}^MÜLLER", "SpecificCharacterSet": "ISO_IR 100"})]

    @property
    def instances(self) -> list[Instance]:
        """Everything that is stored before the checks begin."""
        return [*self.alpha, *self.beta, *self.gamma]

    @property
    def patients(self) -> str:
        """A wildcard that matches the patient ids of this run and no others."""
        return f"{MARK}-{self.tag}-*"

    @property
    def left_under(self) -> list[str]:
        """Values of PatientID that find all that this run stored: of its set, and of single checks."""
        return [self.patients, f"{MARK}-X-{self.tag}"]

    @property
    def study_uids(self) -> list[str]:
        """The studies of the set: alpha, beta, gamma."""
        return [self.alpha[0].study_uid, self.beta[0].study_uid, self.gamma[0].study_uid]

    @property
    def stored_uids(self) -> list[str]:
        """Every study that the suite stored, or tried to, each once."""
        return list(dict.fromkeys([*self.study_uids, *self.extra]))

    def patient(self, letter: str, name: str, **more: Any) -> dict[str, Any]:
        """Return the attributes of one of this run's patients and of one study."""
        return {
            "PatientID": f"{MARK}-{self.tag}-{letter}",
            "PatientName": f"{MARK}^{name}",
            "AccessionNumber": f"KC{self.tag}{letter}",
            "StudyInstanceUID": new_uid(),
            "SeriesInstanceUID": new_uid(),
        } | more

    def another(self, **more: Any) -> Instance:
        """Return a new object in a study of its own, for a check that stores."""
        # another patient id than those of the set: what single checks store is not found where the set is looked for
        made = film(**self.patient("X", "EXTRA", PatientID=f"{MARK}-X-{self.tag}") | more)
        self.extra.append(made.study_uid)
        return made


def film(**attributes: Any) -> Instance:
    """Return a digital radiograph of 24 x 32 samples of 16 bits, valid as far as its class demands."""
    from pydicom.dataset import Dataset

    dataset = _dataset(DX, "DX", attributes)
    _fill(
        dataset,
        {
            "PresentationIntentType": "FOR PRESENTATION", "PixelIntensityRelationship": "LOG",
            "PixelIntensityRelationshipSign": 1, "RescaleIntercept": "0", "RescaleSlope": "1", "RescaleType": "US",
            "PresentationLUTShape": "IDENTITY", "LossyImageCompression": "00", "BurnedInAnnotation": "NO",
            "ImagerPixelSpacing": ["0.2", "0.2"], "DetectorType": "DIRECT", "PatientOrientation": ["L", "F"],
            "WindowCenter": "2048", "WindowWidth": "4096", "ImageType": ["DERIVED", "PRIMARY", ""],
            "AcquisitionContextSequence": [], "ViewPosition": "PA", "PositionerType": "NONE", "ImageLaterality": "U",
            "DerivationDescription": "synthetic test pattern",
        },
    )  # fmt: skip
    region = Dataset()
    region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning = "43799004", "SCT", "Intra-thoracic structure"
    dataset.AnatomicRegionSequence = [region]
    view = Dataset()
    view.CodeValue, view.CodingSchemeDesignator, view.CodeMeaning = "399348003", "SCT", "antero-posterior"
    dataset.ViewCodeSequence = [view]
    return Instance(_pixels(dataset, 1, seed=int(dataset.InstanceNumber)))


def frames(count: int, **attributes: Any) -> Instance:
    """Return a multi-frame secondary capture of 16-bit samples."""
    dataset = _dataset(GREY_WORDS, "OT", attributes)
    _fill(
        dataset,
        {
            "ConversionType": "SYN", "NumberOfFrames": str(count), "RescaleIntercept": "0", "RescaleSlope": "1",
            "RescaleType": "US", "PresentationLUTShape": "IDENTITY", "LossyImageCompression": "00",
            "BurnedInAnnotation": "NO", "PatientOrientation": [], "PageNumberVector": list(range(1, count + 1)),
            "FrameIncrementPointer": 0x00182001, "ImageType": ["DERIVED", "PRIMARY"],
        },
    )  # fmt: skip
    return Instance(_pixels(dataset, count, seed=7))


ENCODERS: dict[str, tuple[str, dict[str, Any]]] = {
    JPEG_LOSSLESS: ("ljpeg_encode", {}),
    JPEG_LS: ("jpegls_encode", {}),
    JPEG_2000: ("jpeg2k_encode", {"codecformat": "j2k", "reversible": True, "level": 0}),
    HTJ2K: ("htj2k_encode", {"reversible": True}),
}
"""Lossless codecs by transfer syntax; RLE is pydicom's own."""


def compressed(one: Instance, transfer_syntax_uid: str) -> Instance:
    """Return a single-frame object with its pixel data in a lossless compressed transfer syntax."""
    import imagecodecs
    from pydicom.encaps import encapsulate

    dataset, samples = one.dataset, one.dataset.pixel_array
    if transfer_syntax_uid == RLE:
        dataset.compress(RLE, generate_instance_uid=False)
        return Instance(dataset, samples)
    name, options = ENCODERS[transfer_syntax_uid]
    dataset.PixelData = encapsulate([getattr(imagecodecs, name)(samples, **options)])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = transfer_syntax_uid
    return Instance(dataset, samples)


def file_of(dataset: Dataset) -> bytes:
    """Return a dataset with file meta information as the bytes of a DICOM file."""
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def body_of(dataset: Dataset, transfer_syntax_uid: str = EXPLICIT) -> bytes:
    """Return a dataset without file meta information, as it goes over the DICOM network."""
    from pynetdicom.dsutils import encode

    little = transfer_syntax_uid != BIG_ENDIAN
    written = encode(dataset, transfer_syntax_uid == IMPLICIT, little, transfer_syntax_uid == DEFLATED)
    if written is None:
        raise ValueError("a test object could not be written")
    return written


def _dataset(sop_class_uid: str, modality: str, attributes: dict[str, Any]) -> Dataset:
    from pydicom.dataset import Dataset, FileMetaDataset

    dataset = Dataset()
    given = {
        "SpecificCharacterSet": "ISO_IR 192", "SOPClassUID": sop_class_uid, "SOPInstanceUID": new_uid(),
        "StudyDate": "20200110", "StudyTime": "101500", "ContentDate": "20200110", "ContentTime": "101500",
        "AcquisitionDate": "20200110", "AcquisitionTime": "101500",
        "PatientBirthDate": "19700101", "PatientSex": "O", "StudyID": "1", "SeriesNumber": 1, "InstanceNumber": 1,
        "ReferringPhysicianName": f"{MARK}^REFERRER", "StudyDescription": f"{MARK} synthetic, delete freely",
        "SeriesDescription": "synthetic", "Modality": modality, "Manufacturer": "Kerma conformance suite",
        "BodyPartExamined": "CHEST", "PatientIdentityRemoved": "YES",
        "DeidentificationMethod": "synthetic object",
    } | attributes  # fmt: skip
    _fill(dataset, given)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = EXPLICIT
    return dataset


def _fill(dataset: Dataset, attributes: dict[str, Any]) -> None:
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)


def _pixels(dataset: Dataset, count: int, *, seed: int) -> Dataset:
    import numpy as np

    shape = (count, ROWS, COLUMNS)
    ramp = np.indices(shape).sum(axis=0) * 40
    noise = np.random.default_rng(seed).integers(0, 500, shape)
    dataset.Rows, dataset.Columns = ROWS, COLUMNS
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PixelData = (ramp + noise + 100).astype("<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset

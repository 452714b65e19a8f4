"""The images that both servers get: noisy radiographs, since smooth ones would flatter every codec and disk."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

ROOT = "1.2.826.0.1.3680043.9.7433.5"
SMALL = (512, 512)
"""0.52 MB."""
LARGE = (2048, 2500)
"""10.2 MB."""
TINY = (8, 8)
IMAGES_PER_EXAM = 4


def image(number: int, size: tuple[int, int], *, per_exam: int = IMAGES_PER_EXAM, run: int = 1) -> bytes:
    """Return one image; the number tells its exam and its place in it."""
    rows, columns = size
    exam, place = divmod(number, per_exam)
    background = 1_000 + 2_000 * np.linspace(0, 1, columns)
    pixels = np.random.default_rng(number).poisson(background, (rows, columns)).astype(np.uint16)
    data = Dataset()
    data.SOPClassUID = DigitalXRayImageStorageForPresentation
    data.StudyInstanceUID, data.SeriesInstanceUID = f"{ROOT}.{run}.{exam}", f"{ROOT}.{run}.{exam}.1"
    data.SOPInstanceUID = f"{ROOT}.{run}.{exam}.1.{place}"
    data.PatientName, data.PatientID, data.PatientSex = f"Film^{exam}", f"P{run}-{exam}", "O"
    data.PatientBirthDate, data.StudyID, data.ReferringPhysicianName = "19700102", f"S{exam}", "Curie^Marie"
    data.StudyDate, data.StudyTime, data.AccessionNumber = "20260301", "101530", f"A{run}-{exam}"
    data.StudyDescription, data.SeriesDescription = "Thorax p.a.", "Standing"
    data.Modality, data.SeriesNumber, data.InstanceNumber = "DX", 1, place + 1
    data.BodyPartExamined, data.Manufacturer, data.StationName = "CHEST", "Acme", "ROOM1"
    data.Rows, data.Columns = rows, columns
    data.WindowCenter, data.WindowWidth = "2000", "3000"
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelData = 16, 14, 13, pixels.tobytes()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    FileDataset(buffer, data, preamble=bytes(128), file_meta=meta).save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def folders(place: Path, count: int, size: tuple[int, int], parts: int) -> Sequence[Path]:
    """Write images into as many folders as there are senders, and return the folders; exams are never shared."""
    made = [place / f"sender-{part}" for part in range(parts)]
    for part, folder in enumerate(made):
        folder.mkdir(parents=True)
        first = 1_000_000 * part
        for number in range(first, first + count // parts):
            (folder / f"{number:08d}.dcm").write_bytes(image(number, size))
    return made

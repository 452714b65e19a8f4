"""Small films: real DICOM bytes, each as different from the next as it is told to be; and an archive to put them in."""

from __future__ import annotations

import io
import json
from typing import Any

import sqlalchemy as sa
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

from kerma.areas.archive import actions
from kerma.areas.archive.model import Arrival, Stored
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.ledger_tables import ledger_record

ROOT = "1.2.826.0.1.3680043.9.7433"


def uid(*numbers: int) -> str:
    """Return a UID made of a few numbers."""
    return ".".join([ROOT, *map(str, numbers)])


def film(*, exam: int = 1, series: int = 1, image: int = 1, side: int = 16, **attributes: Any) -> bytes:
    """Return one DICOM film; ``attributes`` are DICOM keywords (None leaves the attribute out)."""
    data = Dataset()
    data.SOPClassUID = DigitalXRayImageStorageForPresentation
    data.SOPInstanceUID = uid(exam, series, image)
    data.StudyInstanceUID = uid(exam)
    data.SeriesInstanceUID = uid(exam, series)
    data.PatientName, data.PatientID = "Dupont^Zoé", "P-17"
    data.PatientBirthDate, data.PatientSex = "19700102", "F"
    data.StudyDate, data.StudyTime, data.AccessionNumber, data.StudyID = "20260301", "101530", "A-9", "S1"
    data.StudyDescription, data.ReferringPhysicianName = "Thorax p.a.", "Curie^Marie"
    data.Modality, data.SeriesNumber, data.InstanceNumber = "DX", series, image
    data.SeriesDescription, data.BodyPartExamined, data.Manufacturer = "Standing", "CHEST", "Acme"
    data.Rows = data.Columns = side
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.PixelData = bytes((image + position) % 16 if position % 2 else 7 for position in range(side * side * 2))
    for keyword, value in attributes.items():
        if value is None:
            delattr(data, keyword)
        else:
            setattr(data, keyword, value)
    return encoded(data)


def encoded(data: Dataset) -> bytes:
    """Return a data set as the bytes of a DICOM file."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = data.SOPClassUID
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    FileDataset(buffer, data, preamble=bytes(128), file_meta=meta).save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


class Archive:
    """A kernel and an actor, with the few calls that the tests make over and over."""

    def __init__(self, kernel: Kernel, actor: Actor) -> None:
        self.kernel, self.actor = kernel, actor

    def ingest(self, data: bytes, name: str = "film.dcm", **arrival: Any) -> Stored:
        return actions.ingest(self.kernel, self.actor, source=Arrival(data, name, **{"industry": "medical"} | arrival))

    def rows(self, statement: sa.Executable) -> list[dict[str, Any]]:
        with self.kernel.database.read() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def count(self, table: sa.Table) -> int:
        return int(self.rows(sa.select(sa.func.count().label("n")).select_from(table))[0]["n"])

    def records(self, action: str = "") -> list[dict[str, Any]]:
        bodies = self.rows(sa.select(ledger_record.c.body).order_by(ledger_record.c.record_index))
        records = [json.loads(row["body"]) for row in bodies]
        return [record for record in records if action in ("", record["action"])]

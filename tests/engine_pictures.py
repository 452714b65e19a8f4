"""Images of every grey-scale chain, made with pydicom, for the workstation's own drawing; and a long line scan."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    ParametricMapStorage,
    SecondaryCaptureImageStorage,
)

ROOT = "1.2.826.0.1.3680043.9.7434"
ROWS, COLUMNS = 230, 340
Pixels = NDArray[Any]


def grains(seed: int, most: int, rows: int = ROWS, columns: int = COLUMNS) -> Pixels:
    """Return a slope with noise from 0 to below ``most``, float64: every part of the range, no two parts alike."""
    random = np.random.default_rng(seed)
    slope = np.linspace(0, 0.8, columns)[None] + np.linspace(0, 0.15, rows)[:, None]
    return np.clip((slope + random.normal(0.02, 0.02, (rows, columns))) * most, 0, most - 1)


def file(number: int, exam: int, pixels: Pixels, **attributes: Any) -> bytes:
    """Return pixels (row, column) or (row, column, 3) as a DICOM file; ``attributes`` are DICOM keywords."""
    data = Dataset()
    data.SOPClassUID = DigitalXRayImageStorageForPresentation
    data.StudyInstanceUID, data.SeriesInstanceUID = f"{ROOT}.{exam}", f"{ROOT}.{exam}.1"
    data.SOPInstanceUID = f"{ROOT}.{exam}.1.{number}"
    data.PatientID, data.PatientName = f"ENGINE-{exam}", "Image^Engine"
    data.StudyDate, data.Modality, data.InstanceNumber, data.SeriesNumber = "20260301", "DX", number, 1
    data.Rows, data.Columns = pixels.shape[:2]
    data.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    data.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    if pixels.ndim == 3:
        data.PlanarConfiguration = 0
    data.BitsAllocated = data.BitsStored = 8 * pixels.dtype.itemsize
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    if pixels.dtype.kind == "f":
        data.FloatPixelData = pixels.astype("<f4").tobytes()
        for keyword in ("BitsStored", "PixelRepresentation"):
            delattr(data, keyword)
    else:
        data.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
        data["PixelData"].VR = "OB" if pixels.dtype.itemsize == 1 else "OW"
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    if "BitsStored" in data:
        data.HighBit = data.BitsStored - 1
    return _written(data)


def _written(data: Dataset) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    FileDataset(buffer, data, preamble=bytes(128), file_meta=meta).save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _table(entries: Pixels, first: int, bits: int, **more: Any) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries), first, bits])
    item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return item


def golden(exam: int = 1) -> dict[str, bytes]:
    """Return one exam with an image for every kind of grey-scale chain."""
    signed = (grains(3, 4000) - 1500).astype(np.int16)
    gaps = grains(6, 4096).astype(np.uint16)
    gaps[:40, :60] = 4000
    curve = np.rint(4095 * (np.arange(4096) / 4095) ** 2.2).astype(np.uint16)
    steps = np.rint(255 * np.clip((np.arange(3000) / 2999) ** 0.5, 0, 1)).astype(np.uint16)
    colour = np.stack([grains(seed, 256) for seed in (7, 8, 9)], -1).astype(np.uint8)
    twelve = {"BitsStored": 12, "WindowCenter": 2048, "WindowWidth": 3000}
    chains: dict[str, tuple[Pixels, dict[str, Any]]] = {
        "8 bit": (grains(1, 256).astype(np.uint8), {"WindowCenter": 100, "WindowWidth": 180}),
        "12 bit, lowest white": (
            grains(2, 4096).astype(np.uint16),
            {**twelve, "PhotometricInterpretation": "MONOCHROME1"},
        ),
        "signed with rescale": (
            signed,
            {"RescaleSlope": 0.5, "RescaleIntercept": -100, "WindowCenter": 40, "WindowWidth": 900},
        ),
        "no window": (grains(4, 60_000).astype(np.uint16), {}),
        "sigmoid": (grains(5, 4096).astype(np.uint16), {**twelve, "VOILUTFunction": "SIGMOID"}),
        "linear exact": (grains(10, 4096).astype(np.uint16), {**twelve, "VOILUTFunction": "LINEAR_EXACT"}),
        "padding": (gaps, {**twelve, "PixelPaddingValue": 4000}),
        "modality table": (
            grains(11, 4096).astype(np.uint16),
            {**twelve, "ModalityLUTSequence": [_table(curve, 0, 12, ModalityLUTType="US")]},
        ),
        "voi table": (
            grains(12, 4096).astype(np.uint16),
            {"BitsStored": 12, "VOILUTSequence": [_table(steps, 500, 8, LUTExplanation="Soft")]},
        ),
        "32 bit": (grains(13, 3_000_000).astype(np.uint32), {"SOPClassUID": SecondaryCaptureImageStorage}),
        "real numbers": ((grains(14, 4096) / 1000 - 2).astype(np.float32), {"SOPClassUID": ParametricMapStorage}),
        "four tiles": (grains(15, 50_000, 1500, 1600).astype(np.uint16), {"PixelSpacing": [0.2, 0.2]}),
        "colour": (colour, {"SOPClassUID": SecondaryCaptureImageStorage}),
    }
    return {
        f"{name}.dcm": file(number, exam, pixels, **attributes)
        for number, (name, (pixels, attributes)) in enumerate(chains.items(), 1)
    }


def line_scan(exam: int = 2, rows: int = 1050, columns: int = 12_000) -> tuple[bytes, Pixels]:
    """Return a long weld strip as a file, and its pixels."""
    pixels = grains(20, 60_000, rows, columns).astype(np.uint16)
    pixels[:, ::500] = 65_000
    return file(1, exam, pixels, WindowCenter=30_000, WindowWidth=60_000, PixelSpacing=[0.1, 0.1]), pixels

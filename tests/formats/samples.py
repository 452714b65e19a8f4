"""Small files of known pixels, made with pydicom, and the real files beside the project."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

REAL = Path(__file__).parents[3] / "shared" / "data"
EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
KNOWN = "1.2.840.10008.1.2.4.80"
DX = "1.2.840.10008.5.1.4.1.1.1.1"
CR = "1.2.840.10008.5.1.4.1.1.1"


def real(*parts: str) -> Path:
    """Return a real file; skips where the data folder is absent."""
    path = REAL.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"the real files are not here ({REAL})")
    return path


def real_dicom_files() -> list[Path]:
    """Return every real DICOM file of the data folder; none where it is absent."""
    folders = [folder for folder in REAL.glob("dic*") if folder.is_dir()] + [REAL / "ct_ge"]
    return [path for folder in folders for path in sorted(folder.rglob("*")) if _looks_dicom(path)]


def pydicom_files() -> list[Path]:
    """Return every DICOM file that comes with pydicom and pydicom-data."""
    from pydicom.data import get_testdata_files

    return [path for path in sorted(map(Path, get_testdata_files())) if _looks_dicom(path)]


def _looks_dicom(path: Path) -> bool:
    if not path.is_file() or path.suffix in (".md", ".txt", ".json"):
        return False
    with path.open("rb") as file:
        start = file.read(132)
    return start[128:] == b"DICM" or path.name == "CR-MONO1-10-chest"


def ramp(rows: int = 8, columns: int = 12, planes: int = 1, dtype: str = "u2", bits: int = 12) -> NDArray[Any]:
    """Return planes whose every pixel differs from its neighbours, using all of the bits."""
    count = planes * rows * columns
    values = (np.arange(count) * 2654435761 % (1 << bits)).astype(np.int64)
    if dtype.startswith("i"):
        values -= 1 << (bits - 1)
    return values.astype(dtype).reshape(planes, rows, columns)


def data_set(pixels: NDArray[Any] | None = None, **attributes: Any) -> Dataset:
    """Return a DX data set with these pixels; None as an attribute leaves it out."""
    ds = Dataset()
    ds.SOPClassUID = DX
    ds.SOPInstanceUID = "1.2.3.4.5"
    ds.StudyInstanceUID = "1.2.3.4"
    ds.SeriesInstanceUID = "1.2.3.4.1"
    ds.PatientID = "W-17"
    ds.PatientName = "Weld^Test"
    ds.Modality = "DX"
    if pixels is not None:
        planes, ds.Rows, ds.Columns = pixels.shape[:3]
        if planes > 1:
            ds.NumberOfFrames = planes
        ds.SamplesPerPixel = 3 if pixels.ndim == 4 else 1
        ds.PhotometricInterpretation = "RGB" if pixels.ndim == 4 else "MONOCHROME2"
        if pixels.ndim == 4:
            ds.PlanarConfiguration = 0
        ds.BitsAllocated = ds.BitsStored = 8 * pixels.dtype.itemsize
        ds.PixelRepresentation = int(pixels.dtype.kind == "i")
        ds.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
        ds["PixelData"].VR = "OW" if pixels.dtype.itemsize > 1 else "OB"
    for name, value in attributes.items():
        if value is None:
            del ds[name]
        else:
            setattr(ds, name, value)
    if "BitsStored" in ds:
        ds.HighBit = ds.BitsStored - 1
    return ds


def dicom_bytes(ds: Dataset, syntax: str = EXPLICIT, **meta: Any) -> bytes:
    """Return a data set as a file, its pixel data encoded already."""
    ds = pydicom.dcmread(io.BytesIO(_written(ds, EXPLICIT)), force=True) if syntax == BIG else ds
    if pydicom.uid.UID(syntax).is_transfer_syntax:
        return _written(ds, syntax, **meta)
    # pydicom does not write syntaxes it does not know, so the name of a known one is exchanged.
    return with_syntax(_written(ds, KNOWN, **meta), KNOWN, syntax)


def with_syntax(data: bytes, known: str, syntax: str) -> bytes:
    """Return a file that names another transfer syntax."""
    old, new = (b"\x02\x00\x10\x00UI" + _even(uid) for uid in (known, syntax))
    group_length = int.from_bytes(data[140:144], "little") + len(new) - len(old)
    return data[:140] + group_length.to_bytes(4, "little") + data[144:].replace(old, new, 1)


def _even(uid: str) -> bytes:
    value = uid.encode() + b"\0" * (len(uid) % 2)
    return len(value).to_bytes(2, "little") + value


def _written(ds: Dataset, syntax: str, **meta: Any) -> bytes:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID = ds.get("SOPClassUID", DX)
    ds.file_meta.MediaStorageSOPInstanceUID = ds.get("SOPInstanceUID", "1.2.3.4.5")
    for name, value in meta.items():
        setattr(ds.file_meta, name, value)
    if syntax == BIG and "PixelData" in ds and ds.BitsAllocated > 8:
        ds.PixelData = np.frombuffer(ds.PixelData, f"<u{ds.BitsAllocated // 8}").byteswap().tobytes()
    out = io.BytesIO()
    pydicom.dcmwrite(out, ds, enforce_file_format=True)
    return out.getvalue()


def dicom(pixels: NDArray[Any] | None = None, syntax: str = EXPLICIT, **attributes: Any) -> bytes:
    """Return a native DICOM file with these pixels."""
    return dicom_bytes(data_set(pixels, **attributes), syntax)


def encapsulated(
    pixels: NDArray[Any], syntax: str, frames: list[bytes], *, fragments: int = 1, has_table: bool = True, **more: Any
) -> bytes:
    """Return a DICOM file whose frames were compressed already."""
    ds = data_set(pixels, **more)
    ds.PixelData = encapsulate(frames, fragments_per_frame=fragments, has_bot=has_table)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return dicom_bytes(ds, syntax)


def rle(plane: NDArray[Any]) -> bytes:
    """Return a plane in DICOM RLE, packed without any run: legal, and easy to check by hand."""
    width = plane.dtype.itemsize
    segments = []
    for byte in reversed(range(width)):
        values = plane.astype(f"<u{width}").view(np.uint8).reshape(-1, width)[:, byte].tobytes()
        packed = b"".join(
            bytes([len(values[start : start + 128]) - 1]) + values[start : start + 128]
            for start in range(0, len(values), 128)
        )
        segments.append(packed + b"\x80" * (len(packed) % 2))
    offsets = [64]
    for segment in segments[:-1]:
        offsets.append(offsets[-1] + len(segment))
    return np.array([len(segments), *offsets, *[0] * (15 - len(offsets))], "<u4").tobytes() + b"".join(segments)


def deflate(content: bytes) -> bytes:
    """Return content as a bare deflate stream."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return squeezer.compress(content) + squeezer.flush()


def with_other_pixels(whole: bytes, pixels: bytes) -> bytes:
    """Return a PNG in order by its structure, whose compressed pixels are something else."""
    head = whole[:33]
    chunks = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IDAT", pixels), (b"IEND", b""))
    )
    return head + chunks

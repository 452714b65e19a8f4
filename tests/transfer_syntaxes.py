"""One film in every transfer syntax of the set, made with the codecs that others wrote."""

from __future__ import annotations

import functools
import io
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import imagecodecs
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders import RLELosslessEncoder

from films import film, uid
from kerma.formats.dicom_syntax import SYNTAXES

SIDE = 32
IMPLICIT, EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
NATIVE = (IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED)
MPEG_4 = "1.2.840.10008.1.2.4.102"
"""A video, which Kerma keeps and gives without looking into it."""
Pixels = NDArray[np.uint16]


def _rle(pixels: Pixels) -> bytes:
    described = {"rows": SIDE, "columns": SIDE, "samples_per_pixel": 1, "bits_allocated": 16, "bits_stored": 12}
    described |= {"pixel_representation": 0, "photometric_interpretation": "MONOCHROME2", "number_of_frames": 1}
    return bytes(RLELosslessEncoder.encode(pixels.tobytes(), encoding_plugin="pydicom", **described))


def _deflate(pixels: Pixels) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(pixels.tobytes()) + packer.flush()


ENCODERS: Mapping[str, Callable[[Pixels], bytes]] = {
    "1.2.840.10008.1.2.1.98": lambda pixels: pixels.tobytes(),
    "1.2.840.10008.1.2.4.50": lambda pixels: imagecodecs.jpeg8_encode((pixels >> 4).astype(np.uint8)),
    "1.2.840.10008.1.2.4.51": lambda pixels: imagecodecs.jpeg8_encode(pixels, bitspersample=12),
    "1.2.840.10008.1.2.4.57": functools.partial(imagecodecs.jpeg8_encode, lossless=True, predictor=4, bitspersample=12),
    "1.2.840.10008.1.2.4.70": functools.partial(imagecodecs.jpeg8_encode, lossless=True, predictor=1, bitspersample=12),
    "1.2.840.10008.1.2.4.80": imagecodecs.jpegls_encode,
    "1.2.840.10008.1.2.4.81": functools.partial(imagecodecs.jpegls_encode, level=2),
    "1.2.840.10008.1.2.4.90": functools.partial(imagecodecs.jpeg2k_encode, codecformat="j2k", reversible=True, level=0),
    "1.2.840.10008.1.2.4.91": functools.partial(imagecodecs.jpeg2k_encode, codecformat="j2k", level=40),
    "1.2.840.10008.1.2.4.110": functools.partial(imagecodecs.jpegxl_encode, lossless=True),
    "1.2.840.10008.1.2.4.112": functools.partial(imagecodecs.jpegxl_encode, distance=1.0),
    "1.2.840.10008.1.2.4.201": functools.partial(imagecodecs.htj2k_encode, reversible=True),
    "1.2.840.10008.1.2.4.202": functools.partial(imagecodecs.htj2k_encode, reversible=True),
    "1.2.840.10008.1.2.4.203": functools.partial(imagecodecs.htj2k_encode, reversible=False),
    "1.2.840.10008.1.2.5": _rle,
    "1.2.840.10008.1.2.8.1": _deflate,
    MPEG_4: lambda _: bytes(range(64)) * 4,
}
"""How one frame is compressed, by transfer syntax."""


def every() -> dict[str, bytes]:
    """Return a file in each transfer syntax, each an exam of its own, and another object that is no image at all."""
    made = {syntax_uid: in_syntax(syntax_uid, exam) for exam, syntax_uid in enumerate([*NATIVE, *ENCODERS], start=1)}
    assert set(made) == {*SYNTAXES, MPEG_4}, "a transfer syntax of the set has no file here"
    return made


def in_syntax(syntax_uid: str, exam: int) -> bytes:
    """Return one film of noise in a transfer syntax."""
    pixels = np.random.default_rng(exam).integers(0, 4096, (SIDE, SIDE)).astype(np.uint16)
    data = pydicom.dcmread(io.BytesIO(film(exam=exam, side=SIDE, PixelData=pixels.tobytes())))
    data.StudyInstanceUID, data.PatientID = uid(exam), f"P-{exam}"
    if syntax_uid in ENCODERS:
        data.PixelData = encapsulate([bytes(ENCODERS[syntax_uid](pixels))])
        data["PixelData"].VR = "OB"
        data["PixelData"].is_undefined_length = True
    if syntax_uid == "1.2.840.10008.1.2.4.50":
        data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
    if syntax_uid == BIG_ENDIAN:
        data.PixelData = pixels.byteswap().tobytes()
    data.file_meta.TransferSyntaxUID = syntax_uid
    buffer = io.BytesIO()
    options: dict[str, Any] = {"implicit_vr": syntax_uid == IMPLICIT, "little_endian": syntax_uid != BIG_ENDIAN}
    pydicom.dcmwrite(buffer, data, enforce_file_format=True, **options)
    return buffer.getvalue()


def data_set_of(file: bytes) -> bytes:
    """Return what follows the file meta information, as it goes over the DICOM network."""
    length = int.from_bytes(file[140:144], "little")
    assert file[128:140] == b"DICM\2\0\0\0UL\4\0"
    return file[144 + length :]

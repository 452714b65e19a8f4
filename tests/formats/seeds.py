"""Small sound files of every format and codec, from which fuzzing starts, and the mutations it makes."""

from __future__ import annotations

import json
import random
import struct
from typing import NamedTuple

import imagecodecs
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from tests.formats import samples
from tests.formats.hostile import tiff_of

GREY = samples.ramp(12, 10)
FILM = samples.ramp(8, 10, planes=3)
_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


class Seed(NamedTuple):
    """One sound file and its sidecar."""

    data: bytes
    sidecar: bytes | None = None


def _words() -> dict[str, object]:
    lut = Dataset()
    lut.add_new(0x00283002, "US", [16, 0, 12])
    lut.add_new(0x00283006, "US", list(range(0, 4096, 256)))
    shared, measures = Dataset(), Dataset()
    measures.PixelSpacing = [0.2, 0.2]
    shared.PixelMeasuresSequence = Sequence([measures])
    return {
        "BitsStored": 12, "WindowCenter": [100, 200], "WindowWidth": [50, 60], "VOILUTSequence": Sequence([lut]),
        "RescaleSlope": 1.5, "RescaleIntercept": -100, "ImagerPixelSpacing": [0.1, 0.1], "KVP": 120,
        "StudyDate": "20260203", "StudyTime": "101530", "SharedFunctionalGroupsSequence": Sequence([shared]),
        "SpecificCharacterSet": ["ISO 2022 IR 6", "ISO 2022 IR 87"], "PatientName": "Yamada^Tarou=山田^太郎",
        "MaterialThickness": 12,
    }  # fmt: skip


def seeds() -> dict[str, Seed]:
    """Return every seed by its name."""
    words = _words()
    found = {
        f"native {name}": Seed(samples.dicom(FILM, syntax, **words))
        for name, syntax in (
            ("explicit", samples.EXPLICIT),
            ("implicit", samples.IMPLICIT),
            ("big", samples.BIG),
            ("deflated", samples.DEFLATED),
        )
    }
    encoders = {
        "RLE": ("1.2.840.10008.1.2.5", samples.rle),
        "JPEG lossless": ("1.2.840.10008.1.2.4.70", imagecodecs.ljpeg_encode),
        "JPEG-LS": ("1.2.840.10008.1.2.4.80", imagecodecs.jpegls_encode),
        "JPEG 2000": ("1.2.840.10008.1.2.4.90", lambda plane: imagecodecs.jpeg2k_encode(plane, codecformat="J2K")),
        "HTJ2K": ("1.2.840.10008.1.2.4.201", imagecodecs.htj2k_encode),
        "JPEG XL": ("1.2.840.10008.1.2.4.110", lambda plane: imagecodecs.jpegxl_encode(plane, lossless=True)),
    }
    for name, (syntax, encode) in encoders.items():
        found[name] = Seed(samples.encapsulated(FILM, syntax, [bytes(encode(plane)) for plane in FILM], **words))
    byte = (GREY >> 4).astype("u1")
    jpeg = bytes(imagecodecs.jpeg8_encode(byte[0]))
    found["JPEG"] = Seed(samples.encapsulated(byte, "1.2.840.10008.1.2.4.50", [jpeg]))
    found["JPEG file"] = Seed(jpeg)
    found["PNG file"] = Seed(bytes(imagecodecs.png_encode(GREY[0])))
    found["TIFF file"] = Seed(tiff_of(GREY[0]))
    found["TIFF deflated"] = Seed(tiff_of(GREY[0], compression="zlib"))
    found["TIFF tiled"] = Seed(tiff_of(samples.ramp(32, 32)[0], tile=(16, 16), compression="lzw"))
    found["BigTIFF"] = Seed(tiff_of(GREY[0], bigtiff=True))
    described = {"rows": 12, "columns": 10, "type": "uint16", "spacing_mm": 0.1, "technique": {"tube_voltage_kv": 90}}
    found["raw"] = Seed(GREY.tobytes(), json.dumps(described).encode())
    return found


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return data with one to four mutations: flipped bits, extreme numbers, cuts, doublings, exchanges."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        if not changed:
            break
        _MUTATIONS[chance.randrange(len(_MUTATIONS))](changed, chance)
    return bytes(changed)


def _flip(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set_byte(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] = chance.randrange(256)


def _set_extreme(data: bytearray, chance: random.Random) -> None:
    kind = chance.choice(["<H", ">H", "<I", ">I"])
    width = struct.calcsize(kind)
    if len(data) > width:
        at = chance.randrange(len(data) - width)
        data[at : at + width] = struct.pack(kind, chance.choice(_EXTREMES) & ((1 << 8 * width) - 1))


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def _remove(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.randint(1, 16)]


def _double(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    data[at:at] = data[at : at + chance.randint(1, 64)]


_MUTATIONS = (_flip, _flip, _set_byte, _set_byte, _set_extreme, _set_extreme, _cut, _remove, _double)

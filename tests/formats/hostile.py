"""The hostile corpus: small files that lie, nest, explode or pretend, each made from scratch.

Letters follow the classes of attack seen elsewhere: P polyglots and names, D DICOM structure and sizes, I PNG, T TIFF,
R raw, J sidecars, G other.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import NamedTuple

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from tests.formats import samples

RLE = "1.2.840.10008.1.2.5"
BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
PIXELS = samples.ramp()
ITEM = b"\xfe\xff\x00\xe0"
END_OF_ITEM = b"\xfe\xff\x0d\xe0\0\0\0\0"
END_OF_SEQUENCE = b"\xfe\xff\xdd\xe0\0\0\0\0"
UNDEFINED = b"\xff\xff\xff\xff"


class Case(NamedTuple):
    """One hostile file, its sidecar where it has one, and a word its refusal must contain."""

    data: bytes
    says: str
    name: str = "file"
    sidecar: bytes | None = None


def element(group: int, number: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    """Return one explicit little-endian element, its length a lie when one is given."""
    length = len(value) if length is None else length
    if vr in (b"OB", b"OW", b"SQ", b"UN", b"UT"):
        return struct.pack("<HH2sHI", group, number, vr, 0, length) + value
    return struct.pack("<HH2sH", group, number, vr, length) + value


PIXEL_DATA = b"\xe0\x7f\x10\x00"


def patched(data: bytes, tag: bytes, replacement: bytes) -> bytes:
    """Return data with the whole element at ``tag`` (short form of 10 bytes) exchanged."""
    at = data.rindex(tag)
    return data[:at] + replacement + data[at + 10 :]


def with_pixel_element(header: bytes, value: bytes) -> bytes:
    """Return a plain image whose pixel element is replaced."""
    plain = samples.dicom(PIXELS, BitsStored=12)
    return plain[: plain.rindex(PIXEL_DATA)] + header + value


def nested(depth: int, *, is_explicit: bool = True) -> bytes:
    """Return a file of sequences within sequences."""
    start = samples.dicom(None, samples.EXPLICIT if is_explicit else samples.IMPLICIT)
    head = element(0x0040, 0xA730, b"SQ", b"", 0xFFFFFFFF) if is_explicit else b"\x40\x00\x30\xa7" + UNDEFINED
    return start + (head + ITEM + UNDEFINED) * depth + (END_OF_ITEM + END_OF_SEQUENCE) * depth


def sized(rows: int, columns: int, frame: bytes, syntax: str = RLE, **more: object) -> bytes:
    """Return a compressed image of a few bytes that claims a size."""
    return samples.encapsulated(PIXELS, syntax, [frame], **{"BitsStored": 12} | more, Rows=rows, Columns=columns)


def palette(entries: int, stored_bytes: int) -> bytes:
    """Return a palette image whose tables promise more entries than they hold."""
    ds = samples.data_set(np.zeros((1, 4, 4), np.uint8), PhotometricInterpretation="PALETTE COLOR", Modality="OT")
    for colour in ("Red", "Green", "Blue"):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [entries, 0, 16])
        setattr(ds, f"{colour}PaletteColorLookupTableData", b"\0" * stored_bytes)
    return samples.dicom_bytes(ds)


def short_lut() -> bytes:
    """Return an image whose VOI LUT promises more entries than it holds."""
    lut = Dataset()
    lut.LUTDescriptor, lut.LUTData = [4096, 0, 16], [1, 2, 3, 4]
    lut["LUTDescriptor"].VR, lut["LUTData"].VR = "US", "US"
    return samples.dicom(PIXELS, BitsStored=12, VOILUTSequence=Sequence([lut]))


def png(rows: int, columns: int, data: bytes = b"x", *, depth: int = 16, has_end: bool = True) -> bytes:
    """Return a PNG of this header and compressed data."""

    def chunk(name: bytes, value: bytes) -> bytes:
        return struct.pack(">I", len(value)) + name + value + struct.pack(">I", zlib.crc32(name + value))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, depth, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + (chunk(b"IEND", b"") if has_end else b"")


def tiff(tags: dict[int, tuple[int, int, int]], *, next_page: int = 0, pixels: bytes = b"\0" * 32) -> bytes:
    """Return a little-endian TIFF of one page; a tag is (type, count, value or offset)."""
    page = struct.pack("<H", len(tags))
    page += b"".join(struct.pack("<HHII", tag, *tags[tag]) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<I", 8) + page + struct.pack("<I", next_page) + pixels


def plain_tags(rows: int = 4, columns: int = 4, start: int = 8, length: int = 32) -> dict[int, tuple[int, int, int]]:
    """Return the tags of a 16-bit grey strip."""
    return {
        256: (4, 1, columns), 257: (4, 1, rows), 258: (3, 1, 16), 259: (3, 1, 1), 262: (3, 1, 1),
        273: (4, 1, start), 277: (3, 1, 1), 278: (4, 1, rows), 279: (4, 1, length),
    }  # fmt: skip


def bigtiff(*, offset_bytes: int = 8, first: int = 16, entries: int = 0) -> bytes:
    """Return a BigTIFF header with lies."""
    return b"II+\0" + struct.pack("<HHQ", offset_bytes, 0, first) + struct.pack("<Q", entries) + b"\0" * 64


def deflate_bomb() -> bytes:
    """Return a deflated file of about 400 kB that inflates to 400 MB."""
    whole = samples.dicom(np.zeros((1, 8, 8), np.uint16), samples.DEFLATED)
    start = 132 + 12 + int.from_bytes(whole[140:144], "little")
    head = element(0x0008, 0x0016, b"UI", samples.DX.encode() + b"\0")
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    parts = [squeezer.compress(head + element(0x7FE0, 0x0010, b"OW", b"", 400 << 20))]
    zeros = b"\0" * (1 << 20)
    parts += [squeezer.compress(zeros) for _ in range(400)]
    return whole[:start] + b"".join(parts) + squeezer.flush()


def jpeg_cut() -> bytes:
    """Return a JPEG file cut in its middle."""
    import imagecodecs

    whole = bytes(imagecodecs.jpeg8_encode(np.arange(4096, dtype=np.uint8).reshape(64, 64)))
    return whole[: len(whole) // 2]


def _polyglots() -> dict[str, Case]:
    plain = samples.dicom(PIXELS, BitsStored=12)
    named = plain.replace(b"1.2.3.4.5\0", b"../../../x")
    return {
        "P5 path as identifier": Case(named, "identifier"),
        "P5 long identifier": Case(samples.dicom(PIXELS, SOPInstanceUID="1." + "2" * 80), "identifier"),
        "P6 DICOM called png": Case(plain, "rename", "x.png"),
        "P6 text called dcm": Case(b"not an image\n" * 20, "no image", "x.dcm"),
    }


def _dicom_structure() -> dict[str, Case]:
    plain = samples.dicom(PIXELS, BitsStored=12)
    native = element(0x7FE0, 0x0010, b"OW", b"", 0x7FFFFFF0)
    endless = element(0x7FE0, 0x0010, b"OW", b"", 0xFFFFFFFF)
    many = b"".join(element(0x0009, 0, b"UN", b"") for _ in range(3))
    number = np.arange(1_000_100)
    flat = np.stack([9 + 2 * (number >> 16), number & 0xFFFF, 0 * number, 0 * number], axis=1).astype("<u2").tobytes()
    cases = {
        "D1 meta cut": Case(plain[:150], "cut short"),
        "D1 only meta": Case(plain[: 132 + 12 + int.from_bytes(plain[140:144], "little")], "cut short"),
        "D2 pixel length lies": Case(with_pixel_element(native, b"\0" * 32), "are left"),
        "D3 native without length": Case(with_pixel_element(endless, b"\0" * 192), "no length"),
        "D4 implicit nested": Case(nested(5_000, is_explicit=False), "nested"),
        "D4 sequence cut": Case(nested(10)[:-100], "cut short"),
        "D12 unknown kind": Case(plain.replace(b"\x10\x00\x10\x00PN", b"\x10\x00\x10\x00ZZ"), "'ZZ'"),
        "D12 element twice": Case(plain + element(0x7FE1, 0x10, b"LO", b"a ") * 2, "twice"),
        "D12 meta twice": Case(plain + element(0x0002, 0x10, b"UI", b"1.2.840.10008.1.2\0"), "twice"),
        "D12 kind missing": Case(plain + many, "twice"),
        "D13 million elements": Case(samples.dicom(None, samples.IMPLICIT) + flat, "data elements"),
        "D14 stray delimiter": Case(plain + END_OF_ITEM, "delimiter"),
        "D15 item without sequence": Case(plain + ITEM + b"\x08\0\0\0" + b"\0" * 8, "delimiter"),
    }
    for depth in (65, 200, 5_000, 200_000):
        cases[f"D4 nested {depth}"] = Case(nested(depth), "nested")
    for name, cut in (("half", len(plain) // 2), ("last byte", len(plain) - 1), ("pixels", len(plain) - 100)):
        cases[f"D16 cut at {name}"] = Case(plain[:cut], "cut")
    return cases


def _dicom_sizes() -> dict[str, Case]:
    plain = samples.dicom(PIXELS, BitsStored=12)
    rows, frames = b"\x28\x00\x10\x00", samples.dicom(PIXELS, BitsStored=12, NumberOfFrames=1)
    rle = samples.rle(PIXELS[0])
    j2k = b"\xff\x4f\xff\x51" + struct.pack(">HHIIIIIIII", 41, 0, 60_000, 60_000, 0, 0, 60_000, 60_000, 0, 0)
    cases = {
        "D5 sizes lie": Case(samples.dicom(PIXELS, Rows=65535, Columns=65535), "promises"),
        "D5 no rows": Case(samples.dicom(PIXELS, Rows=0), "no pixels"),
        "D5 no columns": Case(samples.dicom(PIXELS, Columns=0), "no pixels"),
        "D7 RLE bomb": Case(sized(65535, 65535, rle[:40]), "bomb"),
        "D8 RLE segments": Case(sized(8, 12, b"\xc8" + rle[1:]), "200 RLE segments"),
        "D8 RLE offset": Case(sized(8, 12, rle[:8] + b"\xf0\xff\xff\xff" + rle[12:]), "outside"),
        "D8 RLE short": Case(sized(8, 12, rle[:80]), "damaged"),
        "D8 RLE head cut": Case(sized(8, 12, rle[:40]), "damaged"),
        "D8 JPEG cut": Case(sized(64, 64, jpeg_cut(), BASELINE, BitsAllocated=8, BitsStored=8), "damaged"),
        "D8 JPEG 2000 of another size": Case(sized(8, 12, j2k + b"\0\1\x0f\1\1", JPEG_2000), "refused"),
        "D8 no fragment": Case(
            with_pixel_element(element(0x7FE0, 0x0010, b"OB", b"", 0xFFFFFFFF), END_OF_SEQUENCE).replace(
                b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"
            ),
            "no fragment",
        ),
        "D8 frames missing": Case(sized(8, 12, rle, NumberOfFrames=7), "7 frames"),
        "D9 deflate bomb": Case(deflate_bomb(), "bomb"),
        "D10 rows of four bytes": Case(patched(plain, rows, element(0x28, 0x10, b"UL", b"\x08\0\0\0")), "value repres"),
        "D10 two rows": Case(patched(plain, rows, element(0x28, 0x10, b"US", b"\x08\0\x08\0")), "4 bytes"),
        "D10 no bits": Case(samples.dicom(PIXELS, BitsAllocated=None, BitsStored=None), "missing"),
        "D10 odd bits": Case(samples.dicom(PIXELS, BitsAllocated=24), "arrangement"),
        "D10 bits stored": Case(samples.dicom(PIXELS, BitsStored=17), "cannot be"),
        "D11 short palette": Case(palette(256, 64), "palette"),
        "D11 huge palette": Case(palette(0, 64), "65536"),
        "D11 short look-up table": Case(short_lut(), "look-up table"),
    }
    for number in (b"2147483647", b"-5", b"1e9999", b"three", b"0"):
        value = element(0x28, 0x08, b"IS", number + b" " * (len(number) % 2))
        data = frames.replace(b"\x28\x00\x08\x00IS\x02\x001 ", value)
        cases[f"D6 frames {number.decode()}"] = Case(data, "" if number[:1].isdigit() else "number of frames")
    return cases


def _pictures() -> dict[str, Case]:
    good = samples.ramp(4, 4).tobytes()
    circle, far = plain_tags(), plain_tags(start=0xFFFFFF00)
    return {
        "I1 PNG bomb": Case(png(60_000, 60_000), "cannot hold"),
        "I1 large PNG": Case(png(60_000, 60_000, b"\0" * 8_000_000), ""),
        "I2 PNG garbage": Case(png(4, 4, b"garbage"), "damaged"),
        "I2 PNG no end": Case(png(4, 4, zlib.compress(b"\0" * 36), has_end=False), "cut short"),
        "I2 PNG no rows": Case(png(0, 4), "no pixels"),
        "I2 PNG chunk lies": Case(png(4, 4)[:33] + b"\x7f\xff\xff\xffIDATx" + b"\0" * 8, "are left"),
        "I3 PNG short": Case(png(40, 40, zlib.compress(b"\0" * 30)), "damaged"),
        "T1 TIFF circle": Case(tiff(circle, next_page=8), "circle"),
        "T1 strip far away": Case(tiff(far), "cut short"),
        "T1 strip of 4 GB": Case(tiff(plain_tags(length=0xFFFFFFFF)), "cut short"),
        "T1 4 G strips": Case(tiff(plain_tags() | {273: (4, 0xFFFFFFFF, 8)}), "cut short"),
        "T1 sizes lie": Case(tiff(plain_tags(60_000, 60_000)), "promises"),
        "T1 compressed bomb": Case(tiff(plain_tags(60_000, 60_000) | {259: (3, 1, 8)}), "bomb"),
        "T1 no pixels": Case(tiff(plain_tags(0, 4)), "no pixels"),
        "T1 no strips": Case(tiff({256: (4, 1, 4), 257: (4, 1, 4)}), "where its pixels"),
        "T1 garbage deflate": Case(tiff(plain_tags(start=130) | {259: (3, 1, 8)}, pixels=b"x" * 64), "damaged"),
        "T1 unknown compression": Case(tiff(plain_tags(start=130) | {259: (3, 1, 61111)}, pixels=b"x" * 64), ""),
        "T2 page beyond": Case(b"II*\0" + struct.pack("<I", 0x7FFFFFFF), "cut short"),
        "T2 header cut": Case(b"II*\0\x08", "cut short"),
        "T2 BigTIFF page beyond": Case(bigtiff(first=1 << 62), "cut short"),
        "T2 BigTIFF offset size": Case(bigtiff(offset_bytes=4), "damaged"),
        "T2 BigTIFF entries": Case(bigtiff(entries=1 << 60), "tags"),
        "T3 NaN": Case(tiff_of(np.array([[1.0, np.nan], [0.0, 2.0]], np.float32)), "not numbers"),
        "T3 infinity": Case(tiff_of(np.full((3, 3), np.inf, np.float64)), "not numbers"),
        "G1 JPEG cut": Case(jpeg_cut(), "cut short"),
        "G1 JPEG without frame": Case(b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + b"\0" * 30, "JPEG"),
        "G1 JPEG marker lies": Case(b"\xff\xd8\xff\xe0\xff\xff" + b"\0" * 30, "frame header"),
        "G2 empty": Case(b"", "empty"),
        "G2 zeros": Case(b"\0" * 10_000, "zero bytes"),
        "G2 noise": Case(bytes(range(256)) * 40, "no image"),
        "R1 raw unexplained": Case(good, "description", "x.raw"),
    }


def tiff_of(plane: np.ndarray, **options: object) -> bytes:
    """Return a plane as TIFF."""
    import io

    import tifffile

    out = io.BytesIO()
    tifffile.imwrite(out, plane, **options)
    return out.getvalue()


def _sidecars() -> dict[str, Case]:
    good = samples.ramp(4, 4).tobytes()

    def raw(says: str, data: bytes = good, **keys: object) -> Case:
        return Case(data, says, "x.raw", json.dumps({"rows": 4, "columns": 4, "type": "uint16"} | keys).encode())

    return {
        "R2 too short": raw("promises", rows=5),
        "R2 too long": raw("32", rows=3),
        "R2 huge": raw("promises", rows=2**31 - 1, columns=2**31 - 1, planes=2**31 - 1),
        "R2 offset beyond": raw("promises", offset_bytes=2**50),
        "R2 NaN": raw("not numbers", np.full((4, 4), np.nan, np.float32).tobytes(), type="float32"),
        "R2 bits": raw("only 16", bits=17),
        "R2 labels": raw("plane labels", plane_labels=["low", "high"]),
        "J1 nested": Case(good, "nested too deep", "x.raw", b"[" * 100_000),
        "J1 digits": Case(good, "cannot be read", "x.raw", b'{"rows":' + b"9" * 5_000 + b"}"),
        "J1 long": Case(good, "bytes long", "x.raw", b" " * (2 << 20)),
        "J1 not text": Case(good, "cannot be read", "x.raw", b"\xff\xfe\x00"),
        "J1 list": Case(good, "one object", "x.raw", b"[1,2]"),
        "J1 infinite": Case(good, "cannot be read", "x.raw", b'{"spacing_mm": Infinity}'),
        "J2 spacing": raw("spacing_mm", spacing_mm=-1),
        "J2 rows true": raw("'rows'", rows=True),
        "J2 type": raw("'type'", type="object"),
        "J2 meaning": raw("'meaning'", meaning="beautiful"),
        "J2 control letters": raw("'subject'", subject="a\x00b\n"),
    }


def corpus() -> dict[str, Case]:
    """Return every hostile file by its name."""
    return _polyglots() | _dicom_structure() | _dicom_sizes() | _pictures() | _sidecars()

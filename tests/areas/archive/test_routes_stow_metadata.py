"""STOW-RS with metadata and bulk data: what is put together is a whole DICOM file, or refused with a reason."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import httpx
import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, JPEGLSLossless

from films import Archive, film, uid
from kerma import formats
from kerma.areas.archive.model import image, quarantine
from kerma.errors import Hostile, Unreadable
from kerma.formats.dicom_xml import native_xml
from kerma.formats.dicom_xml_read import document_of
from stow import STUDIES, Post, failures, post, told

__all__ = ["post"]
JSON, XML, OCTETS = "application/dicom+json", "application/dicom+xml", "application/octet-stream"


def metadata(data: bytes, **bulk: str) -> dict[str, Any]:
    """Return DICOM JSON of a film, with the address of its pixels or other bulk data in place of these."""
    document = pydicom.dcmread(io.BytesIO(data)).to_json_dict()
    for tag, address in ({"7FE00010": "bulk/1"} | bulk).items():
        document[tag] = {"vr": document[tag]["vr"], "BulkDataURI": address}
    return document


def send(post: Post, kind: str, *sent: tuple[str, str, bytes], path: str = STUDIES) -> httpx.Response:
    body = b"".join(
        f"--XX\r\nContent-Type: {of}\r\nContent-Location: {place}\r\n\r\n".encode() + content + b"\r\n"
        for of, place, content in sent
    )
    content_type = f'multipart/related; type="{kind}"; boundary=XX'
    return post(body + b"--XX--", path, Content_Type=content_type)


def kept(archive: Archive) -> pydicom.Dataset:
    (row,) = archive.rows(image.select())
    return pydicom.dcmread(io.BytesIO(archive.kernel.blobs.get(row["sha256"])))


def test_json_and_pixels_become_the_file_they_were(post: Post, archive: Archive) -> None:
    original = pydicom.dcmread(io.BytesIO(film(PatientName="Дюпон^Zoé", SpecificCharacterSet="ISO_IR 192")))
    buffer = io.BytesIO()
    original.save_as(buffer)
    document = json.dumps([metadata(buffer.getvalue())]).encode()
    answer = send(post, JSON, (JSON, "", document), (OCTETS, "bulk/1", original.PixelData))
    assert answer.status_code == 200, answer.text
    found = kept(archive)
    assert found == original
    assert found.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert found.file_meta.MediaStorageSOPInstanceUID == original.SOPInstanceUID


def test_xml_becomes_the_file_it_was(post: Post, archive: Archive) -> None:
    original = pydicom.dcmread(io.BytesIO(film()))
    document = native_xml(metadata(film(), **{"7FE00010": "http://elsewhere/bulk?x=1&y=2"}))
    place = "http://elsewhere/bulk?x=1&y=2"
    answer = send(post, XML, (XML, "", document), (OCTETS, place, original.PixelData))
    assert answer.status_code == 200, answer.text
    found = kept(archive)
    del found.SpecificCharacterSet
    assert found.PatientName == "Dupont^Zoé"
    assert found == original


def test_compressed_frames_stay_as_they_are(post: Post, archive: Archive) -> None:
    pixels = np.random.default_rng(3).integers(0, 4096, (3, 16, 16)).astype(np.uint16)
    frames = [imagecodecs.jpegls_encode(frame) for frame in pixels]
    document = metadata(film(NumberOfFrames=3, PixelData=pixels.tobytes()))
    body = [(JSON, "", json.dumps(document).encode()), *(("image/jls", "bulk/1", bytes(frame)) for frame in frames)]
    answer = send(post, JSON, *body)
    assert answer.status_code == 200, answer.text
    found = kept(archive)
    assert found.file_meta.TransferSyntaxUID == JPEGLSLossless
    stored = list(pydicom.encaps.generate_frames(found.PixelData, number_of_frames=3))
    assert [one[: len(frame)] for one, frame in zip(stored, frames, strict=True)] == [bytes(one) for one in frames]
    (row,) = archive.rows(image.select())
    read = formats.read(archive.kernel.blobs.get(row["sha256"]))
    assert np.array_equal(read.pixels, pixels)


def test_a_jpeg_is_named_by_its_own_process(post: Post, archive: Archive) -> None:
    pixels = np.tile(np.arange(16, dtype=np.uint8), (16, 1))
    flat = film(PixelData=pixels.tobytes(), BitsAllocated=8, BitsStored=8, HighBit=7)
    document = metadata(flat)
    answer = send(
        post,
        JSON,
        (JSON, "", json.dumps(document).encode()),
        ("image/jpeg", "bulk/1", imagecodecs.jpeg8_encode(pixels)),
    )
    assert answer.status_code == 200, answer.text
    assert kept(archive).file_meta.TransferSyntaxUID == pydicom.uid.JPEGBaseline8Bit


def test_inline_pixels_and_the_transfer_syntax_of_the_metadata(post: Post, archive: Archive) -> None:
    document = metadata(film())
    pixels = pydicom.dcmread(io.BytesIO(film())).PixelData
    document["7FE00010"] = {"vr": "OW", "InlineBinary": base64.b64encode(pixels).decode()}
    document["00083002"] = {"vr": "UI", "Value": ["1.2.840.10008.1.2"]}
    answer = send(post, JSON, (JSON, "", json.dumps([document]).encode()))
    assert answer.status_code == 200, answer.text
    found = kept(archive)
    assert (found.file_meta.TransferSyntaxUID, found.PixelData) == ("1.2.840.10008.1.2", pixels)
    assert "AvailableTransferSyntaxUID" not in found


def test_what_is_wrong_with_one_object_spares_the_others(post: Post, archive: Archive) -> None:
    pixels = pydicom.dcmread(io.BytesIO(film())).PixelData
    nowhere = metadata(film(image=2), **{"7FE00010": "bulk/nowhere"})
    strange = metadata(film(image=3)) | {"00083002": {"vr": "UI", "Value": ["1.2.3"]}}
    nameless = {tag: element for tag, element in metadata(film(image=4)).items() if tag != "0020000D"}
    short = metadata(film(image=5), **{"7FE00010": "bulk/short"})
    documents = [metadata(film(image=1)), nowhere, strange, nameless, short, 5, {"00100010": 7}]
    answer = send(
        post,
        JSON,
        (JSON, "", json.dumps(documents).encode()),
        (OCTETS, "bulk/1", pixels),
        (OCTETS, "bulk/short", pixels[:9]),
    )
    assert answer.status_code == 202
    assert sorted(failures(answer)) == sorted([0xC000, 0xC122, 0xC000, 0xC000, 0xC000, 0xC000])
    assert [item.ReferencedSOPInstanceUID for item in told(answer).ReferencedSOPSequence] == [uid(1, 1, 1)]
    assert "did not come" in answer.headers["warning"]
    assert archive.count(image) == 1
    assert archive.count(quarantine) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[" * 100_000, "nested"),
        (b'{"00100010": ' * 90_000, "nested"),
        (b'[{"00280010": {"vr": "US", "Value": [' + b"9" * 5_000 + b"]}}]", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b'{"a": NaN', "no JSON"),
        (b"[]", "no metadata"),
    ],
)
def test_hostile_json_is_refused(post: Post, content: bytes, says: str) -> None:
    answer = send(post, JSON, (JSON, "", content))
    assert answer.status_code in (400, 415), answer.text
    assert says in answer.json()["detail"]


def test_metadata_have_a_limit(post: Post) -> None:
    answer = send(post, JSON, (JSON, "", b" " * (17 << 20)))
    assert answer.status_code == 413
    assert "metadata" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b'<!DOCTYPE x [<!ENTITY a "aaaa">]><NativeDicomModel/>', Hostile),
        (b"<NativeDicomModel>" + b'<DicomAttribute tag="00400275" vr="SQ"><Item>' * 100, Hostile),
        (b"<NativeDicomModel>", Unreadable),
        (b"<NativeDicomModel><Value>1</Value></NativeDicomModel>", Unreadable),
        (b'<NativeDicomModel><DicomAttribute tag="1"/></NativeDicomModel>', Unreadable),
        (b"", Unreadable),
    ],
)
def test_hostile_xml_is_refused(content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        document_of(content)


def test_xml_comes_back_as_it_was_written() -> None:
    document = {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}]},
        "00280030": {"vr": "DS", "Value": [0.25, 0.5]},
        "00280010": {"vr": "US", "Value": [512]},
        "00400275": {"vr": "SQ", "Value": [{"00400007": {"vr": "LO", "Value": ["a & b"]}}, {}]},
        "7FE00010": {"vr": "OW", "BulkDataURI": "bulk/1"},
        "00420011": {"vr": "OB", "InlineBinary": "AAEC"},
        "00081030": {"vr": "LO"},
    }
    assert document_of(native_xml(document)) == document

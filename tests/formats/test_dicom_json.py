"""DICOM JSON written from scanned bytes: the same as pydicom makes of the real files, and bulk data found again."""

from __future__ import annotations

import base64
import io
import json
import math
import warnings
from typing import Any

import pydicom
import pytest
from pydicom import Dataset
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian
from tests.formats import samples

from films import film
from kerma.errors import Unreadable
from kerma.formats.dicom_json import INLINE_BYTES_MAX, bulk_element, metadata_text
from kerma.formats.dicom_xml import native_xml

PLACE = "/dicom-web/studies/1/series/2/instances/3"
BINARY = ("OB", "OD", "OF", "OL", "OV", "OW", "UN")


def same(ours: Any, theirs: Any) -> bool:
    """Whether two values say the same; pydicom writes numbers as floats and keeps spaces."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return all(same(ours.get(name), theirs.get(name)) for name in ours.keys() | theirs.keys())
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(same(a, b) for a, b in zip(ours, theirs, strict=True))
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-12)
    return str(ours or "").strip() == str(theirs or "").strip()


def differences(ours: dict[str, Any], theirs: dict[str, Any], path: str = "") -> list[str]:
    found = []
    for tag in sorted(ours.keys() | theirs.keys()):
        here = f"{path}{tag}"
        mine, other = ours.get(tag, {}), theirs.get(tag, {})
        if tag == "00080005" or not other or (mine.get("vr") == "UN" and int(tag, 16) >> 16 & 1):
            continue  # ours is UTF-8 throughout; pydicom leaves out what it finds invalid, and guesses private ones
        if {mine.get("vr"), other.get("vr")} == {"OB", "OW"}:
            continue  # we say what the file says, also where it is wrong
        if mine.get("vr") != other.get("vr"):
            found.append(f"{here}: {mine.get('vr')} against {other.get('vr')}")
        elif mine["vr"] == "SQ":
            items = mine.get("Value", []), other.get("Value", [])
            if len(items[0]) != len(items[1]):
                found.append(f"{here}: {len(items[0])} items against {len(items[1])}")
            else:
                for one, two in zip(*items, strict=True):
                    found += differences(one, two, f"{here}.")
        elif mine["vr"] not in BINARY and not same(mine.get("Value", []), other.get("Value", [])):
            found.append(f"{here}: {mine.get('Value')} against {other.get('Value')}")
    return found


def readable() -> list[Any]:
    return [path for path in samples.pydicom_files() + samples.real_dicom_files() if path.stat().st_size < 4_000_000]


KNOWN = {"badVR.dcm", "explicit_VR-UN.dcm", "UN_sequence.dcm", "bad_sequence.dcm", "nested_priv_SQ.dcm", "priv_SQ.dcm"}


@pytest.mark.parametrize("path", readable(), ids=lambda path: path.name)
def test_real_files_say_what_pydicom_reads(path: Any) -> None:
    data = path.read_bytes()
    try:
        text = metadata_text(data, PLACE)
    except Unreadable:
        return
    assert "\n" not in text
    ours = json.loads(text)
    assert list(ours) == sorted(ours)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            read = pydicom.dcmread(io.BytesIO(data), force=True)
            read.SpecificCharacterSet = read.get("SpecificCharacterSet") or "ISO_IR 6"
            theirs = read.to_json_dict(
                bulk_data_threshold=1, bulk_data_element_handler=lambda _: "x", suppress_invalid_tags=True
            )
        except Exception:
            return  # pydicom cannot write it
    if path.name not in KNOWN:
        missing = [tag for tag in theirs if int(tag, 16) & 0xFFFF == 0]
        found = differences(ours, {tag: value for tag, value in theirs.items() if tag not in missing})
        assert not found, found[:6]


def encoded(data: Dataset, syntax: Any) -> bytes:
    buffer = io.BytesIO()
    data.file_meta.TransferSyntaxUID = syntax
    pydicom.dcmwrite(
        buffer, data, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian, enforce_file_format=True
    )
    return buffer.getvalue()


def sample() -> Dataset:
    data = pydicom.dcmread(io.BytesIO(film(SpecificCharacterSet="ISO_IR 192")))
    item = Dataset()
    item.CodeValue, item.ICCProfile = "T-1", bytes(range(256)) * 2
    data.ViewCodeSequence = [item]
    data.WindowCenter, data.PixelSpacing = ["40.50", "1e3"], ["0.1", "0.10"]
    data.add_new(0x00280106, "US", 3)
    data.RedPaletteColorLookupTableData = b"\x01\x02\x03\x04"
    data.TableOfXBreakPoints, data.EventTimeOffset = [1, 2**31], 0.1
    data.FrameIncrementPointer = [0x00181063]
    return data


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian], ids=["implicit", "big endian"])
def test_every_encoding_says_the_same(syntax: Any) -> None:
    plain = json.loads(metadata_text(encoded(sample(), pydicom.uid.ExplicitVRLittleEndian), PLACE))
    data = sample()
    if not syntax.is_little_endian:
        data.RedPaletteColorLookupTableData = b"\x02\x01\x04\x03"  # pydicom leaves the order of words to us
    other = json.loads(metadata_text(encoded(data, syntax), PLACE))
    assert plain == other
    assert plain["00281050"]["Value"] == [40.50, 1000.0]
    assert base64.b64decode(plain["00281201"]["InlineBinary"]) == b"\x01\x02\x03\x04"
    assert plain["00280009"]["Value"] == ["00181063"]


def test_decimal_strings_keep_their_digits() -> None:
    text = metadata_text(encoded(sample(), pydicom.uid.ExplicitVRLittleEndian), PLACE)
    assert '"Value":[0.1,0.10]' in text and '"Value":[40.50,1e3]' in text


def test_bulk_data_are_found_where_the_text_says_they_are() -> None:
    data = encoded(sample(), pydicom.uid.ExplicitVRLittleEndian)
    found = json.loads(metadata_text(data, PLACE))
    address = found["00540220"]["Value"][0]["00282000"]["BulkDataURI"]
    assert address == f"{PLACE}/bulkdata/00540220.1.00282000"
    vr, element = bulk_element(data, address.rsplit("/", 1)[1])
    assert vr == "OB" and data[element[1] : element[1] + element[2]] == bytes(range(256)) * 2
    assert element[2] > INLINE_BYTES_MAX
    for wrong in ("00540220.2.00282000", "00540220", "7FE00011", "../etc", "", "7FE00010.1"):
        got = bulk_element(data, wrong)
        assert got is None or got[0] == "SQ"


def test_xml_holds_names_sequences_and_addresses() -> None:
    data = json.loads(metadata_text(encoded(sample(), pydicom.uid.ExplicitVRLittleEndian), PLACE))
    text = native_xml(data).decode()
    assert "<FamilyName>Dupont</FamilyName><GivenName>Zoé</GivenName>" in text
    assert (
        '<Item number="1"><DicomAttribute tag="00080100" vr="SH" keyword="CodeValue"><Value number="1">T-1</Value>'
        in text
    )
    assert f'<BulkData uri="{PLACE}/bulkdata/7FE00010"/>' in text


def test_xml_survives_letters_that_it_cannot_hold() -> None:
    from xml.etree import ElementTree

    hostile = {"00081030": {"vr": "LO", "Value": ["a\x01<&>\"'b\x1b"]}}
    root = ElementTree.fromstring(native_xml(hostile))
    assert "".join(root.itertext()) == "a<&>\"'b"

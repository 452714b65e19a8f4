"""WADO-RS: what was stored comes back, in the form that is asked for, or with words that say what can be had."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from fastapi.testclient import TestClient
from tests.areas.archive.webs import WEB, client_of, parts_of
from tests.formats import samples

from films import Archive, film, uid
from kerma import formats
from kerma.areas.archive import retrieve_cache, routes_wado
from kerma.formats import transcode

MULTI = 'multipart/related; type="application/dicom"'
AS_STORED = f"{MULTI}; transfer-syntax=*"


@pytest.fixture
def backend() -> str:
    """What is asked of the database here, test_queries_find asks of both kinds."""
    return "sqlite"


@pytest.fixture
def web(archive: Archive) -> TestClient:
    return client_of(archive, [routes_wado.router])


def address(exam: int = 1, series: int | None = None, image: int | None = None) -> str:
    parts = [f"{WEB}/studies/{uid(exam)}"]
    parts += [f"series/{uid(exam, series)}"] if series is not None else []
    parts += [f"instances/{uid(exam, series, image)}"] if image is not None else []
    return "/".join(parts)


def of(data: bytes) -> str:
    """Return the address of a DICOM file."""
    read = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True)
    return f"{WEB}/studies/{read.StudyInstanceUID}/series/{read.SeriesInstanceUID}/instances/{read.SOPInstanceUID}"


def compressed(**attributes: Any) -> bytes:
    import imagecodecs

    planes = samples.ramp(planes=3, rows=8, columns=10)
    frames = [bytes(imagecodecs.ljpeg_encode(plane)) for plane in planes]
    return samples.encapsulated(planes, "1.2.840.10008.1.2.4.70", frames, BitsStored=12, **attributes)


def test_a_study_comes_back_byte_for_byte_in_reading_order(web: TestClient, archive: Archive) -> None:
    kept = [film(series=series, image=image) for series in (1, 2) for image in (1, 2)]
    for data in reversed(kept):
        archive.ingest(data)
    answer = web.get(address(1), headers={"Accept": AS_STORED})
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    parts = parts_of(answer)
    assert [part.content for part in parts] == kept
    assert {part.headers["content-type"] for part in parts} == {
        "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
    }
    assert parts[0].headers["content-location"] == address(1, 1, 1)


@pytest.mark.parametrize("level", [(1,), (1, 2), (1, 2, 3)])
def test_each_level_gives_what_belongs_to_it(web: TestClient, archive: Archive, level: tuple[int, ...]) -> None:
    for series, image in ((1, 1), (2, 2), (2, 3)):
        archive.ingest(film(series=series, image=image))
    assert len(parts_of(web.get(address(*level)))) == {1: 3, 2: 2, 3: 1}[len(level)]


def test_one_instance_may_stand_alone_and_be_fetched_in_ranges(web: TestClient, archive: Archive) -> None:
    data = film(side=64)
    archive.ingest(data)
    place, alone = address(1, 1, 1), {"Accept": "application/dicom"}
    answer = web.get(place, headers=alone)
    assert answer.content == data
    assert answer.headers["content-type"] == "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
    assert answer.headers["etag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    assert "private" in answer.headers["cache-control"]
    for written, first, end in (("bytes=0-9", 0, 10), ("bytes=100-", 100, None), ("bytes=-7", -7, None)):
        part = web.get(place, headers=alone | {"Range": written})
        assert part.status_code == 206
        assert part.content == data[first:end]
        assert part.headers["content-range"].endswith(f"/{len(data)}")
    assert web.get(place, headers=alone | {"Range": f"bytes={len(data)}-"}).status_code == 416
    for ignored in ("bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=-"):
        assert web.get(place, headers=alone | {"Range": ignored}).content == data


def test_a_range_is_given_only_of_the_same_bytes(web: TestClient, archive: Archive) -> None:
    archive.ingest(film())
    place, alone = address(1, 1, 1), {"Accept": "application/dicom", "Range": "bytes=0-9"}
    tag = web.head(place, headers=alone).headers["etag"]
    assert web.get(place, headers=alone | {"If-Range": tag}).status_code == 206
    assert web.get(place, headers=alone | {"If-Range": '"other"'}).status_code == 200


@pytest.mark.parametrize("accept", [AS_STORED, MULTI, "application/dicom"])
def test_what_the_client_has_is_not_sent_again(web: TestClient, archive: Archive, accept: str) -> None:
    archive.ingest(film())
    place, asked = address(1, 1, 1), {"Accept": accept}
    head = web.head(place, headers=asked)
    whole = web.get(place, headers=asked)
    assert head.content == b""
    assert head.headers["content-length"] == str(len(whole.content))
    again = web.get(place, headers=asked | {"If-None-Match": head.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert web.get(place, headers=asked | {"If-None-Match": '"other"'}).status_code == 200


def test_a_study_that_grew_is_sent_again(web: TestClient, archive: Archive) -> None:
    archive.ingest(film())
    tag = web.get(address(1)).headers["etag"]
    archive.ingest(film(image=2))
    assert web.get(address(1), headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("syntax", [samples.EXPLICIT, transcode.JPEG_LS, transcode.HTJ2K])
def test_an_instance_is_given_in_the_syntax_that_is_asked_for(web: TestClient, archive: Archive, syntax: str) -> None:
    data = compressed()
    archive.ingest(data)
    (part,) = parts_of(web.get(of(data), headers={"Accept": f"{MULTI}; transfer-syntax={syntax}"}))
    assert pydicom.dcmread(io.BytesIO(part.content)).file_meta.TransferSyntaxUID == syntax
    assert part.headers["content-type"] == f"application/dicom; transfer-syntax={syntax}"
    np.testing.assert_array_equal(formats.read(part.content).pixels, formats.read(data).pixels)
    assert pydicom.dcmread(io.BytesIO(part.content)).SOPInstanceUID == pydicom.dcmread(io.BytesIO(data)).SOPInstanceUID


def test_without_a_syntax_an_instance_is_explicit_little_endian(web: TestClient, archive: Archive) -> None:
    data = compressed()
    archive.ingest(data)
    for accept in (MULTI, "*/*", "multipart/related", ""):
        (part,) = parts_of(web.get(of(data), headers={"Accept": accept}))
        assert pydicom.dcmread(io.BytesIO(part.content)).file_meta.TransferSyntaxUID == samples.EXPLICIT
    (stored,) = parts_of(web.get(of(data), headers={"Accept": AS_STORED}))
    assert stored.content == data


def test_of_equal_wishes_the_stored_bytes_are_chosen(web: TestClient, archive: Archive) -> None:
    data = compressed()
    archive.ingest(data)
    accept = f"{MULTI}; transfer-syntax={samples.EXPLICIT}, {MULTI}; transfer-syntax=1.2.840.10008.1.2.4.70"
    assert parts_of(web.get(of(data), headers={"Accept": accept}))[0].content == data
    rather = f"{MULTI}; transfer-syntax=*;q=0.5, {MULTI}; transfer-syntax={samples.EXPLICIT}"
    assert parts_of(web.get(of(data), headers={"Accept": rather}))[0].content != data


@pytest.mark.parametrize("syntax", [samples.IMPLICIT, samples.BIG])
def test_what_is_not_for_the_web_is_given_as_stored_and_never_by_name(
    web: TestClient, archive: Archive, syntax: str
) -> None:
    data = samples.dicom(samples.ramp(), syntax, BitsStored=12)
    archive.ingest(data)
    assert web.get(of(data), headers={"Accept": f"{MULTI}; transfer-syntax={syntax}"}).status_code == 406
    assert parts_of(web.get(of(data), headers={"Accept": AS_STORED}))[0].content == data
    (part,) = parts_of(web.get(of(data), headers={"Accept": MULTI}))
    assert pydicom.dcmread(io.BytesIO(part.content)).file_meta.TransferSyntaxUID == samples.EXPLICIT


def test_the_accept_parameter_stands_for_the_header(web: TestClient, archive: Archive) -> None:
    data = film()
    archive.ingest(data)
    answer = web.get(address(1, 1, 1), params={"accept": "application/dicom"}, headers={"Accept": "image/png"})
    assert answer.content == data


@pytest.mark.parametrize(
    "accept", ["text/html", "image/jpeg;q=0.4, text/*", "multipart/related; type=text/plain", ";;,"]
)
def test_what_cannot_be_given_is_refused_with_what_can(web: TestClient, archive: Archive, accept: str) -> None:
    archive.ingest(film())
    answer = web.get(address(1), headers={"Accept": accept})
    assert answer.status_code == 406
    assert answer.headers["content-type"] == "application/problem+json"
    assert 'multipart/related; type="application/dicom"' in answer.json()["detail"]
    assert transcode.HTJ2K in answer.json()["detail"]


def test_several_instances_never_stand_alone(web: TestClient, archive: Archive) -> None:
    archive.ingest(film())
    archive.ingest(film(image=2))
    assert web.get(address(1), headers={"Accept": "application/dicom"}).status_code == 406


def test_what_cannot_be_decoded_is_left_out_and_said(web: TestClient, archive: Archive) -> None:
    readable = compressed()
    unknown = samples.encapsulated(
        samples.ramp(), "1.2.840.10008.1.2.4.102", [b"\0\0\1\xba" * 8], SOPInstanceUID="1.2.3.4.6"
    )
    archive.ingest(readable)
    archive.ingest(unknown)
    study = of(readable).split("/series")[0]
    some = web.get(study, headers={"Accept": MULTI})
    assert some.status_code == 206
    assert len(parts_of(some)) == 1
    assert "1 instances" in some.headers["warning"]
    assert [part.content for part in parts_of(web.get(study, headers={"Accept": AS_STORED}))] == [readable, unknown]
    assert web.get(of(unknown), headers={"Accept": MULTI}).status_code == 406


def test_damaged_pixels_are_refused_in_another_syntax_and_given_as_stored(web: TestClient, archive: Archive) -> None:
    data = bytearray(compressed())
    at = data.find(b"\xff\xd8")
    data[at + 40 : at + 60] = b"\xff" * 20
    archive.ingest(bytes(data))
    refused = web.get(of(bytes(data)), headers={"Accept": MULTI})
    assert refused.status_code == 406
    assert "transfer-syntax=*" in refused.json()["detail"]
    assert parts_of(web.get(of(bytes(data)), headers={"Accept": AS_STORED}))[0].content == bytes(data)


def test_a_file_without_a_preamble_is_given_as_one_with_it(web: TestClient, archive: Archive) -> None:
    whole = samples.dicom(samples.ramp(), samples.IMPLICIT, BitsStored=12)
    start = whole.find(b"\x08\x00\x16\x00")
    archive.ingest(whole[start:])
    (part,) = parts_of(web.get(of(whole), headers={"Accept": AS_STORED}))
    assert part.content[128:132] == b"DICM"
    np.testing.assert_array_equal(formats.read(part.content).pixels, formats.read(whole).pixels)


def test_copies_are_made_once_and_may_be_deleted(web: TestClient, archive: Archive, monkeypatch: Any) -> None:
    data = compressed()
    archive.ingest(data)
    asked = {"Accept": f"{MULTI}; transfer-syntax={transcode.HTJ2K}"}
    first = web.get(of(data), headers=asked).content
    copies = [path for path in retrieve_cache.folder(archive.kernel).rglob("*") if path.is_file()]
    assert len(copies) == 1
    at = copies[0].stat().st_ino
    assert web.get(of(data), headers=asked).content == first
    assert copies[0].stat().st_ino == at
    copies[0].unlink()
    assert web.get(of(data), headers=asked).content == first


@pytest.mark.parametrize("path", ["studies/1.2.3", "studies/1.2.3/series/1.2", "studies/1.2.3/series/1/instances/9"])
def test_what_is_not_there_is_not_found(web: TestClient, path: str) -> None:
    answer = web.get(f"{WEB}/{path}")
    assert answer.status_code == 404
    assert path.rsplit("/", 1)[1] in answer.json()["detail"]


@pytest.mark.parametrize("uid_written", ["1.2.%00", "abc", "1..2", "1" * 65, "1.2'--", "..%2f..%2fetc"])
def test_what_is_no_uid_is_a_wrong_question(web: TestClient, uid_written: str) -> None:
    assert web.get(f"{WEB}/studies/{uid_written}").status_code in (400, 404)


def test_series_and_instance_must_lie_where_the_address_says(web: TestClient, archive: Archive) -> None:
    archive.ingest(film())
    archive.ingest(film(exam=2, PatientID="P-18"))
    crossed = f"{WEB}/studies/{uid(2)}/series/{uid(1, 1)}/instances/{uid(1, 1, 1)}"
    assert web.get(crossed).status_code == 404


def test_looking_is_recorded_once_for_an_opening_and_refused_without_permission(
    web: TestClient, archive: Archive
) -> None:
    archive.ingest(film())
    for _ in range(3):
        assert web.get(address(1, 1, 1)).status_code == 200
    records = [record for record in archive.records("archive.view") if record["outcome"] == "done"]
    assert [record["details"]["purpose"] for record in records] == ["dicomweb"]
    web.headers.pop("Authorization")
    assert web.get(address(1)).status_code == 401


def test_an_object_without_pixels_is_given(web: TestClient, archive: Archive) -> None:
    from pydicom.data import get_testdata_file

    data = Path(get_testdata_file("reportsi.dcm")).read_bytes()
    archive.ingest(data)
    for syntax in (samples.EXPLICIT, "*"):
        accept = f"{MULTI}; transfer-syntax={syntax}"
        (part,) = parts_of(web.get(of(data), headers={"Accept": accept}))
        assert formats.scan(part.content).image_uid == formats.scan(data).image_uid


def test_deleting_is_refused_with_the_reason_and_recorded(web: TestClient, archive: Archive) -> None:
    archive.ingest(film())
    for place in (address(1), address(1, 1), address(1, 1, 1)):
        answer = web.delete(place)
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
        assert "stays" in answer.json()["detail"]
    assert web.delete(address(2)).status_code == 404
    refused = [record for record in archive.records("archive.delete") if record["outcome"] == "refused"]
    assert len(refused) >= 2
    assert web.get(address(1)).status_code == 200


def test_what_was_deleted_is_gone(web: TestClient, archive: Archive) -> None:
    import sqlalchemy as sa

    from kerma.areas.archive.model_keeping import tombstone

    values = {column.name: "" for column in tombstone.columns if column.name != "id"}
    numbers = {"rule_id": 1, "image_count": 1, "size_bytes": 1}
    with archive.kernel.database.write() as connection:
        connection.execute(sa.insert(tombstone).values(values | numbers | {"exam_uid": "1.2.9", "deleted_at": "2026"}))
    assert web.get(f"{WEB}/studies/1.2.9").status_code == 410

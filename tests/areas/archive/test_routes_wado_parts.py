"""WADO-RS: frames, pixel data, metadata and bulk data of what was stored."""

from __future__ import annotations

import io
import json
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from fastapi.testclient import TestClient
from tests.areas.archive.test_routes_wado import MULTI, address, of
from tests.areas.archive.webs import client_of, parts_of
from tests.formats import samples

from films import Archive, film
from kerma import formats
from kerma.areas.archive import routes_wado, routes_wado_parts
from kerma.formats import codecs, transcode

FILM = samples.ramp(planes=3, rows=8, columns=10)
LOSSLESS_JPEG = "1.2.840.10008.1.2.4.70"
OCTETS = 'multipart/related; type="application/octet-stream"'


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def web(archive: Archive) -> TestClient:
    return client_of(archive, [routes_wado.router, routes_wado_parts.router])


def native(syntax: str = samples.EXPLICIT, **attributes: Any) -> bytes:
    return samples.dicom(FILM, syntax, BitsStored=12, **attributes)


def compressed(fragments: int = 1, *, has_table: bool = True) -> tuple[bytes, list[bytes]]:
    frames = [bytes(imagecodecs.ljpeg_encode(plane)) for plane in FILM]
    more = {"fragments": fragments, "has_table": has_table, "BitsStored": 12}
    return samples.encapsulated(FILM, LOSSLESS_JPEG, frames, **more), frames


@pytest.mark.parametrize("syntax", [samples.EXPLICIT, samples.IMPLICIT, samples.BIG, samples.DEFLATED])
def test_frames_of_native_files_are_little_endian(web: TestClient, archive: Archive, syntax: str) -> None:
    data = native(syntax)
    archive.ingest(data)
    answer = web.get(f"{of(data)}/frames/1,3", headers={"Accept": OCTETS})
    assert answer.status_code == 200
    assert [part.content for part in parts_of(answer)] == [FILM[0].tobytes(), FILM[2].tobytes()]
    assert parts_of(answer)[1].headers["content-location"] == f"{of(data)}/frames/3"
    alone = web.get(f"{of(data)}/frames/2", headers={"Accept": "application/octet-stream"})
    assert alone.content == FILM[1].tobytes()
    assert alone.headers["content-type"] == f"application/octet-stream; transfer-syntax={samples.EXPLICIT}"


@pytest.mark.parametrize("has_table", [True, False])
@pytest.mark.parametrize("fragments", [1, 2])
def test_compressed_frames_are_given_as_stored(
    web: TestClient, archive: Archive, fragments: int, has_table: bool
) -> None:
    data, frames = compressed(fragments, has_table=has_table)
    archive.ingest(data)
    for accept in (f"{OCTETS}; transfer-syntax=*", 'multipart/related; type="image/jpeg"', "multipart/related"):
        (part,) = parts_of(web.get(f"{of(data)}/frames/2", headers={"Accept": accept}))
        if accept == "multipart/related":  # nothing said: uncompressed is what everybody can read
            assert part.content == FILM[1].tobytes()
        else:
            assert part.content.rstrip(b"\0") == frames[1].rstrip(b"\0")
            assert part.headers["content-type"].endswith(f"; transfer-syntax={LOSSLESS_JPEG}")


@pytest.mark.parametrize(
    ("accept", "codec"), [("image/jls", "jpeg-ls"), ("image/jphc", "htj2k"), ("image/jphc; transfer-syntax=*", "htj2k")]
)
def test_frames_are_encoded_on_request(web: TestClient, archive: Archive, accept: str, codec: str) -> None:
    for data in (native(), compressed()[0]):
        assert archive.ingest(data).outcome in ("stored", "quarantined")
    answer = web.get(f"{of(native())}/frames/3", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith(accept.split(";")[0])
    decoded = codecs.decode(codec, answer.content, codecs.Frame(8, 10, 1, 16))
    np.testing.assert_array_equal(decoded, FILM[2])


def test_every_frame_in_every_way_is_the_same(web: TestClient, archive: Archive) -> None:
    data, _ = compressed()
    archive.ingest(data)
    uncompressed = web.get(f"{of(data)}/frames/1,2,3", headers={"Accept": OCTETS})
    assert b"".join(part.content for part in parts_of(uncompressed)) == FILM.tobytes()
    pixels = web.get(f"{of(data)}/pixeldata", headers={"Accept": OCTETS})
    assert [part.content for part in parts_of(pixels)] == [plane.tobytes() for plane in FILM]
    squeezed = web.get(f"{of(data)}/pixeldata", headers={"Accept": 'multipart/related; type="image/jls"'})
    back = [codecs.decode("jpeg-ls", part.content, codecs.Frame(8, 10, 1, 16)) for part in parts_of(squeezed)]
    np.testing.assert_array_equal(np.stack(back), FILM)


@pytest.mark.parametrize(
    "written", ["0", "1,0", "-1", "1;2", "", "a", "1,,2", "1-3", "9" * 30, ",".join(["1"] * 10_001)]
)
def test_a_list_that_is_none_is_a_wrong_question(web: TestClient, archive: Archive, written: str) -> None:
    archive.ingest(native())
    answer = web.get(f"{of(native())}/frames/{written}")
    assert answer.status_code in ((404,) if written == "" else (400,)), answer.text


def test_frames_that_do_not_exist(web: TestClient, archive: Archive) -> None:
    archive.ingest(native())
    missing = web.get(f"{of(native())}/frames/4")
    assert missing.status_code == 404
    assert "frames 1 to 3" in missing.json()["detail"]
    some = web.get(f"{of(native())}/frames/2,4")
    assert some.status_code == 206
    assert len(parts_of(some)) == 1


def test_frames_in_a_form_that_is_not_made_are_refused_with_what_is(web: TestClient, archive: Archive) -> None:
    archive.ingest(native())
    answer = web.get(f"{of(native())}/frames/1", headers={"Accept": "image/jpeg"})
    assert answer.status_code == 406
    assert "image/jls" in answer.json()["detail"]
    several = web.get(f"{of(native())}/frames/1,2", headers={"Accept": "application/octet-stream"})
    assert several.status_code == 406


def test_metadata_say_all_but_the_pixels(web: TestClient, archive: Archive) -> None:
    for image in (1, 2):
        archive.ingest(film(image=image))
    for level, count in ((address(1), 2), (address(1, 1), 2), (address(1, 1, 2), 1)):
        answer = web.get(f"{level}/metadata")
        assert answer.headers["content-type"] == "application/dicom+json"
        assert len(answer.json()) == count
    (one,) = web.get(f"{address(1, 1, 2)}/metadata", headers={"Accept": "application/json"}).json()
    assert one["00100010"]["Value"] == [{"Alphabetic": "Dupont^Zoé"}]
    assert one["7FE00010"]["BulkDataURI"] == f"http://127.0.0.1{address(1, 1, 2)}/bulkdata/7FE00010"
    tag = web.get(f"{address(1)}/metadata").headers["etag"]
    assert web.get(f"{address(1)}/metadata", headers={"If-None-Match": tag}).status_code == 304


def test_metadata_of_several_series_are_one_list(web: TestClient, archive: Archive) -> None:
    for series in (1, 2, 3):
        archive.ingest(film(series=series))
    assert [one["00200011"]["Value"] for one in web.get(f"{address(1)}/metadata").json()] == [[1], [2], [3]]


def test_metadata_are_given_as_xml(web: TestClient, archive: Archive) -> None:
    archive.ingest(film())
    answer = web.get(f"{address(1)}/metadata", headers={"Accept": 'multipart/related; type="application/dicom+xml"'})
    (part,) = parts_of(answer)
    assert b'keyword="PatientID"' in part.content
    assert web.get(f"{address(1)}/metadata", headers={"Accept": "text/html"}).status_code == 406


def test_bulk_data_stand_where_the_metadata_say(web: TestClient, archive: Archive) -> None:
    item = pydicom.Dataset()
    item.LUTDescriptor, item.LUTData = [512, 0, 16], bytes(range(256)) * 4
    item["LUTData"].VR = "OW"
    for syntax in (samples.EXPLICIT, samples.BIG, samples.DEFLATED):
        data = native(syntax, SOPInstanceUID=f"1.2.3.{len(syntax)}", VOILUTSequence=[item])
        archive.ingest(data)
        (one,) = web.get(f"{of(data)}/metadata").json()
        place = one["00283010"]["Value"][0]["00283006"]["BulkDataURI"]
        turned = np.frombuffer(bytes(range(256)) * 4, "<u2").tobytes()
        assert web.get(place, headers={"Accept": "application/octet-stream"}).content == turned
        assert web.get(one["7FE00010"]["BulkDataURI"], headers={"Accept": "application/octet-stream"}).content == (
            FILM.tobytes()
        )
        contents = [part.content for part in parts_of(web.get(f"{of(data)}/bulkdata"))]
        assert turned in contents
        part = web.get(place, headers={"Accept": "application/octet-stream", "Range": "bytes=2-5"})
        assert part.content == turned[2:6]


@pytest.mark.parametrize("path", ["00100010x", "7FE00011", "a..b", "00283010.9.00283006", "%00", "7FE00010.1"])
def test_bulk_data_that_are_not_there(web: TestClient, archive: Archive, path: str) -> None:
    archive.ingest(native())
    assert web.get(f"{of(native())}/bulkdata/{path}").status_code in (400, 404)


def test_compressed_bulk_pixels_come_native_or_frame_by_frame(web: TestClient, archive: Archive) -> None:
    data, frames = compressed()
    archive.ingest(data)
    place = f"{of(data)}/bulkdata/7FE00010"
    assert web.get(place, headers={"Accept": "application/octet-stream"}).content == FILM.tobytes()
    parts = parts_of(web.get(place, headers={"Accept": f"{OCTETS}; transfer-syntax=*"}))
    assert [part.content.rstrip(b"\0") for part in parts] == [frame.rstrip(b"\0") for frame in frames]


def test_a_png_is_given_as_the_object_that_the_index_names(web: TestClient, archive: Archive) -> None:
    import cv2

    pixels = samples.ramp(rows=20, columns=30, bits=16)[0]
    kept = archive.ingest(cv2.imencode(".png", pixels)[1].tobytes(), "weld.png", industry="ndt")
    (row,) = archive.rows(_series_of(kept.image_uid))
    place = f"/dicom-web/studies/{kept.exam_uid}/series/{row['uid']}/instances/{kept.image_uid}"
    answer = web.get(place, headers={"Accept": "application/dicom"})
    read = pydicom.dcmread(io.BytesIO(answer.content))
    assert (read.StudyInstanceUID, read.SeriesInstanceUID, read.SOPInstanceUID) == (
        kept.exam_uid,
        row["uid"],
        kept.image_uid,
    )
    assert answer.headers["etag"] != f'"{kept.sha256}"'
    np.testing.assert_array_equal(read.pixel_array, pixels)
    assert web.get(place, headers={"Accept": "application/dicom"}).content == answer.content
    assert web.get(f"{place}/frames/1", headers={"Accept": "application/octet-stream"}).content == pixels.tobytes()
    (one,) = web.get(f"{place}/metadata").json()
    assert one["00080018"]["Value"] == [kept.image_uid]
    assert one["00280010"]["Value"] == [20]
    for syntax in (transcode.JPEG_LS, transcode.HTJ2K):
        (part,) = parts_of(web.get(place, headers={"Accept": f"{MULTI}; transfer-syntax={syntax}"}))
        np.testing.assert_array_equal(formats.read(part.content).pixels[0], pixels)


def test_an_object_without_pixels_has_no_frames(web: TestClient, archive: Archive) -> None:
    data = samples.dicom(None, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11", Modality="SR")
    archive.ingest(data)
    assert web.get(f"{of(data)}/frames/1").status_code == 404
    assert web.get(f"{of(data)}/pixeldata").status_code == 404
    assert len(web.get(f"{of(data)}/metadata").json()) == 1


def _series_of(image_uid: str) -> Any:
    import sqlalchemy as sa

    from kerma.areas.archive.model import image, series

    joined = sa.select(series.c.uid).join_from(image, series, image.c.series_pk == series.c.id)
    return joined.where(image.c.uid == image_uid)


def test_metadata_are_valid_json_without_a_host_that_could_break_it(web: TestClient, archive: Archive) -> None:
    archive.ingest(film())
    answer = web.get(f"{address(1)}/metadata")
    assert json.loads(answer.content)

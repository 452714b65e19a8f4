"""Pictures over DICOMweb: exactly what the grey-scale reference shows, however they are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pydicom
import pytest
from fastapi.testclient import TestClient
from tests.areas.archive.test_routes_wado import address, of
from tests.areas.archive.webs import client_of, parts_of
from tests.formats import samples

from films import Archive, film
from kerma import formats
from kerma.areas.archive import retrieve_pictures, routes_wado, routes_wado_rendered, routes_wado_uri
from kerma.science.imaging.greyscale import display
from kerma.science.imaging.image import Window

FILM = samples.ramp(planes=3, rows=40, columns=60)
GREY = samples.ramp(planes=1, rows=40, columns=60)
PNG = {"Accept": "image/png"}


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def web(archive: Archive) -> TestClient:
    return client_of(archive, [routes_wado.router, routes_wado_rendered.router, routes_wado_uri.router])


def shown(answer: Any) -> np.ndarray:
    assert answer.status_code in (200, 206), answer.text
    found = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)
    return found if found.ndim == 2 else found[..., ::-1]


def lut_item() -> pydicom.Dataset:
    item = pydicom.Dataset()
    item.LUTDescriptor, item.LUTData = [4096, 0, 16], np.sqrt(np.arange(4096) / 4095 * 65535**2).astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    return item


KINDS = {
    "plain": {},
    "window": {"WindowCenter": 2000, "WindowWidth": 900},
    "sigmoid": {"WindowCenter": 2000, "WindowWidth": 900, "VOILUTFunction": "SIGMOID"},
    "inverse": {"PhotometricInterpretation": "MONOCHROME1", "WindowCenter": 2000, "WindowWidth": 900},
    "presented": {"PresentationLUTShape": "INVERSE", "WindowCenter": 2000, "WindowWidth": 900},
    "rescaled": {"RescaleSlope": 2, "RescaleIntercept": -1024, "WindowCenter": 400, "WindowWidth": 3000},
    "voi lut": {"VOILUTSequence": [lut_item()]},
    "modality lut": {"ModalityLUTSequence": [lut_item()], "WindowCenter": 30000, "WindowWidth": 50000},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("syntax", [samples.EXPLICIT, samples.BIG, "jpeg-ls"])
def test_a_picture_is_what_the_reference_shows(web: TestClient, archive: Archive, syntax: str, kind: str) -> None:
    if syntax == "jpeg-ls":
        frame = bytes(imagecodecs.jpegls_encode(GREY[0]))
        data = samples.encapsulated(GREY, "1.2.840.10008.1.2.4.80", [frame], BitsStored=12, **KINDS[kind])
    else:
        data = samples.dicom(GREY, syntax, BitsStored=12, **KINDS[kind])
    archive.ingest(data)
    np.testing.assert_array_equal(shown(web.get(f"{of(data)}/rendered", headers=PNG)), display(formats.read(data)))


@pytest.mark.parametrize("asked", ["1500,800,linear", "1500,800,linear-exact", "1500,800,sigmoid", "-20.5,1,linear"])
def test_a_window_that_is_asked_for_is_used(web: TestClient, archive: Archive, asked: str) -> None:
    data = samples.dicom(samples.ramp(rows=40, columns=60, dtype="i2"), BitsStored=12, **KINDS["window"])
    archive.ingest(data)
    center, width, function = asked.split(",")
    window = Window(float(center), float(width), function.upper().replace("-", "_"))
    got = shown(web.get(f"{of(data)}/rendered", params={"window": asked}, headers=PNG))
    np.testing.assert_array_equal(got, display(formats.read(data), 0, window))


def test_colour_stays_colour(web: TestClient, archive: Archive) -> None:
    colour = np.random.default_rng(1).integers(0, 255, (1, 20, 30, 3)).astype(np.uint8)
    data = samples.dicom(colour)
    archive.ingest(data)
    np.testing.assert_array_equal(shown(web.get(f"{of(data)}/rendered", headers=PNG)), colour[0])


def test_every_frame_or_the_one_that_is_asked_for(web: TestClient, archive: Archive) -> None:
    data = samples.dicom(FILM, BitsStored=12, **KINDS["window"])
    archive.ingest(data)
    wanted = [display(formats.read(data), plane) for plane in range(3)]
    study = of(data).split("/series")[0]
    for place in (study, of(data)):
        answer = web.get(f"{place}/rendered", headers={"Accept": 'multipart/related; type="image/png"'})
        got = [cv2.imdecode(np.frombuffer(part.content, np.uint8), -1) for part in parts_of(answer)]
        np.testing.assert_array_equal(np.stack(got), np.stack(wanted))
    np.testing.assert_array_equal(shown(web.get(f"{of(data)}/frames/3/rendered", headers=PNG)), wanted[2])
    assert web.get(f"{of(data)}/frames/4/rendered").status_code == 404
    assert web.get(f"{of(data)}/frames/1,2/rendered", headers=PNG).status_code == 406


def test_a_jpeg_is_what_is_given_when_nothing_is_asked(web: TestClient, archive: Archive) -> None:
    data = samples.dicom(GREY, BitsStored=12, **KINDS["window"])
    archive.ingest(data)
    answers = [web.get(f"{of(data)}/rendered", params={"quality": quality}) for quality in (5, 95)]
    assert answers[0].headers["content-type"] == "image/jpeg"
    assert len(answers[0].content) < len(answers[1].content)
    best = np.abs(shown(answers[1]).astype(int) - display(formats.read(data)))
    assert best.mean() < 12  # noise is what a JPEG keeps worst


@pytest.mark.parametrize(
    ("viewport", "part", "shape"),
    [
        ("30,20", np.s_[:, :], (20, 30)),
        ("30,30", np.s_[:, :], (20, 30)),
        ("120,80", np.s_[:, :], (80, 120)),
        ("10,10,5,6,10,10", np.s_[6:16, 5:15], (10, 10)),
        ("10,10,5,6,-10,-10", np.s_[15:5:-1, 14:4:-1], (10, 10)),
    ],
)
def test_a_viewport_shows_a_part_in_proportion(
    web: TestClient, archive: Archive, viewport: str, part: Any, shape: tuple[int, int]
) -> None:
    data = samples.dicom(GREY, BitsStored=12, **KINDS["window"])
    archive.ingest(data)
    got = shown(web.get(f"{of(data)}/rendered", params={"viewport": viewport}, headers=PNG))
    assert got.shape == shape
    cut = np.ascontiguousarray(display(formats.read(data))[part])
    method = cv2.INTER_AREA if shape[0] <= cut.shape[0] else cv2.INTER_LINEAR
    wanted = cut if cut.shape == shape else cv2.resize(cut, shape[::-1], interpolation=method)
    assert np.abs(got.astype(int) - wanted).max() <= 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"window": "1"}, {"window": "a,b,linear"}, {"window": "1,0,linear"}, {"window": "1,nan,sigmoid"},
        {"window": "1,2,cubic"}, {"viewport": "0,5"}, {"viewport": "99999999,99999999"}, {"viewport": "1,2,3"},
        {"viewport": "9,9,900,900,5,5"}, {"viewport": "9,9,0,0,0,5"}, {"viewport": "9,9,1e999,0,5,5"},
        {"quality": "0"}, {"quality": "101"}, {"quality": "x"}, {"quality": "²"},
    ],
)  # fmt: skip
def test_wrong_parameters_teach(web: TestClient, archive: Archive, wrong: dict[str, str]) -> None:
    archive.ingest(film())
    answer = web.get(f"{address(1, 1, 1)}/rendered", params=wrong)
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_what_is_not_heeded_is_said(web: TestClient, archive: Archive) -> None:
    archive.ingest(film())
    answer = web.get(f"{address(1, 1, 1)}/rendered", params={"annotation": "patient"})
    assert answer.status_code == 200
    assert "annotation" in answer.headers["warning"]
    assert web.get(f"{address(1, 1, 1)}/rendered", headers={"Accept": "video/mp4"}).status_code == 406


def test_pictures_are_kept_and_conditional(web: TestClient, archive: Archive, monkeypatch: Any) -> None:
    archive.ingest(film())
    first = web.get(f"{address(1, 1, 1)}/rendered")
    monkeypatch.setattr(retrieve_pictures, "_displayed", None)
    assert web.get(f"{address(1, 1, 1)}/rendered").content == first.content
    again = web.get(f"{address(1, 1, 1)}/rendered", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


def test_a_thumbnail_is_small_and_stands_for_the_whole(web: TestClient, archive: Archive) -> None:
    smooth = (np.add.outer(np.arange(1200), np.arange(900)) * 1.9).astype(np.uint16)[None]
    data = samples.dicom(smooth, BitsStored=12, WindowCenter=2000, WindowWidth=4000)
    archive.ingest(data)
    wanted = cv2.resize(display(formats.read(data)), (192, 256), interpolation=cv2.INTER_AREA)
    study = of(data).split("/series")[0]
    for place in (study, study + of(data).split(study)[1].split("/instances")[0], of(data), f"{of(data)}/frames/1"):
        answer = web.get(f"{place}/thumbnail", headers=PNG)
        assert np.abs(shown(answer).astype(int) - wanted).max() <= 1
    assert shown(web.get(f"{of(data)}/thumbnail", params={"viewport": "50,50"})).shape == (50, 38)
    assert web.get(f"{of(data)}/thumbnail").headers["content-type"] == "image/jpeg"


def test_what_may_grow_is_asked_for_again(web: TestClient, archive: Archive) -> None:
    archive.ingest(film())
    for place in (address(1), address(1, 1)):
        for form in ("rendered", "thumbnail"):
            assert web.get(f"{place}/{form}").headers["cache-control"] == "private, no-cache"
        alone = web.get(place, headers={"Accept": "application/dicom"})
        assert alone.headers["cache-control"] == "private, no-cache"
    assert "max-age" in web.get(f"{address(1, 1, 1)}/thumbnail").headers["cache-control"]
    stored = web.get(address(1, 1, 1), headers={"Accept": "application/dicom"})
    assert "immutable" in stored.headers["cache-control"]


def test_what_has_no_pixels_has_no_picture(web: TestClient, archive: Archive) -> None:
    data = samples.dicom(None, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11", Modality="SR")
    archive.ingest(data)
    assert web.get(f"{of(data)}/rendered").status_code == 404
    assert web.get(f"{of(data)}/thumbnail").status_code == 404


def test_a_picture_of_damaged_pixels_is_refused(web: TestClient, archive: Archive) -> None:
    frame = bytes(imagecodecs.jpegls_encode(GREY[0]))
    broken = frame[:60] + b"\0" * (len(frame) - 62) + frame[-2:]
    data = samples.encapsulated(GREY, "1.2.840.10008.1.2.4.80", [broken], BitsStored=12)
    archive.ingest(data)
    assert web.get(f"{of(data)}/rendered").status_code in (406, 415)


def real_images() -> list[Path]:
    found = [path for path in samples.real_dicom_files() if path.stat().st_size < 20_000_000]
    return found[:: max(1, len(found) // 12)]


@pytest.mark.parametrize("path", real_images(), ids=lambda path: path.name)
def test_real_images_look_like_the_reference(web: TestClient, archive: Archive, path: Path) -> None:
    data = path.read_bytes()
    stored = archive.ingest(data, path.name, industry=None)
    if stored.outcome != "stored" or formats.scan(data).kind != "image":
        pytest.skip("no image that can be shown")
    (row,) = archive.rows(_place(stored.image_uid))
    place = f"/dicom-web/studies/{row['exam_uid']}/series/{row['series_uid']}/instances/{stored.image_uid}"
    got = shown(web.get(f"{place}/rendered", headers=PNG))
    assert np.abs(got.astype(int) - display(formats.read(data))).max() <= 1
    thumbnail = shown(web.get(f"{place}/thumbnail"))
    assert max(thumbnail.shape[:2]) == min(256, max(got.shape[:2]))


def _place(image_uid: str) -> Any:
    import sqlalchemy as sa

    from kerma.areas.archive.model import exam, image, series

    columns = sa.select(series.c.uid.label("series_uid"), exam.c.uid.label("exam_uid"))
    joined = columns.join_from(image, series, image.c.series_pk == series.c.id).join(exam, image.c.exam_pk == exam.c.id)
    return joined.where(image.c.uid == image_uid)


def uri(data: bytes, **more: str) -> dict[str, str]:
    _, _, _, study, _, series, _, image = of(data).split("/")
    return {"requestType": "WADO", "studyUID": study, "seriesUID": series, "objectUID": image, **more}


@pytest.mark.parametrize("place", ["/wado", "/dicom-web/wado"])
def test_wado_uri_gives_the_object_or_a_picture(web: TestClient, archive: Archive, place: str) -> None:
    data = samples.dicom(GREY, BitsStored=12, **KINDS["window"])
    archive.ingest(data)
    assert web.get(place, params=uri(data, contentType="application/dicom")).content == data
    assert web.get(place, params=uri(data)).headers["content-type"] == "image/jpeg"
    got = shown(web.get(place, params=uri(data, contentType="image/png", windowCenter="1000", windowWidth="500")))
    np.testing.assert_array_equal(got, display(formats.read(data), 0, Window(1000, 500)))
    part = web.get(place, params=uri(data, contentType="image/png", region="0.5,0.25,1,0.75"))
    np.testing.assert_array_equal(shown(part), display(formats.read(data))[10:30, 30:60])
    assert shown(web.get(place, params=uri(data, rows="20"))).shape == (20, 30)
    squeezed = web.get(
        place, params=uri(data, contentType="application/dicom", transferSyntax="1.2.840.10008.1.2.4.80")
    )
    np.testing.assert_array_equal(formats.read(squeezed.content).pixels, GREY)


def test_wado_uri_gives_frames_by_number_and_objects_of_several(web: TestClient, archive: Archive) -> None:
    data = samples.dicom(FILM, BitsStored=12, **KINDS["window"])
    archive.ingest(data)
    assert web.get("/wado", params=uri(data)).headers["content-type"].startswith("application/dicom")
    got = shown(web.get("/wado", params=uri(data, contentType="image/png", frameNumber="2")))
    np.testing.assert_array_equal(got, display(formats.read(data), 1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"requestType": "XDS"}, {"objectUID": ""}, {"anonymize": "yes"}, {"presentationUID": "1.2"},
        {"windowCenter": "5"}, {"region": "0,0,2,2"}, {"region": "1,1,0,0"}, {"rows": "0"}, {"frameNumber": "0"},
        {"frameNumber": "one"}, {"imageQuality": "900"},
    ],
)  # fmt: skip
def test_wado_uri_teaches(web: TestClient, archive: Archive, wrong: dict[str, str]) -> None:
    data = samples.dicom(GREY, BitsStored=12)
    archive.ingest(data)
    answer = web.get("/wado", params=uri(data, contentType="image/png") | wrong)
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_wado_uri_refuses_what_it_does_not_make(web: TestClient, archive: Archive) -> None:
    data = samples.dicom(GREY, BitsStored=12)
    archive.ingest(data)
    assert web.get("/wado", params=uri(data, contentType="video/mpeg")).status_code == 406
    assert web.get("/wado", params=uri(data, objectUID="1.2.99")).status_code == 404

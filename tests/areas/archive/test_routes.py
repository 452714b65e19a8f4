"""The archive through HTTP: upload, open, look, fetch the identical bytes."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from films import Archive, film, uid
from kerma.areas.archive import queries_pixels, queries_render
from kerma.areas.archive.routes import router
from kerma.kernel import requests
from kerma.kernel.action import Actor

ORIGIN = "http://127.0.0.1"


@pytest.fixture
def client(archive: Archive) -> Iterator[TestClient]:
    app = FastAPI()
    app.state.kernel = archive.kernel
    app.include_router(router)
    requests.install(app)
    app.dependency_overrides[requests.actor_of] = lambda: archive.actor
    with TestClient(app, base_url=ORIGIN, headers={"Origin": ORIGIN}) as opened:
        yield opened


def upload(client: TestClient, *files: tuple[str, bytes], industry: str = "medical") -> list[dict[str, Any]]:
    sent = [("files", (name, data, "application/octet-stream")) for name, data in files]
    answer = client.post("/api/v1/uploads", files=sent, data={"industry": industry} if industry else {})
    assert answer.status_code == 200, answer.text
    return answer.json()["files"]


def test_an_upload_answers_for_each_file(client: TestClient, archive: Archive) -> None:
    results = upload(client, ("a.dcm", film()), ("b.dcm", b"junk"), ("c.dcm", film()), ("d.dcm", film(image=2)))
    assert [result["outcome"] for result in results] == ["stored", "quarantined", "duplicate", "stored"]
    assert [result["file_name"] for result in results] == ["a.dcm", "b.dcm", "c.dcm", "d.dcm"]
    assert results[1]["reason"]
    assert results[3]["exam_pk"] == results[0]["exam_pk"]
    assert {record["details"]["door"] for record in archive.records("archive.ingest")} == {"http"}
    assert list((archive.kernel.settings.home / "incoming").iterdir()) == []


def test_an_upload_describes_raw_pixels_with_a_part_beside(client: TestClient) -> None:
    described = b'{"rows": 8, "columns": 8, "type": "uint16"}'
    (result,) = upload(client, ("weld.raw", bytes(range(128))), ("weld.raw.json", described), industry="ndt")
    assert result["outcome"] == "stored"


def test_an_upload_without_industry_teaches(client: TestClient) -> None:
    (result,) = upload(client, ("plain.png", png(np.zeros((8, 8), np.uint8))), industry="")
    assert result["outcome"] == "refused"
    assert "security, ndt, medical" in result["reason"]


@pytest.mark.parametrize("content", [{}, {"files": {"other": (None, b"text")}}], ids=["no-form", "no-file"])
def test_an_upload_without_files_is_a_problem(client: TestClient, content: dict[str, Any]) -> None:
    answer = client.post("/api/v1/uploads", **content)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_opening_an_exam_shows_it_and_is_recorded_once(client: TestClient, archive: Archive) -> None:
    upload(client, ("b.dcm", film(image=2, PatientName="Durand^Ida")), ("a.dcm", film(image=1)))
    (listed,) = client.get("/api/v1/exams").json()["exams"]
    opened = client.get(f"/api/v1/exams/{listed['id']}").json()
    assert {name: opened[name] for name in listed} == listed
    assert (opened["uid"], opened["subject_name"], opened["modalities"]) == (uid(1), "Durand^Ida", ["DX"])
    assert [flag["code"] for flag in opened["flags"]] == ["name-differs"]
    assert [image["number"] for image in opened["images"]] == [1, 2]
    for image in opened["images"]:
        client.get(f"/api/v1/images/{image['id']}/file")
    purposes = [record["details"]["purpose"] for record in archive.records("archive.view")]
    assert purposes == ["list of exams", "reading"]
    assert client.get("/api/v1/exams/99").status_code == 404


def test_search_and_pages(client: TestClient) -> None:
    upload(client, *[(f"{number}.dcm", film(exam=number, PatientID=f"P-{number}")) for number in range(1, 6)])
    first = client.get("/api/v1/exams", params={"limit": 3}).json()
    second = client.get("/api/v1/exams", params={"limit": 3, "before": first["next_before"]}).json()
    assert [row["subject_id"] for row in first["exams"] + second["exams"]] == [
        f"P-{number}" for number in (5, 4, 3, 2, 1)
    ]
    assert second["next_before"] is None
    assert len(client.get("/api/v1/exams", params={"text": "P-3"}).json()["exams"]) == 1
    assert client.get("/api/v1/exams", params={"date_from": "2026-03-02"}).json()["exams"] == []
    for wrong in ({"date_from": "yesterday"}, {"limit": 0}, {"patient": "x"}):
        answer = client.get("/api/v1/exams", params=wrong)
        assert answer.status_code in (400, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_file_is_given_exactly_as_it_came(client: TestClient) -> None:
    data = film()
    (stored,) = upload(client, ('Zoé "1".dcm', data))
    answer = client.get(f"/api/v1/images/{stored['image_pk']}/file")
    assert hashlib.sha256(answer.content).hexdigest() == stored["sha256"]
    assert answer.headers["content-type"] == "application/dicom"
    assert answer.headers["content-disposition"].startswith('attachment; filename="image-0001-')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert int(answer.headers["content-length"]) == len(data)
    assert client.get("/api/v1/images/99/file").status_code == 404


def test_anything_but_dicom_is_plain_bytes(client: TestClient) -> None:
    (stored,) = upload(client, ("a.png", png(np.zeros((8, 8), np.uint8))))
    answer = client.get(f"/api/v1/images/{stored['image_pk']}/file")
    assert answer.headers["content-type"] == "application/octet-stream"


def test_pictures_window_invert_shrink_and_are_cached(client: TestClient, archive: Archive) -> None:
    ramp = np.tile(np.arange(64, dtype=np.uint16) * 1000, (48, 1))
    (stored,) = upload(client, ("ramp.png", png(ramp)), industry="ndt")
    path = f"/api/v1/images/{stored['image_pk']}/rendered.png"
    whole = client.get(path)
    assert whole.headers["content-type"] == "image/png"
    assert float(whole.headers["kerma-window-width"]) > 0
    shown = pixels(whole.content)
    assert shown.shape == ramp.shape
    assert (np.diff(shown[0].astype(int)) >= 0).all()
    chosen = pixels(client.get(path, params={"center": 32000, "width": 2000}).content)
    assert (chosen[0] == np.clip((ramp[0] - 31000.0) / 2000 * 255, 0, 255).round()).all()
    assert (pixels(client.get(path, params={"invert": True}).content) == 255 - shown).all()
    assert pixels(client.get(path, params={"longest": 16}).content).shape == (12, 16)
    assert pixels(client.get(path, params={"longest": 4000}).content).shape == ramp.shape
    again = client.get(path, headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    cached = [file for file in (archive.kernel.settings.home / "cache").rglob("*") if file.is_file()]
    assert len(cached) == 5
    for file in cached:
        file.unlink()
    assert client.get(path).content == whole.content


def test_an_image_is_decoded_once_while_its_window_moves(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    real = queries_pixels.reader("show")

    class Counting:
        def read(self, data: bytes, name: str, sidecar: bytes | None) -> object:
            decoded.append(name)
            return real.read(data, name, sidecar)

    monkeypatch.setattr(queries_pixels, "reader", lambda duty: Counting())
    monkeypatch.setattr(queries_render, "_recent", OrderedDict())
    monkeypatch.setattr(queries_render, "RECENT_BYTES", 3 * 64 * 64 * 2)
    rng = np.random.default_rng(1)
    films = [(f"{number}.png", png(rng.integers(0, 9999, (64, 64), np.uint16))) for number in range(4)]
    first, *others = upload(client, *films)

    def show(stored: dict[str, Any], center: float) -> None:
        path = f"/api/v1/images/{stored['image_pk']}/rendered.png"
        assert client.get(path, params={"center": center, "width": 100}).status_code == 200

    for center in range(5):
        show(first, center)
    assert decoded == ["0.png"]
    for stored in others:
        show(stored, 1)
    show(first, 9)
    assert decoded == ["0.png", "1.png", "2.png", "3.png", "0.png"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"plane": 1}, 404),
        ({"plane": -1}, 422),
        ({"center": 1}, 422),
        ({"center": 1, "width": 0}, 422),
        ({"center": "nan", "width": 1}, 422),
        ({"longest": 100_000}, 422),
    ],
)
def test_a_picture_that_cannot_be_is_a_problem(client: TestClient, asked: dict[str, Any], status: int) -> None:
    (stored,) = upload(client, ("a.dcm", film()))
    answer = client.get(f"/api/v1/images/{stored['image_pk']}/rendered.png", params=asked)
    assert answer.status_code in (status, 400 if status == 422 else status)
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_object_without_pixels_has_no_picture(client: TestClient) -> None:
    bare = dict.fromkeys(("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit"))
    (stored,) = upload(client, ("sr.dcm", film(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.22", Modality="SR", **bare)))
    answer = client.get(f"/api/v1/images/{stored['image_pk']}/rendered.png")
    assert answer.status_code == 415
    assert "no pixels" in answer.json()["detail"]


def test_colour_stays_colour(client: TestClient) -> None:
    colour = np.zeros((8, 8, 3), np.uint8)
    colour[..., 2] = 200  # red, as OpenCV orders it
    (stored,) = upload(client, ("red.png", png(colour)))
    answer = client.get(f"/api/v1/images/{stored['image_pk']}/rendered.png")
    assert "kerma-window-center" not in answer.headers
    assert (pixels(answer.content) == colour).all()


def test_the_quarantine_is_listed(client: TestClient) -> None:
    upload(client, ("a.dcm", film()), ("b.dcm", film(StudyDescription="x")), ("c.dcm", b"junk"))
    files = client.get("/api/v1/quarantine").json()["files"]
    assert [file["reason"] for file in files] == ["unreadable", "other-bytes"]
    assert files[1]["reason_words"] == "an image with this UID but other bytes is kept already"


def test_nobody_sees_anything_without_permission(client: TestClient, archive: Archive, stranger: Actor) -> None:
    (stored,) = upload(client, ("a.dcm", film()))
    client.get(f"/api/v1/exams/{stored['exam_pk']}")
    client.app.dependency_overrides[requests.actor_of] = lambda: stranger
    image = f"/api/v1/images/{stored['image_pk']}"
    paths = ("/api/v1/exams", f"/api/v1/exams/{stored['exam_pk']}", f"{image}/file", f"{image}/rendered.png")
    for path in (*paths, "/api/v1/quarantine", "/api/v1/images/99/file"):
        assert client.get(path).status_code == 403, path
    answer = client.post("/api/v1/uploads", files={"files": ("a.dcm", film(image=2))})
    assert answer.status_code == 403
    assert len(archive.records("archive.ingest")) == 2


def png(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


def pixels(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)

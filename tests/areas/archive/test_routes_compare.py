"""Comparing: the other exams of a subject, and one image laid on another as a picture with tiles of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest
from fastapi.testclient import TestClient
from tests.areas.archive.webs import client_of

from films import Archive, film
from kerma.areas.archive.routes_compare import router
from kerma.areas.archive.routes_tiles import router as tiles_router

SHIFT = np.array([[1.0, 0.0, 11.0], [0.0, 1.0, -6.0]])
SIDE = 300


@pytest.fixture
def client(archive: Archive) -> Iterator[TestClient]:
    with client_of(archive, [router, tiles_router]) as opened:
        yield opened


def part(new: bool = False, moved: bool = False, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(8)
    made = np.full((SIDE, SIDE), 3000.0, dtype=np.float32)
    for _ in range(25):
        centre, axes = rng.integers(0, SIDE, 2), rng.integers(8, 45, 2)
        body = np.zeros_like(made)
        cv2.ellipse(body, tuple(map(int, centre)), tuple(map(int, axes)), float(rng.integers(0, 180)), 0, 360, 1.0, -1)
        made *= np.exp(-0.15 * body)
    if new:
        cv2.circle(made, (150, 140), 8, float(made[140, 150]) * 0.7, -1)
    if moved:
        made = cv2.warpAffine(made, SHIFT, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    return (made + np.random.default_rng(seed).normal(0, 8, made.shape)).astype(np.uint16)


def stored(archive: Archive, values: np.ndarray, **attributes: Any) -> Any:
    return archive.ingest(film(Rows=SIDE, Columns=SIDE, PixelData=values.tobytes(), **attributes))


def test_what_is_new_stands_out_of_the_difference(client: TestClient, archive: Archive) -> None:
    now, before = stored(archive, part(new=True), image=1), stored(archive, part(moved=True, seed=2), image=2)
    base = f"/api/v1/images/{now.image_pk}/laid/0/{before.image_pk}/0"
    found = client.get(f"{base}/registration").json()
    assert found["agreement"] > 0.9 and found["sign"] == 1
    assert np.allclose(found["matrix"], SHIFT, atol=0.15)
    pixels = client.get(f"{base}/pixels").json()
    assert (pixels["rows"], pixels["columns"], pixels["planes"]) == (SIDE, SIDE, 1)
    assert any("not as it came" in one for one in pixels["warnings"])
    answer = client.get(f"{base}/tiles/{pixels['tag']}/0/0/0/0")
    assert answer.headers["content-type"] == "image/jls"
    wire = imagecodecs.jpegls_decode(answer.content)
    laid = np.where(wire == pixels["padding"], np.nan, wire * pixels["slope"] + pixels["intercept"])
    difference = part(new=True).astype(float) - laid
    assert abs(np.nanmean(difference[136:145, 146:155])) > 8 * np.nanstd(difference[40:110, 40:260])
    assert np.isnan(laid[:, -5:]).all() == np.isnan(laid[10, -3])
    assert client.get(f"{base}/tiles/{'0' * 32}/0/0/0/0").status_code == 410


def test_what_cannot_be_compared_says_why(client: TestClient, archive: Archive) -> None:
    now = stored(archive, part(), image=1)
    noise = stored(archive, np.random.default_rng(4).integers(0, 4000, (SIDE, SIDE)).astype(np.uint16), image=2)
    same = client.get(f"/api/v1/images/{now.image_pk}/laid/0/{now.image_pk}/0/pixels")
    assert same.status_code in (400, 422) and "not with itself" in same.json()["detail"]
    unlike = client.get(f"/api/v1/images/{now.image_pk}/laid/0/{noise.image_pk}/0/pixels")
    assert unlike.status_code in (400, 422) and "side by side" in unlike.json()["detail"]
    assert client.get(f"/api/v1/images/{now.image_pk}/laid/0/{noise.image_pk}/7/pixels").status_code == 404
    assert client.get(f"/api/v1/images/{now.image_pk}/laid/0/999999/0/registration").status_code == 404


def test_the_other_exams_of_a_subject_are_listed_newest_first(client: TestClient, archive: Archive) -> None:
    made = [stored(archive, part(), exam=number, image=number, PatientID="P-7") for number in (1, 2, 3)]
    stored(archive, part(), exam=4, image=4, PatientID="P-8")
    first, second, third = (one.exam_pk for one in made)
    assert [row["id"] for row in client.get(f"/api/v1/exams/{second}/others").json()] == [third, first]
    assert client.get("/api/v1/exams/999999/others").status_code == 404

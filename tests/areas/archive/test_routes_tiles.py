"""The pixels of an image as a viewer gets them: every stored value comes back from tiles, once encoded, for ever."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from tests.areas.archive.webs import client_of
from tests.formats import samples

from films import Archive, film, uid
from kerma.areas.archive import queries, queries_pixels, retrieve_cache, routes_tiles, tiles, tiles_pixels
from kerma.areas.archive.routes_tiles import Pixels, router
from kerma.kernel import requests
from kerma.kernel.identity import service
from kerma.science.imaging import pyramid
from kerma.science.imaging.greyscale import modality_values
from kerma.science.imaging.image import GreyScale

RLE = "1.2.840.10008.1.2.5"
NO_TAG = {"tag": "0" * 32}


@pytest.fixture
def client(archive: Archive) -> Iterator[TestClient]:
    with client_of(archive, [router]) as opened:
        yield opened


def values_of(side: int, bits: int = 12, seed: int = 1) -> NDArray[np.uint16]:
    """Return pixels that no codec can guess: a ramp with noise."""
    ramp = np.add.outer(np.arange(side) * 2, np.arange(side)) % (1 << (bits - 1))
    return (ramp + np.random.default_rng(seed).integers(0, 64, (side, side))).astype(np.uint16)


def stored(archive: Archive, side: int = 40, values: NDArray[Any] | None = None, **attributes: Any) -> int:
    """Take a film with these pixels into the archive; return its key."""
    values = values_of(side) if values is None else values
    attributes = {"Rows": values.shape[-2], "Columns": values.shape[-1], "PixelData": values.tobytes()} | attributes
    result = archive.ingest(film(**attributes))
    assert result.image_pk is not None, result
    return result.image_pk


def described(client: TestClient, image_pk: int) -> dict[str, Any]:
    answer = client.get(f"/api/v1/images/{image_pk}/pixels")
    assert answer.status_code == 200, answer.text
    return Pixels.model_validate_json(answer.content, strict=True).model_dump()


def address(image_pk: int, pixels: dict[str, Any], plane: int, level: int, row: int = 0, column: int = 0) -> str:
    return f"/api/v1/images/{image_pk}/tiles/{pixels['tag']}/{plane}/{level}/{row}/{column}"


def put_together(client: TestClient, image_pk: int, pixels: dict[str, Any], plane: int, level: int) -> NDArray[Any]:
    """Return the wire values of a whole level, from its tiles."""
    size = pixels["levels"][level]
    rows = []
    for row in range(size["tile_rows"]):
        line = []
        for column in range(size["tile_columns"]):
            answer = client.get(address(image_pk, pixels, plane, level, row, column))
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"] == "image/jls"
            assert "content-encoding" not in answer.headers
            line.append(imagecodecs.jpegls_decode(answer.content))
        rows.append(np.concatenate(line, axis=1))
    whole = np.concatenate(rows)
    assert whole.shape[:2] == (size["rows"], size["columns"])
    return whole


def test_every_stored_value_comes_back_at_full_size(client: TestClient, archive: Archive) -> None:
    values = np.vstack([values_of(1100), values_of(1100, seed=2)])
    image_pk = stored(archive, values=values, RescaleSlope="0.5", RescaleIntercept="-7", RescaleType="US")
    pixels = described(client, image_pk)
    assert (pixels["rows"], pixels["columns"], pixels["planes"], pixels["is_exact"]) == (2200, 1100, 1, True)
    assert [(level["rows"], level["columns"]) for level in pixels["levels"]] == [
        (2200, 1100), (1100, 550), (550, 275), (275, 138),
    ]  # fmt: skip
    assert (pixels["levels"][0]["tile_rows"], pixels["levels"][0]["tile_columns"]) == (3, 2)
    wire = put_together(client, image_pk, pixels, 0, 0)
    assert wire.dtype == np.uint16
    np.testing.assert_array_equal(wire.astype(np.int32) + pixels["wire_offset"], values)
    expected = modality_values(GreyScale(slope=0.5, intercept=-7), values)
    np.testing.assert_array_equal(wire * pixels["slope"] + pixels["intercept"], expected)
    for level, made in enumerate(pyramid.pyramid(wire, None)):
        np.testing.assert_array_equal(put_together(client, image_pk, pixels, 0, level), made)
    (window,) = pixels["default_windows"]
    assert window["center"] - window["width"] / 2 < expected.mean() < window["center"] + window["width"] / 2


def test_one_opening_makes_one_record(client: TestClient, archive: Archive) -> None:
    image_pk = stored(archive, side=1030)
    pixels = described(client, image_pk)
    put_together(client, image_pk, pixels, 0, 0)
    assert len(archive.records("archive.view")) == 1


def whole(client: TestClient, image_pk: int, plane: int = 0) -> tuple[dict[str, Any], NDArray[np.int64]]:
    """Return what an image says, and the stored values of a plane as its tiles give them."""
    pixels = described(client, image_pk)
    wire = put_together(client, image_pk, pixels, plane, 0)
    return pixels, wire.astype(np.int64) + pixels["wire_offset"]


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2"])
@pytest.mark.parametrize("syntax", [samples.EXPLICIT, samples.DEFLATED, RLE])
def test_every_kind_of_whole_number(client: TestClient, archive: Archive, kind: str, syntax: str) -> None:
    values = samples.ramp(70, 90, planes=3, dtype=kind, bits=8 * np.dtype(kind).itemsize)
    if syntax == RLE:
        data = samples.encapsulated(values, RLE, [samples.rle(plane) for plane in values])
    else:
        data = samples.dicom(values, syntax)
    stored_image = archive.ingest(data)
    for plane in (1, 0, 2):
        pixels, found = whole(client, stored_image.image_pk or 0, plane)
        np.testing.assert_array_equal(found, values[plane])
    assert (pixels["planes"], pixels["is_exact"]) == (3, True)
    assert len(pixels["default_windows"]) == 3


def test_padding_inversion_tables_and_scale_are_told(client: TestClient, archive: Archive) -> None:
    values = values_of(40)
    values[:, :7] = 63
    image_pk = stored(
        archive, values=values, PhotometricInterpretation="MONOCHROME1", PixelPaddingValue=63,
        ImagerPixelSpacing=[0.2, 0.1], WindowCenter=[700, 900], WindowWidth=[300, 400],
        WindowCenterWidthExplanation=["soft", "hard"],
    )  # fmt: skip
    pixels = described(client, image_pk)
    assert (pixels["is_inverse"], pixels["padding"]) == (True, 63)
    assert pixels["spacing"] == {"row_mm": 0.2, "column_mm": 0.1, "source": "detector", "label": "at detector"}
    windows = [(one["center"], one["width"], one["explanation"]) for one in pixels["windows"]]
    assert windows == [(700, 300, "soft"), (900, 400, "hard")]
    assert pixels["default_windows"] == pixels["windows"][:1]
    assert pixels["energies"] is None


def test_look_up_tables_come_whole(client: TestClient, archive: Archive) -> None:
    modality, voi = Dataset(), Dataset()
    entries = np.arange(4096, dtype=np.uint16)[::-1] * 3
    modality.LUTDescriptor, modality.LUTData, modality.ModalityLUTType = [4096, 0, 16], entries.tobytes(), "OD"
    voi.LUTDescriptor, voi.LUTData, voi.LUTExplanation = (
        [256, 10, 12],
        np.arange(256, dtype=np.uint16).tobytes(),
        "look",
    )
    image_pk = stored(archive, ModalityLUTSequence=Sequence([modality]), VOILUTSequence=Sequence([voi]))
    pixels = described(client, image_pk)
    table, (look,) = pixels["modality_lut"], pixels["voi_luts"]
    np.testing.assert_array_equal(np.frombuffer(base64.b64decode(table["entries"]), "<u2"), entries)
    assert (table["first"], table["bits"]) == (0, 16)
    assert (look["first"], look["bits"], look["explanation"]) == (10, 12, "look")
    window = pixels["default_windows"][0]
    middle = entries[values_of(40)].astype(float)
    assert middle.min() <= window["center"] <= middle.max()


def test_real_values_are_mapped_and_say_so(client: TestClient, archive: Archive) -> None:
    values = np.random.default_rng(3).normal(0.0, 1e-3, (30, 50)).astype(np.float32)
    content = io.BytesIO()
    tifffile.imwrite(content, values)
    image_pk = archive.ingest(content.getvalue(), "energy.tif", industry="ndt").image_pk or 0
    pixels = described(client, image_pk)
    wire = put_together(client, image_pk, pixels, 0, 0)
    assert (pixels["is_exact"], pixels["padding"]) == (False, None)
    assert np.abs(wire * pixels["slope"] + pixels["intercept"] - values).max() <= 0.51 * pixels["slope"]


def test_colour_comes_in_three_samples(client: TestClient, archive: Archive) -> None:
    values = np.random.default_rng(4).integers(0, 256, (1030, 40, 3), dtype=np.uint8)
    _, png = cv2.imencode(".png", values[..., ::-1])
    image_pk = archive.ingest(png.tobytes(), "photo.png").image_pk or 0
    pixels = described(client, image_pk)
    assert (pixels["is_colour"], pixels["default_windows"]) == (True, [])
    np.testing.assert_array_equal(put_together(client, image_pk, pixels, 0, 0), values)


def test_noise_that_cannot_be_made_smaller(client: TestClient, archive: Archive) -> None:
    values = np.random.default_rng(5).integers(0, 65_536, (300, 300), dtype=np.uint16)
    image_pk = stored(archive, values=values, BitsStored=16, HighBit=15)
    np.testing.assert_array_equal(whole(client, image_pk)[1], values)


def test_one_pixel(client: TestClient, archive: Archive) -> None:
    image_pk = stored(archive, values=np.array([[77]], np.uint16))
    pixels, values = whole(client, image_pk)
    assert values.tolist() == [[77]]
    assert pixels["levels"] == [{"rows": 1, "columns": 1, "tile_rows": 1, "tile_columns": 1}]


def test_what_is_not_there_is_told_clearly(client: TestClient, archive: Archive) -> None:
    image_pk = stored(archive, side=600)
    pixels = described(client, image_pk)
    for wrong in ((1, 0, 0, 0), (0, 2, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (0, 1, 0, 1)):
        answer = client.get(address(image_pk, pixels, *wrong))
        assert answer.status_code == 404, wrong
        assert answer.headers["content-type"] == "application/problem+json"
    stale = client.get(address(image_pk, NO_TAG, 0, 0))
    assert stale.status_code == 410
    assert "ask for its pixels again" in stale.json()["detail"]
    assert client.get(address(image_pk, {"tag": "x"}, 0, 0)).status_code == 422
    assert client.get(address(image_pk, pixels, 0, -1)).status_code == 422
    assert client.get("/api/v1/images/99/pixels").status_code == 404
    assert client.get(address(99, pixels, 0, 0)).status_code == 404
    assert client.get("/api/v1/exams/99/pixels").status_code == 404


def test_an_object_without_pixels_and_a_damaged_image(client: TestClient, archive: Archive) -> None:
    values = samples.ramp(40, 40)
    broken = archive.ingest(samples.encapsulated(values, RLE, [samples.rle(values[0])[:90]])).image_pk or 0
    bare = dict.fromkeys(("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit"))
    report = archive.ingest(film(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.22", Modality="SR", **bare)).image_pk or 0
    for image_pk, words in ((broken, "damaged"), (report, "has no pixels")):
        answer = client.get(f"/api/v1/images/{image_pk}/pixels")
        assert (answer.status_code, words in answer.json()["detail"]) == (415, True), answer.text
    with archive.kernel.database.read() as connection:
        row = queries.image_by_pk(connection, broken)
    assert row is not None
    answer = client.get(address(broken, {"tag": tiles.tag_of(row)}, 0, 0))
    assert (answer.status_code, "damaged" in answer.json()["detail"]) == (415, True)
    assert [path for path in retrieve_cache.folder(archive.kernel).rglob("*") if path.is_file()] == []


def test_tiles_may_be_kept_by_the_browser_and_are_not_sent_again(client: TestClient, archive: Archive) -> None:
    image_pk = stored(archive)
    place = address(image_pk, described(client, image_pk), 0, 0)
    first = client.get(place, headers={"Accept-Encoding": "gzip, br, zstd"})
    assert first.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert "content-encoding" not in first.headers
    again = client.get(place, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])


def test_who_may_not_see_images_gets_nothing(archive: Archive) -> None:
    image_pk = stored(archive)
    with client_of(archive, [router]) as allowed:
        place = address(image_pk, described(allowed, image_pk), 0, 0)
        assert allowed.get(place).status_code == 200
        assert allowed.get(place, headers={"Authorization": "Bearer kerma_no"}).status_code == 401
        before = len(archive.records())
        allowed.app.dependency_overrides[requests.actor_of] = lambda: service("nobody", "worklist.view")
        for path in (place, f"/api/v1/images/{image_pk}/pixels", "/api/v1/exams/1/pixels", address(99, NO_TAG, 0, 0)):
            assert allowed.get(path, headers={"If-None-Match": "*"}).status_code == 403
        assert [record["outcome"] for record in archive.records()[before:]] == ["refused"] * 4


def test_an_exam_is_described_in_one_answer(client: TestClient, archive: Archive, monkeypatch: Any) -> None:
    first, second = stored(archive, image=1), stored(archive, image=2)
    values = samples.ramp(40, 40)
    broken_file = samples.encapsulated(
        values, RLE, [samples.rle(values[0])[:90]],
        StudyInstanceUID=uid(1), SeriesInstanceUID=uid(1, 1), PatientID="P-17", PatientName="Dupont^Zoé",
    )  # fmt: skip
    broken = archive.ingest(broken_file).image_pk
    alone = described(client, first)
    rows = {row["image_pk"]: row for row in client.get("/api/v1/exams/1/pixels").json()["images"]}
    assert rows[first] == {"image_pk": first, "pixels": alone, "problem": ""}
    assert rows[second]["pixels"] == described(client, second)
    assert (rows[broken]["pixels"], "damaged" in rows[broken]["problem"]) == (None, True)
    assert len(archive.records("archive.view")) == 1
    third = stored(archive, image=3)
    monkeypatch.setattr(routes_tiles, "EXAM_S", -1.0)
    rows = {row["image_pk"]: row for row in client.get("/api/v1/exams/1/pixels").json()["images"]}
    assert rows[third] == {"image_pk": third, "pixels": None, "problem": ""}
    assert rows[first]["pixels"] == alone


@pytest.mark.parametrize("path", samples.real_dicom_files()[::9], ids=lambda path: path.name)
def test_real_files_come_back(client: TestClient, archive: Archive, path: Path) -> None:
    result = archive.ingest(path.read_bytes(), path.name)
    with archive.kernel.database.read() as connection:
        row = queries.image_by_pk(connection, result.image_pk or 0)
    assert row is not None
    if row["kind"] != "image":
        assert client.get(f"/api/v1/images/{row['id']}/pixels").status_code == 415
        return
    image = queries_pixels.read_image(archive.kernel, row, duty="show")
    pixels = described(client, row["id"])
    wire = put_together(client, row["id"], pixels, 0, 0)
    if image.is_colour:
        np.testing.assert_array_equal(wire, image.pixels[0])
    elif pixels["is_exact"]:
        np.testing.assert_array_equal(wire.astype(np.int64) + pixels["wire_offset"], image.pixels[0])
    assert len(pixels["default_windows"]) == (0 if image.is_colour else image.planes)
    assert pixels["meaning"] == image.meaning


def test_a_long_stack_without_window_gets_one_for_all(client: TestClient, archive: Archive) -> None:
    planes = tiles_pixels.MEASURED_ALL + 1
    values = np.stack([values_of(12) + 100 * plane for plane in range(planes)]).astype(np.uint16)
    image_pk = stored(archive, values=values, NumberOfFrames=planes)
    windows = described(client, image_pk)["default_windows"]
    assert len(windows) == planes
    assert all(window == windows[0] for window in windows)
    low, high = (windows[0]["center"] + side * windows[0]["width"] for side in (-0.5, 0.5))
    first, last = (np.quantile(values[plane], share) for plane, share in ((0, 0.005), (-1, 0.995)))
    np.testing.assert_allclose((low, high), (first, last))

"""The volumes of an exam over HTTP: geometry, overview, and why there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient
from tests.areas.archive.webs import client_of

from films import Archive, film
from kerma.areas.archive import retrieve_cache
from kerma.areas.archive.routes_volume import router
from kerma.kernel import requests
from kerma.science.imaging.volume_overview import block_of, chosen_slices, overview_of, reduced
from volumes import UNEVEN, ct_files, ct_frames, ellipsoid, geometry_of, sampled, slices

PLANES = slices(UNEVEN, tilt_deg=18.5, rows=40, columns=30)
GEOMETRY = geometry_of(PLANES)
STORED = 1000 + sampled(GEOMETRY, ellipsoid((0, 0, 0), (12, 12, 20)))


@pytest.fixture
def client(archive: Archive) -> TestClient:
    return client_of(archive, [router])


def volumes(client: TestClient, exam_pk: int) -> list[dict]:
    answer = client.get(f"/api/v1/exams/{exam_pk}/volumes")
    assert answer.status_code == 200, answer.text
    return answer.json()["volumes"]


def overview(client: TestClient, volume: dict) -> np.ndarray:
    """Values (slice, row, column) of the overview, NaN where there is no data; read by what the answer says alone."""
    told = volume["overview"]
    answer = client.get(told["address"])
    assert answer.status_code == 200
    assert len(answer.content) == told["size_bytes"]
    assert "immutable" in answer.headers["cache-control"]
    base, step = np.frombuffer(answer.content[:16], "<f8")
    voxels = np.frombuffer(answer.content[16:], "<u2").reshape(len(told["slices"]), told["rows"], told["columns"])
    return np.where(voxels > 0, base + step * (voxels - 1.0), np.nan)


@pytest.mark.parametrize("form", ["slices", "frames"])
def test_a_tilted_uneven_scan_is_a_volume_in_its_true_places(client: TestClient, archive: Archive, form: str) -> None:
    files = ct_files(PLANES, STORED) if form == "slices" else [ct_frames(PLANES, STORED)]
    kept = [archive.ingest(data) for data in reversed(files)]
    (volume,) = volumes(client, kept[0].exam_pk)
    assert volume["is_volume"]
    geometry = volume["geometry"]
    assert geometry["tilt_deg"] == pytest.approx(18.5, abs=1e-4)
    assert geometry["distances_mm"] == pytest.approx(GEOMETRY.distances_mm, abs=1e-5)
    assert np.array(geometry["offsets_mm"]) == pytest.approx(GEOMETRY.offsets_mm, abs=1e-5)
    assert geometry["affine"] is None
    assert volume["unit"] == "HU"
    assert volume["window"] == {"center": 0.0, "width": 2000.0, "function": "LINEAR"}
    assert any("uneven spacing" in word for word in volume["warnings"])
    planes = {(one["image_pk"], one["plane"]) for one in volume["slices"]}
    assert len(planes) == len(UNEVEN)
    if form == "slices":  # they came last first
        assert [one["image_pk"] for one in volume["slices"]] == [one.image_pk for one in reversed(kept)]
    found = overview(client, volume)
    assert found.shape == STORED.shape
    assert found == pytest.approx(np.rint(STORED) - 1000.0, abs=0.01)


def test_the_second_answer_comes_from_the_cache_and_a_lost_cache_is_made_again(
    client: TestClient, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam_pk = [archive.ingest(data) for data in ct_files(PLANES, STORED)][0].exam_pk
    first = volumes(client, exam_pk)
    seen = overview(client, first[0])
    made = []
    monkeypatch.setattr("kerma.areas.archive.queries_volume._made", lambda *given: made.append(given) or [])
    assert volumes(client, exam_pk) == first
    assert made == []
    monkeypatch.undo()
    for path in retrieve_cache.folder(archive.kernel).rglob("*"):
        if path.is_file():
            path.unlink()
    assert np.array_equal(overview(client, volumes(client, exam_pk)[0]), seen)


def test_a_slice_that_comes_later_makes_another_volume(client: TestClient, archive: Archive) -> None:
    *files, last = ct_files(PLANES, STORED)
    exam_pk = [archive.ingest(data) for data in files][0].exam_pk
    before = volumes(client, exam_pk)[0]
    archive.ingest(last)
    after = volumes(client, exam_pk)[0]
    assert len(after["slices"]) == len(before["slices"]) + 1
    assert after["overview"]["address"] != before["overview"]["address"]


def test_slices_of_a_sender_that_leaves_the_preamble_out_are_a_volume_too(client: TestClient, archive: Archive) -> None:
    kept = [archive.ingest(data[132:]) for data in ct_files(PLANES, STORED)]
    (volume,) = volumes(client, kept[0].exam_pk)
    assert volume["is_volume"]
    assert overview(client, volume) == pytest.approx(np.rint(STORED) - 1000.0, abs=0.01)


def test_why_there_is_no_volume_is_said(client: TestClient, archive: Archive) -> None:
    bare = [film(image=number, Modality="CT") for number in range(1, 5)]
    exam_pk = [archive.ingest(data) for data in bare][0].exam_pk
    (volume,) = volumes(client, exam_pk)
    assert not volume["is_volume"]
    assert volume["reasons"] == ["the slices do not say where they lie in space"]
    assert volume["overview"] is None
    answer = client.get(f"/api/v1/exams/{exam_pk}/volumes/{volume['series_pk']}/0/overview")
    assert answer.status_code == 404


def test_projections_are_not_spoken_of(client: TestClient, archive: Archive) -> None:
    kept = archive.ingest(film())
    archive.ingest(film(image=2))
    assert volumes(client, kept.exam_pk) == []


def test_a_view_is_in_the_ledger_and_needs_the_permission(client: TestClient, archive: Archive) -> None:
    kept = [archive.ingest(data) for data in ct_files(PLANES, STORED)][0]
    before = len(archive.records("archive.view"))
    volumes(client, kept.exam_pk)
    volumes(client, kept.exam_pk)
    assert len(archive.records("archive.view")) == before + 1
    assert client.get("/api/v1/exams/999/volumes").status_code == 404
    client.app.dependency_overrides[requests.actor_of] = lambda: replace(archive.actor, permissions=frozenset())
    assert client.get(f"/api/v1/exams/{kept.exam_pk}/volumes").status_code == 403


@pytest.mark.parametrize(("size", "block"), [((128, 100), 1), ((129, 100), 2), ((512, 512), 4), ((10, 2000), 16)])
def test_an_overview_is_never_larger_than_its_side(size: tuple[int, int], block: int) -> None:
    assert block_of(*size) == block
    assert max(reduced(np.zeros(size), block).shape) <= 128


def test_chosen_slices_hold_the_ends_and_grow() -> None:
    for count in (3, 28, 128, 129, 500, 2000):
        chosen = chosen_slices(count)
        assert len(chosen) == min(count, 128)
        assert (chosen[0], chosen[-1]) == (0, count - 1)
        assert list(chosen) == sorted(set(chosen))


def test_blocks_are_means_of_what_carries_data() -> None:
    plane = np.array([[1.0, 3.0, np.nan], [5.0, np.nan, np.nan], [7.0, 9.0, 11.0]])
    assert reduced(plane, 2) == pytest.approx(np.array([[3.0, np.nan], [8.0, 11.0]]), nan_ok=True)
    flat = overview_of([np.full((2, 2), 5.0)] * 3, (0, 1, 2), 1)
    assert np.all(flat.base + flat.step * (flat.voxels - 1.0) == 5.0)

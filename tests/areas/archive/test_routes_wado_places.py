"""Retrieval wherever the bytes and the index lie, and of the whole set of transfer syntaxes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from fastapi.testclient import TestClient
from tests.areas.archive.test_routes_wado import AS_STORED, MULTI, address, of
from tests.areas.archive.webs import client_of, parts_of
from tests.formats import samples

from films import Archive, film
from kerma import formats
from kerma.areas.archive import (
    queries_render,
    retrieve_objects,
    routes_wado,
    routes_wado_parts,
    routes_wado_rendered,
)
from kerma.errors import KermaError
from kerma.formats import transcode
from kerma.kernel.blobs import Blobs

ROUTERS = [routes_wado.router, routes_wado_parts.router, routes_wado_rendered.router]
FILM = samples.ramp(planes=3, rows=40, columns=60)


@pytest.fixture
def web(archive: Archive) -> TestClient:
    return client_of(archive, ROUTERS)


def squeezed(**attributes: object) -> bytes:
    frames = [bytes(imagecodecs.jpegls_encode(plane)) for plane in FILM]
    return samples.encapsulated(FILM, transcode.JPEG_LS, frames, BitsStored=12, **attributes)


def test_everything_works_on_both_databases(web: TestClient, archive: Archive) -> None:
    data = squeezed()
    for one in (data, film(), film(image=2)):
        archive.ingest(one)
    assert len(parts_of(web.get(address(1)))) == 2
    assert len(web.get(f"{address(1)}/metadata").json()) == 2
    assert web.get(f"{of(data)}/frames/2", headers={"Accept": "application/octet-stream"}).content == FILM[1].tobytes()
    assert web.get(f"{of(data)}/thumbnail").status_code == 200
    assert web.get(address(7)).status_code == 404


def test_bytes_in_an_object_store_are_streamed_from_there(archive: Archive) -> None:
    kernel = dataclasses.replace(archive.kernel, blobs=Blobs("memory:///"))
    elsewhere = Archive(kernel, archive.actor)
    web = client_of(elsewhere, ROUTERS)
    large = samples.dicom(samples.ramp(rows=1100, columns=1200), BitsStored=12)
    elsewhere.ingest(large)
    answer = web.get(of(large), headers={"Accept": "application/dicom"})
    assert answer.content == large
    part = web.get(of(large), headers={"Accept": "application/dicom", "Range": "bytes=1000000-2500000"})
    assert part.content == large[1000000:2500001]
    assert parts_of(web.get(of(large), headers={"Accept": AS_STORED}))[0].content == large
    frame = web.get(f"{of(large)}/frames/1", headers={"Accept": "application/octet-stream"})
    assert frame.content == large[-2 * 1100 * 1200 :]
    assert web.get(f"{of(large)}/rendered").status_code == 200
    other = web.get(of(large), headers={"Accept": f"{MULTI}; transfer-syntax={transcode.HTJ2K}"})
    np.testing.assert_array_equal(formats.read(parts_of(other)[0].content).pixels, formats.read(large).pixels)


def test_of_many_compressed_frames_only_the_one_shown_is_decoded(
    web: TestClient, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerma.science.imaging.greyscale import display

    monkeypatch.setattr(queries_render, "decoded", None)
    for number, more in enumerate(({}, {"WindowCenter": 2000, "WindowWidth": 800}), start=5):
        data = squeezed(SOPInstanceUID=f"1.2.3.{number}", **more)
        archive.ingest(data)
        answer = web.get(f"{of(data)}/frames/2/rendered", headers={"Accept": "image/png"})
        shown = imagecodecs.png_decode(answer.content)
        np.testing.assert_array_equal(shown, display(formats.read(data), 1))


def test_more_than_may_wait_are_asked_to_come_again(web: TestClient, archive: Archive) -> None:
    archive.ingest(squeezed())
    taken = [retrieve_objects.turn() for _ in range(retrieve_objects.WAITING_MAX)]
    for one in taken:
        one.__enter__()
    try:
        answer = web.get(of(squeezed()))
        assert answer.status_code == 429
        assert "retry-after" in answer.headers
        assert web.get(of(squeezed()), headers={"Accept": AS_STORED}).status_code == 200
    finally:
        for one in taken:
            one.__exit__(None, None, None)
    assert web.get(of(squeezed())).status_code == 200


def syntax_files() -> list[Path]:
    folder = samples.REAL / "dicom_ct_transfer_syntaxes"
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and samples._looks_dicom(path)]


def test_the_set_of_transfer_syntaxes_comes_back_byte_for_byte(web: TestClient, archive: Archive) -> None:
    if archive.kernel.database.is_sqlite is False or not syntax_files():
        pytest.skip("asked of one database; the real files must be at hand")
    seen = set()
    for number, path in enumerate(syntax_files(), start=10):
        data = _as_its_own(path.read_bytes(), number)
        with_pixels = _pixels(data)
        stored = archive.ingest(data, path.name)
        if stored.outcome != "stored" or with_pixels is None:
            continue
        seen.add(formats.scan(data).transfer_syntax_uid)
        place = of(data)
        if data[128:132] == b"DICM":
            assert parts_of(web.get(place, headers={"Accept": AS_STORED}))[0].content == data, path.name
        for syntax in (samples.EXPLICIT, transcode.JPEG_LS, transcode.HTJ2K):
            answer = web.get(place, headers={"Accept": f"{MULTI}; transfer-syntax={syntax}"})
            assert answer.status_code == 200, (path.name, answer.text)
            np.testing.assert_array_equal(formats.read(parts_of(answer)[0].content).pixels, with_pixels, path.name)
    assert len(seen) >= 8


def _as_its_own(data: bytes, number: int) -> bytes:
    """Return a file under a UID of its own: those of one image in many syntaxes share theirs."""
    uid = formats.scan(data).image_uid.encode()
    return data.replace(uid, uid[:-2] + str(number).encode()[-2:])


def _pixels(data: bytes) -> np.ndarray | None:
    try:
        return formats.read(data).pixels
    except KermaError:
        return None

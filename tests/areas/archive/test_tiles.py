"""Tiles made once: by whoever comes first, whole or not at all, and gone with the image they show."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import sqlalchemy as sa
from numpy.typing import NDArray

from films import Archive, film
from kerma.areas.archive import queries, retrieve_cache, tiles, tiles_ahead, tiles_file, tiles_source
from kerma.areas.archive.model import image
from kerma.errors import Altered, Gone, TooManyRequests, Unreadable
from kerma.formats import transcode
from kerma.science.imaging.pyramid import Place

SIDE = 1100
OVERVIEW = Place(2, 0, 0)
FULL = [Place(0, row, column) for row in (0, 1) for column in (0, 1)]
CRASH = """
import os, sys
from kerma.app import open_kernel
from kerma.areas.archive import queries, retrieve_cache, tiles
from kerma.kernel.settings import Settings

kernel = open_kernel(Settings.load())
with kernel.database.read() as connection:
    row = queries.image_by_pk(connection, 1)

def stop(*_):
    print("half written", flush=True)
    sys.stdin.read()

tiles.tiles_file.os.fsync = stop
tiles.make(kernel, row, 0)
"""


def values_of(side: int = SIDE, planes: int = 1) -> NDArray[np.uint16]:
    noise = np.random.default_rng(1).integers(0, 512, (planes, side, side))
    return (noise + np.arange(side)[:, None]).astype(np.uint16)


def row_of(archive: Archive, values: NDArray[np.uint16] | None = None) -> dict[str, Any]:
    """Take an image into the archive; return its row."""
    values = values_of() if values is None else values
    more = {"NumberOfFrames": len(values)} if len(values) > 1 else {}
    data = film(Rows=values.shape[1], Columns=values.shape[2], PixelData=values.tobytes(), **more)
    stored = archive.ingest(data)
    with archive.kernel.database.read() as connection:
        row = queries.image_by_pk(connection, stored.image_pk or 0)
    assert row is not None
    return row


def tile(archive: Archive, row: dict[str, Any], place: Place = OVERVIEW, plane: int = 0) -> bytes:
    return tiles.tile(archive.kernel, row, tiles.tag_of(row), plane, place)


def copies(archive: Archive) -> list[Path]:
    return [path for path in retrieve_cache.folder(archive.kernel).rglob("*") if path.is_file()]


@pytest.fixture
def decoding(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The planes that are decoded, in their order."""
    seen: list[int] = []
    real = tiles_source.source_of

    def counted(kernel: Any, row: dict[str, Any]) -> tiles_source.Source:
        source = real(kernel, row)

        def stored(plane: int) -> NDArray[Any]:
            seen.append(plane)
            return source.stored(plane)

        return tiles_source.Source(source.image, source.planes, source.rows, source.columns, stored)

    monkeypatch.setattr(tiles_source, "source_of", counted)
    yield seen
    settle()


def settle() -> None:
    """Wait until nothing is made in the background any more: the pools do their work in order."""
    for pool in (tiles._ahead, tiles._makers):
        gate = threading.Barrier(pool._max_workers)
        for future in [pool.submit(gate.wait) for _ in range(pool._max_workers)]:
            future.result(60)


def test_many_who_ask_at_once_have_it_made_once(archive: Archive, decoding: list[int]) -> None:
    row = row_of(archive)
    asked = [*FULL, OVERVIEW] * 3
    with ThreadPoolExecutor(len(asked)) as pool:
        found = list(pool.map(lambda place: tile(archive, row, place), asked))
    settle()
    assert decoding == [0]
    assert len(copies(archive)) == 1
    assert [tile(archive, row, place) for place in asked] == found
    assert decoding == [0]
    top = np.hstack([imagecodecs.jpegls_decode(content) for content in found[:2]])
    np.testing.assert_array_equal(top, values_of()[0, :1024])


def test_the_overview_does_not_wait_for_full_size(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    row = row_of(archive)
    goes_on = threading.Event()
    real: Callable[[Any], bytes] = transcode.jpeg_ls

    def slow(values: NDArray[Any]) -> bytes:
        assert max(values.shape) < 1000 or goes_on.wait(60)
        return real(values)

    monkeypatch.setattr(transcode, "jpeg_ls", slow)
    try:
        assert imagecodecs.jpegls_decode(tile(archive, row)).shape == (275, 275)
        assert copies(archive) == []
    finally:
        goes_on.set()
        settle()
    assert len(copies(archive)) == 1


def test_neighbours_of_a_plane_follow_it_and_no_more(archive: Archive, decoding: list[int]) -> None:
    row = row_of(archive, values_of(40, planes=20))
    tile(archive, row, Place(0, 0, 0), plane=4)
    settle()
    assert sorted(decoding) == [2, 3, 4, 5, 6]
    tile(archive, row, Place(0, 0, 0), plane=5)
    settle()
    assert sorted(decoding) == [2, 3, 4, 5, 6]


def test_ahead_of_time_only_where_readers_begin(archive: Archive, decoding: list[int]) -> None:
    rows = [row_of(archive, values_of(40, planes=20))]
    tiles_ahead.make_ahead(archive.kernel, rows, float("inf"))
    settle()
    assert sorted(set(decoding)) == [0, 5, 10, 14, 19]  # those whose values make the window
    assert len(copies(archive)) == 3
    del decoding[:]
    for plane in (0, 10):
        tile(archive, rows[0], Place(0, 0, 0), plane)
    assert decoding == []
    assert tiles_ahead.planes_ahead(4) == [0, 1, 2, 3]


def test_a_copy_that_goes_away_or_is_cut_short_is_made_again(archive: Archive, decoding: list[int]) -> None:
    row = row_of(archive)
    whole = tile(archive, row, FULL[3])
    settle()
    for damage in (lambda path: path.unlink(), lambda path: path.write_bytes(b""), lambda path: os.truncate(path, 999)):
        (path,) = copies(archive)
        damage(path)
        assert tile(archive, row, FULL[3]) == whole
        settle()
    assert decoding == [0] * 4


def test_an_error_reaches_all_who_wait_and_the_next_try_is_new(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = row_of(archive)

    def fail(kernel: Any, row: Any) -> None:
        raise Unreadable("damaged")

    with monkeypatch.context() as patched:
        patched.setattr(tiles_source, "source_of", fail)
        with ThreadPoolExecutor(4) as pool:
            for future in [pool.submit(tile, archive, row, place) for place in FULL]:
                assert isinstance(future.exception(), Unreadable)
    settle()
    assert copies(archive) == []
    assert tile(archive, row)
    settle()


def test_a_full_disk_keeps_nobody_waiting(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    row = row_of(archive)

    def full(out: Any, made: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tiles_file, "write", full)
    assert all(tile(archive, row, place) for place in (*FULL, OVERVIEW))
    settle()
    assert copies(archive) == []


def test_those_who_wait_are_bounded(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "_waiting", threading.BoundedSemaphore(1))
    row = row_of(archive)
    with tiles._turn(), pytest.raises(TooManyRequests):
        tile(archive, row)
    assert tile(archive, row)
    settle()


def test_another_description_is_another_tag(archive: Archive) -> None:
    row = row_of(archive, values_of(20))
    other = row | {"sidecar_sha256": "ab" * 32}
    assert tiles.tag_of(row) != tiles.tag_of(other)
    with pytest.raises(Gone):
        tiles.tile(archive.kernel, other, tiles.tag_of(row), 0, Place(0, 0, 0))


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "by-another-process"])
def test_nothing_is_left_of_an_image_deleted_meanwhile(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, *, is_told: bool
) -> None:
    row = row_of(archive)
    real: Callable[[Any], bytes] = transcode.jpeg_ls

    def deleting(values: NDArray[Any]) -> bytes:
        if max(values.shape) < 300:
            retrieve_cache.forget(archive.kernel, row["sha256"])
            if is_told:
                tiles.forget({row["sha256"]})
            else:
                with archive.kernel.database.write() as connection:
                    connection.execute(sa.delete(image).where(image.c.id == row["id"]))
        return real(values)

    monkeypatch.setattr(transcode, "jpeg_ls", deleting)
    tile(archive, row)
    settle()
    assert copies(archive) == []


def test_a_process_that_dies_leaves_no_half_file(archive: Archive) -> None:
    row = row_of(archive)
    environment = os.environ | archive.kernel.settings.as_environment()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", CRASH], env=environment, **pipes) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"half written\n"
        child.send_signal(signal.SIGKILL)
        child.wait()
    (left,) = copies(archive)
    assert left.suffix == ".part"
    assert retrieve_cache.find(archive.kernel, row["sha256"], tiles._name(row, 0)) is None
    assert imagecodecs.jpegls_decode(tile(archive, row)).shape == (275, 275)
    settle()


def test_a_file_gives_its_tiles_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "tiles"
    with path.open("xb") as out:
        tiles_file.write(out, [b"a", b"bcd", b"ef"])
    assert [tiles_file.read(path, number, 3) for number in range(3)] == [b"a", b"bcd", b"ef"]
    with pytest.raises(Altered):
        tiles_file.read(path, 0, 4)
    os.truncate(path, path.stat().st_size - 1)
    assert tiles_file.read(path, 1, 3) == b"bcd"
    with pytest.raises(Altered):
        tiles_file.read(path, 2, 3)

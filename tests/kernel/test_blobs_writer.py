"""A blob on its way: written piece by piece, kept whole or not at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.kernel import blobs_object
from kerma.kernel.blobs import Blobs


@pytest.fixture(params=["folder", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return Blobs(tmp_path.as_uri() if request.param == "folder" else "memory:///")


@given(st.lists(st.binary(max_size=2000), max_size=40))
def test_what_was_written_in_pieces_is_kept_as_one(pieces: list[bytes]) -> None:
    blobs = Blobs("memory:///")
    whole = b"".join(pieces)
    with blobs.writer() as writer:
        for piece in pieces[:3]:
            writer.write(piece)
        writer.write_all([memoryview(piece) for piece in pieces[3:]])
        assert bytes(writer.mapped()) == whole and writer.path.read_bytes() == whole
        assert writer.keep() == (hashlib.sha256(whole).hexdigest(), len(whole))
    assert blobs.get(hashlib.sha256(whole).hexdigest()) == whole
    assert not writer.path.exists()


def test_leaving_without_keeping_leaves_nothing(blobs: Blobs) -> None:
    with pytest.raises(ZeroDivisionError), blobs.writer() as writer:
        writer.write(b"half")
        raise ZeroDivisionError
    assert not writer.path.exists() and list(blobs.iterate()) == []
    writer.discard()


def test_keeping_the_same_bytes_again_is_no_error(blobs: Blobs) -> None:
    digests = set()
    for _ in range(2):
        with blobs.writer() as writer:
            writer.write_all([b"x" * 1000] * 2000)
            digests.add(writer.keep())
        assert not writer.path.exists()
    assert len(digests) == 1 and len(list(blobs.iterate())) == 1


def test_a_large_object_goes_to_the_bucket_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs_object, "PART_BYTES", 100_000)
    blobs, data = Blobs("memory:///"), os.urandom(350_000)
    with blobs.writer() as writer:
        writer.write(data)
        sha256, _ = writer.keep()
    assert blobs.get(sha256) == data and not writer.path.exists()


def test_a_disk_that_cannot_flush_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: int) -> None:
        raise OSError(5, "Input/output error")

    blobs = Blobs(tmp_path.as_uri())
    with blobs.writer() as writer:
        writer.write(b"lost")
        monkeypatch.setattr(os, "fsync", fails)
        with pytest.raises(OSError, match="Input/output"):
            writer.keep()
    monkeypatch.undo()
    assert not writer.path.exists() and list(blobs.iterate()) == []


def test_a_dead_writer_s_file_is_swept_and_a_living_one_s_left_alone(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path.as_uri())
    with blobs.writer() as writer:
        writer.write(b"alive")
        (tmp_path / "temporary" / "dead").write_bytes(b"half")
        assert Blobs(tmp_path.as_uri()).swept == 1
        assert writer.keep()[1] == 5

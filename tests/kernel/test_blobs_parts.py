"""Parts of blobs: any range of any blob, from a folder and from an object store."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerma.errors import NotFound
from kerma.kernel.blobs import Blobs

CONTENT = bytes(range(256)) * 40


@pytest.fixture(params=["folder", "objects"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return Blobs(str(tmp_path / "blobs") if request.param == "folder" else "memory:///")


@pytest.mark.parametrize(("start", "length"), [(0, None), (0, 1), (5, 300), (10_000, 999), (10_239, None), (7, 0)])
def test_a_part_is_what_lies_there(blobs: Blobs, start: int, length: int | None) -> None:
    sha256 = blobs.put(CONTENT)
    end = None if length is None else start + length
    assert b"".join(blobs.stream(sha256, 100, start, length)) == CONTENT[start:end]


def test_a_folder_tells_where_the_bytes_lie(blobs: Blobs) -> None:
    path = blobs.local_path(blobs.put(CONTENT))
    assert path is None or path.read_bytes() == CONTENT


def test_what_is_not_there_lies_nowhere(blobs: Blobs) -> None:
    with pytest.raises(NotFound):
        blobs.local_path("0" * 64)

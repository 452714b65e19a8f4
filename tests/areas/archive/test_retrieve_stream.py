"""Bodies in pieces: whatever they are made of, the bytes are right, in order, and never many at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kerma.areas.archive import retrieve_stream
from kerma.areas.archive.retrieve_stream import BlobPart, FilePart, Later, Piece, chunks_of, cut, length_of
from kerma.kernel.blobs import Blobs

CONTENT = bytes(range(251)) * 13_000  # 3.1 MiB, of no power of two


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Blobs, str]:
    path = tmp_path_factory.mktemp("pieces") / "content"
    path.write_bytes(CONTENT)
    blobs = Blobs("memory:///")
    return path, blobs, blobs.put(CONTENT)


def collected(pieces: list[Piece]) -> list[bytes]:
    async def collect() -> list[bytes]:
        return [bytes(chunk) async for chunk in chunks_of(pieces)]

    return asyncio.run(collect())


parts = st.tuples(
    st.sampled_from(["bytes", "file", "blob", "later"]), st.integers(0, len(CONTENT)), st.integers(0, 2**21)
)


def piece_of(places: tuple[Path, Blobs, str], kind: str, start: int, length: int) -> tuple[Piece, bytes]:
    path, blobs, sha256 = places
    length = min(length, len(CONTENT) - start)
    wanted = CONTENT[start : start + length]
    made: dict[str, Piece] = {
        "bytes": wanted,
        "file": FilePart(path, start, length),
        "blob": BlobPart(blobs, sha256, start, length),
        "later": Later(lambda: [FilePart(path, start, length)]),
    }
    return made[kind], wanted


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(parts, max_size=6))
def test_pieces_make_the_body(places: tuple[Path, Blobs, str], drawn: list[tuple[str, int, int]]) -> None:
    made = [piece_of(places, *one) for one in drawn]
    chunks = collected([piece for piece, _ in made])
    wanted = b"".join(content for _, content in made)
    assert b"".join(chunks) == wanted
    assert all(0 < len(chunk) <= retrieve_stream.CHUNK_BYTES for chunk in chunks)
    length = length_of([piece for piece, _ in made])
    assert length == (None if any(kind == "later" for kind, _, _ in drawn) else len(wanted))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(parts.filter(lambda one: one[0] != "later"), max_size=5), st.integers(0, 2**22), st.integers(0, 2**22))
def test_a_cut_of_pieces_is_a_cut_of_the_body(
    places: tuple[Path, Blobs, str], drawn: list[tuple[str, int, int]], start: int, length: int
) -> None:
    made = [piece_of(places, *one) for one in drawn]
    wanted = b"".join(content for _, content in made)[start : start + length]
    assert b"".join(collected(cut([piece for piece, _ in made], start, length))) == wanted


def test_small_pieces_are_sent_together(places: tuple[Path, Blobs, str]) -> None:
    path, _, _ = places
    pieces: list[Piece] = [FilePart(path, 100 * number, 100) for number in range(500)]
    assert len(collected(pieces)) == 1


@pytest.mark.parametrize("is_cached", [True, False])
def test_what_is_not_in_memory_is_read_first(
    places: tuple[Path, Blobs, str], monkeypatch: pytest.MonkeyPatch, is_cached: bool
) -> None:
    path, _, _ = places
    monkeypatch.setattr(retrieve_stream, "_is_cached", lambda *_: is_cached)
    assert b"".join(collected([FilePart(path, 3, 2_500_000)])) == CONTENT[3:2_500_003]


def test_a_system_that_cannot_tell_reads_in_a_thread(
    places: tuple[Path, Blobs, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _, _ = places
    monkeypatch.delattr("os.RWF_NOWAIT", raising=False)
    assert b"".join(collected([FilePart(path, 0, len(CONTENT))])) == CONTENT


def test_a_file_that_was_cut_short_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "short"
    path.write_bytes(b"abc")
    with pytest.raises(OSError, match="shorter"):
        collected([FilePart(path, 0, 4)])

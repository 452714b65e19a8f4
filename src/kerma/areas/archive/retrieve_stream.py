"""Bodies of answers, piece by piece: bytes at hand, parts of files, and what is made only when its turn comes.

No body is ever held whole. A file of this machine is mapped in windows of 1 MiB, which the socket reads from the page
cache without a copy in between; what is not in memory yet is first read in a thread, so that a slow disk keeps nobody
else waiting and a damaged one is an error of this answer alone.
"""

from __future__ import annotations

import errno
import mmap
import os
import traceback
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

if TYPE_CHECKING:
    from starlette.types import Send

    from kerma.kernel.blobs import Blobs

CHUNK_BYTES = 1 << 20
SMALL_BYTES = 64 << 10
"""Pieces up to this size are put together before they are sent: a system call costs more than a copy of them."""


@dataclass(frozen=True)
class FilePart:
    """A part of a file of this machine."""

    path: Path
    start: int
    length: int

    def cut(self, start: int, length: int) -> FilePart:
        """Return a part of the part."""
        return FilePart(self.path, self.start + start, length)

    async def chunks(self) -> AsyncGenerator[bytes | memoryview]:
        """Yield the bytes; never more than one chunk is mapped."""
        file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            position, end = self.start, self.start + self.length
            if os.fstat(file).st_size < end:
                raise OSError(errno.EIO, "a stored file is shorter than the index says")
            while position < end:
                # aligned windows, so that each page is mapped once
                until = min(end, (position // CHUNK_BYTES + 1) * CHUNK_BYTES)
                yield await _window(file, position, until - position)
                position = until
        finally:
            os.close(file)


@dataclass(frozen=True)
class BlobPart:
    """A part of a blob that lies in an object store."""

    blobs: Blobs
    sha256: str
    start: int
    length: int

    def cut(self, start: int, length: int) -> BlobPart:
        """Return a part of the part."""
        return BlobPart(self.blobs, self.sha256, self.start + start, length)

    async def chunks(self) -> AsyncGenerator[bytes | memoryview]:
        """Yield the bytes as they come from the store."""
        arriving = await run_in_threadpool(self.blobs.stream, self.sha256, CHUNK_BYTES, self.start, self.length)
        while (chunk := await run_in_threadpool(next, arriving, None)) is not None:
            for start in range(0, len(chunk), CHUNK_BYTES):
                yield memoryview(chunk)[start : start + CHUNK_BYTES]


@dataclass(frozen=True)
class Later:
    """Pieces that are made in a thread once their turn comes, because making them takes work and room."""

    make: Callable[[], Sequence[Piece]]


Piece = bytes | FilePart | BlobPart | Later
KnownPiece = bytes | FilePart | BlobPart


def length_of(pieces: Sequence[Piece]) -> int | None:
    """Return how many bytes the pieces have; None while some are still to be made."""
    total = 0
    for piece in pieces:
        if isinstance(piece, Later):
            return None
        total += len(piece) if isinstance(piece, bytes) else piece.length
    return total


def cut(pieces: Sequence[Piece], start: int, length: int) -> list[Piece]:
    """Return the pieces of a part of a body; all of its pieces must be known."""
    parts: list[Piece] = []
    for piece in pieces:
        assert not isinstance(piece, Later)
        size = len(piece) if isinstance(piece, bytes) else piece.length
        first, last = max(start, 0), min(start + length, size)
        if first < last:
            is_bytes = isinstance(piece, bytes)
            parts.append(piece[first:last] if is_bytes else piece.cut(first, last - first))  # type: ignore[union-attr,index]
        start -= size
    return parts


async def chunks_of(pieces: Sequence[Piece]) -> AsyncGenerator[bytes | memoryview]:
    """Yield the bytes of all pieces in chunks of at most 1 MiB, small ones put together."""
    waiting = bytearray()
    async with aclosing(_each(pieces)) as chunks:
        async for chunk in chunks:
            if len(chunk) <= SMALL_BYTES:
                waiting += chunk
                if len(waiting) < CHUNK_BYTES - SMALL_BYTES:
                    continue
                chunk = b""
            if waiting:
                yield bytes(waiting)
                waiting.clear()
            if chunk:
                yield chunk
    if waiting:
        yield bytes(waiting)


async def _each(pieces: Sequence[Piece]) -> AsyncGenerator[bytes | memoryview]:
    # Each generator is closed by the one that uses it: left to the collector, a file of a client that has gone would
    # stay open for as long as the server has little else to do.
    for piece in pieces:
        if isinstance(piece, bytes):
            for start in range(0, len(piece), CHUNK_BYTES):
                yield memoryview(piece)[start : start + CHUNK_BYTES]
            continue
        made = _each(await run_in_threadpool(piece.make)) if isinstance(piece, Later) else piece.chunks()
        async with aclosing(made) as chunks:
            async for chunk in chunks:
                yield chunk


class PiecesResponse(StreamingResponse):
    """An answer made of pieces; a client that goes away ends it at the next chunk."""

    def __init__(self, pieces: Sequence[Piece], status: int, media_type: str, headers: dict[str, str]) -> None:
        length = length_of(pieces)
        stated = {} if length is None else {"Content-Length": str(length)}
        self._chunks = chunks_of(pieces)
        super().__init__(self._chunks, status, headers | stated, media_type)

    async def stream_response(self, send: Send) -> None:
        """Send everything; files are closed even when the client has gone."""
        try:
            await super().stream_response(send)
        except BaseException as error:
            # what has ended keeps hold of the last chunk, and with it of the file, until the collector comes by
            traceback.clear_frames(error.__traceback__)
            raise
        finally:
            await self._chunks.aclose()


async def _window(file: int, position: int, length: int) -> memoryview | bytes:
    """Return bytes of a file, mapped; those that are not in memory yet are read by a thread first."""
    if length <= SMALL_BYTES:
        return (
            await run_in_threadpool(os.pread, file, length, position)
            if not _is_cached(file, position, length)
            else os.pread(file, length, position)
        )
    if not _is_cached(file, position, length):
        await run_in_threadpool(os.pread, file, length, position)
    first = position - position % mmap.ALLOCATIONGRANULARITY
    window = mmap.mmap(file, length + position - first, access=mmap.ACCESS_READ, offset=first)
    return memoryview(window)[position - first :]


def _is_cached(file: int, position: int, length: int) -> bool:
    """Return whether first and last byte can be had without waiting for the disk; systems that cannot tell say no."""
    flag = getattr(os, "RWF_NOWAIT", None)
    if flag is None:
        return False
    try:
        return all(os.preadv(file, [bytearray(1)], at, flag) for at in (position, position + length - 1))
    except OSError:
        return False

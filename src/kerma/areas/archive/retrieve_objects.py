"""The DICOM object of an image: its bytes as they came, or a copy in another transfer syntax, made once and kept."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from kerma.areas.archive import retrieve, retrieve_cache
from kerma.areas.archive.queries_pixels import reader
from kerma.areas.archive.retrieve_stream import BlobPart, FilePart, KnownPiece
from kerma.areas.archive.rules_media import EXPLICIT
from kerma.errors import Hostile, NotAcceptable, TooManyRequests, Unreadable

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

DUTY = "retrieve"
"""Its own guarded reader, so that long work for one client keeps no analysis waiting."""
_COPY_BYTES = 1 << 20
WAITING_MAX = 24
"""Requests that may wait for the guarded reader; more would take all the threads that answer the others."""

_waiting = threading.BoundedSemaphore(WAITING_MAX)


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """Wait for the guarded reader among a bounded number of others.

    Raises
    ------
    TooManyRequests
        As many as may wait are waiting.
    """
    if not _waiting.acquire(blocking=False):
        raise TooManyRequests(f"{WAITING_MAX} images are being decoded already: ask again", retry_after_s=1.0)
    try:
        yield
    finally:
        _waiting.release()


def stored_part(kernel: Kernel, row: dict[str, Any]) -> KnownPiece:
    """Return the bytes of an image as they came, to be streamed from wherever they lie."""
    path = kernel.blobs.local_path(row["sha256"])
    if path is None:
        return BlobPart(kernel.blobs, row["sha256"], 0, row["size_bytes"])
    return FilePart(path, 0, row["size_bytes"])


def stored_file(kernel: Kernel, row: dict[str, Any]) -> Path:
    """Return the bytes of an image as a file of this machine; from an object store they are copied here first."""
    path = kernel.blobs.local_path(row["sha256"])
    if path is not None:
        return path
    sha256 = row["sha256"]
    name = retrieve_cache.name_of("blob")

    def fetch(out: BinaryIO) -> None:
        out.writelines(kernel.blobs.stream(sha256))

    return retrieve_cache.find(kernel, sha256, name) or retrieve_cache.keep(kernel, sha256, name, fetch)


def object_file(kernel: Kernel, row: dict[str, Any]) -> Path:
    """Return a file of this machine that any DICOM reader understands: as it came, or the object made from it."""
    return stored_file(kernel, row) if retrieve.is_as_it_is(row) else copy(kernel, row, EXPLICIT)


def is_as_stored(row: dict[str, Any], syntax: str) -> bool:
    """Return whether an image in this transfer syntax is its bytes as they came."""
    return retrieve.is_as_it_is(row) and syntax == row["transfer_syntax_uid"]


def part(kernel: Kernel, row: dict[str, Any], syntax: str) -> KnownPiece | None:
    """Return an image in a transfer syntax, ready to be streamed; None when it must be made first."""
    if is_as_stored(row, syntax):
        return stored_part(kernel, row)
    path = retrieve_cache.find(kernel, row["sha256"], _name(row, syntax))
    return None if path is None else FilePart(path, 0, path.stat().st_size)


def made_part(kernel: Kernel, row: dict[str, Any], syntax: str) -> KnownPiece:
    """Return an image in a transfer syntax, made now if need be.

    Raises
    ------
    NotAcceptable
        It cannot be given so; the message says how it can.
    """
    ready = part(kernel, row, syntax)
    if ready is not None:
        return ready
    path = copy(kernel, row, syntax)
    return FilePart(path, 0, path.stat().st_size)


def copy(kernel: Kernel, row: dict[str, Any], syntax: str) -> Path:
    """Return an image in another transfer syntax than it came in, as a file that may be deleted later."""
    name = _name(row, syntax)
    found = retrieve_cache.find(kernel, row["sha256"], name)
    if found is not None:
        return found
    source = stored_file(kernel, row) if retrieve.is_dicom(row) else None
    if source is None and syntax != EXPLICIT:
        source = copy(kernel, row, EXPLICIT)
    make: Callable[[], memoryview]
    if source is None:
        make = _capture(kernel, row)
    else:
        path = source
        make = lambda: reader(DUTY).transcode(path, syntax)  # noqa: E731
    try:
        with turn():
            return retrieve_cache.keep(kernel, row["sha256"], name, lambda out: write(out, make()))
    except Hostile:
        raise
    except Unreadable as error:
        raise NotAcceptable(
            f"instance {row['uid']} cannot be given in transfer syntax {syntax}: {error}. It can be had as it is "
            "stored: Accept: application/dicom; transfer-syntax=*"
        ) from error


def write(out: BinaryIO, content: memoryview) -> None:
    """Write content in pieces, so that it is not held twice."""
    for start in range(0, len(content), _COPY_BYTES):
        out.write(content[start : start + _COPY_BYTES])


def _capture(kernel: Kernel, row: dict[str, Any]) -> Callable[[], memoryview]:
    """Return what makes the DICOM object of a TIFF, PNG, JPEG or raw image; the same image always gives the same."""

    def make() -> memoryview:
        sidecar = kernel.blobs.get(row["sidecar_sha256"]) if row["sidecar_sha256"] else None
        number = row["number"] or 1
        return reader(DUTY).capture(
            kernel.blobs.get(row["sha256"]), row["file_name"], sidecar, number=number, made_at=row["received_at"]
        )

    return make


def _name(row: dict[str, Any], syntax: str) -> str:
    parts = (row["sha256"], row["sidecar_sha256"], "" if retrieve.is_dicom(row) else row["received_at"])
    return retrieve_cache.name_of("object", *parts, syntax)

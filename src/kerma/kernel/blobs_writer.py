"""A blob on its way: bytes written as they come, hashed on the way, kept or left without a trace."""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

FRAGMENTS_MAX = 512
"""Most pieces handed to the system in one call (IOV_MAX is 1024 on Linux)."""


class Spool(Protocol):
    """Where a writer's bytes lie until they are kept: a local temporary file of a store."""

    def begin(self) -> tuple[str, Path, int]:
        """Make a local temporary file; returns its name, its path and a descriptor to write and read."""
        ...

    def finish(self, temporary: str, key: str) -> None:
        """Flush the temporary file and turn it into the durable object of this key."""
        ...

    def abandon(self, temporary: str) -> None:
        """Remove the temporary file."""
        ...


class BlobWriter:
    """Takes bytes as they come; :meth:`keep` makes them a durable blob, leaving the block without it removes them.

    ::

        with kernel.blobs.writer() as writer:
            writer.write(first)
            writer.write(second)
            sha256, size_bytes = writer.keep()
    """

    def __init__(self, spool: Spool, is_kept: Callable[[str, int], bool], key_of: Callable[[str], str]) -> None:
        self._spool = spool
        self._is_kept = is_kept
        self._key_of = key_of
        self._hash = hashlib.sha256()
        self._is_open = True
        self._name, self.path, self._descriptor = spool.begin()
        self.size_bytes = 0

    def __enter__(self) -> BlobWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes."""
        self.write_all((data,))

    def write_all(self, pieces: Sequence[bytes | bytearray | memoryview]) -> None:
        """Add several pieces with as few calls to the system as possible."""
        for first in range(0, len(pieces), FRAGMENTS_MAX):
            part = pieces[first : first + FRAGMENTS_MAX]
            for piece in part:
                self._hash.update(piece)
            self._write(part)

    @property
    def sha256(self) -> str:
        """The SHA-256 of what has been written so far."""
        return self._hash.hexdigest()

    def mapped(self) -> bytes | mmap.mmap:
        """Return what has been written so far, mapped and not held."""
        if not self.size_bytes:
            return b""
        return mmap.mmap(self._descriptor, self.size_bytes, access=mmap.ACCESS_READ)

    def keep(self) -> tuple[str, int]:
        """Make the blob durable and return its SHA-256 and size; the same bytes kept before are no error.

        Raises
        ------
        Altered
            A blob of this address exists with other content.
        """
        sha256 = self.sha256
        if self._is_kept(sha256, self.size_bytes):
            self.discard()
        else:
            self._is_open = False
            self._spool.finish(self._name, self._key_of(sha256))
        return sha256, self.size_bytes

    def discard(self) -> None:
        """Remove what was written, unless it has been kept."""
        if self._is_open:
            self._is_open = False
            self._spool.abandon(self._name)

    def _write(self, pieces: Sequence[bytes | bytearray | memoryview]) -> None:
        wanted = sum(map(len, pieces))
        self.size_bytes += wanted
        written = os.writev(self._descriptor, pieces)
        while written < wanted:  # a file system that is nearly full takes a part, then says so
            rest = b"".join(pieces)[written:]
            written += os.write(self._descriptor, rest)

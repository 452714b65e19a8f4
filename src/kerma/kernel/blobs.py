"""Blobs: bytes kept exactly as they came, each under the SHA-256 of its content, in a folder or an object store.

The address of a blob is ``blobs/<2 hex>/<64 hex>``. A blob is written once and never changed: it appears
whole or not at all, and when :meth:`Blobs.put` returns it survives a power cut. The folder is written by this
module itself, since a rename must be followed by a flush of the folder; S3, Google Cloud and Azure are reached
through obstore with conditional puts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from kerma.errors import Altered, NotFound, WrongUsage
from kerma.kernel.blobs_folder import FolderStore
from kerma.kernel.blobs_tiers import tiered
from kerma.kernel.blobs_writer import BlobWriter, Spool

CHUNK_BYTES = 1 << 20
COMPARED_BYTES = 16 << 20
"""Up to this size an existing blob is compared byte by byte by its digest; above it, its size must agree."""

BLOB = {"blob": True}
"""``Column(..., info=BLOB)`` says that the column holds the address of a blob, so that a check can follow it."""

PREFIX = "blobs"
"""Below it 256 folders, by the first two digits: few enough that each is soon known to be durable, and an arrival
flushes one folder only; many enough for ten million blobs in each of them."""

_ADDRESS = re.compile(r"[0-9a-f]{64}")


class Store(Spool, Protocol):
    """What a place for blobs must be able to do; keys are relative paths with ``/``."""

    def write(self, key: str, data: bytes) -> bool:
        """Make the object appear whole and durable under the key; False when another one is there already."""
        ...

    def stage(self, chunks: Iterable[bytes]) -> str:
        """Write a temporary object, flushed but visible under no address, and return its name."""
        ...

    def publish(self, temporary: str, key: str) -> None:
        """Turn a temporary object into the durable object of this key."""
        ...

    def discard(self, temporary: str) -> None:
        """Remove a temporary object."""
        ...

    def size(self, key: str) -> int | None:
        """Return the size in bytes, or None when there is no such object."""
        ...

    def settle(self, key: str) -> None:
        """Make sure that an object which another writer made is durable too."""
        ...

    def stream(self, key: str, chunk_bytes: int, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield the content, or so many bytes of it from an offset on, in chunks."""
        ...

    def local_path(self, key: str) -> Path | None:
        """Return where the object lies on this machine; None in a store that is elsewhere."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object."""
        ...

    def iterate(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield key and size of every object under a prefix."""
        ...

    def sweep(self) -> int:
        """Remove temporary objects that a dead writer left, and return how many."""
        ...


class Blobs:
    """The store of all bytes as received, by URL: ``file:///folder``, a plain folder, ``s3://…``, ``gs://…``, ``az://…``.

    ``tiers`` names the places behind it (:mod:`kerma.kernel.blobs_tiers`); ``options`` are handed to obstore (endpoint,
    credentials); none are needed for a folder.
    """

    def __init__(self, url: str, tiers: str = "", **options: Any) -> None:
        self.url = url
        self._store = tiered(_open(url, options), tiers, lambda url: _open(url, {}))
        self.swept = self._store.sweep()
        """How many half-written temporary objects of dead writers were removed at opening."""

    @property
    def store(self) -> Store:
        """The place itself, for what moves and copies blobs."""
        return self._store

    def put(self, data: bytes) -> str:
        """Keep these bytes and return their SHA-256; keeping them again changes nothing.

        Raises
        ------
        Altered
            A blob of this address exists with other content.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        if not self._is_kept(sha256, len(data)) and not self._store.write(key_of(sha256), data):
            self._is_kept(sha256, len(data))  # somebody was faster: success only if the content agrees
        return sha256

    def put_file(self, path: Path) -> tuple[str, int]:
        """Keep the content of a file, holding at most 16 MiB of it; return SHA-256 and size in bytes."""
        if path.stat().st_size <= COMPARED_BYTES:
            data = path.read_bytes()
            return self.put(data), len(data)
        digest = _Digest(_chunks_of(path))
        temporary = self._store.stage(digest)
        sha256 = digest.hexdigest()
        if self._is_kept(sha256, digest.size_bytes):
            self._store.discard(temporary)
        else:
            self._store.publish(temporary, key_of(sha256))
        return sha256, digest.size_bytes

    def writer(self) -> BlobWriter:
        """Return a writer for bytes that come piece by piece; what it has not kept at the end of its block is gone."""
        return BlobWriter(self._store, self._is_kept, key_of)

    def get(self, sha256: str) -> bytes:
        """Return the whole content.

        Raises
        ------
        NotFound
            There is no such blob.
        """
        return b"".join(self.stream(sha256))

    def stream(
        self, sha256: str, chunk_bytes: int = CHUNK_BYTES, start: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        """Yield the content, or so many bytes of it from an offset on, in chunks.

        Raises
        ------
        NotFound
            There is no such blob; said at once.
        """
        self.size(sha256)
        return self._store.stream(key_of(sha256), chunk_bytes, start, length)

    def local_path(self, sha256: str) -> Path | None:
        """Return the file that holds the content, only to be read; None when the store is no folder of this machine.

        Raises
        ------
        NotFound
            There is no such blob.
        """
        self.size(sha256)
        return self._store.local_path(key_of(sha256))

    def size(self, sha256: str) -> int:
        """Return the size in bytes; raises :class:`NotFound` when there is no such blob."""
        size_bytes = self._store.size(key_of(sha256))
        if size_bytes is None:
            raise NotFound(f"no bytes are kept under {sha256}; `kerma archive check` lists what is missing")
        return size_bytes

    def exists(self, sha256: str) -> bool:
        """Return whether a blob has this address."""
        return self._store.size(key_of(sha256)) is not None

    def check(self, sha256: str) -> bool:
        """Return whether the blob is there and its content still has this SHA-256."""
        return self.exists(sha256) and self._hash_of(sha256) == sha256

    def delete(self, sha256: str) -> None:
        """Remove the blob; only the action that deletes by a retention rule may call this."""
        self.size(sha256)
        self._store.delete(key_of(sha256))

    def iterate(self) -> Iterator[tuple[str, int]]:
        """Yield address and size of every blob; never called while somebody waits for an answer."""
        for key, size_bytes in self._store.iterate(PREFIX):
            name = key.rsplit("/", 1)[-1]
            if _ADDRESS.fullmatch(name) and key == key_of(name):
                yield name, size_bytes

    def _is_kept(self, sha256: str, size_bytes: int) -> bool:
        """Return whether exactly these bytes are kept and durable; other bytes at their address are an alarm."""
        kept_bytes = self._store.size(key_of(sha256))
        if kept_bytes is None:
            return False
        agrees = kept_bytes == size_bytes and (size_bytes > COMPARED_BYTES or self._hash_of(sha256) == sha256)
        if not agrees:
            raise Altered(
                f"the blob {sha256} exists with other content ({kept_bytes} bytes kept, {size_bytes} bytes offered): "
                "restore it from a backup, then run `kerma archive check`"
            )
        self._store.settle(key_of(sha256))
        return True

    def _hash_of(self, sha256: str) -> str:
        digest = _Digest(self._store.stream(key_of(sha256), CHUNK_BYTES))
        for _ in digest:
            pass
        return digest.hexdigest()


def key_of(sha256: str) -> str:
    """Return the key of a blob; anything but 64 lower-case hexadecimal digits is refused."""
    if not _ADDRESS.fullmatch(sha256):
        raise WrongUsage(f"'{sha256[:80]}' is not a SHA-256: 64 lower-case hexadecimal digits are needed")
    return f"{PREFIX}/{sha256[:2]}/{sha256}"


def blob_columns(metadata: sa.MetaData) -> list[sa.Column[Any]]:
    """Return every column that holds the address of a blob (``info=BLOB``), in the order of the tables."""
    return [column for table in metadata.sorted_tables for column in table.columns if column.info.get("blob")]


class _Digest:
    """Passes chunks on and hashes them on the way."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._hash.update(chunk)
            self.size_bytes += len(chunk)
            yield chunk

    def hexdigest(self) -> str:
        """The SHA-256 of what has passed."""
        return self._hash.hexdigest()


def _chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _open(url: str, options: dict[str, Any]) -> Store:
    scheme, separator, rest = url.partition("://")
    if not separator:
        return FolderStore(Path(url))
    if scheme == "file":
        from urllib.parse import unquote

        return FolderStore(Path(unquote(rest)))
    from kerma.kernel.blobs_object import ObjectStore

    return ObjectStore(url, options)

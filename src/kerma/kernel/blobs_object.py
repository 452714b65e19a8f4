"""Blobs in an object store (S3, Google Cloud, Azure, memory) through obstore.

An object appears whole or not at all, and "create" is conditional (``If-None-Match: *``). Content too large to hold
goes to a temporary object first and is copied inside the store; what a dead writer left there is swept after a day.
"""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

TEMPORARY = "temporary"
ORPHANED_AFTER = timedelta(days=1)
PART_BYTES = 16 << 20


class ObjectStore:
    """Objects in a bucket or container, by URL."""

    def __init__(self, url: str, options: dict[str, Any]) -> None:
        from obstore.store import from_url

        self._objects = from_url(url, **options)
        self._spooled: dict[str, int] = {}

    def write(self, key: str, data: bytes) -> bool:
        """Put the object with one conditional request; False when an object is already there: it stays."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        try:
            obstore.put(self._objects, key, data, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        return True

    def stage(self, chunks: Iterable[bytes]) -> str:
        """Upload a temporary object part by part."""
        import obstore

        name = f"{TEMPORARY}/{uuid.uuid4().hex}"
        with obstore.open_writer(self._objects, name, buffer_size=PART_BYTES) as writer:
            for chunk in chunks:
                writer.write(chunk)
        return name

    def begin(self) -> tuple[str, Path, int]:
        """Open a temporary file on this machine, from which the object is uploaded once it is complete."""
        descriptor, name = tempfile.mkstemp(prefix="kerma-")
        self._spooled[name] = descriptor
        return name, Path(name), descriptor

    def finish(self, temporary: str, key: str) -> None:
        """Upload a writer's file: at once with a conditional put, or in parts when it is large."""
        try:
            size_bytes = Path(temporary).stat().st_size
            if size_bytes <= PART_BYTES:
                self.write(key, Path(temporary).read_bytes())
            else:
                with Path(temporary).open("rb") as file:
                    self.publish(self.stage(iter(lambda: file.read(PART_BYTES), b"")), key)
        finally:
            self.abandon(temporary)

    def abandon(self, temporary: str) -> None:
        """Remove a writer's file from this machine."""
        os.close(self._spooled.pop(temporary))
        Path(temporary).unlink()

    def publish(self, temporary: str, key: str) -> None:
        """Copy the temporary object to its key inside the store, then remove it."""
        import obstore

        obstore.copy(self._objects, temporary, key)
        self.discard(temporary)

    def discard(self, temporary: str) -> None:
        """Remove a temporary object."""
        self.delete(temporary)

    def size(self, key: str) -> int | None:
        """Return the size in bytes, or None when there is no such object."""
        import obstore

        try:
            return int(obstore.head(self._objects, key)["size"])
        except FileNotFoundError:
            return None

    def settle(self, key: str) -> None:
        """Do nothing: an object store answers only when the object is durable."""

    def stream(self, key: str, chunk_bytes: int, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield the content, or so many bytes of it from an offset on, in chunks."""
        import obstore

        if length == 0:
            return
        whole = start == 0 and length is None
        part: Any = {"offset": start} if length is None else (start, start + length)
        found = obstore.get(self._objects, key, options=None if whole else {"range": part})
        for chunk in found.stream(min_chunk_size=chunk_bytes):
            yield bytes(chunk)

    def local_path(self, key: str) -> Path | None:
        """Return None: the objects are not files of this machine."""

    def delete(self, key: str) -> None:
        """Remove the object."""
        import obstore

        obstore.delete(self._objects, key)

    def iterate(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield key and size of every object under a prefix."""
        for entry in self._list(prefix):
            yield str(entry["path"]), int(entry["size"])

    def sweep(self) -> int:
        """Remove temporary objects older than a day: no upload lasts that long."""
        limit = datetime.now(UTC) - ORPHANED_AFTER
        orphans = [str(entry["path"]) for entry in self._list(TEMPORARY) if entry["last_modified"] < limit]
        for path in orphans:
            self.delete(path)
        return len(orphans)

    def _list(self, prefix: str) -> Iterator[Any]:
        import obstore

        for page in obstore.list(self._objects, prefix=prefix):
            yield from page

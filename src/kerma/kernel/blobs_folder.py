"""Blobs in a local folder: temporary file, flush, rename, flush of the folders.

A temporary file is held with a lock while it is written, so that a starting process can tell the half-written file
of a dead writer (swept) from that of a living one (left alone).
"""

from __future__ import annotations

import fcntl
import itertools
import os
import sys
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

TEMPORARY = "temporary"
_READ_ONLY = 0o440
_FOLDER = 0o750
SPREAD = tuple(f"{number:02x}" for number in range(256))
"""Folders made together, so that their entries are flushed once and not with each first arrival."""


class FolderStore:
    """Objects as files below one folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._held: dict[str, int] = {}
        self._prefix = uuid.uuid4().hex
        self._numbers = itertools.count()
        (root / TEMPORARY).mkdir(mode=_FOLDER, parents=True, exist_ok=True)
        self._known = {str(root)}
        """Folders whose own entry, and those of all above them, this process has flushed."""

    def write(self, key: str, data: bytes) -> bool:
        """Make the object appear whole and durable under the key; a rename over the same content does no harm."""
        self.publish(self.stage((data,)), key)
        return True

    def stage(self, chunks: Iterable[bytes]) -> str:
        """Write and flush a temporary file, which stays locked until it is published or discarded."""
        name, descriptor = self._create()
        try:
            for chunk in chunks:
                _write_all(descriptor, chunk)
            os.fsync(descriptor)
        except BaseException:
            (self.root / TEMPORARY / name).unlink(missing_ok=True)
            os.close(descriptor)
            raise
        self._held[name] = descriptor
        return name

    def begin(self) -> tuple[str, Path, int]:
        """Open a temporary file for a writer; it stays locked until it is finished or abandoned."""
        name, descriptor = self._create()
        self._held[name] = descriptor
        return name, self.root / TEMPORARY / name, descriptor

    def finish(self, temporary: str, key: str) -> None:
        """Flush a writer's file and publish it; what cannot be flushed is removed."""
        try:
            os.fsync(self._held[temporary])
        except OSError:
            self.discard(temporary)
            raise
        self.publish(temporary, key)

    def abandon(self, temporary: str) -> None:
        """Remove a writer's file."""
        self.discard(temporary)

    def publish(self, temporary: str, key: str) -> None:
        """Rename a temporary file to its key, then flush its folder, and every folder on the way that is new."""
        target = f"{self.root}/{key}"
        folder = target.rpartition("/")[0]
        if folder not in self._known:
            self._make(Path(folder))
        Path(f"{self.root}/{TEMPORARY}/{temporary}").rename(target)
        os.close(self._held.pop(temporary))
        _flush(folder)

    def discard(self, temporary: str) -> None:
        """Remove a temporary file."""
        (self.root / TEMPORARY / temporary).unlink(missing_ok=True)
        os.close(self._held.pop(temporary))

    def size(self, key: str) -> int | None:
        """Return the size in bytes, or None when there is no such file."""
        try:
            return (self.root / key).stat().st_size
        except FileNotFoundError:
            return None

    def settle(self, key: str) -> None:
        """Flush the folder, and every folder above it that may be new: a rename is durable only then."""
        folder = (self.root / key).parent
        self._make(folder)
        _flush(str(folder))

    def _make(self, folder: Path) -> None:
        """Make a folder, with all that stand beside it by two digits, and flush what holds their entries."""
        if str(folder) in self._known:
            return
        self._make(folder.parent)
        beside = SPREAD if folder.name in SPREAD else (folder.name,)
        for name in beside:
            (folder.parent / name).mkdir(mode=_FOLDER, exist_ok=True)
        _flush(str(folder.parent))
        self._known.update(str(folder.parent / name) for name in beside)

    def stream(self, key: str, chunk_bytes: int, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield the content, or so many bytes of it from an offset on, in chunks."""
        with (self.root / key).open("rb", buffering=0) as file:
            file.seek(start)
            left = sys.maxsize if length is None else length
            while left > 0 and (chunk := file.read(min(chunk_bytes, left))):
                left -= len(chunk)
                yield chunk

    def local_path(self, key: str) -> Path | None:
        """Return where the file lies."""
        return self.root / key

    def delete(self, key: str) -> None:
        """Remove the file, durably."""
        (self.root / key).unlink()
        self.settle(key)

    def iterate(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield key and size of every file under a prefix, in order of the keys."""
        for folder, folders, names in os.walk(self.root / prefix):
            folders.sort()
            for name in sorted(names):
                path = Path(folder) / name
                yield path.relative_to(self.root).as_posix(), path.lstat().st_size

    def sweep(self) -> int:
        """Remove temporary files whose writer is dead: their lock is free."""
        return sum(_remove_if_unlocked(path) for path in sorted((self.root / TEMPORARY).iterdir()))

    def _create(self) -> tuple[str, int]:
        """Open a new temporary file and lock it; a sweep that came between the two calls makes us try again."""
        while True:
            name = f"{self._prefix}-{os.getpid()}-{next(self._numbers)}"
            path = f"{self.root}/{TEMPORARY}/{name}"
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, _READ_ONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                return name, descriptor
            os.close(descriptor)


def _flush(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _remove_if_unlocked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False  # its writer has just published it
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        path.unlink(missing_ok=True)
        return True
    finally:
        os.close(descriptor)

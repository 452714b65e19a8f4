"""Where a package's files are read from: the zip as it was handed over, or the folder it was unpacked to."""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

CHUNK_BYTES = 1 << 20
SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
"""How files of a package are called; nothing else can have been written by Kerma."""
MOMENT = (1980, 1, 1, 0, 0, 0)
"""The time every entry of the zip bears, so that equal files give an equal package."""


class UnusableError(Exception):
    """What was given is no evidence package, or cannot be read at all."""


class FolderSource:
    """An unpacked package."""

    def __init__(self, folder: Path) -> None:
        if not (folder / "bagit.txt").is_file():
            raise UnusableError(f"{folder} holds no bagit.txt: it is no evidence package")
        self.folder = folder
        self.names = sorted(
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        )
        self.problems = [f"{path} is a link" for path in folder.rglob("*") if path.is_symlink()]

    def size(self, name: str) -> int:
        """Return a file's size in bytes."""
        return (self.folder / name).stat().st_size

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a file's bytes."""
        with (self.folder / name).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


class ZipSource:
    """A package in its zip: entries are stored, in the order and with the fields in which Kerma writes them."""

    def __init__(self, path: Path) -> None:
        try:
            self.zip = zipfile.ZipFile(path)
            entries = self.zip.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError) as error:
            raise UnusableError(f"{path} cannot be read as a zip ({error}); get it again from its sender") from error
        self.problems: list[str] = []
        roots = {entry.filename.partition("/")[0] for entry in entries}
        if len(roots) != 1:
            raise UnusableError(f"{path} does not hold one folder, so it is no evidence package")
        self.root = roots.pop()
        self.names = [entry.filename.partition("/")[2] for entry in entries]
        if "bagit.txt" not in self.names:
            raise UnusableError(f"{path} holds no bagit.txt: it is no evidence package")
        self._by_name = dict(zip(self.names, entries))  # noqa: B905 - Python 3.8; both are of one list
        if len(self._by_name) != len(entries):
            self.problems.append("a file stands in the zip twice")
        self.problems += self._container(path, entries)

    def size(self, name: str) -> int:
        """Return a file's size in bytes."""
        return self._by_name[name].file_size

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a file's bytes; one that cannot be read yields too few, so its digest does not fit."""
        entry = self._by_name[name]
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            return
        try:
            with self.zip.open(entry) as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError):
            return

    def _container(self, path: Path, entries: list[zipfile.ZipInfo]) -> list[str]:
        """Compare what lies around the files with what a zip of exactly these files looks like."""
        expected = _Expected(path)
        try:
            with zipfile.ZipFile(expected, "w", zipfile.ZIP_STORED) as copy:  # type: ignore[call-overload]
                for entry in entries:
                    expected.place(copy, entry)
        except (ValueError, OverflowError, OSError, struct.error, zipfile.LargeZipFile) as error:
            return [f"the container is not as Kerma writes it ({error})"]
        return [] if expected.is_same() else ["the container (the zip around the files) is not as it was written"]


def entry_of(name: str) -> zipfile.ZipInfo:
    """Return the entry a file gets, the same on every machine."""
    entry = zipfile.ZipInfo(name, MOMENT)
    entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_STORED, 3, 0o100644 << 16
    return entry


class _Expected:
    """A file to write a zip into that keeps what stands around the entries and compares it with the real one."""

    def __init__(self, path: Path) -> None:
        self._path, self._at, self._end = path, 0, 0
        self._kept: dict[int, bytes] = {}

    def place(self, copy: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        """Write an entry's head as it must be, and pass over its data."""
        plain = entry_of(entry.filename)
        plain.file_size = plain.compress_size = entry.file_size
        plain.CRC, plain.header_offset = entry.CRC, self._at
        self.write(plain.FileHeader(is_large(plain.file_size)))
        self._at += entry.file_size
        self._end = max(self._end, self._at)
        copy.filelist.append(plain)
        copy.start_dir = self._at
        copy._didModify = True  # type: ignore[attr-defined]  # the library has no way to add an entry without its data

    def is_same(self) -> bool:
        """Return whether the real file has these bytes in these places, and ends where it must."""
        if self._path.stat().st_size != self._end:
            return False
        with self._path.open("rb") as file:
            for at, data in self._kept.items():
                file.seek(at)
                if file.read(len(data)) != data:
                    return False
        return True

    def write(self, data: bytes) -> int:
        """Keep bytes at the present place."""
        self._kept[self._at] = bytes(data)
        self._at += len(data)
        self._end = max(self._end, self._at)
        return len(data)

    def tell(self) -> int:
        """Return the present place."""
        return self._at

    def seek(self, at: int, whence: int = 0) -> int:
        """Go to a place."""
        self._at = at if whence == 0 else self._end + at
        return self._at

    def flush(self) -> None:
        """Do nothing; the library asks for it."""

    def truncate(self, size: int | None = None) -> int:
        """Do nothing; the library asks for it."""
        return self._end


def is_large(size_bytes: int) -> bool:
    """Return whether the library gives an entry of this size the fields of a large one (its own rule)."""
    return size_bytes * 1.05 > zipfile.ZIP64_LIMIT

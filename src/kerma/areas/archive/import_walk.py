"""The files of a disc or folder, found one by one however many there are; links are never followed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SIDECAR = ".json"
DIRECTORY = "DICOMDIR"
"""The list of contents of a DICOM disc (PS3.10, 8.6): it names the files, which are found themselves."""
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".iso")
PACKED = "files packed into one: unpack it, then bring in the folder"


@dataclass(frozen=True)
class Found:
    """One file, or a place that cannot be looked at."""

    path: Path
    size_bytes: int = 0
    mark: str = ""
    """Changes whenever the file or its sidecar does, as far as size and time tell."""
    sidecar: Path | None = None
    problem: str = ""
    """Why it can be taken in under no circumstances; empty for a file to try."""
    is_directory_of_disc: bool = False


def walk(paths: Iterable[Path]) -> Iterator[Found]:
    """Yield files, and below folders every file that is not hidden, in order of their names.

    Links inside a folder are left alone, so that no file comes twice and no loop is walked; a path that is itself a
    link was meant. Only the names of the folders on the way down are held.
    """
    for path in paths:
        if not path.is_dir():
            yield _alone(path)
            continue
        waiting = [path]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    listed = sorted((entry for entry in entries if not entry.name.startswith(".")), key=_name)
            except OSError as error:
                yield Found(folder, problem=f"the folder cannot be listed: {error.strerror}")
                continue
            waiting += [folder / entry.name for entry in reversed(listed) if entry.is_dir(follow_symlinks=False)]
            yield from _files(folder, listed)


def _alone(path: Path) -> Found:
    try:
        return _found(path, path.stat())
    except OSError as error:
        return Found(path, problem=f"the file cannot be read: {error.strerror}")


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _files(folder: Path, listed: list[os.DirEntry[str]]) -> Iterator[Found]:
    """Yield the files of one folder; ``<file>.json`` beside a file describes it and is no file of its own."""
    names = {entry.name for entry in listed}
    for entry in listed:
        if not entry.is_file(follow_symlinks=False):
            continue
        if entry.name.endswith(SIDECAR) and entry.name.removesuffix(SIDECAR) in names:
            continue
        try:
            yield _found(folder / entry.name, entry.stat(follow_symlinks=False))
        except FileNotFoundError:
            continue  # taken away while we looked


def _found(path: Path, state: os.stat_result) -> Found:
    beside = path.with_name(path.name + SIDECAR)
    try:
        described = beside.stat()
    except OSError:
        described = None
    states = [state] if described is None else [state, described]
    return Found(
        path,
        state.st_size,
        " ".join(f"{one.st_size}:{one.st_mtime_ns}" for one in states),
        None if described is None else beside,
        PACKED if path.suffix.lower() in ARCHIVES else "",
        path.name.upper() == DIRECTORY,
    )


class Count:
    """Counts the files of an import beside it, so that its end can be foretold without waiting for the count."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.files = 0
        self.size_bytes = 0
        self.is_done = False
        self._paths = list(paths)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kerma-count", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Count no further."""
        self._ends.set()
        self._thread.join()

    def _run(self) -> None:
        for found in walk(self._paths):
            if self._ends.is_set():
                return
            self.files += 1
            self.size_bytes += found.size_bytes
        self.is_done = True

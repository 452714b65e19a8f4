"""The watched folder: whatever is put there is taken into the archive, then moved to ``done`` or ``refused``.

::

    <the folder>/           files for which the industry is told by themselves
    ├── security/           … ndt/ … medical/: files of that industry
    ├── done/               taken into the archive (or there already)
    └── refused/            not among the exams; beside each stands why, in <name>.reason.txt

A file is moved only after the archive has acknowledged it, so a crash at any moment leads at worst to offering it
again, which changes nothing. The folder is looked at twice a second: that works on network shares too.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from kerma.areas.archive import actions
from kerma.areas.archive.model import Arrival, Stored
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.identity import service

log = logging.getLogger(__name__)

DONE, REFUSED = "done", "refused"
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload")
SIDECAR = ".json"
POLL_S = 0.5
SETTLED_S = 1.0
"""A file is complete once its size and time have stood still this long."""
AFTER_FAILURE_S = 5.0
OPERATOR = service("folder", "archive.ingest")

_State = tuple[int, int]


class FolderDoor:
    """Watches one folder; :meth:`start` runs it in a thread, :meth:`step` is one look."""

    def __init__(
        self,
        kernel: Kernel,
        folder: Path,
        *,
        actor: Actor = OPERATOR,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self._kernel = kernel
        self._actor = actor
        self._now_s = now_s
        self._seen: dict[Path, tuple[_State, float]] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Make the folders and begin to watch."""
        for name in (*self._kernel.industries, DONE, REFUSED):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._watch, name="kerma-folder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; a file being taken in is finished first."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def step(self) -> int:
        """Look once: take in every file that has settled, move it, and return how many were moved."""
        paths = self._settled()
        results = actions.ingest_many(self._kernel, self._actor, map(self._arrival, paths))
        moved = 0
        for path, result in zip(paths, results, strict=True):
            self._put_away(path, result)
            moved += 1
        return moved

    def _watch(self) -> None:
        while not self._stop.is_set():
            pause_s = POLL_S
            try:
                self.step()
            except Exception:
                log.exception("the folder %s could not be taken in; trying again in %g s", self.folder, AFTER_FAILURE_S)
                pause_s = AFTER_FAILURE_S
            self._stop.wait(pause_s)

    def _settled(self) -> list[Path]:
        """Return the files that have not changed for a while, in order of their names."""
        now_s = self._now_s()
        states = dict(self._files())
        self._seen = {
            path: (state, self._seen[path][1] if self._seen.get(path, (None, 0))[0] == state else now_s)
            for path, state in states.items()
        }
        settled = [path for path, (_, since_s) in self._seen.items() if now_s - since_s >= SETTLED_S]
        return [path for path in settled if not _is_description(path)]

    def _files(self) -> Iterator[tuple[Path, _State]]:
        """Yield every finished regular file with its size and time; links are not followed."""
        for folder, folders, names in os.walk(self.folder):
            is_root = Path(folder) == self.folder
            put_away = (DONE, REFUSED) if is_root else ()
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in put_away)
            for name in sorted(names):
                path = Path(folder) / name
                if name.startswith(".") or name.lower().endswith(UNFINISHED):
                    continue
                try:
                    found = path.lstat()
                except FileNotFoundError:
                    continue  # taken away while we looked
                if stat.S_ISREG(found.st_mode):
                    yield path, (found.st_size, found.st_mtime_ns)

    def _arrival(self, path: Path) -> Arrival:
        beside = path.with_name(path.name + SIDECAR)
        first = path.relative_to(self.folder).parts[0]
        industry = first if first in self._kernel.industries else None
        return Arrival(path, path.name, industry, beside.read_bytes() if beside.is_file() else None, from_="folder")

    def _put_away(self, path: Path, result: Stored) -> None:
        """Move a file whose arrival is acknowledged, with its description; a name in use gets a number."""
        if not path.exists():
            return  # its owner took it away; the archive has its bytes or says why not
        is_kept = result.outcome in ("stored", "duplicate")
        target = _free(self.folder / (DONE if is_kept else REFUSED) / path.relative_to(self.folder))
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(path.name + SIDECAR)
        if beside.is_file():
            beside.rename(target.with_name(target.name + SIDECAR))
        if not is_kept:
            reason = f"{result.outcome}: {result.reason}\n"
            target.with_name(f"{target.name}.reason.txt").write_text(reason, encoding="utf-8")
        path.rename(target)
        self._seen.pop(path, None)


def _is_description(path: Path) -> bool:
    """Return whether a file describes another one; it waits for that file, which may not have come yet."""
    return path.suffix.lower() == SIDECAR


def _free(path: Path) -> Path:
    number = 1
    chosen = path
    while chosen.exists():
        number += 1
        chosen = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return chosen

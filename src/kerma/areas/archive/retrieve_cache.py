"""Copies that can be made again: images in other transfer syntaxes, pictures, overviews, in a folder with a limit.

Everything here may be deleted at any time, also while the server runs. The copies of an image lie in a folder named by
the digest of its bytes, so that they go when it does. A file appears whole in one move; nothing is
flushed, for it can be made again. What has not been used for longest goes first when the limit is passed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

Make = Callable[[BinaryIO], object]
"""Writes the content of a copy into an open file."""

VERSION = 1
"""Goes into every name: raise it when the same copy would be made otherwise."""
FOLDER = "dicomweb"
SPARED_S = 600.0
"""A file used within this time is never removed: somebody may be about to read it."""
TOUCHED_S = 60.0
"""How exactly the last use is known."""
ABANDONED_S = 3600.0
"""A half-written file this old has lost its writer."""
_LOOK_SHARE = 32
"""The folder is looked through after each such share of the limit has been written."""
_KEPT_SHARE = 0.9

_making: dict[Path, threading.Lock] = {}
_making_lock = threading.Lock()
_written_bytes: dict[Path, int] = {}


def folder(kernel: Kernel) -> Path:
    """Return where the copies lie."""
    return kernel.settings.home / "cache" / FOLDER


def name_of(*parts: object) -> str:
    """Return the name of a copy: the same parts always have the same name."""
    return hashlib.sha256(repr((VERSION, *parts)).encode("utf-8")).hexdigest()


def find(kernel: Kernel, sha256: str, name: str) -> Path | None:
    """Return the copy of this name made of these bytes, marked as used; None when there is none."""
    path = _place(kernel, sha256, name)
    try:
        if time.time() - path.stat().st_mtime > TOUCHED_S:
            os.utime(path)
    except FileNotFoundError:
        return None
    return path


def keep(kernel: Kernel, sha256: str, name: str, make: Make) -> Path:
    """Return the copy of this name, made now if there is none; two who ask at the same time make it once."""
    path = _place(kernel, sha256, name)
    with _turn(path):
        if (found := find(kernel, sha256, name)) is not None:
            return found
        temporary = path.with_name(f"{uuid.uuid4().hex}.part")
        try:
            with _opened(temporary) as file:
                make(file)
            os.replace(temporary, path)  # noqa: PTH105 - replaces atomically on every platform
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    _account(kernel, path.stat().st_size)
    return path


def trim(kernel: Kernel, limit_bytes: int) -> int:
    """Remove what has not been used for longest until nine tenths of the limit are left; return the bytes removed."""
    now = time.time()
    kept: list[tuple[float, int, Path]] = []
    removed_bytes = 0
    for path in _files(folder(kernel)):
        with contextlib.suppress(FileNotFoundError):
            found = path.stat()
            if path.suffix != ".part":
                kept.append((found.st_mtime, found.st_size, path))
            elif now - found.st_mtime > ABANDONED_S:
                path.unlink()
    total_bytes = sum(size for _, size, _ in kept)
    if total_bytes <= limit_bytes:
        return 0
    for used_at, size_bytes, path in sorted(kept):
        if total_bytes - removed_bytes <= _KEPT_SHARE * limit_bytes or now - used_at < SPARED_S:
            break
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            path.parent.rmdir()  # unless other copies of the same image are left
        removed_bytes += size_bytes
    return removed_bytes


def forget(kernel: Kernel, sha256: str) -> None:
    """Remove every copy made of these bytes, because they themselves have been deleted."""
    shutil.rmtree(_place(kernel, sha256, "").parent, ignore_errors=True)


def _place(kernel: Kernel, sha256: str, name: str) -> Path:
    return folder(kernel) / sha256[:2] / sha256 / (name or "none")


def _files(root: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(root):
        for name in names:
            yield Path(parent) / name


def _opened(path: Path) -> BinaryIO:
    """Open a new file; its folder is made, again if it was removed just now because it was empty."""
    while True:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            return path.open("xb")


@contextlib.contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Let one thread at a time make a copy."""
    with _making_lock:
        lock = _making.setdefault(path, threading.Lock())
    try:
        with lock:
            yield
    finally:
        with _making_lock:
            _making.pop(path, None)


def _account(kernel: Kernel, size_bytes: int) -> None:
    root, limit_bytes = folder(kernel), kernel.settings.cache_limit_bytes
    with _making_lock:
        first = root not in _written_bytes
        _written_bytes[root] = _written_bytes.get(root, 0) + size_bytes
        is_due = first or _written_bytes[root] * _LOOK_SHARE > limit_bytes
        if is_due:
            _written_bytes[root] = 0
    if is_due:
        trim(kernel, limit_bytes)

"""Which files there are, what they are, and how they group into exams: the first half of ``kerma examine``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kerma.areas.report.rules import is_document
from kerma.errors import KermaError, WrongUsage

if TYPE_CHECKING:
    from kerma.formats.guard import GuardedReader
    from kerma.formats.header import Header


@dataclass(frozen=True)
class Found:
    """One image file: where, its digest and its header."""

    path: Path
    sha256: str
    header: Header


@dataclass
class Collection:
    """What the files hold: exams by UID in the order found, what was refused, and what holds no image."""

    exams: dict[str, list[Found]] = field(default_factory=dict)
    refused: list[dict[str, str]] = field(default_factory=list)
    passed_over: list[dict[str, str]] = field(default_factory=list)


def files_of(paths: Sequence[Path], out: Path) -> list[tuple[Path, bool]]:
    """Return every file to look at, sorted within its folder, and whether it was named by the user.

    The output folder and sidecars (``image.raw.json`` beside ``image.raw``) are left out.

    Raises
    ------
    WrongUsage
        A path does not exist, or there is no file at all.
    """
    found: dict[Path, bool] = {}
    for path in paths:
        if not path.exists():
            raise WrongUsage(f"there is no file or folder '{path}'")
        if path.is_dir():
            for one in _walk(path, out.resolve()):
                found.setdefault(one, False)
        else:
            found[path] = True
    if not found:
        raise WrongUsage(f"there is no file in {', '.join(str(path) for path in paths)}")
    return list(found.items())


def collect(files: Sequence[tuple[Path, bool]], reader: GuardedReader, tick: Callable[[str, int], None]) -> Collection:
    """Scan every file and group the images by exam; a file that cannot be read is refused with its reason."""
    gathered = Collection()
    seen: dict[str, Path] = {}
    for path, is_named in files:
        tick(path.name, 1)
        try:
            header = reader.scan(path)
        except (KermaError, OSError) as error:
            if not is_named and is_document(path.name):
                gathered.passed_over.append(_line(path, "not an image by its name and content"))
            else:
                gathered.refused.append(_line(path, str(error)))
            continue
        if header.kind != "image":
            gathered.passed_over.append(_line(path, f"holds no image: {header.sop_class_name or header.sop_class_uid}"))
            continue
        digest = sha256_of(path)
        if digest in seen:
            gathered.passed_over.append(_line(path, f"the same bytes as {seen[digest]}"))
            continue
        seen[digest] = path
        gathered.exams.setdefault(header.exam_uid, []).append(Found(path, digest, header))
    for images in gathered.exams.values():
        images.sort(key=_reading_order)
    return gathered


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _walk(folder: Path, out: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or out in path.resolve().parents:
            continue
        is_sidecar = path.suffix == ".json" and path.with_suffix("").is_file()
        if not is_sidecar:
            yield path


def _reading_order(found: Found) -> tuple[int, str, int, str]:
    header = found.header
    return (header.series_number or 0, header.series_uid, header.image_number or 0, str(found.path))


def _line(path: Path, reason: str) -> dict[str, str]:
    return {"path": str(path), "reason": reason}

"""Which files may be attached to a specification, and of what kind each is: by its content, not by its name. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kerma.areas.review.rules_marks import UNSHOWN
from kerma.errors import Conflict, NotFound, TooLarge, WrongUsage

MOST_BYTES = 32 * 2**20
MOST_FILES = 20
NAME_LETTERS = 128
_LOOKED_AT = 4096
_BEGINNINGS: Mapping[bytes, str] = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
    b"PK\x03\x04": "application/zip",
    b"AC10": "image/vnd.dwg",
}
KINDS: Mapping[str, str] = {
    "application/pdf": "PDF", "image/png": "PNG picture", "image/jpeg": "JPEG picture", "image/tiff": "TIFF picture",
    "application/zip": "ZIP or office document", "image/vnd.dwg": "DWG drawing", "text/plain": "text",
}  # fmt: skip


@dataclass(frozen=True)
class Attachment:
    """A file of a specification."""

    name: str
    media_type: str
    size_bytes: int
    sha256: str


def checked_name(name: str) -> str:
    """Return a file's name without folders before it.

    Raises
    ------
    WrongUsage
        It is empty or too long, or has letters that cannot be shown.
    """
    bare = name.replace("\\", "/").rsplit("/", 1)[-1].strip()
    if not 0 < len(bare) <= NAME_LETTERS or any(unicodedata.category(one) in UNSHOWN for one in bare):
        raise WrongUsage(f"a file is named in 1 to {NAME_LETTERS} letters that can be shown")
    return bare


def checked_size(size_bytes: int) -> None:
    """Refuse a file that is empty or larger than may be kept."""
    if size_bytes > MOST_BYTES:
        raise TooLarge(f"the file has {size_bytes / 2**20:.1f} MB; attach files of at most {MOST_BYTES // 2**20} MB")
    if size_bytes <= 0:
        raise WrongUsage("the file is empty")


def media_type_of(data: bytes) -> str:
    """Return of what kind a file is.

    Raises
    ------
    WrongUsage
        It is of none that may be attached.
    """
    for beginning, media_type in _BEGINNINGS.items():
        if data.startswith(beginning):
            return media_type
    if _is_text(data):
        return "text/plain"
    known = ", ".join(dict.fromkeys(KINDS.values()))
    raise WrongUsage(f"the file is none of these: {known}; export it as one of them, such as PDF")


def with_file(document: Mapping[str, Any], added: Attachment) -> dict[str, Any]:
    """Return what a specification says with one file more.

    Raises
    ------
    Conflict
        The same file is attached already.
    WrongUsage
        There would be too many.
    """
    known: Sequence[Mapping[str, Any]] = document.get("attachments", ())
    if any(one["sha256"] == added.sha256 for one in known):
        raise Conflict("this file is attached already")
    if len(known) >= MOST_FILES:
        raise WrongUsage(f"a specification has at most {MOST_FILES} files: take one off first")
    return {**document, "attachments": [*known, asdict(added)]}


def without_file(document: Mapping[str, Any], sha256: str) -> dict[str, Any]:
    """Return what a specification says without one of its files.

    Raises
    ------
    NotFound
        It has no such file.
    """
    known: Sequence[Mapping[str, Any]] = document.get("attachments", ())
    kept = [one for one in known if one["sha256"] != sha256]
    if len(kept) == len(known):
        raise NotFound("this text has no such file")
    rest = {name: value for name, value in document.items() if name != "attachments"}
    return {**rest, "attachments": kept} if kept else rest


def carried(document: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a specification says, with the files of the text before."""
    files = (before or {}).get("attachments", ())
    return {**document, "attachments": list(files)} if files else dict(document)


def _is_text(data: bytes) -> bool:
    beginning = data[:_LOOKED_AT]
    try:
        text = beginning.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(data) <= _LOOKED_AT or error.start < _LOOKED_AT - 3:  # else a letter is cut in two
            return False
        text = beginning[: error.start].decode("utf-8")
    return not any(unicodedata.category(one) == "Cc" and one not in "\n\r\t\f" for one in text)

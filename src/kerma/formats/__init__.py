"""Bytes to Image and back: DICOM, DICONDE, DICOS, TIFF, PNG, JPEG, raw.

:func:`scan` reads what the index needs and decodes no pixel; :func:`read` gives the Image. Both look at the bytes, not
at the name; a name that claims another format is refused. Bytes from strangers are decoded through
:class:`kerma.formats.guard.GuardedReader`, which calls the same two functions in a child process with limits.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kerma.errors import Hostile, Unreadable

if TYPE_CHECKING:
    from kerma.formats.header import Header
    from kerma.formats.sidecar import Sidecar
    from kerma.science.imaging.image import Image

__all__ = ["read", "scan", "sidecar_path"]

# What a reader of hostile bytes may run into; each becomes one clear refusal.
_EXPECTED = (RecursionError, OverflowError, MemoryError, NotImplementedError, AttributeError, ValueError, LookupError)
_EXTENSIONS = {
    ".dcm": "DICOM",
    ".dic": "DICOM",
    ".dicom": "DICOM",
    ".dcs": "DICOM",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".btf": "TIFF",
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
}
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)


def read(data: bytes | memoryview, name: str = "", sidecar: bytes | None = None) -> Image:
    """Return the Image these bytes hold.

    Parameters
    ----------
    data : the whole file
    name : its file name, for the check of its extension and as subject of files that name none
    sidecar : the bytes of ``<file>.json``, which describes raw pixels and adds what TIFF, PNG and JPEG cannot say

    Raises
    ------
    Unreadable, Hostile, TooLarge
        One sentence that says what is wrong and what to do.
    """
    notes = _notes(sidecar)
    kind = _format_of(data, name, notes)
    try:
        if kind == "DICOM":
            from kerma.formats import dicom

            return dicom.read(data)
        from kerma.formats import plain

        return plain.read(data, kind, name, notes)
    except _EXPECTED as error:
        raise _refusal(error) from error


def scan(data: bytes | memoryview, name: str = "", sidecar: bytes | None = None) -> Header:
    """Return what the index needs to know of a file, decoding no pixel; safe on hostile bytes.

    Raises
    ------
    Unreadable, Hostile, TooLarge
        As for :func:`read`, for all that can be told without decoding.
    """
    notes = _notes(sidecar)
    kind = _format_of(data, name, notes)
    try:
        if kind == "DICOM":
            from kerma.formats import dicom

            return dicom.scan(data)
        from kerma.formats import plain

        return plain.scan(data, kind, name, notes)
    except _EXPECTED as error:
        raise _refusal(error) from error


def sidecar_path(path: Path) -> Path | None:
    """Return the sidecar of a file, ``<file>.json`` beside it, when there is one."""
    beside = path.with_name(f"{path.name}.json")
    return beside if beside.is_file() else None


def _notes(sidecar: bytes | None) -> Sidecar | None:
    if sidecar is None:
        return None
    from kerma.formats.sidecar import parse

    return parse(sidecar)


def _format_of(data: bytes | memoryview, name: str, notes: Sidecar | None) -> str:
    from kerma.formats.dicom_file import is_dicom

    if len(data) == 0:
        raise Unreadable("the file is empty")
    if notes is not None and notes.is_raw:
        return "RAW"
    start = bytes(data[:8])
    found = next((kind for magic, kind in _MAGIC if start.startswith(magic)), "")
    if bytes(data[128:132]) == b"DICM" or (not found and is_dicom(data)):
        found, is_also = "DICOM", found
    else:
        is_also = found
    if not found:
        raise Unreadable(_unknown(data, name))
    claimed = _EXTENSIONS.get(Path(name).suffix.lower(), found)
    if claimed not in (found, is_also):
        raise Unreadable(
            f"the name ends in '{Path(name).suffix}' but the file is {found}: rename it if it is what you mean"
        )
    return found


def _unknown(data: bytes | memoryview, name: str) -> str:
    if not bytes(data[:4096]).strip(b"\0"):
        return "the file begins with nothing but zero bytes: it is no image; fetch it again"
    if Path(name).suffix.lower() in (".raw", ".bin", ".img"):
        return f"raw pixels need a description beside them: write '{Path(name).name}.json' with rows, columns and type"
    return "this is no image Kerma reads (DICOM, DICONDE, DICOS, TIFF, PNG, JPEG, or raw with a JSON description)"


def _refusal(error: Exception) -> Unreadable:
    if isinstance(error, MemoryError):
        return Hostile("the file needs more memory than a reader may use: refused")
    return Unreadable(f"the file is damaged in a way its reader did not expect ({type(error).__name__}: {error})")

"""What goes to a node in another form than it came: native bytes, and the DICOM objects made of TIFF, PNG and raw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerma.areas.archive import retrieve, retrieve_objects
from kerma.areas.archive.queries_pixels import reader
from kerma.areas.exchange.rules_send import EXPLICIT
from kerma.errors import KermaError, TooManyRequests, Unreadable
from kerma.kernel.blobs import CHUNK_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from kerma.kernel.action import Kernel

MAGIC_AT, MAGIC = 128, b"DICM"
MOST_META_BYTES = 1 << 16
"""File meta information beyond this is no file that a modality made."""


def as_object(kernel: Kernel, image: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the row of an image as a node sees it: one that came as TIFF, PNG, JPEG or raw is made a DICOM object.

    The object is the one that DICOMweb gives, under the UIDs of the index; its file may be removed at any time and is
    made again then.

    Raises
    ------
    Unreadable
        No object can be made of it.
    TooManyRequests
        As many images are being decoded as may be.
    """
    if retrieve.is_dicom(dict(image)):
        return image
    from pydicom.filereader import read_file_meta_info

    try:
        path = _made(kernel, image)
    except TooManyRequests:
        raise
    except KermaError as error:
        raise Unreadable(f"no DICOM object can be made of it: {error}") from error
    sop_class = str(read_file_meta_info(path).MediaStorageSOPClassUID)
    form = {"sop_class_uid": sop_class, "transfer_syntax_uid": EXPLICIT, "size_bytes": path.stat().st_size}
    return {**image, **form, "is_made": True}


def stored(kernel: Kernel, image: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the file of an image that :func:`as_object` returned."""
    if not image.get("is_made"):
        yield from kernel.blobs.stream(image["sha256"])
        return
    with _made(kernel, image).open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _made(kernel: Kernel, image: Mapping[str, Any]) -> Path:
    return retrieve_objects.object_file(kernel, dict(image))


def data_set(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what follows a file's preamble and meta information, as it is stored.

    Raises
    ------
    Unreadable
        The file meta information does not end.
    """
    source = iter(chunks)
    head = b""
    for chunk in source:
        head += chunk
        if len(head) >= MOST_META_BYTES:
            break
    yield head[_meta_end(head) :]
    yield from source


def native(chunks: Iterable[bytes], transfer_syntax_uid: str) -> Iterator[bytes]:
    """Yield the data set of a file, pixels decoded, in implicit or explicit little endian; a guarded child decodes.

    Raises
    ------
    Unreadable
        It cannot be decoded.
    """
    try:
        file = reader("send").transcode(b"".join(chunks), transfer_syntax_uid)
    except KermaError as error:
        raise Unreadable(f"it cannot be decoded for the node: {error}") from error
    yield from data_set(bytes(file[start : start + CHUNK_BYTES]) for start in range(0, len(file), CHUNK_BYTES))


def _meta_end(head: bytes) -> int:
    """Return where the data set begins (DICOM PS3.10, 7.1)."""
    start = MAGIC_AT + len(MAGIC) if head[MAGIC_AT : MAGIC_AT + len(MAGIC)] == MAGIC else 0
    while head[start : start + 2] == b"\x02\x00":
        is_long = head[start + 4 : start + 6] in (b"OB", b"OW", b"SQ", b"UN", b"UT")
        length_at, length_bytes = (start + 8, 4) if is_long else (start + 6, 2)
        start = length_at + length_bytes + int.from_bytes(head[length_at : length_at + length_bytes], "little")
    if start > len(head):
        raise Unreadable("its file meta information does not end")
    return start

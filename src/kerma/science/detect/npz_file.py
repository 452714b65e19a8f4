"""NPZ files of models that good pictures have taught: plain arrays and a JSON document, read with hard limits."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADER_BYTES = 1 << 12
MOST_DOCUMENT_BYTES = 128 << 10
PACKING = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGES = (
    ValueError, KeyError, OSError, TypeError, AttributeError, EOFError, NotImplementedError, OverflowError, MemoryError,
    RuntimeError, SyntaxError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What damaged or foreign bytes raise."""


def written(document: Mapping[str, Any], arrays: Mapping[str, Any]) -> bytes:
    """Return arrays and a JSON document as one NPZ file; the same content gives the same bytes."""
    text = json.dumps(document, sort_keys=True, allow_nan=False).encode()
    kept = io.BytesIO()
    np.savez(kept, document=np.frombuffer(text, np.uint8), **arrays)
    return kept.getvalue()


def arrays_of(content: bytes, *, most_parts: int, most_bytes: int) -> dict[str, NDArray[Any]]:
    """Return the arrays; each is as large as the file says it is, and all together within the limit.

    Raises
    ------
    one of DAMAGES
        The bytes are no such file, or a damaged one; the caller says what they should have been.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if len(entries) > most_parts:
            raise ValueError("it holds too many parts")
        if sum(entry.file_size for entry in entries) > most_bytes:
            raise ValueError(f"it unpacks to more than {most_bytes >> 20} MiB")
        return {entry.filename.removesuffix(".npy"): _array(_unpacked(archive, entry)) for entry in entries}


def document_of(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Return the JSON document among the arrays (ValueError or KeyError where there is none)."""
    kept = arrays["document"]
    if kept.dtype != np.uint8 or kept.ndim != 1 or not 0 < kept.size <= MOST_DOCUMENT_BYTES:
        raise ValueError("its document is missing or too long")
    document = json.loads(kept.tobytes())
    if not isinstance(document, dict):
        raise ValueError("its document is none")
    return document


def read_document(content: bytes) -> dict[str, Any]:
    """Return the JSON document of a file without reading its arrays; see :func:`arrays_of` for what it raises."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.getinfo("document.npy")
        if entry.file_size > MOST_DOCUMENT_BYTES + HEADER_BYTES:
            raise ValueError("its document is too long")
        return document_of({"document": _array(_unpacked(archive, entry))})


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.compress_type not in PACKING or entry.flag_bits & 1:
        raise ValueError("it is packed in a way that is not read")
    return archive.read(entry)


def _array(data: bytes) -> NDArray[Any]:
    """Return one array; the size its header tells is held against the bytes before any memory is taken."""
    stream = io.BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("an array of an unknown version")
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(stream, max_header_size=HEADER_BYTES)
    count = 1
    for side in shape:
        count *= side
    if is_fortran or dtype.hasobject or dtype.fields or count * dtype.itemsize != len(data) - stream.tell():
        raise ValueError("an array that is not what its header says")
    return np.frombuffer(data, dtype, count, stream.tell()).reshape(shape)

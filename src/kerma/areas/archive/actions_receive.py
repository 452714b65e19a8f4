"""What happens to an arrival before any transaction begins: look at its header, then make its bytes durable."""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

from kerma.areas.archive import queries, rules
from kerma.areas.archive.actions_index import Received, index
from kerma.areas.archive.model import Arrival
from kerma.errors import Conflict, Hostile, TooLarge, Unreadable, WrongUsage
from kerma.kernel.action import Actor, Kernel, refuse
from kerma.kernel.blobs import CHUNK_BYTES
from kerma.kernel.blobs_writer import BlobWriter
from kerma.kernel.permissions import is_granted

HELD_BYTES = 64 << 20
"""Files up to this size are read whole; larger ones are mapped, so that a run never holds many of them."""
_REASONS = ((Hostile, "hostile"), (TooLarge, "too-large"), (Unreadable, "unreadable"))
_META_START = 132
"""Preamble and magic word, after which the file meta information begins (DICOM PS3.10, 7.1)."""
_GROUP_LENGTH = struct.Struct("<4s2sHI").unpack_from


def receive(kernel: Kernel, actor: Actor, source: Arrival) -> Received:
    """Look at the header and make the bytes durable, before any transaction begins."""
    if not is_granted(index.name, actor.permissions):
        refuse(kernel, actor, index.name)
    from kerma import formats

    data = _content(source.data)
    header, reason, detail = None, "", ""
    try:
        header = formats.scan(data, source.file_name, source.sidecar)
    except (Unreadable, TooLarge) as error:
        reason = next(code for kind, code in _REASONS if isinstance(error, kind))
        detail = rules.clean(str(error))
    else:
        _demand_industry(kernel, source, header)
        announced = (header.sop_class_uid, header.image_uid)
        if source.announced is not None and source.announced != announced:
            reason, detail = "other-identity", f"announced {' '.join(source.announced)}, came {' '.join(announced)}"
        missing = rules.identifier_missing(header.warnings) if source.announced is not None else ""
        if missing:
            reason, detail = "unreadable", f"its data set has no {missing}"
    sha256 = _keep(kernel, source, data)
    return Received(
        header=header,
        sha256=sha256,
        sidecar_sha256="" if source.sidecar is None else kernel.blobs.put(source.sidecar),
        size_bytes=len(data),
        file_name=rules.clean(Path(source.file_name).name, 255),
        from_=source.from_,
        stated_industry=source.industry,
        reason=reason,
        detail=detail,
        is_same_as=partial(_is_same_data_set, kernel, sha256) if source.announced is not None else None,
    )


def _content(data: bytes | Path | BlobWriter) -> bytes | memoryview:
    """Return the bytes of an arrival, mapped when they are many."""
    if isinstance(data, bytes):
        return data
    if isinstance(data, BlobWriter):
        return memoryview(data.mapped())
    try:
        with data.open("rb") as file:
            if os.fstat(file.fileno()).st_size <= HELD_BYTES:
                return file.read()
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise WrongUsage(f"the file cannot be read: {error.strerror}") from error


def _keep(kernel: Kernel, source: Arrival, data: bytes | memoryview) -> str:
    """Keep the content; a large file must not have changed since its header was looked at."""
    if isinstance(source.data, BlobWriter):
        return source.data.keep()[0]
    if isinstance(data, bytes) or isinstance(source.data, bytes):
        return kernel.blobs.put(bytes(data))
    sha256, size_bytes = kernel.blobs.put_file(source.data)
    if size_bytes != len(data):
        raise Conflict(f"{source.data.name} changed while it was read: send it again once it is complete")
    return sha256


def _is_same_data_set(kernel: Kernel, arrived_sha256: str, kept_sha256: str) -> bool:
    """Return whether two kept files hold the same data set, to the byte; their file meta information may differ."""
    pieces = _data_set(kernel, arrived_sha256), _data_set(kernel, kept_sha256)
    return all(one is not None and one == other for one, other in zip_longest(*pieces))


def _data_set(kernel: Kernel, sha256: str) -> Iterator[bytes]:
    """Yield the data set of a file in pieces of one length, but for the last; nothing when nobody can tell it."""
    chunks = kernel.blobs.stream(sha256)
    waiting = next(chunks, b"")
    start = _data_set_start(waiting)
    if not start:
        return
    waiting = waiting[start:]
    for chunk in chunks:
        waiting += chunk
        yield waiting[:CHUNK_BYTES]
        waiting = waiting[CHUNK_BYTES:]
    while waiting:
        yield waiting[:CHUNK_BYTES]
        waiting = waiting[CHUNK_BYTES:]


def _data_set_start(data: bytes) -> int:
    """Return where the data set of a DICOM file begins; 0 when its file meta information states no length."""
    if len(data) < _META_START + 12 or data[_META_START - 4 : _META_START] != b"DICM":
        return 0
    tag, representation, size, length = _GROUP_LENGTH(data, _META_START)
    if (tag, representation, size) != (b"\x02\x00\x00\x00", b"UL", 4) or length > CHUNK_BYTES // 2:
        return 0
    return int(_META_START + 12 + length)


def _demand_industry(kernel: Kernel, source: Arrival, header: Any) -> None:
    """Refuse before anything is kept when nobody can say which industry a new exam belongs to."""
    try:
        rules.industry_of(source.industry, header.industry_hint, kernel.industries)
    except WrongUsage:
        with kernel.database.read() as connection:
            if source.industry or queries.exam_by_uid(connection, header.exam_uid) is None:
                raise

"""What the guarded reader and its child say to each other: JSON with a length, and files passed beside it.

Nothing that could run is ever sent: a child that was taken over can lie about pixels, no more.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import mmap
import os
import socket
import struct
import tempfile
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from kerma.formats.header import Header
from kerma.science.imaging.image import GreyScale, Image, Lut, Spacing, Window

MESSAGE_BYTES_MAX = 64 << 20
_LENGTH = struct.Struct("<I")


def send(connection: socket.socket, message: dict[str, Any], files: tuple[int, ...] = ()) -> None:
    """Send one message, with open files beside it."""
    content = json.dumps(message).encode()
    socket.send_fds(connection, [_LENGTH.pack(len(content))], list(files))
    connection.sendall(content)


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Receive one message and the files beside it.

    Raises
    ------
    EOFError
        The other side is gone, or sends what is no message.
    """
    head, files, _, _ = socket.recv_fds(connection, _LENGTH.size, 1)
    content = b""
    if len(head) == _LENGTH.size and (length := _LENGTH.unpack(head)[0]) <= MESSAGE_BYTES_MAX:
        content = _exactly(connection, length)
    try:
        message = json.loads(content)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        for file in files:
            os.close(file)
        raise EOFError("the other side is gone")
    return message, files


def _exactly(connection: socket.socket, length: int) -> bytes:
    parts = []
    while length:
        part = connection.recv(min(length, 1 << 20))
        if not part:
            return b""
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def file_of(content: bytes | memoryview | NDArray[Any]) -> int:
    """Return an open, nameless file in memory (on disk where the system has none in memory) with this content."""
    view = memoryview(np.ascontiguousarray(content)) if isinstance(content, np.ndarray) else memoryview(content)
    file = _nameless_file()
    flat = view.cast("B") if view.nbytes else memoryview(b"")
    written = 0
    while written < len(flat):
        written += os.pwrite(file, flat[written : written + (1 << 30)], written)
    _seal(file)
    return file


def file_by(write: Callable[[BinaryIO], None]) -> int:
    """Return an open, nameless, sealed file with what a function writes into it."""
    file = _nameless_file()
    try:
        with os.fdopen(os.dup(file), "w+b", buffering=1 << 20) as out:
            write(out)
        _seal(file)
    except BaseException:
        os.close(file)
        raise
    return file


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("kerma", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _seal(file: int) -> None:
    """Let nobody change the file any more: a file that shrinks under its reader would kill it."""
    import fcntl

    if hasattr(fcntl, "F_ADD_SEALS"):
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)


def is_sealed(file: int) -> bool:
    """Whether nobody can change the file any more; always true where the system knows no seals."""
    import fcntl

    if not hasattr(fcntl, "F_GET_SEALS"):
        return True
    needed = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_WRITE
    return fcntl.fcntl(file, fcntl.F_GET_SEALS) & needed == needed


def content_of(file: int) -> memoryview:
    """Return the content of a file without copying it."""
    size = os.fstat(file).st_size
    return memoryview(mmap.mmap(file, size, access=mmap.ACCESS_READ)) if size else memoryview(b"")


def pack_header(header: Header) -> dict[str, Any]:
    """Return a Header as JSON."""
    return dataclasses.asdict(header)


def unpack_header(message: dict[str, Any]) -> Header:
    """Return the Header of its JSON."""
    return Header(**message | {"warnings": tuple(message["warnings"])})


def pack_image(image: Image) -> dict[str, Any]:
    """Return an Image without its pixels as JSON."""
    words = {
        field.name: getattr(image, field.name)
        for field in dataclasses.fields(image)
        if field.name not in ("pixels", "grey", "spacing")
    }
    return words | {
        "shape": image.pixels.shape,
        "type": image.pixels.dtype.str,
        "spacing": dataclasses.astuple(image.spacing),
        "grey": _pack_grey(image.grey),
    }


def unpack_image(message: dict[str, Any], pixels: memoryview) -> Image:
    """Return the Image of its JSON and the bytes of its pixels.

    Raises
    ------
    ValueError
        The pixels are not as many as the message says.
    """
    words = dict(message)
    shape, dtype = tuple(words.pop("shape")), np.dtype(words.pop("type"))
    if dtype.hasobject or len(pixels) != int(np.prod(shape)) * dtype.itemsize:
        raise ValueError("the pixels are not as many as announced")
    return Image(
        **words
        | {
            "pixels": np.frombuffer(pixels, dtype).reshape(shape),
            "spacing": Spacing(*words["spacing"]),
            "grey": _unpack_grey(words["grey"]),
            "plane_labels": tuple(words["plane_labels"]),
            "warnings": tuple(words["warnings"]),
        }
    )


def _pack_grey(grey: GreyScale) -> dict[str, Any]:
    return {
        "slope": grey.slope,
        "intercept": grey.intercept,
        "unit": grey.unit,
        "is_inverse": grey.is_inverse,
        "modality_lut": _pack_lut(grey.modality_lut) if grey.modality_lut else None,
        "windows": [dataclasses.astuple(window) for window in grey.windows],
        "voi_luts": [_pack_lut(lut) for lut in grey.voi_luts],
        "presentation_lut": _pack_lut(grey.presentation_lut) if grey.presentation_lut else None,
    }


def _unpack_grey(message: dict[str, Any]) -> GreyScale:
    return GreyScale(
        **message
        | {
            "modality_lut": _unpack_lut(message["modality_lut"]) if message["modality_lut"] else None,
            "windows": tuple(Window(*window) for window in message["windows"]),
            "voi_luts": tuple(_unpack_lut(lut) for lut in message["voi_luts"]),
            "presentation_lut": _unpack_lut(message["presentation_lut"]) if message["presentation_lut"] else None,
        }
    )


def _pack_lut(lut: Lut) -> list[Any]:
    entries = base64.b64encode(lut.entries.astype("<u2").tobytes()).decode("ascii")
    return [entries, lut.first, lut.bits, lut.explanation]


def _unpack_lut(message: list[Any]) -> Lut:
    entries, first, bits, explanation = message
    return Lut(np.frombuffer(base64.b64decode(entries), "<u2").astype(np.uint16), first, bits, explanation)

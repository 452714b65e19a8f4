"""The child of the guarded reader: it alone decodes bytes from strangers, under limits of memory and processor time."""

from __future__ import annotations

import base64
import gc
import importlib
import math
import os
import resource
import socket
from collections.abc import Callable
from datetime import datetime
from typing import Any, BinaryIO

from kerma import formats
from kerma.errors import KermaError
from kerma.formats import guard_wire
from kerma.formats.header import Header

DECODED_BYTES_PER_S = 3 << 20
"""Slowest decoding that is still believed to be honest work, in bytes of pixels a second of processor time."""
BASE_S = 1.0
"""Seconds of processor time every file may take."""
_OPEN_FILES_MAX = 64


def allowance_s(header: Header) -> float:
    """Return the seconds of processor time an image of this size may take to decode."""
    pixels = header.rows * header.columns * header.planes
    return BASE_S + pixels * max(header.bits / 8, 1) / DECODED_BYTES_PER_S


def main(file: int, memory_bytes: int) -> None:
    """Answer requests on an inherited socket until it is closed."""
    connection = socket.socket(fileno=file)
    for module in ("dicom", "plain", "sidecar"):
        importlib.import_module(f"kerma.formats.{module}")
    _limit_memory(memory_bytes)
    guard_wire.send(connection, {"is_ready": True})
    while True:
        try:
            request, files = guard_wire.receive(connection)
        except EOFError:
            return
        answer, out = _answer(connection, request, files[0])
        guard_wire.send(connection, answer, out)
        for each in (*files, *out):
            os.close(each)
        gc.collect()


Answer = tuple[dict[str, Any], tuple[int, ...]]
"""A message, and the open files beside it."""


def _answer(connection: socket.socket, request: dict[str, Any], file: int) -> Answer:
    sidecar = base64.b64decode(request["sidecar"]) if request["sidecar"] is not None else None
    try:
        data = guard_wire.content_of(file)
        _limit_processor(BASE_S)
        header = formats.scan(data, request["name"], sidecar)
        if request["what"] == "scan":
            return {"header": guard_wire.pack_header(header)}, ()
        allowance = allowance_s(header) * _WORK_FACTORS[request["what"]]
        guard_wire.send(connection, {"allowance_s": allowance})
        _limit_processor(allowance)
        return _WORKS[request["what"]](data, request, sidecar)
    except KermaError as error:
        return {"error": type(error).__name__, "detail": str(error)}, ()
    except MemoryError:
        return {"error": "Hostile", "detail": "the file needs more memory than a reader may use: refused"}, ()
    # This is the last wall before a stranger's bytes become a traceback: whatever it is becomes a refusal.
    except Exception as error:
        return {"error": "Unreadable", "detail": f"the file is damaged ({type(error).__name__}: {error})"}, ()


def _read(data: memoryview, request: dict[str, Any], sidecar: bytes | None) -> Answer:
    image = formats.read(data, request["name"], sidecar)
    return {"image": guard_wire.pack_image(image)}, (guard_wire.file_of(image.pixels),)


def _facts(data: memoryview, request: dict[str, Any], _: bytes | None) -> Answer:
    from kerma.formats.forensic_facts import forensic_facts

    return {"facts": forensic_facts(data)}, ()


def _transcode(data: memoryview, request: dict[str, Any], _: bytes | None) -> Answer:
    from kerma.formats.transcode import transcode

    return {}, (guard_wire.file_by(lambda out: transcode(data, request["syntax"], out)),)


def _frames(data: memoryview, request: dict[str, Any], _: bytes | None) -> Answer:
    from kerma.formats.transcode import frames

    lengths: list[int] = []

    def write(out: BinaryIO) -> None:
        lengths.extend(out.write(frame) for frame in frames(data, request["syntax"], tuple(request["numbers"])))

    return {"lengths": lengths}, (guard_wire.file_by(write),)


def _capture(data: memoryview, request: dict[str, Any], sidecar: bytes | None) -> Answer:
    """Write an image that came as TIFF, PNG, JPEG or raw pixels as the DICOM object it stands for."""
    from kerma.formats.dicom_write import Identity, secondary_capture

    header = formats.scan(data, request["name"], sidecar)
    image = formats.read(data, request["name"], sidecar)
    made_at = datetime.fromisoformat(request["made_at"])
    written = secondary_capture(image, Identity.of(header), number=int(request["number"]), made_at=made_at)
    return {}, (guard_wire.file_of(written),)


_WORKS: dict[str, Callable[[memoryview, dict[str, Any], bytes | None], Answer]] = {
    "read": _read,
    "facts": _facts,
    "transcode": _transcode,
    "frames": _frames,
    "capture": _capture,
}
_WORK_FACTORS = {"read": 1.0, "facts": 1.0, "transcode": 2.0, "frames": 2.0, "capture": 2.0}
"""Decoding only, or encoding as well."""


def _limit_memory(memory_bytes: int) -> None:
    address_bytes = memory_bytes + _address_bytes() + (1 << 30)
    _lower(resource.RLIMIT_DATA, memory_bytes)
    _lower(resource.RLIMIT_AS, address_bytes)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES_MAX)
    _lower(resource.RLIMIT_CORE, 0)


def _address_bytes() -> int:
    """Return the address space the libraries take already."""
    try:
        with open("/proc/self/statm") as file:  # noqa: PTH123 - one word from the kernel, no path of ours
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 1 << 30


def _lower(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))


def _limit_processor(seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))

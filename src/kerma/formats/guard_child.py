"""The child of the guarded reader: it alone decodes bytes from strangers, under limits of memory and processor time."""

from __future__ import annotations

import base64
import gc
import importlib
import math
import os
import resource
import socket
from typing import Any

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


def _answer(connection: socket.socket, request: dict[str, Any], file: int) -> tuple[dict[str, Any], tuple[int, ...]]:
    sidecar = base64.b64decode(request["sidecar"]) if request["sidecar"] is not None else None
    try:
        data = guard_wire.content_of(file)
        _limit_processor(BASE_S)
        header = formats.scan(data, request["name"], sidecar)
        if request["what"] == "scan":
            return {"header": guard_wire.pack_header(header)}, ()
        allowance = allowance_s(header)
        guard_wire.send(connection, {"allowance_s": allowance})
        _limit_processor(allowance)
        image = formats.read(data, request["name"], sidecar)
        return {"image": guard_wire.pack_image(image)}, (guard_wire.file_of(image.pixels),)
    except KermaError as error:
        return {"error": type(error).__name__, "detail": str(error)}, ()
    except MemoryError:
        return {"error": "Hostile", "detail": "the file needs more memory than a reader may use: refused"}, ()
    # This is the last wall before a stranger's bytes become a traceback: whatever it is becomes a refusal.
    except Exception as error:
        return {"error": "Unreadable", "detail": f"the file is damaged ({type(error).__name__}: {error})"}, ()


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

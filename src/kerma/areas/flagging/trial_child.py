"""The child in which a network of strangers runs, under limits of memory, time and files, and without a network."""

from __future__ import annotations

import base64
import contextlib
import ctypes
import gc
import json
import math
import os
import resource
import socket
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from kerma.errors import KermaError
from kerma.formats import guard_wire
from kerma.science.detect import learned
from kerma.science.imaging.image import Image

THREADS = 2
LOW_PRIORITY = 10
SIDE_PX = 512
TRIED_SHAPES = ((SIDE_PX, SIDE_PX), (331, 203), (64, 900))
"""Rows and columns of the pictures a network is tried on: the one that is timed, and two that are no squares."""
FEWEST_LOOKS, LEAST_TIMED_S, LONGEST_TIMED_S = 2, 0.2, 3.0
"""The first picture is looked at until so much processor time has gone by: the clock of some systems ticks slowly."""
OPEN_FILES_MAX = 64
NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of Linux: a network of its own, in which there is nobody."""
KIB = 1024

Answer = dict[str, Any]
NO_MEMORY = ("bad_alloc", "bad allocation", "Failed to allocate memory", "allocate")
"""Words of ONNX Runtime where memory is at its end."""
NEEDS_MEMORY: Answer = {"error": "TooLarge", "detail": "the network needs more memory than it may use here"}


def main(file: int, memory_bytes: int) -> None:
    """Answer requests on an inherited socket until it is closed; the first loads the network."""
    connection = socket.socket(fileno=file)
    _leave_the_network()
    os.nice(LOW_PRIORITY)
    _warm()
    _limit(resource.RLIMIT_AS, memory_bytes + _address_bytes())
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES_MAX)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    guard_wire.send(connection, {"is_ready": True})
    network: learned.Network | None = None
    while True:
        try:
            request, files = guard_wire.receive(connection)
        except EOFError:
            return
        try:
            _limit_processor(float(request["limit_s"]) * THREADS)
            content = guard_wire.content_of(files[0])
            if request["what"] == "load":
                network = learned.load(bytes(content), request["card"], threads=THREADS)
                answer: Answer = _told(network)
            else:
                answer = _WORKS[request["what"]](network, request, content)
        except KermaError as error:
            answer = {"error": type(error).__name__, "detail": str(error)}
            if any(word in str(error) for word in NO_MEMORY):
                answer = NEEDS_MEMORY
        except MemoryError:
            answer = NEEDS_MEMORY
        # The last wall before a stranger's network becomes a traceback: whatever it is, it is told in words.
        except Exception as error:
            answer = {"error": "Unreadable", "detail": f"it broke off ({type(error).__name__}: {str(error)[:500]})"}
        guard_wire.send(connection, answer)
        for each in files:
            os.close(each)
        gc.collect()


def _told(network: learned.Network) -> Answer:
    """Return what the file itself says that it takes and gives."""
    sides = {"takes": network.session.get_inputs(), "gives": network.session.get_outputs()}
    return {
        key: [f"{each.name}: {each.type} [{', '.join(str(side) for side in each.shape)}]"[:200] for each in listed]
        for key, listed in sides.items()
    }


def _look(network: learned.Network, request: dict[str, Any], content: memoryview) -> Answer:
    image = guard_wire.unpack_image(request["image"], content)
    seen = network.look(image, threshold=request["threshold"], plane=int(request["plane"]))
    return {"findings": [finding.as_json() for finding in seen.findings], "score": seen.score}


def _explain(network: learned.Network, request: dict[str, Any], content: memoryview) -> Answer:
    from kerma.areas.flagging.trial import told_finding
    from kerma.science.detect import explaining

    image, told = guard_wire.unpack_image(request["image"], content), request["finding"]
    made = explaining.picture(image, network, told_finding(told, network.by, int(told["plane"])))
    return {"png": base64.b64encode(made).decode("ascii")}


def _try(network: learned.Network, request: dict[str, Any], _: memoryview) -> Answer:
    """Look at made-up pictures: at the first one several times, which must give the same, and is timed."""
    pictures = [picture(shape, number) for number, shape in enumerate(TRIED_SHAPES)]
    answers = [_answered(network, image) for image in pictures]
    began_s, ends_s = time.process_time(), time.monotonic() + LONGEST_TIMED_S
    looks, spent_s = 0, 0.0
    while looks < FEWEST_LOOKS or (spent_s < LEAST_TIMED_S and time.monotonic() < ends_s):
        answers.append(_answered(network, pictures[0]))
        looks, spent_s = looks + 1, time.process_time() - began_s
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB
    return {
        "cpu_ms": 1000 * spent_s / looks, "peak_bytes": peak,
        "is_the_same": len({answers[0], *answers[len(pictures) :]}) == 1,
    }  # fmt: skip


def _answered(network: learned.Network, image: Image) -> str:
    seen = network.look(image, threshold=0.0)
    return json.dumps([[finding.as_json() for finding in seen.findings], seen.score])


def picture(shape: tuple[int, int], seed: int) -> Image:
    """Return a made-up raw picture: slow background, edges, spots and noise, proportional to dose."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    values = 30000 + 8000 * np.sin(rows / 90) * np.cos(columns / 70) + 6000 * (columns > 0.6 * shape[1])
    for _ in range(12):
        row, column, size = rng.uniform(0, shape[0]), rng.uniform(0, shape[1]), rng.uniform(3, 20)
        values -= 7000 * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * size**2))
    values += rng.normal(0, 300, shape)
    stored = np.clip(np.rint(values), 1, 65535).astype(np.uint16)
    return Image(stored[None], 16, meaning="raw", rises_with_dose=True)


_WORKS: dict[str, Callable[[Any, dict[str, Any], memoryview], Answer]] = {
    "look": _look, "explain": _explain, "try": _try,
}  # fmt: skip


def _warm() -> None:
    """Load what looking needs before memory is limited."""
    import cv2
    import onnxruntime  # noqa: F401

    cv2.setNumThreads(1)


def _leave_the_network() -> None:
    """Have no network, where the system lets an ordinary process give it up; a network of numbers needs none."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).unshare(NEW_NETWORK)


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def _limit_processor(seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _address_bytes() -> int:
    """Return the address space the libraries take already."""
    with open("/proc/self/statm") as file:  # noqa: PTH123 - one word from the kernel, no path of ours
        return int(file.read().split()[0]) * resource.getpagesize()

"""The guarded reader: bytes from strangers are decoded in a child process with limits of memory, time and files.

A decoder that is led astray takes the child with it, never the program: the file is refused with a reason and the
next file gets a new child. The pixels come back through shared memory and are not copied.
"""

from __future__ import annotations

import base64
import itertools
import os
import signal
import stat
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kerma.errors import Hostile, KermaError, Unreadable
from kerma.formats import guard_wire, sidecar_path
from kerma.formats.guard_process import GuardProcess, error_told
from kerma.formats.header import Header
from kerma.science.imaging.image import Image

MEMORY_BYTES = 1 << 30
_START_S = 30.0
_WALL_FACTOR = 4.0
"""Wall-clock time a child may take for each second of processor time: the machine may be busy with others."""
_SCAN_S = 30.0
"""The least of any wait. Processor time is limited in the child itself: waiting only finds the one that hangs."""
_CODE = "import sys; from kerma.formats.guard_child import main; main(int(sys.argv[1]), int(sys.argv[2]))"
# The child gets no secrets of the environment, and one thread for its linear algebra, which it does not need.


class GuardedReader:
    """Reads files in a child process; safe to use from several threads, which take turns.

    The child starts with ``with`` and works for as many files as come; it starts anew after a file that killed it.
    """

    def __init__(self, *, memory_bytes: int = MEMORY_BYTES, time_factor: float = 1.0) -> None:
        self._memory_bytes = memory_bytes
        self._time_factor = time_factor
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        with self._lock:
            self._child = self._child or _Child(self._memory_bytes)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child."""
        with self._lock:
            if self._child is not None:
                self._child.end()
            self._child = None

    def read(self, data: bytes | memoryview | Path, name: str = "", sidecar: bytes | None = None) -> Image:
        """Return the Image of a file, as :func:`kerma.formats.read`; a path brings its name and sidecar along.

        Raises
        ------
        Unreadable, Hostile, TooLarge
            The file cannot be read, or reading it went beyond the limits; one sentence says what and why.
        """
        answer, files = self._ask("read", data, name, sidecar)
        try:
            if len(files) != 1 or not guard_wire.is_sealed(files[0]):
                raise Hostile("the reader answered with no pixels: refused")
            return guard_wire.unpack_image(answer["image"], guard_wire.content_of(files[0]))
        except (KeyError, TypeError, ValueError) as error:
            raise Hostile(f"the reader answered nonsense ({error}): refused") from error
        finally:
            for file in files:
                os.close(file)

    def scan(self, data: bytes | memoryview | Path, name: str = "", sidecar: bytes | None = None) -> Header:
        """Return the Header of a file, as :func:`kerma.formats.scan`."""
        answer, _ = self._ask("scan", data, name, sidecar)
        try:
            return guard_wire.unpack_header(answer["header"])
        except (KeyError, TypeError, ValueError) as error:
            raise Hostile(f"the reader answered nonsense ({error}): refused") from error

    def facts(self, data: bytes | memoryview | Path, name: str = "", sidecar: bytes | None = None) -> dict[str, Any]:
        """Return what a file says of its origin, as :func:`kerma.formats.forensic_facts.forensic_facts`."""
        answer, files = self._ask("facts", data, name, sidecar)
        for file in files:
            os.close(file)
        facts = answer.get("facts")
        if not isinstance(facts, dict):
            raise Hostile("the reader answered nonsense: refused")
        return facts

    def transcode(self, data: bytes | memoryview | Path, syntax_uid: str) -> memoryview:
        """Return a DICOM file in another transfer syntax, as :func:`kerma.formats.transcode.transcode`."""
        return self._made("transcode", data, "", None, syntax=syntax_uid)[1]

    def frames(self, data: bytes | memoryview | Path, syntax_uid: str, numbers: tuple[int, ...]) -> list[memoryview]:
        """Return single frames of a DICOM file, as :func:`kerma.formats.transcode.frames`."""
        answer, content = self._made("frames", data, "", None, syntax=syntax_uid, numbers=list(numbers))
        lengths = answer.get("lengths")
        is_sound = isinstance(lengths, list) and all(isinstance(length, int) and length >= 0 for length in lengths)
        if not is_sound or len(lengths) != len(numbers) or sum(lengths) != len(content):
            raise Hostile("the reader answered nonsense: refused")
        ends = list(itertools.accumulate(lengths))
        return [content[end - length : end] for end, length in zip(ends, lengths, strict=True)]

    def capture(
        self, data: bytes | memoryview | Path, name: str, sidecar: bytes | None, *, number: int, made_at: str
    ) -> memoryview:
        """Return an image of another format as the DICOM object it stands for, made at a time (ISO 8601)."""
        return self._made("capture", data, name, sidecar, number=number, made_at=made_at)[1]

    def _made(
        self, what: str, data: bytes | memoryview | Path, name: str, sidecar: bytes | None, **more: Any
    ) -> tuple[dict[str, Any], memoryview]:
        """Return the message and the content of the one file that the child answers with."""
        answer, files = self._ask(what, data, name, sidecar, **more)
        try:
            if len(files) != 1 or not guard_wire.is_sealed(files[0]):
                raise Hostile("the reader answered with no file: refused")
            return answer, guard_wire.content_of(files[0])
        finally:
            for file in files:
                os.close(file)

    def _ask(
        self, what: str, data: bytes | memoryview | Path, name: str, sidecar: bytes | None, **more: Any
    ) -> tuple[dict[str, Any], list[int]]:
        if isinstance(data, Path):
            beside = sidecar_path(data)
            name, sidecar = name or data.name, beside.read_bytes() if sidecar is None and beside else sidecar
        request = more | {
            "what": what,
            "name": name,
            "sidecar": base64.b64encode(sidecar).decode("ascii") if sidecar is not None else None,
        }
        file = _opened(data) if isinstance(data, Path) else guard_wire.file_of(data)
        try:
            with self._lock:
                return self._ask_child(request, file)
        finally:
            os.close(file)

    def _ask_child(self, request: dict[str, Any], file: int) -> tuple[dict[str, Any], list[int]]:
        child = self._child = self._child or _Child(self._memory_bytes)
        try:
            answer, files = child.ask(request, file, self._time_factor)
        except (EOFError, OSError, TimeoutError) as error:
            self._child = None
            raise child.autopsy(timed_out=isinstance(error, TimeoutError)) from error
        if "error" in answer:
            raise error_told(answer)
        return answer, files


def _opened(path: Path) -> int:
    """Open an ordinary file; a pipe or device could keep its reader waiting for ever."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be opened: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise Unreadable(f"{path.name} is no ordinary file")
    return file


class _Child(GuardProcess):
    """One child process that reads files."""

    def __init__(self, memory_bytes: int) -> None:
        super().__init__(_CODE, memory_bytes)
        self._is_ready = False
        self._memory_bytes = memory_bytes

    def ask(self, request: dict[str, Any], file: int, time_factor: float) -> tuple[dict[str, Any], list[int]]:
        """Send a request and wait for its answer, longer when the child announces a large image."""
        if not self._is_ready:
            self.receive(time.monotonic() + _START_S)
            self._is_ready = True
        self.send(request, file)
        answer, files = self.receive(time.monotonic() + _SCAN_S * time_factor)
        if "allowance_s" in answer:
            allowance_s = min(float(answer["allowance_s"]), 600.0)
            wait_s = max(_SCAN_S, allowance_s * _WALL_FACTOR)
            answer, files = self.receive(time.monotonic() + wait_s * time_factor)
        return answer, files

    def autopsy(self, *, timed_out: bool) -> KermaError:
        """End the child and return, as an error to raise, what killed it."""
        code = self.exit_code(timed_out=timed_out)
        if not self._is_ready:
            return KermaError(f"the guarded reader did not start (exit code {code}); try `kerma doctor`")
        if timed_out or code == -signal.SIGXCPU:
            return Hostile("reading the file took far longer than an honest file of its size may: refused")
        if code is None or code in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGILL, -signal.SIGFPE):
            return Hostile("the file crashed its decoder, which ran apart and took nothing with it: refused")
        if code == -signal.SIGKILL:
            memory = f"{self._memory_bytes >> 20} MiB"
            return Hostile(f"the system ended the reader, most likely for memory (limit {memory}): refused")
        return Unreadable(f"the reader ended unexpectedly (exit code {code}): the file is refused")

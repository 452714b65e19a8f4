"""The guarded reader: bytes from strangers are decoded in a child process with limits of memory, time and files.

A decoder that is led astray takes the child with it, never the program: the file is refused with a reason and the
next file gets a new child. The pixels come back through shared memory and are not copied.
"""

from __future__ import annotations

import base64
import contextlib
import os
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kerma import errors
from kerma.errors import Hostile, KermaError, Unreadable
from kerma.formats import guard_wire, sidecar_path
from kerma.formats.header import Header
from kerma.science.imaging.image import Image

MEMORY_BYTES = 1 << 30
_START_S = 30.0
_WALL_FACTOR = 4.0
"""Wall-clock time a child may take for each second of processor time: the machine may be busy with others."""
_SCAN_S = 30.0
_CODE = "import sys; from kerma.formats.guard_child import main; main(int(sys.argv[1]), int(sys.argv[2]))"
# The child gets no secrets of the environment, and one thread for its linear algebra, which it does not need.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")


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

    def _ask(
        self, what: str, data: bytes | memoryview | Path, name: str, sidecar: bytes | None
    ) -> tuple[dict[str, Any], list[int]]:
        if isinstance(data, Path):
            beside = sidecar_path(data)
            name, sidecar = name or data.name, beside.read_bytes() if sidecar is None and beside else sidecar
        request = {
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
            raise _error(answer)
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


class _Child:
    """One child process and the socket to it."""

    def __init__(self, memory_bytes: int) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        environment = {key: os.environ[key] for key in _ENVIRONMENT if key in os.environ}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _CODE, str(theirs.fileno()), str(memory_bytes)],
                pass_fds=(theirs.fileno(),),
                env=environment | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._connection = ours
        self._is_ready = False
        self._memory_bytes = memory_bytes

    def ask(self, request: dict[str, Any], file: int, time_factor: float) -> tuple[dict[str, Any], list[int]]:
        """Send a request and wait for its answer, longer when the child announces a large image."""
        if not self._is_ready:
            self._receive(time.monotonic() + _START_S)
            self._is_ready = True
        guard_wire.send(self._connection, request, (file,))
        answer, files = self._receive(time.monotonic() + _SCAN_S * time_factor)
        if "allowance_s" in answer:
            allowance_s = min(float(answer["allowance_s"]), 600.0)
            answer, files = self._receive(time.monotonic() + allowance_s * _WALL_FACTOR * time_factor)
        return answer, files

    def _receive(self, deadline: float) -> tuple[dict[str, Any], list[int]]:
        ready, _, _ = select.select([self._connection], [], [], max(deadline - time.monotonic(), 0.0))
        if not ready:
            raise TimeoutError
        self._connection.settimeout(max(deadline - time.monotonic(), 1.0))
        return guard_wire.receive(self._connection)

    def autopsy(self, *, timed_out: bool) -> KermaError:
        """End the child and return, as an error to raise, what killed it."""
        if not timed_out:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
        code = self._process.poll()
        self.end()
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

    def end(self) -> None:
        """Close the socket, which lets an idle child leave, and end it if it does not."""
        self._connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.2)
        if self._process.returncode is None:
            self._process.kill()
            self._process.wait()


def _error(answer: dict[str, Any]) -> KermaError:
    """Return the child's error as ours; only a name of the tree is believed."""
    kind = getattr(errors, str(answer["error"]), None)
    is_ours = isinstance(kind, type) and issubclass(kind, KermaError)
    detail = str(answer.get("detail", ""))[:2000]
    return kind(detail) if is_ours and kind is not None else Unreadable(detail)

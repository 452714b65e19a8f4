"""A child process that is trusted with nothing: begun bare, spoken to over one socket, and ended whatever it does."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from kerma import errors
from kerma.errors import KermaError, Unreadable
from kerma.formats import guard_wire

_ENVIRONMENT = ("PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")
"""All that the child learns of this process's environment: no key, no database address."""
LAST_BREATH_S = 1.0
LEAVE_S = 0.2


class GuardProcess:
    """One child process that runs ``code`` with its end of the socket and its bound of memory as arguments."""

    def __init__(self, code: str, memory_bytes: int) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        environment = {key: os.environ[key] for key in _ENVIRONMENT if key in os.environ}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", code, str(theirs.fileno()), str(memory_bytes)],
                pass_fds=(theirs.fileno(),),
                env=environment | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._connection = ours

    def send(self, request: dict[str, Any], file: int) -> None:
        """Send a request with one open file."""
        guard_wire.send(self._connection, request, (file,))

    def receive(self, deadline: float) -> tuple[dict[str, Any], list[int]]:
        """Return the next message and its files.

        Raises
        ------
        TimeoutError
            None came before the deadline (on the monotonic clock).
        EOFError
            The child is gone.
        """
        ready, _, _ = select.select([self._connection], [], [], max(deadline - time.monotonic(), 0.0))
        if not ready:
            raise TimeoutError
        self._connection.settimeout(max(deadline - time.monotonic(), 1.0))
        return guard_wire.receive(self._connection)

    def exit_code(self, *, timed_out: bool) -> int | None:
        """End the child and return what it had ended with by itself; None where it had not."""
        if not timed_out:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(LAST_BREATH_S)
        code = self._process.poll()
        self.end()
        return code

    def end(self) -> None:
        """Close the socket, which lets an idle child leave, and end it if it does not."""
        self._connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(LEAVE_S)
        if self._process.returncode is None:
            self._process.kill()
            self._process.wait()


def error_told(answer: Mapping[str, Any]) -> KermaError:
    """Return the child's error as ours; only a name of the tree is believed."""
    kind = getattr(errors, str(answer["error"]), None)
    is_ours = isinstance(kind, type) and issubclass(kind, KermaError)
    detail = str(answer.get("detail", ""))[:2000]
    return kind(detail) if is_ours and kind is not None else Unreadable(detail)

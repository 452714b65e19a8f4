"""Kerma's own network door in this process, for tests that call it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from kerma.doors.dimse import Listener, listen
from kerma.kernel.action import Kernel


@contextlib.contextmanager
def door(kernel: Kernel, port: int = 0) -> Iterator[int]:
    """Kerma's own network door on a free port of this machine; yields the port."""
    listening = listen("127.0.0.1", port)
    listener = Listener(kernel, [(listening, None)])
    listener.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        listener.stop()

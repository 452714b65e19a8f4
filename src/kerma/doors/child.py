"""A child process of ``kerma serve``: started, watched, started again when it dies, ended with its parent.

The parent holds the other end of the child's input. Once nobody does, the child reads that its input has ended, also
after ``kill -9`` of the parent, and ends in good order.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence

log = logging.getLogger(__name__)

AGAIN_S = 1.0
END_S = 8.0
_COMMAND = (sys.executable, "-c", "from kerma.app import main; main()")


class Child:
    """One ``kerma`` command run beside its parent, with the parent's settings.

    Parameters
    ----------
    name : what the log calls it
    words : the command and its options
    environment : settings as environment variables
    descriptors : open files that it inherits
    take : called with each line that it writes
    """

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        environment: Mapping[str, str],
        *,
        descriptors: Sequence[int] = (),
        take: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._name = name
        self._words = words
        self._environment = environment
        self._descriptors = descriptors
        self._take = take
        self._process: subprocess.Popen[str] | None = None
        self._ends = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name=f"kerma-{words[0]}", daemon=True)

    @property
    def process_id(self) -> int | None:
        """The process of the child now."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the child."""
        self._process = self._begin()
        self._watcher.start()

    def tell_end(self) -> None:
        """Tell the child to end in good order, without waiting for it."""
        self._ends.set()
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def stop(self) -> None:
        """End the child, in good order if it takes no longer than a while."""
        self.tell_end()
        if self._process is not None:
            self._watcher.join(END_S)
            self._process.kill()
            self._process.wait()

    def _begin(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*_COMMAND, *self._words],
            env=os.environ | self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=self._descriptors,
        )

    def _watch(self) -> None:
        """Read what the child says until it ends; start it again when it was not told to end."""
        while True:
            process = self._process
            assert process is not None and process.stdout is not None
            for line in process.stdout:
                self._take(line)
            process.wait()
            if self._ends.is_set():
                return
            log.error("%s ended with code %d; starting it again", self._name, process.returncode)
            if self._ends.wait(AGAIN_S):
                return
            self._process = self._begin()


def follow_parent(ends: threading.Event) -> None:
    """Set the event once the parent has ended or closed our input; called by the child."""
    threading.Thread(target=_follow, args=(ends,), name="kerma-parent", daemon=True).start()


def _follow(ends: threading.Event) -> None:
    # The descriptor, not sys.stdin: its lock would be held while the interpreter ends.
    while os.read(0, 1):
        continue
    ends.set()

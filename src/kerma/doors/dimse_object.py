"""One object that comes over the DICOM network: its bytes go straight to the disk, and a status says how it ended."""

from __future__ import annotations

import errno
import logging
import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from kerma.areas.archive.actions_gather import Gatherer
from kerma.areas.archive.model import Arrival, Stored
from kerma.doors import dimse_command as commands
from kerma.doors.dimse_command import Command
from kerma.errors import KermaError, NotAllowed, WrongUsage
from kerma.kernel.action import Kernel
from kerma.kernel.blobs_writer import BlobWriter
from kerma.kernel.dimse import Peer

log = logging.getLogger(__name__)

Answer = tuple[int, str]
"""A status and a comment of at most 64 characters, which holds nothing that belongs to a subject."""

DEFLATED = "1.2.840.10008.1.2.1.99"
_INFLATING = threading.Lock()
"""A deflated data set is inflated to be looked at: one at a time, so that many at once cannot fill the memory."""
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO)

KEPT = frozenset(["stored", "duplicate"])
APART: Mapping[str, Answer] = {
    "unreadable": (commands.CANNOT_UNDERSTAND, "kept apart: the data set cannot be read"),
    "hostile": (commands.CANNOT_UNDERSTAND, "kept apart: the data set would harm a reader"),
    "too-large": (commands.CANNOT_UNDERSTAND, "kept apart: the image is beyond a limit"),
    "other-identity": (commands.OTHER_OBJECT, "kept apart: the data set is another object"),
    "other-bytes": (0xC001, "kept apart: other bytes stand under this UID"),
    "other-subject": (0xC002, "kept apart: its study belongs to another subject"),
    "other-exam": (0xC003, "kept apart: its series belongs to another study"),
    "other-industry": (0xC004, "kept apart: its study is of another industry"),
}
"""What a sender hears of an object in quarantine: a failure, so that it keeps its copy; the bytes are safe here too."""


@dataclass
class Counts:
    """What this door has done so far; counted by many threads."""

    values: Counter[str] = field(default_factory=Counter)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def add(self, **amounts: int) -> None:
        """Count."""
        with self.turn:
            self.values.update(amounts)

    def snapshot(self) -> dict[str, int]:
        """Return the counts of this moment."""
        with self.turn:
            return dict(self.values)


@dataclass(frozen=True)
class Door:
    """What every association of this process shares."""

    kernel: Kernel
    gatherer: Gatherer
    counts: Counts = field(default_factory=Counts)


class Incoming:
    """An object under way; :meth:`finish` keeps it and says how that ended, :meth:`discard` leaves nothing."""

    def __init__(self, door: Door, peer: Peer, command: Command, context: tuple[str, str]) -> None:
        self._door = door
        self._peer = peer
        self._command = command
        self._transfer = context[1]
        self._writer: BlobWriter | None = None
        self._limit_bytes = door.kernel.settings.upload_limit_bytes
        self._problem = _problem(command, context[0])
        if self._problem is None:
            self._begin()

    def write(self, pieces: Sequence[memoryview | bytes]) -> None:
        """Add bytes of the data set; once something is wrong the rest is let pass by."""
        if self._writer is None:
            return
        try:
            self._writer.write_all(pieces)
        except OSError as error:
            self._fail(answer_error(error))
            return
        if self._writer.size_bytes > self._limit_bytes:
            self._fail((commands.OUT_OF_RESOURCES, f"larger than {self._limit_bytes} bytes"))

    def finish(self) -> Answer:
        """Make the object durable and known, then return the status; nothing is answered before."""
        if self._writer is None:
            return self._problem or (commands.PROCESSING_FAILURE, "")
        arrival = Arrival(
            self._writer,
            f"{self._command.instance_uid}.dcm",
            from_="dimse",
            announced=(self._command.class_uid, self._command.instance_uid),
        )
        size_bytes = self._writer.size_bytes
        try:
            with _INFLATING if self._transfer == DEFLATED else nullcontext():
                stored = self._door.gatherer.keep(self._peer.actor, arrival)
        except Exception as error:
            self._door.counts.add(objects_refused=1)
            return answer_error(error)
        finally:
            self.discard()
        is_kept = stored.outcome in KEPT
        self._door.counts.add(**{"objects_kept" if is_kept else "objects_apart": 1}, bytes_received=size_bytes)
        return answer(stored)

    def discard(self) -> None:
        """Remove what is not kept."""
        if self._writer is not None:
            self._writer.discard()
            self._writer = None

    def _begin(self) -> None:
        meta = commands.file_meta(
            self._command.class_uid, self._command.instance_uid, self._transfer, self._peer.ae_title[:16]
        )
        try:
            self._writer = self._door.kernel.blobs.writer()
            self._writer.write(meta)
        except OSError as error:
            self._fail(answer_error(error))

    def _fail(self, answer: Answer) -> None:
        self._door.counts.add(objects_refused=1)
        self._problem = answer
        self.discard()


def _problem(command: Command, abstract: str) -> Answer | None:
    if command.class_uid != abstract:
        return commands.CLASS_NOT_SUPPORTED, "the class is not that of the presentation context"
    # Leading zeros are tolerated, because security scanners write them.
    if len(command.instance_uid) > 64 or not _UID.fullmatch(command.instance_uid):
        return commands.INVALID_INSTANCE, "the instance UID is not 1 to 64 digits and dots"
    return None


def answer(stored: Stored) -> Answer:
    """Return the status of an object that the archive has dealt with (PS3.4, B.2.3)."""
    if stored.outcome in KEPT:
        return commands.SUCCESS, ""
    return APART.get(stored.reason_code, (commands.CANNOT_UNDERSTAND, "kept apart"))


def answer_error(error: Exception) -> Answer:
    """Return the status of an object that could not be dealt with; what is our own fault is logged."""
    if isinstance(error, NotAllowed):
        return commands.NOT_AUTHORISED, "this node may not store"
    if isinstance(error, WrongUsage):
        return commands.CANNOT_UNDERSTAND, "the object does not tell its industry"
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _NO_ROOM):
        log.error("an object could not be kept: %s", type(error).__name__ if not str(error) else error)
        return commands.OUT_OF_RESOURCES, "no room to keep the object"
    if isinstance(error, KermaError):
        log.error("an object could not be kept: %s", error)
    else:
        log.error("an object could not be kept", exc_info=error)
    return commands.PROCESSING_FAILURE, "the archive could not keep the object"

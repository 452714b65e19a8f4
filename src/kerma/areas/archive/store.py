"""A store request under way: objects go to the disk as they come, are indexed as soon as each is whole.

One request is a :class:`Body`: the door hands it what came (``take``), asks at the end what became of it (``finish``),
or gives it up when the sender does (``abandon``). Objects that were whole before a cut stay; what is half is removed.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from kerma.areas.archive import rules
from kerma.areas.archive.actions_gather import Gatherer
from kerma.areas.archive.actions_index import Received
from kerma.areas.archive.actions_receive import receive
from kerma.areas.archive.model import Arrival, Stored
from kerma.areas.archive.store_answer import (
    DOES_NOT_FIT,
    NOT_UNDERSTOOD,
    OUT_OF_RESOURCES,
    PROCESSING_FAILURE,
    Fate,
    fate_of,
)
from kerma.errors import KermaError, TooLarge, Unreadable, WrongUsage
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.blobs_writer import BlobWriter
from kerma.kernel.multipart import Begin, End, Parser

log = logging.getLogger(__name__)

AHEAD_OBJECTS = 32
"""Whole objects of one request that may wait for the disk and the index."""
TOGETHER = 64
"""Objects of one request, durable already, that are indexed in one transaction."""
THREADS = 16
"""Objects of all requests that are flushed at the same time; most of it is waiting for the disk."""
UNDER_WAY = Fate(PROCESSING_FAILURE, "the object is not indexed yet")
MAGIC_END = 132
"""Preamble and magic word of a DICOM file (PS3.10, 7.1)."""


class Keeper:
    """What all store requests of a process share: the threads that flush objects, and the one that indexes them."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.gatherer = Gatherer(kernel)
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="kerma-store")

    def close(self) -> None:
        """Finish what is under way, then end."""
        self.pool.shutdown()
        self.gatherer.close()


@dataclass(frozen=True)
class Store:
    """Who stores what where: all that the objects of one request have in common."""

    keeper: Keeper
    actor: Actor
    exam_uid: str = ""
    """The study that the address names; objects of another are refused."""
    industry: str | None = None

    @property
    def kernel(self) -> Kernel:
        """The kernel whose archive it is."""
        return self.keeper.kernel

    def keep(self, writer: BlobWriter) -> Future[Fate | Received]:
        """Have the bytes of a whole object made durable; ends with what is to be indexed, or why it is not kept."""
        return self.keeper.pool.submit(self._receive, writer)

    def keep_here(self, writer: BlobWriter) -> Fate:
        """Keep the only object of a request in the caller's own thread: changes of thread cost as much as the disk."""
        settled = self._receive(writer)
        if isinstance(settled, Fate):
            return settled
        return self._fate(lambda: self.keeper.gatherer.keep(self.actor, settled))

    def index(self, received: Sequence[Received]) -> list[Fate]:
        """Have objects indexed whose bytes are durable, and return what became of each once that is durable too."""
        waiting = [self.keeper.gatherer.submit(self.actor, one) for one in received]
        return [self._fate(future.result) for future in waiting]

    def _receive(self, writer: BlobWriter) -> Fate | Received:
        try:
            refused = self._contradiction(writer)
            if refused is not None:
                return refused
            arrival = Arrival(writer, "", self.industry, from_="http")
            return _identified(receive(self.kernel, self.actor, arrival))
        except Exception as error:
            return _failed(error)
        finally:
            writer.discard()

    def _fate(self, result: Callable[[], Stored]) -> Fate:
        try:
            return fate_of(result())
        except Exception as error:
            return _failed(error)

    def _contradiction(self, writer: BlobWriter) -> Fate | None:
        """Return the refusal of an object that belongs to another study than the address names."""
        if not self.exam_uid:
            return None
        from kerma import formats

        try:
            header = formats.scan(memoryview(writer.mapped()))
        except (Unreadable, TooLarge):
            return None  # the archive says so itself, and keeps it apart
        if header.exam_uid == self.exam_uid:
            return None
        words = f"its Study Instance UID is {header.exam_uid}, the address names {self.exam_uid}"
        identity = (header.image_uid, header.series_uid, header.exam_uid, header.sop_class_uid)
        return Fate(DOES_NOT_FIT, words, *identity)


def _identified(received: Received) -> Received:
    """Return an object as it came; one that does not name itself is kept apart, as its sender hears."""
    missing = rules.identifier_missing(received.header.warnings) if received.header else ""
    return replace(received, reason="unreadable", detail=f"its data set has no {missing}") if missing else received


def _failed(error: Exception) -> Fate:
    """Return the answer to an object that could not be kept; a fault of ours is logged and fails that object alone."""
    if isinstance(error, KermaError):
        return Fate(PROCESSING_FAILURE, str(error))
    log.error("an object sent over HTTP could not be kept", exc_info=error)
    return Fate(PROCESSING_FAILURE, "the object could not be kept; the server's log says why")


class Body(Protocol):
    """One kind of request body."""

    def take(self, pieces: Sequence[bytes]) -> None:
        """Take what came next; called from one thread at a time."""
        ...

    def finish(self) -> list[Fate]:
        """Return what became of every object, once all of them are durable.

        Raises
        ------
        WrongUsage
            The body ended too early, or is not of the kind that was announced.
        """
        ...

    def abandon(self) -> None:
        """Remove whatever is half."""
        ...


class Incoming:
    """One object while it comes: a Part 10 file that goes to the disk and is never held."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._head = b""
        self._size_bytes = 0
        self._limit_bytes = store.kernel.settings.upload_limit_bytes
        self._writer: BlobWriter | None = None
        self._failure: Fate | None = None

    def write(self, piece: bytes | memoryview) -> None:
        """Take the next bytes; whatever is wrong is told at the end, so that the other objects still come."""
        if self._failure is not None:
            return
        self._size_bytes += len(piece)
        if self._size_bytes > self._limit_bytes:
            self._fail(OUT_OF_RESOURCES, f"the object is larger than the {self._limit_bytes} bytes that are accepted")
        elif self._writer is not None:
            self._write(piece)
        else:
            self._begin(piece)

    def end(self) -> Fate | BlobWriter:
        """Hand the whole object on."""
        if self._failure is not None:
            return self._failure
        if self._writer is None:
            return Fate(NOT_UNDERSTOOD, "an object is no DICOM file: it ends before the magic word 'DICM'")
        writer, self._writer = self._writer, None
        return writer

    def abandon(self) -> None:
        """Remove what came."""
        if self._writer is not None:
            self._writer.discard()
            self._writer = None

    def _begin(self, piece: bytes | memoryview) -> None:
        """Open a file once the magic word has come: a million parts of junk must not become a million files."""
        start = self._head + piece if self._head else piece
        if len(start) < MAGIC_END:
            self._head = bytes(start)
        elif bytes(start[MAGIC_END - 4 : MAGIC_END]) != b"DICM":
            self._fail(NOT_UNDERSTOOD, "an object is no DICOM file: 'DICM' does not stand at byte 128 (PS3.10, 7.1)")
        else:
            self._head = b""
            self._write(start)

    def _write(self, piece: bytes | memoryview) -> None:
        try:
            if self._writer is None:
                self._writer = self._store.kernel.blobs.writer()
            self._writer.write(piece)
        except OSError as error:
            log.error("an object sent over HTTP could not be written: %s", error.strerror)
            self._fail(OUT_OF_RESOURCES, f"the object could not be written: {error.strerror}")

    def _fail(self, failure: int, words: str) -> None:
        self.abandon()
        self._failure = Fate(failure, words)


class Objects:
    """Objects of one request in order; few of them wait for the disk, and many share a transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._fates: list[Fate] = []
        self._alone: BlobWriter | None = None
        """The first object, until it is known whether another one follows."""
        self._waiting: deque[Fate | Future[Fate | Received]] = deque()
        self._durable: list[tuple[int, Received]] = []
        """Place among the fates, and what is to be indexed for it."""

    def add(self, whole: Fate | BlobWriter | Future[Fate | Received]) -> None:
        """Add the next one, waiting for the first when too many are under way."""
        if isinstance(whole, BlobWriter) and self._alone is None and not self._waiting and not self._fates:
            self._alone = whole
            return
        if self._alone is not None:
            first, self._alone = self._alone, None
            self._waiting.append(self._store.keep(first))
        self._waiting.append(self._store.keep(whole) if isinstance(whole, BlobWriter) else whole)
        while len(self._waiting) > AHEAD_OBJECTS:
            self._settle()

    def fates(self) -> list[Fate]:
        """Return what became of all of them, once it is certain."""
        if self._alone is not None:
            only, self._alone = self._alone, None
            self._fates.append(self._store.keep_here(only))
        while self._waiting:
            self._settle()
        self._index()
        return self._fates

    def _settle(self) -> None:
        first = self._waiting.popleft()
        settled = first.result() if isinstance(first, Future) else first
        if isinstance(settled, Fate):
            self._fates.append(settled)
            return
        self._durable.append((len(self._fates), settled))
        self._fates.append(UNDER_WAY)
        if len(self._durable) >= TOGETHER:
            self._index()

    def _index(self) -> None:
        if not self._durable:
            return
        fates = self._store.index([received for _, received in self._durable])
        for (place, _), fate in zip(self._durable, fates, strict=True):
            self._fates[place] = fate
        self._durable.clear()


class OneObject:
    """A body that is one DICOM file."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._incoming = Incoming(store)

    def take(self, pieces: Sequence[bytes]) -> None:
        """Write the next bytes."""
        for piece in pieces:
            self._incoming.write(piece)

    def finish(self) -> list[Fate]:
        """Return what became of it."""
        objects = Objects(self._store)
        objects.add(self._incoming.end())
        return objects.fates()

    def abandon(self) -> None:
        """Remove what came."""
        self._incoming.abandon()


class ManyObjects:
    """A multipart body of DICOM files; what a part says of its media type is not asked, its bytes are."""

    def __init__(self, store: Store, boundary: bytes) -> None:
        self._store = store
        self._parser = Parser(boundary)
        self._objects = Objects(store)
        self._incoming: Incoming | None = None

    def take(self, pieces: Sequence[bytes]) -> None:
        """Write the next bytes, and hand on what is whole."""
        for piece in pieces:
            for event in self._parser.feed(piece):
                if isinstance(event, memoryview):
                    if self._incoming is not None:
                        self._incoming.write(event)
                elif isinstance(event, Begin):
                    self._incoming = Incoming(self._store)
                elif isinstance(event, End):
                    self._end()

    def finish(self) -> list[Fate]:
        """Return what became of every part."""
        try:
            self._parser.finish()
        except WrongUsage as error:
            raise WrongUsage(f"{error}{self._before()}") from error
        fates = self._objects.fates()
        if not fates:
            raise WrongUsage("the body holds no part: send each object in a part of its own")
        return fates

    def abandon(self) -> None:
        """Remove the part that is half; those before it are whole, and kept."""
        if self._incoming is not None:
            self._incoming.abandon()
            self._incoming = None
        self._objects.fates()

    def _end(self) -> None:
        if self._incoming is not None:
            self._objects.add(self._incoming.end())
            self._incoming = None

    def _before(self) -> str:
        """Say what the sender need not send again."""
        kept = sum(not fate.failure for fate in self._objects.fates())
        return f"; {kept} of the objects before the damage were whole and are kept" if kept else ""

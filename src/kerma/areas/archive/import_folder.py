"""Bringing in a folder of any size: nothing is held but what is under way, and a second run goes on where one ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kerma.areas.archive import actions
from kerma.areas.archive.import_memory import Memory
from kerma.areas.archive.import_walk import Found, walk
from kerma.areas.archive.model import Arrival, Stored
from kerma.kernel.action import Actor, Kernel

OUTCOMES = ("stored", "duplicate", "skipped", "quarantined", "refused")
REFUSALS = ("quarantined", "refused")
LOOKED_UP_FILES = 200
BEFORE = "brought in before, and unchanged since"
DISC = "the list of contents of a disc; the files it names are taken themselves"


@dataclass(frozen=True)
class Taken:
    """What became of one file of an import."""

    found: Found
    outcome: str
    """One of :data:`OUTCOMES`."""
    reason: str = ""
    stored: Stored | None = None


Tell = Callable[[Taken], None]


@dataclass(frozen=True)
class Import:
    """What to bring in, and how."""

    paths: tuple[Path, ...]
    industry: str | None = None
    verify: bool = False
    """Whether to read files again that were brought in before."""


def run(kernel: Kernel, actor: Actor, asked: Import, tell: Tell) -> None:
    """Bring in every file and tell of each once it is durable, in about the order they are found."""
    memory = Memory(kernel)
    under_way: deque[Found] = deque()
    try:
        arrivals = _arrivals(_new(asked, memory, tell), asked.industry, under_way, tell)
        for stored in actions.ingest_many(kernel, actor, arrivals):
            found = under_way.popleft()
            memory.remember(found, stored)
            tell(Taken(found, stored.outcome, stored.reason, stored))
    finally:
        memory.close()


def _new(asked: Import, memory: Memory, tell: Tell) -> Iterator[Found]:
    """Yield the files to read, and tell of the others."""
    files = walk(asked.paths)
    while batch := list(islice(files, LOOKED_UP_FILES)):
        known = {} if asked.verify else memory.known(batch)
        for found in batch:
            before = known.get(found.path)
            if found.problem:
                tell(Taken(found, "refused", found.problem))
            elif found.is_directory_of_disc:
                tell(Taken(found, "skipped", DISC))
            elif before is None:
                yield found
            elif before.outcome in REFUSALS:
                tell(Taken(found, before.outcome, before.reason, before))
            else:
                tell(Taken(found, "skipped", BEFORE, before))


def _arrivals(files: Iterable[Found], industry: str | None, under_way: deque[Found], tell: Tell) -> Iterator[Arrival]:
    for found in files:
        try:
            sidecar = found.sidecar.read_bytes() if found.sidecar else None
        except OSError as error:
            tell(Taken(found, "refused", f"its description cannot be read: {error.strerror}"))
            continue
        under_way.append(found)
        yield Arrival(found.path, str(found.path), industry, sidecar)

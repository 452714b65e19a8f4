"""Look into the lines of a ledger export one by one: everything about a line that needs no other line.

This is where the time goes (hashing, reading JSON, checking signatures), so a large file is looked into by several
processes, some lines ahead of the check that puts the lines together.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import lru_cache
from hashlib import sha256
from typing import IO, NamedTuple

from kerma.errors import Altered
from kerma.kernel.ledger_format import LINE_LIMIT_BYTES, PURPOSE, SignedEnd, read_line, read_note, read_tile
from kerma.kernel.notes import Checkpoint, Note, PublicKey, is_time, open_checkpoint

CHUNK_LINES = 4_096
CHUNK_BYTES = 8_388_608
PARALLEL_FROM_BYTES = 16_777_216
"""Below this, starting processes takes longer than the check."""
PROCESSES_LIMIT = 8


class Record(NamedTuple):
    """A record's leaf hash, what it says of itself, and what is wrong with it, if anything."""

    leaf: bytes
    number: int
    at: str
    problem: str


class Tile(NamedTuple):
    """A list of leaf hashes and the record they start at."""

    first: int
    leaves: list[bytes]


class Damaged(NamedTuple):
    """A line that is neither record nor readable otherwise; ``mark`` is its first character."""

    mark: bytes
    problem: str


Seen = Record | Tile | Checkpoint | SignedEnd | Damaged
Chunk = list[bytes]


def look(vkey: str, lines: Chunk) -> list[Seen]:
    """Look into lines; signatures must be those of the key."""
    key = _key(vkey)
    return [_record(line) if line[:1] == b"{" else _other(line, key) for line in lines]


def looked_into(file: IO[bytes], size_bytes: int, vkey: str) -> Generator[tuple[Chunk, list[Seen]], None, None]:
    """Read a file to its end and give its lines with what was seen in them, in order."""
    processes = min(os.cpu_count() or 1, PROCESSES_LIMIT)
    if size_bytes < PARALLEL_FROM_BYTES or processes == 1:
        for chunk in _chunks(file):
            yield chunk, look(vkey, chunk)
        return
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
    ahead: deque[tuple[Chunk, Future[list[Seen]]]] = deque()
    try:
        for chunk in _chunks(file):
            ahead.append((chunk, pool.submit(look, vkey, chunk)))
            if len(ahead) > 2 * processes:
                oldest, future = ahead.popleft()
                yield oldest, future.result()
        for oldest, future in ahead:
            yield oldest, future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _chunks(file: IO[bytes]) -> Iterator[Chunk]:
    chunk: Chunk = []
    held_bytes = 0
    while line := file.readline(LINE_LIMIT_BYTES):
        chunk.append(line)
        held_bytes += len(line)
        if len(chunk) == CHUNK_LINES or held_bytes >= CHUNK_BYTES:
            yield chunk
            chunk, held_bytes = [], 0
    if chunk:
        yield chunk


@lru_cache(maxsize=4)
def _key(vkey: str) -> PublicKey:
    return PublicKey.parse(vkey)


def _record(line: bytes) -> Record:
    leaf = sha256(b"\x00" + line.removesuffix(b"\n")).digest()
    try:
        value = read_line(line)
    except Altered as error:
        return Record(leaf, -1, "", str(error))
    index, at = (value.get("index"), value.get("at")) if isinstance(value, dict) else (None, None)
    if type(index) is not int or not isinstance(at, str) or not is_time(at):
        return Record(leaf, -1, "", "it has no index or no time")
    return Record(leaf, index, at, "")


def _other(line: bytes, key: PublicKey) -> Tile | Checkpoint | SignedEnd | Damaged:
    try:
        if line.startswith(b"["):
            return Tile(*read_tile(line))
        written = read_note(line)
        note = Note.parse(written)
        if not note.text.startswith(PURPOSE + "\n"):
            return open_checkpoint(written, key)
        note.check(key)
        return SignedEnd.parse(note.text)
    except Altered as error:
        return Damaged(line[:1], str(error))

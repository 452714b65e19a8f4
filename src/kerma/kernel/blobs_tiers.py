"""Storage tiers: slower or cheaper places behind the hot one; blobs move down by rule and are read wherever they are.

``KERMA_BLOBS_TIERS`` names them: ``cold=s3://archive-cold/kerma,deep=file:///mnt/tape``. New bytes always go to the hot
place (``KERMA_BLOBS_URL``). A move copies, hashes the copy as it lies there, and only then deletes the original, so a
kill at any moment leaves at least one whole copy; repeating a move completes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kerma.errors import Altered, NotFound

if TYPE_CHECKING:
    from kerma.kernel.blobs import Blobs, Store

HOT = "hot"
CHUNK_BYTES = 1 << 20
_NAME = re.compile(r"[a-z][a-z0-9-]{0,15}")
_PLACE = re.compile(r"(file:///|memory:///|(s3|gs|az)://.)")


def parse(written: str) -> dict[str, str]:
    """Read ``name=url,name=url`` in the order of the tiers; raises ``ValueError`` with what is expected."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in written.split(","))):
        name, separator, url = part.partition("=")
        if not separator or not _NAME.fullmatch(name) or name == HOT or name in found or not _PLACE.match(url):
            raise ValueError("name=url pairs are expected, for instance cold=s3://bucket/prefix,deep=file:///mnt/deep")
        found[name] = url
    return found


class TieredStore:
    """One store made of a hot one, which takes every new object, and others that are read when it lacks one."""

    def __init__(self, hot: Store, tiers: Mapping[str, Store]) -> None:
        self.hot = hot
        self.tiers = dict(tiers)
        self._all = (hot, *self.tiers.values())

    def write(self, key: str, data: bytes) -> bool:
        """Put the object into the hot store."""
        return self.hot.write(key, data)

    def stage(self, chunks: Iterable[bytes]) -> str:
        """Write a temporary object of the hot store."""
        return self.hot.stage(chunks)

    def begin(self) -> tuple[str, Path, int]:
        """Open a temporary file for a writer of the hot store."""
        return self.hot.begin()

    def finish(self, temporary: str, key: str) -> None:
        """Publish a writer's file in the hot store."""
        self.hot.finish(temporary, key)

    def abandon(self, temporary: str) -> None:
        """Remove a writer's file."""
        self.hot.abandon(temporary)

    def publish(self, temporary: str, key: str) -> None:
        """Publish a temporary object in the hot store."""
        self.hot.publish(temporary, key)

    def discard(self, temporary: str) -> None:
        """Remove a temporary object."""
        self.hot.discard(temporary)

    def size(self, key: str) -> int | None:
        """Return the size of the first copy found, the hot store first."""
        return next((size for size in (store.size(key) for store in self._all) if size is not None), None)

    def settle(self, key: str) -> None:
        """Make durable what is found where it is found."""
        for store in self._all:
            if store.size(key) is not None:
                store.settle(key)
                return

    def stream(self, key: str, chunk_bytes: int, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield the content from the first store that has it, also when it is being moved at this moment."""
        for store in (*self._all, *self._all):
            chunks = iter(store.stream(key, chunk_bytes, start, length))
            try:
                first = next(chunks, b"")
            except FileNotFoundError:
                continue
            yield first
            yield from chunks
            return
        raise FileNotFoundError(key)

    def local_path(self, key: str) -> Path | None:
        """Return where the object lies on this machine, when its first copy does."""
        return next((store.local_path(key) for store in self._all if store.size(key) is not None), None)

    def delete(self, key: str) -> None:
        """Remove the object from every store that has it."""
        for store in self._all:
            if store.size(key) is not None:
                store.delete(key)

    def iterate(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield key and size of every object; one that is being moved may come twice."""
        for store in self._all:
            yield from store.iterate(prefix)

    def sweep(self) -> int:
        """Remove what dead writers left, in every store."""
        return sum(store.sweep() for store in self._all)


def tiered(hot: Store, written: str, open_store: Callable[[str], Store]) -> Store:
    """Return the hot store, with the tiers of the setting behind it if there are any."""
    urls = parse(written)
    return TieredStore(hot, {name: open_store(url) for name, url in urls.items()}) if urls else hot


def place_of(blobs: Blobs, sha256: str) -> str:
    """Return the tier in which a blob lies first; raises :class:`NotFound` when it lies nowhere."""
    key = _key(sha256)
    for name, store in _places(blobs).items():
        if store.size(key) is not None:
            return name
    raise NotFound(f"no bytes are kept under {sha256}; `kerma archive check` lists what is missing")


def move(blobs: Blobs, sha256: str, tier: str) -> int:
    """Move a blob to a tier, or back to ``hot``; returns its size. Doing it again completes or changes nothing.

    Raises
    ------
    NotFound
        There is no such tier, or no such blob.
    Altered
        The bytes no longer have this SHA-256: nothing was moved and nothing deleted.
    """
    key, places = _key(sha256), _places(blobs)
    target = places.get(tier)
    if target is None:
        known = ", ".join(places)
        raise NotFound(f"there is no storage tier '{tier}'; KERMA_BLOBS_TIERS names them, here: {known}")
    others = [store for name, store in places.items() if name != tier and store.size(key) is not None]
    if target.size(key) is None:
        if not others:
            raise NotFound(f"no bytes are kept under {sha256}; `kerma archive check` lists what is missing")
        target.publish(target.stage(others[0].stream(key, CHUNK_BYTES)), key)
    elif others:
        target.settle(key)
    if others and _hash_of(target, key) != sha256:
        if _hash_of(others[0], key) == sha256:
            target.delete(key)
            raise Altered(f"the copy of {sha256} in tier '{tier}' came out with other bytes; the original stays")
        raise Altered(f"the bytes kept under {sha256} have changed: nothing was moved; restore them from a backup")
    for store in others:
        with contextlib.suppress(FileNotFoundError):  # another process moved it at the same time
            store.delete(key)
    return target.size(key) or 0


def _places(blobs: Blobs) -> dict[str, Store]:
    store = blobs.store
    return {HOT: store.hot, **store.tiers} if isinstance(store, TieredStore) else {HOT: store}


def _key(sha256: str) -> str:
    from kerma.kernel.blobs import key_of

    return key_of(sha256)


def _hash_of(store: Store, key: str) -> str:
    digest = hashlib.sha256()
    for chunk in store.stream(key, CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()

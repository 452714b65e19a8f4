"""Backups: made while the server runs, whole or not at all, each costing only the bytes that are new since the last.

The database is snapshotted first and then every blob copied that the snapshot names: bytes are durable before a row
names them, and while a backup runs no deletion removes any (:mod:`kerma.kernel.blobs_removal`). The manifest is written
last, so a backup that was killed is none; the next one finds its blobs and goes on from there.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from kerma import __version__
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel import backup_format as layout
from kerma.kernel import clock as clocks
from kerma.kernel import migrate
from kerma.kernel.action import Act, Actor, Kernel, action
from kerma.kernel.backup_database import Snapshot, snapshot
from kerma.kernel.backup_format import Manifest, Part
from kerma.kernel.backup_model import DONE, FAILED, RUNNING, SILENT_S, backup_run
from kerma.kernel.blobs import CHUNK_BYTES, Blobs, Store, blob_columns, key_of
from kerma.kernel.blobs_removal import demand_known_tables
from kerma.kernel.database import metadata
from kerma.kernel.ledger import Head, read_head
from kerma.kernel.merkle import CompactRange
from kerma.kernel.notes import Checkpoint

COPY_THREADS = 6
AT_ONCE = 64
SIGN_OF_LIFE_S = 15.0
PRIVATE_MODE = 0o600
UNFINISHED_KEPT = timedelta(days=1)
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Made:
    """A finished backup."""

    manifest: Manifest
    copied: int
    """Blobs that were new and were copied; the others lay there already."""
    copied_bytes: int


def make(
    kernel: Kernel,
    actor: Actor,
    *,
    out: str,
    with_keys: bool = False,
    progress: Progress = lambda done, total: None,
) -> Made:
    """Make a backup into a folder or a bucket, which may hold earlier ones.

    Raises
    ------
    WrongUsage
        The place is the archive's own, or keys are asked for into a bucket.
    Conflict
        Another backup of this database is under way.
    """
    target = _target(kernel, out, with_keys)
    name = _name(kernel.clock.now())
    number = begin(kernel, actor, name=name)
    try:
        with _signs_of_life(kernel, number):
            made = _make(kernel, target, name, with_keys, progress)
    except BaseException as error:
        finish(kernel, actor, number=number, made=None, detail=f"{type(error).__name__}: {error}"[:1000])
        raise
    finish(kernel, actor, number=number, made=made, detail="")
    return made


def _target(kernel: Kernel, out: str, with_keys: bool) -> Store:
    if "://" not in out:
        Path(out).expanduser().mkdir(mode=0o700, parents=True, exist_ok=True)
    store = Blobs(_as_url(out)).store
    if out.rstrip("/") in {url.rstrip("/") for url in (kernel.settings.blobs_url, str(kernel.settings.home))}:
        raise WrongUsage("a backup beside the archive is lost with it: choose a folder on another disk, or a bucket")
    if with_keys and store.local_path("") is None:
        raise WrongUsage("keys go into a folder only you can read, never into a bucket: leave --with-keys out")
    return store


def _as_url(out: str) -> str:
    return out if "://" in out else f"file://{Path(out).expanduser().absolute()}"


def _name(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H-%M-%S-%fZ")


@action("backup.make")
def begin(act: Act, *, name: str) -> int:
    """Make a backup of the database and of all bytes it names."""
    since = clocks.text(act.at - timedelta(seconds=SILENT_S))
    running = sa.select(backup_run.c.name).where(backup_run.c.state == RUNNING, backup_run.c.alive_at > since)
    other = act.connection.execute(running.limit(1)).scalar_one_or_none()
    if other is not None:
        raise Conflict(f"backup {other} is under way; if it was killed, wait {SILENT_S:.0f} s after that")
    dead = sa.update(backup_run).where(backup_run.c.state == RUNNING)
    act.connection.execute(dead.values(state=FAILED, ended_at=act.at_text, detail="it gave no more sign of life"))
    values = {"name": name, "state": RUNNING, "begun_at": act.at_text, "alive_at": act.at_text}
    number = act.connection.execute(sa.insert(backup_run).values(values).returning(backup_run.c.id)).scalar_one()
    act.record(backup=name)
    return int(number)


@action("backup.finish")
def _finish(act: Act, *, number: int, made: Made | None, detail: str) -> None:
    """Note how a backup ended."""
    values: dict[str, str | int] = {"state": FAILED, "ended_at": act.at_text, "detail": detail}
    if made is not None:
        facts = made.manifest
        values |= {
            "state": DONE,
            "ledger_size": facts.ledger_size,
            "blob_count": facts.blob_count,
            "size_bytes": facts.blob_bytes + sum(part.size_bytes for part in facts.database),
        }
        act.record(ledger_size=facts.ledger_size, blobs=facts.blob_count, unreadable=facts.unreadable_count)
        act.record(blobs_sha256=facts.blobs.sha256, with_keys=bool(facts.keys))
    act.connection.execute(sa.update(backup_run).where(backup_run.c.id == number).values(values))
    act.record(backup_id=number, result=values["state"])


def finish(kernel: Kernel, actor: Actor, *, number: int, made: Made | None, detail: str) -> None:
    """Note how a backup ended: whoever may make one may end it."""
    ending = Actor(actor.kind, actor.id, actor.name, actor.permissions | {_finish.name})
    _finish(kernel, ending, number=number, made=made, detail=detail)


@contextmanager
def _signs_of_life(kernel: Kernel, number: int) -> Iterator[None]:
    """Note every few seconds that the backup lives, so that removals wait for it and for no dead one."""
    ends = threading.Event()

    def beat() -> None:
        while not ends.wait(SIGN_OF_LIFE_S):
            alive = {"alive_at": clocks.text(kernel.clock.now())}
            with kernel.database.write() as connection:
                connection.execute(sa.update(backup_run).where(backup_run.c.id == number).values(alive))

    beating = threading.Thread(target=beat, name="kerma-backup", daemon=True)
    beating.start()
    try:
        yield
    finally:
        ends.set()
        beating.join()


def _make(kernel: Kernel, target: Store, name: str, with_keys: bool, progress: Progress) -> Made:
    _sweep(target, kernel.clock.now())
    kernel.ledger.checkpoint(kernel.database)
    with snapshot(kernel.database, kernel.settings.home) as taken:
        demand_known_tables(taken.connection)
        parts = [layout.put(target, name, path, chunks) for path, chunks in taken.parts()]
        checkpoint = _checkpoint(kernel, taken)
        copying = _Copying(kernel, target, progress)
        listed = layout.put(target, name, layout.BLOB_LIST, copying.lines(taken))
        sequences = taken.sequences()
    public = kernel.ledger.signer.public
    manifest = Manifest(
        name=name,
        made_at=clocks.text(kernel.clock.now()),
        kerma=__version__,
        backend="sqlite" if kernel.database.is_sqlite else "postgresql",
        revision=migrate.HEAD,
        vkey=public.vkey,
        checkpoint=kernel.ledger.signer.sign(checkpoint.text),
        ledger_size=checkpoint.size,
        database=parts,
        sequences=sequences,
        blobs=listed,
        blob_count=copying.blobs,
        blob_bytes=copying.size_bytes,
        keys=_keys(kernel, target, name) if with_keys else [],
        unreadable_count=copying.unreadable,
    )
    layout.put(target, name, layout.MANIFEST, [manifest.note(kernel.ledger.signer).encode("utf-8")])
    return Made(manifest, copying.copied, copying.copied_bytes)


def _checkpoint(kernel: Kernel, taken: Snapshot) -> Checkpoint:
    """Return the snapshot's own state of the ledger: all of it is durable, so it may be signed."""
    head = read_head(taken.connection) or Head(CompactRange(), "", 0, "", "")
    at = max(head.at, clocks.text(kernel.clock.now()))
    return Checkpoint(kernel.ledger.signer.public.name, head.tree.size, head.tree.root(), at)


def _keys(kernel: Kernel, target: Store, name: str) -> list[Part]:
    parts = []
    for path in sorted((kernel.settings.home / "keys").iterdir()):
        part = layout.put(target, name, f"keys/{path.name}", [path.read_bytes()])
        local = target.local_path(layout.key_in(name, part.path))
        if local is not None:
            local.chmod(PRIVATE_MODE)
        parts.append(part)
    return parts


def _sweep(target: Store, now: datetime) -> None:
    """Remove what a backup that was killed left beside its blobs, a day later."""
    whole = [manifest.name for manifest in layout.manifests(target)]
    limit = _name(now - UNFINISHED_KEPT)
    for name, keys in layout.unfinished(target, whole).items():
        if name < limit:
            for key in keys:
                target.delete(key)


class _Copying:
    """Copies what the place lacks, and writes down all that the snapshot names."""

    def __init__(self, kernel: Kernel, target: Store, progress: Progress) -> None:
        self._kernel = kernel
        self._target = target
        self._progress = progress
        self.blobs = self.size_bytes = self.copied = self.copied_bytes = self.unreadable = 0

    def lines(self, taken: Snapshot) -> Iterator[bytes]:
        """Copy, and yield one line for each blob, in order of the addresses."""
        total = count_named(taken.connection)
        done = 0
        with ThreadPoolExecutor(COPY_THREADS, thread_name_prefix="kerma-backup") as pool:
            for prefix, addresses in itertools.groupby(named(taken.connection), lambda address: address[:2]):
                lying = {key.rsplit("/", 1)[-1]: size for key, size in self._target.iterate(f"blobs/{prefix}")}
                for some in _some(addresses):
                    for address, size_bytes, is_new in pool.map(self._copy, some, itertools.repeat(lying)):
                        done += 1
                        self._progress(done, total)
                        yield self._line(address, size_bytes, is_new)

    def _line(self, address: str, size_bytes: int | None, is_new: bool) -> bytes:
        if size_bytes is None:
            self.unreadable += 1
            return f"{address} -\n".encode("ascii")
        self.blobs += 1
        self.size_bytes += size_bytes
        self.copied += is_new
        self.copied_bytes += size_bytes if is_new else 0
        return f"{address} {size_bytes}\n".encode("ascii")

    def _copy(self, address: str, lying: dict[str, int]) -> tuple[str, int | None, bool]:
        if address in lying:
            return address, lying[address], False
        return (address, *copy_blob(self._kernel.blobs, self._target, address))


def copy_blob(blobs: Blobs, target: Store, address: str) -> tuple[int | None, bool]:
    """Copy one blob, hashed on the way; no size when it is gone or no longer what its address says."""
    try:
        digest = layout.Counted(blobs.stream(address))
        temporary = target.stage(digest)
    except (NotFound, FileNotFoundError):
        return None, False
    if digest.hexdigest() != address:
        target.discard(temporary)
        return None, False
    target.publish(temporary, key_of(address))
    return digest.size_bytes, True


def named(connection: sa.Connection) -> Iterator[str]:
    """Yield every address that a row names, once, in order."""
    statement = _named().order_by(sa.text("1"))
    for (address,) in connection.execute(statement, execution_options={"yield_per": 10_000}):
        yield address


def count_named(connection: sa.Connection) -> int:
    """Return how many addresses rows name."""
    return connection.scalar(sa.select(sa.func.count()).select_from(_named().subquery())) or 0


def _named() -> sa.CompoundSelect[str]:
    columns = blob_columns(metadata)
    return sa.union(*(sa.select(column.label("sha256")).where(column != "", column.is_not(None)) for column in columns))


def _some(addresses: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(addresses)
    while some := list(itertools.islice(waiting, AT_ONCE)):
        yield some


def hash_of(store: Store, key: str) -> str:
    """Return the SHA-256 of an object as it lies there; empty when it is not there."""
    digest = hashlib.sha256()
    try:
        for chunk in store.stream(key, CHUNK_BYTES):
            digest.update(chunk)
    except FileNotFoundError:
        return ""
    return digest.hexdigest()

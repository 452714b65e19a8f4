"""Restore: an empty home becomes what it was, every hash checked, or stays unusable until it does.

A marker stands in the home until all is done, so that nothing opens a half-restored one; a restore that was killed is
started again and goes on. An old backup passed off as the newest state is a roll-back attack: a backup older than a
newest checkpoint that is known (kept elsewhere, or from a later backup of the same place) is refused unless asked for.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice, repeat
from pathlib import Path

import sqlalchemy as sa

from kerma.errors import Altered, Conflict, NotFound, Unusable, WrongUsage
from kerma.kernel import backup_format as layout
from kerma.kernel import migrate
from kerma.kernel.action import Act, Actor, Kernel, action
from kerma.kernel.backup import hash_of
from kerma.kernel.backup_database import is_empty, put_back
from kerma.kernel.backup_format import Manifest
from kerma.kernel.backup_model import FAILED, RUNNING, backup_run
from kerma.kernel.blobs import CHUNK_BYTES, Blobs, Store, key_of
from kerma.kernel.database import Database
from kerma.kernel.ledger_key import PUBLIC_KEY_FILE
from kerma.kernel.notes import Checkpoint, open_checkpoint
from kerma.kernel.settings import Settings

MARKER = "restoring.json"
COPY_THREADS = 6
AT_ONCE = 64
PRIVATE_MODE = 0o600
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Asked:
    """What to restore and what is known of it."""

    source: str
    """The place of the backups: a folder or a bucket."""
    name: str = ""
    """Which backup; the newest when empty."""
    key: str = ""
    """The ledger's public key, obtained by another way."""
    witness: str = ""
    """A checkpoint kept elsewhere."""
    accepts_older: bool = False


@dataclass(frozen=True)
class Chosen:
    """A backup that may be restored: its signature, age and checkpoint have been looked at."""

    manifest: Manifest
    store: Store
    checkpoint: Checkpoint
    witness: Checkpoint | None
    newest_known_size: int

    @property
    def is_older(self) -> bool:
        """Whether a later state of the same ledger is known."""
        return self.newest_known_size > self.checkpoint.size

    @property
    def revision(self) -> str:
        """The step of the database's tables."""
        return self.manifest.revision

    @property
    def sequences(self) -> dict[str, int]:
        """The last number each table has given."""
        return self.manifest.sequences


@dataclass
class Restored:
    """What a restore (or a mere check) found."""

    manifest: Manifest
    blobs: int = 0
    size_bytes: int = 0
    missing: list[str] = field(default_factory=list)
    """Blobs the archive itself lacked when the backup was made."""

    @property
    def has_keys(self) -> bool:
        """Whether the keys came with it."""
        return bool(self.manifest.keys)


def choose(asked: Asked) -> Chosen:
    """Find the backup and decide whether it may be restored.

    Raises
    ------
    NotFound
        There is no whole backup there, or none of this name.
    Altered
        It was changed, or it is signed with another key than the one given.
    Conflict
        A later state of the same ledger is known, and an older one was not asked for.
    """
    if "://" not in asked.source and not Path(asked.source).is_dir():
        raise NotFound(f"there is no folder {asked.source}")
    store = Blobs(asked.source if "://" in asked.source else f"file://{Path(asked.source).absolute()}").store
    whole = layout.manifests(store)
    if not whole:
        raise NotFound(f"no whole backup lies in {asked.source}")
    manifest = next((one for one in whole if one.name == asked.name), None) if asked.name else whole[-1]
    if manifest is None:
        raise NotFound(f"no backup {asked.name} lies there; there are {', '.join(one.name for one in whole[-20:])}")
    if asked.key and asked.key.strip() != manifest.vkey:
        raise Altered(f"backup {manifest.name} is signed with {manifest.vkey}, not with the key given")
    checkpoint = manifest.open_checkpoint()
    witness = open_checkpoint(asked.witness, manifest.key) if asked.witness else None
    sizes = [one.ledger_size for one in whole if one.vkey == manifest.vkey]
    known = max([*sizes, witness.size if witness else 0])
    chosen = Chosen(manifest, store, checkpoint, witness, known)
    if chosen.is_older and not asked.accepts_older:
        raise Conflict(
            f"backup {manifest.name} holds {checkpoint.size} records of the ledger, but a state with {known} is known: "
            "restoring it loses what came after. Take the newest backup, or say --accept-older"
        )
    return chosen


def check(chosen: Chosen, progress: Progress = lambda done, total: None) -> Restored:
    """Read the whole backup and compare every hash; changes nothing."""
    result = Restored(chosen.manifest)
    for part in (*chosen.manifest.database, *chosen.manifest.keys):
        for _ in layout.checked(chosen.store, chosen.manifest.name, part):
            pass
    _each_blob(chosen, result, _is_good, progress)
    return result


def restore(settings: Settings, chosen: Chosen, progress: Progress = lambda done, total: None) -> Restored:
    """Put a backup into an empty home and an empty database.

    Raises
    ------
    Conflict
        Home or database are not empty.
    WrongUsage
        The backup is of the other kind of database.
    Altered
        Something in the backup is not what its manifest says; the home stays marked as unfinished.
    """
    database = Database(settings.database_url)
    try:
        _demand_fitting(settings, database, chosen.manifest)
        _mark(settings.home, chosen.manifest)
        result = Restored(chosen.manifest)
        target = Blobs(settings.blobs_url).store
        _each_blob(chosen, result, lambda store, address: _bring(store, target, address), progress)
        _bring_keys(chosen, settings.home)
        if is_empty(database):  # otherwise a restore that was killed had come that far: the database comes whole or not
            parts = [
                (part.path, layout.checked(chosen.store, chosen.manifest.name, part))
                for part in chosen.manifest.database
            ]
            put_back(database, parts, chosen)
    finally:
        database.close()
    (settings.home / MARKER).unlink()
    return result


def demand_complete(home: Path) -> None:
    """Refuse to open a home whose restore has not been finished.

    Raises
    ------
    Conflict
        The marker of a restore is there.
    """
    if (home / MARKER).exists():
        name = json.loads((home / MARKER).read_text("utf-8"))["backup"]
        raise Conflict(f"{home} is half restored from backup {name}: run the same `kerma restore` again to finish it")


@dataclass(frozen=True)
class BackupRestored:
    """An installation has just been restored: all bytes lie in the hot place, whatever rows say."""

    name: str


@action("backup.restore")
def record(act: Act, *, manifest: Manifest, is_older: bool) -> None:
    """Note in the ledger that this installation was restored from a backup."""
    dead = sa.update(backup_run).where(backup_run.c.state == RUNNING)
    act.connection.execute(dead.values(state=FAILED, ended_at=act.at_text, detail="this is its own snapshot, restored"))
    act.publish(BackupRestored(manifest.name))
    act.record(backup=manifest.name, ledger_size=manifest.ledger_size, accepted_older=is_older)


def note_in_ledger(kernel: Kernel, actor: Actor, chosen: Chosen) -> None:
    """Record the restore in the restored ledger, which needs its key."""
    record(kernel, actor, manifest=chosen.manifest, is_older=chosen.is_older)


def _demand_fitting(settings: Settings, database: Database, manifest: Manifest) -> None:
    backend = "sqlite" if database.is_sqlite else "postgresql"
    if backend != manifest.backend:
        raise WrongUsage(f"the backup is of {manifest.backend}, KERMA_DATABASE_URL names {backend}: set it accordingly")
    if manifest.revision > migrate.HEAD:
        raise Unusable(f"the backup was made by a newer Kerma ({manifest.kerma}): install that version first")
    marker = settings.home / MARKER
    if marker.exists():
        begun = json.loads(marker.read_text("utf-8"))["backup"]
        if begun != manifest.name:
            raise Conflict(
                f"{settings.home} is half restored from backup {begun}: finish that one, or empty the folder"
            )
        return
    if settings.home.exists() and any(settings.home.iterdir()):
        raise Conflict(f"{settings.home} is not empty: a backup is restored into an empty home only (KERMA_HOME)")
    if not is_empty(database):
        raise Conflict("the database holds tables already: a backup is restored into an empty one only")


def _mark(home: Path, manifest: Manifest) -> None:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_private(home / MARKER, [json.dumps({"backup": manifest.name}).encode("utf-8")])


def _write_private(path: Path, chunks: Iterator[bytes] | list[bytes]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def _bring_keys(chosen: Chosen, home: Path) -> None:
    for part in chosen.manifest.keys:
        path = home / "keys" / part.path.rsplit("/", 1)[-1]
        _write_private(path, layout.checked(chosen.store, chosen.manifest.name, part))
    if not chosen.manifest.keys:  # so that no start makes a new key in place of the one that is missing
        _write_private(home / "keys" / PUBLIC_KEY_FILE, [f"{chosen.manifest.vkey}\n".encode("ascii")])


def _each_blob(chosen: Chosen, result: Restored, do: Callable[[Store, str], bool], progress: Progress) -> None:
    """Do something with every blob on the list, in a few threads; what is not as it should be ends it."""
    manifest, done = chosen.manifest, 0
    total = manifest.blob_count + manifest.unreadable_count
    lines = _lines(layout.checked(chosen.store, manifest.name, manifest.blobs))
    with ThreadPoolExecutor(COPY_THREADS, thread_name_prefix="kerma-restore") as pool:
        while some := list(islice(lines, AT_ONCE)):
            listed = [(address, size) for address, size in some if size != "-"]
            result.missing += [address for address, size in some if size == "-"]
            addresses = [address for address, _ in listed]
            for address, is_good in zip(addresses, pool.map(do, repeat(chosen.store), addresses), strict=False):
                if not is_good:
                    raise Altered(f"blob {address} of the backup is missing or was changed")
            result.blobs += len(listed)
            result.size_bytes += sum(int(size) for _, size in listed)
            done += len(some)
            progress(done, total)


def _lines(chunks: Iterator[bytes]) -> Iterator[tuple[str, str]]:
    left = b""
    for chunk in chunks:
        *whole, left = (left + chunk).split(b"\n")
        for line in whole:
            address, _, size = line.decode("ascii").partition(" ")
            yield address, size
    if left:
        raise Altered("the list of blobs of the backup is cut")


def _is_good(store: Store, address: str) -> bool:
    return hash_of(store, key_of(address)) == address


def _bring(source: Store, target: Store, address: str) -> bool:
    """Bring a blob home, unless it is there already and right."""
    key = key_of(address)
    if hash_of(target, key) == address:
        return True
    digest = layout.Counted(source.stream(key, CHUNK_BYTES))
    try:
        temporary = target.stage(digest)
    except FileNotFoundError:
        return False
    if digest.hexdigest() != address:
        target.discard(temporary)
        return False
    target.publish(temporary, key)
    return True

"""How a backup lies in its place: blobs once for all backups, and for each backup a folder whose manifest comes last.

::

    blobs/ab/cd/<sha256>                     shared by every backup of this place, written once
    backups/<name>/database/<part>           the database as one snapshot
    backups/<name>/blobs.txt                 every blob it needs: SHA-256 and size, one a line, sorted
    backups/<name>/keys/<file>               only when asked for
    backups/<name>/manifest.note             signed; written last: without it there is no backup

The manifest is a signed note whose text is one line of words and one line of canonical JSON.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from kerma.errors import Altered, NotFound, Unusable
from kerma.kernel.blobs import CHUNK_BYTES, Store
from kerma.kernel.ledger_key import Signer
from kerma.kernel.notes import Checkpoint, Note, PublicKey, open_checkpoint

VERSION = 1
FIRST_LINE = "kerma-backup/v1"
BACKUPS = "backups"
MANIFEST = "manifest.note"
BLOB_LIST = "blobs.txt"
MOST_MANIFEST_BYTES = 65_536
_NAME = re.compile(r"[0-9A-Za-z-]{1,64}")
_PATH = re.compile(r"blobs\.txt|(database|keys)/[0-9A-Za-z_-][0-9A-Za-z._-]{0,99}")


@dataclass(frozen=True)
class Part:
    """One object of a backup: its path below the backup's folder, and what it must hash to."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Manifest:
    """What a backup holds, signed by the ledger's key."""

    name: str
    made_at: str
    kerma: str
    """The version of Kerma that made it."""
    backend: str
    """"sqlite" or "postgresql"."""
    revision: str
    """The step of the database's tables."""
    vkey: str
    checkpoint: str
    """A signed checkpoint of the ledger as the snapshot holds it."""
    ledger_size: int
    database: list[Part]
    sequences: dict[str, int]
    """PostgreSQL: the last number each table has given."""
    blobs: Part
    blob_count: int
    blob_bytes: int
    keys: list[Part] = field(default_factory=list)
    unreadable_count: int = 0
    """Blobs that the archive itself no longer had, or had with other content, and that are therefore missing here."""

    def note(self, signer: Signer) -> str:
        """Return the manifest as it is stored."""
        body = json.dumps({"version": VERSION, **asdict(self)}, sort_keys=True, separators=(",", ":"))
        return signer.sign(f"{FIRST_LINE}\n{body}\n")

    @property
    def key(self) -> PublicKey:
        """The public key that it says it is signed with."""
        return PublicKey.parse(self.vkey)

    def open_checkpoint(self) -> Checkpoint:
        """Return the ledger's checkpoint, its signature checked."""
        return open_checkpoint(self.checkpoint, self.key)


def read_manifest(written: str) -> Manifest:
    """Read a manifest and check its signature with the key it names.

    Raises
    ------
    Unusable
        It is no manifest of a backup, or of a newer Kerma.
    Altered
        It was changed after it was signed.
    """
    note = Note.parse(written)
    first, _, body = note.text.partition("\n")
    try:
        facts: dict[str, Any] = json.loads(body) if first == FIRST_LINE else {}
    except json.JSONDecodeError as error:
        raise Altered("the manifest of the backup is damaged: its JSON does not parse") from error
    if facts.pop("version", None) != VERSION:
        raise Unusable(f"this is no backup that this Kerma reads ({first[:40]!r}); use the version that made it")
    try:
        parts = {name: [Part(**part) for part in facts[name]] for name in ("database", "keys")}
        manifest = Manifest(**{**facts, **parts, "blobs": Part(**facts["blobs"])})
    except (KeyError, TypeError) as error:
        raise Unusable("the manifest of the backup lacks something; use the version of Kerma that made it") from error
    note.check(manifest.key)
    paths = [part.path for part in (*manifest.database, *manifest.keys, manifest.blobs)]
    if not _NAME.fullmatch(manifest.name) or not all(_PATH.fullmatch(path) for path in paths):
        raise Unusable("the manifest of the backup names objects outside the backup: it was not made by Kerma")
    return manifest


def manifests(store: Store) -> list[Manifest]:
    """Return every whole backup of a place, the oldest first; one whose manifest is damaged raises :class:`Altered`."""
    return [read_manifest(read(store, key).decode("utf-8")) for key in sorted(_manifest_keys(store))]


def _manifest_keys(store: Store) -> Iterator[str]:
    for key, size_bytes in store.iterate(BACKUPS):
        if key.endswith(f"/{MANIFEST}") and size_bytes <= MOST_MANIFEST_BYTES:
            yield key


def unfinished(store: Store, whole: Iterable[str]) -> dict[str, list[str]]:
    """Return the objects of backups that never got their manifest, by name."""
    found: dict[str, list[str]] = {}
    for key, _ in store.iterate(BACKUPS):
        found.setdefault(key.split("/")[1], []).append(key)
    return {name: keys for name, keys in found.items() if name not in set(whole)}


def key_in(name: str, path: str) -> str:
    """Return the key of an object of a backup."""
    return f"{BACKUPS}/{name}/{path}"


def read(store: Store, key: str) -> bytes:
    """Return an object whole: manifests and keys only, which are short."""
    try:
        return b"".join(store.stream(key, CHUNK_BYTES))
    except FileNotFoundError as error:
        raise NotFound(f"the backup lacks {key}") from error


def put(store: Store, name: str, path: str, chunks: Iterable[bytes]) -> Part:
    """Store an object of a backup, hashed on the way."""
    digest = Counted(chunks)
    store.publish(store.stage(digest), key_in(name, path))
    return Part(path, digest.hexdigest(), digest.size_bytes)


def checked(store: Store, name: str, part: Part) -> Iterator[bytes]:
    """Yield the content of an object, and raise :class:`Altered` at its end when it is not what the manifest says."""
    digest = Counted(store.stream(key_in(name, part.path), CHUNK_BYTES))
    try:
        yield from digest
    except FileNotFoundError as error:
        raise Altered(f"backup {name} lacks {part.path}: it was removed after it was made") from error
    if (digest.hexdigest(), digest.size_bytes) != (part.sha256, part.size_bytes):
        raise Altered(f"{part.path} of backup {name} was changed: it no longer has the SHA-256 of the manifest")


class Counted:
    """Passes chunks on, hashes and counts them on the way."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._hash.update(chunk)
            self.size_bytes += len(chunk)
            yield chunk

    def hexdigest(self) -> str:
        """The SHA-256 of what has passed."""
        return self._hash.hexdigest()

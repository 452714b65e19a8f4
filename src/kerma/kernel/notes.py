"""Signed notes, checkpoints and keys in the C2SP formats (signed-note, tlog-checkpoint), with Ed25519.

::

    kerma/3f9c2a51d07be684                              origin: which ledger
    1204                                                how many records
    mxdhx1O5G1gWdbX1zKs9hWDhgzq4MmAvN5M7gqjfBTk=        root of their Merkle tree
    time 2026-11-23T10:15:00.123456Z                    no record before this one is later, none after is earlier

    — kerma/3f9c2a51d07be684 Az3grl…                    key id (4 bytes) and signature over the four lines

A public key is written ``name+key id+base64`` (the *vkey*); whoever holds it can check, nobody can sign with it. The
secret half is :class:`kerma.kernel.ledger_key.Signer`.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kerma.errors import Altered, Unusable

ED25519 = b"\x01"
"""Signature type byte of C2SP signed-note."""

KEY_ID_BYTES = 4
SIGNATURE_LINE = "— "
NOTE_LIMIT_BYTES = 65_536
SIGNATURES_LIMIT = 64
SIZE_LIMIT = 2**63

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f]")
_DECIMAL = re.compile("0|[1-9][0-9]{0,18}")
_TIME = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z")


@dataclass(frozen=True)
class PublicKey:
    """The key that checks the signatures of one ledger."""

    name: str
    raw: bytes

    def __post_init__(self) -> None:
        if not is_name(self.name):
            raise Unusable(f"{self.name!r} cannot be a key's name: no spaces and no '+'")
        if len(self.raw) != 32:
            raise Unusable(f"an Ed25519 public key has 32 bytes, this one has {len(self.raw)}")

    @cached_property
    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)

    @cached_property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, line feed, type, key)."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:KEY_ID_BYTES]

    @property
    def vkey(self) -> str:
        """The key as one line of text, safe to print, mail and compare."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(ED25519 + self.raw).decode()}"

    @classmethod
    def parse(cls, vkey: str) -> PublicKey:
        """Read a key from its one line of text.

        Raises
        ------
        Unusable
            The text is no such key, or its parts do not belong together.
        """
        parts = vkey.strip().split("+", 2)
        if len(parts) != 3:
            raise Unusable("a public key reads name+key id+base64, as `kerma ledger key` prints it")
        name, key_id, encoded = parts
        body = read_base64(encoded)
        if body is None or body[:1] != ED25519:
            raise Unusable(f"the public key of '{name}' is not an Ed25519 key in base64")
        key = cls(name, body[1:])
        if key.key_id.hex() != key_id:
            raise Unusable(
                f"the public key of '{name}' has been damaged: its key id is {key.key_id.hex()}, not {key_id}"
            )
        return key

    def signed(self, signature: bytes, message: bytes) -> bool:
        """Return whether the holder of the secret half signed exactly these bytes."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Signature:
    """One signature line of a note: who says to have signed, and the bytes."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class Note:
    """A text and the signatures under it, taken apart but not yet checked."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, written: str) -> Note:
        """Take a signed note apart.

        Raises
        ------
        Altered
            The text is not in the form of a signed note.
        """
        if len(written) > NOTE_LIMIT_BYTES or _CONTROL.search(written) or not written.endswith("\n"):
            raise Altered("this is no signed note: too long, with control characters, or cut")
        text, blank, signatures = written.rpartition("\n\n")
        lines = signatures.split("\n")[:-1]
        if not blank or not text or not 1 <= len(lines) <= SIGNATURES_LIMIT:
            raise Altered("this is no signed note: an empty line and 1 to 64 signature lines must close it")
        return cls(text + "\n", tuple(_signature(line) for line in lines))

    def check(self, key: PublicKey) -> None:
        """Check that the holder of a key has signed the text; signatures of other keys are ignored.

        Raises
        ------
        Altered
            There is no signature by this key, or it does not fit the text.
        """
        own = [part for part in self.signatures if part.name == key.name and part.key_id == key.key_id]
        if not own:
            names = ", ".join(sorted({part.name for part in self.signatures}))
            raise Altered(f"not signed by {key.name} (key id {key.key_id.hex()}), but by {names}")
        message = self.text.encode("utf-8")
        if not all(key.signed(part.signature, message) for part in own):
            raise Altered(f"the signature of {key.name} does not fit the text: one of them was changed")


@dataclass(frozen=True)
class Checkpoint:
    """What a ledger says of itself at one moment: its size and the root over all its records."""

    origin: str
    size: int
    root: bytes
    at: str
    """When it was signed, as RFC 3339 text with microseconds; "" when a foreign checkpoint does not say."""

    @property
    def text(self) -> str:
        """The lines that are signed."""
        time = f"time {self.at}\n" if self.at else ""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n{time}"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint note.

        Raises
        ------
        Altered
            The text is not in the form of a checkpoint.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]) or not is_name(lines[0]):
            raise Altered("this is no checkpoint: origin, size and root must stand on three lines")
        origin, size, encoded, *more = lines[:-1]
        root = read_base64(encoded)
        if not _DECIMAL.fullmatch(size) or int(size) >= SIZE_LIMIT:
            raise Altered(f"the checkpoint's size {size[:32]!r} is not a plain whole number")
        if root is None or len(root) != 32:
            raise Altered("the checkpoint's root is not the base64 of 32 bytes")
        times = [line.removeprefix("time ") for line in more if line.startswith("time ")]
        if len(times) > 1 or any(not is_time(time) for time in times):
            raise Altered("the checkpoint's time is not in the form 2026-11-23T10:15:00.123456Z")
        return cls(origin, int(size), root, times[0] if times else "")


def is_name(name: str) -> bool:
    """Return whether a text can name a key or a ledger (C2SP signed-note: no space, no plus)."""
    return bool(name) and "+" not in name and not any(letter.isspace() or not letter.isprintable() for letter in name)


def is_time(text: str) -> bool:
    """Return whether a text has the one form of time that is stored and signed."""
    return bool(_TIME.fullmatch(text))


def open_checkpoint(written: str, key: PublicKey) -> Checkpoint:
    """Read a checkpoint note whose origin and signature must be those of the key.

    Raises
    ------
    Altered
        It is no checkpoint, or of another ledger, or not signed by the key.
    """
    note = Note.parse(written)
    note.check(key)
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != key.name:
        raise Altered(f"the checkpoint speaks of ledger '{checkpoint.origin}', the key belongs to '{key.name}'")
    return checkpoint


def _signature(line: str) -> Signature:
    parts = line.removeprefix(SIGNATURE_LINE).split(" ") if line.startswith(SIGNATURE_LINE) else []
    body = read_base64(parts[1]) if len(parts) == 2 else None
    if body is None or len(body) <= KEY_ID_BYTES or not is_name(parts[0]):
        raise Altered(f"the signature line {line[:60]!r} does not read '— name base64'")
    return Signature(parts[0], body[:KEY_ID_BYTES], body[KEY_ID_BYTES:])


def read_base64(text: str) -> bytes | None:
    """Return the bytes, or None where the text is not the one base64 spelling of any bytes."""
    try:
        body = b64decode(text, validate=True)
    except ValueError:
        return None
    return body if b64encode(body).decode() == text else None

"""Signed checkpoints and proofs of the ledger (C2SP signed-note, tlog-checkpoint, tlog-proof; RFC 9162)."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass

from .ed25519 import is_signed

PROOF_HEAD = "c2sp.org/tlog-proof@v1"
PROOF_LIMIT = 63
KEY_ID_BYTES = 4


class WrongError(Exception):
    """Something is not as it was signed; the message says what."""


@dataclass(frozen=True)
class Key:
    """The public key of one ledger."""

    name: str
    key_id: bytes
    raw: bytes

    @classmethod
    def parse(cls, written: str) -> Key:
        """Read ``name+key id+base64``; raises :class:`WrongError` when the parts do not belong together."""
        parts = written.strip().split("+", 2)
        body = _base64(parts[2]) if len(parts) == 3 else b""
        if len(parts) != 3 or len(body) != 33 or body[:1] != b"\x01":
            raise WrongError("the public key does not read name+key id+base64 of an Ed25519 key")
        key_id = hashlib.sha256(parts[0].encode() + b"\n" + body).digest()[:KEY_ID_BYTES]
        if key_id.hex() != parts[1]:
            raise WrongError("the public key has been damaged: its key id does not fit")
        return cls(parts[0], key_id, body[1:])


@dataclass(frozen=True)
class Proven:
    """A record that is in the ledger: its place, and the signed moment from which it is known to be there."""

    index: int
    size: int
    checkpoint_at: str


class Checker:
    """Checks proofs under one key; a checkpoint's signature is checked once, however many proofs end in it."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self._open: dict[str, tuple[int, bytes, str]] = {}

    def prove(self, record: bytes, proof: str) -> Proven:
        """Return where a record stands in the ledger; raises :class:`WrongError` when the proof does not hold."""
        head, blank, note = proof.partition("\n\n")
        lines = head.split("\n")
        if not blank or len(lines) < 2 or lines[0] != PROOF_HEAD or not lines[1].startswith("index "):
            raise WrongError("the proof is not in the form of a tlog-proof")
        written = lines[1][len("index ") :]
        if not (written.isdigit() and written.isascii() and str(int(written)) == written):
            raise WrongError("the proof's index is not a plain whole number")
        size, root, at = self._checkpoint(note)
        hashes = [_base64(line) for line in lines[2:]]
        _check_inclusion(hashlib.sha256(b"\x00" + record).digest(), int(written), size, root, hashes)
        return Proven(int(written), size, at)

    def _checkpoint(self, note: str) -> tuple[int, bytes, str]:
        if note not in self._open:
            self._open[note] = self._opened(note)
        return self._open[note]

    def _opened(self, note: str) -> tuple[int, bytes, str]:
        text, blank, signatures = note.rpartition("\n\n")
        text += "\n"
        signed = [line.split(" ") for line in signatures.split("\n")[:-1]] if blank and note.endswith("\n") else []
        own = [_base64(one[2]) for one in signed if len(one) == 3 and one[0] == "—" and one[1] == self.key.name]
        own = [one for one in own if one[:KEY_ID_BYTES] == self.key.key_id]
        if not own or any(len(one) != 3 or one[0] != "—" for one in signed):
            raise WrongError("the checkpoint is not signed by the ledger's key")
        if not all(is_signed(self.key.raw, text.encode("utf-8"), one[KEY_ID_BYTES:]) for one in own):
            raise WrongError("the signature of the checkpoint does not fit its text")
        lines = text.split("\n")
        if len(lines) < 4 or lines[0] != self.key.name or not lines[1].isdigit():
            raise WrongError("the checkpoint does not hold origin, size and root of this ledger")
        times = [line[len("time ") :] for line in lines[3:] if line.startswith("time ")]
        return int(lines[1]), _base64(lines[2]), times[0] if times else ""


def _check_inclusion(leaf: bytes, index: int, size: int, root: bytes, proof: list[bytes]) -> None:
    """Check that a leaf is at its place in the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or len(proof) > PROOF_LIMIT or any(len(one) != 32 for one in (leaf, root, *proof)):
        raise WrongError(f"record {index} cannot be proven in a ledger of {size} records")
    node, position, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            raise WrongError(f"the proof of record {index} is too long")
        if position & 1 or position == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        position, last = position >> 1, last >> 1
    if last or node != root:
        raise WrongError(f"record {index} is not what the ledger holds at that place")


def _base64(text: str) -> bytes:
    """Return the bytes; raises :class:`WrongError` where the text is not their one spelling in base64."""
    try:
        body = b64decode(text, validate=True)
    except ValueError:
        body = b""
    if not body or b64encode(body).decode() != text:
        raise WrongError("a text that should be base64 is damaged")
    return body

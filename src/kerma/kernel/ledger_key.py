"""Who signs for a ledger: a secret key made once, never overwritten, readable by its owner only.

``<home>/keys/ledger.key`` is the secret, in the text form of Go's ``sumdb/note``; ``<home>/keys/ledger.vkey`` is the
public half, to be handed to auditors before they need it.
"""

from __future__ import annotations

import os
import secrets
import stat
from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kerma.errors import Unusable
from kerma.kernel.notes import ED25519, SIGNATURE_LINE, PublicKey, read_base64

KEY_FILE = "ledger.key"
PUBLIC_KEY_FILE = "ledger.vkey"


@dataclass(frozen=True)
class Signer:
    """Signs notes in the name of one ledger."""

    public: PublicKey
    seed: bytes

    @classmethod
    def load(cls, folder: Path) -> Signer:
        """Return the signer whose key is in this folder; the first call makes the key and names the ledger.

        Raises
        ------
        Unusable
            The key file is damaged or lost, or others may use it.
        """
        path = folder / KEY_FILE
        # in this order: the public key is written last, so where it lies the secret one was there before
        if (folder / PUBLIC_KEY_FILE).exists() and not path.exists():
            raise Unusable(
                f"{path} is missing, and {PUBLIC_KEY_FILE} beside it says that there was one: put the secret key back "
                "from its safe place (mode 600); a new key could not go on with this ledger"
            )
        if not path.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_once(path, cls.generate(f"kerma/{secrets.token_hex(8)}").text + "\n")
        if path.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
            raise Unusable(f"{path} holds the ledger's secret key but others may use it; run: chmod 600 {path}")
        signer = cls.parse(path.read_text("utf-8"))
        public = folder / PUBLIC_KEY_FILE
        if not public.exists():
            _write_once(public, signer.public.vkey + "\n")
        return signer

    @classmethod
    def generate(cls, name: str) -> Signer:
        """Make a new key for a ledger of this name."""
        key = Ed25519PrivateKey.generate()
        return cls(PublicKey(name, key.public_key().public_bytes_raw()), key.private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Signer:
        """Read a signer from the text of its key file.

        Raises
        ------
        Unusable
            The text is no such key, or its parts do not belong together.
        """
        parts = text.strip().split("+", 4)
        body = read_base64(parts[4]) if len(parts) == 5 else None
        if parts[:2] != ["PRIVATE", "KEY"] or body is None or len(body) != 33 or body[:1] != ED25519:
            raise Unusable("the ledger's secret key is damaged: it reads PRIVATE+KEY+name+id+base64; restore a backup")
        public = Ed25519PrivateKey.from_private_bytes(body[1:]).public_key().public_bytes_raw()
        signer = cls(PublicKey(parts[2], public), body[1:])
        if signer.public.key_id.hex() != parts[3]:
            raise Unusable(f"the secret key of '{parts[2]}' is damaged: its key id does not fit; restore a backup")
        return signer

    @property
    def text(self) -> str:
        """The secret in one line of text: for the key file only."""
        return f"PRIVATE+KEY+{self.public.name}+{self.public.key_id.hex()}+{b64encode(ED25519 + self.seed).decode()}"

    def sign(self, text: str) -> str:
        """Return the text as a signed note."""
        body = self.public.key_id + self._key.sign(text.encode("utf-8"))
        return f"{text}\n{SIGNATURE_LINE}{self.public.name} {b64encode(body).decode()}\n"

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def __repr__(self) -> str:
        """Show whose key it is, never the key."""
        return f"Signer({self.public.name})"


def _write_once(path: Path, text: str) -> None:
    """Write a file whole or not at all; where another process was faster, its file stays."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # unlike a rename, a link never replaces what is there
        except FileExistsError:
            return
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

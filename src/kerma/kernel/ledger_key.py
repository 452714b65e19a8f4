"""The ledger's signing key on disk: made once, never overwritten, readable by its owner only.

``<home>/keys/ledger.key`` is the secret; ``<home>/keys/ledger.vkey`` the public half, to be handed to auditors
before they need it.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from kerma.errors import Unusable
from kerma.kernel.notes import Signer

KEY_FILE = "ledger.key"
PUBLIC_KEY_FILE = "ledger.vkey"


def open_signer(home: Path) -> Signer:
    """Return the signer of the ledger in this home; the first call makes its key and names the ledger.

    Raises
    ------
    Unusable
        The key file is damaged, or others may read it.
    """
    folder = home / "keys"
    path = folder / KEY_FILE
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_once(path, Signer.generate(f"kerma/{secrets.token_hex(8)}").text + "\n")
    if path.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise Unusable(f"{path} holds the ledger's secret key but others may use it: run chmod 600 on it")
    signer = Signer.parse(path.read_text("utf-8"))
    public = folder / PUBLIC_KEY_FILE
    if not public.exists():
        _write_once(public, signer.public.vkey + "\n")
    return signer


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

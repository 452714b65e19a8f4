"""A person's private key at rest: encrypted by what only the person knows.

argon2id makes a key of the passphrase, AES-256-GCM encrypts the private key (PKCS#8) with it. The certificate and the
person are bound in, so that a row cannot be moved to another person. Nobody can open it without the passphrase: who
forgets it imports the key again.
"""

from __future__ import annotations

import os
import struct
import threading
from typing import Any

from kerma.errors import Unusable, WrongUsage

_HEAD = struct.Struct(">BIIB")
"""Version of the form, and argon2id's memory (KiB), passes and lanes: kept with each key, so that they may grow."""
VERSION = 1
MEMORY_KIB, PASSES, LANES = 65_536, 3, 4
MOST_MEMORY_KIB, MOST_PASSES, MOST_LANES = 1_048_576, 16, 16
SALT_BYTES, NONCE_BYTES = 16, 12

_turns = threading.BoundedSemaphore(2)
"""Each derivation takes its memory: two at a time, the others queue."""


def seal(key: Any, passphrase: str, *, bound_to: str) -> bytes:
    """Return a private key encrypted by a passphrase.

    Parameters
    ----------
    bound_to : whose key of which certificate it is; it opens for nothing else
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    head, salt, nonce = _HEAD.pack(VERSION, MEMORY_KIB, PASSES, LANES), os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    derived = _derive(passphrase, salt, MEMORY_KIB, PASSES, LANES)
    return head + salt + nonce + AESGCM(derived).encrypt(nonce, plain, head + bound_to.encode())


def unseal(sealed: bytes, passphrase: str, *, bound_to: str) -> Any:
    """Return the private key.

    Raises
    ------
    WrongUsage
        The passphrase is wrong.
    Unusable
        What is stored is no sealed key.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    if len(sealed) <= _HEAD.size + SALT_BYTES + NONCE_BYTES:
        raise Unusable("the stored key is damaged; import it again")
    version, memory_kib, passes, lanes = _HEAD.unpack_from(sealed)
    if version != VERSION or memory_kib > MOST_MEMORY_KIB or passes > MOST_PASSES or not 1 <= lanes <= MOST_LANES:
        raise Unusable("the stored key is in a form this version does not know; import it again")
    head, rest = sealed[: _HEAD.size], sealed[_HEAD.size :]
    salt, nonce, box = rest[:SALT_BYTES], rest[SALT_BYTES : SALT_BYTES + NONCE_BYTES], rest[SALT_BYTES + NONCE_BYTES :]
    derived = _derive(passphrase, salt, memory_kib, passes, lanes)
    try:
        plain = AESGCM(derived).decrypt(nonce, box, head + bound_to.encode())
    except InvalidTag:
        raise WrongUsage("the passphrase of your signing key is wrong; nothing was signed") from None
    return load_der_private_key(plain, None)


def _derive(passphrase: str, salt: bytes, memory_kib: int, passes: int, lanes: int) -> bytes:
    from argon2.exceptions import HashingError
    from argon2.low_level import Type, hash_secret_raw

    with _turns:
        try:
            return hash_secret_raw(passphrase.encode(), salt, passes, memory_kib, lanes, 32, Type.ID)
        except HashingError as error:
            raise Unusable("the stored key is damaged; import it again") from error

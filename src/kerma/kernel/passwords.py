"""Passwords: which are accepted, and how they are kept (argon2id)."""

from __future__ import annotations

import os
import re
import threading
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kerma.errors import WrongUsage

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 8
"""ASVS 5.0.0, 6.2.1; 15 or more is advised."""
LONGEST = 1024
"""Far above what ASVS 5.0.0, 6.2.9 asks for (64); a limit at all keeps hashing cheap."""
CONTEXT_WORDS = ("kerma", "xray", "x-ray", "radiography", "screening", "dicom")

_turns = threading.BoundedSemaphore(os.cpu_count() or 1)
"""Each hash takes its memory: as many at a time as there are cores, the others queue."""


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, with its parameters, as it is stored."""
    with _turns:
        return _hasher().hash(_normal(password))


def is_right(stored: str | None, password: str) -> bool:
    """Return whether the password is the stored one; takes as long when nothing is stored."""
    from argon2.exceptions import InvalidHashError, VerificationError

    with _turns:
        try:
            _hasher().verify(stored or _nobodys(), _normal(password))
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def needs_rehash(stored: str) -> bool:
    """Return whether the hash was made with weaker parameters than today's."""
    return _hasher().check_needs_rehash(stored)


def check_acceptable(password: str, context: Iterable[str] = ()) -> None:
    """Refuse a password that is too short, or among the first anybody would guess.

    There is no rule about kinds of characters and no forced change (ASVS 5.0.0, 6.2.5 and 6.2.10): length is what
    counts.

    Raises
    ------
    WrongUsage
        Says what is wrong with the password, never the password itself.
    """
    normal = _normal(password)
    if len(normal) < SHORTEST:
        raise WrongUsage(f"the password has {len(normal)} characters; take at least {SHORTEST}, better 15 or more")
    if len(normal) > LONGEST:
        raise WrongUsage(f"the password has {len(normal)} characters; at most {LONGEST} are accepted")
    folded = normal.casefold()
    if folded in _common() or len(set(folded)) < 3:
        raise WrongUsage("the password is among the first that are guessed; take several unrelated words")
    core = re.sub(r"[\W\d_]+", "", folded)
    if any(core == re.sub(r"[\W\d_]+", "", word) for word in _words(context)):
        raise WrongUsage("the password is a name or a word of this product with figures; take several unrelated words")


def _words(context: Iterable[str]) -> set[str]:
    given = {word for text in context for word in (text, *re.split(r"[\W_]+", text))}
    return {word.casefold() for word in given if len(word) > 2} | set(CONTEXT_WORDS)


def _normal(password: str) -> str:
    """The same characters typed on another keyboard give the same bytes (NIST SP 800-63B: NFKC)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _common() -> frozenset[str]:
    lines = (Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line.casefold() for line in lines if not line.startswith("# "))


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher
    from argon2.profiles import RFC_9106_LOW_MEMORY

    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


@cache
def _nobodys() -> str:
    """A hash that fits no password anybody could type, to spend the same time on an unknown login."""
    return _hasher().hash(os.urandom(32).hex())

"""What makes a decision valid, and when two sets of images are the same: pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from kerma.errors import WrongUsage

MAX_REASON_LETTERS = 4000


def images_digest(sha256s: Iterable[str]) -> str:
    """Return the digest of an exam's images: SHA-256 over their hashes, one a line, in reading order."""
    return hashlib.sha256("".join(f"{one}\n" for one in sha256s).encode("ascii")).hexdigest()


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text: what the ledger holds of words that may name a person."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def document_digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document: over its JSON with sorted keys, as UTF-8 without spaces."""
    return text_digest(json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def check_decision(decision: str, reason: str, *, decisions: Mapping[str, str], decision_proposed: str) -> None:
    """Check that a person may decide so: a decision of the industry, and a reason where it departs from a proposal.

    Raises
    ------
    WrongUsage
        The decision is unknown in the industry, the reason is missing where one is needed, or it is too long.
    """
    if decision not in decisions:
        raise WrongUsage(f"'{decision}' is no decision of this industry; choose one of {', '.join(decisions)}")
    departs = decision_proposed in decisions and decision != decision_proposed
    if departs and not reason.strip():
        raise WrongUsage(
            f"the analysis proposes '{decisions[decision_proposed]}'; "
            f"to decide '{decisions[decision]}' instead, write the reason in a sentence"
        )
    if len(reason) > MAX_REASON_LETTERS:
        raise WrongUsage(f"the reason has {len(reason)} letters; keep it within {MAX_REASON_LETTERS}")

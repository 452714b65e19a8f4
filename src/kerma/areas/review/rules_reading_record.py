"""How an exam was read, as the page tells it with a decision: checked for sense and size, kept as it was said: pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kerma.errors import WrongUsage
from kerma.kernel import clock

Record = dict[str, Any]
NOTHING_TOLD: Record = {"opened_at": "", "chains": {}, "functions": [], "display_check": None}
"""Of a read about which no page told anything."""
MAX_IMAGES = 500
MAX_FUNCTIONS = 200
MAX_BYTES = 200_000
MAX_SECONDS = 7 * 24 * 3600.0
"""Longest use of one function; a page that stood open for a week tells nothing of reading."""
_NAME = re.compile(r"[a-z0-9][a-z0-9 _./-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def checked_record(given: Mapping[str, Any] | None) -> Record:
    """Return a record of reading as it is kept.

    Names of functions are kept as they are told: a page has more of them than the server repeats. The steps of a chain
    must be known, because the server is to repeat them.

    Parameters
    ----------
    given : ``opened_at`` (a moment), ``chains`` (SHA-256 of an image to an enhancement chain, or None for the image's
        own look), ``functions`` (each ``name`` and ``seconds``), ``display_check`` (a number); all may be left out

    Raises
    ------
    WrongUsage
        Something makes no sense, or is too much; the message says what.
    """
    if not given:
        return {**NOTHING_TOLD}
    record = {
        "opened_at": _moment(given.get("opened_at") or ""),
        "chains": _chains(given.get("chains") or {}),
        "functions": _functions(given.get("functions") or []),
        "display_check": given.get("display_check"),
    }
    size = len(json.dumps(record))
    if size > MAX_BYTES:
        raise WrongUsage(f"the record of reading has {size} bytes; at most {MAX_BYTES} are kept")
    return record


def seconds_by_function(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return for each function how often it was used and for how many seconds, the longest used first."""
    totals: dict[str, list[float]] = {}
    for record in records:
        for use in record["functions"]:
            totals.setdefault(use["name"], []).append(use["seconds"])
    rows = [
        {"name": name, "decisions": len(found), "total_s": sum(found), "longest_s": max(found)}
        for name, found in totals.items()
    ]
    return sorted(rows, key=lambda row: (-row["total_s"], row["name"]))


def _moment(written: str) -> str:
    try:
        moment = datetime.fromisoformat(written) if written else None
        if moment is None:
            return ""
        if moment.tzinfo is None:
            raise ValueError("no time zone")
        return clock.text(moment)
    except (ValueError, OverflowError):
        raise WrongUsage(
            f"'opened_at' is a moment with its time zone, as 2026-03-02T12:00:00Z, not '{written[:40]}'"
        ) from None


def _chains(given: Mapping[str, Any]) -> dict[str, Any]:
    from kerma.science.imaging.enhance import parse

    if len(given) > MAX_IMAGES:
        raise WrongUsage(f"chains of {len(given)} images; at most {MAX_IMAGES} are kept")
    chains: dict[str, Any] = {}
    for sha256, chain in given.items():
        if not _SHA256.fullmatch(sha256):
            raise WrongUsage(f"'chains' goes by the SHA-256 of an image; '{sha256[:40]}' is none")
        chains[sha256] = None if chain is None else parse(chain).as_json()
    return chains


def _functions(given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each function once, with the seconds of all its uses."""
    if len(given) > MAX_FUNCTIONS:
        raise WrongUsage(f"{len(given)} functions; at most {MAX_FUNCTIONS} are kept")
    seconds: dict[str, float] = {}
    for one in given:
        name, value = str(one["name"]), one["seconds"]
        if not _NAME.fullmatch(name):
            raise WrongUsage(f"'{name[:40]}' is no name of a function: small letters, digits, '-', at most 64")
        if not math.isfinite(value) or not 0 <= value <= MAX_SECONDS:
            raise WrongUsage(f"{name} was used for {value:g} s; that is from 0 to {MAX_SECONDS:g}")
        seconds[name] = min(MAX_SECONDS, seconds.get(name, 0.0) + float(value))
    return [{"name": name, "seconds": round(value, 3)} for name, value in seconds.items()]

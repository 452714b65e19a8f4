"""Canonical JSON: one value has exactly one spelling, so its hash means something (RFC 8785, without floats).

The subset: objects with ASCII keys, arrays, strings, integers, booleans and null. Numbers with a fraction are written
as decimal strings with their unit in the key, because two languages seldom print a float alike. For this subset
Python's own sorted ``json.dumps`` gives exactly the bytes of RFC 8785; a property test holds the two equal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from kerma.errors import TooLarge, WrongUsage

RECORD_LIMIT_BYTES = 65_536
"""A record stays below this: C2SP tlog-tiles give an entry's length 16 bits. Large values go in by their hash."""

INTEGER_LIMIT = 2**53
"""RFC 8785, 3.2.2.3: beyond this an IEEE 754 reader no longer tells neighbours apart."""

DEPTH_LIMIT = 32

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def canonical(value: object) -> bytes:
    """Return the canonical JSON of a value in UTF-8.

    Raises
    ------
    WrongUsage
        The value holds a float, an integer beyond 2^53, a key that is not ASCII text, half of a surrogate pair, or
        something that is no JSON at all; the message says which and where.
    """
    if not _is_plain(value, 0):
        _refuse(value, "", 0)
    try:
        return _encode(value).encode("utf-8")
    except UnicodeEncodeError as error:
        raise WrongUsage("a text holds half of a surrogate pair, which is no character; replace it first") from error


def canonical_record(record: Mapping[str, object]) -> bytes:
    """Return the canonical JSON of one ledger record.

    Raises
    ------
    TooLarge
        The record reaches 65,536 bytes.
    """
    body = canonical(record)
    if len(body) >= RECORD_LIMIT_BYTES:
        raise TooLarge(
            f"a ledger record of {len(body)} bytes reaches the limit of {RECORD_LIMIT_BYTES} bytes; "
            "store the large part as a blob and record its SHA-256"
        )
    return body


def read_canonical(body: bytes) -> object:
    """Read JSON that must be in canonical form.

    Raises
    ------
    WrongUsage
        The bytes are no JSON, or spell their value in another way than :func:`canonical` does.
    """
    try:
        value: object = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise WrongUsage("is not JSON in UTF-8") from error
    if canonical(value) != body:
        raise WrongUsage("is JSON, but not in canonical form (RFC 8785)")
    return value


def _is_plain(value: object, depth: int) -> bool:
    """Return whether a value has a canonical form: the quick look, once for every record there ever is."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return -INTEGER_LIMIT < value < INTEGER_LIMIT  # type: ignore[operator]
    if depth >= DEPTH_LIMIT:
        return False
    if kind is dict:
        for key, part in value.items():  # type: ignore[attr-defined]
            if type(key) is not str or not key.isascii():
                return False
            if type(part) is not str and not _is_plain(part, depth + 1):
                return False
        return True
    if kind is list or kind is tuple:
        return all(_is_plain(part, depth + 1) for part in value)  # type: ignore[attr-defined]
    return False


def _refuse(value: object, path: str, depth: int) -> None:
    """Say what has no canonical form, and where it is."""
    if isinstance(value, dict) and depth < DEPTH_LIMIT:
        for key, part in value.items():
            if type(key) is not str or not key.isascii():
                raise WrongUsage(f"the key {key!r} in '{path}' is not ASCII text; keys are plain names")
            _refuse(part, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, (list, tuple)) and depth < DEPTH_LIMIT:
        for number, part in enumerate(value):
            _refuse(part, f"{path}[{number}]", depth + 1)
    elif not _is_plain(value, depth):
        raise WrongUsage(f"'{path}' {_why(value)}")


def _why(value: object) -> str:
    if isinstance(value, float):
        return f"is the float {value!r}; write it as a decimal string with its unit in the key"
    if isinstance(value, int):
        return f"is the integer {value}, beyond 2^53; write it as a string"
    if isinstance(value, (dict, list, tuple)):
        return f"is nested deeper than {DEPTH_LIMIT} levels; flatten it"
    return f"is a {type(value).__name__}, which JSON does not have; write it as text"

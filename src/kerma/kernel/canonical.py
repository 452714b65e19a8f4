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
    _check(value, "", 0)
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
        value: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WrongUsage("is not JSON in UTF-8") from error
    if canonical(value) != body:
        raise WrongUsage("is JSON, but not in canonical form (RFC 8785)")
    return value


def _check(value: object, path: str, depth: int) -> None:
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, int):
        if not -INTEGER_LIMIT < value < INTEGER_LIMIT:
            raise WrongUsage(f"'{path}' is the integer {value}, beyond 2^53; write it as a string")
        return
    if depth >= DEPTH_LIMIT:
        raise WrongUsage(f"'{path}' is nested deeper than {DEPTH_LIMIT} levels; flatten it")
    if isinstance(value, dict):
        for key, part in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise WrongUsage(f"the key {key!r} in '{path}' is not ASCII text; keys are plain names")
            _check(part, f"{path}.{key}" if path else key, depth + 1)
        return
    if isinstance(value, (list, tuple)):
        for number, part in enumerate(value):
            _check(part, f"{path}[{number}]", depth + 1)
        return
    _refuse(value, path)


def _refuse(value: object, path: str) -> None:
    if isinstance(value, float):
        raise WrongUsage(f"'{path}' is the float {value!r}; write it as a decimal string with its unit in the key")
    raise WrongUsage(f"'{path}' is a {type(value).__name__}, which JSON does not have; write it as text")

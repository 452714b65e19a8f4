"""Whether bytes are in the one form that DER gives them (X.690, 10 and 11): lengths and numbers as short as can be."""

from __future__ import annotations

MOST_DEPTH = 64
_INTEGER, _BOOLEAN = 0x02, 0x01


def is_der(data: bytes) -> bool:
    """Return whether the bytes are exactly one value in DER, as far as its form tells without its meaning."""
    try:
        return _value(data, 0, len(data), 0) == len(data)
    except IndexError:
        return False


def _value(data: bytes, at: int, stop: int, depth: int) -> int:
    """Return where the value that starts at ``at`` ends; -1 where its form is not DER or it goes beyond ``stop``."""
    tag, length, at = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F or depth > MOST_DEPTH:
        return -1
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(data[at : at + count], "big")
        if not 1 <= count <= 4 or length < 0x80 or length < 1 << (8 * (count - 1)):
            return -1
        at += count
    end = at + length
    if end > stop or not _is_minimal(tag, data[at:end]):
        return -1
    while tag & 0x20 and at < end:
        at = _value(data, at, end, depth + 1)
        if at < 0:
            return -1
    return end


def _is_minimal(tag: int, content: bytes) -> bool:
    if tag == _INTEGER:
        padded = len(content) > 1 and (content[0], content[1] & 0x80) in ((0x00, 0x00), (0xFF, 0x80))
        return bool(content) and not padded
    return tag != _BOOLEAN or content in (b"\x00", b"\xff")

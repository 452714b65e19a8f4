"""The number of an item under custody: short enough to be read aloud, with a letter that shows a mistyped one."""

from __future__ import annotations

import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def number_of(year: int, serial: int) -> str:
    """Return an item's number, such as ``C-2026-0007-K``: the last letter shows a mistyped one."""
    body = f"C-{year:04d}-{serial:04d}"
    return f"{body}-{check_letter(body)}"


def check_letter(written: str) -> str:
    """Return the check letter over the letters and figures of a text: hybrid system modulo 37 and 36.

    Any one wrong letter or figure is noticed.
    """
    base = len(ALPHABET)
    carry = base
    for letter in re.sub(r"[^0-9A-Z]", "", written.upper()):
        carry = (carry + ALPHABET.index(letter)) % base or base
        carry = carry * 2 % (base + 1)
    return ALPHABET[(base + 1 - carry) % base]


def read_number(written: str) -> str:
    """Return an item's number as it is stored, from how a person or a scanner wrote it; empty when it is mistyped."""
    read = written.strip().upper().rpartition("/")[2]
    body, _, letter = read.rpartition("-")
    is_right = re.fullmatch(r"C-\d{4}-\d{4,18}", body, re.ASCII) and letter == check_letter(body)
    return read if is_right else ""

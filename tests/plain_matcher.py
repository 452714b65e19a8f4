"""Matching of queries written a second time, plainly: Python on dictionaries, no database (PS3.4, C.2.2.2)."""

from __future__ import annotations

import re
import unicodedata
from typing import Any


def fold(text: str) -> str:
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare)


def wild(value: str, text: str) -> bool:
    parts = [".*" if letter == "*" else "." if letter == "?" else re.escape(letter) for letter in value]
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def text_matches(value: str, kept: str) -> bool:
    return any(wild(one.strip(), kept) for one in value.split("\\"))


def name_matches(value: str, kept: str) -> bool:
    groups = [fold(group).rstrip("^") for group in kept.split("=")]
    asked = [fold(group).rstrip("^") for group in value.split("=")]

    def one(pattern: str, group: str) -> bool:
        # What is empty at the end of a name is not there, so Dupont^* is also Dupont.
        return wild(pattern, group) or (pattern.endswith("^*") and wild(re.sub(r"(\^\**)+$", "", pattern), group))

    if len(asked) == 1:
        return any(one(asked[0], group) for group in groups if group)
    return all(
        not pattern
        or pattern == "*"
        or (number < len(groups) and groups[number] != "" and one(pattern, groups[number]))
        for number, pattern in enumerate(asked)
    )


def fuzzy_matches(value: str, kept: str) -> bool:
    words = [word for word in re.split(r"[\^= ,]+", fold(kept)) if word]
    return all(any(word.startswith(one) for word in words) for one in re.split(r"[\^= ,]+", fold(value)) if one)


def range_matches(value: str, kept: str) -> bool:
    if "-" not in value:
        return kept == value
    first, last = value.split("-")
    return kept != "" and first <= kept and (not last or kept <= last)


KINDS = {
    "00100010": ("name", name_matches),
    "00100020": ("subject_id", text_matches),
    "00080050": ("accession", text_matches),
    "00081030": ("description", text_matches),
    "00080090": ("referring", name_matches),
    "00080020": ("date", range_matches),
}


def matches(row: dict[str, Any], asked: dict[str, str], *, fuzzy: bool = False) -> bool:
    for path, value in asked.items():
        if path == "00080061":
            if not any(text_matches(value, modality) for modality in row["modalities"]):
                return False
            continue
        column, test = KINDS[path]
        if value in ("", "*") or (fuzzy and path in ("00100010", "00080090") and not fold(value).strip("^= ,*?")):
            continue
        if fuzzy and test is name_matches:
            test = fuzzy_matches
        if not test(value, row[column]):
            return False
    return True

"""The words of findings: labels and reference numbers of ISO 6520-1, the groups they belong to, and near misses."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping

from kerma.standards import table

IMPERFECTIONS = "iso_6520-1/imperfections"


@functools.cache
def imperfections() -> Mapping[str, Mapping[str, str]]:
    """Return the rows of the table of imperfections by their label."""
    return {row["label"]: row for row in table(IMPERFECTIONS)}


def labels_of(word: str) -> list[str]:
    """Return the labels a word of a pack stands for: itself, ``@planar``, ``@<group>``, ``*``; none if unknown."""
    rows = imperfections()
    if word == "*" or word in rows:
        return [word]
    if word == "@planar":
        return [label for label, row in rows.items() if row["planar"] == "yes"]
    if word.startswith("@"):
        return [label for label, row in rows.items() if row["group"] == word[1:]]
    return []


def label_named(word: str) -> str:
    """Return the label for a label, a name in words or a reference number of ISO 6520-1; empty if there is none."""
    plain = "-".join(word.strip().casefold().replace("_", " ").split())
    if plain in imperfections():
        return plain
    return _by_other_name().get(plain, "")


@functools.cache
def _by_other_name() -> Mapping[str, str]:
    names = {row["number"]: label for label, row in imperfections().items()}
    return names | {"-".join(row["name"].casefold().split()): label for label, row in imperfections().items()}


def near(word: str) -> list[str]:
    """Return the labels and groups spelled most like a word."""
    groups = {f"@{row['group']}" for row in imperfections().values()} | {"@planar"}
    known = [*imperfections(), *sorted(groups)]
    return difflib.get_close_matches(word.casefold(), known, n=3, cutoff=0.5)

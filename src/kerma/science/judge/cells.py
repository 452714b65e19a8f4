"""The cells of a pack: what each column may hold, and how its text becomes a value."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from kerma.science.judge.facts import Clause, clauses_of
from kerma.science.judge.rule import COLUMNS
from kerma.science.judge.words import IMPERFECTIONS, labels_of, near
from kerma.standards import STATUSES

FORMULA = ("=", "+", "-", "@")
"""A text cell that begins like this is run as a formula by spreadsheets."""


class CellError(ValueError):
    """A cell makes no sense: ``what`` is wrong, ``allowed`` is what may stand there."""

    def __init__(self, what: str, allowed: str = "") -> None:
        super().__init__(what)
        self.what, self.allowed = what, allowed


def value_of(column: str, text: str) -> object:
    """Return the value of a cell that is not empty.

    Raises
    ------
    CellError
        The cell makes no sense.
    """
    return _READERS.get(column, _text)(text)


def _text(text: str) -> str:
    if text.startswith(FORMULA):
        raise CellError(f"begins with '{text[0]}', which a spreadsheet runs as a formula", "words")
    return text


def _measures(text: str) -> tuple[str, ...]:
    return tuple(_name(name) for name in _text(text).split())


def _name(text: str) -> str:
    if re.fullmatch(r"[a-z][a-z0-9_]*", text) is None:
        raise CellError(f"holds '{text}', which is no name of a measurement or fact", "such as length_mm")
    return text


def _labels(text: str) -> tuple[str, ...]:
    """Expand ``@planar`` and ``@<group>`` to the labels of ISO 6520-1 they stand for; ``*`` is every label."""
    found: list[str] = []
    for word in text.split():
        expanded = labels_of(word)
        if not expanded:
            like = f"; near it: {', '.join(near(word))}" if near(word) else ""
            raise CellError(f"names '{word}', which is not in the table {IMPERFECTIONS}{like}")
        found += expanded
    return tuple(dict.fromkeys(found))


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise CellError(f"holds '{text}', which is no number (write it as 0.3)", "0 or more") from None
    if not math.isfinite(value) or value < 0:
        raise CellError(f"is {text}", "0 or more")
    return value


def _positive(text: str) -> float:
    value = _number(text)
    if value == 0:
        raise CellError(f"is {text}", "a number above 0")
    return value


def _count(text: str) -> int:
    value = _number(text)
    if value < 1 or value != int(value):
        raise CellError(f"is {text}; it counts findings", "1, 2, 3 …")
    return int(value)


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise CellError(f"is '{text}'", ", ".join(words))
        return text

    return read


def _short_weld(text: str) -> str:
    if text != "proportional":
        _number(text)
    return text


def _when(text: str) -> tuple[Clause, ...]:
    try:
        return clauses_of(_text(text))
    except ValueError as error:
        raise CellError(str(error)) from None


_choice = _one_of("smaller", "larger")
_READERS: dict[str, Callable[[str], object]] = {
    **{column: _number for column in COLUMNS if column.startswith(("limit_", "relevant_", "thickness_"))},
    "labels": _labels,
    "measure": _measures,
    "when": _when,
    "joint_coefficient": _positive,
    "shape": _one_of("rounded", "elongated"),
    "shape_ratio": _positive,
    "relevant_choice": _choice,
    "darker": _one_of("yes", "no"),
    "isolation": _one_of("near", "alone"),
    "isolation_mm": _positive,
    "when_measured": _one_of("yes", "no"),
    "limit_choice": _one_of("smaller", "larger", "sum"),
    "limit_fact": _name,
    "window_per_thickness": _positive,
    "window_mm": _positive,
    "window_choice": _choice,
    "short_weld": _short_weld,
    "merge_gap_factor": _positive,
    "merge_reference": _choice,
    "gap_factor": _positive,
    "gap_reference": _one_of("pair", "group"),
    "minimum_count": _count,
    "alignment": _one_of("touching"),
    "status": _one_of(*STATUSES),
}
NUMERIC = tuple(name for name, read in _READERS.items() if read in (_number, _positive, _count, _short_weld))
"""Columns of numbers, where a spreadsheet may have written a decimal comma."""

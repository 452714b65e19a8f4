"""An acceptance pack: rows of a table, read into rules, with errors that name the line and what is wrong.

A site can copy a packaged table, edit it in a spreadsheet and hand over its text. ``docs/standards/packs.md``
describes every column.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from kerma.errors import Unusable
from kerma.science.results import Citation
from kerma.standards import Table, parse, table, text_of

IMPERFECTIONS = "iso_6520-1/imperfections"
CHOICES = ("", "smaller", "larger")
GAP_REFERENCES = ("", "pair", "group")
ALIGNMENTS = ("", "touching")


@dataclass(frozen=True)
class Rule:
    """One row of a pack: what it looks at, how much of it is allowed, and the clause that says so."""

    rule: str
    kind: str
    labels: tuple[str, ...] = ()
    measure: tuple[str, ...] = ()
    part: str = ""
    joint_coefficient: float | None = None
    thickness_over_mm: float | None = None
    thickness_up_to_mm: float | None = None
    limit_per_thickness: float | None = None
    limit_absolute: float | None = None
    limit_choice: str = ""
    limit_cap: float | None = None
    unit: str = ""
    window_per_thickness: float | None = None
    window_mm: float | None = None
    window_choice: str = ""
    short_weld: str = ""
    gap_factor: float | None = None
    gap_reference: str = ""
    minimum_count: int = 1
    alignment: str = ""
    clause: str = ""
    action: str = ""

    def covers(self, label: str) -> bool:
        """Whether the rule looks at findings with this label."""
        return label in self.labels or "*" in self.labels


@dataclass(frozen=True)
class Pack:
    """The rules of one acceptance standard, in the order of its table."""

    table: Table
    rules: tuple[Rule, ...]

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.table.name

    def cite(self, rule: Rule) -> Citation:
        """Cite the clause of one rule."""
        return Citation.of(self.table, rule.clause)


def load_pack(source: str) -> Pack:
    """Load a packaged pack by its name, or a site's own from CSV text (recognised by its line breaks).

    Raises
    ------
    NotFound
        No packaged table of that name.
    Unusable
        A header line or column is missing, or a cell makes no sense; the message names line and column.
    """
    return _pack("site/acceptance", source) if "\n" in source else _packaged(source)


@functools.cache
def _packaged(name: str) -> Pack:
    return _pack(name, text_of(name))


def _pack(name: str, text: str) -> Pack:
    rows = parse(name, text)
    if not rows.rows:
        raise Unusable(f"table '{name}' has no rule: a pack needs at least one row")
    known = [field.name for field in fields(Rule)]
    for column in rows.rows[0]:
        if column not in known:
            raise Unusable(f"table '{name}': column '{column}' is unknown; known are {', '.join(known)}")
    first_line = sum(line.startswith("#") for line in text.splitlines()) + 2
    rules = tuple(_rule(row, f"table '{name}', line {line}") for line, row in enumerate(rows, start=first_line))
    _check_names(name, rules)
    return Pack(rows, rules)


def _check_names(name: str, rules: tuple[Rule, ...]) -> None:
    """Refuse two rows of one name unless each has its own range of thickness."""
    seen: dict[str, Rule] = {}
    for rule in rules:
        ranged = rule.thickness_over_mm is not None or rule.thickness_up_to_mm is not None
        if rule.rule in seen and not ranged:
            raise Unusable(f"table '{name}': rule '{rule.rule}' stands twice; rows of one name need thickness ranges")
        seen[rule.rule] = rule


def _rule(row: Mapping[str, str], where: str) -> Rule:
    from kerma.science.judge.limits import KINDS

    values = {column: _cell(column, text.strip(), where) for column, text in row.items()}
    given: dict[str, Any] = {column: value for column, value in values.items() if value is not None}
    rule = Rule(**{"rule": "", "kind": ""} | given)
    for column in ("rule", "kind", "clause"):
        if not getattr(rule, column):
            raise Unusable(f"{where}: column '{column}' is empty")
    if rule.kind not in KINDS:
        raise Unusable(f"{where}: kind '{rule.kind}' is none of {', '.join(KINDS)}")
    for column in KINDS[rule.kind].needs:
        if getattr(rule, column) in (None, "", ()):
            raise Unusable(f"{where}: a rule of kind '{rule.kind}' needs column '{column}'")
    _check_limit(rule, where, needs_limit=KINDS[rule.kind].has_limit)
    return rule


def _check_limit(rule: Rule, where: str, *, needs_limit: bool) -> None:
    parts = (rule.limit_per_thickness is not None) + (rule.limit_absolute is not None)
    if needs_limit and parts == 0:
        raise Unusable(f"{where}: a rule of kind '{rule.kind}' needs limit_per_thickness or limit_absolute")
    if parts == 2 and not rule.limit_choice:
        raise Unusable(f"{where}: two limits are given; limit_choice must say smaller or larger")
    windows = (rule.window_per_thickness is not None) + (rule.window_mm is not None)
    if windows == 2 and not rule.window_choice:
        raise Unusable(f"{where}: two windows are given; window_choice must say smaller or larger")


def _cell(column: str, text: str, where: str) -> object:
    """Return the value of one cell, None when it is empty and the column has a default."""
    if not text:
        return None
    return _CELLS.get(column, _text)(column, text, where)


def _text(column: str, text: str, where: str) -> str:
    return text


def _words(column: str, text: str, where: str) -> tuple[str, ...]:
    return tuple(text.split())


def _labels(column: str, text: str, where: str) -> tuple[str, ...]:
    """Expand ``@planar`` and ``@<group>`` to the labels of ISO 6520-1 they stand for; ``*`` is every label."""
    found: list[str] = []
    for word in text.split():
        expanded = [word] if word == "*" else _expand(word)
        if not expanded:
            raise Unusable(f"{where}: label '{word}' is not in the table {IMPERFECTIONS}")
        found += expanded
    return tuple(dict.fromkeys(found))


def _expand(word: str) -> list[str]:
    rows = table(IMPERFECTIONS).rows
    if word == "@planar":
        return [row["label"] for row in rows if row["planar"] == "yes"]
    if word.startswith("@"):
        return [row["label"] for row in rows if row["group"] == word[1:]]
    return [row["label"] for row in rows if row["label"] == word]


def _number(column: str, text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise Unusable(f"{where}: column '{column}' holds '{text}', which is no number (write it as 0.3)") from None
    if not math.isfinite(value) or value < 0:
        raise Unusable(f"{where}: column '{column}' is {text}; a limit, window or thickness is 0 or more")
    return value


def _count(column: str, text: str, where: str) -> int:
    value = _number(column, text, where)
    if value < 1 or value != int(value):
        raise Unusable(f"{where}: column '{column}' is {text}; it counts findings, so give 1, 2, 3 …")
    return int(value)


def _one_of(words: tuple[str, ...]) -> Callable[[str, str, str], str]:
    def read(column: str, text: str, where: str) -> str:
        if text not in words:
            allowed = ", ".join(word for word in words if word)
            raise Unusable(f"{where}: column '{column}' is '{text}'; allowed are {allowed}")
        return text

    return read


def _short_weld(column: str, text: str, where: str) -> str:
    if text != "proportional":
        _number(column, text, where)
    return text


_CELLS: dict[str, Callable[[str, str, str], object]] = {
    "labels": _labels,
    "measure": _words,
    "joint_coefficient": _number,
    "thickness_over_mm": _number,
    "thickness_up_to_mm": _number,
    "limit_per_thickness": _number,
    "limit_absolute": _number,
    "limit_choice": _one_of(CHOICES),
    "limit_cap": _number,
    "window_per_thickness": _number,
    "window_mm": _number,
    "window_choice": _one_of(CHOICES),
    "short_weld": _short_weld,
    "gap_factor": _number,
    "gap_reference": _one_of(GAP_REFERENCES),
    "minimum_count": _count,
    "alignment": _one_of(ALIGNMENTS),
}

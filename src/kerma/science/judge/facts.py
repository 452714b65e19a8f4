"""When a row is in force: clauses such as ``joint=butt`` or ``outside_diameter_mm>=60.3`` against what is known."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kerma.errors import WrongUsage
from kerma.science.judge.conditions import Conditions, Fact

_CLAUSE = re.compile(r"([a-z][a-z0-9_]*)(!=|>=|<=|=|>|<)([^=<>!\s]+)")
_ORDERED: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True)
class Clause:
    """One condition of a row: a name, how it is compared, and with what."""

    name: str
    comparison: str
    value: str

    def holds(self, known: Fact | None) -> bool | None:
        """Whether the clause holds for what is known under its name; None where that is nothing, or no number."""
        if known is None:
            return None
        if self.comparison in _ORDERED:
            number = number_of(known)
            return None if number is None else _ORDERED[self.comparison](number, float(self.value))
        return (_plain(known) == _plain(self.value)) == (self.comparison == "=")

    def __str__(self) -> str:
        return f"{self.name}{self.comparison}{self.value}"


def clauses_of(text: str) -> tuple[Clause, ...]:
    """Read the words of a column ``when``.

    Raises
    ------
    ValueError
        A word is no clause; the message names it.
    """
    return tuple(_clause(word) for word in text.split())


def _clause(word: str) -> Clause:
    found = _CLAUSE.fullmatch(word)
    if found is None:
        raise ValueError(f"'{word}' is no condition; write name=value, name!=value or name>=number, without spaces")
    name, comparison, value = found.groups()
    if comparison in _ORDERED and number_of(value) is None:
        raise ValueError(f"'{word}' compares with '{value}', which is no number")
    return Clause(name, comparison, value)


def state(clauses: tuple[Clause, ...], conditions: Conditions) -> tuple[bool | None, tuple[Clause, ...]]:
    """Return whether all clauses hold (None: it is not known), and those about which nothing is known."""
    held = [(clause, clause.holds(conditions.fact(clause.name))) for clause in clauses]
    unknown = tuple(clause for clause, holds in held if holds is None)
    if any(holds is False for _, holds in held):
        return False, unknown
    return (None if unknown else True), unknown


def facts_of(text: str) -> dict[str, Fact]:
    """Read facts written as ``joint=butt layers=multi``; numbers become numbers.

    Raises
    ------
    WrongUsage
        A word is not name=value, or a name is said twice.
    """
    facts: dict[str, Fact] = {}
    for word in text.replace(",", " ").split():
        found = re.fullmatch(r"([a-z][a-z0-9_]*)=([^=<>!\s]+)", word)
        if found is None:
            raise WrongUsage(f"'{word}' is no fact about the part; write name=value, such as joint=butt")
        name, value = found.groups()
        if name in facts:
            raise WrongUsage(f"the fact '{name}' is given twice")
        number = number_of(value)
        facts[name] = value if number is None else number
    return facts


def strangers(known: Mapping[str, Fact], asked: tuple[Clause, ...]) -> dict[str, tuple[str, ...]]:
    """Return the facts whose value no clause names although clauses compare that name with words: likely a slip.

    Each name comes with the words that the clauses know.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, value in known.items():
        about = [clause for clause in asked if clause.name == name]
        words = tuple(dict.fromkeys(clause.value for clause in about if clause.comparison in ("=", "!=")))
        compared = any(clause.comparison in _ORDERED for clause in about)
        if words and not compared and _plain(value) not in {_plain(word) for word in words}:
            found[name] = words
    return found


def number_of(value: Fact) -> float | None:
    """Return a fact as a finite number, None where it is a word."""
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _plain(value: Fact) -> str:
    number = number_of(value)
    return f"{number:g}" if number is not None else str(value).casefold()

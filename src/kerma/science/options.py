"""Options of measurements and detectors: rows of a table, read from text or taken as values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from kerma.errors import WrongUsage


@dataclass(frozen=True)
class Option:
    """One option: its name, what kind of value it takes, and what it means."""

    name: str
    kind: str
    """A key of :data:`KINDS`."""
    meaning: str


KINDS = {
    "region": "row,column,height,width in whole pixels",
    "point": "row,column",
    "number": "a number above 0",
    "whole": "a whole number from 0",
}
"""What an option can be, and how that reads."""


def parse(option: Option, given: Any) -> Any:
    """Turn text (from a command line or a form) or a value into the value of an option.

    Raises
    ------
    WrongUsage
        The value is not of the option's kind; the message says what is.
    """
    try:
        return _PARSERS[option.kind](given)
    except (ValueError, TypeError, OverflowError):
        wanted = KINDS[option.kind]
        raise WrongUsage(f"option '{option.name}' ({option.meaning}) must be {wanted}; '{given}' is not") from None


def _region(given: Any) -> Any:
    from kerma.science.measure.region import Region

    if isinstance(given, Region):
        return given
    row, column, height, width = given.split(",") if isinstance(given, str) else given
    return Region(int(row), int(column), int(height), int(width))


def _point(given: Any) -> tuple[float, float]:
    row, column = given.split(",") if isinstance(given, str) else given
    return float(row), float(column)


def _number(given: Any) -> float:
    number = float(given)
    if not (number > 0 and math.isfinite(number)):
        raise ValueError
    return number


def _whole(given: Any) -> int:
    number = float(given)
    if not (math.isfinite(number) and number == int(number) >= 0):
        raise ValueError
    return int(number)


_PARSERS = {"region": _region, "point": _point, "number": _number, "whole": _whole}

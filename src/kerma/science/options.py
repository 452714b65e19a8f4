"""Options of measurements, detectors and calculations: rows of a table, read from text or taken as values."""

from __future__ import annotations

import json
import keyword
import math
from dataclasses import dataclass
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.units import unit_of


@dataclass(frozen=True)
class Option:
    """One option: its name, what kind of value it takes, and what it means."""

    name: str
    kind: str
    """A key of :data:`KINDS`."""
    meaning: str
    is_required: bool = False
    default: Any = None
    """What holds when it is not given, as a value; None where the function itself decides."""
    choices: tuple[str, ...] = ()
    """The words a *choice* may be."""

    @property
    def parameter(self) -> str:
        """The name of the Python parameter: a name that Python keeps for itself ends in an underscore."""
        return f"{self.name}_" if keyword.iskeyword(self.name) else self.name

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form: what a form or a program needs to ask for a value."""
        return {
            "name": self.name,
            "kind": self.kind,
            "wants": " or ".join(self.choices) if self.choices else KINDS[self.kind],
            "meaning": self.meaning,
            "unit": unit_of(self.name).shown,
            "is_required": self.is_required,
            "default": self.default,
            "choices": list(self.choices),
        }


KINDS = {
    "region": "row,column,height,width in whole pixels",
    "point": "row,column",
    "number": "a number above 0",
    "nonnegative": "a number from 0",
    "signed": "a number",
    "whole": "a whole number from 0",
    "layers": "material:thickness in mm, several with commas, such as Al:3,Cu:0.5",
    "text": "a word",
    "choice": "one of the words named",
    "flag": "yes or no",
    "findings": "a list of findings as JSON, or a file of it",
    "rules": "the name of a pack, or a site's own as CSV",
    "reference": "the file of a reference that good parts have taught",
}
"""What an option can be, and how that reads."""

LONGEST_TOLD = 120
"""Most characters of a wrong value that an error repeats."""


def parse(option: Option, given: Any) -> Any:
    """Turn text (from a command line or a form) or a value into the value of an option.

    Raises
    ------
    WrongUsage
        The value is not of the option's kind; the message says what is.
    """
    try:
        if option.kind == "choice":
            return _chosen(option, given)
        return _PARSERS[option.kind](given)
    except (ValueError, TypeError, AttributeError, OverflowError):
        wanted = " or ".join(option.choices) if option.choices else KINDS[option.kind]
        told = f"option '{option.name}' ({option.meaning}) must be {wanted}"
        raise WrongUsage(f"{told}; '{shortened(given)}' is not") from None


def parse_all(options: tuple[Option, ...], given: dict[str, Any], whose: str) -> dict[str, Any]:
    """Parse what was given against a list of options; None counts as not given. Keys become parameter names.

    Raises
    ------
    WrongUsage
        An unknown option, a missing one, or a value of the wrong kind.
    """
    known = {name: option for option in options for name in (option.name, option.parameter)}
    values = {key: value for key, value in given.items() if value is not None}
    unknown = sorted(set(values) - set(known))
    if unknown:
        takes = ", ".join(option.name for option in options) or "none"
        raise WrongUsage(f"'{whose}' has no option '{unknown[0]}'; it takes {takes}")
    parsed = {known[key].parameter: parse(known[key], value) for key, value in values.items()}
    for option in options:
        if option.parameter in parsed:
            continue
        if option.is_required:
            raise WrongUsage(f"'{whose}' needs the option '{option.name}': {option.meaning}")
        if option.default is not None:
            parsed[option.parameter] = option.default
    return parsed


def _chosen(option: Option, given: Any) -> str:
    by_lower = {choice.lower(): choice for choice in option.choices}
    word = str(given).strip().lower()
    if word not in by_lower:
        raise ValueError
    return by_lower[word]


def shortened(given: Any) -> str:
    """Return what was given as it is told in an error: not the whole of a long text."""
    told = str(given)
    return told if len(told) <= LONGEST_TOLD else f"{told[:LONGEST_TOLD]}…"


def _region(given: Any) -> Any:
    from kerma.science.measure.region import Region

    if isinstance(given, Region):
        return given
    row, column, height, width = given.split(",") if isinstance(given, str) else given
    return Region(_integer(row), _integer(column), _integer(height), _integer(width))


def _point(given: Any) -> tuple[float, float]:
    row, column = given.split(",") if isinstance(given, str) else given
    return _signed(row), _signed(column)


def _signed(given: Any) -> float:
    number = float(given)
    if not math.isfinite(number):
        raise ValueError
    return number


def _number(given: Any) -> float:
    number = _signed(given)
    if number <= 0:
        raise ValueError
    return number


def _nonnegative(given: Any) -> float:
    number = _signed(given)
    if number < 0:
        raise ValueError
    return number


def _integer(given: Any) -> int:
    number = _signed(given)
    if number != int(number):
        raise ValueError
    return int(number)


def _whole(given: Any) -> int:
    number = _integer(given)
    if number < 0:
        raise ValueError
    return number


def _layers(given: Any) -> dict[str, float]:
    """Read layers of materials; the same material twice adds up."""
    pairs = given.items() if isinstance(given, dict) else (part.rsplit(":", 1) for part in given.split(",") if part)
    layers: dict[str, float] = {}
    for material, thickness in pairs:
        layers[material.strip()] = layers.get(material.strip(), 0.0) + _nonnegative(thickness)
    return layers


def _flag(given: Any) -> bool:
    known = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    word = str(given).strip().lower()
    if word not in known:
        raise ValueError
    return known[word]


def _findings(given: Any) -> list[Any]:
    """Return the list of findings, from JSON text or from an object that has one."""
    try:
        plain = json.loads(given) if isinstance(given, str) else given
    except RecursionError:
        raise ValueError from None
    plain = plain.get("findings") if isinstance(plain, dict) else plain
    if not isinstance(plain, list):
        raise ValueError
    return plain


def _reference(given: Any) -> Any:
    """Return a reference of good parts, from its bytes or as it is; what is wrong with bytes is told as it is."""
    from kerma.science.detect.part_reference import Reference

    if isinstance(given, Reference):
        return given
    if not isinstance(given, bytes):
        raise TypeError
    return Reference.of(given)


def _text(given: Any) -> str:
    text = str(given).strip()
    if not text:
        raise ValueError
    return text


_PARSERS = {
    "region": _region, "point": _point, "number": _number, "nonnegative": _nonnegative, "signed": _signed,
    "whole": _whole, "layers": _layers, "text": _text,
    "flag": _flag, "findings": _findings, "rules": _text, "reference": _reference,
}  # fmt: skip

"""A list of findings as JSON into findings; an error names the finding and the field."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from kerma.errors import TooLarge, WrongUsage
from kerma.science.judge.places import PLACE_NAMES
from kerma.science.judge.words import imperfections, label_named, near
from kerma.science.options import shortened
from kerma.science.results import NO_BOX, Box, By, Finding

MOST_FINDINGS = 100_000
LARGEST = 1e12
"""No size or position of a part in mm, mm² or mm³ is larger: beyond it sums lose their millimetres."""
READER = By("person", "the list of findings")


def findings_of(plain: Sequence[Any]) -> list[Finding]:
    """Read findings as DESIGN 7 writes them; only ``label`` (or ``code``) and ``measurements`` are required.

    ``label`` is a word of ISO 6520-1, its name or its number; ``measurements`` a list of name and value, or a mapping;
    without ``id`` findings are numbered from 1; ``box`` is in pixels.

    Raises
    ------
    WrongUsage
        An entry makes no sense; the message names the finding and the field.
    TooLarge
        There are more than a person could ever have found.
    """
    if len(plain) > MOST_FINDINGS:
        raise TooLarge(f"there are {len(plain)} findings; at most {MOST_FINDINGS} are judged at a time")
    found = [_finding(one, number) for number, one in enumerate(plain, start=1)]
    ids: set[str] = set()
    for finding in found:
        if finding.id in ids:
            raise WrongUsage(f"two findings have the id '{finding.id}'; give each its own")
        ids.add(finding.id)
    return found


def _finding(plain: Any, number: int) -> Finding:
    if not isinstance(plain, Mapping):
        raise WrongUsage(f"finding {number} is no object with label and measurements, but {shortened(plain)!r}")
    name = plain.get("id")
    if name is not None and (not isinstance(name, str | int) or not str(name).strip() or len(str(name)) > 64):
        raise WrongUsage(f"finding {number}: id is {shortened(name)!r}; give up to 64 characters")
    told = str(name) if name is not None else str(number)
    label = _label(plain, told)
    box = _box(plain.get("box"), told)
    if "measurements" not in plain:
        raise WrongUsage(f"finding {told}: measurements are missing; give a mapping such as {{'length_mm': 3.9}}")
    measured = _measurements(plain["measurements"], told)
    return Finding(told, imperfections()[label]["number"], label, box, READER, measurements=measured)


def _label(plain: Mapping[str, Any], told: str) -> str:
    field = "label" if plain.get("label") not in (None, "") else "code"
    given = plain.get(field)
    if given in (None, ""):
        raise WrongUsage(f"finding {told}: label is missing; give a word of ISO 6520-1 such as porosity, or its number")
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise WrongUsage(f"finding {told}: {field} is {shortened(given)!r}, which is no word")
    label = label_named(str(given))
    if not label:
        like = [word for word in near(str(given)[:60]) if not word.startswith("@")]
        listed = "`kerma standards iso_6520-1/imperfections` lists them"
        hint = f"; did you mean {' or '.join(like)}?" if like else f"; {listed}"
        raise WrongUsage(f"finding {told}: {field} '{shortened(given)}' is no word or number of ISO 6520-1{hint}")
    return label


def _box(plain: Any, told: str) -> Box:
    if plain is None:
        return NO_BOX
    what = f"finding {told}: box is {shortened(plain)!r}; give [row, column, height, width] in pixels"
    if not isinstance(plain, list | tuple) or len(plain) != 4:
        raise WrongUsage(what)
    if any(isinstance(edge, bool) or not isinstance(edge, int | float) or not math.isfinite(edge) for edge in plain):
        raise WrongUsage(what)
    row, column, height, width = (float(edge) for edge in plain)
    if height < 0 or width < 0:
        raise WrongUsage(f"{what}, height and width from 0")
    return Box(row, column, height, width)


def _measurements(plain: Any, told: str) -> dict[str, float]:
    """Return the measurements that have a value; what is null was not measured."""
    if isinstance(plain, Mapping):
        pairs = list(plain.items())
    elif isinstance(plain, list | tuple) and all(isinstance(one, Mapping) and "name" in one for one in plain):
        pairs = [(one["name"], one.get("value")) for one in plain]
    else:
        raise WrongUsage(
            f"finding {told}: measurements are {shortened(plain)!r}; give a mapping such as {{'length_mm': 3.9}}, "
            "or a list of {'name': 'length_mm', 'value': 3.9}"
        )
    measured: dict[str, float] = {}
    for name, value in pairs:
        if not isinstance(name, str) or not name:
            raise WrongUsage(f"finding {told}: {shortened(name)!r} is no name of a measurement")
        if name in measured:
            raise WrongUsage(f"finding {told}: {shortened(name)} is given twice")
        if value is not None:
            measured[name] = _value(name, value, told)
    return measured


def _value(name: str, value: Any, told: str) -> float:
    where = f"finding {told}: {shortened(name)}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongUsage(f"{where} is {shortened(value)!r}, which is no number; write it without its unit, such as 3.9")
    try:
        number = float(value)
    except OverflowError:
        raise WrongUsage(f"{where} is {shortened(value)}, beyond the range of numbers") from None
    if not math.isfinite(number):
        raise WrongUsage(f"{where} is {number}; leave out what was not measured")
    if abs(number) > LARGEST:
        raise WrongUsage(f"{where} is {number:g}, larger than any part: check its unit")
    if number < 0 and name.endswith(("_mm", "_mm2", "_mm3")) and name not in PLACE_NAMES:
        raise WrongUsage(f"{where} is {number:g}, and no size is below 0")
    return number

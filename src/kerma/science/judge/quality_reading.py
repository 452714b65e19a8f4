"""What was read of an image: from measurements, or entered by a person, by the table of quantities."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from kerma.errors import WrongUsage
from kerma.science.results import Measurement, NotMeasurable
from kerma.standards import table

QUANTITIES = "kerma_quality/quantities"
WORST = {"lowest": min, "highest": max}
SIGNED = ("deviation_index",)
"""Quantities that may be zero or below."""
OTHER_SERIES = ("asme",)
"""Standards with a series of their own: a column of the table is named after each."""


@dataclass(frozen=True)
class Reading:
    """One quantity as read: its value and where it comes from; or why there is none and how to get it."""

    value: float | None
    origin: str
    how: str = ""

    @property
    def known(self) -> float:
        """The value, where there is one."""
        return math.nan if self.value is None else self.value


@dataclass(frozen=True)
class Readings:
    """Every quantity of ``kerma_quality/quantities`` by its name."""

    by_name: Mapping[str, Reading] = field(default_factory=dict)

    def of(self, quantity: str) -> Reading:
        """Return the reading of a quantity."""
        return self.by_name[quantity]


def entries() -> dict[str, str]:
    """Return what a person may enter: each key, and what it means."""
    found = {}
    for row in table(QUANTITIES):
        found[row["quantity"]] = row["meaning"]
        if row["entry"]:
            found[row["entry"]] = f"{row['meaning']}, as its number in the series"
    return found


def read(
    measured: Sequence[Measurement | NotMeasurable], entered: Mapping[str, float], *, standard: str = ""
) -> Readings:
    """Return every quantity: as entered, else the poorest measurement of it, else why there is none.

    ``standard`` says whose series the numbers of wires and holes belong to: W6 of ASTM is not W6 of ISO.

    Raises
    ------
    WrongUsage
        An unknown key in ``entered``, a number that its series does not have, or a value that makes no sense.
    """
    known = entries()
    for key, value in entered.items():
        if key not in known:
            raise WrongUsage(f"'{key}' is no quantity of image quality; there are {', '.join(known)}")
        check_entry(key, value)
    series = f"{standard}_series" if standard in OTHER_SERIES else "series"
    rows = [{**row, "series": row[series]} for row in table(QUANTITIES)]
    return Readings({row["quantity"]: _reading(row, measured, entered) for row in rows})


def check_entry(key: str, value: float) -> None:
    """Refuse what is no number, or below zero where nothing below zero makes sense."""
    if not _is_number(value) or (key not in SIGNED and value < 0):
        raise WrongUsage(f"{key} must be a number from 0; {value} is not")


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _reading(
    row: Mapping[str, str], measured: Sequence[Measurement | NotMeasurable], entered: Mapping[str, float]
) -> Reading:
    if row["quantity"] in entered:
        return Reading(float(entered[row["quantity"]]), "entered by a person")
    if row["entry"] and row["entry"] in entered:
        return Reading(_of_series(row, entered[row["entry"]]), "entered by a person")
    found = [one for one in measured if isinstance(one, Measurement) and one.name == row["measurement"]]
    values = [float(value) for one in found if _is_number(value := one.values.get(row["value"]))]
    if values:
        return Reading(WORST.get(row["worst"], lambda of: of[0])(values), f"measured by {row['measurement']}")
    reasons = [one.reason for one in measured if isinstance(one, NotMeasurable) and one.name == row["measurement"]]
    return Reading(None, reasons[0] if reasons else "it was neither measured nor entered", row["how"])


def _of_series(row: Mapping[str, str], number: float) -> float:
    """Return the size of a member of a series by its number: 14 is W14, in mm or scaled."""
    if not row["series"]:
        raise WrongUsage(f"{row['entry']} has no numbers here: enter {row['quantity']}")
    series = table(row["series"])
    prefix = series.rows[0][row["member"]][0]
    name = f"{prefix}{number:g}"
    for member in series:
        if member[row["member"]] == name:
            return float(member["diameter_mm"]) * float(row["scale"])
    names = [member[row["member"]] for member in series]
    raise WrongUsage(f"{row['entry']} {number:g} is none of {names[0]} to {names[-1]}: enter the number alone")

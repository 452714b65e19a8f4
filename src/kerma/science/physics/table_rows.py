"""Reading rows of standards' tables: by words, and by ranges that read "above the one, up to and with the other"."""

from __future__ import annotations

import math

from kerma.errors import OutsideTable, WrongUsage
from kerma.standards import table

RANGED = {
    "thickness_mm": ("thickness_over_mm", "thickness_up_to_mm"),
    "voltage_kv": ("voltage_over_kv", "voltage_up_to_kv"),
}


def row_at(
    name: str, *, thickness_mm: float | None = None, voltage_kv: float | None = None, **words: str
) -> dict[str, str]:
    """Return the row of a table whose cells are the words given and whose ranges hold the thickness and the voltage.

    A boundary belongs to the lower row: 20 mm is "up to 20 mm". An empty upper end means "and above"; a row without
    a range holds for every value.

    Raises
    ------
    WrongUsage
        A thickness or voltage that is not above 0.
    OutsideTable
        No row holds.
    """
    asked = {
        key: value for key, value in (("thickness_mm", thickness_mm), ("voltage_kv", voltage_kv)) if value is not None
    }
    for key, value in asked.items():
        positive(key, value)
    for row in table(name):
        if all(row[key] == word for key, word in words.items()) and all(
            _holds(row, key, value) for key, value in asked.items()
        ):
            return row
    wanted = ", ".join([*words.values(), *(f"{key.replace('_', ' ')} {value:g}" for key, value in asked.items())])
    raise OutsideTable(f"{table(name).title}, {table(name).clause} ({name}) has no row for {wanted}")


def quantity(name: str, which: str) -> float:
    """Return one number of a table of single quantities, such as ``iso_17636-2/technique``."""
    return float(row_at(name, quantity=which)["value"])


def positive(key: str, value: float) -> float:
    """Return the value if it is a finite number above 0.

    Raises
    ------
    WrongUsage
        It is zero, negative or not a number.
    """
    if not (math.isfinite(value) and value > 0):
        raise WrongUsage(f"{key} must be a number above 0; {value:g} is not")
    return value


def _holds(row: dict[str, str], key: str, value: float) -> bool:
    over, up_to = RANGED[key]
    if not row.get(over):
        return True
    return float(row[over]) < value <= float(row[up_to] or "inf")

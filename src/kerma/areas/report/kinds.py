"""The kinds of report: for whom, of which sections, and which values a form must bring. All of it is data.

``templates/kinds.csv`` has a line per kind, ``templates/fields.csv`` one per value of a form with its kinds.
"""

from __future__ import annotations

import csv
import functools
import importlib.resources
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerma.errors import WrongUsage

EXAM = "exam"
"""The kind for every exam of every industry."""
WELD = "weld-rt"
ITEM_TABLES: dict[str, tuple[str, ...]] = {WELD: ("iso_17636-2/report_items", "iacs_ur_w33/report_items")}
"""Standards that list what a report of a kind must state."""


@dataclass(frozen=True)
class Field:
    """One value of a form: its group on paper, and ``form``: text, lines, number, moment, yes or table."""

    name: str
    group: str
    form: str
    unit: str
    is_needed: bool
    columns: tuple[str, ...]
    """Columns of a table, in their order."""
    word: str
    """Key of its label in the languages."""


@dataclass(frozen=True)
class Kind:
    """One kind of report: ``sections`` in the order on paper; without ``industries`` it is for all of them."""

    name: str
    industries: tuple[str, ...]
    sections: tuple[str, ...]
    fields: tuple[Field, ...]

    @property
    def needed(self) -> list[str]:
        """The values without which there is no report of this kind."""
        return [field.name for field in self.fields if field.is_needed]

    @property
    def labels(self) -> dict[str, str]:
        """The key of each value's label in the languages."""
        return {field.name: field.word for field in self.form}

    @property
    def known(self) -> list[str]:
        """Every value that a form of this kind may bring."""
        return [field.name for field in self.form]

    @property
    def form(self) -> tuple[Field, ...]:
        """Every value that a form of this kind may bring, with those for the items that standards list."""
        items = _item_values(self.name).items()
        return self.fields + tuple(Field(name, "items", "text", "", False, (), word) for name, word in items)


@functools.cache
def kinds() -> Mapping[str, Kind]:
    """Return every kind of report by its name."""
    fields: dict[str, list[Field]] = {}
    for row in _rows("fields"):
        names = row["kind"].split()
        field = Field(
            row["field"],
            row["group"],
            row["form"],
            row["unit"],
            row["is_needed"] == "yes",
            tuple(row["columns"].split()),
            f"field_{names[0]}_{row['field']}" if len(names) == 1 else f"field_{row['field']}",
        )
        for name in names:
            fields.setdefault(name, []).append(field)
    return {
        row["kind"]: Kind(
            row["kind"],
            tuple(row["industries"].split()),
            tuple(row["sections"].split()),
            tuple(fields.get(row["kind"], ())),
        )
        for row in _rows("kinds")
    }


def kind_for(name: str, industry: str) -> Kind:
    """Return a kind of report by name, or where none is named the one that fits every exam.

    Raises
    ------
    WrongUsage
        There is no such kind, or it is not for this industry.
    """
    found = kinds().get(name or EXAM)
    if found is None:
        raise WrongUsage(f"'{name[:64]}' is no kind of report; there are {', '.join(names_for(industry))}")
    if found.industries and industry not in found.industries:
        raise WrongUsage(
            f"a report of kind {name} is for {' and '.join(found.industries)}, this exam is {industry}; "
            f"it may have {', '.join(names_for(industry))}"
        )
    return found


def names_for(industry: str) -> list[str]:
    """Return the names of the kinds an exam of this industry may have."""
    return [name for name, kind in kinds().items() if not kind.industries or industry in kind.industries]


def missing(kind: Kind, record: Mapping[str, Any]) -> list[str]:
    """Return the values a kind needs and the form does not bring: without them its report cannot be signed."""
    return [name for name in kind.needed if record.get(name) in (None, "", [])]


def check_complete(kind: Kind, record: Mapping[str, Any]) -> None:
    """Check that a form brings everything the kind needs, as a signed report must.

    Raises
    ------
    WrongUsage
        Values are missing; the message names them.
    """
    absent = missing(kind, record)
    if absent:
        raise WrongUsage(f"a report of kind {kind.name} cannot be signed without {', '.join(absent)}; fill in its form")


def check_record(kind: Kind, record: Mapping[str, Any]) -> None:
    """Check that a form brings only what the kind knows, in its shape; what it needs may come before signing.

    Raises
    ------
    WrongUsage
        A value is unknown or of another shape; the message names it.
    """
    unknown = [name for name in record if name not in kind.known]
    if unknown:
        known = ", ".join(kind.known) or "no values at all"
        raise WrongUsage(f"'{unknown[0][:64]}' is no value of a report of kind {kind.name}; it takes {known}")
    for field in kind.fields:
        _check_shape(field, record.get(field.name))


def read_record(path: Path | None) -> dict[str, Any]:
    """Return the values of a form from a JSON file; none without a file.

    Raises
    ------
    WrongUsage
        The file cannot be read, or is no JSON object.
    """
    if path is None:
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WrongUsage(f"the form {path} cannot be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise WrongUsage(f"the form {path} must be one JSON object: names and their values")
    return found


def _check_shape(field: Field, value: Any) -> None:
    if value in (None, "", []):
        return
    if field.form == "table":
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise WrongUsage(f"{field.name} is a table: a list of lines with {', '.join(field.columns)}")
        wrong = [name for one in value for name in one if name not in field.columns]
        if wrong:
            raise WrongUsage(f"'{str(wrong[0])[:64]}' is no column of {field.name}; it has {', '.join(field.columns)}")
        if not all(isinstance(cell, str | int | float) for one in value for cell in one.values()):
            raise WrongUsage(f"the cells of {field.name} are texts or numbers")
    elif field.form == "yes":
        if not isinstance(value, bool):
            raise WrongUsage(f"{field.name} is true or false")
    elif field.form == "number":
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise WrongUsage(f"{field.name} is a number{f' in {field.unit}' if field.unit else ''}")
    elif not isinstance(value, str):
        raise WrongUsage(f"{field.name} is a text")


def _item_values(name: str) -> dict[str, str]:
    """Return the values a form may bring for the items that standards list, with the key of each one's label."""
    from kerma.standards import table

    found: dict[str, str] = {}
    for row in [row for one in ITEM_TABLES.get(name, ()) for row in table(one)]:
        for place in row["places"].split():
            if place.startswith("record."):
                found.setdefault(place.removeprefix("record."), f"item_{row['item']}")
    return found


def _rows(name: str) -> list[dict[str, str]]:
    path = importlib.resources.files("kerma.areas.report").joinpath("templates", f"{name}.csv")
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))

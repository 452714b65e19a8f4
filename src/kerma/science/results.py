"""What science hands back: measurements, findings and verdicts, each able to say how it was obtained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from kerma.science.units import unit_of
from kerma.standards import Table

Value = float | int | str | bool | None | list[Any]
Outcome = Literal["pass", "fail", "advisory", "not-judged"]


@dataclass(frozen=True)
class Citation:
    """Where a number or rule comes from: standard, edition, clause, and our table of it."""

    standard: str
    edition: str = ""
    clause: str = ""
    table: str = ""
    status: str = ""
    read_in: str = ""
    """Where our table, or this one row of it, was read."""

    @classmethod
    def of(cls, table: Table, clause: str = "") -> Citation:
        """Cite a table, optionally one clause of it."""
        return cls(table.title, table.edition, clause or table.clause, table.name, table.status, table.source)

    def as_json(self) -> dict[str, str]:
        """Return the JSON form."""
        return {
            "standard": self.standard,
            "edition": self.edition,
            "clause": self.clause,
            "table": self.table,
            "status": self.status,
        }


@dataclass(frozen=True)
class Measurement:
    """One measurement, calculation or observer statistic: named values whose keys end in their unit."""

    name: str
    version: str
    values: Mapping[str, Value]
    method: str
    inputs: Mapping[str, Value] = field(default_factory=dict)
    uncertainties: Mapping[str, float] = field(default_factory=dict)
    source: Citation | None = None
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form of DESIGN 7; not-a-number and infinity become null."""
        return {
            "name": self.name,
            "version": self.version,
            "method": self.method,
            "inputs": _plain(self.inputs),
            "values": _plain(self.values),
            "units": _units(self.values),
            "uncertainties": _plain(self.uncertainties),
            "source": self.source.as_json() if self.source else None,
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class NotMeasurable:
    """A measurement that could not be made, with the reason and what would make it possible: a result, no crash."""

    name: str
    version: str
    reason: str
    inputs: Mapping[str, Value] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form: no values, and the reason as its one warning."""
        return {
            "name": self.name,
            "version": self.version,
            "method": "",
            "inputs": _plain(self.inputs),
            "values": {},
            "units": {},
            "uncertainties": {},
            "source": None,
            "warnings": [self.reason],
            "not_measurable": self.reason,
        }


@dataclass(frozen=True)
class Box:
    """A rectangle in image pixels: first row and column, height and width (rows down, columns right)."""

    row: float
    column: float
    height: float
    width: float

    def as_json(self) -> list[float]:
        """Return [row, column, height, width]."""
        return [self.row, self.column, self.height, self.width]


NO_BOX = Box(0.0, 0.0, 0.0, 0.0)
"""The box of a finding that was never marked on an image, such as one a film reader writes down."""


@dataclass(frozen=True)
class By:
    """Who or what saw something: a person, or an algorithm with its version and weights."""

    kind: Literal["person", "algorithm"]
    name: str
    version: str = ""
    model_sha256: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """Return the JSON form."""
        plain: dict[str, str | None] = {"kind": self.kind, "name": self.name, "version": self.version}
        return plain | ({"model_sha256": self.model_sha256} if self.model_sha256 else {})


@dataclass(frozen=True)
class Finding:
    """Something seen, with place, code, measurements, and who or what saw it.

    ``box`` and ``polygon`` are in pixels of plane ``plane``; ``measurements`` map names that end in their unit
    (``length_mm``, ``width_mm``, ``height_mm``, ``diameter_mm``, ``area_mm2``, ``cnr``, ``detectability``) to values.
    ``start_mm`` and ``offset_mm`` say where along and across the weld a finding begins, counted from the weld's datum.
    """

    id: str
    code: str
    label: str
    box: Box
    by: By
    score: float | None = None
    plane: int = 0
    polygon: tuple[tuple[float, float], ...] = ()
    measurements: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    """What is to be said of it in a sentence; empty where label and measurements say it all."""
    also: tuple[Finding, ...] = ()
    """Other marks of the same flaw, each as its own source made it; they count with this one, not beside it."""

    def with_all(self, **values: Any) -> Finding:
        """Return it with values that hold for its other marks too, such as the number or the plane."""
        return replace(self, **values, also=tuple(replace(one, **values) for one in self.also))

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form of DESIGN 7."""
        plain: dict[str, Any] = {
            "id": self.id,
            "code": self.code,
            "label": self.label,
            "box": self.box.as_json(),
            "plane": self.plane,
            "by": self.by.as_json(),
            "measurements": [{"name": name, "value": _finite(value)} for name, value in self.measurements.items()],
        }
        if self.score is not None:
            plain["score"] = _finite(self.score)
        if self.polygon:
            plain["polygon"] = [list(point) for point in self.polygon]
        if self.note:
            plain["note"] = self.note
        if self.also:
            plain["also"] = [one.as_json() for one in self.also]
        return plain


@dataclass(frozen=True)
class Verdict:
    """What one rule says about the findings of an exam.

    ``limit``, ``measured`` and ``margin`` share ``unit``; margin is how far the measured lies on the good side of the
    limit (limit - measured where ``asked`` is *at most*), negative when the rule fails.
    ``outcome`` is *advisory* where the rule would fail but its table is unverified, *not-judged* where a needed
    input (thickness, scale) is missing; ``reason`` then says which. ``unmeasured`` names what a *not-judged* rule
    waits for where no plain radiograph gives it (a depth, a density): such a rule alone leaves nothing undecided.
    ``corrective`` is the code of what to do about a failed rule, ``action`` the same in words.
    """

    rule: str
    outcome: Outcome
    source: Citation
    reason: str
    limit: float | None = None
    measured: float | None = None
    margin: float | None = None
    unit: str = ""
    finding_ids: tuple[str, ...] = ()
    action: str = ""
    corrective: str = ""
    unmeasured: tuple[str, ...] = ()
    asked: Literal["at most", "at least"] = "at most"

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form: the clause is spelled out beside the outcome."""
        return {
            "rule": self.rule,
            "outcome": self.outcome,
            "standard": self.source.standard,
            "edition": self.source.edition,
            "clause": self.source.clause,
            "status": self.source.status,
            "table": self.source.table,
            "source": self.source.read_in,
            "limit": _finite(self.limit),
            "measured": _finite(self.measured),
            "margin": _finite(self.margin),
            "unit": self.unit,
            "finding_ids": list(self.finding_ids),
            "reason": self.reason,
            "action": self.action,
            "corrective": self.corrective,
            "unmeasured": list(self.unmeasured),
            "asked": self.asked,
        }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain_value(value) for key, value in values.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _plain(value)
    return [_plain_value(item) for item in value] if isinstance(value, list | tuple) else _finite(value)


def _units(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the unit of every value that has one, as it is shown; those of a table's columns too."""
    units = {key: unit_of(key).shown for key in values}
    for rows in values.values():
        if isinstance(rows, list | tuple):
            units |= {key: unit_of(key).shown for row in rows if isinstance(row, Mapping) for key in row}
    return {key: unit for key, unit in units.items() if unit}

"""How much a rule allows, and how much of it a finding has: limits, windows and values in one unit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kerma.science.judge.conditions import Conditions, NotJudgedError
from kerma.science.judge.pack import Rule
from kerma.science.judge.windows import Placed
from kerma.science.results import Finding

_CHOICE: dict[str, Callable[[float, float], float]] = {"smaller": min, "larger": max}


@dataclass(frozen=True)
class Measured:
    """The findings a rule could measure, each with its value, and why it could not measure the others."""

    values: tuple[tuple[Finding, float], ...]
    missing: tuple[str, ...] = field(default_factory=tuple)


def limit_of(rule: Rule, conditions: Conditions) -> float:
    """Return the limit of a rule: k·t and the absolute limit, the smaller or larger of them, under the cap."""
    limit = _chosen(rule.limit_per_thickness, rule.limit_absolute, rule.limit_choice, conditions)
    if limit is None:
        raise NotJudgedError("the rule has no limit")
    return limit if rule.limit_cap is None else min(limit, rule.limit_cap)


def window_of(rule: Rule, conditions: Conditions) -> float:
    """Return the length of the window in mm; infinite where the rule sums over the whole weld."""
    window = _chosen(rule.window_per_thickness, rule.window_mm, rule.window_choice, conditions)
    return math.inf if window is None else window


def fitted(rule: Rule, conditions: Conditions) -> tuple[float, float]:
    """Return limit and window of a rule, fitted to a weld that is shorter than the window.

    ``short_weld`` empty: the limit stays. *proportional*: it shrinks with the length. A number: that share of the
    weld's length is the limit.
    """
    window = window_of(rule, conditions)
    length = conditions.weld_length_mm
    if not rule.short_weld:
        return limit_of(rule, conditions), window
    if length is None:
        if math.isinf(window):
            length = conditions.weld_length()
        return limit_of(rule, conditions), window
    if length >= window:
        return limit_of(rule, conditions), window
    if rule.short_weld == "proportional":
        return limit_of(rule, conditions) * length / window, length
    return float(rule.short_weld) * length, length


def _chosen(per_thickness: float | None, absolute: float | None, choice: str, conditions: Conditions) -> float | None:
    scaled = None if per_thickness is None else per_thickness * conditions.thickness()
    if scaled is None or absolute is None:
        return absolute if scaled is None else scaled
    return _CHOICE[choice](scaled, absolute)


def measure(findings: Sequence[Finding], names: Sequence[str]) -> Measured:
    """Take from each finding the first of the named measurements it has."""
    values, missing = [], []
    for finding in findings:
        value = next((finding.measurements[name] for name in names if name in finding.measurements), None)
        if value is None or not math.isfinite(value):
            missing.append(
                f"finding {finding.id} ({finding.label}) has no {' or '.join(names)}: "
                "give the image a scale (spacing_mm) or measure it by hand"
            )
        else:
            values.append((finding, float(value)))
    return Measured(tuple(values), tuple(missing))


def place(measured: Measured, conditions: Conditions) -> list[Placed]:
    """Lay findings along the weld in mm."""
    spacing = conditions.spacing
    if spacing.row_mm is None or spacing.column_mm is None:
        raise NotJudgedError("the places of the findings are unknown in mm: give the image a scale (spacing_mm)")
    return [
        _placed(finding, value, spacing.row_mm, spacing.column_mm, conditions.axis)
        for finding, value in measured.values
    ]


def _placed(finding: Finding, value: float, row_mm: float, column_mm: float, axis: str) -> Placed:
    box = finding.box
    across = (box.row * row_mm, (box.row + box.height) * row_mm)
    along = (box.column * column_mm, (box.column + box.width) * column_mm)
    if axis == "row":
        along, across = across, along
    return Placed(finding.id, along[0], along[1], value, across[0], across[1])

"""How much a rule allows, and how much of it a finding has: limits, windows and values in one unit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kerma.science.judge.conditions import Conditions, NotJudgedError
from kerma.science.judge.facts import number_of
from kerma.science.judge.merging import Merged, merged
from kerma.science.judge.places import Placed, placed
from kerma.science.judge.rule import Rule
from kerma.science.results import Finding

_CHOICE: dict[str, Callable[[Sequence[float]], float]] = {"smaller": min, "larger": max, "sum": math.fsum}
AREA = "area_mm2"
DARKNESS = "density_over_parent"
"""Optical density of a finding, or the digital equivalent, minus that of the thinnest parent material beside it."""


@dataclass(frozen=True)
class Measured:
    """The findings a rule could measure, each with its value, and why it could not measure the others."""

    values: tuple[tuple[Finding, float], ...]
    missing: tuple[str, ...] = field(default_factory=tuple)


def limit_of(rule: Rule, conditions: Conditions) -> float:
    """Return the limit of a rule: the smaller, larger or sum of its parts, never above the cap nor below the floor."""
    limit = _chosen(_limit_parts(rule, conditions), rule.limit_choice)
    if limit is None:
        raise NotJudgedError("the rule has no limit")
    if rule.limit_floor is not None:
        limit = max(limit, rule.limit_floor)
    return limit if rule.limit_cap is None else min(limit, rule.limit_cap)


def _limit_parts(rule: Rule, conditions: Conditions) -> list[float]:
    parts = []
    if rule.limit_per_thickness is not None:
        parts.append(rule.limit_per_thickness * conditions.thickness())
    if rule.limit_per_weld_length is not None:
        parts.append(rule.limit_per_weld_length * conditions.weld_length())
    if rule.limit_per_weld_width is not None:
        parts.append(rule.limit_per_weld_width * conditions.weld_width())
    if rule.limit_absolute is not None:
        parts.append(rule.limit_absolute)
    if rule.limit_fact:
        parts.append(_agreed(rule.limit_fact, conditions))
    return parts


def _agreed(name: str, conditions: Conditions) -> float:
    known = conditions.fact(name)
    number = None if known is None else number_of(known)
    if number is None or number < 0:
        raise NotJudgedError(f"its limit is agreed for each part: say {name}=number, as the drawing gives it")
    return number


def window_of(rule: Rule, conditions: Conditions) -> float:
    """Return the length of the window in mm; infinite where the rule sums over the whole weld."""
    parts = [] if rule.window_per_thickness is None else [rule.window_per_thickness * conditions.thickness()]
    parts += [] if rule.window_mm is None else [rule.window_mm]
    window = _chosen(parts, rule.window_choice)
    return math.inf if window is None else window


def relevant_over(rule: Rule, conditions: Conditions) -> float:
    """Return the size up to which a finding is not relevant; below 0 where every finding is."""
    parts = [] if rule.relevant_over_mm is None else [rule.relevant_over_mm]
    if rule.relevant_over_per_thickness is not None:
        parts.append(rule.relevant_over_per_thickness * conditions.thickness())
    size = _chosen(parts, rule.relevant_choice)
    return -1.0 if size is None else size


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


def _chosen(parts: Sequence[float], choice: str) -> float | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return _CHOICE[choice](parts)


def measure(findings: Sequence[Finding], names: Sequence[str]) -> Measured:
    """Take from each finding the first of the named measurements it has; an area also from length and width."""
    values, missing = [], []
    for finding in findings:
        value = next((finding.measurements[name] for name in names if name in finding.measurements), None)
        if value is None and AREA in names:
            value = ellipse_mm2(finding)
        if value is None or not math.isfinite(value):
            missing.append(
                f"finding {finding.id} ({finding.label}) has no {' or '.join(names)}: "
                "give the image a scale (spacing_mm) or measure it by hand"
            )
        else:
            values.append((finding, float(value)))
    return Measured(tuple(values), tuple(missing))


def ellipse_mm2(finding: Finding) -> float | None:
    """Return the area of the ellipse as long and wide as a finding, of the circle of its diameter; else None."""
    measured = finding.measurements
    diameter = measured.get("diameter_mm")
    length, width = measured.get("length_mm", diameter), measured.get("width_mm", diameter)
    return None if length is None or width is None else math.pi * length * width / 4


def place(measured: Measured, conditions: Conditions) -> list[Placed]:
    """Lay findings along the weld in mm."""
    return [placed(finding, value, conditions) for finding, value in measured.values]


def placed_pieces(rule: Rule, measured: Measured, conditions: Conditions) -> list[Placed]:
    """Lay findings along the weld, those that count as one with the stretches between them."""
    return [piece for one in as_one(rule, measured, conditions) for piece in (*one.items, *one.between)]


def as_one(rule: Rule, measured: Measured, conditions: Conditions) -> list[Merged]:
    """Lay findings along the weld, and merge those that the rule counts as one."""
    items = place(measured, conditions)
    if rule.merge_gap_factor is None:
        return [Merged((item,)) for item in items]
    return merged(items, rule.merge_gap_factor, "smaller" if rule.merge_reference == "smaller" else "larger")

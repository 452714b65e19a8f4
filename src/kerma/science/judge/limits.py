"""The kinds of acceptance rule: one small pure function each, and the table that names them.

Each takes the rule, the findings it covers and the conditions, and returns what was measured against what limit.
Every measured amount can only grow when a finding is added, so a further finding never turns fail into pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kerma.science.judge.amounts import Measured, fitted, limit_of, measure, place
from kerma.science.judge.conditions import Conditions, NotJudgedError
from kerma.science.judge.pack import Rule
from kerma.science.judge.windows import Placed, gaps_mm, groups, on_one_line, worst_window
from kerma.science.results import Finding


@dataclass(frozen=True)
class Amount:
    """What a rule measured, against which limit, on which findings, and what stayed unmeasured."""

    measured: float
    limit: float | None
    ids: tuple[str, ...] = ()
    note: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """One kind of rule: its function, the columns it needs, whether the row carries a limit, and one line of help."""

    judge: Callable[[Rule, Sequence[Finding], Conditions], Amount]
    needs: tuple[str, ...]
    has_limit: bool
    help: str


def forbidden(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Count the findings of a type that is not allowed at all."""
    named = ", ".join(f"{finding.id} ({finding.label})" for finding in findings)
    return Amount(float(len(findings)), 0.0, tuple(finding.id for finding in findings), f"not allowed at all: {named}")


def size(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Hold the largest length, width, height or diameter against its cap."""
    limit = limit_of(rule, conditions)
    measured = measure(findings, rule.measure)
    return _largest(measured, limit)


def window_sum(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Sum the sizes in the worst window along the weld."""
    limit, window = fitted(rule, conditions)
    measured = measure(findings, rule.measure)
    worst = worst_window(place(measured, conditions), _finite(window, measured, conditions))
    return Amount(worst.total, limit, worst.ids, _window_note(window, worst.start_mm), measured.missing)


def window_area(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Sum the areas in the worst window, as a share in % of window length times weld width."""
    limit, window = fitted(rule, conditions)
    if math.isinf(window):
        window = conditions.weld_length()
    measured = measure(findings, rule.measure or ("area_mm2",))
    worst = worst_window(place(measured, conditions), window)
    share = 100.0 * worst.total / (window * conditions.weld_width())
    return Amount(share, limit, worst.ids, _window_note(window, worst.start_mm), measured.missing)


def spacing(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Count pairs of findings nearer to each other than ``gap_factor`` times the larger of them."""
    measured = measure(findings, rule.measure)
    placed = place(measured, conditions)
    sizes = np.array([item.value for item in placed])
    near = np.triu(gaps_mm(placed) < (rule.gap_factor or 0.0) * np.maximum(sizes[:, None], sizes[None, :]), k=1)
    ids = tuple(placed[index].id for index in sorted({int(i) for pair in np.argwhere(near) for i in pair}))
    pairs = int(near.sum())
    note = f"{pairs or 'no'} pairs are nearer to each other than {rule.gap_factor:g} times the larger of the two"
    return Amount(float(pairs), 0.0, ids, note, measured.missing)


def aligned_group(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Sum the sizes of each group of near findings in its worst window, and take the worst group."""
    limit, window = fitted(rule, conditions)
    measured = measure(findings, rule.measure)
    worst = Amount(0.0, limit, (), "no findings lie near enough to each other to form a group", measured.missing)
    for group in _groups(rule, place(measured, conditions)):
        found = worst_window(group, _finite(window, measured, conditions))
        if found.total > worst.measured:
            note = f"{len(group)} in one group; {_window_note(window, found.start_mm)}"
            worst = Amount(found.total, limit, found.ids, note, measured.missing)
    return worst


def cluster(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Measure the longest side of each group of near findings, and take the largest."""
    limit = limit_of(rule, conditions)
    measured = measure(findings, rule.measure)
    worst = Amount(0.0, limit, (), "", measured.missing)
    for group in _groups(rule, place(measured, conditions)):
        length = max(item.end_mm for item in group) - min(item.start_mm for item in group)
        width = max(item.bottom_mm for item in group) - min(item.top_mm for item in group)
        if max(length, width) > worst.measured:
            ids = tuple(item.id for item in group)
            worst = Amount(max(length, width), limit, ids, f"{len(group)} in one cluster", measured.missing)
    return worst


def density(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Hold against the cap only what is darker than the thinnest parent material beside it.

    A finding says so by ``density_over_parent``: its optical density, or the digital equivalent, minus the parent's.
    """
    limit = limit_of(rule, conditions)
    compared = measure(findings, ("density_over_parent",))
    darker = [finding for finding, difference in compared.values if difference > 0]
    measured = measure(darker, rule.measure)
    amount = _largest(measured, limit)
    return Amount(amount.measured, limit, amount.ids, "", compared.missing + measured.missing)


def chart(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Leave the comparison with a licensed chart to a person, and say so."""
    if findings:
        raise NotJudgedError(f"compare by eye with the chart of {rule.clause}, which is licensed and not shipped")
    return Amount(0.0, None)


def extension(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Stand in the table for the chain rule, which the engine judges last from the other rules' verdicts."""
    return Amount(0.0, 0.0)


def _largest(measured: Measured, limit: float) -> Amount:
    if not measured.values:
        return Amount(0.0, limit, (), "", measured.missing)
    worst = max(value for _, value in measured.values)
    over = tuple(finding.id for finding, value in measured.values if exceeds(value, limit))
    ids = over or tuple(finding.id for finding, value in measured.values if value == worst)
    return Amount(worst, limit, ids, "", measured.missing)


def exceeds(value: float, limit: float) -> bool:
    """Whether a value is above a limit by more than the rounding of its sums."""
    return value > limit + 1e-9 * max(1.0, abs(limit))


def _groups(rule: Rule, placed: list[Placed]) -> list[list[Placed]]:
    """Split findings into the groups of the rule that hold enough of them."""
    lines = on_one_line(placed, rule.minimum_count) if rule.alignment == "touching" else [placed]
    found = [group for line in lines for group in groups(line, rule.gap_factor or math.inf, rule.gap_reference)]
    return [group for group in found if len(group) >= rule.minimum_count]


def _finite(window: float, measured: Measured, conditions: Conditions) -> float:
    """Return the window, or for a sum over the whole weld one that reaches past every finding."""
    if math.isfinite(window):
        return window
    ends = [end for item in place(measured, conditions) for end in (item.start_mm, item.end_mm)]
    return 1.0 + max(ends, default=0.0) - min(ends, default=0.0)


def _window_note(window_mm: float, start_mm: float) -> str:
    if math.isinf(window_mm):
        return "over the whole weld"
    return f"worst window of {window_mm:.4g} mm starts {start_mm:.4g} mm from the image's edge"


_GROUP_NEEDS = ("labels", "measure", "gap_factor", "unit")
KINDS: dict[str, Kind] = {
    "forbidden": Kind(forbidden, ("labels",), False, "a type of finding that is not allowed at all"),
    "size": Kind(size, ("labels", "measure", "unit"), True, "the largest length, width, height or diameter"),
    "window-sum": Kind(window_sum, ("labels", "measure", "unit"), True, "summed sizes in the worst window"),
    "window-area": Kind(window_area, ("labels", "unit"), True, "share of area in the worst window, in %"),
    "spacing": Kind(spacing, ("labels", "measure", "gap_factor"), False, "pairs nearer than n times the larger"),
    "aligned-group": Kind(aligned_group, _GROUP_NEEDS, True, "summed sizes of a group in its worst window"),
    "cluster": Kind(cluster, _GROUP_NEEDS, True, "longest side of a group"),
    "density": Kind(density, ("labels", "measure", "unit"), True, "size of what is darker than the parent material"),
    "chart": Kind(chart, ("labels",), False, "comparison with a licensed chart, by a person"),
    "extension": Kind(extension, ("action",), False, "what else must be inspected after an unacceptable finding"),
}
"""Every kind of rule a pack may hold, by the word in its column ``kind``."""

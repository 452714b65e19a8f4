"""The kinds of acceptance rule: one small pure function each, and the table that names them.

Each takes the rule, the findings it covers and the conditions, and returns what was measured against what limit.
Every measured amount can only grow worse when a finding is added, so a further finding never turns fail into pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kerma.science.judge.amounts import (
    AREA,
    DARKNESS,
    Measured,
    as_one,
    fitted,
    limit_of,
    measure,
    place,
    placed_pieces,
)
from kerma.science.judge.conditions import Conditions, NotJudgedError
from kerma.science.judge.groups import groups, near_pairs, on_one_line, smallest_gap_mm
from kerma.science.judge.places import Placed, ids_of
from kerma.science.judge.rule import Rule
from kerma.science.judge.windows import Worst, worst_count, worst_window
from kerma.science.results import Finding


@dataclass(frozen=True)
class Amount:
    """What a rule measured, against which limit, on which findings, and what stayed unmeasured.

    ``is_least`` where the limit is the least that is allowed: what lies below it fails.
    """

    measured: float
    limit: float | None
    ids: tuple[str, ...] = ()
    note: str = ""
    missing: tuple[str, ...] = ()
    is_least: bool = False

    @property
    def margin(self) -> float | None:
        """What is left to the limit; negative when the rule fails."""
        if self.limit is None:
            return None
        return self.measured - self.limit if self.is_least else self.limit - self.measured

    @property
    def fails(self) -> bool:
        """Whether the limit is broken, by more than the rounding of sums."""
        if self.limit is None:
            return False
        return exceeds(self.limit, self.measured) if self.is_least else exceeds(self.measured, self.limit)


@dataclass(frozen=True)
class Kind:
    """One kind of rule: its function, the columns it needs, what else it looks at, and one line of help."""

    judge: Callable[[Rule, Sequence[Finding], Conditions], Amount]
    needs: tuple[str, ...]
    has_limit: bool
    help: str
    has_window: bool = False
    has_groups: bool = False
    merges: bool = False
    is_along: bool = False
    """Whether it asks how findings lie to one another along the weld."""


def forbidden(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Count the findings of a type that is not allowed at all."""
    named = _listed([f"{finding.id} ({finding.label})" for finding in findings])
    return Amount(float(len(findings)), 0.0, tuple(finding.id for finding in findings), f"not allowed at all: {named}")


def no_limit(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Say that the standard sets no limit on these findings."""
    ids = tuple(finding.id for finding in findings)
    return Amount(float(len(findings)), None, ids, f"{rule.clause} sets no limit on them")


def size(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Hold the largest length, width, height or diameter against its cap; what merges counts as one."""
    limit = limit_of(rule, conditions)
    measured = measure(findings, rule.measure)
    if rule.merge_gap_factor is None:
        return _largest([((finding.id,), value) for finding, value in measured.values], limit, measured)
    wholes = [one.whole for one in as_one(rule, measured, conditions)]
    return _largest([(whole.ids, whole.value) for whole in wholes], limit, measured)


def window_sum(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Sum the sizes in the worst window along the weld."""
    limit, window = fitted(rule, conditions)
    measured = measure(findings, rule.measure)
    pieces = placed_pieces(rule, measured, conditions)
    worst = worst_window(pieces, _finite(window, pieces))
    return Amount(worst.total, limit, worst.ids, _window_note(window, worst), measured.missing)


def window_count(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Count the findings in the worst window along the weld."""
    limit, window = fitted(rule, conditions)
    every = Measured(tuple((finding, 1.0) for finding in findings))
    placed = place(every, conditions)
    worst = worst_count(placed, _finite(window, placed))
    return Amount(worst.total, limit, worst.ids, _window_note(window, worst))


def window_area(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Sum the areas in the worst window, as a share in % of window length times weld width."""
    limit, window = fitted(rule, conditions)
    if math.isinf(window):
        window = conditions.weld_length()
    names = rule.measure or (AREA,)
    measured = measure(findings, names)
    worst = worst_window(place(measured, conditions), window)
    share = 100.0 * worst.total / (window * conditions.weld_width())
    note = _window_note(window, worst)
    if any(not set(names) & set(finding.measurements) for finding, _ in measured.values):
        note += "; areas nobody measured are taken as ellipses of length and width"
    return Amount(share, limit, worst.ids, note, measured.missing)


def total(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Sum the sizes over the whole weld, wherever they lie."""
    limit = limit_of(rule, conditions)
    measured = measure(findings, rule.measure)
    if rule.merge_gap_factor is None:
        summed = math.fsum(value for _, value in measured.values)
    else:
        summed = math.fsum(one.whole.value for one in as_one(rule, measured, conditions))
    ids = tuple(finding.id for finding, _ in measured.values)
    return Amount(summed, limit, ids, "over the whole weld", measured.missing)


def spacing(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Count pairs of findings nearer to each other than ``gap_factor`` times the larger of them."""
    measured = measure(findings, rule.measure)
    placed = place(measured, conditions)
    reach = (rule.gap_factor or 0.0) * np.array([item.value for item in placed])
    pairs, near = 0, np.zeros(len(placed), dtype=bool)
    for one, other, gaps in near_pairs(placed, reach):
        # A pair within the reach of both comes twice: the one with the lower number counts it.
        counted = (one < other) | (gaps >= reach[other] - 1e-9)
        pairs += int(counted.sum())
        near[one], near[other] = True, True
    ids = tuple(placed[int(number)].id for number in np.flatnonzero(near))
    note = f"{pairs or 'no'} pairs are nearer to each other than {rule.gap_factor:g} times the larger of the two"
    return Amount(float(pairs), 0.0, ids, note, measured.missing)


def distance(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Hold the least distance between two findings against the least that is allowed."""
    limit = limit_of(rule, conditions)
    gap, pair = smallest_gap_mm(place(Measured(tuple((finding, 0.0) for finding in findings)), conditions))
    if not pair:
        return Amount(math.inf, limit, (), "there are no two findings whose distance is known", is_least=True)
    return Amount(gap, limit, ids_of(pair), "the least distance between two of them", is_least=True)


def aligned_group(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Sum the sizes of each group of near findings in its worst window, and take the worst group."""
    limit, window = fitted(rule, conditions)
    measured = measure(findings, rule.measure)
    placed = place(measured, conditions)
    window_mm = _finite(window, placed)
    most, group = _worst_group(rule, placed, lambda group: worst_window(group, window_mm).total, _summed)
    if not group:
        return Amount(0.0, limit, (), "", measured.missing)
    found = worst_window(group, window_mm)
    note = f"{len(group)} in one group; {_window_note(window, found)}"
    return Amount(most, limit, found.ids, note, measured.missing)


def group_length(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Measure each group of near findings from its first to its last edge along the weld, and take the longest."""
    return _extent_of_groups(rule, findings, conditions, lambda group: _side(group, "start_mm", "end_mm"), "group")


def cluster(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Measure the longest side of each group of near findings, and take the largest."""

    def side(group: Sequence[Placed]) -> float:
        return max(_side(group, "start_mm", "end_mm"), _side(group, "top_mm", "bottom_mm"))

    return _extent_of_groups(rule, findings, conditions, side, "cluster")


def density(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Hold against the cap only what is darker than the thinnest parent material beside it.

    A finding says so by ``density_over_parent``: its optical density, or the digital equivalent, minus the parent's.
    """
    limit = limit_of(rule, conditions)
    compared = measure(findings, (DARKNESS,))
    darker = [finding for finding, difference in compared.values if difference > 0]
    measured = measure(darker, rule.measure)
    both = Measured(measured.values, compared.missing + measured.missing)
    return _largest([((finding.id,), value) for finding, value in measured.values], limit, both)


def chart(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Leave the comparison with a licensed chart to a person, or what else the row's action says, and say so."""
    if len(findings) >= rule.minimum_count:
        compare = f"compare by eye with the chart of {rule.clause}, which is licensed and not shipped"
        raise NotJudgedError(f"{rule.action} ({rule.clause})" if rule.action else compare)
    return Amount(0.0, None, note=f"fewer than {rule.minimum_count} of them need no comparison")


def extension(rule: Rule, findings: Sequence[Finding], conditions: Conditions) -> Amount:
    """Stand in the table for the chain rule, which the engine judges last from the other rules' verdicts."""
    return Amount(0.0, 0.0)


def _largest(values: Sequence[tuple[tuple[str, ...], float]], limit: float, measured: Measured) -> Amount:
    if not values:
        return Amount(0.0, limit, (), "", measured.missing)
    worst = max(value for _, value in values)
    over = [names for names, value in values if exceeds(value, limit)]
    told = over or [names for names, value in values if value == worst]
    merged = max((names for names, value in values if value == worst), key=len)
    note = f"{len(merged)} that lie near count as one" if len(merged) > 1 else ""
    return Amount(worst, limit, tuple(dict.fromkeys(n for names in told for n in names)), note, measured.missing)


def exceeds(value: float, limit: float) -> bool:
    """Whether a value is above a limit by more than the rounding of its sums."""
    return value > limit + 1e-9 * max(1.0, abs(limit))


def _extent_of_groups(
    rule: Rule,
    findings: Sequence[Finding],
    conditions: Conditions,
    extent: Callable[[Sequence[Placed]], float],
    word: str,
) -> Amount:
    limit = limit_of(rule, conditions)
    measured = measure(findings, rule.measure)
    most, group = _worst_group(rule, place(measured, conditions), extent, lambda group: math.inf)
    note = f"{len(group)} in one {word}" if group else ""
    return Amount(most, limit, ids_of(group), note, measured.missing)


def _worst_group(
    rule: Rule,
    placed: list[Placed],
    value: Callable[[Sequence[Placed]], float],
    bound: Callable[[Sequence[Placed]], float],
) -> tuple[float, Sequence[Placed]]:
    """Return the group of the rule that measures most, and how much.

    ``value`` of a part of a set is never more than that of the set, ``bound`` never less than the value and quick to
    have: sets that cannot measure more than the worst so far are passed over.
    """
    factor = math.inf if rule.gap_factor is None else rule.gap_factor
    most: float = 0.0
    worst: Sequence[Placed] = ()
    for group in _large(groups(placed, factor, rule.gap_reference), rule.minimum_count):
        if bound(group) <= most or value(group) <= most:
            continue
        if rule.alignment != "touching":
            most, worst = value(group), group
            continue
        for line in on_one_line(group, rule.minimum_count):
            if bound(line) <= most or value(line) <= most:
                continue
            for part in _large(groups(line, factor, rule.gap_reference), rule.minimum_count):
                if value(part) > most:
                    most, worst = value(part), part
    return most, worst


def _large(sets: Sequence[list[Placed]], minimum: int) -> list[list[Placed]]:
    """Return the sets of enough findings, those that hold most first."""
    return sorted((one for one in sets if len(one) >= minimum), key=_summed, reverse=True)


def _summed(items: Sequence[Placed]) -> float:
    return math.fsum(item.value for item in items)


def _side(group: Sequence[Placed], first: str, last: str) -> float:
    edges = [(getattr(item, first), getattr(item, last)) for item in group]
    return float(max(end for _, end in edges) - min(start for start, _ in edges))


def _finite(window: float, placed: Sequence[Placed]) -> float:
    """Return the window, or for a sum over the whole weld one that reaches past every finding."""
    if math.isfinite(window):
        return window
    ends = [end for item in placed for end in (item.start_mm, item.end_mm)]
    return 1.0 + max(ends, default=0.0) - min(ends, default=0.0)


def _window_note(window_mm: float, worst: Worst) -> str:
    if worst.start_mm is None:
        return "the worst finding without a place, judged alone"
    if math.isinf(window_mm):
        return "over the whole weld"
    return f"worst window of {window_mm:.4g} mm starts at {worst.start_mm:.4g} mm"


def _listed(words: Sequence[str], most: int = 12) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


_MEASURED = ("labels", "measure", "unit")
_GROUPED = (*_MEASURED, "gap_factor")
KINDS: dict[str, Kind] = {
    "forbidden": Kind(forbidden, ("labels",), False, "a type of finding that is not allowed at all"),
    "no-limit": Kind(no_limit, ("labels",), False, "a type of finding that the standard sets no limit on"),
    "size": Kind(size, _MEASURED, True, "the largest length, width, height or diameter", merges=True),
    "window-sum": Kind(
        window_sum, _MEASURED, True, "summed sizes in the worst window", has_window=True, merges=True, is_along=True
    ),
    "window-count": Kind(
        window_count, ("labels", "unit"), True, "findings in the worst window", has_window=True, is_along=True
    ),
    "window-area": Kind(
        window_area, ("labels", "unit"), True, "share of area in the worst window, in %", has_window=True, is_along=True
    ),
    "total": Kind(total, _MEASURED, True, "summed sizes over the whole weld", merges=True, is_along=True),
    "spacing": Kind(
        spacing, ("labels", "measure", "gap_factor"), False, "pairs nearer than n times the larger", is_along=True
    ),
    "distance": Kind(distance, ("labels", "unit"), True, "least distance between two findings", is_along=True),
    "aligned-group": Kind(
        aligned_group,
        _MEASURED,
        True,
        "summed sizes of a group in its worst window",
        has_window=True,
        has_groups=True,
        is_along=True,
    ),
    "group-length": Kind(
        group_length, _GROUPED, True, "a group from its first to its last edge", has_groups=True, is_along=True
    ),
    "cluster": Kind(cluster, _GROUPED, True, "longest side of a group", has_groups=True, is_along=True),
    "density": Kind(density, _MEASURED, True, "size of what is darker than the parent material"),
    "chart": Kind(chart, ("labels",), False, "comparison with a licensed chart, by a person"),
    "extension": Kind(extension, ("action",), False, "what else must be inspected after an unacceptable finding"),
}
"""Every kind of rule a pack may hold, by the word in its column ``kind``."""

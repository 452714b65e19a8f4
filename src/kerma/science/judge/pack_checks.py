"""What the cells of a row must hold together, and rows with one another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from kerma.science.judge.limits import KINDS
from kerma.science.judge.rule import (
    GROUP_COLUMNS,
    LIMIT_COLUMNS,
    LIMIT_PARTS,
    MERGE_COLUMNS,
    RELEVANT_PARTS,
    WINDOW_COLUMNS,
    Rule,
)
from kerma.science.judge.sheet import Mistake

EMPTY = (None, "", ())


def mistakes_of(rule: Rule, line: int) -> list[Mistake]:
    """Return what is wrong with one row whose cells make sense one by one."""
    needed = [Mistake(line, name, "is empty") for name in ("rule", "kind", "clause") if not getattr(rule, name)]
    if rule.kind and rule.kind not in KINDS:
        needed.append(Mistake(line, "kind", f"is '{rule.kind}'", ", ".join(KINDS)))
    if needed:
        return needed
    return [Mistake(line, column, what) for check in _CHECKS for column, what in check(rule)]


def _needs(rule: Rule) -> Iterator[tuple[str, str]]:
    for column in KINDS[rule.kind].needs:
        if getattr(rule, column) in EMPTY:
            yield column, f"is empty, and a rule of kind '{rule.kind}' needs it"
    if KINDS[rule.kind].has_limit and not _given(rule, LIMIT_PARTS):
        yield "limit_absolute", f"a rule of kind '{rule.kind}' needs {' or '.join(LIMIT_PARTS)}"


def _unused(rule: Rule) -> Iterator[tuple[str, str]]:
    """Name what the kind would silently pass over: who fills such a cell believes that it counts."""
    kind = KINDS[rule.kind]
    unused: list[str] = []
    unused += () if kind.has_limit else LIMIT_COLUMNS
    unused += () if kind.has_window else (*WINDOW_COLUMNS, "short_weld")
    unused += () if kind.has_groups else GROUP_COLUMNS[1:]
    unused += () if kind.has_groups or "gap_factor" in kind.needs else GROUP_COLUMNS[:1]
    unused += () if kind.merges else MERGE_COLUMNS
    if rule.kind == "chart" and "minimum_count" in unused:
        unused.remove("minimum_count")
    for column in _given(rule, tuple(unused)):
        yield column, f"is given, but a rule of kind '{rule.kind}' does not look at it"


def _choices(rule: Rule) -> Iterator[tuple[str, str]]:
    for what, parts, choice in (
        ("limits", LIMIT_PARTS, "limit_choice"),
        ("windows", ("window_per_thickness", "window_mm"), "window_choice"),
        ("sizes", RELEVANT_PARTS, "relevant_choice"),
    ):
        given = _given(rule, parts)
        if len(given) > 1 and not getattr(rule, choice):
            yield choice, f"is empty; several {what} are given, so it must say {_ways(choice)}"


def _together(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.shape and rule.shape_ratio is None:
        yield "shape_ratio", f"is empty; a row for {rule.shape} findings says from which ratio on they are elongated"
    if rule.shape_ratio is not None and not rule.shape:
        yield "shape", "is empty; a row with shape_ratio says whether it is for rounded or elongated findings"
    if (rule.isolation_mm is None) != (not rule.isolation):
        yield "isolation", "and isolation_mm belong together"
    if (rule.merge_gap_factor is None) != (not rule.merge_reference):
        yield "merge_reference", "and merge_gap_factor belong together"
    if _given(rule, (*RELEVANT_PARTS, "relevant_up_to_mm")) and not rule.measure:
        yield "measure", "is empty; what is not relevant is told by its size"
    if rule.limit_cap is not None and rule.limit_floor is not None and rule.limit_floor > rule.limit_cap:
        yield "limit_floor", f"is {rule.limit_floor:g}, above the cap of {rule.limit_cap:g}"
    over, up_to = _range_of(rule)
    if not over < up_to:
        yield "thickness_up_to_mm", f"is {up_to:g}, not above thickness_over_mm {over:g}"
    if rule.when_measured == "yes" and not rule.measure:
        yield "measure", "is empty; a row with when_measured names what must be measured"


def _ways(choice: str) -> str:
    return "smaller, larger or sum" if choice == "limit_choice" else "smaller or larger"


_CHECKS: tuple[Callable[[Rule], Iterator[tuple[str, str]]], ...] = (_needs, _unused, _choices, _together)


def mistakes_between(rules: Sequence[tuple[int, Rule]]) -> list[Mistake]:
    """Name rows of one name of which two can be in force at once, so that one of them would never be looked at."""
    found = []
    for place, (line, rule) in enumerate(rules):
        for earlier, other in rules[:place]:
            if other.rule == rule.rule and _same_cases(other, rule):
                what = f"'{rule.rule}' stands twice (line {earlier}); rows of one name need thickness ranges or a when"
                found.append(Mistake(line, "rule", what))
                break
    return found


def _same_cases(one: Rule, other: Rule) -> bool:
    over, up_to = max(_range_of(one)[0], _range_of(other)[0]), min(_range_of(one)[1], _range_of(other)[1])
    alike = all(getattr(one, name) == getattr(other, name) for name in ("when", "part", "joint_coefficient"))
    return alike and over < up_to


def _range_of(rule: Rule) -> tuple[float, float]:
    over = 0.0 if rule.thickness_over_mm is None else rule.thickness_over_mm
    return over, math.inf if rule.thickness_up_to_mm is None else rule.thickness_up_to_mm


def _given(rule: Rule, columns: tuple[str, ...]) -> list[str]:
    default = {"minimum_count": 1}
    return [name for name in columns if getattr(rule, name) not in (*EMPTY, default.get(name))]

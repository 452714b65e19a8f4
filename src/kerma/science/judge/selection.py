"""Which rows of a pack are in force for a part, and which findings a row sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerma.science.judge.amounts import DARKNESS, measure, relevant_over
from kerma.science.judge.conditions import Conditions, NotJudgedError
from kerma.science.judge.facts import Clause, state
from kerma.science.judge.groups import near_pairs
from kerma.science.judge.places import placed
from kerma.science.judge.rule import Rule
from kerma.science.judge.shapes import shape_of
from kerma.science.results import Finding


@dataclass(frozen=True)
class InForce:
    """A row in force; ``unsaid`` are the facts that nobody has said and on which it hangs whether it is."""

    rule: Rule
    unsaid: tuple[Clause, ...] = ()

    def check(self) -> None:
        """Raise where it hangs on what nobody has said."""
        if self.unsaid:
            ways = " or ".join(dict.fromkeys(str(clause) for clause in self.unsaid))
            raise NotJudgedError(f"it hangs on what nobody has said of the part: say {ways}")


def in_force(rules: Sequence[Rule], conditions: Conditions) -> list[InForce]:
    """Return the rows for this part; of several rows of one name, the first that holds it.

    Where the drawing gives some of the limits that are agreed for each part (``limit_fact``), it sets no others.
    """
    by_name: dict[str, list[Rule]] = {}
    agreed = any(rule.limit_fact and conditions.fact(rule.limit_fact) is not None for rule in rules)
    for rule in rules:
        if agreed and rule.limit_fact and conditions.fact(rule.limit_fact) is None:
            continue
        if is_for(rule, conditions) and _holds_thickness(rule, conditions.thickness_mm):
            by_name.setdefault(rule.rule, []).append(rule)
    chosen = (_chosen(rows, conditions) for rows in by_name.values())
    return [row for row in chosen if row is not None]


def is_for(rule: Rule, conditions: Conditions) -> bool:
    """Whether a rule is for this kind of part."""
    return not rule.part or not conditions.part or rule.part == conditions.part


def _holds_thickness(rule: Rule, thickness_mm: float | None) -> bool:
    if thickness_mm is None:
        return True
    over, up_to = rule.thickness_over_mm, rule.thickness_up_to_mm
    return (over is None or thickness_mm > over) and (up_to is None or thickness_mm <= up_to)


def _chosen(rows: Sequence[Rule], conditions: Conditions) -> InForce | None:
    states = [(rule, *state(rule.when, conditions)) for rule in rows]
    sure = next((rule for rule, holds, _ in states if holds), None)
    if sure is not None:
        return InForce(sure)
    open_rows = [(rule, unsaid) for rule, holds, unsaid in states if holds is None]
    if not open_rows:
        return None
    return InForce(open_rows[0][0], tuple(clause for _, unsaid in open_rows for clause in unsaid))


@dataclass(frozen=True)
class Seen:
    """The findings a row judges, what it passes over and why, and what it lacks."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    unmeasured: tuple[Finding, ...] = ()
    """Findings the row waits for: they lack a measure that no plain radiograph gives."""
    undecided: tuple[str, ...] = ()
    """Why it is not known of some findings whether the row is for them."""


def looked_at(rule: Rule, findings: Sequence[Finding]) -> tuple[list[Finding], tuple[str, ...]]:
    """Return the findings of the row's types and shape, and how shapes were told that nobody measured."""
    labels = None if "*" in rule.labels else frozenset(rule.labels)
    covered = [finding for finding in findings if labels is None or finding.label in labels]
    if not rule.shape or rule.shape_ratio is None:
        return covered, ()
    shapes = [(finding, *shape_of(finding, rule.shape_ratio)) for finding in covered]
    guessed = [finding.id for finding, shape, is_measured in shapes if not is_measured and shape == rule.shape]
    note = f"{len(guessed)} without a measured width taken as {rule.shape} by type" if guessed else ""
    return [finding for finding, shape, _ in shapes if shape == rule.shape], (note,) if note else ()


def seen(rule: Rule, found: list[Finding], notes: tuple[str, ...], conditions: Conditions) -> Seen:
    """Return what the row judges of the findings it looks at: those that are relevant and that can be measured."""
    waiting: list[Finding] = []
    if rule.when_measured == "yes":
        has = [bool(measure((finding,), rule.measure).values) for finding in found]
        waiting = [finding for finding, is_there in zip(found, has, strict=True) if not is_there]
        found = [finding for finding, is_there in zip(found, has, strict=True) if is_there]
    found, dark_notes, undecided = _darker(rule, found)
    notes = (*notes, *dark_notes)
    if found and (rule.relevant_over_mm is not None or rule.relevant_over_per_thickness is not None):
        least = relevant_over(rule, conditions)
        small = {id(finding) for finding, value in measure(found, rule.measure).values if value <= least * (1 + 1e-9)}
        if small:
            notes = (*notes, f"{len(small)} of at most {least:.4g} mm are not relevant")
            found = [finding for finding in found if id(finding) not in small]
    if found and rule.relevant_up_to_mm is not None:
        most = rule.relevant_up_to_mm * (1 + 1e-9)
        large = {id(finding) for finding, value in measure(found, rule.measure).values if value > most}
        found = [finding for finding in found if id(finding) not in large]
    if found and rule.isolation == "near":
        found = _near(found, rule.isolation_mm or 0.0, conditions)
    return Seen(tuple(found), notes, tuple(waiting), undecided)


def _darker(rule: Rule, findings: list[Finding]) -> tuple[list[Finding], tuple[str, ...], tuple[str, ...]]:
    """Return the findings darker than the parent material where the row is only for those, and what is not known."""
    if rule.darker != "yes":
        return findings, (), ()
    compared = measure(findings, (DARKNESS,))
    dark = [finding for finding, difference in compared.values if difference > 0]
    lighter = len(compared.values) - len(dark)
    return dark, ((f"{lighter} not darker than the parent material do not count",) if lighter else ()), compared.missing


def _near(findings: list[Finding], within_mm: float, conditions: Conditions) -> list[Finding]:
    """Return the findings that have another of them within a distance, all of them where a place is not known."""
    items = [placed(finding, 0.0, conditions) for finding in findings]
    if len(items) > 1 and any(item.strip is None for item in items):
        return findings
    near: set[int] = set()
    for one, other, _ in near_pairs(items, np.full(len(items), within_mm)):
        near.update(one.tolist(), other.tolist())
    return [finding for number, finding in enumerate(findings) if number in near]

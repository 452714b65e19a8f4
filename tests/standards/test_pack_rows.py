"""No row of a pack is dead: for each one there is a part it is in force for and findings that break it."""

from __future__ import annotations

import pytest

from kerma.science.judge import Conditions, Pack, Rule, judge, load_pack
from kerma.science.judge.facts import Clause
from kerma.science.results import NO_BOX, By, Finding, Verdict
from kerma.standards import table_names

NUMBERS = ("thickness_mm", "weld_length_mm", "weld_width_mm", "outside_diameter_mm")
ROWS = [
    (name, number) for name in table_names() if "/acceptance" in name for number in range(len(load_pack(name).rules))
]


def value_for(clause: Clause) -> str | float:
    if clause.comparison in ("=", "!="):
        return clause.value if clause.comparison == "=" else f"not-{clause.value}"
    return float(clause.value) * (0.6 if clause.comparison in ("<", "<=") else 1.5)


def part_for(rule: Rule) -> Conditions:
    """A part that the row is in force for, with every input a row may ask."""
    over, up_to = rule.thickness_over_mm or 0.0, rule.thickness_up_to_mm or max(rule.thickness_over_mm or 0.0, 8.0) + 4
    numbers: dict[str, float] = {"thickness_mm": (over + up_to) / 2, "weld_length_mm": 2000.0, "weld_width_mm": 15.0}
    facts: dict[str, str | float] = {rule.limit_fact: 1.0} if rule.limit_fact else {}
    for clause in rule.when:
        value = value_for(clause)
        (numbers if clause.name in NUMBERS else facts)[clause.name] = value  # type: ignore[index,assignment]
    return Conditions(**numbers, joint_coefficient=rule.joint_coefficient, facts=facts)  # type: ignore[arg-type]


def breaking(rule: Rule) -> list[Finding]:
    """Many findings, large where the row is not about small ones, close to one another in one line."""
    size = 0.9 * rule.relevant_up_to_mm if rule.relevant_up_to_mm else 400.0
    count = 30 if rule.relevant_up_to_mm or rule.kind == "window-count" else max(4, rule.minimum_count)
    label = rule.labels[0] if rule.labels[0] != "*" else "crack"
    measured = dict.fromkeys(rule.measure, size)
    measured |= {"length_mm": size, "density_over_parent": 0.2, "offset_mm": 1.0}
    if rule.shape:
        measured["width_mm"] = size / 5 if rule.shape == "elongated" else size
    step = size * 0.01 if rule.kind in ("window-count", "aligned-group") or rule.relevant_up_to_mm else size * 1.01
    step = size + 0.5 if rule.kind == "distance" else step
    by = By("person", "reader")
    return [
        Finding(f"F{n}", "", label, NO_BOX, by, measurements=measured | {"start_mm": n * step}) for n in range(count)
    ]


def verdict_of(pack: Pack, rule: Rule, findings: list[Finding]) -> Verdict:
    return next(one for one in judge(findings, pack, part_for(rule)) if one.rule == rule.rule)


@pytest.mark.parametrize("name", sorted({name for name, _ in ROWS}))
def test_every_row_can_be_broken_and_then_cites_its_own_clause_and_status(name: str) -> None:
    pack = load_pack(name)
    for rule in pack.rules:
        if rule.kind == "extension":
            continue
        found = verdict_of(pack, rule, breaking(rule))
        expected = {"chart": ("not-judged",), "no-limit": ("pass",)}.get(rule.kind, ("fail", "advisory"))
        assert found.outcome in expected, (rule.rule, rule.when, found.outcome, found.reason)
        assert found.source.clause == rule.clause, (rule.rule, rule.when, rule.clause, found.source.clause)
        assert found.source.status == (rule.status or pack.table.status)
        if found.outcome in ("fail", "advisory"):
            assert found.action
            assert found.margin is not None
            assert found.margin < 0


@pytest.mark.parametrize("name", sorted({name for name, _ in ROWS}))
def test_nothing_breaks_a_row_that_has_nothing_to_look_at(name: str) -> None:
    pack = load_pack(name)
    for rule in pack.rules:
        assert verdict_of(pack, rule, []).outcome == "pass", rule.rule

"""Laws that hold for every kind of rule: more findings, their order, moving and scaling all of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.science.judge import Conditions, judge, load_pack
from kerma.science.judge.limits import KINDS
from kerma.science.results import NO_BOX, Finding, Verdict
from planted import PERSON, pack

COLUMNS = (
    "rule,kind,labels,measure,shape,shape_ratio,relevant_over_per_thickness,isolation,isolation_mm,limit_per_thickness,"
    "limit_absolute,unit,window_per_thickness,merge_gap_factor,merge_reference,gap_factor,gap_reference,minimum_count,"
    "alignment,clause,action"
)
NAMES = COLUMNS.split(",")
LENGTHS = ("length_mm", "width_mm", "start_mm", "offset_mm", "area_mm2")


def row(rule: str, kind: str, **cells: object) -> str:
    given = {"rule": rule, "kind": kind, "labels": "*", "clause": "1"} | cells
    return ",".join(str(given.get(name, "")) for name in NAMES)


SIZED = {"measure": "length_mm", "unit": "mm", "limit_per_thickness": 1}
GROUPED = SIZED | {"gap_factor": 3, "gap_reference": "pair", "minimum_count": 2}
ROWS = (
    row("crack", "forbidden", labels="crack", unit="findings"),
    row("free", "no-limit", labels="undercut"),
    row("size", "size", **SIZED),
    row("rounded", "size", **SIZED, shape="rounded", shape_ratio=3, relevant_over_per_thickness=0.05),
    row("near", "size", **SIZED, isolation="near", isolation_mm=20),
    row("merged size", "size", **SIZED, merge_gap_factor=1, merge_reference="smaller"),
    row("sum", "window-sum", **SIZED, window_per_thickness=12),
    row("merged sum", "window-sum", **SIZED, window_per_thickness=12, merge_gap_factor=2, merge_reference="larger"),
    row("count", "window-count", limit_absolute=3, unit="findings", window_per_thickness=4),
    row("area", "window-area", measure="area_mm2", limit_absolute=2, unit="%", window_per_thickness=8),
    row("total", "total", **SIZED, merge_gap_factor=1, merge_reference="larger"),
    row("spacing", "spacing", measure="length_mm", gap_factor=3, unit="pairs"),
    row("distance", "distance", limit_per_thickness=0.5, unit="mm"),
    row("line", "aligned-group", **GROUPED, alignment="touching", window_per_thickness=12),
    row("group", "aligned-group", **GROUPED | {"gap_reference": "group"}, window_per_thickness=6),
    row("long", "group-length", **GROUPED),
    row("cluster", "cluster", **GROUPED),
    row("dark", "density", **SIZED),
    row("chart", "chart", labels="shrinkage", minimum_count=2),
    row("more", "extension", action="again", unit="rules", labels=""),
)
PACK = load_pack(pack(COLUMNS, *ROWS))
PART = Conditions(thickness_mm=10.0, weld_length_mm=400.0, weld_width_mm=12.0)
LABELS = ("porosity", "slag", "crack", "undercut", "shrinkage", "tungsten")


def by_rule(findings: list[Finding], part: Conditions = PART) -> dict[str, Verdict]:
    return {verdict.rule: verdict for verdict in judge(findings, PACK, part)}


MM = st.integers(0, 3000).map(lambda tenths: tenths / 10)
SIZE = st.integers(1, 120).map(lambda tenths: tenths / 10)


@st.composite
def some(draw: st.DrawFn, most: int = 10) -> list[Finding]:
    found = []
    for _ in range(draw(st.integers(0, most))):
        length, width = draw(SIZE), draw(SIZE)
        measured = {"length_mm": length, "width_mm": width, "area_mm2": length * width, "density_over_parent": 0.1}
        if draw(st.integers(0, 7)):
            measured |= {"start_mm": draw(MM), "offset_mm": draw(SIZE)}
        found.append(Finding("", "", draw(st.sampled_from(LABELS)), NO_BOX, PERSON, measurements=measured))
    return found


def numbered(findings: list[Finding]) -> list[Finding]:
    return [
        Finding(f"F{n}", "", one.label, one.box, one.by, measurements=one.measurements)
        for n, one in enumerate(findings)
    ]


def changed(findings: list[Finding], change: dict[str, tuple[float, float]]) -> list[Finding]:
    found = []
    for one in findings:
        measured = dict(one.measurements)
        for name, (factor, shift) in change.items():
            if name in measured:
                measured[name] = measured[name] * factor + shift
        found.append(Finding(one.id, "", one.label, one.box, one.by, measurements=measured))
    return found


def test_the_pack_of_the_laws_has_every_kind() -> None:
    assert {rule.kind for rule in PACK.rules} == set(KINDS)


@settings(max_examples=100, deadline=None)
@given(some(), some(3))
def test_more_findings_never_turn_fail_into_anything_else(findings: list[Finding], more: list[Finding]) -> None:
    every = numbered([*findings, *more])
    before, after = by_rule(every[: len(findings)]), by_rule(every)
    for rule, verdict in before.items():
        if verdict.outcome == "fail":
            assert after[rule].outcome == "fail", rule


@settings(max_examples=40, deadline=None)
@given(some(), st.randoms(use_true_random=False))
def test_the_order_of_findings_changes_no_verdict(findings: list[Finding], random: object) -> None:
    forward = numbered(findings)
    shuffled = list(forward)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = by_rule(forward), by_rule(shuffled)
    for rule, verdict in first.items():
        assert second[rule].outcome == verdict.outcome
        assert second[rule].measured == pytest.approx(verdict.measured), rule


@settings(max_examples=40, deadline=None)
@given(some(), st.sampled_from([-250.0, 1000.0]), st.sampled_from([-4.0, 30.0]))
def test_moving_all_findings_changes_no_verdict(findings: list[Finding], along: float, across: float) -> None:
    here = numbered(findings)
    there = changed(here, {"start_mm": (1, along), "offset_mm": (1, across)})
    first, second = by_rule(here), by_rule(there)
    for rule, verdict in first.items():
        assert second[rule].measured == pytest.approx(verdict.measured, abs=1e-6), rule


@settings(max_examples=40, deadline=None)
@given(some(), st.sampled_from([0.5, 4.0]))
def test_a_part_twice_as_large_gets_the_same_verdicts(findings: list[Finding], scale: float) -> None:
    here = numbered(findings)
    there = changed(here, dict.fromkeys(LENGTHS, (scale, 0.0)) | {"area_mm2": (scale**2, 0.0)})
    part = Conditions(10.0 * scale, 400.0 * scale, 12.0 * scale)
    first, second = by_rule(here), by_rule(there, part)
    for rule, verdict in first.items():
        if rule == "near":
            continue
        assert second[rule].outcome == verdict.outcome, rule
        if verdict.unit == "mm" and verdict.measured is not None and math.isfinite(verdict.measured):
            assert second[rule].measured == pytest.approx(scale * verdict.measured), rule


@settings(max_examples=40, deadline=None)
@given(some())
def test_margin_tells_the_outcome_and_every_verdict_is_json(findings: list[Finding]) -> None:
    for verdict in judge(numbered(findings), PACK, PART):
        plain = verdict.as_json()
        if plain["margin"] is not None and verdict.outcome in ("pass", "fail"):
            assert (plain["margin"] < -1e-9) == (verdict.outcome == "fail")
        assert set(verdict.finding_ids) <= {f"F{n}" for n in range(len(findings))}
        assert len(set(verdict.finding_ids)) == len(verdict.finding_ids)

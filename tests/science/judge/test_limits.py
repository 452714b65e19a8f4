"""Each kind of rule: just inside its limit passes, just outside fails, and it scales with the part."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kerma.science.judge import Conditions, judge
from kerma.science.judge.limits import KINDS
from kerma.science.results import Finding, Verdict
from planted import conditions, finding, pack

COLUMNS = (
    "rule,kind,labels,measure,thickness_over_mm,thickness_up_to_mm,limit_per_thickness,limit_absolute,limit_choice,"
    "limit_cap,unit,window_per_thickness,window_mm,window_choice,short_weld,gap_factor,gap_reference,minimum_count,"
    "alignment,clause,action"
)
NAMES = COLUMNS.split(",")


def row(**cells: object) -> str:
    given = {"rule": "r", "labels": "*", "measure": "length_mm", "unit": "mm", "clause": "1"} | cells
    return ",".join(str(given.get(name, "")) for name in NAMES)


def verdict(rules: str | list[str], findings: list[Finding], given: Conditions | None = None) -> Verdict:
    rows = [rules] if isinstance(rules, str) else rules
    return judge(findings, pack(COLUMNS, *rows), given or conditions())[0]


def one(length_mm: float, **more: float) -> list[Finding]:
    return [finding("F1", "porosity", along_mm=20.0, length_mm=length_mm, **more)]


def run_of(count: int, length_mm: float, pitch_mm: float, *, row_mm: float = 10.0) -> list[Finding]:
    return [
        finding(f"F{n}", "slag", along_mm=10.0 + n * pitch_mm, length_mm=length_mm, row_mm=row_mm) for n in range(count)
    ]


@pytest.mark.parametrize(
    ("cells", "limit"),
    [
        ({"limit_absolute": 5}, 5.0),
        ({"limit_per_thickness": 0.25}, 3.0),
        ({"limit_per_thickness": 0.25, "limit_absolute": 2, "limit_choice": "smaller"}, 2.0),
        ({"limit_per_thickness": 0.25, "limit_absolute": 2, "limit_choice": "larger"}, 3.0),
        ({"limit_per_thickness": 0.5, "limit_absolute": 2, "limit_choice": "larger", "limit_cap": 4}, 4.0),
    ],
)
def test_size_at_its_limit_passes_and_one_percent_above_fails(cells: dict[str, float], limit: float) -> None:
    rule = row(kind="size", **cells)
    inside, at, outside = (verdict(rule, one(share * limit)) for share in (0.99, 1.0, 1.01))
    assert (inside.outcome, at.outcome, outside.outcome) == ("pass", "pass", "fail")
    assert outside.limit == pytest.approx(limit)
    assert outside.margin == pytest.approx(-0.01 * limit)
    assert outside.finding_ids == ("F1",)


def test_width_is_capped_by_the_same_kind_with_another_measure() -> None:
    rule = row(kind="size", measure="width_mm", limit_absolute=1.6)
    assert verdict(rule, one(9.0, width_mm=1.58)).outcome == "pass"
    assert verdict(rule, one(9.0, width_mm=1.62)).outcome == "fail"


@pytest.mark.parametrize(
    ("thickness_mm", "limit"), [(18.9, 6.0), (19.0, 6.0), (30.0, 10.0), (57.0, 19.0), (80.0, 19.0)]
)
def test_limits_change_with_ranges_of_thickness(thickness_mm: float, limit: float) -> None:
    # ASME VIII-1 UW-51 as public excerpts print it: 6 mm, t/3, 19 mm.
    rules = [
        row(kind="size", limit_absolute=6, thickness_up_to_mm=19),
        row(kind="size", limit_per_thickness=0.3333333333333333, thickness_over_mm=19, thickness_up_to_mm=57),
        row(kind="size", limit_absolute=19, thickness_over_mm=57),
    ]
    assert verdict(rules, one(1.0), conditions(thickness_mm)).limit == pytest.approx(limit)
    assert len(judge(one(1.0), pack(COLUMNS, *rules), conditions(thickness_mm))) == 1


def test_forbidden_counts_and_names() -> None:
    rule = row(kind="forbidden", labels="@planar", unit="findings")
    cracks = [finding("F1", "crack", along_mm=1, length_mm=2), finding("F2", "lack-of-fusion", along_mm=9, length_mm=2)]
    found = verdict(rule, cracks)
    assert (found.outcome, found.measured, found.limit, found.finding_ids) == ("fail", 2.0, 0.0, ("F1", "F2"))
    assert "F1 (crack)" in found.reason


def test_window_sum_finds_the_worst_stretch() -> None:
    rule = row(kind="window-sum", limit_absolute=12, window_mm=100)
    inside = [*run_of(3, 3.98, 40.0), finding("far", "slag", along_mm=400, length_mm=5)]
    outside = [*run_of(3, 4.02, 40.0), finding("far", "slag", along_mm=400, length_mm=5)]
    assert verdict(rule, inside).measured == pytest.approx(11.94)
    assert verdict(rule, inside).outcome == "pass"
    failed = verdict(rule, outside)
    assert failed.outcome == "fail"
    assert failed.finding_ids == ("F0", "F1", "F2")


def test_a_window_may_scale_with_thickness_under_a_cap() -> None:
    rule = row(kind="window-sum", limit_absolute=50, window_per_thickness=12, window_mm=150, window_choice="smaller")
    assert "144 mm" in verdict(rule, run_of(2, 1.0, 5.0)).reason
    assert "150 mm" in verdict(rule, run_of(2, 1.0, 5.0), conditions(20.0)).reason


@pytest.mark.parametrize(("short_weld", "limit"), [("", 25.0), ("proportional", 12.5), ("0.08", 12.0)])
def test_a_weld_shorter_than_the_window(short_weld: str, limit: float) -> None:
    rule = row(kind="window-sum", limit_absolute=25, window_mm=300, short_weld=short_weld)
    short = conditions(weld_length_mm=150.0)
    assert verdict(rule, run_of(1, 0.99 * limit, 1.0), short).outcome == "pass"
    assert verdict(rule, run_of(1, 1.01 * limit, 1.0), short).outcome == "fail"
    assert verdict(rule, run_of(1, 1.0, 1.0), conditions(weld_length_mm=600.0)).limit == 25.0


def test_a_share_of_the_whole_weld_needs_its_length() -> None:
    rule = row(kind="window-sum", limit_absolute=0, short_weld="0.08")
    unknown = verdict(rule, run_of(2, 3.0, 9.0))
    assert unknown.outcome == "not-judged"
    assert "weld_length_mm" in unknown.reason
    assert verdict(rule, run_of(2, 3.9, 9.0), conditions(weld_length_mm=100.0)).outcome == "pass"
    assert verdict(rule, run_of(2, 4.1, 9.0), conditions(weld_length_mm=100.0)).outcome == "fail"


def test_area_share_is_of_window_times_weld_width() -> None:
    rule = row(kind="window-area", measure="area_mm2", limit_absolute=2, unit="%", window_mm=100)
    given = conditions(weld_width_mm=10.0)
    assert verdict(rule, one(4.0, area_mm2=19.8), given).measured == pytest.approx(1.98)
    assert verdict(rule, one(4.0, area_mm2=20.2), given).outcome == "fail"
    assert "weld_width_mm" in verdict(rule, one(4.0, area_mm2=20.2)).reason


def test_spacing_counts_pairs_that_are_too_near() -> None:
    rule = row(kind="spacing", gap_factor=3, unit="pairs")
    assert verdict(rule, run_of(2, 2.0, 8.02)).outcome == "pass"
    near = verdict(rule, run_of(3, 2.0, 7.98))
    assert (near.outcome, near.measured, near.finding_ids) == ("fail", 2.0, ("F0", "F1", "F2"))


def test_a_group_sums_only_what_is_near_enough() -> None:
    rule = row(kind="aligned-group", limit_absolute=5, gap_factor=6, gap_reference="pair", minimum_count=2)
    joined = run_of(3, 2.0, 2.0 + 6 * 2.0 * 0.99)
    parted = run_of(3, 2.0, 2.0 + 6 * 2.0 * 1.01)
    assert verdict(rule, joined).measured == pytest.approx(6.0)
    assert verdict(rule, joined).outcome == "fail"
    assert verdict(rule, parted).outcome == "pass"
    assert verdict(rule, run_of(1, 9.0, 1.0)).measured == 0.0


def test_an_aligned_group_may_have_to_touch_one_line() -> None:
    aligned = {"gap_factor": 6, "gap_reference": "pair", "minimum_count": 4, "alignment": "touching"}
    rule = row(kind="aligned-group", limit_absolute=3, **aligned)
    in_line = run_of(4, 1.0, 3.0)
    scattered = [replace(each, box=replace(each.box, row=100.0 + 40 * n)) for n, each in enumerate(in_line)]
    assert verdict(rule, in_line).outcome == "fail"
    assert verdict(rule, scattered).measured == 0.0


def test_a_cluster_is_as_large_as_its_longest_side() -> None:
    rule = row(kind="cluster", limit_absolute=13, gap_factor=4, minimum_count=3)
    assert verdict(rule, run_of(5, 0.9, 2.99)).measured == pytest.approx(4 * 2.99 + 0.9)
    assert verdict(rule, run_of(5, 0.9, 2.99)).outcome == "pass"
    assert verdict(rule, run_of(5, 0.9, 3.05)).outcome == "fail"
    assert verdict(rule, run_of(2, 0.9, 3.05)).measured == 0.0


def test_density_judges_only_what_is_darker_than_the_parent() -> None:
    rule = row(kind="density", limit_absolute=6)
    assert verdict(rule, one(9.0, density_over_parent=-0.1)).outcome == "pass"
    assert verdict(rule, one(5.9, density_over_parent=0.2)).outcome == "pass"
    assert verdict(rule, one(6.1, density_over_parent=0.2)).outcome == "fail"
    unknown = verdict(rule, one(9.0))
    assert unknown.outcome == "not-judged"
    assert "density_over_parent" in unknown.reason


def test_a_chart_is_left_to_a_person() -> None:
    rule = row(kind="chart", unit="", measure="")
    assert verdict(rule, one(1.0)).outcome == "not-judged"
    assert "licensed" in verdict(rule, one(1.0)).reason
    assert verdict(rule, []).outcome == "pass"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "extension"])
def test_every_kind_passes_when_nothing_is_found(kind: str) -> None:
    cells = {"limit_absolute": 5} if KINDS[kind].has_limit else {}
    cells |= {"gap_factor": 3} if "gap_factor" in KINDS[kind].needs else {}
    found = verdict(row(kind=kind, **cells), [])
    assert found.outcome == "pass"
    assert found.as_json()["measured"] == (None if kind == "distance" else 0.0)


@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_rules_in_units_of_thickness_scale_with_the_part(scale: float) -> None:
    rule = row(kind="aligned-group", limit_per_thickness=1, window_per_thickness=12, gap_factor=6, gap_reference="pair")
    small = [finding(f"F{n}", "slag", along_mm=9.0 * n, length_mm=2.5) for n in range(5)]
    large = [finding(f"F{n}", "slag", along_mm=9.0 * n * scale, length_mm=2.5 * scale) for n in range(5)]
    first, second = verdict(rule, small), verdict(rule, large, conditions(12.0 * scale))
    assert first.outcome == second.outcome == "fail"
    assert second.measured == pytest.approx(scale * (first.measured or 0.0))
    assert second.margin == pytest.approx(scale * (first.margin or 0.0))

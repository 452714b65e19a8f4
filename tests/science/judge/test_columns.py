"""Each column of a pack does what it says: one per cent inside its limit passes, one per cent outside fails."""

from __future__ import annotations

import math

import pytest

from kerma.science.judge import Conditions, judge
from kerma.science.judge.facts import facts_of
from kerma.science.judge.rule import COLUMNS
from kerma.science.results import NO_BOX, Finding, Verdict
from planted import PERSON, pack


def row(**cells: object) -> str:
    given = {"rule": "r", "labels": "*", "measure": "length_mm", "unit": "mm", "clause": "1"} | cells
    return ",".join(str(given.get(name, "")) for name in COLUMNS)


def slag(name: str, length_mm: float, start_mm: float | None = 0.0, **more: float) -> Finding:
    place = {} if start_mm is None else {"start_mm": start_mm}
    label = "slag"
    return Finding(name, "", label, NO_BOX, PERSON, measurements={"length_mm": length_mm} | place | more)


def verdicts(rules: str | list[str], findings: list[Finding], *, facts: str = "", **part: object) -> dict[str, Verdict]:
    rows = [rules] if isinstance(rules, str) else rules
    given = Conditions(**({"thickness_mm": 12.0} | part), facts=facts_of(facts))  # type: ignore[arg-type]
    return {one.rule: one for one in judge(findings, pack(",".join(COLUMNS), *rows), given)}


def only(rules: str | list[str], findings: list[Finding], *, facts: str = "", **part: object) -> Verdict:
    return next(iter(verdicts(rules, findings, facts=facts, **part).values()))


@pytest.mark.parametrize(
    ("cells", "limit"),
    [
        ({"limit_per_weld_length": 0.08}, 24.0),
        ({"limit_per_weld_width": 0.5}, 8.0),
        ({"limit_per_weld_length": 0.08, "limit_per_thickness": 1, "limit_choice": "smaller"}, 12.0),
        ({"limit_per_weld_width": 0.1, "limit_absolute": 1, "limit_choice": "sum"}, 2.6),
        ({"limit_per_thickness": 0.1, "limit_floor": 2}, 2.0),
        ({"limit_per_thickness": 3, "limit_cap": 25, "limit_floor": 2}, 25.0),
        ({"limit_fact": "agreed_mm"}, 7.0),
    ],
)
def test_a_limit_has_parts_a_cap_and_a_floor(cells: dict[str, object], limit: float) -> None:
    part = {"weld_length_mm": 300.0, "weld_width_mm": 16.0, "facts": "agreed_mm=7"}
    rule = row(kind="size", **cells)
    inside, outside = (only(rule, [slag("A", share * limit)], **part) for share in (0.99, 1.01))  # type: ignore[arg-type]
    assert (inside.outcome, outside.outcome) == ("pass", "fail")
    assert outside.limit == pytest.approx(limit)


def test_a_missing_weld_length_is_asked_for() -> None:
    assert "weld_length_mm" in only(row(kind="total", limit_per_weld_length=0.08), [slag("A", 9)]).reason


def test_total_sums_wherever_the_findings_lie() -> None:
    rule = row(kind="total", limit_absolute=10)
    far = [slag("A", 3.3), slag("B", 3.3, 900), slag("C", 3.3, None)]
    assert (only(rule, far).outcome, only(rule, far).measured) == ("pass", pytest.approx(9.9))
    assert only(rule, [*far, slag("D", 0.2)]).outcome == "fail"


def test_a_count_takes_every_finding_the_window_touches() -> None:
    rule = row(kind="window-count", measure="", limit_absolute=2, unit="findings", window_mm=100)
    just_apart = [slag("A", 2, 0), slag("B", 2, 50), slag("C", 2, 102.01)]
    just_near = [slag("A", 2, 0), slag("B", 2, 50), slag("C", 2, 101.99)]
    assert (only(rule, just_apart).outcome, only(rule, just_apart).measured) == ("pass", 2)
    assert (only(rule, just_near).outcome, only(rule, just_near).finding_ids) == ("fail", ("A", "B", "C"))


def test_a_group_is_as_long_as_from_its_first_to_its_last_edge() -> None:
    rule = row(kind="group-length", limit_absolute=20, gap_factor=3, minimum_count=2)
    near = [slag("A", 2, 0), slag("B", 2, 7.9), slag("C", 2, 15.8)]
    assert (only(rule, near).outcome, only(rule, near).measured) == ("pass", pytest.approx(17.8))
    assert only(rule, [*near, slag("D", 2, 18.2)]).outcome == "fail"
    apart = [slag("A", 2, 0), slag("B", 2, 8.1), slag("C", 2, 16.2)]
    assert only(rule, apart).measured == 0


def test_a_distance_fails_below_its_limit_with_a_negative_margin() -> None:
    rule = row(kind="distance", measure="", limit_absolute=50)
    wide, narrow = [slag("A", 5), slag("B", 5, 55.5)], [slag("A", 5), slag("B", 5, 54.5)]
    assert (only(rule, wide).outcome, only(rule, wide).margin) == ("pass", pytest.approx(0.5))
    broken = only(rule, narrow)
    assert (broken.outcome, broken.margin, broken.finding_ids) == ("fail", pytest.approx(-0.5), ("A", "B"))
    assert "below the least of 50 mm" in broken.reason
    assert only(rule, [slag("A", 5)]).as_json()["measured"] is None


def test_shape_is_told_by_length_and_width() -> None:
    rules = [
        row(rule="long", kind="size", shape="elongated", shape_ratio=3, limit_absolute=6),
        row(rule="round", kind="size", shape="rounded", shape_ratio=3, limit_absolute=3),
    ]
    at_three = verdicts(rules, [slag("A", 4.5, width_mm=1.5)])
    assert (at_three["long"].outcome, at_three["round"].outcome) == ("pass", "fail")
    above_three = verdicts(rules, [slag("A", 4.5, width_mm=1.49)])
    assert (above_three["long"].outcome, above_three["round"].outcome) == ("pass", "pass")
    assert above_three["long"].measured == 4.5


def test_without_a_width_the_type_tells_the_shape_and_the_reason_says_so() -> None:
    rules = [
        row(rule="long", kind="size", shape="elongated", shape_ratio=3, limit_absolute=6),
        row(
            rule="round", kind="size", shape="rounded", shape_ratio=3, measure="length_mm diameter_mm", limit_absolute=3
        ),
    ]
    pore = Finding("P", "", "porosity", NO_BOX, PERSON, measurements={"length_mm": 4.0})
    found = verdicts(rules, [slag("S", 5.0), pore])
    assert found["long"].finding_ids == ("S",)
    assert found["round"].finding_ids == ("P",)
    assert "taken as rounded by type" in found["round"].reason
    dotted = Finding("D", "", "slag", NO_BOX, PERSON, measurements={"diameter_mm": 4.0})
    assert verdicts(rules, [dotted])["round"].outcome == "fail"


def test_a_finding_of_a_shape_no_rule_looks_at_is_not_passed_over() -> None:
    rule = row(kind="size", shape="rounded", shape_ratio=3, limit_absolute=3)
    found = verdicts(rule, [slag("A", 40, width_mm=1)])
    assert found["findings without a rule"].finding_ids == ("A",)


@pytest.mark.parametrize(
    ("cells", "least"),
    [
        ({"relevant_over_mm": 0.8}, 0.8),
        ({"relevant_over_per_thickness": 0.1}, 1.2),
        ({"relevant_over_mm": 0.8, "relevant_over_per_thickness": 0.1, "relevant_choice": "larger"}, 1.2),
    ],
)
def test_what_is_not_larger_than_the_relevant_size_is_not_seen(cells: dict[str, object], least: float) -> None:
    rule = row(kind="window-count", limit_absolute=1, unit="findings", window_mm=150, **cells)
    seen = [slag(f"F{n}", 1.01 * least, n) for n in range(2)]
    unseen = [slag(f"F{n}", least, n) for n in range(9)]
    assert only(rule, seen).outcome == "fail"
    assert only(rule, unseen).outcome == "pass"
    assert "not relevant" in only(rule, [*unseen, slag("X", 5.0)]).reason
    assert "findings without a rule" not in verdicts(rule, unseen)


def test_a_row_may_look_at_small_findings_only() -> None:
    rule = row(kind="window-sum", limit_absolute=10, window_mm=25, relevant_up_to_mm=2.5)
    small = [slag(f"F{n}", 2.5, 3 * n) for n in range(4)]
    assert (only(rule, small).outcome, only(rule, small).measured) == ("pass", pytest.approx(10))
    assert only(rule, [*small, slag("big", 2.6, 13)]).outcome == "pass"
    assert only(rule, [*small, slag("one more", 0.1, 13)]).outcome == "fail"


def test_what_lies_near_counts_as_one() -> None:
    rule = row(kind="size", limit_absolute=10, merge_gap_factor=1, merge_reference="smaller")
    assert only(rule, [slag("A", 4), slag("B", 4, 8.01)]).measured == 4
    joined = only(rule, [slag("A", 4), slag("B", 4, 7.99)])
    assert (joined.outcome, joined.measured, joined.finding_ids) == ("fail", pytest.approx(11.99), ("A", "B"))
    assert "count as one" in joined.reason


def test_only_findings_with_a_neighbour_are_near() -> None:
    rules = [
        row(rule="near", kind="size", isolation="near", isolation_mm=25, limit_absolute=3),
        row(rule="alone", kind="size", isolation="alone", isolation_mm=25, limit_absolute=4),
    ]
    lonely = verdicts(rules, [slag("A", 3.5), slag("B", 3.5, 28.6)])
    assert {one.outcome for one in lonely.values()} == {"pass"}
    close = verdicts(rules, [slag("A", 3.5), slag("B", 3.5, 28.4)])
    assert (close["near"].outcome, close["alone"].outcome) == ("fail", "pass")
    assert verdicts(rules, [slag("A", 4.1)])["alone"].outcome == "fail"


def test_a_row_for_dark_findings_asks_how_dark_they_are() -> None:
    rule = row(kind="window-sum", darker="yes", limit_absolute=13, window_mm=300)
    assert only(rule, [slag("A", 14, density_over_parent=-0.1)]).outcome == "pass"
    assert only(rule, [slag("A", 14, density_over_parent=0.1)]).outcome == "fail"
    assert "density_over_parent" in only(rule, [slag("A", 14)]).reason


def test_what_no_radiograph_gives_is_asked_for_and_named() -> None:
    rule = row(kind="size", measure="height_mm", limit_absolute=1, when_measured="yes")
    assert only(rule, [slag("A", 9, height_mm=0.9)]).outcome == "pass"
    assert only(rule, [slag("A", 9, height_mm=1.1), slag("B", 9)]).outcome == "fail"
    unknown = only(rule, [slag("A", 9, height_mm=0.9), slag("B", 9)])
    assert (unknown.outcome, unknown.unmeasured) == ("not-judged", ("height_mm",))
    assert "measure height_mm of finding B" in unknown.reason


def test_the_status_and_source_of_a_row_stand_before_those_of_the_table() -> None:
    rule = row(kind="size", limit_absolute=1, status="unverified", source="an excerpt", corrective="quarantine")
    found = only(rule, [slag("A", 2)])
    assert (found.outcome, found.source.status, found.corrective) == ("advisory", "unverified", "quarantine")
    assert found.as_json()["source"] == "an excerpt"
    assert only(row(kind="size", limit_absolute=1), [slag("A", 2)]).as_json()["source"] == "test"


WHEN = [
    row(kind="size", when="joint=fillet", limit_absolute=4),
    row(kind="size", when="joint=butt outside_diameter_mm>=60.3", limit_absolute=2),
    row(kind="size", when="joint=butt outside_diameter_mm<60.3", limit_absolute=1),
]


@pytest.mark.parametrize(
    ("facts", "diameter_mm", "limit"),
    [
        ("joint=fillet", None, 4.0),
        ("joint=Butt", 60.3, 2.0),
        ("joint=butt", 60.2, 1.0),
        ("joint=butt outside_diameter_mm=48", None, 1.0),
    ],
)
def test_the_row_in_force_is_that_of_the_part(facts: str, diameter_mm: float | None, limit: float) -> None:
    assert only(WHEN, [slag("A", 0.5)], facts=facts, outside_diameter_mm=diameter_mm).limit == limit


def test_what_nobody_said_of_the_part_is_asked_for_only_when_it_matters() -> None:
    unsaid = only(WHEN, [slag("A", 0.5)])
    assert unsaid.outcome == "not-judged"
    assert "joint=fillet or joint=butt" in unsaid.reason
    assert only(WHEN, []).outcome == "pass"
    assert "outside_diameter_mm>=60.3" in only(WHEN, [slag("A", 0.5)], facts="joint=butt").reason


def test_a_row_without_a_case_stands_in_where_nothing_is_said() -> None:
    rules = [row(kind="size", when="service=severe", limit_absolute=1), row(kind="size", limit_absolute=2)]
    assert only(rules, [slag("A", 0.5)]).limit == 2
    assert only(rules, [slag("A", 0.5)], facts="service=severe").limit == 1


def test_a_word_no_rule_knows_is_never_passed_over() -> None:
    found = verdicts(WHEN, [slag("A", 99)], facts="joint=but")
    assert {one.outcome for one in found.values()} == {"not-judged"}
    assert "the rules know fillet, butt" in found["joint of the part"].reason


def test_limits_agreed_for_each_part_are_asked_for_until_one_is_said() -> None:
    rules = [
        row(rule="size", kind="size", limit_fact="pore_max_mm"),
        row(rule="count", kind="window-count", measure="", unit="findings", limit_fact="pore_count_max"),
    ]
    unsaid = verdicts(rules, [slag("A", 2)])
    assert {one.outcome for one in unsaid.values()} == {"not-judged"}
    assert "say pore_max_mm=number" in unsaid["size"].reason
    said = verdicts(rules, [slag("A", 2)], facts="pore_max_mm=1.9")
    assert list(said) == ["size"]
    assert said["size"].outcome == "fail"


def test_an_area_nobody_measured_is_that_of_the_ellipse() -> None:
    rule = row(kind="window-area", measure="area_mm2", limit_absolute=5, unit="%", window_mm=100)
    found = only(rule, [slag("A", 6, width_mm=2)], weld_width_mm=10.0)
    assert found.measured == pytest.approx(100 * math.pi * 3 / 1000)
    assert "ellipses" in found.reason
    assert "ellipses" not in only(rule, [slag("A", 6, area_mm2=9)], weld_width_mm=10.0).reason


def test_findings_without_a_place_are_judged_alone_and_that_is_told() -> None:
    rule = row(kind="window-sum", limit_absolute=10, window_mm=100)
    lost = only(rule, [slag(f"F{n}", 6, None) for n in range(3)])
    assert (lost.outcome, lost.measured) == ("pass", 6)
    assert "3 without a place" in lost.reason
    assert "as if far" not in only(rule, [slag("A", 6, None)]).reason

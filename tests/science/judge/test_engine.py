"""The judge says which rule, which clause, how much, and never more than it knows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.science.imaging.image import Spacing
from kerma.science.judge import Conditions, judge, judge_images, load_pack
from kerma.science.results import Finding, Verdict
from planted import conditions, finding, pack

FRENCH = "fr_arrete_1978/acceptance"
FRENCH_085 = "fr_arrete_1978/acceptance_coefficient_0_85"
SITE = "rule,kind,labels,measure,part,limit_absolute,limit_per_thickness,unit,clause,action"


def by_rule(verdicts: tuple[Verdict, ...]) -> dict[str, Verdict]:
    return {verdict.rule: verdict for verdict in verdicts}


LABELS = ("porosity", "slag", "crack", "gas", "tungsten", "cluster-porosity", "undercut")


@st.composite
def some_findings(draw: st.DrawFn) -> list[Finding]:
    specs = draw(st.lists(st.tuples(st.sampled_from(LABELS), st.floats(0, 160), st.floats(0.1, 25)), max_size=9))
    return [finding(f"F{n}", label, along_mm=at, length_mm=size) for n, (label, at, size) in enumerate(specs)]


@settings(max_examples=120, deadline=None)
@given(some_findings(), some_findings(), st.sampled_from([FRENCH, FRENCH_085]))
def test_more_findings_never_turn_fail_into_anything_else(
    findings: list[Finding], more: list[Finding], name: str
) -> None:
    before = by_rule(judge(findings, name, conditions()))
    after = by_rule(judge([*findings, *more], name, conditions()))
    for rule, verdict in before.items():
        if verdict.outcome == "fail":
            assert after[rule].outcome == "fail"


@settings(max_examples=60, deadline=None)
@given(some_findings())
def test_the_order_of_findings_changes_no_verdict(findings: list[Finding]) -> None:
    forward, backward = judge(findings, FRENCH, conditions()), judge(findings[::-1], FRENCH, conditions())
    assert [v.outcome for v in forward] == [v.outcome for v in backward]
    assert [v.measured for v in forward] == pytest.approx([v.measured for v in backward])


def test_a_verdict_names_standard_edition_clause_limit_measured_margin_and_unit() -> None:
    pore = finding("F1", "porosity", along_mm=5, length_mm=4.5)
    verdict = by_rule(judge([pore], FRENCH, conditions(12.0)))["single pore"]
    assert verdict.outcome == "fail"
    assert "1978" in verdict.source.standard
    assert "24 March 1978" in verdict.source.edition
    assert "Tableau IV" in verdict.source.clause
    assert (verdict.limit, verdict.measured, verdict.unit) == (pytest.approx(4.0), 4.5, "mm")
    assert verdict.margin == pytest.approx(-0.5)
    assert verdict.action
    assert "above the limit of 4 mm" in verdict.reason


def test_no_finding_passes_with_nothing_measured() -> None:
    verdicts = judge([], FRENCH, conditions())
    assert {verdict.outcome for verdict in verdicts} == {"pass"}
    assert {verdict.measured for verdict in verdicts} == {0.0}


def test_missing_thickness_is_not_judged_and_says_what_to_give() -> None:
    verdicts = by_rule(judge([finding("F1", "porosity", along_mm=5, length_mm=4.5)], FRENCH, conditions(None)))
    assert verdicts["single pore"].outcome == "not-judged"
    assert "thickness_mm" in verdicts["single pore"].reason
    assert verdicts["single inclusion"].outcome == "pass"
    assert verdicts["extension of inspection"].outcome == "not-judged"


def test_planar_flaws_need_neither_thickness_nor_scale() -> None:
    crack = replace(finding("F1", "crack", along_mm=5, length_mm=4.5), measurements={"length_px": 45.0})
    verdicts = by_rule(judge([crack], FRENCH, Conditions()))
    assert verdicts["planar flaws"].outcome == "fail"


def test_missing_scale_is_not_judged_but_an_evident_failure_stays_one() -> None:
    unscaled = replace(finding("F1", "porosity", along_mm=5, length_mm=1), measurements={"length_px": 10.0})
    big = finding("F2", "porosity", along_mm=60, length_mm=9)
    assert by_rule(judge([unscaled], FRENCH, conditions()))["single pore"].outcome == "not-judged"
    assert "spacing_mm" in by_rule(judge([unscaled], FRENCH, conditions()))["single pore"].reason
    assert by_rule(judge([unscaled, big], FRENCH, conditions()))["single pore"].outcome == "fail"


def test_no_spacing_leaves_windows_unjudged() -> None:
    pores = [finding(f"F{n}", "porosity", along_mm=5 + n, length_mm=1) for n in range(3)]
    verdicts = by_rule(judge(pores, FRENCH, replace(conditions(), spacing=Spacing())))
    assert verdicts["aligned pores"].outcome == "not-judged"
    assert verdicts["single pore"].outcome == "pass"


def test_lengths_at_the_detector_are_said_to_be_so() -> None:
    pore = [finding("F1", "porosity", along_mm=5, length_mm=1)]
    at_detector = replace(conditions(), spacing=Spacing(0.1, 0.1, "detector"))
    assert "at the detector" in by_rule(judge(pore, FRENCH, at_detector))["single pore"].reason
    assert "at the detector" not in by_rule(judge(pore, FRENCH, conditions()))["single pore"].reason


def test_an_unverified_table_advises_and_never_fails() -> None:
    text = pack(SITE, "big,size,*,length_mm,,5,,mm,1,", status="unverified")
    verdict = judge([finding("F1", "slag", along_mm=5, length_mm=9)], text, conditions())[0]
    assert verdict.outcome == "advisory"
    assert "Level III" in verdict.reason


def test_a_label_no_rule_covers_is_never_passed_over() -> None:
    verdicts = by_rule(judge([finding("F1", "cluster-porosity", along_mm=5, length_mm=1)], FRENCH, conditions()))
    assert verdicts["findings without a rule"].outcome == "not-judged"
    assert "cluster-porosity" in verdicts["findings without a rule"].reason
    assert verdicts["extension of inspection"].outcome == "not-judged"


def test_the_joint_coefficient_must_be_that_of_the_pack() -> None:
    slag = [finding("F1", "slag", along_mm=5, length_mm=7)]
    assert by_rule(judge(slag, FRENCH, conditions(12.0)))["single inclusion"].outcome == "fail"
    assert by_rule(judge(slag, FRENCH_085, conditions(12.0)))["single inclusion"].outcome == "pass"
    wrong = by_rule(judge(slag, FRENCH, conditions(12.0, joint_coefficient=0.85)))["single inclusion"]
    assert wrong.outcome == "not-judged"
    assert "0.85" in wrong.reason


def test_rules_for_a_weld_judge_no_casting() -> None:
    pore = [finding("F1", "porosity", along_mm=5, length_mm=9)]
    (verdict,) = judge(pore, FRENCH, conditions(part="casting"))
    assert verdict.outcome == "not-judged"
    assert "casting" in verdict.reason
    assert by_rule(judge(pore, FRENCH, conditions(part="weld")))["single pore"].outcome == "fail"


def test_an_unacceptable_finding_extends_the_inspection_step_by_step() -> None:
    pore = [finding("F1", "porosity", along_mm=5, length_mm=9)]
    first = by_rule(judge(pore, FRENCH, conditions()))["extension of inspection"]
    second = by_rule(judge(pore, FRENCH, conditions(extension_stage=1)))["extension of inspection"]
    assert (first.outcome, first.measured) == ("fail", 1.0)
    assert "at least as long" in first.action
    assert "whole weld" in second.action
    assert by_rule(judge([], FRENCH, conditions()))["extension of inspection"].action == ""


def test_a_weld_down_the_rows_is_judged_along_the_rows() -> None:
    across = [finding(f"F{n}", "slag", along_mm=5, length_mm=5, row_mm=10 + 12.0 * n) for n in range(4)]
    site = pack(SITE + ",window_mm", "sum,window-sum,slag,length_mm,,12,,mm,1,,30")
    assert judge(across, site, conditions())[0].measured == pytest.approx(20.0)
    assert judge(across, site, conditions(axis="row"))[0].measured == pytest.approx(15.0)


def test_an_exam_takes_the_gravest_verdict_of_its_images() -> None:
    good = [finding("A", "porosity", along_mm=5, length_mm=1)]
    bad = [finding("B", "porosity", along_mm=5, length_mm=9)]
    verdicts = by_rule(judge_images([(good, conditions()), (bad, conditions())], FRENCH))
    assert verdicts["single pore"].outcome == "fail"
    assert verdicts["single pore"].finding_ids == ("B",)
    assert verdicts["planar flaws"].outcome == "pass"


def test_windows_do_not_run_from_one_image_into_the_next() -> None:
    pores = [finding("A", "porosity", along_mm=5, length_mm=3.9)]
    others = [finding("B", "porosity", along_mm=9, length_mm=3.9), finding("C", "porosity", along_mm=14, length_mm=3.9)]
    together = by_rule(judge([*pores, *others], FRENCH, conditions(10.0)))
    apart = by_rule(judge_images([(pores, conditions(10.0)), (others, conditions(10.0))], FRENCH))
    assert together["aligned pores"].outcome == "fail"
    assert apart["aligned pores"].outcome == "pass"


def test_an_exam_without_images_has_nothing_to_fail() -> None:
    assert {verdict.outcome for verdict in judge_images([], FRENCH)} == {"pass"}


def test_every_packaged_verdict_is_json() -> None:
    plain = judge([finding("F1", "crack", along_mm=5, length_mm=4.5)], load_pack(FRENCH), conditions())[0].as_json()
    assert plain["status"] == "public-law"
    assert plain["finding_ids"] == ["F1"]

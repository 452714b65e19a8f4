"""Image quality of radiographs: laws of the verdicts, the seams of the sheet, and the three compensations."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import WrongUsage
from kerma.science.judge.quality import REDUCED_DISTANCE, THIRD_PAIR, QualityOrder, judge_quality, planned_sheet
from kerma.science.judge.quality_ndt import COMPENSATION, RULES, shot_of
from kerma.science.physics.technique import calculate
from kerma.science.results import Measurement, NotMeasurable, Verdict
from kerma.standards import table

STEEL = {
    "thickness_mm": 10.0, "class": "B", "focal_spot_mm": 2.0, "source_detector_mm": 700.0, "object_detector_mm": 12.0,
    "tube_voltage_kv": 160.0,
}  # fmt: skip
ISO = QualityOrder(standard="iso", planned=STEEL)
GOOD = {"snr_n": 120.0, "srb_um": 80.0, "wire": 14.0}
"""What just suffices through 10 mm of steel in class B: SNR_N 100, D11, W14."""


def by_rule(entered: dict[str, float], order: QualityOrder = ISO) -> dict[str, Verdict]:
    return {verdict.rule: verdict for verdict in judge_quality(order, (), entered)}


def changed(order: QualityOrder = ISO, **planned: float | str | None) -> QualityOrder:
    kept = {key: value for key, value in {**order.planned, **planned}.items() if value is not None}
    return QualityOrder(order.industry, order.standard, kept, order.agreed, order.confirmed)


def test_the_limits_are_the_lines_of_the_technique_sheet() -> None:
    sheet = calculate(thickness_mm=10.0, class_="B", source="xray", focal_spot_mm=2.0, object_detector_mm=12.0,
                      source_detector_mm=700.0, tube_voltage_kv=160.0).values  # fmt: skip
    found = by_rule(GOOD)
    assert found["normalized SNR"].limit == sheet["snr_n_min"] == 100
    assert found["basic spatial resolution"].limit == sheet["srb_um"] == 80
    assert found["wire seen"].limit == sheet["wire_mm"] == 0.16
    assert found["source-to-object distance"].limit == sheet["min_source_distance_mm"]
    assert {verdict.outcome for verdict in found.values()} == {"pass"}
    assert all(verdict.source.clause and verdict.source.table and verdict.source.edition for verdict in found.values())


@settings(max_examples=60, deadline=None)
@given(snr=st.floats(1, 500), better=st.floats(1.0, 3.0))
def test_more_snr_is_never_judged_worse_and_the_margin_is_negative_exactly_where_it_fails(
    snr: float, better: float
) -> None:
    first, second = (by_rule({**GOOD, "snr_n": value})["normalized SNR"] for value in (snr, snr * better))
    assert second.margin >= first.margin
    for verdict in (first, second):
        assert (verdict.outcome == "pass") == (verdict.margin >= 0) == (verdict.measured >= verdict.limit)
        assert (verdict.corrective == "") == (verdict.outcome == "pass")


@pytest.mark.parametrize(("snr", "outcome"), [(100.0, "pass"), (math.nextafter(100.0, 0) - 1e-6, "advisory")])
def test_the_limit_itself_suffices(snr: float, outcome: str) -> None:
    assert by_rule({**GOOD, "snr_n": snr})["normalized SNR"].outcome == outcome


def test_by_a_table_that_is_not_verified_a_failure_advises_until_a_level_iii_has_confirmed_it() -> None:
    poor = {**GOOD, "snr_n": 60.0}
    advised = by_rule(poor)["normalized SNR"]
    assert advised.outcome == "advisory"
    assert "Level III" in advised.reason
    confirmed = QualityOrder("ndt", "iso", STEEL, confirmed=("iso_17636-2/snr_n",))
    binding = by_rule(poor, confirmed)["normalized SNR"]
    assert (binding.outcome, binding.source.status) == ("fail", "confirmed")
    assert "Advisory" not in binding.reason


@pytest.mark.parametrize("missing", ["snr_n", "srb_um", "wire"])
def test_what_was_neither_measured_nor_entered_is_not_judged_and_says_how(missing: str) -> None:
    found = judge_quality(ISO, (), {key: value for key, value in GOOD.items() if key != missing})
    unjudged = [verdict for verdict in found if verdict.outcome == "not-judged"]
    assert len(unjudged) == 1
    assert "To judge it, measure" in unjudged[0].reason
    assert unjudged[0].measured is None and unjudged[0].limit is not None


def test_a_measurement_that_failed_gives_its_own_reason() -> None:
    failed = NotMeasurable("duplex", "1", "no bundle of straight lines was found")
    found = {verdict.rule: verdict for verdict in judge_quality(ISO, [failed], {"snr_n": 120.0, "wire": 14.0})}
    assert "no bundle of straight lines" in found["basic spatial resolution"].reason


def test_measurements_are_judged_like_entries_and_a_person_goes_before_them() -> None:
    measured = [
        Measurement("duplex", "1", {"isrb_um": 80.0}, "m"), Measurement("snr_n", "1", {"snr_n": 120.0}, "m"),
        Measurement("wire_iqi", "1", {"diameter_mm": 0.16}, "m"),
    ]  # fmt: skip
    software = {verdict.rule: verdict for verdict in judge_quality(ISO, measured, {})}
    person = by_rule(GOOD)
    assert {rule: (one.outcome, one.measured) for rule, one in software.items()} == {
        rule: (one.outcome, one.measured) for rule, one in person.items()
    }
    both = {verdict.rule: verdict for verdict in judge_quality(ISO, measured, {"snr_n": 90.0})}
    assert both["normalized SNR"].measured == 90.0


def test_either_wire_or_hole_is_enough_and_of_both_each_is_judged() -> None:
    hole = by_rule({"snr_n": 120.0, "srb_um": 80.0, "step_hole": 5.0})
    assert hole["step hole seen"].outcome == "pass"
    assert "wire seen" not in hole
    both = by_rule({**GOOD, "step_hole": 7.0})
    assert (both["wire seen"].outcome, both["step hole seen"].outcome) == ("pass", "advisory")


@pytest.mark.parametrize(
    ("pair", "wire", "agreed", "outcome"),
    [
        (11, 14, (), "pass"),
        (10, 14, (), "advisory"),
        (10, 15, (), "pass"),
        (9, 15, (), "advisory"),
        (9, 16, (), "pass"),
        (8, 19, (), "advisory"),
        (8, 17, (THIRD_PAIR,), "pass"),
        (8, 16, (THIRD_PAIR,), "advisory"),
        (7, 19, (THIRD_PAIR,), "advisory"),
    ],
)
def test_compensation_ii_asks_for_one_finer_wire_for_each_missing_pair(
    pair: int, wire: int, agreed: tuple[str, ...], outcome: str
) -> None:
    order = QualityOrder("ndt", "iso", STEEL, agreed)
    found = by_rule({"snr_n": 120.0, "duplex": pair, "wire": wire}, order)["basic spatial resolution"]
    assert found.outcome == outcome
    assert ("Compensation II" in found.reason or "are missing" in found.reason) == (pair != 11)


def test_compensation_ii_needs_the_snr_too_and_says_what_was_not_read() -> None:
    poor = by_rule({"snr_n": 60.0, "duplex": 10, "wire": 15})["basic spatial resolution"]
    assert poor.outcome == "advisory"
    unread = by_rule({"snr_n": 120.0, "duplex": 10, "step_hole": 5})["basic spatial resolution"]
    assert unread.outcome == "not-judged"
    assert "W15 must be seen" in unread.reason


def test_compensation_i_offsets_a_higher_voltage_by_snr_and_indicator() -> None:
    high = changed(tube_voltage_kv=190.0)
    assert by_rule(GOOD, high)["tube voltage"].outcome == "pass"
    assert by_rule({**GOOD, "snr_n": 60.0}, high)["tube voltage"].outcome == "advisory"
    assert by_rule({**GOOD, "wire": 13}, high)["tube voltage"].outcome == "advisory"
    assert by_rule({"snr_n": 120.0, "srb_um": 80.0}, high)["tube voltage"].outcome == "not-judged"
    assert (
        by_rule({"density_lowest": 2.5, "wire": 14}, changed(high, detector="film"))["tube voltage"].outcome
        == "advisory"
    )


def test_compensation_iii_is_by_agreement_only() -> None:
    clustered = {**GOOD, "relevant_clusters": 2.0}
    assert by_rule({**GOOD, "relevant_clusters": 0.0})["clusters of bad pixels"].outcome == "pass"
    assert by_rule(clustered)["clusters of bad pixels"].outcome == "not-judged"
    assert by_rule({**clustered, "snr_n_agreed": 110.0})["clusters of bad pixels"].outcome == "pass"
    assert by_rule({**clustered, "snr_n_agreed": 150.0})["clusters of bad pixels"].outcome == "fail"


def test_film_is_judged_by_density_and_never_by_detector_rules() -> None:
    found = by_rule({"density_lowest": 2.3, "wire": 14}, changed(detector="film"))
    assert found["lowest density"].outcome == "pass"
    assert found["lowest density"].source.standard.startswith("ISO 17636-1")
    assert not {"normalized SNR", "basic spatial resolution"} & set(found)
    assert (
        by_rule({"density_lowest": 2.29, "wire": 14}, changed(detector="film"))["lowest density"].outcome == "advisory"
    )


def test_asme_judges_unsharpness_density_range_and_its_own_wires() -> None:
    asme = QualityOrder(standard="asme", planned={**STEEL, "detector": "film"})
    found = by_rule({"density_lowest": 2.0, "density_highest": 4.5, "wire": 7}, asme)
    assert found["geometric unsharpness"].limit == 0.51
    assert found["wire seen"].limit == 0.33
    assert found["wire seen"].measured == 0.33
    assert (found["lowest density"].outcome, found["highest density"].outcome) == ("pass", "advisory")
    near = QualityOrder(standard="asme", planned={**STEEL, "source_detector_mm": 50.0})
    assert by_rule({"wire": 7}, near)["geometric unsharpness"].outcome == "advisory"


def test_the_law_of_1978_binds_and_asks_for_nothing_but_the_thickness() -> None:
    law = QualityOrder(standard="arrete-1978", planned={"thickness_mm": 10.0})
    assert by_rule({"wire": 14}, law)["wire seen"].outcome == "pass"
    failed = by_rule({"wire": 13}, law)["wire seen"]
    assert (failed.outcome, failed.source.status, failed.source.clause) == (
        "fail", "public-law", "Annexe III, 8.2, Tableau III",
    )  # fmt: skip


@pytest.mark.parametrize("gone", ["thickness_mm", "class", "focal_spot_mm", "tube_voltage_kv"])
def test_a_plan_that_lacks_something_is_not_judged_and_says_what(gone: str) -> None:
    (verdict,) = judge_quality(changed(**{gone: None}), (), GOOD)
    assert verdict.outcome == "not-judged"
    assert "give" in verdict.reason
    assert verdict.corrective == "plan-technique"
    assert planned_sheet(changed(**{gone: None})) == []


def test_an_unknown_standard_is_not_judged_and_an_unknown_entry_is_refused() -> None:
    (verdict,) = judge_quality(QualityOrder(planned=STEEL), (), {})
    assert verdict.outcome == "not-judged" and "arrete-1978" in verdict.reason
    with pytest.raises(WrongUsage, match="snr_n"):
        judge_quality(ISO, (), {"noise": 3.0})
    with pytest.raises(WrongUsage, match="W1 to W19"):
        judge_quality(ISO, (), {"wire": 25.0})
    for value in (-1.0, math.nan, math.inf):
        with pytest.raises(WrongUsage, match="snr_n must be"):
            judge_quality(ISO, (), {"snr_n": value})
    with pytest.raises(WrongUsage, match="ndt, medical, security"):
        judge_quality(QualityOrder("astronomy"), (), {})


def test_a_reduced_distance_counts_only_where_it_is_agreed_and_the_geometry_allows_it() -> None:
    near = {"source_detector_mm": 140.0, "geometry": "panoramic", "outer_diameter_mm": 300.0}
    order = changed(**near)
    limit = by_rule(GOOD, order)["source-to-object distance"].limit
    reduced = by_rule(GOOD, QualityOrder("ndt", "iso", order.planned, (REDUCED_DISTANCE,)))
    assert reduced["source-to-object distance"].limit < limit
    flat = QualityOrder("ndt", "iso", STEEL, (REDUCED_DISTANCE,))
    assert by_rule(GOOD, flat)["source-to-object distance"].limit == by_rule(GOOD)["source-to-object distance"].limit


def test_the_object_distance_of_an_image_header_gives_b() -> None:
    order = changed(object_detector_mm=None, source_object_mm=650.0)
    assert shot_of(order).b_mm == 50.0


def test_every_rule_names_a_line_or_a_limit_and_every_principle_is_described() -> None:
    for row in table(RULES):
        assert bool(row["line"]) != bool(row["limit"])
        assert row["asked"] in ("at most", "at least")
    assert [row["principle"] for row in table(COMPENSATION)] == ["I", "II", "III"]


def test_the_detectors_own_resolution_is_judged_at_the_object_with_its_focal_spot() -> None:
    assert "SRb of the image from geometry" not in by_rule(GOOD)
    magnified = changed(source_detector_mm=400.0, object_detector_mm=200.0, focal_spot_mm=0.05)
    found = by_rule({**GOOD, "srb_detector_um": 150.0}, magnified)["SRb of the image from geometry"]
    assert found.measured == pytest.approx(500 * math.hypot(0.05, 0.3) / 2)
    assert found.outcome == "pass"
    blurred = by_rule({**GOOD, "srb_detector_um": 150.0}, changed(magnified, focal_spot_mm=1.0))
    assert blurred["SRb of the image from geometry"].outcome == "advisory"

"""Grades of castings: an image is graded only beside a licensed reference image that shows no more than it does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import WrongUsage
from kerma.science.calculations import run
from kerma.science.judge.reference_image import SETS, Inspected, Slot, compare, grade
from kerma.standards import table, table_names

ALUMINIUM = Slot("astm_e2422", "aluminium", "gas-hole", 6.35, licence="12345", srb_um=100.0, cnr=10.0)
CAST = Inspected("aluminium", 8.0, 120.0, srb_um=100.0, cnr=10.0)
STEEL = Slot("astm_e2868", "II", "shrinkage-sponge", licence="777", srb_um=130.0, cnr=5.0)
BLOCK = Inspected("steel", 30.0, 600.0, srb_um=130.0, cnr=5.0)


def test_an_image_like_the_reference_image_may_be_graded() -> None:
    for image, slot in ((CAST, ALUMINIUM), (BLOCK, STEEL)):
        found = compare(image, slot)
        assert (found.is_allowed, found.reasons, found.warnings) == (True, (), ())
        assert found.source.status == "unverified"


@pytest.mark.parametrize(
    ("image", "slot", "word"),
    [
        (CAST, replace(ALUMINIUM, licence=" "), "licence"),
        (replace(CAST, alloy="magnesium"), ALUMINIUM, "magnesium"),
        (replace(CAST, alloy=""), ALUMINIUM, "nobody has said"),
        (replace(CAST, thickness_mm=12.8), ALUMINIUM, "thickness_mm is 12.8"),
        (replace(CAST, thickness_mm=None), ALUMINIUM, "give thickness_mm"),
        (replace(CAST, thickness_mm=float("nan")), ALUMINIUM, "give thickness_mm"),
        (replace(BLOCK, voltage_kv=250.0), STEEL, "voltage_kv is 250"),
        (replace(BLOCK, voltage_kv=None), STEEL, "give voltage_kv"),
        (replace(CAST, srb_um=111.0), ALUMINIUM, "spatial resolution"),
        (replace(CAST, cnr=8.9), ALUMINIUM, "contrast-to-noise"),
        (replace(CAST, srb_um=None), ALUMINIUM, "of the image is not measured"),
        (CAST, replace(ALUMINIUM, cnr=None), "of the reference image is not measured"),
        (replace(CAST, cnr=0.0), ALUMINIUM, "give cnr"),
    ],
)
def test_each_reason_forbids_the_comparison_and_then_no_grade_is_given(image: Inspected, slot: Slot, word: str) -> None:
    found = compare(image, slot)
    assert not found.is_allowed
    assert any(word in reason for reason in found.reasons)
    verdict = grade(found, 1, 8 if slot is ALUMINIUM else 1)
    assert verdict.outcome == "not-judged"
    assert word in verdict.reason


def test_all_reasons_are_told_at_once() -> None:
    assert len(compare(Inspected("steel"), Slot("astm_e2422", "aluminium", "porosity", 19.1)).reasons) == 5


@pytest.mark.parametrize(("srb", "cnr"), [(110.0, 9.0), (60.0, 19.0)])
def test_a_tenth_less_still_counts(srb: float, cnr: float) -> None:
    assert compare(replace(CAST, srb_um=srb, cnr=cnr), ALUMINIUM).is_allowed


def test_a_far_better_image_is_allowed_with_a_warning() -> None:
    found = compare(replace(CAST, srb_um=40.0, cnr=25.0), ALUMINIUM)
    assert found.is_allowed
    assert len(found.warnings) == 2
    assert "graver" in grade(found, 3, 4).reason


@pytest.mark.parametrize(
    ("found", "allowed", "outcome"), [(0, 0, "pass"), (3, 3, "pass"), (4, 3, "advisory"), (8, 1, "advisory")]
)
def test_a_grade_above_the_one_allowed_fails(found: int, allowed: int, outcome: str) -> None:
    verdict = grade(compare(CAST, ALUMINIUM), found, allowed, ("F1",))
    assert (verdict.outcome, verdict.limit, verdict.measured) == (outcome, allowed, found)
    assert verdict.margin == allowed - found
    assert verdict.finding_ids == ("F1",)
    assert "gas holes" in verdict.source.clause
    assert bool(verdict.action) == (outcome != "pass")


@pytest.mark.parametrize(("found", "allowed"), [(9, 3), (-1, 3), (2, 9)])
def test_a_grade_the_set_does_not_have_is_refused(found: int, allowed: int) -> None:
    with pytest.raises(WrongUsage, match="grades 1 to 8"):
        grade(compare(CAST, ALUMINIUM), found, allowed)


def test_a_kind_without_grades_is_left_to_agreement() -> None:
    verdict = grade(compare(BLOCK, replace(STEEL, discontinuity="hot-tear")), 1, 1)
    assert verdict.outcome == "not-judged"
    assert "without grades" in verdict.reason


@pytest.mark.parametrize(
    "slot",
    [
        replace(ALUMINIUM, image_set="astm_e9999"),
        replace(ALUMINIUM, discontinuity="mottling"),
        replace(ALUMINIUM, volume="copper"),
        replace(ALUMINIUM, plate_thickness_mm=10.0),
        replace(ALUMINIUM, plate_thickness_mm=None),
        replace(ALUMINIUM, image_set="../x"),
    ],
)
def test_a_slot_that_does_not_exist_is_refused_with_those_that_do(slot: Slot) -> None:
    with pytest.raises(WrongUsage):
        compare(CAST, slot)


def test_the_sets_are_those_there_are_tables_of_and_hold_what_was_counted() -> None:
    assert {f"{name}/reference_images" for name in SETS} == {n for n in table_names() if n.endswith("reference_images")}
    assert len(table("astm_e2422/reference_images").rows) == 13
    for volume in ("I", "II", "III"):
        rows = [row for row in table("astm_e2868/reference_images") if row["volume"] == volume]
        assert sum(int(row["grades"]) or 1 for row in rows) == 34
    assert {row["grades"] for row in table("astm_e2422/reference_images")} == {"8"}
    assert {row["grades"] for row in table("astm_e2973/reference_images")} == {"4"}


@pytest.mark.parametrize("name", SETS)
def test_every_kind_is_a_word_of_findings_and_its_range_is_a_range(name: str) -> None:
    words = {row["label"] for row in table("iso_6520-1/imperfections")}
    for row in table(f"{name}/reference_images"):
        assert row["discontinuity"] in words
        assert 0 <= float(row["thickness_over_mm"]) < float(row["thickness_up_to_mm"])
        assert row["grades"].isdigit()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(better=st.floats(1.0, 4.0), worse=st.floats(1.0, 4.0), srb=st.floats(20.0, 400.0), cnr=st.floats(0.5, 60.0))
def test_a_better_image_is_never_refused_where_a_worse_one_is_allowed(
    better: float, worse: float, srb: float, cnr: float
) -> None:
    bad = compare(replace(CAST, srb_um=srb * worse, cnr=cnr / worse), ALUMINIUM)
    good = compare(replace(CAST, srb_um=srb / better, cnr=cnr * better), ALUMINIUM)
    assert good.is_allowed or not bad.is_allowed


GIVEN = {
    "images": "astm_e2422", "volume": "aluminium", "discontinuity": "gas-hole", "plate_thickness_mm": 6.35,
    "licence": "12345", "reference_srb_um": 100, "reference_cnr": 10, "alloy": "aluminium", "thickness_mm": 8,
    "srb_um": 95, "cnr": 12, "found": 3, "allowed": 4,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "advisory-pass"),
        ({"found": 5}, "advisory-fail"),
        ({"licence": ""}, "not-judged"),
        ({"cnr": None}, "not-judged"),
    ],
)
def test_the_calculation_answers_with_verdict_and_every_reason(changed: dict[str, object], verdict: str) -> None:
    made = run("casting-grade", **{name: value for name, value in (GIVEN | changed).items() if value not in (None, "")})
    assert made.values["verdict"] == verdict
    assert bool(made.values["refused"]) == (verdict == "not-judged")
    assert made.values["is_allowed"] == (verdict != "not-judged")
    assert made.source is not None
    assert made.source.table == "astm_e2422/reference_images"

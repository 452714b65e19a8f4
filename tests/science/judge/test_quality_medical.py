"""Medical image quality: the ranges of TG-116 are verdicts, their bounds belong inwards, reject reasons lead on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.errors import WrongUsage
from kerma.science.judge.corrective import action_row, recommend
from kerma.science.judge.quality import QualityOrder, judge_quality
from kerma.science.judge.quality_medical import (
    DEVIATION,
    REASONS,
    quality_medical,
    reject_reason,
    reject_verdict,
)
from kerma.science.physics.exposure_index import ACTIONS, action_for, deviation_index
from kerma.science.results import Measurement, NotMeasurable, Verdict
from kerma.standards import table


def judged(deviation: float) -> Verdict:
    return quality_medical((), {"deviation_index": deviation})[0]


@pytest.mark.parametrize(
    ("deviation", "outcome", "limit", "corrective"),
    [
        (0.0, "pass", 1.0, ""),
        (1.0, "pass", 1.0, ""),
        (1.01, "advisory", 1.0, "less-dose"),
        (3.5, "advisory", 1.0, "less-dose"),
        (-0.99, "pass", -1.0, ""),
        (-1.0, "pass", -1.0, ""),
        (-1.01, "advisory", -1.0, "ask-radiologist"),
        (-3.0, "advisory", -1.0, "ask-radiologist"),
        (-3.01, "advisory", -1.0, "repeat-more-dose"),
    ],
)
def test_the_ranges_of_tg_116(deviation: float, outcome: str, limit: float, corrective: str) -> None:
    found = judged(deviation)
    assert (found.outcome, found.limit, found.corrective) == (outcome, limit, corrective)
    assert action_for(deviation)["range"] in found.reason


@given(st.floats(-12, 12))
def test_the_margin_is_negative_exactly_where_something_is_to_be_done(deviation: float) -> None:
    found = judged(deviation)
    assert found.margin is not None
    assert (found.margin < 0) == (found.outcome != "pass") == bool(found.corrective)


@given(st.floats(-8, 8).filter(lambda value: abs(value) > 1.001))
def test_the_recommended_exposure_meets_the_target_exactly(deviation: float) -> None:
    factor = recommend(judged(deviation), {}).parameters["exposure_factor"]
    target = 400.0
    index = target * 10 ** (deviation / 10)
    assert deviation_index(index * factor, target) == pytest.approx(0.0, abs=1e-9)


def test_confirmed_by_a_site_the_table_binds() -> None:
    assert quality_medical((), {"deviation_index": 2.0}, confirmed=(ACTIONS,))[0].outcome == "fail"


def test_without_an_index_it_is_not_judged_and_says_how() -> None:
    none = NotMeasurable("exposure_index", "2", "the image carries no exposure index above zero")
    found = judge_quality(QualityOrder("medical"), [none], {})[0]
    assert (found.rule, found.outcome) == (DEVIATION, "not-judged")
    assert "no exposure index" in found.reason and "enter deviation_index" in found.reason


def test_light_field_and_clipping_are_judged_where_they_were_measured() -> None:
    assert [one.rule for one in quality_medical((), {"deviation_index": 0.0})] == [DEVIATION]
    field = Measurement("collimation", "1", {"light_rows_percent": 1.5, "light_columns_percent": 2.5}, "m")
    clipped = Measurement("saturation", "1", {"saturated_percent": 95.0}, "m")
    found = {one.rule: one for one in quality_medical([field, clipped], {})}
    assert found["light field along the rows"].outcome == "pass"
    assert found["light field along the columns"].outcome == "advisory"
    assert found["light field along the columns"].limit == 2.0
    assert found["clipped values"].outcome == "fail"


def test_every_reject_reason_has_a_corrective_action_and_a_group() -> None:
    codes = [row["code"] for row in table(REASONS)]
    assert len(codes) == len(set(codes))
    for row in table(REASONS):
        assert action_row(row["corrective"])["words"]
        assert row["group"] and row["machine_suspected"] in ("yes", "no")
    assert reject_reason("rotation")["group"] == "positioning"


def test_a_rejected_radiograph_fails_and_says_what_to_do() -> None:
    found = reject_verdict("underexposure", by="A. Berg")
    assert (found.outcome, found.source.table) == ("fail", REASONS)
    assert "A. Berg" in found.reason
    assert recommend(found, {}).text
    with pytest.raises(WrongUsage, match="positioning"):
        reject_verdict("ugly")


def test_a_person_rejects_by_naming_the_reason_beside_the_plan() -> None:
    named = judge_quality(QualityOrder("medical", planned={"reject_reason": "rotation"}), (), {"deviation_index": 0.0})
    assert [(one.rule, one.outcome) for one in named] == [(DEVIATION, "pass"), ("rejected", "fail")]
    unknown = judge_quality(QualityOrder("medical", planned={"reject_reason": "ugly"}), (), {"deviation_index": 0.0})
    assert unknown[1].outcome == "not-judged" and "positioning" in unknown[1].reason

"""The daily test object: test by test, nothing seen fails, nothing scored releases no machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kerma.errors import WrongUsage
from kerma.science.judge.corrective import recommend
from kerma.science.judge.quality import QualityOrder, judge_quality
from kerma.science.judge.quality_security import LIMITS, OVERALL, quality_security
from kerma.science.judge.quality_security import entries as keys_of_tests
from kerma.science.results import Measurement, NotMeasurable, Verdict
from kerma.standards import table

SECURITY = QualityOrder("security")
JUST: dict[str, Any] = {f"{row['test']}_{row['unit']}": float(row["limit"]) for row in table(LIMITS)}


def scored(**changes: float | None) -> Measurement:
    return Measurement("test_object", "1", {**JUST, **changes}, "m")


def by_rule(
    measured: Measurement | NotMeasurable | None, entered: dict[str, float] | None = None
) -> dict[str, Verdict]:
    return {one.rule: one for one in quality_security(measured, entered or {})}


def test_at_its_limits_the_machine_stays_in_service() -> None:
    found = by_rule(scored())
    assert {one.outcome for one in found.values()} == {"pass"}
    assert len(found) == len(table(LIMITS).rows) + 1


@pytest.mark.parametrize("row", table(LIMITS).rows, ids=lambda row: row["test"])
def test_one_failed_test_takes_the_machine_out_of_service(row: dict[str, str]) -> None:
    worse = float(row["limit"]) * (1.2 if row["better"] == "lower" else 0.8)
    found = by_rule(scored(**{f"{row['test']}_{row['unit']}": worse}))
    failed = [one for one in found.values() if one.outcome == "fail"]
    assert [one.rule for one in failed] == [row["test"].replace("_", " "), OVERALL]
    assert failed[0].margin is not None and failed[0].margin < 0
    assert recommend(failed[0], {}).text and recommend(failed[1], {}).who == "supervisor"
    assert "out of service" in recommend(failed[1], {}).text


def test_where_not_even_the_easiest_feature_is_seen_it_fails() -> None:
    found = by_rule(scored(wire_display_mm=None))
    assert found["wire display"].outcome == "fail"
    assert found["wire display"].measured is None
    assert found[OVERALL].outcome == "fail"


def test_what_was_not_scored_releases_no_machine() -> None:
    values = {key: value for key, value in JUST.items() if key != "material_discrimination_sigmas"}
    found = by_rule(replace(scored(), values=values))
    assert found["material discrimination"].outcome == "not-judged"
    assert found[OVERALL].outcome == "not-judged"
    assert "not released" in found[OVERALL].reason
    lost = by_rule(NotMeasurable("test_object", "1", "its round marks do not stand in the image"))
    assert lost[OVERALL].outcome == "not-judged"
    assert "round marks" in lost["wire display"].reason


def test_a_person_may_enter_every_test_and_nothing_else() -> None:
    assert set(keys_of_tests()) == set(JUST)
    assert {one.outcome for one in by_rule(None, JUST).values()} == {"pass"}
    with pytest.raises(WrongUsage, match="wire_display_mm"):
        quality_security(None, {"wire": 14.0})
    with pytest.raises(WrongUsage, match="must be a number"):
        quality_security(None, {"wire_display_mm": -1.0})


def test_an_ordinary_scan_has_no_test_object_to_judge() -> None:
    assert judge_quality(SECURITY, [Measurement("snr", "1", {"snr": 40.0}, "m")], {}) == ()
    assert judge_quality(SECURITY, [scored()], {})[-1].outcome == "pass"

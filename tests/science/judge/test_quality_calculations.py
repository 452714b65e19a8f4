"""The calculations quality-verdict, disposition, critical-result and follow-up, as the command line asks them."""

from __future__ import annotations

import json

import pytest

from kerma.errors import WrongUsage
from kerma.science.calculations import calculations, run
from kerma.science.judge.quality import QualityOrder, judge_quality

ASKED = {"thickness_mm": 10.0, "class": "B", "tube_voltage_kv": 160.0, "focal_spot_mm": 2.0,
         "source_detector_mm": 700.0, "object_detector_mm": 12.0}  # fmt: skip


def test_the_four_are_listed_and_answer_in_json() -> None:
    assert {"quality-verdict", "disposition", "critical-result", "follow-up"} <= set(calculations())
    for name, options in (
        ("quality-verdict", ASKED), ("disposition", {"industry": "security", "labels": "knife"}),
        ("critical-result", {"finding": "pneumothorax"}), ("follow-up", {"kind": "aorta", "size_mm": 42.0}),
    ):  # fmt: skip
        found = run(name, **options).as_json()
        json.dumps(found, allow_nan=False)
        assert found["source"]["table"] and found["values"]


def test_the_verdict_is_that_of_the_function_and_text_is_read() -> None:
    found = run(
        "quality-verdict", **{key: str(value) for key, value in ASKED.items()}, wire="14", snr_n="80", duplex="11"
    )
    judged = judge_quality(QualityOrder(standard="iso", planned=ASKED), (), {"wire": 14, "snr_n": 80, "duplex": 11})
    assert [(row["rule"], row["outcome"]) for row in found.values["judged"]] == [(v.rule, v.outcome) for v in judged]
    assert found.values["verdict"] == "advisory-fail"
    assert [row["rule"] for row in found.values["failed"]] == ["normalized SNR"]
    assert "1.56 times" in found.values["failed"][0]["action"]


@pytest.mark.parametrize(
    ("options", "verdict"),
    [
        ({"wire": 14, "snr_n": 120, "duplex": 11}, "advisory-pass"),
        ({"wire": 14, "snr_n": 120}, "not-judged"),
        ({"standard": "arrete-1978", "wire": 14}, "pass"),
        ({"standard": "arrete-1978", "wire": 13}, "fail"),
        ({"standard": "arrete-1978"}, "not-judged"),
        ({"agreed": "third-pair", "wire": 17, "snr_n": 120, "duplex": 8}, "advisory-pass"),
        ({"wire": 17, "snr_n": 120, "duplex": 8}, "advisory-fail"),
    ],
)
def test_the_whole_is_as_grave_as_its_gravest(options: dict[str, object], verdict: str) -> None:
    assert run("quality-verdict", **{**ASKED, **options}).values["verdict"] == verdict


def test_medical_and_security_are_asked_the_same_way() -> None:
    assert run("quality-verdict", industry="medical", deviation_index=-4.0).values["failed"][0]["corrective"] == (
        "repeat-more-dose"
    )
    security = run("quality-verdict", industry="security", wire_display_mm=0.4)
    assert security.values["verdict"] == "fail"
    assert security.values["failed"][-1]["corrective"] == "out-of-service"


def test_dispositions_come_with_the_gravest_first_and_the_unknown_is_told() -> None:
    found = run("disposition", industry="security", labels="knife, block-charge, thing", place="hold")
    assert found.values["category"] == "explosive"
    assert found.values["may_operator_clear"] is False
    assert found.values["deadline_minutes"] == 1
    assert any("'thing'" in warning for warning in found.warnings)
    rejected = run("disposition", industry="ndt", labels="porosity", outcome="fail")
    assert rejected.values["dispositions"][0]["dispositions"] == "reject"
    with pytest.raises(WrongUsage, match="knife,battery"):
        run("disposition", industry="security", labels=" , ")


def test_a_finding_that_no_level_names_is_left_to_a_radiologist() -> None:
    found = run("critical-result", finding="Free air")
    assert (found.values["level"], found.values["deadline_minutes"]) == (1, 15)
    unknown = run("critical-result", finding="freckle")
    assert unknown.values == {"level": None} and "radiologist" in unknown.warnings[0]


def test_follow_up_always_says_that_its_table_is_unverified() -> None:
    found = run("follow-up", kind="solid", size_mm="7", risk="high", age_years="60")
    assert (found.values["from_months"], found.values["to_months"]) == (6, 12)
    assert any("unverified" in warning for warning in found.warnings)
    with pytest.raises(WrongUsage, match="risk"):
        run("follow-up", kind="solid", size_mm=7.0)

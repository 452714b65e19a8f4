"""Proposals: the first row that matches wins, its reason names what, and nothing looked for claims nothing."""

from __future__ import annotations

import pytest

from kerma.errors import Unusable
from kerma.industries import INDUSTRIES
from kerma.science.judge import Evidence, decide, propose
from kerma.science.results import Box, By, Citation, Finding, Measurement, NotMeasurable, Outcome, Verdict
from kerma.standards import parse, table

NDT, SECURITY, MEDICAL = "kerma_decisions/ndt", "kerma_decisions/security", "kerma_decisions/medical"


def verdict(outcome: Outcome, rule: str = "single pore", unit: str = "mm") -> Verdict:
    return Verdict(rule, outcome, Citation("S", clause="12"), "", unit=unit)


def seen(label: str) -> Finding:
    return Finding("F1", "", label, Box(0, 0, 1, 1), By("algorithm", "d"))


def saturated(percent: float) -> Measurement:
    return Measurement("saturation", "1", {"saturated_percent": percent}, "m")


RAN = ("small_flaws",)
GOOD = (verdict("pass", "wire seen"),)
"""Image quality judged, and as asked for."""


@pytest.mark.parametrize(
    ("outcomes", "percent", "decision"),
    [
        (("pass", "fail"), 0.0, "reject"),
        (("pass", "fail"), 90.0, "reject"),
        (("pass", "pass"), 90.0, "reshoot"),
        (("pass", "advisory"), 0.0, "none"),
        (("pass", "not-judged"), 0.0, "none"),
        (("pass", "pass"), 0.0, "accept"),
    ],
)
def test_ndt(outcomes: tuple[Outcome, ...], percent: float, decision: str) -> None:
    verdicts = [verdict(outcome) for outcome in outcomes]
    assert propose(Evidence([], verdicts, [saturated(percent)], detectors=RAN, quality=GOOD), NDT)[0] == decision


@pytest.mark.parametrize(
    ("findings", "quality", "decision"),
    [
        ("pass", (), "none"),
        ("pass", ("pass",), "accept"),
        ("pass", ("pass", "not-judged"), "none"),
        ("pass", ("pass", "advisory"), "none"),
        ("pass", ("pass", "fail"), "reshoot"),
        ("fail", ("fail",), "reject"),
        ("not-judged", ("fail",), "reshoot"),
        ("not-judged", ("pass",), "none"),
    ],
)
def test_ndt_accepts_only_by_findings_and_image_quality_together(
    findings: Outcome, quality: tuple[Outcome, ...], decision: str
) -> None:
    judged = [verdict(outcome, "wire seen") for outcome in quality]
    proposed, reason = propose(Evidence([], [verdict(findings)], detectors=RAN, quality=judged), NDT)
    assert proposed == decision
    if decision == "none" and findings == "pass":
        assert "mage quality" in reason


@pytest.mark.parametrize("which", ["verdicts", "quality"])
def test_ndt_accepts_nothing_by_a_table_that_nobody_has_verified(which: str) -> None:
    unverified = Verdict("wire seen", "pass", Citation("ISO 17636-2", clause="B.3", status="unverified"), "")
    given = {"verdicts": [verdict("pass")], "quality": [*GOOD]}
    given[which] = [*given[which], unverified]
    decision, reason = propose(Evidence([], detectors=RAN, **given), NDT)
    assert decision == "none"
    assert "ISO 17636-2, B.3" in reason
    assert "Level III" in reason


def test_ndt_accepts_nothing_that_nobody_looked_at() -> None:
    decision, reason = propose(Evidence([], [verdict("pass")], []), NDT)
    assert decision == "none"
    assert "Nothing was looked for" in reason
    assert propose(Evidence([], [], [], detectors=RAN), NDT)[0] == "none"
    assert propose(Evidence([seen("porosity")], [verdict("pass")], [], quality=GOOD), NDT)[0] == "accept"


def test_the_reason_names_the_broken_rules_and_their_clauses() -> None:
    broken = [verdict("fail", "single pore"), verdict("fail", "extension of inspection", "rules")]
    reason = propose(Evidence([], broken, []), NDT)[1]
    assert "single pore (12)" in reason
    assert "extension" not in reason


def test_an_advisory_verdict_asks_for_a_level_iii() -> None:
    assert "Level III" in propose(Evidence([], [verdict("advisory")], [], detectors=RAN), NDT)[1]


def test_security() -> None:
    assert propose(Evidence([seen("opacity")], [], [], detectors=("opacity",)), SECURITY)[0] == "suspect"
    assert propose(Evidence([seen("knife")], [], []), SECURITY)[0] == "suspect"
    assert propose(Evidence([], [], [], detectors=("opacity",)), SECURITY)[0] == "clear"
    assert propose(Evidence([], [], []), SECURITY)[0] == "none"
    assert propose(Evidence([], [], [saturated(99.0)], detectors=("opacity",)), SECURITY)[0] == "refer"


def test_medical_never_claims_normal() -> None:
    decision, reason = propose(Evidence([], [], []), MEDICAL)
    assert (decision, reason) == ("none", "No detector ran; a person decides.")
    assert propose(Evidence([], [], [], detectors=("nodules",)), MEDICAL)[0] == "none"
    assert propose(Evidence([seen("nodule")], [], []), MEDICAL)[0] == "abnormal"
    assert "normal" not in {row["decision"] for row in table(MEDICAL)}


@pytest.mark.parametrize("industry", INDUSTRIES.values(), ids=lambda industry: industry.name)
def test_every_row_proposes_a_decision_the_industry_knows(industry) -> None:  # type: ignore[no-untyped-def]
    rows = table(industry.plan.decision_table).rows
    assert {row["decision"] for row in rows} <= {*industry.decisions, decide.NONE}
    assert {row["look_at"] for row in rows} <= set(decide.LOOKS)
    assert {row["comparison"] for row in rows} <= {"", *decide.COMPARISONS}
    assert rows[-1]["look_at"] == "always"
    assert all(row["reason"] for row in rows)


def test_a_measurement_that_could_not_be_made_matches_no_number() -> None:
    unmeasured = NotMeasurable("saturation", "1", "no data")
    evidence = Evidence([], [verdict("pass")], [unmeasured], detectors=RAN, quality=GOOD)
    assert propose(evidence, NDT)[0] == "accept"


def test_many_reasons_are_counted() -> None:
    broken = [verdict("fail", f"rule {n}") for n in range(7)]
    assert "and 4 more" in propose(Evidence([], broken, []), NDT)[1]


HEADER = (
    "# title: t\n# source: s\n# edition: 1\n# clause: 1\n# status: own\n"
    "look_at,name,value,comparison,threshold,decision,reason\n"
)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("elsewhere,*,,,,none,x\n", "look_at"),
        ("measurement,saturation,saturated_percent,above,5,none,x\n", "comparison"),
        ("measurement,saturation,saturated_percent,over,five,none,x\n", "threshold"),
        ("verdict,*,fail,,,reject,x\n", "always"),
    ],
)
def test_a_wrong_table_is_named(rows: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "table", lambda name: parse(name, HEADER + rows))
    with pytest.raises(Unusable, match=words):
        propose(Evidence([], [], [saturated(1.0)]), "site/decisions")


def test_a_row_may_ask_for_what_could_not_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "not-measurable,saturation,,,,repeat,{what}\nalways,,,,,none,x\n"
    monkeypatch.setattr(decide, "table", lambda name: parse(name, HEADER + rows))
    assert propose(Evidence([], [], [NotMeasurable("saturation", "1", "no data")]), "s/d") == (
        "repeat",
        "saturation: no data",
    )
    assert propose(Evidence([], [], [saturated(1.0)]), "s/d") == ("none", "x")


@pytest.mark.parametrize("industry", sorted(INDUSTRIES))
@pytest.mark.parametrize("found", [(), ("porosity",), ("opacity",)])
@pytest.mark.parametrize("outcomes", [(), ("pass",), ("advisory",), ("not-judged",), ("fail",)])
def test_no_table_calls_an_exam_good_of_which_a_part_was_not_searched(
    industry: str, found: tuple[str, ...], outcomes: tuple[Outcome, ...]
) -> None:
    evidence = Evidence(
        [seen(label) for label in found],
        [verdict(outcome) for outcome in outcomes],
        detectors=RAN,
        unsearched=("film 2 could not be read",),
        quality=GOOD,
    )
    assert propose(evidence, INDUSTRIES[industry].plan.decision_table)[0] not in ("accept", "clear", "normal")


@pytest.mark.parametrize(
    ("outcome", "alarm", "decision"),
    [
        ("fail", False, "refer"),
        ("fail", True, "refer"),
        ("pass", False, "none"),
        ("not-judged", False, "none"),
        ("pass", True, "suspect"),
    ],
)
def test_a_scan_of_the_test_object_is_never_cleared_and_a_failed_one_is_told_first(
    outcome: Outcome, alarm: bool, decision: str
) -> None:
    findings = [seen("opacity")] if alarm else []
    judged = [verdict(outcome, "machine fit for service", "tests")]
    proposed, reason = propose(Evidence(findings, detectors=("opacity",), quality=judged), SECURITY)
    assert proposed == decision
    if outcome == "fail":
        assert "out of service" in reason

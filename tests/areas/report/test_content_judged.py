"""Verdicts, image quality, actions and judgement as a report prints them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.areas.report.rich import verdict

from kerma.areas.report import content_judged as judged
from kerma.areas.report.language import ENGLISH, language

NUMBERS = {(1, "1"): 1, (1, "2"): 2, (2, "7"): 3}


def row(**given: Any) -> dict[str, str]:
    [one] = judged.acceptance([verdict("single pore", "fail", **given)], NUMBERS, ENGLISH)["rows"]
    return one


@pytest.mark.parametrize(
    ("limit", "measured", "printed"),
    [
        (3.0, 2.1, ("3.00", "2.10", "0.90")),
        (0.063, 0.08, ("0.063", "0.080", "−0.017")),
        (3.0, 3.004, ("3.000", "3.004", "−0.004")),
        (0.0, 6.0, ("0.00", "6.00", "−6.00")),
    ],
)
def test_no_number_is_rounded_until_it_says_something_else(limit: float, measured: float, printed: tuple) -> None:
    one = row(limit=limit, measured=measured, margin=limit - measured)
    assert (one["limit"], one["measured"], one["margin"]) == printed


@given(some.floats(0.001, 1e4), some.floats(0.001, 1e4))
def test_what_is_printed_is_what_was_judged(limit: float, measured: float) -> None:
    margin = limit - measured
    places = judged.decimals({"limit": limit, "measured": measured, "margin": margin, "unit": "mm"})
    assert 2 <= places <= judged.MOST_DECIMALS
    assert abs(round(limit, places) - limit) <= 0.005 * limit + 1e-9
    if abs(margin) > 1e-6:
        assert round(margin, places) != 0


def test_counts_are_whole_numbers() -> None:
    one = row(limit=3, measured=4, margin=-1, unit="findings")
    assert (one["limit"], one["measured"], one["margin"]) == ("3", "4", "−1")


def test_nothing_from_an_unverified_table_looks_like_a_pass() -> None:
    table = judged.acceptance([verdict("wire", "pass", status="unverified")], NUMBERS, ENGLISH)
    assert table["is_advisory"] and table["rows"][0]["tone"] == "care" and "advisory" in table["rows"][0]["outcome"]
    for code in ("pass", "advisory", "advisory-pass", "advisory-fail", "not-judged"):
        assert judged.tone({"outcome": code, "status": "unverified"}) != "good"
    assert judged.tone({"outcome": "pass", "status": "public-law"}) == "good"


def test_one_standard_is_named_once_and_several_beside_each_rule() -> None:
    one = judged.acceptance([verdict("a", "pass"), verdict("b", "fail")], NUMBERS, ENGLISH)
    assert one["standard"] == "Judged by Arrêté du 24 mars 1978, 1978 · public law"
    assert one["rows"][0]["cited"] == "Annexe III, 12"
    both = judged.acceptance([verdict("a", "pass"), verdict("b", "pass", standard="Other")], NUMBERS, ENGLISH)
    assert both["standard"] == "" and both["rows"][1]["cited"].startswith("Other, 1978, Annexe III, 12 · public law")


def test_actions_are_listed_once_with_all_they_are_for() -> None:
    document = {
        "verdicts": [
            verdict("a", "fail", action="repair", finding_ids=["1"]),
            verdict("b", "fail", action="repair", finding_ids=["1", "2"]),
            verdict("c", "pass", action="nothing to do"),
        ],
        "quality": [verdict("wire", "advisory", action="re-shoot", status="unverified")],
    }
    assert judged.actions(document, NUMBERS, ENGLISH) == [
        {"action": "Repair", "for": "A · finding 1; B · findings 1, 2"},
        {"action": "Re-shoot", "for": "Wire"},
    ]


def test_the_judgement_says_by_which_rules_and_conditions() -> None:
    told = {
        "pack": {"title": "ISO 10675-1", "edition": "2021", "status": "unverified"},
        "conditions": {"thickness_mm": 12.0, "facts": ""},
        "quality_entries": {"wire": 14},
        "by_name": "Ada",
        "at": "2026-03-02T09:15:00Z",
        "reason": "second look",
    }
    found = judged.judgement(told, language("de"))
    assert found is not None
    assert ["Bestätigt von", "niemandem an diesem Standort"] in found["facts"] and ["Draht", "14"] in found["facts"]
    assert ["Beurteilt am", "02.03.2026 09:15:00 UTC"] in found["facts"] and found["reason"] == "second look"
    assert judged.judgement(None, ENGLISH) is None
    assert judged.judgement({"pack": "api-1104", "conditions": {}}, ENGLISH)["facts"] == [["Rules", "api-1104"]]


def test_the_gravest_verdict_counts() -> None:
    some_verdicts = [verdict("a", "pass"), verdict("b", "not-judged"), verdict("c", "advisory", status="unverified")]
    assert (judged.worst(some_verdicts) or {})["rule"] == "c" and judged.worst([]) is None

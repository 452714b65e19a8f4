"""What is hidden from whom until when: laws over any order of reads, and a record of reading that makes sense."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import judgements
from kerma.areas.review import rules_reading as rules
from kerma.areas.review import rules_reading_record as records
from kerma.areas.review.rules_reading import Policy, Read
from kerma.errors import WrongUsage

SHA = "a" * 64
PEOPLE = ("person:1", "person:2", "person:3")
READS = st.lists(
    st.builds(Read, st.sampled_from(PEOPLE), st.sampled_from(rules.KINDS), st.integers(0, 3), st.sampled_from("ab")),
    max_size=12,
)
POLICIES = st.builds(Policy, st.sampled_from(rules.ALGORITHMS), st.sampled_from(rules.READINGS))


@given(POLICIES, READS, st.sampled_from(PEOPLE), st.integers(0, 3))
def test_nothing_is_visible_before_its_condition_holds(policy: Policy, reads: list[Read], me: str, newest: int) -> None:
    """For any interleaving: each step is looked at, not only the end."""
    for end in range(len(reads) + 1):
        there = [one for one in reads[:end] if one.last_image_pk >= newest]
        mine = {one.kind for one in there if one.person == me}
        both = {one.person for one in there if one.kind == rules.INDEPENDENT}
        sight = rules.sight_by(policy, reads[:end], me, newest)
        if sight.algorithm:
            assert policy.algorithm == rules.CONCURRENT or (policy.algorithm == rules.SECOND_READER and mine)
        if sight.people and policy.reading == rules.BLIND:
            assert mine & {rules.DECISION, rules.INDEPENDENT}
        if sight.people and policy.reading == rules.DOUBLE:
            assert len(both) >= 2


@given(POLICIES, READS, st.sampled_from(PEOPLE), st.integers(0, 3))
def test_what_others_do_before_the_second_read_changes_nothing(
    policy: Policy, reads: list[Read], me: str, newest: int
) -> None:
    own = [one for one in reads if one.person == me]
    sight = rules.sight_by(policy, reads, me, newest)
    alone = rules.sight_by(policy, own, me, newest)
    assert sight.algorithm == alone.algorithm
    if not (policy.reading == rules.DOUBLE and sight.people):
        assert sight == alone


@given(POLICIES, READS, st.sampled_from(PEOPLE), st.integers(0, 3))
def test_what_was_opened_stays_open_while_no_image_comes(
    policy: Policy, reads: list[Read], me: str, newest: int
) -> None:
    seen = [rules.sight_by(policy, reads[:end], me, newest) for end in range(len(reads) + 1)]
    for before, after in zip(seen, seen[1:], strict=False):
        assert after.algorithm >= before.algorithm
        assert after.people >= before.people


@given(READS, st.sampled_from(PEOPLE))
def test_software_that_is_off_is_never_shown(reads: list[Read], me: str) -> None:
    assert not rules.sight_by(Policy(rules.OFF), reads, me, 0).algorithm


ROWS = [
    {"industry": "medical", "exam_class": "", "algorithm": "second-reader", "reading": "open", "differing": "anybody"},
    {"industry": "medical", "exam_class": "MG", "algorithm": "concurrent", "reading": "double", "differing": "anybody"},
    {"industry": "medical", "exam_class": "CT", "algorithm": "off", "reading": "blind", "differing": "anybody"},
]


@pytest.mark.parametrize(
    ("industry", "modalities", "algorithm", "reading"),
    [
        ("ndt", ["DX"], "concurrent", "open"),
        ("medical", ["DX"], "second-reader", "open"),
        ("medical", ["MG"], "concurrent", "double"),
        ("medical", ["MG", "SR"], "concurrent", "double"),
        ("medical", ["CT", "MG"], "off", "double"),
        ("medical", [], "second-reader", "open"),
    ],
)
def test_a_modality_has_a_policy_of_its_own_and_the_strictest_counts(
    industry: str, modalities: list[str], algorithm: str, reading: str
) -> None:
    assert rules.policy_for(industry, modalities, ROWS) == Policy(algorithm, reading)


@pytest.mark.parametrize(
    "wrong", [("on", "open", ""), ("off", "triple", ""), ("off", "open", "CT; DROP"), ("off", "open", "x" * 17)]
)
def test_a_policy_that_is_none_teaches(wrong: tuple[str, str, str]) -> None:
    with pytest.raises(WrongUsage, match="it is|modality"):
        rules.checked_policy(*wrong)


def test_only_what_is_named_stays_of_an_analysis() -> None:
    found = judgements.finding(1, "porosity")
    whole = judgements.document(judgements.image(SHA, found)) | {
        "decision_proposed": "reject", "decision_reason": "a pore", "verdicts": [{"rule": "x"}], "tomorrow": "new",
        "warnings": ["the detector saw a pore"],
    }  # fmt: skip
    whole["images"][0] |= {"heatmap": "new", "measurements": [{"name": "snr"}], "warnings": ["the detector ran"]}
    plain = rules.without_algorithm(whole)
    assert plain["images"][0]["measurements"] == [{"name": "snr"}]
    assert plain["images"][0]["findings"] == plain["verdicts"] == plain["dispositions"] == plain["warnings"] == []
    assert not {"tomorrow", "heatmap"} & {*plain, *plain["images"][0]}
    assert plain["analysis"]["detectors"] == {}
    assert "pore" not in str(plain)
    assert whole["images"][0]["findings"] == [found]


CHAIN = {"version": 1, "steps": [], "window": {"center": 100.0, "width": 50.0, "function": "LINEAR"}, "negative": True}


def test_a_record_of_reading_is_kept_as_it_was_told() -> None:
    kept = records.checked_record({
        "opened_at": "2026-03-02T13:00:00+01:00", "chains": {SHA: CHAIN, "b" * 64: None},
        "functions": [{"name": "clahe", "seconds": 1.5}, {"name": "clahe", "seconds": 2.25}], "display_check": 7,
    })  # fmt: skip
    assert kept["opened_at"] == "2026-03-02T12:00:00.000000Z"
    assert kept["chains"][SHA]["negative"] is True
    assert kept["chains"][SHA]["colours"] == "grey"
    assert kept["chains"]["b" * 64] is None
    assert (kept["functions"], kept["display_check"]) == ([{"name": "clahe", "seconds": 3.75}], 7)
    assert records.checked_record(None) == records.NOTHING_TOLD


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"opened_at": "yesterday"}, "moment"),
        ({"opened_at": "2026-03-02T12:00:00"}, "time zone"),
        ({"chains": {"x": None}}, "SHA-256"),
        ({"chains": {SHA: {"version": 1, "steps": [{"name": "magic", "version": 1, "parameters": {}}]}}}, "magic"),
        ({"functions": [{"name": "Magic!", "seconds": 1}]}, "no name"),
        ({"functions": [{"name": "a", "seconds": math.nan}]}, "used for"),
        ({"functions": [{"name": "a", "seconds": -1.0}]}, "used for"),
        ({"functions": [{"name": "a", "seconds": 1e9}]}, "used for"),
        ({"functions": [{"name": f"a{n}", "seconds": 1} for n in range(201)]}, "functions"),
    ],
)
def test_a_record_that_makes_no_sense_teaches(wrong: dict[str, Any], word: str) -> None:
    with pytest.raises(WrongUsage, match=word):
        records.checked_record(wrong)


USES = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 100)), max_size=8)


@given(st.lists(USES, max_size=5))
def test_seconds_add_up_over_decisions(decisions: list[list[tuple[str, float]]]) -> None:
    kept = [
        records.checked_record({"functions": [{"name": name, "seconds": value} for name, value in uses]})
        for uses in decisions
    ]
    rows = records.seconds_by_function(kept)
    total = sum(value for uses in decisions for _, value in uses)
    assert sum(row["total_s"] for row in rows) == pytest.approx(total, abs=0.01)
    assert all(row["decisions"] <= len(decisions) for row in rows)

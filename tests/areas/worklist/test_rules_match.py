"""Matching of worklist keys: laws first, then the examples of the standard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.areas.worklist import rules_match
from kerma.areas.worklist.rules_match import matches, moment_bounds, project

texts = st.text(
    st.characters(codec="utf-8", exclude_characters="*?\\=^\0", exclude_categories=("Cc", "Cs")), max_size=12
)
LO, PN = "00081030", "00100010"


def element(vr: str, *values: Any) -> dict[str, Any]:
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}


def match(vr: str, value: Any, wanted: Any) -> bool:
    return matches({LO: element(vr, value)}, {LO: element(vr, wanted)})


@given(texts)
def test_an_empty_key_and_a_lone_star_match_everything(value: str) -> None:
    assert matches({LO: element("LO", value)}, {LO: element("LO")})
    assert match("LO", value, "*")


@given(texts)
def test_every_text_matches_itself_its_beginnings_and_its_question_marks(value: str) -> None:
    assert match("LO", value, value)
    kept = value.strip()
    assert all(match("LO", value, kept[:length].strip() + "*") for length in range(len(kept) + 1))
    assert match("LO", value, "?" * len(kept)) or not kept


@given(texts, texts)
def test_text_without_wildcards_matches_only_itself(one: str, other: str) -> None:
    assert match("LO", one, other) == (one.strip() == other.strip()) or not other.strip()


@given(st.text("abcxyzäéßøıłжω山 -'", max_size=12))
def test_names_match_whatever_their_case(name: str) -> None:
    assert match("PN", {"Alphabetic": name}, {"Alphabetic": name.upper()})
    assert match("PN", {"Alphabetic": name.upper()}, {"Alphabetic": name.lower()})


@pytest.mark.parametrize(
    ("name", "wanted", "expected"),
    [
        ("Dupont^Zoé", "DUPONT^ZOE", True),
        ("Dupont^Zoé", "dupont^*", True),
        ("Dupont", "dupont^*", True),
        ("Dupontel^Zoé", "dupont^*", False),
        ("Dupont^Zoé^^^", "dupont^zoé", True),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "=山田*", True),
        ("Yamada^Tarou=山田^太郎", "山田*", True),
        ("Yamada^Tarou=山田^太郎", "yamada*=川田*", False),
        ("", "dupont*", False),
    ],
)
def test_names_match_group_by_group(name: str, wanted: str, expected: bool) -> None:
    assert match("PN", rules_match.name_value(name), rules_match.name_value(wanted)) is expected


@pytest.mark.parametrize(
    ("vr", "value", "wanted", "expected"),
    [
        ("DA", "20260302", "20260302", True),
        ("DA", "20260302", "20260301-20260303", True),
        ("DA", "20260302", "-20260302", True),
        ("DA", "20260302", "20260302-", True),
        ("DA", "20260302", "20260303-", False),
        ("DA", "", "20260303-", False),
        ("DA", "20260302", "2026.03.02", True),
        ("TM", "101500", "1015", True),
        ("TM", "101530", "1015", False),
        ("TM", "101530.5", "1000-1015", True),
        ("TM", "101630", "1000-1015", False),
        ("TM", "101500", "10:15:00", True),
        ("DT", "20260302101500", "20260302", True),
        ("DT", "20260302101500", "20260302-20260303", True),
        ("DT", "20260302101500+0200", "202603020815+0000", True),
        ("DT", "20260302101500", "-20260301", False),
        ("DT", "nonsense", "20260302", False),
        ("UI", "1.2.3", "1.2.4\\1.2.3", True),
        ("UI", "1.2.3", "1.2.*", False),
        ("IS", 7, "7", True),
        ("CS", "CT", "ct", False),
    ],
)
def test_values_match_by_their_representation(vr: str, value: Any, wanted: str, expected: bool) -> None:
    assert match(vr, value, wanted) is expected


def test_a_sequence_matches_when_one_item_has_every_key() -> None:
    items = [{LO: element("LO", "a"), "00080060": element("CS", "DX")}, {LO: element("LO", "b")}]
    document = {"00400100": element("SQ", *items)}
    both = {"00400100": element("SQ", {LO: element("LO", "a"), "00080060": element("CS", "DX")})}
    crossed = {"00400100": element("SQ", {LO: element("LO", "b"), "00080060": element("CS", "DX")})}
    assert matches(document, both)
    assert not matches(document, crossed)
    assert matches(document, {"00400100": element("SQ")})


def test_what_is_asked_for_comes_back_and_no_more() -> None:
    document = {
        LO: element("LO", "a"),
        PN: element("PN", {"Alphabetic": "N"}),
        "00400100": element("SQ", {LO: element("LO", "b"), "00080060": element("CS", "DX")}),
    }
    asked = {LO: element("LO"), "00400100": element("SQ", {LO: element("LO")}), "00080050": element("SH")}
    answered = project(document, asked, ["00080050"])
    assert answered == {
        LO: element("LO", "a"),
        "00400100": element("SQ", {LO: element("LO", "b")}),
        "00080050": {"vr": "SH"},
    }
    assert "00080050" not in project(document, asked, [LO])


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), st.sampled_from([4, 6, 8, 10, 12, 14]))
def test_a_moment_lies_within_the_bounds_of_every_shorter_way_to_write_it(moment: datetime, length: int) -> None:
    whole = moment.replace(microsecond=0)
    bounds = moment_bounds(whole.strftime("%Y%m%d%H%M%S")[:length])
    assert bounds is not None
    assert bounds[0] <= whole.replace(tzinfo=UTC) <= bounds[1]


def test_a_hostile_pattern_is_answered_quickly() -> None:
    pattern = "*a" * 25 + "*b"
    assert not match("LO", "a" * 64, "*" * 64 + "b")
    assert rules_match.wildcard("**a***").pattern == ".*a.*"
    assert match("LO", "a" * 25 + "b", pattern)

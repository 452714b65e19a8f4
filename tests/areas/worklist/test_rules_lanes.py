"""Lanes: what can be set, which machine is which lane, and what a decision means for the belt."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.areas.worklist.rules_lanes import (
    ACTS,
    CLEAR,
    DIVERT,
    DOES,
    Lane,
    decision_at_time_out,
    demand_lane,
    does_of,
    lane_of,
    quantile,
)
from kerma.errors import WrongUsage
from kerma.industries import INDUSTRIES
from kerma.standards import table

GOOD = Lane("lane-1", "XR-1", "north", 10, 45, "refer")


def test_every_decision_of_an_industry_with_lanes_says_what_the_lane_does_and_one_is_taken_at_the_time_out() -> None:
    industries = {row["industry"] for row in table(ACTS)}
    assert industries == {"security"}
    for industry in industries:
        rows = [row for row in table(ACTS) if row["industry"] == industry]
        assert {row["decision"] for row in rows} == set(INDUSTRIES[industry].decisions)
        assert {row["lane_does"] for row in rows} <= set(DOES)
        assert [row["decision"] for row in rows if row["at_time_out"]] == [decision_at_time_out(industry)]


def test_what_is_not_known_is_diverted_and_no_time_out_lets_an_object_through() -> None:
    assert does_of("security", "clear") == CLEAR
    assert [does_of("security", one) for one in ("suspect", "refer", "?")] == [DIVERT] * 3
    assert does_of("security", decision_at_time_out("security")) == DIVERT
    assert decision_at_time_out("ndt") is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "a/b"}, "it is in an address"),
        ({"name": ""}, "it is in an address"),
        ({"machine": " "}, "which machine"),
        ({"pool": ""}, "a pool is named"),
        ({"pool": "a\nb"}, "a pool is named"),
        ({"running_s": 0}, "the belt timer is 1 to"),
        ({"running_s": 601}, "the belt timer is 1 to"),
        ({"stopped_s": -1}, "a stopped belt waits"),
        ({"at_time_out": "clear"}, "refer or stop"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(change: dict, words: str) -> None:
    demand_lane(GOOD)
    with pytest.raises(WrongUsage, match=words):
        demand_lane(replace(GOOD, **change))


def test_a_machine_is_found_by_any_of_its_names_whatever_the_case() -> None:
    rows = [{"name": "a", "machine": "XR-1"}, {"name": "b", "machine": " xr-2 77 "}]
    assert lane_of({"xr-1", "xr-1 5"}, rows)["name"] == "a"
    assert lane_of({"XR-2", "XR-2 77"}, rows)["name"] == "b"
    assert lane_of({"", "XR-3"}, rows) is None
    assert lane_of({""}, [{"name": "c", "machine": ""}]) is None


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from([0.5, 0.95]))
def test_a_quantile_is_the_smallest_value_that_covers_its_share(values: list[float], share: float) -> None:
    found = quantile(values, share)
    assert found in values
    assert sum(one <= found for one in values) >= share * len(values) - 1e-9
    assert sum(one < found for one in values) < share * len(values) + 1e-9


def test_of_nothing_there_is_no_quantile() -> None:
    assert quantile([], 0.5) is None
    assert (quantile([1, 2, 3, 4], 0.5), quantile([1, 2, 3, 4], 0.95)) == (2, 4)

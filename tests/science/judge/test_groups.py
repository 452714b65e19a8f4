"""Pairs, groups, lines and merged findings against their definitions, item by item."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.science.judge.groups import groups, near_pairs, on_one_line, smallest_gap_mm
from kerma.science.judge.merging import merged
from kerma.science.judge.places import Placed
from kerma.science.judge.windows import worst_count, worst_window

TENTH = st.integers(0, 400).map(lambda value: value / 10)
SIZE = st.integers(0, 80).map(lambda value: value / 10)
STRIP = st.sampled_from(["weld", "weld", "weld", "image", None])


@st.composite
def some(draw: st.DrawFn, most: int = 14) -> list[Placed]:
    found = []
    for n in range(draw(st.integers(1, most))):
        start, length, top, height = draw(TENTH), draw(SIZE), draw(TENTH) / 4, draw(SIZE) / 4
        value = draw(SIZE) + 0.1
        found.append(Placed(f"F{n}", start, start + length, value, top, top + height, draw(STRIP)))
    return found


def gap(one: Placed, other: Placed) -> float:
    if one.strip is None or one.strip != other.strip:
        return math.inf
    along = max(0.0, one.start_mm - other.end_mm, other.start_mm - one.end_mm)
    return math.hypot(along, max(0.0, one.top_mm - other.bottom_mm, other.top_mm - one.bottom_mm))


def classes(items: list[Placed], is_near: object) -> set[frozenset[str]]:
    """Groups by the definition: who hangs together through any chain of near ones."""
    left, found = set(range(len(items))), set()
    while left:
        group, waiting = set(), [left.pop()]
        while waiting:
            one = waiting.pop()
            group.add(one)
            joined = {other for other in left if is_near(items[one], items[other])}  # type: ignore[operator]
            left -= joined
            waiting += joined
        found.add(frozenset(items[n].id for n in group))
    return found


@settings(max_examples=50, deadline=None)
@given(some(), st.sampled_from([0.5, 1.0, 3.0]))
def test_groups_are_those_of_the_definition(items: list[Placed], factor: float) -> None:
    found = {frozenset(item.id for item in group) for group in groups(items, factor, "pair")}
    expected = classes(items, lambda a, b: gap(a, b) < factor * max(a.value, b.value) - 1e-9)
    assert found == expected


@settings(max_examples=40, deadline=None)
@given(some(), st.sampled_from([0.5, 2.0]))
def test_groups_of_groups_grow_until_no_two_are_near(items: list[Placed], factor: float) -> None:
    found = groups(items, factor, "group")
    assert sorted(item.id for group in found for item in group) == sorted(item.id for item in items)
    for first, second in itertools.combinations(found, 2):
        largest = max(item.value for item in (*first, *second))
        assert min(gap(a, b) for a in first for b in second) >= factor * largest - 1e-6


@settings(max_examples=40, deadline=None)
@given(some(), st.floats(0.1, 12))
def test_near_pairs_are_all_pairs_within_reach(items: list[Placed], reach: float) -> None:
    found = {
        (int(one), int(other))
        for ones, others, _ in near_pairs(items, np.full(len(items), reach))
        for one, other in zip(ones, others, strict=True)
    }
    every = itertools.permutations(range(len(items)), 2)
    assert found == {(a, b) for a, b in every if gap(items[a], items[b]) < reach - 1e-9}


@settings(max_examples=40, deadline=None)
@given(some())
def test_the_smallest_gap_is_the_smallest_of_all_pairs(items: list[Placed]) -> None:
    found, pair = smallest_gap_mm(items)
    expected = min((gap(a, b) for a, b in itertools.combinations(items, 2)), default=math.inf)
    assert found == pytest.approx(expected, abs=1e-9)
    assert len(pair) == (0 if math.isinf(expected) else 2)


@settings(max_examples=40, deadline=None)
@given(some(), st.integers(1, 4))
def test_no_line_of_a_fine_grid_touches_a_set_that_is_not_found(items: list[Placed], minimum: int) -> None:
    found = [{item.id for item in line} for line in on_one_line(items, minimum)]
    for strip in ("weld", "image"):
        for line in np.arange(-1, 32, 0.05):
            touched = {i.id for i in items if i.strip == strip and i.top_mm <= line <= i.bottom_mm}
            if len(touched) >= minimum:
                assert any(touched <= one for one in found)
    assert all(len(one) >= minimum for one in found)


@settings(max_examples=50, deadline=None)
@given(some(), st.sampled_from([0.5, 5.0, 25.0]))
def test_no_window_of_a_fine_grid_touches_more_findings(items: list[Placed], window: float) -> None:
    most = 1
    for strip in ("weld", "image"):
        for start in np.arange(-26, 50, 0.1):
            touched = [
                i
                for i in items
                if i.strip == strip and i.start_mm <= start + window + 1e-9 and i.end_mm >= start - 1e-9
            ]
            most = max(most, len(touched))
    found = worst_count(items, window)
    assert found.total == most
    assert len(found.ids) == most


def test_a_finding_without_a_place_is_never_in_a_window_with_another() -> None:
    items = [Placed(f"F{n}", 0, 3, 3, strip=None) for n in range(4)]
    assert worst_window(items, 50).total == 3
    assert worst_window(items, 1).total == pytest.approx(1)
    assert worst_count(items, 50).total == 1
    assert len(groups(items, 100, "group")) == 4


def naively_merged(items: list[Placed], factor: float, of: str) -> set[frozenset[str]]:
    """Merging by the definition: join any two near ones and measure again, until none is left."""
    sets = [[item] for item in items]
    choose = min if of == "smaller" else max
    while True:
        for one, other in itertools.combinations(sets, 2):
            first, second = whole(one), whole(other)
            if gap(first, second) < factor * choose(first.value, second.value) - 1e-9:
                sets = [each for each in sets if each is not one and each is not other] + [[*one, *other]]
                break
        else:
            return {frozenset(item.id for item in each) for each in sets}


def whole(items: list[Placed]) -> Placed:
    if len(items) == 1:
        return items[0]
    edges = sorted({edge for item in items for edge in (item.start_mm, item.end_mm)})
    value = sum(item.value for item in items)
    for start, end in itertools.pairwise(edges):
        long = [i for i in items if i.end_mm > i.start_mm + 1e-9 and i.start_mm <= start and i.end_mm >= end]
        counted = sum(item.value / (item.end_mm - item.start_mm) for item in long)
        value += max(0.0, 1.0 - counted) * (end - start)
    tops, bottoms = min(item.top_mm for item in items), max(item.bottom_mm for item in items)
    return Placed("", edges[0], edges[-1], value, tops, bottoms, items[0].strip)


@settings(max_examples=40, deadline=None)
@given(some(9), st.sampled_from([0.5, 1.0, 3.0]), st.sampled_from(["smaller", "larger"]))
def test_merging_is_joining_two_by_two_until_none_is_near(items: list[Placed], factor: float, of: str) -> None:
    found = merged(items, factor, of)  # type: ignore[arg-type]
    assert {frozenset(one.whole.ids) for one in found} == naively_merged(items, factor, of)
    for one in found:
        assert one.whole.value == pytest.approx(whole(list(one.items)).value)


def test_two_in_line_are_as_long_as_both_with_the_gap_between() -> None:
    found = merged([Placed("A", 0, 4, 4), Placed("B", 6, 11, 5)], 1, "smaller")
    assert [(one.whole.ids, one.whole.value) for one in found] == [(("A", "B"), pytest.approx(11))]
    assert len(merged([Placed("A", 0, 4, 4), Placed("B", 8, 13, 5)], 1, "smaller")) == 2
    assert len(merged([Placed("A", 0, 4, 4), Placed("B", 8, 13, 5)], 1, "larger")) == 1


def test_two_beside_each_other_count_both() -> None:
    (one,) = merged([Placed("A", 0, 4, 4, 0, 1), Placed("B", 0, 4, 4, 2, 3)], 1, "smaller")
    assert one.whole.value == pytest.approx(8)
